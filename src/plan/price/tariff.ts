/** Step E2's figures: what a clause says one unit costs, the factors of its modifiers, and their product, rounded once. */
import { divide, minimum } from "../../base/money.ts"
import type { LineState, RuleOf, Run } from "../adjudicate/state.ts"
import type { ClaimLine } from "../claim.ts"
import { billedCode } from "../gates/gates-tables.ts"
import { parsePercent } from "../language/values.ts"
import type { Rate, Row, TableSeries } from "../parts.ts"
import { rowOn, valueOn } from "../plan.ts"

const powersOfTen: readonly bigint[] = Array.from({ length: 19 }, (_, n) => 10n ** BigInt(n))

/** So that the sums of 999 lines stay below what the encoding of an amount holds. */
export const maxPrice = 10n ** 12n

/** What a rule says one unit costs: a rate, the charge itself, or a lump sum in minor units. */
export type Tariff =
  | { readonly kind: "rate"; readonly rate: Rate; readonly lump: boolean }
  | { readonly kind: "charge" }
  | { readonly kind: "sum"; readonly amount: bigint }

export interface Missing {
  readonly code: "no-rate" | "no-table" | "missing-fact" | "overflow"
  readonly missing: string
}

export interface Quantity {
  readonly charge: bigint
  readonly unitsMilli: bigint
  /** Basis points for both sides of the body. */
  readonly sides: bigint
}

export interface Priced {
  readonly price: bigint
  readonly full: bigint
}

function tariffOfRow(row: Row | undefined | "no-table", table: string, lump: boolean): Tariff | Missing {
  if (row === "no-table") return { code: "no-table", missing: table }
  if (row?.rate === undefined) return { code: "no-rate", missing: table }
  return row.rate === "charge" ? { kind: "charge" } : { kind: "rate", rate: row.rate, lump }
}

/** Days that a daily rate pays for: those of the line, or the nights of the stay when the rate is the claim's. */
function daysOf(run: Run, line: ClaimLine, level: "line" | "claim"): number | undefined {
  if (level === "line") return Math.max(1, line.to - line.from + 1)
  const { admitted, discharged } = run.claim
  return admitted === undefined || discharged === undefined ? undefined : Math.max(1, discharged - admitted)
}

/** The rate of a rule for a code. A case rate pays for the case, however many units are counted. */
export function tariffOf(run: Run, state: LineState, rule: RuleOf<"allow">, code: string): Tariff | Missing {
  const { schedule, case: cases, perDiem, level } = rule.effect
  const day = state.line.from
  if (schedule !== undefined) return tariffOfRow(rowOn(schedule, code, day), schedule.name, false)
  if (cases !== undefined) {
    if (run.claim.drg === undefined) return { code: "missing-fact", missing: "drg" }
    return tariffOfRow(rowOn(cases, run.claim.drg, day), cases.name, true)
  }
  if (perDiem === undefined) return { kind: "charge" }
  const daily = valueOn(perDiem, day)
  if (daily === undefined) return { code: "missing-fact", missing: perDiem.name }
  const days = daysOf(run, state.line, level)
  if (days === undefined)
    return { code: "missing-fact", missing: run.claim.admitted === undefined ? "admitted" : "discharged" }
  return { kind: "sum", amount: daily * BigInt(days) }
}

/** A product of basis points: `points` over 10,000 to the power of `count`. */
interface Factors {
  readonly points: bigint
  readonly count: number
}
const noFactors: Factors = { points: 1n, count: 0 }

/** The factors of a line's modifiers; a table with two key columns gives them by code and modifier. */
function modifierFactors(table: TableSeries | undefined, line: ClaimLine): Factors | Missing {
  if (table === undefined || line.modifiers.length === 0) return noFactors
  let [points, count] = [1n, 0]
  for (const modifier of line.modifiers) {
    const own = rowOn(table, `${billedCode(line)}|${modifier}`, line.from)
    if (own === "no-table") return { code: "no-table", missing: table.name }
    const row = own ?? rowOn(table, modifier, line.from)
    const factor = row === undefined || row === "no-table" ? undefined : parsePercent(row.cells["factor"] ?? "")
    if (factor === undefined) continue
    points *= factor
    count++
  }
  return { points, count }
}

/** price of the language page: one rounding. */
function priceOf(run: Run, tariff: Tariff, factors: bigint, count: number, quantity: Quantity): bigint {
  const { currency, rounding } = run.plan.front
  const scaled = count === 0 ? 1n : 10000n ** BigInt(count)
  if (tariff.kind !== "rate") {
    const whole = tariff.kind === "charge" ? quantity.charge : tariff.amount
    return divide(whole * factors, 100_000_000n * scaled, rounding)
  }
  const { integer, scale } = tariff.rate
  const units = tariff.lump ? 1000n : quantity.unitsMilli
  const numerator = integer * units * factors * powersOfTen[currency.exponent]!
  return divide(numerator, powersOfTen[scale]! * 100_000_000_000n * scaled, rounding)
}

/** Price and full of a line by one rule, as if it billed `code`; or what is missing. */
export function priceWith(
  run: Run,
  state: LineState,
  rule: RuleOf<"allow">,
  code: string,
  quantity: Quantity,
): Priced | Missing {
  const { percent, ofCharge, atMost, modifiers, lesser } = rule.effect
  const day = state.line.from
  const tariff = tariffOf(run, state, rule, code)
  if ("missing" in tariff) return tariff
  const number = percent ?? ofCharge
  const factor = number === undefined ? 10000n : valueOn(number, day)
  const cap = atMost && valueOn(atMost, day)
  if (factor === undefined || (atMost !== undefined && cap === undefined))
    return { code: "missing-fact", missing: (number ?? atMost)?.name ?? "percent" }
  const factors = modifierFactors(modifiers, state.line)
  if ("missing" in factors) return factors
  const priced = priceOf(run, tariff, factor * quantity.sides * factors.points, factors.count, quantity)
  const price = cap === undefined ? priced : minimum(priced, cap)
  if (price > maxPrice) return { code: "overflow", missing: "price" }
  return { price, full: lesser ? minimum(quantity.charge, price) : price }
}

/** Price of a rate beside the allowed one, as a table's column gives it: the technical part of a service. */
export function priceAtRate(run: Run, rate: Rate, unitsMilli: bigint): bigint {
  const quantity = { charge: 0n, unitsMilli, sides: 10000n }
  return priceOf(run, { kind: "rate", rate, lump: false }, 100_000_000n, 0, quantity)
}
