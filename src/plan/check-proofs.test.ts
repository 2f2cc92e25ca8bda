/** What `plan check` leaves alone, what its witnesses prove, and the tables of codes and texts it looks into. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { fromUtf8, sha256, toUtf8 } from "#crypto"
import {
  type Change,
  change,
  clause,
  files,
  find,
  kinds,
  network,
  numbers,
  placeOfMark,
  sample,
  twoTiers,
  whenClause,
} from "../../test/marked-plan.ts"
import { toHex } from "../base/bytes.ts"
import { formatDate, parseDate } from "../base/time.ts"
import { parseCases } from "./cases.ts"
import { checkDocument } from "./check.ts"
import { ownCodes } from "./check-codes.ts"
import { readPlan } from "./read.ts"
import { runCase } from "./run-case.ts"

const root = new URL("../../", import.meta.url)

test("a guard, another claim kind or a list that is only empty is no missing fact", () => {
  const clean = [
    'has(revenue) && revenue == "0300"',
    '(!has(revenue)) || revenue == "0300"',
    'kind == "institutional" && revenue == "0300"',
    "inpatient && days(admitted, from) > 2",
    'accident || "57" in modifiers || "Z01" in diagnoses',
    "age(born, from) < 18 && accident",
    'accident || kind == "institutional" && revenue == "0300"',
    '(kind == "professional" || revenue == "0300") && emergency',
    '(!(kind != "institutional" || billType != "111")) && emergency',
  ]
  const both = kinds("professional", "institutional")
  for (const when of clean) assert.deepEqual(find(change(sample, both, whenClause(when))), [], when)
  const limited = clause('{ claims: [institutional], when: revenue == "0300", waive: { parts: [copay] } }')
  assert.deepEqual(find(change(sample, both, limited)), [])
  const [warning] = find(change(sample, whenClause('revenue == "0300"')))
  assert.ok(warning !== undefined && !warning.refuses)
  assert.deepEqual((warning.witness as { line: object }).line, { code: "E10", modifiers: [] })
})

test("a rule that a condition may take out of the way is left to a search", () => {
  const copay = (more: string) =>
    clause(`{ for: [exam], copay: none }\n### 6.2 Two\nThis says yet more.\n\n    ${more}`)
  const codes = (text: string) => find(text).map(({ code }) => code)
  assert.deepEqual(
    codes(change(sample, copay("{ for: [exam], when: accident, exceptionTo: [5.1, 6.1], copay: none }"))),
    [],
  )
  assert.deepEqual(codes(change(sample, clause("{ for: [exam], when: accident, copay: none }"))), [])
  assert.deepEqual(codes(change(sample, clause("{ for: [exam], when: accident, exceptionTo: 5.1, copay: none }"))), [])
  const settled = change(sample, copay("{ for: [exam], exceptionTo: [5.1, 6.1], copay: none }"))
  assert.deepEqual(codes(settled), ["shadowed", "shadowed"])
})

test("a better tier may cost less, and a deductible has a limit of its own", () => {
  const tiers: readonly Change[] = [twoTiers, network, numbers("more: 40 %")]
  const inTier: Change = [
    "    { for: [test, procedure, medicine], coins",
    "    { tiers: [in], for: [test, procedure, medicine], coins",
  ]
  const out = clause("{ tiers: [out], for: [test, procedure, medicine], coinsurance: { member: more } }")
  assert.deepEqual(find(change(sample, ...tiers, inTier, out)), [])
  assert.deepEqual(
    find(change(sample, ["counts: [copay, deductible, coinsurance]", "counts: [copay, coinsurance]"])),
    [],
  )
})

test("the counted limit's plan and its cases are clean", () => {
  const limited = new Uint8Array(readFileSync(new URL("plans/limited-sample.md", root)))
  const read = readPlan(limited, files)
  assert.ok("plan" in read)
  const { cases } = parseCases(fromUtf8(readFileSync(new URL("plans/limited-sample.cases", root)))!, read.plan)
  assert.deepEqual(checkDocument(limited, files, { cases }), [])
})

test("the witness of a conflict is a line that the evaluator pends, naming both rules", () => {
  const text = change(sample, clause("{ for: [exam], from: 2026-07-01, copay: none }"))
  const [conflict] = find(text)
  const witness = conflict!.witness as {
    code: string
    rules: string[]
    on: string
    line: { code: string; charge: string }
  }
  assert.deepEqual([witness.code, witness.rules, witness.on], ["conflict", ["5.1/copay", "6.1/copay"], "2026-07-01"])
  const read = readPlan(toUtf8(text), files)
  assert.ok("plan" in read)
  const charge = `${witness.line.charge.slice(0, -2)}.${witness.line.charge.slice(-2)}`
  const pends = (on: string) => {
    const { cases, findings } = parseCases(
      `it | ${on} | | | ${witness.line.code} @${charge} | 0.00 | 0.00 | 5.1`,
      read.plan,
    )
    assert.deepEqual(findings, [])
    return runCase(read.plan, cases[0]!).outcome.leg.findings.map(({ code, missing }) => `${code} ${missing}`)
  }
  assert.deepEqual(pends(witness.on), ["clause-conflict 5.1/copay 6.1/copay"])
  assert.deepEqual(pends("2026-06-30"), [])
})

test("codes are those of the loaded table, on all dates of the rule", () => {
  const rule = (dates: string) =>
    change(
      sample,
      clause(`{ ${dates}when: accident, exclude: { notice: none, codes: { group: CO, carc: "50", rarc: N130 } } }`),
    )
  const table = { reasons: new Map([["50", { until: parseDate("2026-07-01")! }]]), remarks: ownCodes.remarks }
  assert.deepEqual(find(rule("")), [])
  assert.deepEqual(find(rule("until: 2026-07-01, "), { codes: table }), [])
  const [late] = find(rule(""), { codes: table })
  assert.match(late!.message, /Reason 50 is not in the table of codes on 2026-07-01/)
  const later = { reasons: ownCodes.reasons, remarks: new Map([["N130", { from: parseDate("2026-02-01")! }]]) }
  assert.match(find(rule(""), { codes: later })[0]!.message, /Remark N130 .* on 2026-01-01/)
})

const licensedRows: readonly (readonly [name: string, csv: string, says: RegExp | undefined])[] = [
  [
    "a description by name",
    "code,category,rate,description\n92014,exam,1.00,Checkup\n",
    /line 2: column description .* 92014/,
  ],
  [
    "a description by content",
    "code,category,rate,note\nE10,exam,1.00,\n0512T,exam,1.00,Shock wave for wounds\n",
    /line 3: column note .* 0512T/,
  ],
  [
    "a description in a category",
    "code,category,rate\nD0120,periodic oral evaluation,1.00\n",
    /column category .* D0120/,
  ],
  ["a code that is no key", "key,category,rate,cpt,label\nA1,exam,1.00,0001U,Panel\n", /column label .* 0001U/],
  ["codes alone", "code,category,rate\n92014,exam,80.00\nD0120,dental-exam,20.00\n", undefined],
  ["texts of free codes", "code,category,rate,description\nJ0178,medicine,731.885,A medicine for eyes\n", undefined],
  [
    "a rate of five digits",
    "code,category,rate,description\nO1,operation,52500,Our words for an operation\n",
    undefined,
  ],
]

for (const [name, csv, says] of licensedRows) {
  test(`a table with ${name} is ${says === undefined ? "taken" : "refused"}`, () => {
    const key = csv.slice(0, csv.indexOf(","))
    const digest = toHex(sha256(toUtf8(csv)))
    const table = `{ name: more, version: 1, key: ${key}, columns: [category, rate], from: 2026-01-01, until: 2027-01-01, source: invented, sha256: "${digest}" }`
    const marked = change(sample, ["tables: [{", `tables: [«${table}, {`])
    const findings = checkDocument(toUtf8(marked.replace("«", "")), new Map([...files, ["more", toUtf8(csv)]]))
    if (says === undefined) return assert.deepEqual(findings, [])
    assert.deepEqual(
      findings.map(({ code, refuses }) => [code, refuses]),
      [["table-licence", true]],
    )
    assert.deepEqual([findings[0]!.line, findings[0]!.column], placeOfMark(marked))
    return assert.match(findings[0]!.message, says)
  })
}

test("more guards than can be worked through are said to be not proved", () => {
  const first = parseDate("2026-01-01")!
  const values = Array.from({ length: 364 }, (_, i) => `[${i + 1}.00 USD, ${formatDate(first + i)}, design]`)
  const tiers = Array.from({ length: 120 }, (_, i) => `t${i}`).join(", ")
  const text = change(sample, ["tiers: [in]", `tiers: [in, ${tiers}]`], network, [
    "exam-copay: 30.00 USD",
    `exam-copay: [${values.join(",\n  ")}]`,
  ])
  const codes = find(text).map(({ code }) => code)
  assert.deepEqual(codes, ["not-proved"])
})
