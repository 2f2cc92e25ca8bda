/** `.cases`: rows become typed cases, wrong cells are named, and every worked plan pays what its cases say. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { fromUtf8, toUtf8 } from "#crypto"
import { parseDate } from "../../base/time.ts"
import { checkCases } from "../check/check-cases.ts"
import { readPlan } from "../language/read.ts"
import type { Plan } from "../plan.ts"
import { parseCases } from "./cases.ts"

const root = new URL("../../../", import.meta.url)
const textOf = (path: string) => fromUtf8(readFileSync(new URL(path, root)))!

function planOf(folder: string, name: string, table: string): Plan {
  const files = new Map([[table, toUtf8(textOf(`${folder}/tables/${table}.csv`))]])
  const read = readPlan(toUtf8(textOf(`${folder}/${name}.md`)), files)
  assert.ok("plan" in read)
  return read.plan
}

const sample = planOf("plans", "eye-sample", "eye-services")
const rows = textOf("plans/eye-sample.cases")

const worked = [
  ["plans", "eye-sample", "eye-services"],
  ["plans", "limited-sample", "eye-services"],
  ["src/plan/fixtures", "oscar-secure", "sbc-services"],
  ["src/plan/fixtures", "silver-classic", "sbc-services"],
  ["src/plan/fixtures", "scheme", "scheme-services"],
] as const

for (const [folder, name, table] of worked) {
  test(`${name} pays what its cases say`, () => {
    const plan = planOf(folder, name, table)
    const { cases, findings } = parseCases(textOf(`${folder}/${name}.cases`), plan)
    assert.deepEqual(findings, [])
    assert.deepEqual(checkCases(plan, cases).failing, [])
    for (const item of cases) {
      assert.equal(
        checkCases(plan, [{ ...item, plan: item.plan + 1n }]).failing.length,
        1,
        "a cent of the plan's is seen",
      )
      assert.equal(
        checkCases(plan, [{ ...item, patient: item.patient + 1n }]).failing.length,
        1,
        "a cent of the patient's is seen",
      )
    }
  })
}

test("a case that differs names the case, both sums and the clause that took no part", () => {
  const changed = rows.replace("| 1337.98 | 412.60 | 2.1", "| 1337.97 | 412.60 | 7.1 2.1 5.5")
  assert.notEqual(changed, rows)
  const [money, clause, ...more] = checkCases(sample, parseCases(changed, sample).cases).failing
  assert.deepEqual(more, [])
  assert.deepEqual([money!.code, money!.refuses, money!.file, money!.line], ["case-fails", true, "cases", 1])
  assert.match(money!.message, /“standard visit”: the plan pays 1,337\.98 USD, the case says 1,337\.97 USD\./)
  assert.match(clause!.message, /5\.5.* took no part/)
})

test("a row becomes a typed case", () => {
  const row =
    "a b | 2026-04-14 | members 5, born 2000-02-29, accident, flags x+y, charge 1.00 | left deductible 120.00, used glasses 1.00 | J0178-JZ-LT x2.5 @2200.00; E10 @1.00 | 1.00 | 0.00 | 5.2 5.3"
  const { cases, findings } = parseCases(`# a remark\n\n${row}\n`, sample)
  assert.deepEqual(findings, [])
  const [item] = cases
  assert.equal(item!.line, 3)
  assert.deepEqual(Object.fromEntries(item!.facts), {
    members: 5n,
    born: BigInt(parseDate("2000-02-29")!),
    accident: true,
    flags: ["x", "y"],
    charge: 100n,
  })
  assert.deepEqual(
    item!.buckets.map(({ bucket, says, amount }) => [bucket.name, says, amount]),
    [
      ["deductible", "left", 12_000n],
      ["glasses", "used", 100n],
    ],
  )
  assert.deepEqual(item!.lines, [
    { code: "J0178", modifiers: ["JZ", "LT"], unitsMilli: 2500n, charge: 220_000n },
    { code: "E10", modifiers: [], unitsMilli: 1000n, charge: 100n },
  ])
})

const cells = ["n", "2026-04-14", "", "", "E10 @1.00", "1.00", "0.00", "5.1"]
const wrong: readonly (readonly [cell: number, text: string, code: string, column: number])[] = [
  [1, "2026-02-30", "syntax", 3],
  [2, "wealth 3", "unknown-name", 14],
  [2, "members 1, members 2", "syntax", 25],
  [2, "members many", "syntax", 14],
  [3, "deductible 1.00", "syntax", 15],
  [3, "left purse 1.00", "unknown-name", 15],
  [3, "left deductible 1", "syntax", 15],
  [4, "", "syntax", 16],
  [4, "E10 1.00", "syntax", 16],
  [4, "E10 @1", "syntax", 21],
  [4, "E10 x0 @1.00", "syntax", 16],
  [5, "1", "syntax", 26],
  [7, "5.1 9.9", "unknown-name", 40],
]

for (const [cell, text, code, column] of wrong) {
  test(`a case with “${text}” in cell ${cell + 1} is refused at column ${column}`, () => {
    const row = cells.map((each, index) => (index === cell ? text : each)).join("|")
    const { cases, findings } = parseCases(`${cells.join("|")}\n${row}`, sample)
    assert.equal(cases.length, 1)
    const [finding] = findings
    assert.deepEqual([finding!.code, finding!.line, finding!.column, finding!.file], [code, 2, column, "cases"])
  })
}

test("a row of too few cells and a name used twice are refused", () => {
  assert.equal(parseCases("a | 2026-04-14 | | ", sample).findings[0]!.code, "syntax")
  assert.equal(parseCases(`${cells.join("|")}\n${cells.join("|")}`, sample).findings[0]!.code, "canon")
})
