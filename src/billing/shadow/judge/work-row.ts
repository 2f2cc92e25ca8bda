/** One row of the worklist: a line, or a claim, that asks for something to be done. */

import type { AnsweredAdjustment, AnsweredClaim } from "../intake/answered.ts"
import type { PayerName } from "../intake/payer.ts"
import type { SentLine } from "../intake/sent.ts"
import type { Account } from "../match/account.ts"
import type { Remedy } from "./denials.ts"

export const workClasses = [
  "underpaid",
  "fixable denial",
  "final denial",
  "unanswered",
  "duplicate",
  "takeback",
] as const
export type WorkClass = (typeof workClasses)[number]

export interface WorkRow {
  readonly class: WorkClass
  /** Undefined for money that a payer took and tied to no claim of ours. */
  readonly account: Account | undefined
  /** Undefined when the row is about the claim as a whole. */
  readonly line: SentLine | undefined
  readonly control: string
  readonly payer: PayerName
  readonly payerControl: string
  readonly lineControl: string
  readonly on: number | undefined
  readonly code: string
  readonly charge: bigint
  /** What the payer should have paid: allowed less what it left to the patient and to others. Undefined: not checkable. */
  readonly expected: bigint | undefined
  /** contract is proof; inferred is a reason to look; answer is the payer's own earlier word. */
  readonly by: "contract" | "inferred" | "answer" | "nothing"
  readonly source: string
  readonly paid: bigint
  readonly adjustment: AnsweredAdjustment | undefined
  readonly remarks: readonly string[]
  readonly remedy: Remedy | undefined
  /** The answer the row is about; undefined while there is none. */
  readonly answer: AnsweredClaim | undefined
  /** What the payer left to the patient as cost share. */
  readonly share: bigint
  /** By the first payer's contract: a line whose shortfall cannot be the patient's. */
  readonly allowed: bigint
  readonly deadline: number | undefined
  action: string
}

/** Expected less paid; undefined where nothing is expected. */
export function differenceOf(row: WorkRow): bigint | undefined {
  return row.expected === undefined ? undefined : row.expected - row.paid
}

/** Whether the row counts in the headline: an underpayment that a contract rate proves. */
export function isProven(row: WorkRow): boolean {
  return row.class === "underpaid" && row.by === "contract"
}
