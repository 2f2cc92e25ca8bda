/**
 * The running buckets of one adjudication: what the snapshot says is met, and what earlier lines of the claim posted.
 * A room is what is left of a limit; it is never below zero, and no posting overdraws it.
 */
import { assert } from "../../base/assert.ts"
import { maximum, minimum } from "../../base/money.ts"
import { sortDifferences, sortEvents } from "../adjudicate/row-order.ts"
import type { ClaimLine } from "../claim.ts"
import type { AdjudicationInput } from "../input.ts"
import type { Bucket } from "../parts.ts"
import { addMonths, periodStart, valueOn } from "../plan.ts"
import type { Difference, Differences, Event } from "../snapshot.ts"
import { conditionOf } from "./condition.ts"

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

const noEvents: readonly Event[] = []

/** Whose bucket it is: `person`, `family`, or `treatment` and `condition` with their name. */
export type OwnerKind = "person" | "family" | "treatment" | "condition"
const ownerKinds = ["person", "family", "treatment", "condition"] as const

/** The owner's name in the snapshot; undefined when nothing says which treatment or condition it is. */
export function ownerName(
  kind: OwnerKind,
  treatment: string | undefined,
  condition?: string | undefined,
): string | undefined {
  if (kind === "person" || kind === "family") return kind
  const name = kind === "treatment" ? treatment : condition
  return name === undefined ? undefined : `${kind} ${name}`
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
  /** The calendar year of the day last asked for. */
  #year: { readonly day: number; readonly start: number } | undefined

  constructor(input: AdjudicationInput) {
    this.#input = input
  }

  /** The limit of an owner on a day; undefined when the bucket has none for it. */
  #limit(bucket: Bucket, kind: OwnerKind, day: number): bigint | Gap | undefined {
    const number = bucket[kind]
    if (number === undefined) return undefined
    const limit = valueOn(number, day)
    if (limit === undefined) return { missing: number.name }
    return kind === "family" && bucket.grow !== undefined ? this.#grown(bucket.grow, limit, day) : limit
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

  #account(bucket: Bucket, kind: OwnerKind, line: ClaimLine): Account | Gap {
    const day = line.from
    const condition = kind === "condition" ? conditionOf(this.#input.plan, line) : undefined
    const name = ownerName(kind, this.#input.claim.value.treatment, condition)
    if (name === undefined) return { missing: kind }
    const start = this.#start(bucket, day)
    if (typeof start !== "number") return start
    const owner = bucket.period.kind === "visit" ? `${name} at ${this.#input.provider.value.provider}` : name
    if (isRolling(bucket)) return this.#rolled(bucket, owner, day)
    const accounts = (this.#accounts[bucket.index] ??= [])
    for (const account of accounts) if (account.start === start && account.owner === owner) return account
    const account = { owner, start, met: this.#met(bucket, owner, start), posted: 0n }
    accounts.push(account)
    return account
  }

  /** Most buckets of a claim run by the calendar and are asked on one day. */
  #start(bucket: Bucket, day: number): number | Gap {
    if (bucket.period.kind === "calendar") {
      if (this.#year?.day !== day) this.#year = { day, start: periodStart(bucket.period, day, 0)! }
      return this.#year.start
    }
    const { coverFrom } = this.#input.member.value
    return startOfPeriod(bucket, day, { coverFrom, admitted: this.#input.claim.value.admitted })
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

  /** The accounts of a bucket on a line's day, each with its limit. */
  #rooms(bucket: Bucket, line: ClaimLine): readonly Room[] | Gap {
    const asked = this.#asked[bucket.index]
    if (asked !== undefined && asked.day === line.from) return asked.rooms
    const rooms = this.#findRooms(bucket, line)
    const same = !isRolling(bucket) && bucket.condition === undefined
    if (same && !("missing" in rooms)) this.#asked[bucket.index] = { day: line.from, rooms }
    return rooms
  }

  #findRooms(bucket: Bucket, line: ClaimLine): readonly Room[] | Gap {
    const rooms: Room[] = []
    for (const kind of ownerKinds) {
      const limit = this.#limit(bucket, kind, line.from)
      if (limit === undefined) continue
      if (typeof limit !== "bigint") return limit
      const account = this.#account(bucket, kind, line)
      if ("missing" in account) return account
      rooms.push({ account, limit, binds: this.#binds(bucket, kind) })
    }
    return rooms
  }

  /** Alone in a cover a family's limit is idle; where the family's sum is all that counts, the person's is. */
  #binds(bucket: Bucket, kind: OwnerKind): boolean {
    const { selfOnly } = this.#input.member.value
    if (kind === "family") return bucket.person === undefined || !selfOnly
    return kind !== "person" || bucket.family === undefined || selfOnly || bucket.familyRule !== "aggregate"
  }

  /** What is left of a bucket for a line; for limits and ceilings, of what the voucher set aside for this visit. */
  room(bucket: Bucket, line: ClaimLine, useAllotment = false): bigint | Gap {
    const rooms = this.#rooms(bucket, line)
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
    const most = useAllotment ? this.#allotted(bucket) : undefined
    return most === undefined ? room : maximum(0n, most - posted)
  }

  /** What the visit's voucher set aside of a bucket. */
  #allotted(bucket: Bucket): bigint | undefined {
    for (const { clause, most } of this.#input.assurance.value.allotments)
      if (clause === bucket.clause.number) return most
    return undefined
  }

  /** What the owner of a bucket that is not a family's has in it so far: counts of days, bands of coinsurance. */
  used(bucket: Bucket, line: ClaimLine): bigint | Gap {
    const rooms = this.#rooms(bucket, line)
    if ("missing" in rooms) return rooms
    const account = (rooms.find(({ binds }) => binds) ?? rooms[0])?.account
    return account === undefined ? { missing: bucket.name } : account.met + account.posted
  }

  /** Adds to a bucket. The room was asked before, so nothing is missing now. */
  post(bucket: Bucket, line: ClaimLine, amount: bigint, allotted = false): void {
    if (amount === 0n) return
    const day = line.from
    const rooms = this.#rooms(bucket, line)
    assert(!("missing" in rooms), "a bucket is posted to only after its room was read")
    const most = allotted ? this.#allotted(bucket) : undefined
    for (const { account, limit, binds } of rooms) {
      const left = most === undefined ? limit - account.met - account.posted : most - account.posted
      assert(!binds || amount <= left, "no posting overdraws a bucket")
      account.posted += amount
      if (!isRolling(bucket)) continue
      const provider = this.#input.provider.value.provider
      this.#events.push({ clause: bucket.clause.number, owner: account.owner, day, provider, quantity: amount })
    }
  }

  /** Adds to the buckets that count with another one, as far as they have room; not to those the line posts itself. */
  postAlso(bucket: Bucket, line: ClaimLine, amount: bigint, own: readonly Bucket[]): void {
    for (const other of bucket.alsoCounts) {
      const room = own.includes(other) ? undefined : this.room(other, line)
      if (typeof room === "bigint") this.post(other, line, minimum(amount, room))
    }
  }

  /** Whether the snapshot or an earlier line has this event of the same provider on the same day. */
  has(clause: string, owner: string, day: number): boolean {
    const provider = this.#input.provider.value.provider
    const same = (row: Event) =>
      row.clause === clause && row.owner === owner && row.day === day && row.provider === provider
    return this.#events.some(same) || this.#input.snapshot.value.events.some(same)
  }

  /** The sum of this provider's events of a day under a name. */
  total(clause: string, owner: string, day: number): bigint {
    const provider = this.#input.provider.value.provider
    let total = 0n
    for (const row of this.eventsOf(clause))
      if (row.owner === owner && row.day === day && row.provider === provider) total += row.quantity
    return total
  }

  /** Whether the snapshot has an event under this name, whoever did it and whenever. */
  remembers(clause: string, owner: string): boolean {
    for (const row of this.#input.snapshot.value.events) if (row.clause === clause && row.owner === owner) return true
    return false
  }

  /** Events of the snapshot and of this claim, for rules that look back. */
  eventsOf(clause: string): readonly Event[] {
    let found: Event[] | undefined
    for (const row of this.#input.snapshot.value.events) if (row.clause === clause) (found ??= []).push(row)
    for (const row of this.#events) if (row.clause === clause) (found ??= []).push(row)
    return found ?? noEvents
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
    return { buckets: sortDifferences(rows), events: sortEvents(this.#events.slice()) }
  }
}
