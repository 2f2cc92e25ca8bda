/**
 * What happens to a determination afterwards, without changing it: a replacement judged on the old snapshot, a void that
 * takes back exactly what was posted, and the true-up of visits that stood on one snapshot.
 */
import { assert } from "../../base/assert.ts"
import { equalBytes } from "../../base/bytes.ts"
import { maximum } from "../../base/money.ts"
import { adjudicate, type Outcome } from "../adjudicate/adjudicate.ts"
import { type AdjudicationInput, snapshotPart } from "../input.ts"
import type { TrueUp as TrueUpEffect } from "../language/effects.ts"
import type { Adjustment, Leg } from "../leg.ts"
import { addMonths, type Plan, valueOn } from "../plan.ts"
import { type Difference, type Differences, nextSnapshot } from "../snapshot.ts"

/** The money between a determination and the one that replaces it. */
export interface Replacement {
  readonly outcome: Outcome
  /** Positive: the payer pays more. Negative: it recovers. */
  readonly benefit: bigint
  readonly patient: bigint
}

/** A fresh determination of the corrected claim; `input` holds the snapshot that the old one stood on. */
export function replace(old: Leg, input: AdjudicationInput, options: { readonly trace?: boolean } = {}): Replacement {
  assert(equalBytes(old.snapshot, input.snapshot.digest), "a replacement is judged on the old determination's snapshot")
  const outcome = adjudicate(input, options)
  const { totals } = outcome.leg
  return {
    outcome,
    benefit: totals.benefit - old.totals.benefit,
    patient: totals.patient - old.totals.patient,
  }
}

/** A determination taken back: every amount of it negated, and what its buckets lose again. */
export interface Reversal {
  readonly lines: readonly ReversedLine[]
  readonly charge: bigint
  readonly benefit: bigint
  readonly patient: bigint
  /** For `nextSnapshot`'s corrections where the visit itself is not to be named; its events fall away with it. */
  readonly differences: readonly Difference[]
}

export interface ReversedLine {
  readonly number: number
  readonly charge: bigint
  readonly allowed: bigint
  readonly adjustments: readonly Adjustment[]
  readonly benefit: bigint
  readonly patient: bigint
}

/**
 * The void of a determination (frequency 8, reversal in the remittance): together they come to nothing. It is made from
 * the leg alone and judged by no clause. Pended and held lines had no money and have none to take back.
 */
export function reverse(leg: Leg): Reversal {
  const decided = leg.lines.filter(({ status }) => status !== "pended" && status !== "held")
  const lines = decided.map(({ number, allowed, adjustments, benefit, patient }) => {
    const negative = adjustments.map((item) => ({ ...item, amount: -item.amount }))
    const charge = negative.reduce((sum, { amount }) => sum + amount, -benefit)
    return { number, charge, allowed: -allowed, adjustments: negative, benefit: -benefit, patient: -patient }
  })
  const { charge, benefit, patient } = leg.totals
  const sum = lines.reduce((total, line) => total + line.charge, 0n)
  assert(sum === -charge, "a void takes back the charge of every decided line")
  return { lines, charge: -charge, benefit: -benefit, patient: -patient, differences: negated(leg.differences) }
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
    const kind = (["family", "treatment", "condition"] as const).find((each) => owner.startsWith(each)) ?? "person"
    const number = bucket[kind] ?? bucket.person ?? bucket.family ?? bucket.treatment ?? bucket.condition
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

/** Clauses of the buckets that a true-up of these parts looks at; undefined when it looks at all. */
function clausesOf(plan: Plan, terms: TrueUpEffect | undefined): ReadonlySet<string> | undefined {
  if (terms === undefined) return undefined
  const clauses = new Set<string>()
  for (const { effect } of plan.rules) {
    if (effect.kind === "deductible" && terms.parts.includes("deductible") && effect.bucket !== undefined)
      clauses.add(effect.bucket.clause.number)
    if (effect.kind === "outOfPocket" && terms.parts.includes("outOfPocket")) clauses.add(effect.bucket.clause.number)
  }
  return clauses
}

/** The last day on which a payer that counted overlapping visits on `counted` may still credit them. */
export function trueUpEnds(terms: TrueUpEffect, counted: number): number | undefined {
  const lasts = valueOn(terms.within, counted)
  if (lasts === undefined) return undefined
  if (terms.within.unit === "months") return addMonths(counted, Number(lasts))
  return counted + Number(terms.within.unit === "hours" ? lasts / 24n : lasts)
}

/**
 * Re-runs the visits one after another, each on the snapshot the ones before it left. No determination changes. With the
 * terms of a clause, only the buckets of its parts run on; the others stay as the first snapshot has them.
 */
export function trueUp(visits: readonly OverlappingVisit[], terms?: TrueUpEffect): readonly TrueUp[] {
  const results: TrueUp[] = []
  const looked = visits[0] === undefined ? undefined : clausesOf(visits[0].input.plan, terms)
  let running = visits[0]?.input.snapshot.value
  for (const { input, leg, statement } of visits) {
    const rerun = adjudicate({ ...input, snapshot: snapshotPart(running!) }, { trace: false }).leg
    const credit = maximum(0n, leg.totals.patient - rerun.totals.patient)
    const corrections = credit === 0n ? [] : between(leg.differences.buckets, rerun.differences.buckets)
    results.push({ statement, credit, corrections })
    const { buckets, events } = rerun.differences
    const counted = looked === undefined ? buckets : buckets.filter(({ clause }) => looked.has(clause))
    running = nextSnapshot(running!, {
      visits: [{ statement, differences: { buckets: [...counted], events } }],
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
