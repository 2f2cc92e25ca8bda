/** Every kind of effect: it reads, it holds what it names, and its exact words give every figure it uses. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { fromUtf8, sha256, toUtf8 } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { formatMoney } from "../../base/money.ts"
import { exactWords } from "../booklet/exact-words.ts"
import { checkPlan } from "../check/check.ts"
import { kinds } from "../language/effects.ts"
import { readPlan } from "../language/read.ts"
import { usesOf } from "../language/uses.ts"
import type { NamedNumber } from "../parts.ts"
import { type Plan, valueOn } from "../plan.ts"

const root = new URL("../../../", import.meta.url)
const csv =
  "key,category,rate,column-1,column-2,indicator,most,tier,condition,factor\nZ1,exam,1.5,E10,S30,1,2,in,eyes,62.5\n"
const pool = "least,share\n90,50\n95.5,100\n"
const table = (name: string, columns: string, key = "key", file = csv) =>
  `{ name: ${name}, version: 1, key: ${key}, columns: [${columns}], from: 2026-01-01, until: 2027-01-01, source: invented, sha256: "${toHex(sha256(toUtf8(file)))}" }`

/** One clause each, numbered 8.1, 8.2, … */
const clauses: readonly string[] = [
  'define: { term: visit, meaning: "one day with one provider" }',
  'define: { codes: edits-set, table: edits, column: column-1, where: { indicator: "1" } }',
  "define: { category: special-test, under: extra, codes: edits-keys }",
  "define: { network: edits, by: contract }",
  "define: { condition: edits }",
  '{ for: [exam], exclude: { notice: required, codes: { group: PR, carc: "96", rarc: N130 } } }',
  "{ exceptionTo: 8.6, when: accident, cover: yes }",
  "{ network: { tier: in } }",
  "{ age: { from: young, to: old, sex: F } }",
  "{ bundle: { table: edits, within: day } }",
  "{ addOn: { table: edits } }",
  "{ units: { most: most-units } }",
  '{ comanage: { surgery: { modifier: "54", share: share-a }, after: { modifier: "55", share: share-b }, before: { modifier: "56", share: share-c }, days: ninety } }',
  "{ authorize: { covers: code, else: reduce, reduction: share-a } }",
  "{ refer: { from: family-doctor, visits: most-visits } }",
  "{ wait: { for: ninety, from: coverFrom } }",
  "{ limit: { bucket: visits-made, per: visit }, bucket: { name: visits-made, measure: count, person: most-visits, period: year } }",
  "{ when: inpatient, capitate: { contract: C1, copay: yes } }",
  "{ when: inpatient, allow: { perDiem: per-day, lesser: no, atMost: most-allowed } }",
  "{ when: emergency, allow: { ofCharge: share-a, lesser: yes, level: claim, modifiers: edits } }",
  "{ alternate: { as: T20, owes: member } }",
  "{ when: accident, coinsurance: { bands: [[first-band, share-a], [above, share-b]], atLeast: least, atMost: most-allowed, per: service } }",
  "{ first: { bucket: visits-made, share: { copay: { amount: per-day, per: day, order: after, maxDays: ninety }, deductible: deductible, coinsurance: { member: share-c } } } }",
  "{ waive: { parts: [copay, deductible] } }",
  "{ ceiling: { bucket: paid, excess: provider }, bucket: { name: paid, measure: benefit, person: most-allowed, family: family-most, familyRule: aggregate, grow: { each: per-day, above: most-visits, atMost: family-most }, period: year, tiers: [in], alsoCounts: [paid-two] } }",
  "{ bucket: { name: paid-two, measure: benefit, treatment: most-allowed, period: year } }",
  "{ emergency: { lifts: [network, wait], payAs: in } }",
  "{ cob: { method: maintenance, posts: own } }",
  "{ withhold: { percent: share-b, pool: quality } }",
  "{ bonus: { pool: quality, measure: report, table: pool } }",
  "{ interest: { due: ninety, clock: clean, rate: yearly, dayCount: 365, least: least } }",
  "{ trueUp: { parts: [deductible, outOfPocket], within: ninety } }",
]

function widePlan(): Plan {
  const sample = fromUtf8(readFileSync(new URL("plans/eye-sample.md", root)))!
  const numbers =
    "young: 5 years, old: 66 years, most-units: 7 units, share-a: 80.25 %, share-b: 12.5 %, share-c: 9 %, ninety: 90 days, most-visits: 11 visits, per-day: 45.05 USD, most-allowed: 1234.56 USD, first-band: 300.00 USD, least: 1.01 USD, family-most: 4321.00 USD, yearly: 4.625 %/year"
  const extra =
    "define: { category: extra }\n### 8.99 Keys\nEach line says one thing.\n\n    define: { codes: edits-keys, table: edits }\n"
  const written = clauses.map((rule, i) => `### 8.${i + 1} Clause\nEach line says one thing.\n\n    ${rule}\n`)
  const text = sample
    .replace(
      "tables: [{",
      `tables: [${table("edits", "category, rate, column-1, column-2, indicator, most, tier, condition, factor")}, ${table("pool", "share", "least", pool)}, {`,
    )
    .replace("second: 50 %", () => `second: 50 %, ${numbers}`)
    .replace(
      "## 2 Covered",
      () => `### 1.2 More\nEach line says one thing.\n\n    ${extra.replace("8.99", "1.3")}## 2 Covered`,
    )
  const files = new Map([
    ["eye-services", new Uint8Array(readFileSync(new URL("plans/tables/eye-services.csv", root)))],
    ["edits", toUtf8(csv)],
    ["pool", toUtf8(pool)],
  ])
  const read = readPlan(toUtf8(`${text}\n## 8 All kinds\n${written.join("")}`), files)
  assert.deepEqual("findings" in read ? read.findings : [], [])
  assert.ok("plan" in read)
  return read.plan
}

const plan = widePlan()
const day = plan.front.effective.from

function figure(number: NamedNumber): string {
  const value = valueOn(number, day)!
  if (number.unit === "amount") return formatMoney(value)
  if (number.unit === "percent") return `${Number(value) / 100} %`
  return number.unit === "perYear" ? `${Number(value) / 10_000} % a year` : `${value} ${number.unit}`
}

test("every kind of the language is read and said", () => {
  assert.deepEqual(new Set(plan.rules.map((rule) => rule.kind)), new Set(kinds))
  for (const rule of plan.rules) {
    const words = exactWords(plan, rule, day)
    assert.ok(words.length > 3 && !/undefined|\[object|NaN/.test(words), `${rule.clause.number}/${rule.kind}: ${words}`)
  }
})

test("the exact words of a rule give every figure and table it names", () => {
  const { numbers, tables } = usesOf(plan)
  assert.ok(numbers.length > 30 && tables.length > 10)
  for (const { number, rule } of numbers) {
    const words = exactWords(plan, rule, day)
    assert.ok(words.includes(figure(number)), `${rule.clause.number}/${rule.kind} lacks ${number.name}: ${words}`)
  }
  for (const { table: series, rule } of tables) assert.ok(exactWords(plan, rule, day).includes(series.name))
})

test("guards and exceptions are part of the words", () => {
  const say = (number: string) => exactWords(plan, plan.rules.find((rule) => rule.clause.number === number)!, day)
  assert.equal(say("8.7"), "when accident, before 8.6/exclude: covered")
  assert.equal(say("8.6"), "for exam: not covered; the member owes only with a signed notice; code PR-96 N130")
  assert.equal(say("5.1"), "for exam: copay 30.00 USD each visit, before the deductible")
})

test("bucket limits and alsoCounts are joined to the buckets themselves", () => {
  const [paid, two] = ["paid", "paid-two"].map((name) => plan.buckets.find((bucket) => bucket.name === name)!)
  assert.deepEqual(paid!.alsoCounts, [two])
  assert.deepEqual(
    checkPlan(plan).filter(({ code }) => code === "bucket-idle" || code === "bucket-mixed"),
    [],
  )
  assert.equal(plan.buckets[paid!.index], paid)
  assert.equal(
    plan.categories
      .find(({ name }) => name === "special-test")!
      .path.map(({ name }) => name)
      .join("/"),
    "/extra/special-test",
  )
})

const text = (rule: string) => {
  const sample = fromUtf8(plan.bytes)!
  return sample.replace(/ {4}\{ trueUp: [^\n]*\n/, () => `    ${rule}\n`)
}

const wrong: readonly (readonly [rule: string, code: string])[] = [
  ["{ authorize: { covers: code, else: deny, reduction: share-a } }", "syntax"],
  ["{ authorize: { covers: code, else: reduce } }", "syntax"],
  ["{ when: accident, allow: { ofCharge: share-a, perDiem: per-day, lesser: no } }", "syntax"],
  ["{ when: accident, allow: { lesser: no } }", "syntax"],
  ["{ units: { most: most-units, table: edits } }", "syntax"],
  ["{ coinsurance: { member: share-a, bands: [[above, share-b]] } }", "syntax"],
  ["{ coinsurance: { bands: [[above, share-b], [first-band, share-a]] } }", "syntax"],
  ["{ coinsurance: { member: share-a, bucket: visits-made } }", "bucket-mixed"],
  ["{ when: accident, allow: { schedule: edits, lesser: no, modifiers: pool } }", "type"],
  ["{ when: accident, multiple: { table: edits, ranks: [share-a], beyond: last, part: technical } }", "type"],
  ["{ cob: { method: standard, order: edits } }", "type"],
  ["{ bonus: { pool: quality, measure: report, table: edits } }", "type"],
  ["{ interest: { due: ninety, clock: clean, table: edits, dayCount: 365 } }", "type"],
  ["{ waive: { parts: [] } }", "syntax"],
  ["{ waive: { parts: [copay, copay] } }", "syntax"],
  ["{ limit: { bucket: paid, per: visit } }", "bucket-mixed"],
  ["{ ceiling: { bucket: visits-made, excess: member } }", "bucket-mixed"],
  ["{ deductible: paid }", "bucket-mixed"],
  ["{ bilateral: { table: edits } }", "type"],
  ["{ wait: { for: share-a, from: enrolled } }", "number-type"],
  ["{ wastage: { waste: jw, none: JZ } }", "syntax"],
  ["{ network: { tier: gold } }", "unknown-name"],
  ["{ cover: no }", "syntax"],
  ["{ bucket: { name: x, measure: share, period: year } }", "syntax"],
  [
    "{ bucket: { name: x, measure: share, person: least, grow: { each: least, above: most-visits }, period: year } }",
    "syntax",
  ],
  ["{ bucket: { name: x, measure: share, person: least, period: year, alsoCounts: [x] } }", "syntax"],
  ["{ from: 2026-05-01, until: 2026-05-01, waive: { parts: [copay] } }", "syntax"],
]

for (const [rule, code] of wrong) {
  test(`refused as ${code}: ${rule}`, () => {
    const files = new Map([
      ["eye-services", new Uint8Array(readFileSync(new URL("plans/tables/eye-services.csv", root)))],
      ["edits", toUtf8(csv)],
      ["pool", toUtf8(pool)],
    ])
    const read = readPlan(toUtf8(text(rule)), files)
    assert.ok("findings" in read)
    assert.deepEqual(
      read.findings.map((finding) => [finding.code, finding.clause]),
      [[code, `8.${clauses.length}`]],
    )
  })
}
