/** The adjudicator against a second one that shares no code with it, on generated claims under the eye plan. */
import { deepEqual } from "node:assert/strict"
import { test } from "node:test"
import { type NaiveHistory, type NaiveLine, naiveEyePlan } from "../../../test/naive-adjudicator.ts"
import { planNamed } from "../../../test/plan-files.ts"
import { dayNumber } from "../../base/time.ts"
import { plainClaim, plainLine, plainMember, plainProvider } from "../claim.ts"
import { inputOf } from "../input.ts"
import { firstSnapshot, type Snapshot } from "../snapshot.ts"
import { adjudicate } from "./adjudicate.ts"

const plan = planNamed("eye-sample")
const year = dayNumber(2026, 1, 1)

/** xorshift32: the same claims on every run. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

const codes = ["E10", "T20", "T25", "S30", "S30", "J0178", "F50", "L60", "P30", "X99"]
const modifierSets = [[], ["25"], ["50"], ["LT"], ["RT"], ["JZ"], ["JW"], ["JZ", "JW"], ["JZ"], ["25", "LT"]]

function randomLine(next: (below: number) => number, day: number): NaiveLine {
  const from = day + next(3)
  return {
    code: codes[next(codes.length)]!,
    modifiers: modifierSets[next(modifierSets.length)]!,
    unitsMilli: next(4) === 0 ? 1 + next(4000) : 1000 * (1 + next(3)),
    charge: BigInt(next(5) === 0 ? next(9000) : next(250_000)),
    from,
    to: from + next(2),
  }
}

interface Generated {
  readonly lines: readonly NaiveLine[]
  readonly received: number
  readonly history: NaiveHistory
}

function randomClaim(next: (below: number) => number): Generated {
  const day = year + next(300)
  const lines = Array.from({ length: 1 + next(6) }, () => randomLine(next, day))
  const most = next(3) === 0 ? 250_000 - next(20_000) : next(250_001)
  const glasses = Array.from({ length: next(3) }, () => ({
    day: day - (next(3) === 0 ? 729 + next(4) : next(900)),
    amount: BigInt(next(9000)),
  }))
  const history = {
    deductible: BigInt(Math.min(most, next(2) === 0 ? 24_000 : next(24_001))),
    outOfPocket: BigInt(most),
    glasses,
    copayDays: next(4) === 0 ? [day] : [],
  }
  return { lines, received: next(12) === 0 ? day + 360 + next(12) : day + 5, history }
}

function snapshotOf({ history }: Generated): Snapshot {
  const first = firstSnapshot({
    payer: "sample-mutual",
    member: new Uint8Array(32),
    plan: plan.digest,
    period: { from: year, to: year + 364 },
    facts: plainMember,
    expiry: 0,
  })
  const lastYear = dayNumber(2025, 1, 1)
  const row = (clause: string, periodStart: number, met: bigint) => ({
    ...{ clause, owner: "person", periodStart, met },
    limit: 250_000n,
  })
  const statement = new Uint8Array(32)
  const glasses = history.glasses.map(({ day, amount }) => ({
    ...{ clause: "5.5", owner: "person", day, provider: "elsewhere" },
    ...{ quantity: amount, statement },
  }))
  const copays = history.copayDays.map((day) => ({
    ...{ clause: "5.1", owner: "copay", day, provider: "clinic" },
    ...{ quantity: 3000n, statement },
  }))
  return {
    ...first,
    buckets: [
      row("5.2", year, history.deductible),
      row("5.2", lastYear, 24_000n),
      row("5.4", year, history.outOfPocket),
      row("5.4", lastYear, 99n),
    ],
    events: [...glasses, ...copays],
  }
}

function determined(claim: Generated, use: "claim" | "quote") {
  const lines = claim.lines.map((line, i) => ({ ...plainLine(i + 1, line.code, line.charge, line.from), ...line }))
  const { leg } = adjudicate(
    inputOf({
      plan,
      claim: { ...plainClaim(lines, claim.received), use },
      member: plainMember,
      provider: plainProvider("clinic"),
      snapshot: snapshotOf(claim),
      on: claim.received,
    }),
    { trace: false },
  )
  return leg.lines.map((line) => {
    const sums: Record<string, bigint> = {}
    for (const { group, carc, amount } of line.adjustments) {
      sums[`${group}-${carc}`] = (sums[`${group}-${carc}`] ?? 0n) + amount
    }
    return { benefit: line.benefit, patient: line.patient, codes: sums }
  })
}

function compare(count: number, seed: number): void {
  const next = numbersFrom(seed)
  for (let i = 0; i < count; i++) {
    const claim = randomClaim(next)
    const expected = naiveEyePlan(claim.lines, claim.received, claim.history)
    // deepEqual builds long messages; numbers are compared first, so that a million claims take minutes.
    const actual = determined(claim, i % 2 === 0 ? "claim" : "quote")
    if (!isEqual(actual, expected)) deepEqual(actual, expected, `claim ${i} of seed ${seed}`)
  }
}

type Results = ReturnType<typeof naiveEyePlan>

function isEqual(a: Results, b: Results): boolean {
  return a.every((result, i) => {
    const other = b[i]!
    const keys = Object.keys(result.codes)
    return (
      result.benefit === other.benefit &&
      result.patient === other.patient &&
      keys.length === Object.keys(other.codes).length &&
      keys.every((key) => result.codes[key] === other.codes[key])
    )
  })
}

test("the naive adjudicator gives the figures of the standard visit", () => {
  const line = (code: string, modifiers: readonly string[], charge: bigint, units = 1): NaiveLine => ({
    ...{ code, modifiers, unitsMilli: units * 1000, charge },
    ...{ from: year + 103, to: year + 103 },
  })
  const lines = [
    line("E10", ["25"], 21_000n),
    line("T20", ["50"], 12_500n),
    line("S30", ["LT"], 45_000n),
    line("J0178", ["JZ"], 220_000n, 2),
  ]
  const history = { deductible: 12_000n, outOfPocket: 208_740n, glasses: [], copayDays: [] }
  const results = naiveEyePlan(lines, year + 103, history)
  deepEqual(
    results.map(({ benefit }) => benefit),
    [10_335n, 0n, 2_677n, 120_786n],
  )
})

test("3,000 generated claims come out the same from both", () => compare(3_000, 7))

test("1,000,000 generated claims come out the same from both", (t) => {
  if (process.env["COUNTERSIGN_LONG"] !== "1") return t.skip("long tests are off; COUNTERSIGN_LONG=1 turns them on")
  for (let seed = 1; seed <= 20; seed++) compare(50_000, seed * 7919)
})
