/** Steps I1 and J1: how a claim stands after a determination, and what one payment of several comes to. */
import { assert } from "../../base/assert.ts"
import type { Leg } from "../leg.ts"

/** CLP02 of the remittance: processed as first, second, third payer; denied; also forwarded; taken back; estimated. */
export type ClaimStatus = "1" | "2" | "3" | "4" | "19" | "20" | "21" | "22" | "25"
export type FhirOutcome = "queued" | "complete" | "error" | "partial"

export interface ClaimOutcome {
  /** Undefined while no line is decided: there is nothing to remit. */
  readonly status: ClaimStatus | undefined
  readonly fhir: FhirOutcome
}

export interface ClaimPlace {
  /** From 1: as which payer the plan decided. */
  readonly rank: number
  readonly isQuote?: boolean
  readonly isReversal?: boolean
  /** The claim went on to the next payer by itself. */
  readonly isForwarded?: boolean
}

const processed = ["1", "2", "3"] as const
const forwarded = ["19", "20", "21"] as const

function statusOf(leg: Leg, { rank, isQuote, isReversal, isForwarded }: ClaimPlace): ClaimStatus | undefined {
  const decided = leg.lines.filter(({ status }) => status !== "pended" && status !== "held")
  if (decided.length === 0) return undefined
  if (isReversal) return "22"
  if (isQuote) return "25"
  if (decided.every(({ status }) => status === "denied")) return "4"
  return (isForwarded ? forwarded : processed)[Math.min(Math.max(rank, 1), 3) - 1]!
}

/** Pended lines are still to come; a claim that nobody could process (step A2 refused each line) is an error. */
function fhirOf(leg: Leg): FhirOutcome {
  const waiting = leg.lines.filter(({ status }) => status === "pended" || status === "held").length
  if (waiting === leg.lines.length) return "queued"
  if (waiting > 0) return "partial"
  return leg.lines.every(({ status, shown }) => status === "denied" && shown.step === "A2") ? "error" : "complete"
}

/** I1: the outcome codes of a determination. */
export const outcomeCodes = (leg: Leg, place: ClaimPlace): ClaimOutcome => ({
  status: statusOf(leg, place),
  fhir: fhirOf(leg),
})

/** What a payment takes in: claims with their sign (a reversal's sums are negative) and rows beside them. */
export interface SettlementParts {
  /** Of each claim: the benefit, negative for a reversal. */
  readonly benefits: readonly bigint[]
  /** Provider-level rows (PLB): a positive amount reduces the payment. */
  readonly rows: readonly { readonly code: string; readonly reference: string; readonly amount: bigint }[]
}

export interface Settlement {
  readonly claims: bigint
  readonly rows: SettlementParts["rows"]
  /** BPR02; never negative. */
  readonly paid: bigint
  /** What the provider still owes and a later payment takes off. */
  readonly carried: bigint
}

/**
 * J1: Σ CLP04 − Σ PLB = BPR02. A payment below zero is nothing, and the rest is carried forward in a row of its own.
 * `reference` names that row.
 */
export function settle(parts: SettlementParts, reference: string): Settlement {
  let claims = 0n
  for (const benefit of parts.benefits) claims += benefit
  let sum = claims
  for (const { amount } of parts.rows) sum -= amount
  const carried = sum < 0n ? -sum : 0n
  const rows = carried === 0n ? parts.rows : [...parts.rows, { code: "FB", reference, amount: -carried }]
  let paid = claims
  for (const { amount } of rows) paid -= amount
  assert(paid >= 0n && paid === sum + carried, "a payment is its claims less its provider-level rows")
  return { claims, rows, paid, carried }
}
