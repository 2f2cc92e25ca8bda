/** Days that cannot be, or that are most likely a slip of the hand. */
import type { Claim837 } from "../../formats/x12/claim/claim-837.ts"
import { ClaimReport, lineLabel, type ScrubFinding } from "./finding.ts"

/** Slips of a year stand about 365 days from the claim's other lines. */
const slip = (days: number) => days >= 330 && days <= 400

export function checkDates(claim: Claim837, position: number, on: number): readonly ScrubFinding[] {
  const found: ScrubFinding[] = []
  const days = claim.lines.map((line) => line.from).sort((a, b) => a - b)
  const median = days[Math.floor(days.length / 2)]!
  for (const line of claim.lines) {
    const report = new ClaimReport(position, line.number)
    const at = `DTP*472 of ${lineLabel(line)}`
    if (line.to > on) {
      report.error("date", at, "The service is in the future.", "Correct the day, or wait until it is done.")
    } else if (claim.lines.length > 1 && slip(Math.abs(line.from - median))) {
      const says = "The day is a year away from the claim's other lines."
      report.error("date", at, says, "Check the year of the service.")
    }
    if (claim.admitted !== undefined && line.from < claim.admitted - 3) {
      report.error("date", at, "The service is before the stay.", "Correct the day, or the day of admission (DTP*435).")
    }
    if (line.to - line.from > 366) {
      report.error("date", at, "The service lasts over a year.", "Correct its first or last day.")
    }
    found.push(...report.findings)
  }
  if (claim.admitted !== undefined && claim.discharged !== undefined && claim.discharged < claim.admitted) {
    const report = new ClaimReport(position)
    report.error("date", "DTP*096", "The stay ends before it begins.", "Correct the day of discharge.")
    found.push(...report.findings)
  }
  return found
}
