/**
 * The loops of an 837 professional, flattened: each claim with the segments of its own loop, of its lines, and of the
 * billing provider, subscriber and patient it stands under.
 */
import { refuse } from "../../base/refusal.ts"
import { element, placeIn, type X12Interchange, type X12Segment, type X12Transaction } from "./syntax.ts"

export interface ClaimLoop {
  readonly interchange: X12Interchange
  readonly transaction: X12Transaction
  /** Segments of the hierarchical levels above: 20 billing provider, 22 subscriber, 23 patient (absent when the same). */
  readonly provider: readonly X12Segment[]
  readonly subscriber: readonly X12Segment[]
  readonly patient: readonly X12Segment[]
  /** CLM and what follows it up to the first line. */
  readonly claim: readonly X12Segment[]
  /** One list a line, each beginning with LX. */
  readonly lines: readonly (readonly X12Segment[])[]
}

interface Levels {
  provider: X12Segment[]
  subscriber: X12Segment[]
  patient: X12Segment[]
}

/** The claims of a transaction, in file order. */
export function claimLoops(interchange: X12Interchange, transaction: X12Transaction): readonly ClaimLoop[] {
  const loops: ClaimLoop[] = []
  const levels: Levels = { provider: [], subscriber: [], patient: [] }
  let into: X12Segment[] | undefined
  let lines: X12Segment[][] = []
  for (const segment of transaction.segments.slice(1, -1)) {
    if (segment.tag === "HL") into = openLevel(levels, segment)
    if (segment.tag === "CLM") {
      if (levels.subscriber.length === 0) orphan(segment)
      into = []
      lines = []
      loops.push({ interchange, transaction, ...levels, claim: into, lines })
    }
    if (segment.tag === "LX") {
      if (loops.length === 0) orphan(segment)
      into = []
      lines.push(into)
    }
    into?.push(segment)
  }
  return loops
}

function orphan(segment: X12Segment): never {
  const what = `Cannot read the 837: a ${segment.tag} segment stands outside its loop`
  return refuse("x12-order", what, placeIn(segment), "Ask the sender for a corrected file.")
}

/** A new level ends the claims above it and clears the levels below it. */
function openLevel(levels: Levels, segment: X12Segment): X12Segment[] {
  const level = element(segment, 3)
  const own: X12Segment[] = []
  if (level === "20") Object.assign(levels, { provider: own, subscriber: [], patient: [] })
  else if (level === "22") Object.assign(levels, { subscriber: own, patient: [] })
  else if (level === "23") levels.patient = own
  else orphan(segment)
  return own
}

/** The first NM1 segment for an entity (IL subscriber, PR payer, 85 billing provider, …) and its id. */
export function entity(segments: readonly X12Segment[], code: string): X12Segment | undefined {
  return segments.find((segment) => segment.tag === "NM1" && element(segment, 1) === code)
}

export function first(segments: readonly X12Segment[], tag: string, qualifier?: string): X12Segment | undefined {
  return segments.find(
    (segment) => segment.tag === tag && (qualifier === undefined || element(segment, 1) === qualifier),
  )
}
