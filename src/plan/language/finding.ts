/** What the reader and `plan check` say about a document: where it is wrong, in plain words, and what to do. */

/** A place in the document, both from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** Codes that refuse a plan, and codes that warn. */
const refusing = [
  "syntax",
  "number-type",
  "front-matter",
  "canon",
  "digit-in-text",
  "drift",
  "unknown-name",
  "type",
  "limits",
  "number-gap",
  "no-source",
  "table-gap",
  "vague-word",
  "discretion-open",
  "clause-without-rule",
  "rule-without-sentence",
  "rule-in-sentence",
  "conflict",
  "cycle",
  "dead",
  "shadowed",
  "uncovered",
  "bucket-idle",
  "bucket-mixed",
  "codes-invalid",
  "table-licence",
  "case-fails",
] as const
const warning = [
  "number-unused",
  "exception-idle",
  "cap-order",
  "unbounded",
  "missing-fact",
  "case-missing",
  "not-proved",
] as const

/** The closed list: there is no other finding. */
export const findingCodes = [...refusing, ...warning] as const
export type FindingCode = (typeof findingCodes)[number]

export interface Finding extends Place {
  readonly code: FindingCode
  /** False: a warning, the plan may still be published. */
  readonly refuses: boolean
  /** The clause's number, or undefined when the place lies in none. */
  readonly clause: string | undefined
  /** The file it is about when that is not the plan document itself. */
  readonly file?: string
  readonly message: string
  readonly remedy: string
  /** A concrete person and line that show it, where a search found one. */
  readonly witness?: unknown
}

/** Nobody reads more, and a document can be made to earn a million. */
const mostFindings = 1000
const refusingCodes: ReadonlySet<string> = new Set(refusing)

/** Thrown and caught inside the reader once a finding is written down: the effect at hand cannot be built. */
export class Stop extends Error {
  override readonly name = "Stop"
}

/** Collects findings; `clause` is the number of the clause being read. */
export class Report {
  readonly findings: Finding[] = []
  clause: string | undefined

  add(code: FindingCode, at: Place, message: string, remedy: string, witness?: unknown): void {
    if (this.findings.length >= mostFindings) return
    const { line, column } = at
    const finding = { code, refuses: refusingCodes.has(code), clause: this.clause, line, column, message, remedy }
    this.findings.push(witness === undefined ? finding : { ...finding, witness })
  }

  /** Adds a refusing finding and gives up what is being built. */
  stop(code: FindingCode, at: Place, message: string, remedy: string): never {
    this.add(code, at, message, remedy)
    throw new Stop(message)
  }

  /** Runs one independent part of the reading; undefined when it stopped. */
  attempt<T>(build: () => T): T | undefined {
    try {
      return build()
    } catch (error) {
      if (error instanceof Stop) return undefined
      throw error
    }
  }

  get refused(): boolean {
    return this.findings.some((finding) => finding.refuses)
  }

  /** Findings in the order of the document. */
  sorted(): readonly Finding[] {
    return [...this.findings].sort((a, b) => a.line - b.line || a.column - b.column)
  }
}
