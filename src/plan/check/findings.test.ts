/** Each finding at its own line and column: the sample plan with one mistake, `«` where the finding has to point. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { fromUtf8, sha256, toUtf8 } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { parseCases } from "../cases/cases.ts"
import type { Place } from "../language/finding.ts"
import { readPlan } from "../language/read.ts"
import { checkDocument, reviewOf } from "./check.ts"

const root = new URL("../../../", import.meta.url)
const sample = fromUtf8(readFileSync(new URL("plans/eye-sample.md", root)))!
const files = new Map([["eye-services", new Uint8Array(readFileSync(new URL("plans/tables/eye-services.csv", root)))]])
const casesText = fromUtf8(readFileSync(new URL("plans/eye-sample.cases", root)))!

type Row = readonly [code: string, clause: string | undefined, from: string, to: string]

const bad = (clause: string) => `## 6 More\n${clause}\n## 7 Time limits`

const rows: readonly Row[] = [
  ["front-matter", undefined, "---\nlanguage", "«--\nlanguage"],
  ["front-matter", undefined, "language: plan/1", "language: «plan/2"],
  ["front-matter", undefined, "plan: eye-sample", "plan: «Eye"],
  ["front-matter", undefined, "version: 1\n", "version: «1e3\n"],
  ["front-matter", undefined, "until: 2027-01-01 }\nrounding", "until: «2026-13-01 }\nrounding"],
  [
    "front-matter",
    undefined,
    "from: 2026-01-01, until: 2027-01-01 }\nrounding",
    "from: 2026-01-01, until: «2025-01-01 }\nrounding",
  ],
  ["front-matter", undefined, "rounding: half-up", "rounding: «nearest"],
  ["front-matter", undefined, "rounding: half-up", "rounding: half-up\n«colour: red"],
  ["front-matter", undefined, "rolling 24 months", "«rolling 24 moons"],
  ["front-matter", undefined, "upTo: 500.00 USD", "upTo: «500 USD"],
  ["front-matter", undefined, "claim: 365 days", "claim: «a year"],
  [
    "front-matter",
    undefined,
    "tables: [{ name: eye-services, version: 2026-01, key: code, columns: [category,",
    "tables: [«{ name: eye-services, version: 2026-01, key: code, columns: [kind,",
  ],
  ["unknown-name", undefined, "tables: [{ name: eye-services", "tables: [«{ name: other-services"],
  ["canon", undefined, "# Sample", "«\t# Sample"],
  ["canon", undefined, "# Sample Eye Plan 2026\n## 1", "# Sample Eye Plan 2026«\r\n## 1"],
  ["canon", undefined, "We cover all", "«We cover a\u0301ll"],
  ["canon", undefined, "You pay {exam", "You «\u202epay {exam"],
  ["canon", undefined, "whole: 100 %", "whole: &a «100 %"],
  ["canon", undefined, "whole: 100 %", "whole: !!str «100 %"],
  ["canon", undefined, "second: 50 %", "second: 50 %, «second: 60 %"],
  ["canon", undefined, "plan design", "«'plan design'"],
  ["canon", "1.1", "define: { table: eye-services }", "define: { table: eye-services, «table: eye-services }"],
  ["canon", "5.4", "bucket: { name: most-you-pay", "«bucket: { name: deductible"],
  [
    "syntax",
    "5.1",
    "deductible: none, coinsurance: none }\n### 5.2",
    "deductible: none, coinsurance: none «]\n### 5.2",
  ],
  ["syntax", undefined, "## 2 Covered\n", "## 2 Covered\n«Everything is covered.\n"],
  ["syntax", "2.1", "We cover all these groups.", "«<b>We</b> cover all these groups."],
  ["syntax", "2.1", "We cover all these groups.", "We cover «![all](x.png) these groups."],
  ["syntax", "2.1", "We cover all these groups.", "We cover «[all](x.html) these groups."],
  ["syntax", "2.1", "We cover all these groups.", "«> We cover all these groups."],
  ["syntax", "2.1", "### 2.2 An exam", "«### 2.1 An exam"],
  ["syntax", undefined, "### 2.2 An exam", "«### An exam"],
  ["syntax", "5.1", "You pay {exam-copay} for an exam", "«Exams\n-----\nYou pay {exam-copay} for an exam"],
  ["syntax", "5.1", "per: visit }", "per: «month }"],
  ["syntax", "5.1", "per: visit }", "per: visit, «when: noon }"],
  ["syntax", "5.3", "coinsurance: { member: your-part }", "coinsurance: «{ part: your-part }"],
  ["number-type", undefined, "exam-copay: 30.00 USD", "exam-copay: «30 USD"],
  ["number-type", undefined, "your-part: 20 %", "your-part: «20%%"],
  ["number-type", undefined, "your-part: 20 %", "your-part: «20.125 %"],
  ["number-type", undefined, "your-part: 20 %", "your-part: [[20 %, 2026-06-01, a], «[30 %, 2026-01-01, b]]"],
  ["number-type", undefined, "your-part: 20 %", "your-part: [[20 %, 2026-01-01, a], [«30.00 USD, 2026-02-01, b]]"],
  ["number-type", "5.1", "amount: exam-copay", "amount: «your-part"],
  ["number-type", "5.2", "person: ded,", "person: «glasses-months,"],
  ["digit-in-text", "5.1", "amount: exam-copay", "amount: «30.00 USD"],
  ["digit-in-text", "5.1", "You pay {exam-copay} for", "You pay «30 dollars for"],
  ["digit-in-text", "5.2", "{ded} each", "{ded} or\n«240.00 each"],
  ["unknown-name", "5.1", "amount: exam-copay", "amount: «exam-fee"],
  ["unknown-name", "5.1", "You pay {exam-copay} for", "You pay «{exam-fee} for"],
  ["unknown-name", "5.1", "{ for: [exam]", "{ for: [«exams]"],
  ["unknown-name", "5.2", "deductible: deductible", "deductible: «deduct"],
  ["unknown-name", "5.1", "copay: { amount", "«copays: { amount"],
  ["unknown-name", "5.2", "period: year }", "period: «week }"],
  [
    "unknown-name",
    "5.3",
    "{ for: [test, procedure, medicine], coins",
    "{ exceptionTo: «5.9, for: [test, procedure, medicine], coins",
  ],
  [
    "unknown-name",
    "5.3",
    "{ for: [test, procedure, medicine], coins",
    "{ tiers: [«out], for: [test, procedure, medicine], coins",
  ],
  [
    "unknown-name",
    "5.3",
    "{ for: [test, procedure, medicine], coins",
    "{ when: units > 1 && «size > 2, for: [test, procedure, medicine], coins",
  ],
  [
    "type",
    "5.3",
    "{ for: [test, procedure, medicine], coins",
    '{ when: "charge «> 5", for: [test, procedure, medicine], coins',
  ],
  [
    "syntax",
    "5.3",
    "{ for: [test, procedure, medicine], coins",
    "{ when: units > 1 «> 2, for: [test, procedure, medicine], coins",
  ],
  [
    "limits",
    "5.3",
    "{ for: [test, procedure, medicine], coins",
    `{ when: ${"(".repeat(12)}«accident${")".repeat(12)}, for: [test, procedure, medicine], coins`,
  ],
  ["bucket-mixed", "5.5", "bucket: glasses, overage", "bucket: «most-you-pay, overage"],
  ["bucket-idle", "5.4", "bucket: most-you-pay, counts", "bucket: deductible, counts"],
  ["rule-in-sentence", "5.2", "each calendar year.\n\n", "each calendar year.\n"],
  ["clause-without-rule", "5.3", "    { for: [test, procedure, medicine], coinsurance: { member: your-part } }\n", ""],
  ["rule-without-sentence", "5.1", "You pay {exam-copay} for an exam, and nothing else for it.\n", ""],
  ["vague-word", "2.1", "or the charge if that is less.", "or a «reasonable charge."],
  ["vague-word", "2.1", "or the charge if that is less.", "or what is «medically\nnecessary."],
  ["vague-word", "2.1", "or the charge if that is less.", "«up to all of it."],
  ["number-unused", undefined, "second: 50 %", "second: 50 %, «third: 25 %"],
  ["number-gap", undefined, "second: 50 %", "«second: [[50 %, 2026-02-01, plan design]]"],
  ["no-source", undefined, "source: plan design, ded", "«ded"],
  ["cap-order", "5.4", "most: 2500.00 USD", "most: 100.00 USD"],
]

/** Findings of the plan as a whole whose place is the rule block of their clause. */
const atRule = new Set(["bucket-idle", "cap-order"])

function placeOfMark(text: string): { line: number; column: number } {
  const before = text.slice(0, text.indexOf("«")).split("\n")
  return { line: before.length, column: before.at(-1)!.length + 1 }
}

for (const [code, clause, from, to] of rows) {
  test(`${code}: ${(to || from).slice(0, 70).replaceAll("\n", "⏎")}`, () => {
    assert.ok(sample.includes(from), "the sample has the text that is replaced")
    const marked = sample.replace(from, () => to)
    const findings = checkDocument(toUtf8(marked.replace("«", "")), files)
    const place = marked.includes("«") ? placeOfMark(marked) : undefined
    const isHere = (at: Place) => place === undefined || (at.line === place.line && at.column === place.column)
    const found = findings.find((finding) => finding.code === code && isHere(finding))
    assert.ok(found !== undefined, `found ${JSON.stringify(findings)}`)
    if (atRule.has(code)) assert.ok(marked.split("\n")[found.line - 1]!.startsWith("    "), "points at a rule")
    if (clause !== undefined) assert.equal(found.clause, clause)
    assert.ok(found.message.endsWith(".") && found.remedy.endsWith("."), "both are sentences")
  })
}

test("a sentence or a rule that moves alone is drift; both together are not", () => {
  const read = readPlan(toUtf8(sample), files)
  assert.ok("plan" in read)
  const reviewed = reviewOf(read.plan)
  const codes = (text: string) =>
    checkDocument(toUtf8(text), files, { reviewed }).map(({ code, clause }) => [code, clause])
  assert.deepEqual(codes(sample), [])
  const sentence = sample.replace("and nothing else for it", "and nothing more")
  assert.deepEqual(codes(sentence), [["drift", "5.1"]])
  const rule = sample.replace("per: visit }", "per: service }")
  assert.deepEqual(codes(rule), [["drift", "5.1"]])
  assert.deepEqual(codes(sentence.replace("per: visit }", "per: service }")), [])
  assert.deepEqual(
    codes(sample.replace("{ amount: exam-copay, per: visit }", "{ per: visit, amount: exam-copay }")),
    [],
  )
})

test("exceptions: a circle refuses, two that never meet warn, a stated one is found", () => {
  const clause = (guard: string) =>
    bad(
      `### 6.1 A\nYou pay nothing.\n\n    { for: [exam], ${guard}, waive: { parts: [copay] } }\n### 6.2 B\nYou pay nothing.\n\n    { for: [test], exceptionTo: 6.1, waive: { parts: [copay] } }`,
    )
  const codes = (guard: string) =>
    checkDocument(toUtf8(sample.replace("## 7 Time limits", clause(guard))), files).map(({ code, clause }) => [
      code,
      clause,
    ])
  assert.deepEqual(codes("exceptionTo: 6.2"), [
    ["cycle", "6.1"],
    ["cycle", "6.2"],
  ])
  assert.deepEqual(codes("from: 2026-02-01"), [["exception-idle", "6.2"]])
})

test("discretion names who decides, by when, by what, what stands, and where to object", () => {
  const clause = (discretion: string) =>
    sample
      .replace("second: 50 %", "second: 50 %, review-days: 30 days")
      .replace(
        "## 7 Time limits",
        bad(`### 6.1 A\nA judge finds it reasonable.\n\n    { discretion: ${discretion}, cover: yes }`),
      )
  const codes = (discretion: string) => checkDocument(toUtf8(clause(discretion)), files).map(({ code }) => code)
  const whole =
    "{ by: medical-director, kind: payer, within: review-days, criteria: 2.1, judges: [need], default: notCovered, review: 7.1 }"
  assert.deepEqual(codes(whole), [])
  for (const field of ["by", "kind", "within", "criteria", "judges", "default", "review"]) {
    const without = whole.replace(new RegExp(` ${field}: (\\[need\\]|[^,}]+?)(,| })`), (_, __, end) =>
      end === "," ? "" : " }",
    )
    assert.notEqual(without, whole)
    assert.ok(codes(without).includes("discretion-open"), `without ${field}`)
  }
})

test("a defined term and an about-chapter may speak as they like", () => {
  const term = bad(
    "### 6.1 A\nAn emergency is a danger to life.\n\n    define: { term: emergency }\n## About\n### 6.2 Us\nWe are soon here",
  )
  const codes = checkDocument(
    toUtf8(sample.replace("## 7 Time limits", term.replace("\n## 7 Time limits", "") + ".\n## 7 Time limits")),
    files,
  )
  assert.deepEqual(
    codes.map(({ code, clause }) => [code, clause]),
    [["vague-word", "6.2"]],
  )
})

test("a code in two branches, or in a divided category, is in no one leaf", () => {
  const csv = "code,category,under\nA1,scan,eye\nA2,eye,\n"
  const table = tableOf("more", csv, "[category, under]")
  const text = sample
    .replace("tables: [{", `tables: [${table}, {`)
    .replace("## 7 Time limits", bad("### 6.1 A\nMore groups.\n\n    define: { table: more }"))
  const findings = checkDocument(toUtf8(text), new Map([...files, ["more", toUtf8(csv)]]))
  assert.deepEqual(
    findings.map(({ code }) => code),
    ["uncovered"],
  )
  assert.match(findings[0]!.message, /A2.*divided further/)
  const twice = "code,category,under\nE10,scan,\n"
  const second = text.replace(table, tableOf("more", twice, "[category, under]"))
  const [finding] = checkDocument(toUtf8(second), new Map([...files, ["more", toUtf8(twice)]]))
  assert.match(finding!.message, /E10 is in two categories/)
})

function tableOf(name: string, csv: string, columns: string): string {
  const digest = toHex(sha256(toUtf8(csv)))
  return `{ name: ${name}, version: 1, key: code, columns: ${columns}, from: 2026-01-01, until: 2027-01-01, source: invented, sha256: "${digest}" }`
}

test("a table without an edition for all days of its rules is a gap; another file than the digest is refused", () => {
  const short = sample.replace(
    'from: 2026-01-01, until: 2027-01-01, source: "inv',
    'from: 2026-01-01, until: 2026-12-01, source: "inv',
  )
  assert.notEqual(short, sample)
  assert.deepEqual([...new Set(checkDocument(toUtf8(short), files).map(({ code }) => code))], ["table-gap"])
  const other = new Map([["eye-services", toUtf8("code,category,rate,bilateral,global\n")]])
  assert.deepEqual(checkDocument(toUtf8(sample), other)[0]!.code, "front-matter")
})

test("a rule that no case touches is a warning; the sample's cases touch all", () => {
  const read = readPlan(toUtf8(sample), files)
  assert.ok("plan" in read)
  const { cases, findings } = parseCases(casesText, read.plan)
  assert.deepEqual(findings, [])
  assert.deepEqual(checkDocument(toUtf8(sample), files, { cases }), [])
  // Told by what the cases really did, not by what they list.
  const fewer = cases.filter((each) => !each.clauses.includes("5.5")).map((each) => ({ ...each, clauses: [] }))
  const missing = checkDocument(toUtf8(sample), files, { cases: fewer })
  assert.deepEqual(
    missing.map(({ code, clause, refuses, file }) => [code, clause, refuses, file]),
    [["case-missing", "5.5", false, undefined]],
  )
  const at = placeOfMark(sample.replace("allowance: {", "«allowance: {"))
  assert.deepEqual({ line: missing[0]!.line, column: missing[0]!.column }, at)
})
