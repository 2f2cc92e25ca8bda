/**
 * A snapshot from what somebody says is met or left of a plan's buckets: for `.cases`, for a biller's list of members,
 * and for anybody who asks what a claim would come to. A payer's own snapshots are signed and chained instead.
 */
import type { CaseBucket } from "../cases/cases.ts"
import type { Member } from "../claim.ts"
import { type Plan, valueOn } from "../plan.ts"
import { isRolling, type OwnerKind, ownerName, startOfPeriod } from "../share/room.ts"
import { firstSnapshot, type Snapshot } from "../snapshot.ts"

export interface Opening {
  /** The day on which the buckets stood so: the first day of service. */
  readonly day: number
  readonly treatment: string | undefined
  readonly admitted: number | undefined
}

/** A bucket's amount stands for the first owner it names: person, family, treatment. */
function amountMet(row: CaseBucket, kind: OwnerKind, day: number, members: number | undefined): bigint {
  if (row.says === "used") return row.amount
  const { bucket } = row
  const number = (each: Parameters<typeof valueOn>[0] | undefined) =>
    each === undefined ? undefined : valueOn(each, day)
  let limit = number(bucket[kind]) ?? 0n
  if (kind === "family" && bucket.grow !== undefined) {
    const extra = BigInt(members ?? 0) - (number(bucket.grow.above) ?? 0n)
    if (extra > 0n) limit += (number(bucket.grow.each) ?? 0n) * extra
    const most = number(bucket.grow.atMost)
    if (most !== undefined && most < limit) limit = most
  }
  return limit > row.amount ? limit - row.amount : 0n
}

/** The first snapshot of a member who has used nothing yet. */
export function untouchedSnapshot(plan: Plan, member: Member): Snapshot {
  const { from, until } = plan.front.effective
  return firstSnapshot({
    payer: plan.front.payer,
    member: new Uint8Array(32),
    plan: plan.digest,
    period: { from, to: until - 1 },
    facts: member,
    expiry: 0,
  })
}

/** The first snapshot of a member with these buckets in it; those whose period cannot be told are left out. */
export function openingSnapshot(
  plan: Plan,
  member: Member,
  rows: readonly CaseBucket[],
  { day, treatment, admitted }: Opening,
): Snapshot {
  const zero = new Uint8Array(32)
  const start = untouchedSnapshot(plan, member)
  const buckets: Snapshot["buckets"][number][] = []
  const counts: Snapshot["counts"][number][] = []
  const events: Snapshot["events"][number][] = []
  for (const row of rows) {
    const { bucket } = row
    const kind = (["person", "family", "treatment"] as const).find((each) => bucket[each] !== undefined) ?? "person"
    const [clause, owner] = [bucket.clause.number, ownerName(kind, treatment)]
    if (owner === undefined) continue
    const amount = amountMet(row, kind, day, member.members)
    const periodStart = startOfPeriod(bucket, day, { coverFrom: member.coverFrom, admitted })
    if (isRolling(bucket)) events.push({ clause, owner, day, provider: "earlier", quantity: amount, statement: zero })
    else if (typeof periodStart !== "number") continue
    else if (bucket.measure === "count") counts.push({ clause, owner, periodStart, used: amount, allotted: 0n })
    else buckets.push({ clause, owner, periodStart, met: amount, limit: valueOn(bucket[kind]!, day) ?? 0n })
  }
  return { ...start, buckets, counts, events }
}
