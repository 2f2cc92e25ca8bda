/** Who bills, for whom, and who did it: numbers that check, people who were born before they were treated. */
import type { Claim837, Party837 } from "../../formats/x12/claim/claim-837.ts"
import type { ClaimReport } from "./finding.ts"

/** The check digit of a National Provider Identifier: Luhn's rule over 80840 and the number. */
export function isProviderNumber(text: string): boolean {
  if (!/^[12]\d{9}$/.test(text)) return false
  let sum = 24
  for (let i = 0; i < 10; i++) {
    const digit = Number(text[9 - i])
    const doubled = digit * 2
    sum += i % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

function checkParty(party: Party837 | undefined, what: string, at: string, report: ClaimReport): void {
  if (party === undefined) return
  if (party.qualifier === "XX" && !isProviderNumber(party.id)) {
    report.error(
      "identity",
      at,
      `The number of the ${what} is no true NPI.`,
      "Correct the number: its check digit fails.",
    )
  }
}

/** Numbers of providers, member and payer; the patient's birth date and sex. */
export function checkIdentity(claim: Claim837, on: number, report: ClaimReport): void {
  checkParty(claim.billing, "billing provider", "NM109 of NM1*85", report)
  checkParty(claim.rendering, "rendering provider", "NM109 of NM1*82", report)
  checkParty(claim.referring, "referring provider", "NM109 of NM1*DN", report)
  checkParty(claim.attending, "attending provider", "NM109 of NM1*71", report)
  if (claim.billing.id === "") report.error("identity", "NM1*85", "The billing provider has no number.", "Add its NPI.")
  if (claim.subscriber.id === "") {
    report.error("identity", "NM109 of NM1*IL", "The member's number is missing.", "Copy it from the member's card.")
  }
  const patient = claim.patient ?? claim.subscriber
  const first = Math.min(...claim.lines.map((line) => line.from))
  if (patient.born === undefined) {
    report.warn("birth", "DMG02", "The patient's birth date is missing.", "Add it: payers look people up by it.")
  } else if (patient.born > first) {
    report.error("birth", "DMG02", "The patient was born after the service.", "Correct the birth date or the day.")
  } else if (on - patient.born > 45_000) {
    report.error("birth", "DMG02", "The patient would be over 123 years old.", "Correct the birth date.")
  }
  if (claim.frequency !== 1 && (claim.frequency === 7 || claim.frequency === 8) && (claim.original ?? "") === "") {
    const fix = "Add REF*F8 with the payer's number of the first claim (CLP07 of its 835)."
    report.error("replacement", "REF*F8", "A claim that replaces or voids another names none.", fix)
  }
}
