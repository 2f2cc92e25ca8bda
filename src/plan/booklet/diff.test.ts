import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { formatMoney } from "../../base/money.ts"
import { parseDate } from "../../base/time.ts"
import { runCase } from "../cases/run-case.ts"
import { planOfText, publishedPlans } from "../check/published-plans.test.ts"
import type { Plan } from "../plan.ts"
import { diffPlans } from "./diff.ts"
import { type ClaimsDifference, type ComparedClaim, compareClaims, monthsInto, movedCase } from "./diff-claims.ts"

const sample = publishedPlans.find(({ name }) => name === "eye-sample")!

function changed(...pairs: readonly (readonly [string, string])[]): Plan {
  return planOfText(
    pairs.reduce((text, [from, to]) => {
      assert.ok(text.includes(from), from)
      return text.replaceAll(from, () => to)
    }, sample.text),
  )
}

function overCases(newer: Plan): ClaimsDifference {
  const claims: ComparedClaim[] = sample.cases.map((item) => {
    const before = runCase(sample.plan, item)
    const after = runCase(newer, movedCase(item, newer, monthsInto(newer, item.date)))
    return { name: item.name, claim: before.input.claim.value, before: before.outcome, after: after.outcome }
  })
  return compareClaims(claims)
}

test("a plan does not differ from itself, and changes no dollar", () => {
  for (const { plan } of publishedPlans)
    assert.deepEqual(diffPlans(plan, plan), { front: [], clauses: [], numbers: [], tables: [] })
  const { clauses, changes, plan, more, less, same, newlyOpen } = overCases(sample.plan)
  assert.deepEqual([clauses, changes, newlyOpen, more, less, same], [[], [], [], 0, 0, sample.cases.length])
  assert.equal(plan.before, plan.after)
})

test("numbers, sentences, rules, clauses and dates are told old to new", () => {
  const newer = changed(
    ["ded: 240.00 USD", "ded: 300.00 USD"],
    [
      "exam-copay: 30.00 USD",
      "exam-copay: [[30.00 USD, 2026-01-01, plan design], [35.00 USD, 2026-07-01, plan design]]",
    ],
    ["and nothing else for it", "and no more"],
    [
      "{ for: [test, procedure, medicine], coinsurance",
      "{ for: [test, medicine, procedure], claims: [professional], coinsurance",
    ],
    ["lookBack: 730 days", "lookBack: 365 days"],
    ["version: 1\n", "version: 2\n"],
  )
  const { front, clauses, numbers, tables } = diffPlans(sample.plan, newer)
  assert.deepEqual(front, [{ field: "window lookBack", before: "730 days", after: "365 days" }])
  assert.deepEqual(
    numbers.map(({ name, before, after, clauses: named }) => [name, before, after, named]),
    [
      ["ded", "$240.00", "$300.00", ["5.2"]],
      ["exam-copay", "$30.00", "$30.00 from 1 January 2026, $35.00 from 1 July 2026", ["5.1"]],
    ],
  )
  assert.deepEqual(
    clauses.map(({ number, what }) => [number, what]),
    [
      ["5.1", "sentence"],
      ["5.3", "rule"],
    ],
  )
  assert.match(clauses[1]!.exact.after![0]!, /on claims professional/)
  assert.deepEqual(tables, [])
  const without = changed(["### 2.2 An exam on the day of a procedure", "### 2.2 Another heading"])
  assert.deepEqual(
    diffPlans(sample.plan, without).clauses.map(({ number, what, title }) => [number, what, title]),
    [["2.2", "title", "Another heading"]],
  )
})

test("the dollars of a dearer plan, by clause: computed by hand from the eye plan's cases", () => {
  const newer = changed(["ded: 240.00 USD", "ded: 300.00 USD"], ["exam-copay: 30.00 USD", "exam-copay: 35.00 USD"])
  const { plan, patient, others, clauses, more, less, same, changes } = overCases(newer)
  // The visit that begins with nothing met takes 5.00 more of copay and 60.00 more of deductible, and 20 % of that 60.00
  // less. The one at its limit takes 5.00 more of copay and 5.00 less of share: 5.3 falls by 12.00 and 5.00.
  const change = (sums: { before: bigint; after: bigint }) => formatMoney(sums.after - sums.before)
  assert.deepEqual([change(plan), change(patient), change(others)], ["-53.00", "53.00", "0.00"])
  assert.deepEqual([more, less, same], [0, 1, sample.cases.length - 1])
  assert.deepEqual(
    changes.map(({ name }) => name),
    ["same visit, new year"],
  )
  const by = new Map(clauses.map(({ clause, patient: sums }) => [clause, change(sums)]))
  assert.deepEqual(Object.fromEntries(by), { "5.1": "10.00", "5.2": "60.00", "5.3": "-17.00" })
})

test("on either side the money is the charge, whatever the numbers", () => {
  const cents = fc.integer({ min: 0, max: 300_000 }).map((amount) => formatMoney(BigInt(amount)).replaceAll(",", ""))
  fc.assert(
    fc.property(cents, cents, fc.integer({ min: 0, max: 100 }), (deductible, copay, percent) => {
      const newer = changed(
        ["ded: 240.00 USD", `ded: ${deductible} USD`],
        ["exam-copay: 30.00 USD", `exam-copay: ${copay} USD`],
        ["your-part: 20 %", `your-part: ${percent} %`],
      )
      const { charge, plan, patient, others, clauses, more, less, same, claims } = overCases(newer)
      for (const side of ["before", "after"] as const) assert.equal(plan[side] + patient[side] + others[side], charge)
      const moved = clauses.reduce((sum, row) => sum + row.patient.after - row.patient.before, 0n)
      assert.equal(moved, patient.after - patient.before)
      assert.equal(more + less + same, claims)
    }),
    { numRuns: 15 },
  )
})

test("a line that newly waits is told with its clause and is no saving", () => {
  const newer = changed(["{ for: [exam], copay", '{ for: [exam], when: "sex == \\"F\\"", copay'])
  const { newlyOpen, lines, charge, plan, patient, others } = overCases(newer)
  assert.ok(newlyOpen.length > 0 && newlyOpen.every(({ clause, missing }) => clause === "5.1" && /sex/.test(missing)))
  assert.ok(lines < sample.cases.reduce((sum, { lines: own }) => sum + own.length, 0))
  assert.equal(plan.before + patient.before + others.before, charge)
})

test("a day is moved into a plan's time by whole years", () => {
  const on = (text: string) => monthsInto(sample.plan, parseDate(text)!)
  assert.deepEqual([on("2026-04-14"), on("2005-04-14"), on("2027-01-01"), on("2024-02-29")], [0, 252, -12, 24])
})
