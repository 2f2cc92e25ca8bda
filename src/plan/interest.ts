/** Step H1: interest on what is paid late. It never touches a line or a determination. */
import { divide, type Rounding } from "../base/money.ts"
import type { Interest } from "./effects.ts"
import { valueOn } from "./plan.ts"

/** A payment and the days that count, as day numbers. */
export interface LatePayment {
  readonly paid: bigint
  readonly received: number
  readonly clean: number | undefined
  readonly paidOn: number
}

/**
 * Interest in minor units at the rate of the payment day; zero when the payment is in time or the sum below the least
 * that is paid. Undefined when the clause's numbers do not tell it: no clean date, no rate on that day, or a rate by
 * table or by bands.
 */
export function interestOn(effect: Interest, payment: LatePayment, rounding: Rounding): bigint | undefined {
  const start = effect.clock === "clean" ? payment.clean : payment.received
  const due = valueOn(effect.due, payment.paidOn)
  const rate = effect.rate && valueOn(effect.rate, payment.paidOn)
  const least = effect.least === undefined ? 0n : valueOn(effect.least, payment.paidOn)
  const byOther = effect.table !== undefined || effect.bands !== undefined
  if (start === undefined || due === undefined || rate === undefined || least === undefined || byOther) return undefined
  const days = payment.paidOn - start - Number(due)
  if (days <= 0) return 0n
  const interest = divide(payment.paid * rate * BigInt(days), 1_000_000n * BigInt(effect.dayCount), rounding)
  return interest < least ? 0n : interest
}
