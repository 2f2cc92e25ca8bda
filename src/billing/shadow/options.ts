/** What a run of shadow mode is told, and what it assumes where it is told nothing. Every assumption is printed. */
import type { Plan } from "../../plan/plan.ts"
import type { Rates } from "./judge/rates.ts"

export interface ShadowOptions {
  readonly rates: Rates | undefined
  readonly plan: Plan | undefined
  /** The payer, by name or id, whose claims the plan speaks of; empty: the plan's own `payer`. */
  readonly planPayer: string
  /** "Today"; undefined: the latest date in the files. */
  readonly on: number | undefined
  /** Days from the last day of service to send a claim; undefined: the plan's window, else `assumedTimely`. */
  readonly timely: number | undefined
  /** Days from the payer's answer to correct or appeal; undefined: the plan's window, else `assumedAppeal`. */
  readonly appeal: number | undefined
  /** A shortfall up to this many minor units is no underpayment. */
  readonly tolerance: bigint
}

/** Contracts vary from 90 to 365 days; a deadline that is too early costs haste, one too late costs the claim. */
export const assumedTimely = 180
export const assumedAppeal = 120

export const plainOptions: ShadowOptions = {
  rates: undefined,
  plan: undefined,
  planPayer: "",
  on: undefined,
  timely: undefined,
  appeal: undefined,
  tolerance: 0n,
}
