/**
 * What the practice itself always does: the charge it asks for one unit of a code, the modifier it always sets. A line
 * that breaks a habit which all others keep is shown with what the habit would make of it. Warnings, never errors.
 */
import { ClaimReport, lineLabel, procedureElement, type ScrubbedClaim, type ScrubFinding } from "./finding.ts"

/** A habit needs so many lines, and all but one in ten of them have to keep it. */
const least = 5

interface Habit {
  lines: number
  readonly perUnit: Map<string, number>
  readonly modified: Map<string, number>
  bare: number
}

/** Charge for one unit as a reduced fraction, so that it needs no rounding. */
function perUnitOf(charge: bigint, unitsMilli: number): string {
  let [a, b] = [charge, BigInt(unitsMilli)]
  while (b !== 0n) [a, b] = [b, a % b]
  return a === 0n ? "0" : `${charge / a}/${BigInt(unitsMilli) / a}`
}

function habitsOf(claims: readonly ScrubbedClaim[]): ReadonlyMap<string, Habit> {
  const habits = new Map<string, Habit>()
  for (const { claim } of claims) {
    for (const line of claim.lines) {
      if (line.code === "" || line.unitsMilli <= 0) continue
      const habit = habits.get(line.code) ?? { lines: 0, perUnit: new Map(), modified: new Map(), bare: 0 }
      habits.set(line.code, habit)
      habit.lines++
      const key = perUnitOf(line.charge, line.unitsMilli)
      habit.perUnit.set(key, (habit.perUnit.get(key) ?? 0) + 1)
      if (line.modifiers.length === 0) habit.bare++
      for (const modifier of line.modifiers) habit.modified.set(modifier, (habit.modified.get(modifier) ?? 0) + 1)
    }
  }
  return habits
}

const isHabit = (count: number, lines: number) => lines >= least && count * 10 >= lines * 9 && count < lines

function usualOf(counts: ReadonlyMap<string, number>): readonly [string, number] {
  let best: readonly [string, number] = ["", 0]
  for (const entry of counts) if (entry[1] > best[1]) best = entry
  return best
}

/** Claims of several lines that are all of one day, in a practice where nearly all are: another day may be a slip. */
function checkDays(claims: readonly ScrubbedClaim[]): readonly ScrubFinding[] {
  const several = claims.filter(({ claim }) => claim.lines.length > 1)
  const daysOf = ({ claim }: ScrubbedClaim) => new Set(claim.lines.map((line) => line.from))
  const alike = several.filter((one) => daysOf(one).size === 1).length
  if (!isHabit(alike, several.length)) return []
  return several.flatMap((one) => {
    if (daysOf(one).size === 1) return []
    const report = new ClaimReport(one.position)
    const fix = `Check the days: ${alike} of ${several.length} claims here are of one day.`
    report.warn("date", "DTP*472", "The lines are of different days.", fix)
    return report.findings
  })
}

export function checkHabits(claims: readonly ScrubbedClaim[]): readonly ScrubFinding[] {
  const habits = habitsOf(claims)
  const found: ScrubFinding[] = [...checkDays(claims)]
  for (const { claim, position } of claims) {
    for (const line of claim.lines) {
      const habit = habits.get(line.code)
      if (habit === undefined) continue
      const report = new ClaimReport(position, line.number)
      const [usual, count] = usualOf(habit.perUnit)
      if (isHabit(count, habit.lines) && perUnitOf(line.charge, line.unitsMilli) !== usual) {
        const fix = `Check units and charge: ${count} of ${habit.lines} lines with this code have another charge a unit.`
        report.warn("units", `units of ${lineLabel(line)}`, "The charge for one unit is not the usual one.", fix)
      }
      const marked = habit.lines - habit.bare
      if (line.modifiers.length === 0 && isHabit(marked, habit.lines)) {
        const [modifier] = usualOf(habit.modified)
        const fix = `Add the modifier: ${marked} of ${habit.lines} lines with this code have one, most often ${modifier}.`
        report.warn(
          "modifier",
          `${procedureElement(claim)} of ${lineLabel(line)}`,
          "The usual modifier is missing.",
          fix,
        )
      }
      found.push(...report.findings)
    }
  }
  return found
}
