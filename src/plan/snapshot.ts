/**
 * The payer-signed state of one member's accumulators: what is met of each bucket, what was counted, and the events
 * that rolling and once-a-day rules look back on. A visit is determined on one snapshot for good; the next snapshot is
 * this one with the visit's differences, and anybody who holds the chain can add it up again.
 */
import { equalBytes } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import { digest } from "../base/digest.ts"
import {
  amount,
  b32,
  type Codec,
  type Decoded,
  decodeAs,
  encodeAs,
  list,
  opt,
  struct,
  sum,
  text,
  uint,
} from "../base/schema.ts"
import { day, memberCodec } from "./claim.ts"

/** An amount with its direction; encoded [0 or 1 for minus, amount], zero always with 0. */
export const signed: Codec<bigint> = {
  read(reader) {
    reader.array(2)
    const minus = uint(0, 1).read(reader)
    const size = sum.read(reader)
    if (minus === 1 && size === 0n) throw new EncodingError("Cannot read CBOR: minus zero")
    return minus === 1 ? -size : size
  },
  write(writer, value) {
    writer.array(2)
    writer.uint(value < 0n ? 1 : 0)
    sum.write(writer, value < 0n ? -value : value)
  },
}

/** `person`, `family`, `treatment ID` or `condition NAME`: whose money or visits a bucket counts. */
export const owner = text

export const bucketRow = struct({ clause: text, owner, periodStart: day, met: amount, limit: amount })
export type BucketRow = Decoded<typeof bucketRow>
/** `allotted`: given out in vouchers and not yet used. */
export const countRow = struct({ clause: text, owner, periodStart: day, used: sum, allotted: sum })
export type CountRow = Decoded<typeof countRow>
export const event = struct({ clause: text, owner, day, provider: text, quantity: sum })
export type Event = Decoded<typeof event>
const eventRow = struct({ clause: text, owner, day, provider: text, quantity: sum, statement: b32 })
export type EventRow = Decoded<typeof eventRow>
export const differenceRow = struct({ clause: text, owner, periodStart: day, change: signed })
/** What one determination moves in one bucket. */
export type Difference = Decoded<typeof differenceRow>
export const differencesCodec = struct({ buckets: list(differenceRow), events: list(event) })
/** All that a determination moves: bucket by bucket, and the events it adds. */
export type Differences = Decoded<typeof differencesCodec>
const reasonRow = struct({ reason: text, clause: text, change: signed })

const body = struct({
  payer: text,
  /** The payer's random name for this member, known to the two alone. */
  member: b32,
  plan: b32,
  period: struct({ from: day, to: day }),
  sequence: uint(),
  previous: opt(b32),
  facts: memberCodec,
  buckets: list(bucketRow),
  counts: list(countRow),
  events: list(eventRow),
  visits: list(b32),
  differences: list(reasonRow),
})
/** `expiry` is that of the signed payload, a block hour. */
export type Snapshot = Decoded<typeof body> & { readonly expiry: number }

export const snapshotCodec: Codec<Snapshot> = {
  read(reader) {
    reader.array(body.size + 2)
    if (reader.text() !== "snapshot/1") throw new EncodingError("Cannot read a snapshot: another type of payload")
    const expiry = reader.uint()
    return { ...body.readFields(reader), expiry }
  },
  write(writer, value) {
    writer.array(body.size + 2)
    writer.text("snapshot/1")
    writer.uint(value.expiry)
    body.writeFields(writer, value)
  },
}

/** The payload of a `snapshot/1` envelope. */
export const encodeSnapshot = (snapshot: Snapshot): Uint8Array => encodeAs(snapshotCodec, snapshot)
/** @throws EncodingError unless the bytes are the one encoding of a snapshot payload. */
export const decodeSnapshot = (payload: Uint8Array): Snapshot => decodeAs(snapshotCodec, payload)
export const snapshotDigest = (payload: Uint8Array): Uint8Array => digest("snapshot", payload)

/** Where a difference lands: a bucket's amount, or the count of one when `counts` holds its clause. */
export interface VisitCounted {
  readonly statement: Uint8Array
  readonly differences: Differences
}

/** Why a bucket moves without a visit: a true-up, an outside accumulator, a carry-over. */
export interface Correction {
  readonly reason: string
  readonly change: Difference
}

/** What `nextSnapshot` needs beyond the old snapshot; the limits of buckets that appear for the first time. */
export interface SnapshotStep {
  readonly visits: readonly VisitCounted[]
  /** Visits taken back whole: their sums are subtracted, their events fall away. */
  readonly voids?: readonly VisitCounted[]
  readonly corrections?: readonly Correction[]
  readonly expiry: number
  readonly facts?: Snapshot["facts"]
  /** The limit to print beside a bucket; a count (which has none) is `undefined`. */
  limitOf(clause: string, owner: string): bigint | undefined
}

const sameKey = (a: { clause: string; owner: string; periodStart: number }, b: typeof a) =>
  a.clause === b.clause && a.owner === b.owner && a.periodStart === b.periodStart

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
const compareRows = (
  a: { clause: string; owner: string; periodStart: number },
  b: { clause: string; owner: string; periodStart: number },
) => compareText(a.clause, b.clause) || compareText(a.owner, b.owner) || a.periodStart - b.periodStart

interface Rows {
  readonly buckets: BucketRow[]
  readonly counts: CountRow[]
}

/** Adds one difference in place; false when a bucket would fall below zero. */
function post(rows: Rows, change: Difference, limit: bigint | undefined): boolean {
  const { clause, owner, periodStart } = change
  const inBuckets = rows.buckets.findIndex((row) => sameKey(row, change))
  if (inBuckets >= 0 || limit !== undefined) {
    const old = rows.buckets[inBuckets] ?? { clause, owner, periodStart, met: 0n, limit: limit! }
    const met = old.met + change.change
    if (inBuckets >= 0) rows.buckets[inBuckets] = { ...old, met }
    else rows.buckets.push({ ...old, met })
    return met >= 0n
  }
  const inCounts = rows.counts.findIndex((row) => sameKey(row, change))
  const old = rows.counts[inCounts] ?? { clause, owner, periodStart, used: 0n, allotted: 0n }
  const used = old.used + change.change
  if (inCounts >= 0) rows.counts[inCounts] = { ...old, used }
  else rows.counts.push({ ...old, used })
  return used >= 0n
}

/**
 * The snapshot after this one: differences of the visits added in their order, then the corrections.
 * @throws RangeError when a bucket would fall below zero: the differences do not belong to this snapshot.
 */
export function nextSnapshot(old: Snapshot, step: SnapshotStep): Snapshot {
  const rows: Rows = { buckets: [...old.buckets], counts: [...old.counts] }
  const voids = step.voids ?? []
  const isVoid = (row: EventRow) => voids.some(({ statement }) => equalBytes(statement, row.statement))
  const events: EventRow[] = old.events.filter((row) => !isVoid(row))
  const changes: Difference[] = []
  for (const visit of step.visits) {
    changes.push(...visit.differences.buckets)
    for (const item of visit.differences.events) events.push({ ...item, statement: visit.statement })
  }
  for (const visit of voids) {
    for (const row of visit.differences.buckets) changes.push({ ...row, change: -row.change })
  }
  for (const correction of step.corrections ?? []) changes.push(correction.change)
  let sound = true
  for (const change of changes) {
    sound = post(rows, change, step.limitOf(change.clause, change.owner)) && sound
  }
  if (!sound) throw new RangeError("Cannot build the next snapshot: a bucket falls below zero")
  rows.buckets.sort(compareRows)
  rows.counts.sort(compareRows)
  return {
    ...old,
    expiry: step.expiry,
    facts: step.facts ?? old.facts,
    sequence: old.sequence + 1,
    previous: snapshotDigest(encodeSnapshot(old)),
    buckets: rows.buckets,
    counts: rows.counts,
    events,
    visits: step.visits.map((visit) => visit.statement),
    differences: (step.corrections ?? []).map(({ reason, change }) => ({
      reason,
      clause: change.clause,
      change: change.change,
    })),
  }
}

/**
 * The wallet's check of the payer's arithmetic: does `next` follow from `old` by exactly these visits? Answers the
 * first thing that is wrong, in plain words, or undefined. Allotments, the member's facts and the expiry are the
 * payer's own to set.
 */
export function snapshotFault(old: Snapshot, next: Snapshot, step: Omit<SnapshotStep, "expiry">): string | undefined {
  if (next.sequence !== old.sequence + 1) return "the sequence number does not follow"
  if (next.previous === undefined || !equalBytes(next.previous, snapshotDigest(encodeSnapshot(old))))
    return "it does not stand on the snapshot before it"
  let expected: Snapshot
  try {
    expected = nextSnapshot(old, { ...step, expiry: next.expiry, facts: next.facts })
  } catch {
    return "a bucket would fall below zero"
  }
  const allotted = (row: CountRow) => next.counts.find((other) => sameKey(row, other))?.allotted ?? row.allotted
  const wanted = { ...expected, counts: expected.counts.map((row) => ({ ...row, allotted: allotted(row) })) }
  const parts = { buckets: list(bucketRow), counts: list(countRow), events: list(eventRow), visits: list(b32) }
  for (const [part, codec] of Object.entries(parts) as [keyof typeof parts, Codec<unknown>][]) {
    if (!equalBytes(encodeAs(codec, wanted[part]), encodeAs(codec, next[part]))) return `its ${part} do not add up`
  }
  return equalBytes(encodeSnapshot(wanted), encodeSnapshot(next)) ? undefined : "something besides the sums changed"
}

/** The first snapshot of a cover period, with nothing met. */
export function firstSnapshot(
  start: Pick<Snapshot, "payer" | "member" | "plan" | "period" | "facts" | "expiry">,
): Snapshot {
  return {
    ...start,
    sequence: 0,
    previous: undefined,
    buckets: [],
    counts: [],
    events: [],
    visits: [],
    differences: [],
  }
}
