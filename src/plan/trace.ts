/**
 * The reasons of a determination, step by step: which clause took which inputs by which formula to which output. The
 * three parties hash the same tree, so the first leaf in which two traces differ is the step to argue about.
 */

import { equalBytes } from "../base/bytes.ts"
import type { Value } from "../base/cbor.ts"
import { encode } from "../base/cbor.ts"
import { digest } from "../base/digest.ts"
import { treeProof, treeRoot } from "../base/tree.ts"
import { type Formula, formulas } from "./formulas.ts"

/** Name and value pairs, in the order the formula names them. Amounts are never negative here. */
export type Named = readonly (readonly [name: string, value: number | bigint | string | Uint8Array])[]

export interface Step {
  /** The clause's number and the effect's kind; both empty where the facts alone decide. */
  readonly clause: string
  readonly kind: string
  /** The claim line, 0 for the claim as a whole. */
  readonly line: number
  /** Step of the order of adjudication: A2 to I1. */
  readonly step: string
  readonly inputs: Named
  readonly formula: Formula
  readonly output: Named
}

/** Collects steps in the order they are taken; costs nothing when nobody wants them. */
export type Trace = Step[] | undefined

const leafOf = (step: Step): readonly Value[] => [
  [step.clause, step.kind],
  [step.line, step.step, step.inputs],
  formulas[step.formula][0],
  step.output,
]

/** The salt of one step, from the trace's salt: all parties derive the same. */
export const stepSalt = (traceSalt: Uint8Array, index: number): Uint8Array => digest("step-salt", traceSalt, index)

function leaves(steps: readonly Step[], traceSalt: Uint8Array): readonly (readonly Value[])[] {
  return steps.map((step, index) => [stepSalt(traceSalt, index), ...leafOf(step)])
}

/** Root of one leg's trace. */
export function traceRoot(steps: readonly Step[], traceSalt: Uint8Array): Uint8Array {
  return treeRoot("step", leaves(steps, traceSalt))
}

/** Root of a statement's trace: over the roots of its legs, in payment order. */
export function statementTraceRoot(legRoots: readonly Uint8Array[]): Uint8Array {
  return treeRoot(
    "step",
    legRoots.map((root) => [root]),
  )
}

/** Inclusion proof of one step in its leg's tree. */
export function stepProof(steps: readonly Step[], traceSalt: Uint8Array, index: number): Uint8Array[] {
  return treeProof("step", leaves(steps, traceSalt), index)
}

export const encodeStep = (step: Step): Uint8Array => encode(leafOf(step))

/** Index of the first step in which two traces differ; undefined when they are the same. */
export function firstDifference(a: readonly Step[], b: readonly Step[]): number | undefined {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) if (!equalBytes(encodeStep(a[i]!), encodeStep(b[i]!))) return i
  return a.length === b.length ? undefined : shorter
}
