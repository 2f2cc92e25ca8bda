/**
 * What happens to a determination afterwards, without changing it: a replacement judged on the old snapshot, a void that
 * takes back exactly what was posted, and the true-up of visits that stood on one snapshot.
 */
import { maximum } from "../base/money.ts"
import { adjudicate, type Outcome } from "./adjudicate.ts"
import { type AdjudicationInput, snapshotPart } from "./input.ts"
import type { Leg } from "./leg.ts"
import { type Plan, valueOn } from "./plan.ts"
import { type Difference, type Differences, nextSnapshot } from "./snapshot.ts"

/** The money between a determination and the one that replaces it. */
export interface Replacement {
  readonly outcome: Outcome
  /** Positive: the payer pays more. Negative: it recovers. */
  readonly benefit: bigint
  readonly patient: bigint
}

/** A fresh determination of the corrected claim; `input` names the snapshot that the old one stood on. */
export function replace(old: Leg, input: AdjudicationInput, options: { readonly trace?: boolean } = {}): Replacement {
  const outcome = adjudicate(input, options)
  const { totals } = outcome.leg
  return {
    outcome,
    benefit: totals.benefit - old.totals.benefit,
    patient: totals.patient - old.totals.patient,
  }
}

/** The bucket rows that take back what a determination posted. Its events fall away with its statement. */
export function negated(differences: Differences): readonly Difference[] {
  return differences.buckets.map((row) => ({ ...row, change: -row.change }))
}

/** The limit that a snapshot prints beside a bucket's amount; undefined for counts. */
export function limitsOf(plan: Plan, day: number): (clause: string, owner: string) => bigint | undefined {
  return (clause, owner) => {
    const bucket = plan.buckets.find((item) => item.clause.number === clause)
    if (bucket === undefined || bucket.measure === "count") return undefined
    const kind = owner.startsWith("family") ? "family" : owner.startsWith("treatment") ? "treatment" : "person"
    const number = bucket[kind] ?? bucket.person ?? bucket.family ?? bucket.treatment
    return number === undefined ? 0n : (valueOn(number, day) ?? 0n)
  }
}

/** One of several visits that stood on the same snapshot, in the order of their holds. */
export interface OverlappingVisit {
  readonly input: AdjudicationInput
  readonly leg: Leg
  readonly statement: Uint8Array
}

export interface TrueUp {
  readonly statement: Uint8Array
  /** What the patient gets back: what she was determined to owe, less what she owes in turn. Never a debit. */
  readonly credit: bigint
  /** What the next snapshot's buckets lose by it. */
  readonly corrections: readonly Difference[]
}

/** Re-runs the visits one after another, each on the snapshot the ones before it left. No determination changes. */
export function trueUp(visits: readonly OverlappingVisit[]): readonly TrueUp[] {
  const results: TrueUp[] = []
  let running = visits[0]?.input.snapshot.value
  for (const { input, leg, statement } of visits) {
    const rerun = adjudicate({ ...input, snapshot: snapshotPart(running!) }, { trace: false }).leg
    const credit = maximum(0n, leg.totals.patient - rerun.totals.patient)
    const corrections = credit === 0n ? [] : between(leg.differences.buckets, rerun.differences.buckets)
    results.push({ statement, credit, corrections })
    running = nextSnapshot(running!, {
      visits: [{ statement, differences: rerun.differences }],
      expiry: running!.expiry,
      limitOf: limitsOf(input.plan, input.claim.value.lines[0]!.from),
    })
  }
  return results
}

/** `after` less `before`, row by row, zero rows left out. */
function between(before: readonly Difference[], after: readonly Difference[]): readonly Difference[] {
  const rows: Difference[] = []
  const same = (a: Difference, b: Difference) =>
    a.clause === b.clause && a.owner === b.owner && a.periodStart === b.periodStart
  for (const row of before) {
    const change = (after.find((other) => same(row, other))?.change ?? 0n) - row.change
    if (change !== 0n) rows.push({ ...row, change })
  }
  for (const row of after) if (!before.some((other) => same(row, other))) rows.push(row)
  return rows
}
