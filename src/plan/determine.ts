/**
 * A statement's determination: one leg for each payer, in payment order, each told what the earlier ones decided. All
 * parties run this on the same inputs and salts and compare the unsalted digest.
 */
import { assert } from "../base/assert.ts"
import { adjudicate, type Outcome } from "./adjudicate/adjudicate.ts"
import { type AdjudicationInput, type PriorLeg, part, priorLegOf, priorLegs } from "./input.ts"
import { type Determination, determinationDigest, encodeDetermination, encodeLeg, type Leg, legDigest } from "./leg.ts"
import { statementTraceRoot, traceRoot } from "./trace.ts"

export interface DeterminedLeg extends Outcome {
  readonly bytes: Uint8Array
  readonly digest: Uint8Array
  /** Root of this leg's trace; the empty tree's when no trace was asked for. */
  readonly traceRoot: Uint8Array
}

export interface Determined {
  readonly legs: readonly DeterminedLeg[]
  readonly determination: Determination
  readonly bytes: Uint8Array
  /** What the parties compare; the ledger sees it salted. */
  readonly digest: Uint8Array
  readonly traceRoot: Uint8Array
}

/** Fresh 32-byte salts: one for each leg, one for the trace. */
export interface DeterminationSalts {
  readonly legs: readonly Uint8Array[]
  readonly trace: Uint8Array
}

/**
 * Runs each payer's plan in turn. The `legs` part of every input is replaced by what the payers before it decided, after
 * those that the input itself names (foreign payers come first).
 */
export function determine(
  inputs: readonly AdjudicationInput[],
  salts: DeterminationSalts,
  options: { readonly trace?: boolean } = {},
): Determined {
  assert(inputs.length > 0 && inputs.length === salts.legs.length, "each leg has one input and one salt")
  const legs: DeterminedLeg[] = []
  const earlier: PriorLeg[] = []
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i]!
    const before = [...input.legs.value, ...earlier]
    const outcome = adjudicate(i === 0 ? input : { ...input, legs: part(priorLegs, before) }, options)
    const bytes = encodeLeg(outcome.leg)
    const root = traceRoot(outcome.trace, salts.trace)
    legs.push({ ...outcome, bytes, digest: legDigest(salts.legs[i]!, bytes), traceRoot: root })
    earlier.push(priorLegOf(outcome.leg, input.on.value))
  }
  const determination = { legs: legs.map((leg) => leg.digest), patient: patientOf(legs[legs.length - 1]!.leg) }
  const bytes = encodeDetermination(determination)
  const root = statementTraceRoot(legs.map((leg) => leg.traceRoot))
  return { legs, determination, bytes, digest: determinationDigest(bytes), traceRoot: root }
}

/** What the patient owes after a leg, over its decided lines. */
export const patientOf = (leg: Leg): bigint => leg.totals.patient
