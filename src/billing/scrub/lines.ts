/** Lines by themselves and beside each other: charges, units, modifiers that exclude each other, doubles. */
import type { Claim837, Line837 } from "../../formats/x12/claim/claim-837.ts"
import { ClaimReport, lineLabel, procedureElement, type ScrubFinding } from "./finding.ts"

/** Two modifiers that cannot both be true of one line. */
const exclusive: readonly (readonly [string, string])[] = [
  ["RT", "LT"],
  ["50", "RT"],
  ["50", "LT"],
  ["JW", "JZ"],
  ["26", "TC"],
  ["54", "55"],
]

function checkModifiers(claim: Claim837, line: Line837, report: ClaimReport): void {
  const at = `${procedureElement(claim)} of ${lineLabel(line)}`
  for (const [one, two] of exclusive) {
    if (line.modifiers.includes(one) && line.modifiers.includes(two)) {
      const fix = `Keep one of ${one} and ${two}, or bill two lines.`
      report.error("modifier", at, `Modifiers ${one} and ${two} exclude each other.`, fix)
    }
  }
  if (new Set(line.modifiers).size !== line.modifiers.length) {
    report.error("modifier", at, "A modifier stands twice.", "Name it once.")
  }
  if (line.modifiers.some((modifier) => !/^[0-9A-Z]{2}$/.test(modifier))) {
    report.error("modifier", at, "A modifier has not two characters.", "Correct the modifier.")
  }
}

function checkUnits(claim: Claim837, line: Line837, report: ClaimReport): void {
  const element = claim.kind === "professional" ? "SV104" : claim.kind === "dental" ? "SV306" : "SV205"
  const at = `${element} of ${lineLabel(line)}`
  if (line.unitsMilli % 1000 !== 0 && line.unit === "UN" && line.drug === undefined) {
    report.warn("units", at, "The line has a part of a unit.", "Round to whole units, unless it is a medicine.")
  }
  if (line.unitsMilli > 999_000 && line.drug === undefined) {
    report.warn("units", at, "The line has over 999 units.", "Check the number of units.")
  }
  if (line.charge === 0n)
    report.warn("charge", at, "The line's charge is zero.", "Add the charge, or leave it as a report.")
}

/** Equal in all that payers compare. */
export const sameService = (line: Line837): string =>
  [line.code || line.revenue, [...line.modifiers].sort().join("."), line.from, line.to, line.unitsMilli, line.charge]
    .concat(line.teeth.map((one) => `${one.tooth}/${one.surfaces.join("")}`))
    .join("|")

const repeats = new Set(["76", "77", "91", "59", "XE", "XS", "XP", "XU"])

export function checkLines(claim: Claim837, position: number): readonly ScrubFinding[] {
  const found: ScrubFinding[] = []
  const seen = new Map<string, number>()
  for (const line of claim.lines) {
    const report = new ClaimReport(position, line.number)
    checkModifiers(claim, line, report)
    checkUnits(claim, line, report)
    const key = sameService(line)
    const other = seen.get(key)
    if (other !== undefined && !line.modifiers.some((modifier) => repeats.has(modifier))) {
      const fix = "Take one of them out, raise the units, or mark the second (76, 77, 91, 59)."
      report.error("duplicate-line", lineLabel(line), `The line is the same as line ${other}.`, fix)
    }
    seen.set(key, line.number)
    found.push(...report.findings)
  }
  const sum = claim.lines.reduce((total, line) => total + line.charge, 0n)
  if (sum !== claim.total) {
    const report = new ClaimReport(position)
    report.error("total", "CLM02", "The claim's total is not the sum of its lines.", "Correct CLM02.")
    found.push(...report.findings)
  }
  return found
}
