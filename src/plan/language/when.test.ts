/** `when`: what it gives, what it refuses, that it fails closed, and that CEL's own vectors agree where they overlap. */
import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import fc from "fast-check"
import { parseDate } from "../../base/time.ts"
import type { Category, CodeSet, NamedNumber } from "../parts.ts"
import type { FactName, FactSource, FactValue } from "./expression.ts"
import { Report } from "./finding.ts"
import { ageOn, readWhen } from "./when.ts"

const day = (text: string) => parseDate(text)!
const root: Category = { index: 0, name: "", depth: 0, isLeaf: false, path: [] }
const eye: Category = { index: 1, name: "eye", depth: 1, isLeaf: false, path: [] }
const scan: Category = { index: 2, name: "scan", depth: 2, isLeaf: true, path: [] }
const skin: Category = { index: 3, name: "skin", depth: 1, isLeaf: true, path: [] }
for (const category of [root, eye, scan, skin]) {
  const path = { "": [root], eye: [root, eye], scan: [root, eye, scan], skin: [root, skin] }[category.name]!
  ;(category.path as Category[]).push(...path)
}
const scans: CodeSet = {
  name: "scans",
  editions: [{ from: day("2026-01-01"), until: day("2027-01-01"), codes: new Set(["T20", "H35"]) }],
}
const big: NamedNumber = {
  name: "big",
  unit: "amount",
  values: [
    { from: day("2026-01-01"), value: 10_000n, source: "design" },
    { from: day("2026-07-01"), value: 20_000n, source: "design" },
  ],
  line: 1,
  column: 1,
}
const names = {
  numbers: new Map([["big", big]]),
  sets: new Map([["scans", scans]]),
  categories: new Map([eye, scan, skin].map((category) => [category.name, category])),
}
const known: Partial<Record<FactName, FactValue>> = {
  code: "T20",
  modifiers: ["50", "LT"],
  units: 2n,
  charge: 12_500n,
  diagnoses: ["H35", "H36"],
  born: BigInt(day("2008-02-29")),
  from: BigInt(day("2026-02-28")),
  to: BigInt(day("2026-03-01")),
  days: 9_223_372_036_854_775_807n,
  specialty: "eye surgeon",
  flags: [],
}
const source = (on = "2026-04-14"): FactSource => ({ day: day(on), leaf: scan, read: (name) => known[name] })

function run(text: string, on?: string): unknown {
  const report = new Report()
  const condition = report.attempt(() => readWhen(text, { line: 1, column: 1 }, names, report))
  if (condition === undefined) return `${report.findings[0]!.code} ${report.findings[0]!.column}`
  const value = condition.test(source(on))
  return typeof value === "boolean" ? value : `${value.code} ${value.missing}`
}

const missing = (name: string) => `missing-fact ${name}`
const table: readonly (readonly [string, unknown])[] = [
  ['code == "T20"', true],
  ['code in ["T20", "T25"] && units >= 2', true],
  ['hasModifier("50") && !hasModifier("25")', true],
  ['"LT" in modifiers', true],
  ['codeIn("scans")', true],
  ['diagnosisIn("scans")', true],
  ['is("eye") && is("scan") && !is("skin")', true],
  ['startsWith(specialty, "eye")', true],
  ['charge > number("big")', true],
  ["age(born, from) == 17 && age(born, to) == 18", true],
  ["days(from, to) == 1", true],
  ['from < date("2026-03-01")', true],
  ["2 + 3 * 4 - 1 == 13", true],
  ["-units * 3 == -6", true],
  ["flags == []", true],
  ['modifiers == ["50", "LT"]', true],
  ["accident", false],
  ["has(drug)", false],
  ["has(accident)", true],
  ['!has(drug) || drug == "x"', true],
  ['drug == "x"', missing("drug")],
  ['units == 2 || drug == "x"', true],
  ['units == 3 && drug == "x"', false],
  ['drug == "x" || units == 2', missing("drug")],
  ['drug == "x" && units == 3', missing("drug")],
  ["days + 1 > 0", "overflow a number of at most 64 bits"],
  ["0 - days - 2 < 0", "overflow a number of at most 64 bits"],
  ["0 - days - 1 < 0", true],
  ["units", "type 1"],
  ["charge > 5", "type 8"],
  ["from > units", "type 6"],
  ['code < "X"', "type 6"],
  ["units in [1, 2]", "type 7"],
  ["1 < 2 < 3", "syntax 7"],
  ["units == 02", "syntax 10"],
  ["units == 1.5", "syntax 11"],
  ["units / 2 == 1", "syntax 7"],
  ["units == 9223372036854775808", "limits 10"],
  ["wealth > 3", "unknown-name 1"],
  ['codeIn("none")', "unknown-name 8"],
  ['date("2026-02-29") < from', "type 6"],
  ["size(flags) == 0", "unknown-name 1"],
  ['code == "a\\"b"', "syntax 9"],
  ["!!accident", "syntax 2"],
  ["accident ? true : false", "syntax 10"],
  ["", "syntax 1"],
  [`${Array.from({ length: 130 }, () => "accident").join(" || ")}`, "limits 1534"],
  [`${"(".repeat(11)}accident${")".repeat(11)}`, false],
  [`${"(".repeat(12)}accident${")".repeat(12)}`, "limits 13"],
]

for (const [text, expected] of table) {
  test(`when ${text.slice(0, 60)}`, () => assert.equal(run(text), expected))
}

test("sets and numbers are those of the day of service", () => {
  assert.equal(run('codeIn("scans")', "2027-01-01"), "no-table scans")
  assert.equal(run('charge > number("big")', "2026-06-30"), true)
  assert.equal(run('charge > number("big")', "2026-07-01"), false)
  assert.equal(run('charge > number("big")', "2025-12-31"), "no-table big")
})

test("a condition says which facts it can reach", () => {
  const report = new Report()
  const text = 'hasModifier("50") && (drug == "x" || age(born, from) < 18) && is("eye")'
  const { facts } = readWhen(text, { line: 1, column: 1 }, names, report)
  assert.deepEqual([...facts].sort(), ["born", "category", "drug", "from", "modifiers"])
})

test("ages: one more on each birthday, never fewer, 29 February on 1 March", () => {
  assert.equal(ageOn(day("2008-02-29"), day("2012-02-28")), 3)
  assert.equal(ageOn(day("2008-02-29"), day("2012-02-29")), 4)
  fc.assert(
    fc.property(fc.integer({ min: -20_000, max: 20_000 }), fc.integer({ min: 0, max: 40_000 }), (born, lived) => {
      const [today, tomorrow] = [ageOn(born, born + lived), ageOn(born, born + lived + 1)]
      assert.ok(tomorrow === today || tomorrow === today + 1)
      assert.ok(Math.abs(today - lived / 365.2425) < 1.01)
    }),
  )
})

const vectors = new URL("../../../../shared/data/vectors/cel/", import.meta.url)

interface Vector {
  readonly name: string
  readonly expr: string
  readonly value: string | undefined
  readonly fails: boolean
}

/** The vectors of a file whose value is an int, a text or a bool, or an error. */
function vectorsOf(file: string): readonly Vector[] {
  const text = readFileSync(new URL(file, vectors), "utf8")
  return text
    .split(/\n {2}test:? \{/)
    .slice(1)
    .map((block) => {
      const quoted = /\n\s+expr: ("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/.exec(block)?.[1] ?? "''"
      const value = /\n\s+value: \{ (?:int64_value: (-?\d+)|bool_value: (true|false)|string_value: ("[^"\\]*"))/.exec(
        block,
      )
      return {
        name: /name: "([^"]*)"/.exec(block)?.[1] ?? "",
        expr: quoted
          .slice(1, -1)
          .replace(/\\(["'])/g, "$1")
          .replace(/'([^'"\\]*)'/g, '"$1"'),
        value: value?.[1] ?? value?.[2] ?? value?.[3],
        fails: /\n\s+eval_error/.test(block),
      }
    })
}

test("CEL's conformance vectors, where the subset overlaps", (t) => {
  if (!existsSync(vectors)) return t.skip("the CEL vectors of shared/data are absent")
  let compared = 0
  for (const file of ["basic", "integer_math", "logic", "lists", "string", "plumbing"]) {
    for (const { name, expr, value, fails } of vectorsOf(`${file}.textproto`)) {
      if (value === undefined && !fails) continue
      const found = run(`(${expr}) == ${value ?? "0"}`)
      if (typeof found === "string" && /^(syntax|type|unknown-name|limits) /.test(found)) continue
      compared++
      if (fails) assert.equal(typeof found, "string", `${file} ${name}: ${expr}`)
      else assert.equal(found, true, `${file} ${name}: ${expr} is ${value}`)
    }
  }
  t.diagnostic(`${compared} vectors compared`)
  assert.ok(compared >= 50, `only ${compared} vectors compared`)
})
