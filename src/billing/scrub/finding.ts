/** What the scrubber says of a claim before it is sent: where, what is wrong, and what to do about it. */
import type { Claim837, Line837 } from "../../formats/x12/claim/claim-837.ts"

export type ScrubRule =
  | "unreadable"
  | "total"
  | "identity"
  | "birth"
  | "date"
  | "diagnosis"
  | "diagnosis-sex"
  | "diagnosis-age"
  | "units"
  | "modifier"
  | "charge"
  | "duplicate-line"
  | "duplicate-claim"
  | "replacement"
  | "plan"
  | "authorization"

export interface ScrubFinding {
  /** Which claim of the file, from 1. */
  readonly claim: number
  /** LX01; undefined for the claim as a whole. */
  readonly line: number | undefined
  readonly rule: ScrubRule
  /** An error will be refused or denied; a warning is odd and may be right. */
  readonly severity: "error" | "warning"
  /** Segment and element, or the clause of the plan. */
  readonly at: string
  readonly says: string
  readonly fix: string
}

/** Collects findings about one claim. */
export class ClaimReport {
  readonly findings: ScrubFinding[] = []
  readonly #claim: number
  readonly #line: number | undefined

  constructor(claim: number, line?: number) {
    this.#claim = claim
    this.#line = line
  }

  error(rule: ScrubRule, at: string, says: string, fix: string): void {
    this.findings.push({ claim: this.#claim, line: this.#line, rule, severity: "error", at, says, fix })
  }

  warn(rule: ScrubRule, at: string, says: string, fix: string): void {
    this.findings.push({ claim: this.#claim, line: this.#line, rule, severity: "warning", at, says, fix })
  }
}

/** One claim as the rules see it. */
export interface ScrubbedClaim {
  readonly position: number
  readonly claim: Claim837
}

export const procedureElement = ({ kind }: Claim837): string =>
  kind === "professional" ? "SV101" : kind === "dental" ? "SV301" : "SV202"

export const lineLabel = (line: Line837): string => `LX ${line.number}`
