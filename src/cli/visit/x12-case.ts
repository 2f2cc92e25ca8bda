/**
 * `visit --claim FILE.837`: a professional claim as a visit. The file is the one sealed entry, byte for byte; each of
 * its lines is one sentence of fact.
 */
import { refuse } from "../../base/refusal.ts"
import { formatDate } from "../../base/time.ts"
import { orRefuse } from "../../formats/answer.ts"
import { read837Professional, type X12Claim, type X12Line } from "../../formats/x12/claim/read-837.ts"
import { readMaybeGzipped } from "../input-file.ts"
import { caseOfForeignVisit } from "./foreign-case.ts"
import type { VisitCase } from "./visit-case.ts"

/** @throws Refused with what is wrong with the file: its counts, its sums, masked, cut off, not a first claim. */
export function caseFrom837(path: string): VisitCase {
  const claim = orRefuse(read837Professional(readMaybeGzipped(path)))
  if (claim.claimsInFile > 1) {
    const what = `Cannot tell the visit: the file holds ${claim.claimsInFile} claims, and sealing it whole would show each patient the others'`
    refuse("x12-several-claims", what, "CLM", "Send a file with one claim")
  }
  if (claim.frequency !== 1) {
    refuse(
      "x12-not-original",
      "Cannot tell the visit: the claim replaces or voids another that is not here",
      "CLM05",
      "Send a first claim (frequency 1)",
    )
  }
  return caseOf(claim)
}

function labelOf({ code, modifiers, unitsMilli }: X12Line): string {
  const units = unitsMilli === 1000 ? "" : `, ${unitsMilli / 1000} units`
  return `Service ${[code, ...modifiers].join("-")}${units}`
}

function caseOf(claim: X12Claim): VisitCase {
  const { patient, lines, accident, workRelated, entry, facts, currency } = claim
  const author = claim.renderingProvider ?? claim.billingProvider
  return caseOfForeignVisit({
    title: `A professional claim (837) of ${formatDate(claim.from)}`,
    patient: "The patient of the claim",
    practitioner: { name: `Provider ${author.id}`, licence: `${author.qualifier}-${author.id}` },
    member: { born: patient.born, sex: patient.sex === "F" || patient.sex === "M" ? patient.sex : undefined },
    circumstances: { kind: "professional", accident, workRelated },
    currency,
    services: lines,
    labels: lines.map(labelOf),
    entries: [entry],
    facts,
  })
}
