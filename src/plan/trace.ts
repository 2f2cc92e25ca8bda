/**
 * The reasons of a determination, step by step: which clause took which inputs by which formula to which output. The
 * three parties hash the same tree, so the first leaf in which two traces differ is the step to argue about.
 */

import { equalBytes } from "../base/bytes.ts"
import { EncodingError, encode, Reader, type Value } from "../base/cbor.ts"
import { digest } from "../base/digest.ts"
import { treeProof, treeRoot, verifyTreeProof } from "../base/tree.ts"
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

/** Whether a step stands at a place of the trace with this root: how arbiters look at one step and no other. */
export function verifyStep(
  root: Uint8Array,
  step: Step,
  at: {
    readonly salt: Uint8Array
    readonly index: number
    readonly size: number
    readonly proof: readonly Uint8Array[]
  },
): boolean {
  return verifyTreeProof("step", root, [at.salt, ...leafOf(step)], at.index, at.size, at.proof)
}

export const encodeTrace = (steps: readonly Step[]): Uint8Array => encode(steps.map(leafOf))

const formulaByNumber = new Map(Object.entries(formulas).map(([name, [id]]) => [id as number, name as Formula]))

function readNamed(reader: Reader): Named {
  const pairs: [string, bigint | string | Uint8Array][] = []
  for (let left = reader.array(); left > 0; left--) {
    reader.array(2)
    const name = reader.text()
    const major = reader.peek()
    pairs.push([name, major === 0 ? BigInt(reader.uint()) : major === 2 ? reader.byteString() : reader.text()])
  }
  return pairs
}

function readStep(reader: Reader): Step {
  reader.array(4)
  reader.array(2)
  const [clause, kind] = [reader.text(), reader.text()]
  reader.array(3)
  const [line, step, inputs] = [reader.uint(), reader.text(), readNamed(reader)]
  const formula = formulaByNumber.get(reader.uint())
  if (formula === undefined) throw new EncodingError("Cannot read a trace: no such formula")
  return { clause, kind, line, step, inputs, formula, output: readNamed(reader) }
}

/**
 * The steps of an encoded trace; integers come back as `bigint`, and the steps encode to the same bytes.
 * @throws EncodingError unless the bytes are the one encoding of a trace.
 */
export function decodeTrace(bytes: Uint8Array): readonly Step[] {
  const reader = new Reader(bytes)
  const steps: Step[] = []
  for (let left = reader.array(); left > 0; left--) steps.push(readStep(reader))
  reader.done()
  return steps
}

/** The steps as a bundle carries them, one encoded step each. @throws EncodingError where one is none. */
export function decodeSteps(steps: readonly Uint8Array[]): readonly Step[] {
  return steps.map((bytes) => {
    const reader = new Reader(bytes)
    const step = readStep(reader)
    reader.done()
    return step
  })
}

export const encodeStep = (step: Step): Uint8Array => encode(leafOf(step))

/** Index of the first step in which two traces differ; undefined when they are the same. */
export function firstDifference(a: readonly Step[], b: readonly Step[]): number | undefined {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) if (!equalBytes(encodeStep(a[i]!), encodeStep(b[i]!))) return i
  return a.length === b.length ? undefined : shorter
}
