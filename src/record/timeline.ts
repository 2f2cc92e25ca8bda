/**
 * The two times of a record. An entry says when something happened (event time, clinical, inside ciphertext alone);
 * the block that carried the facts statement over it says when it was recorded. What arrives days late from an offline
 * clinic sorts to where it happened and shows when it came; any past instant's view can be built again; a correction
 * stands in for what it corrects, and the audit view has both.
 */
import { assert } from "../base/assert.ts"
import { dayNumber, daysInMonth } from "../base/time.ts"

const daySeconds = 86_400
const eventTimeForm = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d))?)?)?$/

/** An instant; of a date without a time, its first in UTC. */
export interface EventTime {
  /** Seconds since 1970. */
  readonly seconds: number
  readonly nanos: number
}

/**
 * Reads an event time in FHIR's form: a year, a month, a date, or an instant with its offset (`2026-04-14T09:10:00-04:00`).
 * Undefined for anything else, a date that does not exist among it.
 */
export function parseEventTime(text: string): EventTime | undefined {
  const parts = eventTimeForm.exec(text)
  if (parts === null) return undefined
  const [year, month, day] = [Number(parts[1]), Number(parts[2] ?? 1), Number(parts[3] ?? 1)]
  const [hour, minute, second] = [Number(parts[4] ?? 0), Number(parts[5] ?? 0), Number(parts[6] ?? 0)]
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  // FHIR lets a leap second stand.
  if (hour > 23 || minute > 59 || second > 60) return undefined
  const offset = offsetSeconds(parts[8] ?? "Z")
  if (offset === undefined) return undefined
  const seconds = dayNumber(year, month, day) * daySeconds + hour * 3600 + minute * 60 + second - offset
  return { seconds, nanos: Number((parts[7] ?? "").padEnd(9, "0")) }
}

function offsetSeconds(text: string): number | undefined {
  if (text === "Z") return 0
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(4))]
  if (hours > 14 || minutes > 59) return undefined
  return (text.startsWith("-") ? -1 : 1) * (hours * 3600 + minutes * 60)
}

/** A facts statement that the ledger has: from its block on, the entries before `entries` are recorded. */
export interface RecordedFacts {
  /** The statement's id. */
  readonly facts: Uint8Array
  /** The statement that it amends. */
  readonly supersedes: Uint8Array | undefined
  readonly recordRoot: Uint8Array
  /** Entries under its record root: entries are only ever added. */
  readonly entries: number
  readonly height: number
  /** Block time, seconds since 1970. */
  readonly recorded: number
}

/** What an entry says of itself. */
export interface DatedEntry {
  /** Event time in FHIR's form, as the entry says; absent where it says none. */
  readonly at?: string
  /** Place in the record of the entry that this one corrects. */
  readonly corrects?: number
}

/** An entry in its two times. */
export interface TimelineEntry<E extends DatedEntry = DatedEntry> {
  /** Place in the record. */
  readonly entry: number
  readonly content: E
  /** Block time, seconds since 1970; undefined while no facts statement over it is on the ledger. */
  readonly recorded: number | undefined
}

/** A line of the timeline as it is shown. */
export interface TimelineRow<E extends DatedEntry = DatedEntry> extends TimelineEntry<E> {
  /** The newest entry that corrects this one; only the audit view has rows with one. */
  readonly correctedBy: number | undefined
  /** Whole days from the day it happened to the day it was recorded; 0 when either is not known. */
  readonly daysLate: number
}

/** The entries of a record, each with the time of the first statement over it. */
export function inTime<E extends DatedEntry>(
  entries: readonly E[],
  statements: readonly RecordedFacts[],
): readonly TimelineEntry<E>[] {
  return entries.map((content, entry) => {
    const { corrects } = content
    assert(corrects === undefined || corrects < entry, "an entry corrects an earlier one")
    const times = statements.filter((statement) => statement.entries > entry).map(({ recorded }) => recorded)
    return { entry, content, recorded: times.length === 0 ? undefined : Math.min(...times) }
  })
}

/** What was recorded by an instant (seconds since 1970): the entries that a reader could have been shown then. */
export function asOf<E extends DatedEntry>(
  entries: readonly TimelineEntry<E>[],
  instant: number,
): readonly TimelineEntry<E>[] {
  return entries.filter(({ recorded }) => recorded !== undefined && recorded <= instant)
}

/** The statement in force at an instant: the newest by then, whose record root is over that view. */
export function statementAsOf(statements: readonly RecordedFacts[], instant: number): RecordedFacts | undefined {
  const known = statements.filter(({ recorded }) => recorded <= instant)
  return known.reduce<RecordedFacts | undefined>(
    (newest, one) => (newest === undefined || one.height >= newest.height ? one : newest),
    undefined,
  )
}

/**
 * Clinical order: by event time, then record time, then place. A correction without an event time of its own stands
 * where the corrected entry stood; any other without one stands at the time it was recorded, or last.
 *
 * @param options.audit - also shows entries that were corrected; the default view shows what corrects them.
 */
export function timeline<E extends DatedEntry>(
  entries: readonly TimelineEntry<E>[],
  { audit = false }: { readonly audit?: boolean } = {},
): readonly TimelineRow<E>[] {
  const byPlace = new Map(entries.map((one) => [one.entry, one]))
  const correctedBy = new Map<number, number>()
  for (const { entry, content } of [...entries].sort(byRecordTime)) {
    if (content.corrects !== undefined) correctedBy.set(content.corrects, entry)
  }
  return entries
    .map((one) => ({ one, happened: happenedAt(one, byPlace) }))
    .filter(({ one }) => audit || !correctedBy.has(one.entry))
    .sort(
      (a, b) =>
        compareTimes(a.happened ?? recordedAt(a.one), b.happened ?? recordedAt(b.one)) || byRecordTime(a.one, b.one),
    )
    .map(({ one, happened }) => ({
      ...one,
      correctedBy: correctedBy.get(one.entry),
      daysLate: daysLate(happened, one.recorded),
    }))
}

function happenedAt({ content }: TimelineEntry, byPlace: ReadonlyMap<number, TimelineEntry>): EventTime | undefined {
  const own = content.at === undefined ? undefined : parseEventTime(content.at)
  if (own !== undefined || content.corrects === undefined) return own
  const corrected = byPlace.get(content.corrects)
  return corrected && happenedAt(corrected, byPlace)
}

function recordedAt({ recorded }: TimelineEntry): EventTime | undefined {
  return recorded === undefined ? undefined : { seconds: recorded, nanos: 0 }
}

/** What has no time at all comes last. */
function compareTimes(a: EventTime | undefined, b: EventTime | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  return a.seconds - b.seconds || a.nanos - b.nanos
}

function byRecordTime(a: TimelineEntry, b: TimelineEntry): number {
  return compareTimes(recordedAt(a), recordedAt(b)) || a.entry - b.entry
}

function daysLate(happened: EventTime | undefined, recorded: number | undefined): number {
  if (happened === undefined || recorded === undefined) return 0
  return Math.max(0, Math.floor(recorded / daySeconds) - Math.floor(happened.seconds / daySeconds))
}
