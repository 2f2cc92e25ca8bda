/**
 * The status codes by which a 277CA says what became of a claim: category (accepted, rejected and why in kind) and status
 * (which datum). Texts are our own.
 */
import type { Refusal } from "../../../base/refusal.ts"

export interface ClaimStatus {
  /** A0 to A8. */
  readonly category: string
  /** Claim status code: 20, 21, 400, … */
  readonly status: string
  /** Whom the status is about, as NM101 says it: 85, IL, PR, … */
  readonly entity?: string | undefined
}

/** Accepted into our adjudication. */
export const acceptedStatus: ClaimStatus = { category: "A2", status: "20" }

/** In plain words, by category. */
const categories: Readonly<Record<string, string>> = {
  A0: "passed on to somebody else",
  A1: "received",
  A2: "accepted for a decision",
  A3: "returned unread",
  A4: "not found",
  A5: "split into several claims",
  A6: "rejected: something is missing",
  A7: "rejected: something is not valid",
  A8: "rejected: two things contradict each other",
}

export function categoryText(category: string): string {
  return categories[category] ?? "answered with a code that we do not know"
}

/** Whether the claim goes on to a decision. */
export function isAcceptedCategory(category: string): boolean {
  return /^A[0125]$/.test(category)
}

/** The status code of the datum at a place: `SV102`, `CLM05`, or a tag alone. */
const statusByPlace: Readonly<Record<string, string>> = {
  CLM02: "178",
  CLM05: "249",
  DMG02: "158",
  DTP: "187",
  HI: "255",
  NM109: "562",
  REF: "464",
  SBR: "116",
  SV1: "454",
  SV101: "454",
  SV102: "583",
  SV103: "476",
  SV104: "476",
  SV107: "477",
  SV2: "455",
  SV201: "455",
  SV202: "454",
  SV203: "583",
  SV205: "476",
  SV3: "454",
  SV301: "454",
  SV302: "583",
}

/** The status by which a claim that a reader refuses is rejected. `at` of the refusal names segment and element. */
export function statusOf({ code, at }: Refusal): ClaimStatus {
  if (code === "x12-claim-total") return { category: "A8", status: "400" }
  const [, tag = "", number = ""] = /\b([A-Z][A-Z0-9]{1,2}?)(\d{2})?\b(?:-\d+)?,? ?(?:line|$)/.exec(at) ?? []
  const status = statusByPlace[tag + number] ?? statusByPlace[tag] ?? "21"
  return { category: code === "x12-missing-segment" || code === "x12-missing-element" ? "A6" : "A7", status }
}
