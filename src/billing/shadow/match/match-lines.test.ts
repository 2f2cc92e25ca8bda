import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import type { AnsweredLine } from "../intake/answered.ts"
import type { SentLine } from "../intake/sent.ts"
import { matchLines } from "./match-lines.ts"

const sent = (change: Partial<SentLine>): SentLine => ({
  ...{ number: 1, code: "S0620", modifiers: "", charge: 19_000n, unitsMilli: 1000, place: "11", from: 100, to: 100 },
  ...{ control: "", earlierPaid: undefined, planned: undefined },
  ...change,
})
const answered = (change: Partial<AnsweredLine>): AnsweredLine => ({
  ...{ at: 1, code: "S0620", modifiers: "", submitted: "", charge: 19_000n, paid: 0n, unitsMilli: 1000n, from: 100 },
  ...{ control: "", adjustments: [], allowed: undefined, remarks: [] },
  ...change,
})

const table: readonly [name: string, sent: readonly SentLine[], answered: readonly AnsweredLine[], expected: string][] =
  [
    [
      "the line's own number wins over everything else",
      [sent({ control: "a" }), sent({ control: "b", code: "G0117" })],
      [answered({ control: "b" }), answered({ control: "a", code: "G0117" })],
      "1 line control number, 0 line control number",
    ],
    [
      "a number that stands on two lines names neither",
      [sent({ control: "1" }), sent({ control: "1", code: "G0117" })],
      [answered({ control: "1", code: "G0117" })],
      "1 date, code, modifiers and charge",
    ],
    [
      "a split comes back under one number",
      [sent({ control: "a" })],
      [answered({ control: "a" }), answered({ control: "a" })],
      "0 line control number, 0 line control number",
    ],
    ["a payer drops the modifier", [sent({ modifiers: "25" })], [answered({})], "0 date, code and charge"],
    [
      "modifiers tell two lines apart",
      [sent({ modifiers: "LT" }), sent({ modifiers: "RT" })],
      [answered({ modifiers: "RT" }), answered({ modifiers: "LT" })],
      "1 date, code, modifiers and charge, 0 date, code, modifiers and charge",
    ],
    [
      "a payer changes the code and says which it was",
      [sent({ code: "S0621" })],
      [answered({ code: "S0620", submitted: "S0621" })],
      "0 submitted code, date and charge",
    ],
    [
      "a split without numbers, by code, day and sum",
      [sent({})],
      [answered({ charge: 9_000n }), answered({ charge: 10_000n })],
      "0 date and code, in parts, 0 date and code, in parts",
    ],
    ["parts never exceed the charge", [sent({})], [answered({ charge: 19_001n })], "-1 no line"],
    ["another day, the same service", [sent({})], [answered({ from: 101 })], "0 code and charge"],
    ["the only line left, at the same charge", [sent({})], [answered({ code: "G0463" })], "0 only line left"],
    ["another code at another charge is no match", [sent({})], [answered({ code: "G0463", charge: 1n })], "-1 no line"],
    [
      "a reversal is matched by its size",
      [sent({})],
      [answered({ charge: -19_000n })],
      "0 date, code, modifiers and charge",
    ],
  ]

for (const [name, lines, answers, expected] of table) {
  test(`lines are matched: ${name}`, () => {
    const found = matchLines(lines, answers).map(({ to, rule }) => `${to} ${rule}`)
    assert.equal(found.join(", "), expected)
  })
}

test("answers to lines in any order, with or without numbers, find their own lines", () => {
  const codes = fc.uniqueArray(fc.constantFrom("S0620", "S0621", "G0117", "G0118", "V2020", "J0178"), { minLength: 1 })
  fc.assert(
    fc.property(codes, fc.array(fc.nat()), fc.boolean(), (list, keys, hasControls) => {
      const lines = list.map((code, at) => sent({ code, control: `L${at}`, charge: BigInt(1000 + at) }))
      const order = lines.map((_, at) => at).sort((a, b) => (keys[a] ?? a) - (keys[b] ?? b))
      const answers = order.map((at) =>
        answered({ code: lines[at]!.code, charge: lines[at]!.charge, control: hasControls ? `L${at}` : "" }),
      )
      const found = matchLines(lines, answers).map(({ to }) => to)
      assert.deepEqual(found, order)
    }),
  )
})
