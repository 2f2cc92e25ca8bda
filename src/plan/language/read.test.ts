/** Reading: the worked plans become what they say, the same bytes the same plan, and no text whatever breaks the reader. */
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import fc from "fast-check"
import { fromUtf8, toUtf8 } from "#crypto"
import { digest } from "../../base/digest.ts"
import { parseDate } from "../../base/time.ts"
import { parseCases } from "../cases/cases.ts"
import { checkPlan } from "../check/check.ts"
import { addMonths, beats, leafOf, numberOn, type Plan, periodStart, rowOn, rulesFor, rulesOfKind } from "../plan.ts"
import { readPlan } from "./read.ts"
import { parseCsv } from "./tables.ts"
import { parseQuantity, parseRate } from "./values.ts"

const root = new URL("../../../", import.meta.url)
const day = (text: string) => parseDate(text)!
const bytesOf = (path: string) => new Uint8Array(readFileSync(new URL(path, root)))

function tablesIn(folder: string): ReadonlyMap<string, Uint8Array> {
  const names = readdirSync(new URL(`${folder}/tables/`, root)).filter((name) => name.endsWith(".csv"))
  return new Map(names.map((name) => [name.slice(0, -4), bytesOf(`${folder}/tables/${name}`)]))
}

function planOf(folder: string, name: string): Plan {
  const read = readPlan(bytesOf(`${folder}/${name}.md`), tablesIn(folder))
  assert.ok("plan" in read, JSON.stringify("findings" in read ? read.findings : ""))
  return read.plan
}

const sample = planOf("plans", "eye-sample")
const worked: readonly (readonly [
  folder: string,
  name: string,
  cases: number,
  rules: number,
  untouched: readonly string[],
])[] = [
  ["plans", "eye-sample", 8, 23, []],
  ["src/plan/fixtures", "oscar-secure", 3, 13, []],
  ["src/plan/fixtures", "silver-classic", 2, 23, ["2.3"]],
  ["src/plan/fixtures", "scheme", 7, 21, []],
]

for (const [folder, name, count, rules, untouched] of worked) {
  test(`${name} reads, checks clean, and so do its cases`, () => {
    const plan = planOf(folder, name)
    assert.equal(plan.rules.length, rules)
    const { cases, findings } = parseCases(fromUtf8(bytesOf(`${folder}/${name}.cases`))!, plan)
    assert.deepEqual(findings, [])
    assert.equal(cases.length, count)
    assert.deepEqual(checkPlan(plan), [])
    assert.deepEqual(
      checkPlan(plan, { cases }).map(({ clause }) => clause),
      untouched,
    )
    assert.deepEqual(plan.digest, digest("plan", plan.bytes))
  })
}

test("the sample says what it says: front, numbers, tables, leaves", () => {
  const { front } = sample
  assert.deepEqual(
    [front.plan, front.version, front.payer, front.rounding],
    ["eye-sample", 1, "sample-mutual", "half-up"],
  )
  assert.deepEqual(front.effective, { from: day("2026-01-01"), until: day("2027-01-01") })
  assert.deepEqual(front.assurance.silent, { does: "wait", wait: { count: 30, unit: "days" }, upTo: 50_000n })
  assert.deepEqual(front.windows.answer, { count: 72, unit: "hours" })
  assert.equal(numberOn(sample, "exam-copay", day("2026-04-14")), 3000n)
  assert.equal(numberOn(sample, "your-part", day("2026-04-14")), 2000n)
  assert.equal(numberOn(sample, "exam-copay", day("2025-12-31")), undefined)
  const row = rowOn(sample.tables.get("eye-services")!, "J0178", day("2026-04-14"))
  assert.ok(row !== undefined && row !== "no-table")
  assert.deepEqual(row.rate, { integer: 731_885n, scale: 3 })
  assert.equal(rowOn(sample.tables.get("eye-services")!, "J0178", day("2027-01-01")), "no-table")
  const leaf = leafOf(sample, "S30", day("2026-04-14"))
  assert.ok(typeof leaf === "object")
  assert.equal(leaf.name, "procedure")
  assert.equal(leafOf(sample, "X99", day("2026-04-14")), "no-row")
  assert.equal(leafOf(sample, "S30", day("2027-04-14")), "no-table")
})

test("rules by leaf are those whose categories hold it, and their effects hold what they name", () => {
  const leafNamed = (name: string) => sample.categories.find((category) => category.name === name)!
  const clauses = (kind: "deductible" | "copay" | "coinsurance", name: string) =>
    rulesFor(sample, kind, leafNamed(name)).map((rule) => rule.clause.number)
  assert.deepEqual(clauses("deductible", "exam"), ["5.1"])
  assert.deepEqual(clauses("deductible", "medicine"), ["5.2"])
  assert.deepEqual(clauses("coinsurance", "frames"), ["5.5"])
  assert.deepEqual(clauses("copay", "frames"), [])
  const [cap] = rulesOfKind(sample, "outOfPocket")
  assert.equal(
    cap!.effect.bucket,
    sample.buckets.find((bucket) => bucket.name === "most-you-pay"),
  )
  assert.deepEqual(cap!.effect.counts, ["copay", "deductible", "coinsurance"])
  assert.equal(rulesFor(sample, "copay", leafNamed("exam"))[0]!.effect.terms!.amount.name, "exam-copay")
})

test("dominance: a stated exception, or a narrower category over a rule without a condition", () => {
  const text = fromUtf8(bytesOf("src/plan/fixtures/silver-classic.md"))!
  const clause = (number: string, rule: string) => `### ${number} More\nYou pay nothing.\n\n    ${rule}\n`
  const more =
    clause("3.1", "{ for: [primary], when: accident, copay: none }") +
    clause("3.2", "{ for: [primary], exceptionTo: 3.1, copay: none }") +
    clause("3.3", "{ exceptionTo: 3.2/copay, copay: none }") +
    clause("3.4", "{ when: accident, copay: none }")
  const read = readPlan(toUtf8(text.replace("## 7 Time", `## 3 More\n${more}## 7 Time`)), tablesIn("src/plan/fixtures"))
  assert.ok("plan" in read)
  const { plan } = read
  const leaf = plan.categories.find((category) => category.name === "primary")!
  const rule = (number: string, kind: string) => plan.rules.find((r) => r.clause.number === number && r.kind === kind)!
  const wins = (a: string, b: string, kind = "copay") => beats(rule(a, kind), rule(b, kind), leaf)
  assert.deepEqual([wins("2.3", "2.1", "deductible"), wins("2.1", "2.3", "deductible")], [true, false])
  assert.deepEqual([wins("2.3", "3.1"), wins("3.1", "2.3")], [false, false], "conditions are not compared")
  assert.deepEqual([wins("2.3", "3.4"), wins("3.4", "2.3")], [false, false], "a condition is not beaten by narrowness")
  assert.deepEqual([wins("3.2", "3.1"), wins("3.1", "3.2")], [true, false])
  assert.deepEqual([wins("3.3", "3.1"), wins("3.1", "3.3")], [true, false], "exceptions reach further")
  assert.deepEqual(
    [wins("3.3", "3.2"), wins("3.2", "3.3")],
    [true, false],
    "a stated exception beats a narrower category",
  )
})

test("periods begin where they say", () => {
  const start = (kind: "calendar" | "cover-year" | "day", on: string, cover = "2024-02-29") =>
    periodStart({ name: "p", kind }, day(on), day(cover))
  assert.equal(start("calendar", "2026-04-14"), day("2026-01-01"))
  assert.equal(start("day", "2026-04-14"), day("2026-04-14"))
  assert.equal(start("cover-year", "2026-02-27"), day("2025-02-28"))
  assert.equal(start("cover-year", "2026-02-28"), day("2026-02-28"))
  assert.equal(start("cover-year", "2028-02-28"), day("2027-02-28"))
  const july = { name: "p", kind: "fixed", month: 7, day: 1 } as const
  assert.equal(periodStart(july, day("2026-06-30"), 0), day("2025-07-01"))
  assert.equal(periodStart(july, day("2026-07-01"), 0), day("2026-07-01"))
  assert.equal(addMonths(day("2026-01-31"), 1), day("2026-02-28"))
  assert.equal(addMonths(day("2026-03-31"), -13), day("2025-02-28"))
})

test("values keep every digit and take no other form", () => {
  const usd = { code: "USD", exponent: 2 }
  assert.deepEqual(parseQuantity("30.00 USD", usd), { unit: "amount", value: 3000n })
  assert.deepEqual(parseQuantity("4.625 %/year", usd), { unit: "perYear", value: 46_250n })
  assert.deepEqual(parseQuantity("12.5 %", usd), { unit: "percent", value: 1250n })
  assert.deepEqual(parseQuantity("150000 UGX", { code: "UGX", exponent: 0 }), { unit: "amount", value: 150_000n })
  assert.deepEqual(parseQuantity("3 teeth", usd), { unit: "teeth", value: 3n })
  const wrong = [
    "30 USD",
    "030.00 USD",
    "1,000.00 USD",
    "30.00 EUR",
    "1e3 days",
    "0x10 days",
    "1.5 days",
    "-1 days",
    "1 constructors",
  ]
  for (const text of wrong) assert.equal(typeof parseQuantity(text, usd), "string", text)
  assert.deepEqual(parseRate("731.885"), { integer: 731_885n, scale: 3 })
  for (const text of ["1.1234567", ".5", "5.", "1e3", "-1", " 1"]) assert.equal(parseRate(text), undefined, text)
})

test("CSV: what is written by RFC 4180 is read back", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", " ", "é"), maxLength: 6 })
  const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(rows, fc.constantFrom("\n", "\r\n"), fc.boolean(), (records, end, last) => {
      const lines = records.map((record) => record.map((text) => `"${text.replaceAll('"', '""')}"`).join(","))
      assert.deepEqual(parseCsv(lines.join(end) + (last ? end : "")), records)
    }),
  )
  assert.deepEqual(parseCsv("a,b\n1,\n"), [
    ["a", "b"],
    ["1", ""],
  ])
  for (const text of ['a,"b', 'a,"b"c', 'a,b"c']) assert.equal(parseCsv(text), undefined, text)
})

/** Either a plan whose parts hold together, or findings with places inside the text. */
function readsOrRefuses(text: string, tables: ReadonlyMap<string, Uint8Array>): void {
  const read = readPlan(toUtf8(text), tables)
  const lines = text.split("\n").length
  const findings = "findings" in read ? read.findings : checkPlan(read.plan)
  if ("findings" in read)
    assert.ok(
      findings.some(({ refuses }) => refuses),
      "a refusal says why",
    )
  for (const { line, column, message, remedy } of findings) {
    assert.ok(line >= 1 && line <= lines + 1 && column >= 1, `place ${line}:${column} of ${lines} lines`)
    assert.ok(message !== "" && remedy !== "")
  }
  if ("plan" in read) for (const rule of read.plan.rules) assert.equal(read.plan.rules[rule.index], rule)
}

const runs = process.env["COUNTERSIGN_LONG"] === "1" ? 20_000 : 200

test("no mutation of a plan breaks the reader", () => {
  const texts = worked.map(([folder, name]) => [fromUtf8(bytesOf(`${folder}/${name}.md`))!, tablesIn(folder)] as const)
  const bits = [
    "{",
    "}",
    "[",
    "]",
    '"',
    "\n",
    "    ",
    "### 1.1 A\n",
    "---\n",
    "- ",
    "> ",
    ": ",
    "&a ",
    "*a",
    "!!x ",
    "|",
    "#",
    "`",
    "```numbers\n",
    "<b>",
    "\\",
    "é",
    "\u0000",
    "none",
    "when: 1 + ",
    "exceptionTo: 5.1, ",
    "bucket: ",
    "2.1",
    "9".repeat(30),
  ]
  const edit = fc.record({ at: fc.nat(), cut: fc.nat(30), put: fc.constantFrom("", ...bits) })
  fc.assert(
    fc.property(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 4 }), ([text, tables], edits) => {
      let changed = text
      for (const { at, cut, put } of edits) {
        const place = at % changed.length
        changed = changed.slice(0, place) + put + changed.slice(place + cut)
      }
      readsOrRefuses(changed, tables)
    }),
    { numRuns: runs, seed: 20_260_414 },
  )
})

test("bytes that are no plan, and nesting without end, are refused quickly", () => {
  const tables = tablesIn("plans")
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => assert.ok("findings" in readPlan(bytes, tables))),
    { numRuns: 100, seed: 1 },
  )
  const text = fromUtf8(sample.bytes)!
  for (const deep of [
    "[".repeat(3000),
    "{a: ".repeat(900),
    "- ".repeat(1900),
    "(".repeat(3000),
    "> ".repeat(1900),
    "*a ".repeat(1300),
    "[a](".repeat(900),
  ]) {
    readsOrRefuses(text.replace("plan design", deep), tables)
    readsOrRefuses(text.replace("We cover all", deep), tables)
    readsOrRefuses(text.replace("{ cover: yes", `{ when: ${deep}, cover: yes`), tables)
    readsOrRefuses(text.replace("    { cover: yes", `    ${deep}{ cover: yes`), tables)
  }
  readsOrRefuses(text.replace("We cover all", `${"* a\n".repeat(3000)}`), tables)
  readsOrRefuses(`${text}${"### 8.1 A\n".repeat(3000)}`, tables)
  const stairs = Array.from({ length: 900 }, (_, i) => `${"  ".repeat(i)}- a`).join("\n")
  readsOrRefuses(
    text.replace("We cover all", () => `${stairs}\n\nWe cover all`),
    tables,
  )
  assert.ok("findings" in readPlan(new Uint8Array((1 << 20) + 1), tables))
})
