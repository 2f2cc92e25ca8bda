import assert from "node:assert/strict"
import { test } from "node:test"
import { planNamed } from "../../../test/plan-files.ts"
import { inputPapers, noPapers } from "./case-papers.ts"
import { parseCases } from "./cases.ts"

const plan = planNamed("eye-sample")
const rowWith = (facts: string) => `paper | 2026-04-14 | ${facts} | | T20 @60.00; P30 @80.00 | 0.00 | 0.00 | 2.1\n`

test("papers stand beside facts in their cell, those of earlier payers once a line", () => {
  const text = rowWith(
    "members 2, earlier 41.27 30.00 11.27, earlier 52.40 52.40 0.00, authorized T20, referred primary, noticed 2.1, decided 2.2 no",
  )
  const { cases, findings } = parseCases(text, plan)
  assert.deepEqual([findings, cases.length], [[], 1])
  const [item] = cases
  assert.equal(item!.facts.get("members"), 2n)
  const input = inputPapers(item!.papers ?? noPapers, item!.lines.length, item!.date)
  assert.deepEqual(input.legs?.[0]?.lines, [
    { number: 1, allowed: 4127n, paid: 3000n, left: 1127n, reasons: [{ carc: "2", amount: 1127n }] },
    { number: 2, allowed: 5240n, paid: 5240n, left: 0n, reasons: [] },
  ])
  assert.deepEqual(
    input.authorizations?.map(({ covers, from }) => [covers, from]),
    [["T20", item!.date]],
  )
  assert.deepEqual(
    input.referrals?.map(({ from, visits }) => [from, visits]),
    [["primary", 1]],
  )
  assert.deepEqual(input.notices, [
    { clause: "2.1", line: 1 },
    { clause: "2.1", line: 2 },
  ])
  assert.deepEqual(
    input.decisions?.map(({ line, answer }) => [line, answer]),
    [
      [1, 0],
      [2, 0],
    ],
  )
})

test("a paper of another form is a finding at its place, with the form", () => {
  for (const [facts, form] of [
    ["earlier 41.27 30.00", "earlier 150.00 120.00 30.00"],
    ["earlier 41.27 30.00 1", "earlier 150.00 120.00 30.00"],
    ["authorized", "authorized CODE"],
    ["referred primary twice", "referred SPECIALTY"],
    ["decided 2.2", "decided 3.2 yes"],
    ["decided 2.2 perhaps", "decided 3.2 yes"],
    ["noticed 2.2 3.3", "noticed 2.4"],
  ] as const) {
    const { cases, findings } = parseCases(rowWith(`members 2, ${facts}`), plan)
    assert.equal(cases.length, 0, facts)
    const [finding] = findings
    assert.deepEqual(
      [finding?.code, finding?.line, finding?.column, finding?.remedy],
      ["syntax", 1, 33, `Write ${form}.`],
    )
  }
})

test("a case without papers has none, and its input is that of before", () => {
  const { cases } = parseCases(rowWith(""), plan)
  const input = inputPapers(cases[0]!.papers ?? noPapers, 2, cases[0]!.date)
  assert.deepEqual(input, { authorizations: [], referrals: [], notices: [], decisions: [] })
})
