/**
 * From stretches to figures: dates, amounts and counts of one line that meet all the stretches a search chose, a birth
 * date from an age among them. Tries few values a fact and steps back; what it does not find may still exist.
 */
import { maximum, minimum } from "../../../base/money.ts"
import { civilDate, dayNumber, daysInMonth } from "../../../base/time.ts"
import type { FactName } from "../../language/expression.ts"
import {
  factsIn,
  floorDivide,
  type Part,
  type ReadNumber,
  type Span,
  type Sum,
  sumValue,
  unbounded,
} from "./numbers.ts"

export interface Limit {
  readonly sum: Sum
  readonly span: Span
}

/** Values tried in one search for figures. */
const mostTries = 3000

export const addYears = (day: number, years: number): number => {
  const { year, month, day: inMonth } = civilDate(day)
  return dayNumber(year + years, month, Math.min(inMonth, daysInMonth(year + years, month)))
}

const intersection = (a: Span, b: Span): Span => ({
  least: maximum(a.least, b.least),
  most: minimum(a.most, b.most),
})

/** Beyond any date that a claim holds. */
const mostYears = 2000n
const yearsOf = (years: bigint) => Number(maximum(-mostYears, minimum(mostYears, years)))

/** About where a birth date, or the day on which somebody has an age, has to lie; a day more at either end. */
function spanOfAge(part: Extract<Part, { is: "age" }>, name: FactName, ages: Span, read: ReadNumber): Span {
  const other = part.born === name ? part.on : part.born
  const fixed = typeof other === "bigint" ? other : read(other)
  if (fixed === undefined || part.born === part.on) return unbounded
  const at = (years: bigint) => BigInt(addYears(Number(fixed), yearsOf(years)))
  if (part.born === name) return { least: at(-ages.most - 1n), most: at(-ages.least) + 1n }
  return { least: at(ages.least) - 1n, most: at(ages.most + 1n) + 1n }
}

/** Where the one fact of a limit that is still open has to lie; all others are chosen. */
function spanFor(name: FactName, { sum, span }: Limit, read: ReadNumber): Span {
  let rest = sum.constant
  let factor = 0n
  for (const term of sum.terms) {
    const { part } = term
    if (part.is === "fact" && part.name === name) factor = term.factor
    else if (part.is === "age" && sum.terms.length === 1) return spanOfAge(part, name, span, read)
    else {
      const value = sumValue({ constant: 0n, terms: [term] }, read)
      if (value === undefined) return unbounded
      rest += value
    }
  }
  if (factor === 0n) return unbounded
  const [least, most] = [span.least - rest, span.most - rest]
  if (factor < 0n) return { least: -floorDivide(most, -factor), most: floorDivide(-least, -factor) }
  return { least: -floorDivide(-least, factor), most: floorDivide(most, factor) }
}

const isNear = (value: bigint) => value > unbounded.least / 2n && value < unbounded.most / 2n

function candidates(name: FactName, usual: bigint, limits: readonly Limit[], read: ReadNumber): readonly bigint[] {
  let span = unbounded
  for (const limit of limits) span = intersection(span, spanFor(name, limit, read))
  const { least, most } = span
  if (least > most) return []
  const found = new Set<bigint>()
  if (usual >= least && usual <= most) found.add(usual)
  if (isNear(least) && isNear(most)) found.add((least + most) / 2n)
  if (isNear(least)) for (const step of [0n, 1n, 2n]) found.add(least + step)
  if (isNear(most)) for (const step of [0n, 1n, 2n]) found.add(most - step)
  if (found.size === 0) found.add(usual)
  return [...found]
}

/**
 * Figures for the facts in their order, each the usual one where that is possible. Undefined when none were found that
 * meet all limits.
 */
export function chooseNumbers(
  usual: ReadonlyMap<FactName, (chosen: ReadonlyMap<FactName, bigint>) => bigint>,
  limits: readonly Limit[],
): ReadonlyMap<FactName, bigint> | undefined {
  const order = [...usual.keys()]
  const chosen = new Map<FactName, bigint>()
  const read: ReadNumber = (name) => chosen.get(name)
  const place = new Map(order.map((name, i) => [name, i]))
  // A limit is asked when the last of its facts is chosen.
  const byFact = new Map<FactName, Limit[]>(order.map((name) => [name, []]))
  for (const limit of limits) {
    const names = factsIn(limit.sum).filter((name) => place.has(name))
    const last = names.reduce<FactName | undefined>(
      (a, b) => (a === undefined || place.get(b)! > place.get(a)! ? b : a),
      undefined,
    )
    if (last !== undefined) byFact.get(last)!.push(limit)
  }
  let tries = 0
  const choose = (i: number): boolean => {
    const name = order[i]
    if (name === undefined) return true
    const mine = byFact.get(name)!
    for (const value of candidates(name, usual.get(name)!(chosen), mine, read)) {
      if (++tries > mostTries) return false
      chosen.set(name, value)
      const holds = mine.every(({ sum, span }) => {
        const total = sumValue(sum, read)
        return total !== undefined && total >= span.least && total <= span.most
      })
      if (holds && choose(i + 1)) return true
    }
    chosen.delete(name)
    return false
  }
  return choose(0) ? chosen : undefined
}
