/**
 * What is wrong with a piece of an X12 file, with its place and with the code by which an acknowledgement says it. A
 * finding never holds a value of the file: values may be a person's.
 */
import type { Refusal } from "../../../base/refusal.ts"
import { elementName } from "./segment.ts"

/** The smallest unit that the finding is about, and so the acknowledgement that answers it. */
export type FindingLevel = "interchange" | "group" | "transaction" | "segment" | "element"

export interface X12Finding {
  /** Our name for the kind of defect: `x12-count`, `x12-missing-element`, … */
  readonly code: string
  readonly level: FindingLevel
  /** False for a note: what it is about is read all the same. */
  readonly isRefused: boolean
  /** A plain sentence without its full stop: `SE01 says 25, there are 34 segments`. */
  readonly message: string
  /** Empty where the segment has no tag that could be named. */
  readonly segment: string
  readonly element?: number | undefined
  /** Part of a composite element, from 1. */
  readonly part?: number | undefined
  /** Line in the file, from 1. */
  readonly line: number
  /** Place of the segment in its transaction, ST being 1. */
  readonly position?: number | undefined
  /** Loop of the implementation guide: `2010AA`. */
  readonly loop?: string | undefined
  /** Number of the element in X12's data element dictionary. */
  readonly reference?: string | undefined
  /** X12's code for it, by level: TA105 interchange, AK905 group, IK502 transaction, IK304 segment, IK403 element. */
  readonly answer: string
  readonly remedy: string
}

export const correctedFile = "Ask the sender for a corrected file."

/** `SV102, line 34`; a part of a composite as `SV101-2, line 34`. */
export function placeOf(finding: X12Finding): string {
  const part = finding.part === undefined ? "" : `-${finding.part}`
  const loop = finding.loop === undefined ? "" : ` in loop ${finding.loop}`
  const name = finding.segment === "" ? "" : `${elementName(finding.segment, finding.element)}${part}, `
  return `${name}line ${finding.line}${loop}`
}

/** The finding as the refusal of the whole. */
export function refusalOf(finding: X12Finding): Refusal {
  const { code, message, remedy } = finding
  return { code, message: `Cannot read X12: ${message}`, at: placeOf(finding), remedy }
}
