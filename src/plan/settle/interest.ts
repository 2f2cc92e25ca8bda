/** Step H1: interest on what is paid late. It never touches a line or a determination. */
import { divide, type Rounding } from "../../base/money.ts"
import { parseDate } from "../../base/time.ts"
import type { Interest } from "../language/effects.ts"
import type { NamedNumber } from "../parts.ts"
import { addMonths, editionOn, valueOn } from "../plan.ts"
import type { ProviderRow } from "./bonus.ts"

/** A payment and the days that count, as day numbers. */
export interface LatePayment {
  readonly paid: bigint
  readonly received: number
  readonly clean: number | undefined
  readonly paidOn: number
}

/** A yearly rate: `points` over `scale`. */
interface YearlyRate {
  readonly points: bigint
  readonly scale: bigint
}

/** Days of one rate. */
interface Span {
  readonly days: number
  readonly rate: YearlyRate
}

const partsPerMillion = 1_000_000n

function afterSpan(from: number, lasts: NamedNumber, value: bigint): number {
  if (lasts.unit === "months") return addMonths(from, Number(value))
  return from + Number(lasts.unit === "hours" ? value / 24n : value)
}

/** The rate of the table's row with the latest day not after the payment's: keys are days, rates percent a year. */
function rateOfTable(effect: Interest, day: number): YearlyRate | undefined {
  const edition = effect.table && editionOn(effect.table, day)
  let found: { readonly from: number; readonly rate: YearlyRate } | undefined
  for (const { key, rate } of edition?.rows.values() ?? []) {
    const from = parseDate(key)
    if (from === undefined || from > day || rate === undefined || rate === "charge") continue
    if (found === undefined || from > found.from)
      found = { from, rate: { points: rate.integer, scale: 100n * 10n ** BigInt(rate.scale) } }
  }
  return found?.rate
}

function rateOf(number: NamedNumber, day: number): YearlyRate | undefined {
  const points = valueOn(number, day)
  return points === undefined ? undefined : { points, scale: partsPerMillion }
}

/** The late days by rate. Bands count from the clock's start, as the laws that have them do. */
function spansOf(effect: Interest, start: number, dueDay: number, paidOn: number): readonly Span[] | undefined {
  if (effect.bands === undefined) {
    const rate = effect.rate === undefined ? rateOfTable(effect, paidOn) : rateOf(effect.rate, paidOn)
    return rate && [{ days: paidOn - dueDay, rate }]
  }
  const spans: Span[] = []
  let from = dueDay
  for (const band of effect.bands) {
    const rate = rateOf(band.rate, paidOn)
    const upTo = band.upTo && valueOn(band.upTo, paidOn)
    if (rate === undefined || (band.upTo !== undefined && upTo === undefined)) return undefined
    const end = band.upTo === undefined ? paidOn : afterSpan(start, band.upTo, upTo!)
    const to = end < paidOn ? end : paidOn
    if (to <= from) continue
    spans.push({ days: to - from, rate })
    from = to
  }
  return spans
}

/**
 * Interest in minor units at the rates of the payment day, rounded once; zero when the payment is in time or the sum
 * below the least that is paid. Undefined when the clause's numbers do not tell it: no clean date, no rate on that day.
 */
export function interestOn(effect: Interest, payment: LatePayment, rounding: Rounding): bigint | undefined {
  const { paid, paidOn } = payment
  const start = effect.clock === "clean" ? payment.clean : payment.received
  const due = valueOn(effect.due, paidOn)
  const least = effect.least === undefined ? 0n : valueOn(effect.least, paidOn)
  if (start === undefined || due === undefined || least === undefined) return undefined
  const dueDay = afterSpan(start, effect.due, due)
  const spans = spansOf(effect, start, dueDay, paidOn)
  if (spans === undefined) return undefined
  if (paidOn <= dueDay || paid <= 0n) return 0n
  let [numerator, denominator] = [0n, 1n]
  for (const { days, rate } of spans) {
    numerator = numerator * rate.scale + rate.points * BigInt(days) * denominator
    denominator *= rate.scale
  }
  const interest = divide(paid * numerator, denominator * BigInt(effect.dayCount), rounding)
  return interest < least ? 0n : interest
}

/** The payment's row of interest; the same sum stands in the claim's AMT*I. `reference` is the claim's number. */
export const interestRow = (interest: bigint, reference: string): ProviderRow => ({
  code: "L6",
  reference,
  amount: -interest,
})
