/**
 * The running buckets of one adjudication: what the snapshot says is met, and what earlier lines of the claim posted.
 * A room is what is left of a limit; it is never below zero, and no posting overdraws it.
 */
import { assert } from "../base/assert.ts"
import { maximum, minimum } from "../base/money.ts"
import type { AdjudicationInput } from "./input.ts"
import type { Bucket } from "./parts.ts"
import { addMonths, periodStart, valueOn } from "./plan.ts"
import type { Difference, Differences, Event } from "./snapshot.ts"

/** A bucket of one owner over one period. */
interface Account {
  readonly owner: string
  /** Start of the period; for spans that roll, the day the span is asked for. */
  readonly start: number
  readonly met: bigint
  posted: bigint
}

interface Room {
  readonly account: Account
  readonly limit: bigint
  /** Whether this owner's limit is one that holds the line back. */
  readonly binds: boolean
}

/** The day of a service at which a bucket is asked, and the name of what it lacks if it cannot be. */
export interface Gap {
  readonly missing: string
}

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** Whose bucket it is: `person`, `family`, or `treatment` and `condition` with their name. */
export type OwnerKind = "person" | "family" | "treatment"

/** The owner's name in the snapshot; undefined when the claim does not say which treatment it belongs to. */
export function ownerName(kind: OwnerKind, treatment: string | undefined): string | undefined {
  if (kind !== "treatment") return kind
  return treatment === undefined ? undefined : `treatment ${treatment}`
}

/** A bucket that rolls is kept as events, all others as sums by the start of their period. */
export const isRolling = (bucket: Bucket): boolean => bucket.period.kind === "rolling"

/** The start of a bucket's period as snapshots write it; what is missing when the facts do not tell. */
export function startOfPeriod(
  bucket: Bucket,
  day: number,
  facts: { readonly coverFrom: number | undefined; readonly admitted: number | undefined },
): number | Gap {
  switch (bucket.period.kind) {
    case "lifetime":
      return 0
    case "rolling":
    case "visit":
      return day
    case "stay":
      return facts.admitted ?? { missing: "admitted" }
    case "cover-year":
      if (facts.coverFrom === undefined) return { missing: "coverFrom" }
      return periodStart(bucket.period, day, facts.coverFrom)!
    default:
      return periodStart(bucket.period, day, 0)!
  }
}

/** The buckets of one claim while its lines are determined one after another. */
export class Ledger {
  readonly #input: AdjudicationInput
  readonly #accounts: Account[][] = []
  /** The rooms a bucket was last asked for, with the day. */
  readonly #asked: ({ readonly day: number; readonly rooms: readonly Room[] } | undefined)[] = []
  readonly #events: Event[] = []

  constructor(input: AdjudicationInput) {
    this.#input = input
  }

  /** Owners with a limit, and the limits on that day. */
  #owners(bucket: Bucket, day: number): { kind: OwnerKind; limit: bigint }[] | Gap {
    const owners: { kind: OwnerKind; limit: bigint }[] = []
    for (const kind of ["person", "family", "treatment"] as const) {
      const number = bucket[kind]
      if (number === undefined) continue
      const limit = valueOn(number, day)
      if (limit === undefined) return { missing: number.name }
      if (kind !== "family" || bucket.grow === undefined) owners.push({ kind, limit })
      else {
        const grown = this.#grown(bucket.grow, limit, day)
        if (typeof grown !== "bigint") return grown
        owners.push({ kind, limit: grown })
      }
    }
    return bucket.condition === undefined ? owners : { missing: "condition" }
  }

  #grown(grow: NonNullable<Bucket["grow"]>, family: bigint, day: number): bigint | Gap {
    const members = this.#input.member.value.members
    if (members === undefined) return { missing: "members" }
    const [each, above] = [valueOn(grow.each, day), valueOn(grow.above, day)]
    if (each === undefined || above === undefined) return { missing: grow.each.name }
    const grown = family + each * maximum(0n, BigInt(members) - above)
    if (grow.atMost === undefined) return grown
    const most = valueOn(grow.atMost, day)
    return most === undefined ? { missing: grow.atMost.name } : minimum(most, grown)
  }

  #account(bucket: Bucket, kind: OwnerKind, day: number): Account | Gap {
    const name = ownerName(kind, this.#input.claim.value.treatment)
    if (name === undefined) return { missing: "treatment" }
    const facts = { coverFrom: this.#input.member.value.coverFrom, admitted: this.#input.claim.value.admitted }
    const start = startOfPeriod(bucket, day, facts)
    if (typeof start !== "number") return start
    const owner = bucket.period.kind === "visit" ? `${name} at ${this.#input.provider.value.provider}` : name
    if (isRolling(bucket)) return this.#rolled(bucket, owner, day)
    const accounts = (this.#accounts[bucket.index] ??= [])
    for (const account of accounts) if (account.start === start && account.owner === owner) return account
    const account = { owner, start, met: this.#met(bucket, owner, start), posted: 0n }
    accounts.push(account)
    return account
  }

  /** What the snapshot has of a bucket that starts again. */
  #met(bucket: Bucket, owner: string, start: number): bigint {
    const { buckets, counts } = this.#input.snapshot.value
    const clause = bucket.clause.number
    for (const row of buckets)
      if (row.clause === clause && row.owner === owner && row.periodStart === start) return row.met
    for (const row of counts)
      if (row.clause === clause && row.owner === owner && row.periodStart === start) return row.used
    return 0n
  }

  /** What happened in the span that ends on this day: events after the same day so many months or days earlier. */
  #rolled(bucket: Bucket, owner: string, day: number): Account {
    const { period } = bucket
    assert(period.kind === "rolling", "only a span that rolls is summed from events")
    const after = period.unit === "months" ? addMonths(day, -period.count) : day - period.count
    const clause = bucket.clause.number
    const sumOf = (rows: readonly Event[]) => {
      let total = 0n
      for (const row of rows) if (row.clause === clause && row.owner === owner && row.day > after) total += row.quantity
      return total
    }
    return { owner, start: day, met: sumOf(this.#input.snapshot.value.events), posted: sumOf(this.#events) }
  }

  /** The accounts of a bucket on a day, each with its limit. */
  #rooms(bucket: Bucket, day: number): readonly Room[] | Gap {
    const asked = this.#asked[bucket.index]
    if (asked !== undefined && asked.day === day) return asked.rooms
    const rooms = this.#findRooms(bucket, day)
    if (!("missing" in rooms) && !isRolling(bucket)) this.#asked[bucket.index] = { day, rooms }
    return rooms
  }

  #findRooms(bucket: Bucket, day: number): readonly Room[] | Gap {
    const owners = this.#owners(bucket, day)
    if ("missing" in owners) return owners
    const { selfOnly } = this.#input.member.value
    const hasFamily = bucket.family !== undefined
    const hasPerson = bucket.person !== undefined
    const rooms: Room[] = []
    for (const { kind, limit } of owners) {
      const account = this.#account(bucket, kind, day)
      if ("missing" in account) return account
      const idle =
        (kind === "family" && hasPerson && selfOnly) ||
        (kind === "person" && hasFamily && !selfOnly && bucket.familyRule === "aggregate")
      rooms.push({ account, limit, binds: !idle })
    }
    return rooms
  }

  /** What is left of a bucket on a day; for limits and ceilings, of what the voucher set aside for this visit. */
  room(bucket: Bucket, day: number, useAllotment = false): bigint | Gap {
    const rooms = this.#rooms(bucket, day)
    if ("missing" in rooms) return rooms
    let room: bigint | undefined
    let posted = 0n
    for (const { account, limit, binds } of rooms) {
      if (!binds) continue
      const left = maximum(0n, limit - account.met - account.posted)
      room = room === undefined ? left : minimum(room, left)
      posted = account.posted
    }
    if (room === undefined) return { missing: bucket.name }
    if (!useAllotment) return room
    for (const { clause, most } of this.#input.assurance.value.allotments) {
      if (clause === bucket.clause.number) return maximum(0n, most - posted)
    }
    return room
  }

  /** Adds to a bucket. The room was asked before, so nothing is missing now. */
  post(bucket: Bucket, day: number, amount: bigint, allotted = false): void {
    if (amount === 0n) return
    const rooms = this.#rooms(bucket, day)
    assert(!("missing" in rooms), "a bucket is posted to only after its room was read")
    const left = this.room(bucket, day, allotted)
    assert(typeof left === "bigint" && amount <= left, "no posting overdraws a bucket")
    for (const { account } of rooms) {
      account.posted += amount
      if (!isRolling(bucket)) continue
      const provider = this.#input.provider.value.provider
      this.#events.push({ clause: bucket.clause.number, owner: account.owner, day, provider, quantity: amount })
    }
  }

  /** Adds to the buckets that count with another one, as far as they have room. */
  postAlso(bucket: Bucket, day: number, amount: bigint): void {
    for (const other of bucket.alsoCounts) {
      const room = this.room(other, day)
      if (typeof room !== "bigint") continue
      this.post(other, day, minimum(amount, room))
    }
  }

  /** Whether the snapshot or an earlier line has this event of the same provider on the same day. */
  has(clause: string, owner: string, day: number): boolean {
    const provider = this.#input.provider.value.provider
    const same = (row: Event) =>
      row.clause === clause && row.owner === owner && row.day === day && row.provider === provider
    return this.#events.some(same) || this.#input.snapshot.value.events.some(same)
  }

  /** Whether the snapshot has an event under this name, whoever did it and whenever. */
  remembers(clause: string, owner: string): boolean {
    for (const row of this.#input.snapshot.value.events) if (row.clause === clause && row.owner === owner) return true
    return false
  }

  /** Events of the snapshot and of this claim, for rules that look back. */
  *eventsOf(clause: string): Generator<Event> {
    for (const row of this.#input.snapshot.value.events) if (row.clause === clause) yield row
    for (const row of this.#events) if (row.clause === clause) yield row
  }

  /** Adds an event that later claims look back on. */
  note(event: Event): void {
    this.#events.push(event)
  }

  /** All that was posted, sorted. */
  differences(buckets: readonly Bucket[]): Differences {
    const rows: Difference[] = []
    for (const bucket of buckets) {
      if (isRolling(bucket)) continue
      for (const account of this.#accounts[bucket.index] ?? []) {
        if (account.posted === 0n) continue
        const clause = bucket.clause.number
        rows.push({ clause, owner: account.owner, periodStart: account.start, change: account.posted })
      }
    }
    rows.sort(
      (a, b) => compareText(a.clause, b.clause) || compareText(a.owner, b.owner) || a.periodStart - b.periodStart,
    )
    const events = this.#events
      .slice()
      .sort(
        (a, b) =>
          compareText(a.clause, b.clause) ||
          compareText(a.owner, b.owner) ||
          a.day - b.day ||
          Number(a.quantity - b.quantity),
      )
    return { buckets: rows, events }
  }
}
