/**
 * What holds for every determination: random designs with random further clauses, random claims, odd units, buckets half
 * full, other payers before and after. Nothing here knows what a line should cost; it knows what may never happen.
 */
import { deepEqual, equal, ok } from "node:assert/strict"
import { test } from "node:test"
import { designInput, randomHistory } from "../../../test/design-input.ts"
import { planOf } from "../../../test/plan-text.ts"
import {
  type DesignClaim,
  type Next,
  numbersFrom,
  randomDesign,
  randomDesignClaim,
} from "../../../test/random-design.ts"
import { type WrittenDesign, writeDesign } from "../../../test/write-design.ts"
import { determine } from "../determine.ts"
import { type AdjudicationInput, claimPart, memberPart, priorLegOf } from "../input.ts"
import { decodeLeg, encodeLeg, type LegLine } from "../leg.ts"
import type { Plan } from "../plan.ts"
import { limitsOf, reverse } from "../settle/corrections.ts"
import { nextSnapshot, type Snapshot } from "../snapshot.ts"
import { encodeTrace } from "../trace.ts"
import { adjudicate, type Outcome } from "./adjudicate.ts"

/** Clauses that pend, split, refuse and count in other ways than the designs do; numbers are named beside them. */
const extras = [
  "{ for: [test], limit: { bucket: tests, per: unit }, bucket: { name: tests, measure: count, person: x-few, period: year } }",
  "{ for: [medicine], limit: { bucket: doses, per: item }, bucket: { name: doses, measure: count, person: x-few, period: ninety-days, alsoCounts: [both-counts] } }",
  "{ for: [medicine, scan], limit: { bucket: both-counts, per: visit }, bucket: { name: both-counts, measure: count, person: x-more, period: year } }",
  "{ for: [exam], authorize: { covers: code, else: reduce, reduction: x-part } }",
  "{ ceiling: { bucket: rolling-sum, excess: member }, bucket: { name: rolling-sum, measure: benefit, person: x-sum, family: x-most, period: ninety-days, alsoCounts: [wide-sum] } }",
  "{ for: [procedure, scan], ceiling: { bucket: wide-sum, excess: provider }, bucket: { name: wide-sum, measure: benefit, family: x-most, period: ever } }",
  "{ for: [scan], when: units > 1, exclude: { notice: required } }",
  '{ for: [crown], when: "place != \\"11\\"", waive: { parts: [copay, coinsurance] } }',
  "{ for: [test], first: { bucket: free-tests, share: { copay: none, deductible: none, coinsurance: { member: x-part } } }, bucket: { name: free-tests, measure: count, person: x-few, period: year } }",
  "{ for: [exam], units: { most: x-few } }",
  "{ for: [medicine], exceptionTo: 2.3, allow: { schedule: services, lesser: no } }",
] as const
const extraNumbers = "x-few: 3 units, x-more: 4 visits, x-part: 33.33 %, x-sum: 250.00 USD, x-most: 700.00 USD"

function withExtras(written: WrittenDesign, next: Next): WrittenDesign {
  const chosen = extras.filter((clause) => next(3) === 0 || (clause.includes("both-counts,") && next(2) === 0))
  const names = ["both-counts", "wide-sum"].filter((name) => chosen.some((clause) => clause.includes(`[${name}]`)))
  const needed = extras.filter((clause) => names.some((name) => clause.includes(`name: ${name},`)))
  const clauses = [...written.text.clauses, ...new Set([...chosen, ...needed])]
  const numbers = [written.text.numbers, extraNumbers].filter((part) => part !== undefined).join(", ")
  return { ...written, text: { ...written.text, clauses, numbers } }
}

/** Now and then a line that cannot be, or an earlier payer whose sums do not hold. */
function spoiled(claim: DesignClaim, next: Next): DesignClaim {
  const lines = claim.lines.map((line) => {
    if (next(20) === 0) return { ...line, unitsMilli: 0 }
    return next(20) === 0 ? { ...line, to: line.from - 1 } : line
  })
  const prior = claim.prior?.map((row) => (next(15) === 0 ? { ...row, left: row.left + 1n + 90_000n } : row))
  return { ...claim, lines, prior }
}

const sum = (items: readonly { readonly amount: bigint }[]) => items.reduce((total, { amount }) => total + amount, 0n)
const isDecided = ({ status }: LegLine) => status !== "pended" && status !== "held"

function checkLines(input: AdjudicationInput, { leg }: Outcome): void {
  const [prior] = input.legs.value
  let [charges, patient] = [0n, 0n]
  for (const line of leg.lines) {
    const { charge } = input.claim.value.lines.find(({ number }) => number === line.number)!
    const owed = sum(line.adjustments.filter(({ group }) => group === "PR"))
    equal(line.patient, owed)
    if (!isDecided(line)) {
      deepEqual([line.benefit, line.patient, line.allowed, line.adjustments.length], [0n, 0n, 0n, 0])
      continue
    }
    charges += charge
    patient += line.patient
    equal(charge, sum(line.adjustments) + line.benefit, "the line balances")
    ok(line.benefit >= 0n)
    if (prior === undefined) continue
    const left = prior.lines.find(({ number }) => number === line.number)?.left
    const held = sum(line.adjustments.filter(({ kind }) => kind === "withhold"))
    if (line.status === "paid") equal(line.benefit + held + line.patient, left, "payer and patient share what was left")
  }
  ok(patient <= charges, "nobody owes more than was charged")
  equal(leg.totals.patient, patient)
  equal(leg.totals.charge, charges)
  equal(
    leg.totals.charge,
    leg.totals.byCode.reduce((total, { amount }) => total + amount, leg.totals.benefit),
  )
}

/** What the trace says was posted to each bucket is what the determination moves, for every owner of the bucket. */
function checkPostings(plan: Plan, { leg, trace }: Outcome): void {
  const posted = new Map<string, bigint>()
  for (const { formula, inputs, output } of trace) {
    if (formula !== "post") continue
    const clause = String(inputs[0]![1])
    posted.set(clause, (posted.get(clause) ?? 0n) + BigInt(output[0]![1] as bigint))
  }
  const also = new Set(plan.buckets.flatMap((bucket) => bucket.alsoCounts))
  for (const bucket of plan.buckets) {
    if (also.has(bucket)) continue
    const clause = bucket.clause.number
    for (const owner of ["person", "family", "treatment", "condition"] as const) {
      if (bucket[owner] === undefined) continue
      const isOwned = (row: { clause: string; owner: string }) => row.clause === clause && row.owner.startsWith(owner)
      const moved =
        bucket.period.kind === "rolling"
          ? leg.differences.events.filter(isOwned).reduce((total, { quantity }) => total + quantity, 0n)
          : leg.differences.buckets.filter(isOwned).reduce((total, { change }) => total + change, 0n)
      equal(moved, posted.get(clause) ?? 0n, `bucket ${bucket.name} of the ${owner}`)
    }
  }
}

/** What is in a snapshot, as sorted text: rows without an amount say nothing. */
const nonZero = ({ buckets, counts, events }: Snapshot) => ({
  buckets: buckets
    .filter(({ met }) => met !== 0n)
    .map((row) => `${row.clause} ${row.owner} ${row.periodStart} ${row.met}`)
    .sort(),
  counts: counts
    .filter(({ used }) => used !== 0n)
    .map((row) => `${row.clause} ${row.owner} ${row.periodStart} ${row.used}`)
    .sort(),
  events: events.map((row) => `${row.clause} ${row.owner} ${row.day} ${row.quantity}`).sort(),
})

/** A determination and its void are nothing, to the cent and in every bucket. */
function checkVoid(plan: Plan, input: AdjudicationInput, { leg }: Outcome): void {
  const snapshot = input.snapshot.value
  const visit = { statement: new Uint8Array(32).fill(7), differences: leg.differences }
  const step = { expiry: 0, limitOf: limitsOf(plan, input.claim.value.received) }
  const next = nextSnapshot(snapshot, { visits: [visit], ...step })
  const undone = nextSnapshot(next, { visits: [], voids: [visit], ...step })
  deepEqual(nonZero(undone), nonZero(snapshot))
  const taken = reverse(leg)
  equal(taken.benefit + leg.totals.benefit, 0n)
  equal(taken.patient + leg.totals.patient, 0n)
}

/** The same claim for two payers of one plan: all that is paid, owed and written off is the charge. */
function checkTwoPayers(input: AdjudicationInput): void {
  const salts = { legs: [new Uint8Array(32), new Uint8Array(32).fill(1)], trace: new Uint8Array(32) }
  const second = { ...input, member: memberPart({ ...input.member.value, rank: 2 }) }
  const { legs, determination } = determine([input, second], salts, { trace: false })
  const [one, two] = legs.map(({ leg }) => leg)
  equal(determination.patient, two!.totals.patient)
  const prior = priorLegOf(one!, 0)
  for (const line of two!.lines.filter((item) => item.status === "paid")) {
    const held = sum(line.adjustments.filter(({ kind }) => kind === "withhold"))
    const { left } = prior.lines.find(({ number }) => number === line.number)!
    equal(line.benefit + held + line.patient, left)
  }
  equal(
    prior.lines.reduce((total, { left }) => total + left, 0n),
    one!.totals.patient,
    "what is spread over lines is what was left",
  )
}

function checkClaim(plan: Plan, input: AdjudicationInput): void {
  const outcome = adjudicate(input)
  const bytes = encodeLeg(outcome.leg)
  checkLines(input, outcome)
  checkPostings(plan, outcome)
  checkVoid(plan, input, outcome)
  deepEqual(encodeLeg(adjudicate(input, { trace: false }).leg), bytes, "the trace changes nothing")
  const again = adjudicate(input)
  deepEqual(encodeTrace(again.trace), encodeTrace(outcome.trace), "the same input, the same bytes")
  deepEqual(decodeLeg(bytes), outcome.leg)
  const quote = adjudicate({ ...input, claim: claimPart({ ...input.claim.value, use: "quote" }) }, { trace: false })
  deepEqual(quote.leg.lines, outcome.leg.lines, "quoted is paid")
  if (input.legs.value.length === 0) checkTwoPayers(input)
}

function checkAll(designs: number, claims: number, seed: number): void {
  const next = numbersFrom(seed)
  for (let i = 0; i < designs; i++) {
    const design = randomDesign(next)
    const written = withExtras(writeDesign(design), next)
    const plan = planOf(written.text)
    for (let k = 0; k < claims; k++) {
      const claim = spoiled(randomDesignClaim(next, next(3) === 0), next)
      const input = designInput(plan, written, claim, randomHistory(design, next))
      try {
        checkClaim(plan, input)
      } catch (error) {
        throw new Error(`design ${i}, claim ${k} of seed ${seed}`, { cause: error })
      }
    }
  }
}

test("what may never happen, over 40 designs and 240 claims", () => checkAll(40, 6, 5))

test("what may never happen, over 20,000 designs and a million claims", (t) => {
  if (process.env["COUNTERSIGN_LONG"] !== "1") return t.skip("long tests are off; COUNTERSIGN_LONG=1 turns them on")
  for (let seed = 1; seed <= 20; seed++) checkAll(1_000, 50, seed * 104_729)
})
