/** Step H1: what a pool of withheld money pays out for a measured result. It is a row of the payment, never of a line. */
import { divide } from "../../base/money.ts"
import type { Bonus } from "../language/effects.ts"
import { parsePercent } from "../language/values.ts"
import { editionOn, type Plan } from "../plan.ts"

/** A measure's signed report: who reported, on what, with what result. The signature is checked where it arrives. */
export interface MeasureReport {
  readonly measure: string
  readonly pool: string
  readonly provider: string
  /** The result in basis points. */
  readonly result: bigint
  /** What was withheld for the pool from this provider over the span of the report, in minor units. */
  readonly held: bigint
  /** Of the signed report. */
  readonly digest: Uint8Array
}

/** A provider-level row (PLB): a positive amount reduces the payment. */
export interface ProviderRow {
  readonly code: "BN" | "L6"
  readonly reference: string
  readonly amount: bigint
}

/**
 * The row that pays a pool out: of the table's rows (key: the least result in percent) the highest that is reached gives
 * the share of what was held. Undefined when the report is about another pool or measure, or no edition of the table is
 * in force; an amount of zero when no row is reached.
 */
export function bonusOn(plan: Plan, effect: Bonus, report: MeasureReport, day: number): ProviderRow | undefined {
  const edition = editionOn(effect.table, day)
  if (edition === undefined || report.measure !== effect.measure || report.pool !== effect.pool) return undefined
  let [reached, share] = [-1n, 0n]
  for (const row of edition.rows.values()) {
    const least = parsePercent(row.key)
    if (least === undefined || least > report.result || least <= reached) continue
    reached = least
    share = parsePercent(row.cells["share"] ?? "") ?? 0n
  }
  const amount = divide(report.held * share, 10000n, plan.front.rounding)
  return { code: "BN", reference: effect.pool, amount: -amount }
}
