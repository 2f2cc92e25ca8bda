/**
 * Designs and claims drawn at random, determined by the adjudicator and by a naive one that was written from the language
 * page and shares no code with it: every code of every line has to come out the same.
 */
import { deepEqual } from "node:assert/strict"
import { test } from "node:test"
import { designInput, randomHistory } from "../../../test/design-input.ts"
import { naiveDesign } from "../../../test/naive-design.ts"
import { planOf } from "../../../test/plan-text.ts"
import { numbersFrom, randomDesign, randomDesignClaim } from "../../../test/random-design.ts"
import { writeDesign } from "../../../test/write-design.ts"
import type { Leg } from "../leg.ts"
import { adjudicate } from "./adjudicate.ts"

function codesOf(leg: Leg) {
  return leg.lines.map(({ benefit, patient, adjustments }) => {
    const codes: Record<string, bigint> = {}
    for (const { group, carc, amount } of adjustments) {
      codes[`${group}-${carc}`] = (codes[`${group}-${carc}`] ?? 0n) + amount
    }
    return { benefit, patient, codes: sorted(codes) }
  })
}

/** Zero sums left out: a charge of nothing has no adjustment. */
const sorted = (codes: Readonly<Record<string, bigint>>) =>
  Object.entries(codes)
    .filter(([, amount]) => amount !== 0n)
    .sort(([a], [b]) => (a < b ? -1 : 1))

function compare(designs: number, claims: number, seed: number): void {
  const next = numbersFrom(seed)
  for (let i = 0; i < designs; i++) {
    const design = randomDesign(next)
    const written = writeDesign(design)
    const plan = planOf(written.text)
    for (let k = 0; k < claims; k++) {
      const claim = randomDesignClaim(next, next(3) === 0)
      const history = randomHistory(design, next)
      const { leg } = adjudicate(designInput(plan, written, claim, history), { trace: false })
      const expected = naiveDesign(design, claim, history).map((line) => ({ ...line, codes: sorted(line.codes) }))
      deepEqual(leg.findings, [], `design ${i}, claim ${k} of seed ${seed}`)
      deepEqual(codesOf(leg), expected, `design ${i}, claim ${k} of seed ${seed}`)
    }
  }
}

test("60 designs, 10 claims each, come out the same from both", () => compare(60, 10, 11))

test("20,000 designs, 50 claims each, come out the same from both", (t) => {
  if (process.env["COUNTERSIGN_LONG"] !== "1") return t.skip("long tests are off; COUNTERSIGN_LONG=1 turns them on")
  for (let seed = 1; seed <= 20; seed++) compare(1_000, 50, seed * 7919)
})
