/** Each condition as a formula says of a line what the evaluator says of it, and every domain has a place for the line. */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { parseDate } from "../../../base/time.ts"
import type { FactName, FactSource, FactValue } from "../../language/expression.ts"
import { Report } from "../../language/finding.ts"
import { readWhen } from "../../language/when.ts"
import type { Category, CodeSet, NamedNumber } from "../../parts.ts"
import type { Cell } from "../cells.ts"
import { classes } from "./classes.ts"
import { Compiler } from "./compile.ts"
import { fails, firstOpen, no, yes } from "./formula.ts"
import { type Span, sumValue } from "./numbers.ts"
import { absent, type BitVariable, Problem, type Variable } from "./problem.ts"

const day = (text: string) => parseDate(text)!
const root: Category = { index: 0, name: "", depth: 0, isLeaf: false, path: [] }
const eye: Category = { index: 1, name: "eye", depth: 1, isLeaf: true, path: [] }
;(root.path as Category[]).push(root)
;(eye.path as Category[]).push(root, eye)
const edition = { from: day("2026-01-01"), until: day("2027-01-01") }
const scans: CodeSet = { name: "scans", editions: [{ ...edition, codes: new Set(["T20", "H35"]) }] }
const ills: CodeSet = { name: "ills", editions: [{ ...edition, codes: new Set(["H35", "H36", "Z1"]) }] }
const big: NamedNumber = {
  name: "big",
  unit: "amount",
  values: [{ from: day("2026-01-01"), value: 200n, source: "design" }],
  line: 1,
  column: 1,
}
const names = {
  numbers: new Map([["big", big]]),
  sets: new Map([
    ["scans", scans],
    ["ills", ills],
  ]),
  categories: new Map([["eye", eye]]),
}
const codes = ["T20", "T25", "E10"]
const cell: Cell = {
  leaf: eye,
  codes,
  tier: "in",
  claim: "professional",
  day: edition.from,
  until: edition.until,
  stray: false,
}

const counted = fc.constantFrom("units", "members", "days", "supply")
const small = fc.integer({ min: 0, max: 6 })
const operator = fc.constantFrom("<", "<=", "==", "!=", ">", ">=")
const dated = fc.constantFrom("from", "born", "received", "enrolled", 'date("2026-01-03")')
const sums = fc.oneof(
  counted,
  small.map(String),
  fc.tuple(counted, counted, fc.constantFrom("+", "-", "*")).map(([a, b, sign]) => `${a} ${sign} ${b}`),
  fc.tuple(small, counted).map(([n, a]) => `${n} * ${a} - ${n}`),
  counted.map((a) => `-${a}`),
  fc.tuple(dated, dated).map(([a, b]) => `days(${a}, ${b})`),
  fc.tuple(dated, dated).map(([a, b]) => `age(${a}, ${b})`),
)
const texts = fc.constantFrom("sex", "place", "relation", '"F"', '"M"', '"11"', "kind", "tier", "category", '"in"')
const bools = fc.constantFrom("accident", "inpatient", "has(place)", "has(units)", "has(born)", "has(tier)", "true")
const atom = fc.oneof(
  fc.tuple(sums, operator, sums).map((parts) => parts.join(" ")),
  fc.tuple(dated, operator, dated).map((parts) => parts.join(" ")),
  fc.tuple(operator, fc.constantFrom('number("big")', "charge + charge")).map(([sign, b]) => `charge ${sign} ${b}`),
  fc.tuple(texts, fc.constantFrom("==", "!="), texts).map((parts) => parts.join(" ")),
  fc.tuple(texts, fc.constantFrom('""', '"1"', '"11"', '"F"', "sex")).map(([a, b]) => `startsWith(${a}, ${b})`),
  fc
    .tuple(texts, fc.constantFrom("[]", '["F", "11"]', "modifiers", "flags", '["in", sex]'))
    .map((two) => two.join(" in ")),
  fc.constantFrom(
    'modifiers == ["25", "50"]',
    'modifiers != ["25"]',
    "flags == []",
    '"25" in modifiers',
    'hasModifier("50")',
    'diagnosisIn("ills")',
    'diagnosisIn("scans")',
    '"H35" in diagnoses',
    'codeIn("scans")',
    'code == "T25"',
    'startsWith(code, "T")',
    'is("eye")',
    "accident == inpatient",
    "modifiers == flags",
  ),
  bools,
)
const condition = fc.letrec<{ expr: string }>((tie) => ({
  expr: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    atom,
    fc
      .tuple(tie("expr"), fc.constantFrom("&&", "||", "=="), tie("expr"))
      .map(([a, sign, b]) => `(${a}) ${sign} (${b})`),
    tie("expr").map((a) => `!(${a})`),
  ),
})).expr

const count = fc.option(fc.bigInt({ min: 0n, max: 7n }), { nil: undefined, freq: 5 })
const date = fc.option(fc.bigInt({ min: -800n, max: 800n }), { nil: undefined, freq: 5 })
const maybe = (...choices: readonly string[]) => fc.option(fc.constantFrom(...choices), { nil: undefined, freq: 5 })
const line = fc.record({
  code: fc.constantFrom(...codes),
  units: count,
  members: count,
  supply: count,
  days: fc.bigInt({ min: 1n, max: 7n }),
  charge: fc.constantFrom(0n, 199n, 200n, 201n),
  born: date,
  enrolled: date,
  from: fc.bigInt({ min: 0n, max: 364n }),
  received: fc.bigInt({ min: 0n, max: 400n }),
  sex: maybe("F", "M", "1"),
  place: maybe("11", "1", "12", "2", "F"),
  relation: maybe("F", "self"),
  accident: fc.boolean(),
  inpatient: fc.boolean(),
  modifiers: fc.constantFrom([], ["25"], ["25", "50"], ["50", "25"], ["25", "25"], ["F"]),
  flags: fc.constantFrom([], ["11"], ["25"]),
  diagnoses: fc.constantFrom([], ["H35"], ["H36"], ["T20"], ["X", "Z1"]),
})
type Line = typeof line extends fc.Arbitrary<infer T> ? T : never

function reader(facts: Line): (name: FactName) => FactValue | undefined {
  return (name) => {
    if (name === "kind") return "professional"
    if (name === "tier") return "in"
    if (name === "category") return "eye"
    const value = facts[name as keyof Line]
    const shift = name === "from" || name === "received" || name === "born" || name === "enrolled"
    return shift && typeof value === "bigint" ? value + BigInt(edition.from) : (value as FactValue | undefined)
  }
}

const lacking: ReadonlySet<FactName> = new Set([
  "units",
  "members",
  "supply",
  "born",
  "enrolled",
  "sex",
  "place",
  "relation",
])

const setsOf = (code: string, text: string) =>
  [scans, ills]
    .map(({ name, editions }) => text.includes(`diagnosisIn("${name}")`) && editions[0]!.codes.has(code))
    .join()

/** Whether a bit is that of an element, or of a code in the same sets where the element has no bit of its own. */
function standsFor(bit: BitVariable, item: string, { variables }: Problem, text: string): boolean {
  const bits = variables.filter((other) => other.is === "bit" && other.list === bit.list) as readonly BitVariable[]
  if (bits.some(({ element }) => element === item)) return bit.element === item
  const isNamed = text.includes(`"${bit.element}" in`)
  const sets = setsOf(item, text)
  return bit.list === "diagnoses" && !isNamed && sets.includes("true") && setsOf(bit.element, text) === sets
}

/** The place of a line's value in a variable's domain; -1 for what a variable cannot tell. */
function placeOf(
  variable: Variable,
  read: (name: FactName) => FactValue | undefined,
  problem: Problem,
  text: string,
): number {
  const { domain } = variable
  switch (variable.is) {
    case "number": {
      const value = sumValue(variable.sum, (name) => read(name) as bigint | undefined)
      if (value === undefined) return domain.indexOf(absent)
      return domain.findIndex(
        (span) => span !== absent && (span as Span).least <= value && value <= (span as Span).most,
      )
    }
    case "text": {
      const value = read(variable.name) as string | undefined
      if (value === undefined) return domain.indexOf(absent)
      if (domain.includes(value)) return domain.indexOf(value)
      if (variable.name === "code") return domain.findIndex((code) => problem.alike(variable, code, value))
      const begins = (each: string) => [...variable.prefixes].map((prefix) => each.startsWith(prefix)).join()
      return domain.findIndex(
        (each) => typeof each === "string" && !variable.constants.has(each) && begins(each) === begins(value),
      )
    }
    case "bool":
      return domain.indexOf(read(variable.name) === true)
    case "bit":
      return domain.indexOf(
        (read(variable.list) as readonly string[]).some((item) => standsFor(variable, item, problem, text)),
      )
    case "form": {
      const key = JSON.stringify(read(variable.list))
      return Math.max(
        0,
        domain.findIndex((form) => form !== undefined && JSON.stringify(form) === key),
      )
    }
    default:
      return -1
  }
}

const isLong = process.env["COUNTERSIGN_LONG"] === "1"

test("a formula says of every line what the condition says of it", () => {
  let compared = 0
  fc.assert(
    fc.property(condition, fc.array(line, { minLength: 12, maxLength: 12 }), (text, lines) => {
      const report = new Report()
      const when = report.attempt(() => readWhen(text, { line: 1, column: 1 }, names, report))
      if (when === undefined) return
      const problem = new Problem({ cell, leaf: eye, mayLack: lacking, keys: new Map() })
      const formula = new Compiler(problem, "in").formula(when.expr)
      const sizes = problem.seal()
      // What is not taken apart has no place that could be told from here.
      if (problem.variables.some(({ is }) => is === "opaque")) return
      for (const facts of lines) {
        const read = reader(facts)
        const source: FactSource = { day: edition.from, leaf: eye, read }
        const choices = Int32Array.from(problem.variables, (variable) => placeOf(variable, read, problem, text))
        const value = formula(choices)
        const open = value >= firstOpen ? problem.variables[value - firstOpen] : undefined
        assert.equal(open, undefined, `${text}: no place for ${JSON.stringify(open, spell)}`)
        const answer: unknown = when.test(source)
        compared++
        const wanted: number = answer === true ? yes : answer === false ? no : fails
        assert.equal(value, wanted, `${text} on ${JSON.stringify(facts, spell)}`)
      }
      assert.ok(sizes.every((size) => size > 0))
    }),
    { numRuns: isLong ? 60_000 : 1500, seed: 3 },
  )
  assert.ok(compared > 10_000, `${compared}`)
})

const spell = (_: string, value: unknown) =>
  typeof value === "bigint"
    ? String(value)
    : value instanceof Set
      ? [...value]
      : typeof value === "symbol"
        ? "absent"
        : value

test("every text begins like the one that stands for it", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "0"), maxLength: 3 })
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 4 }),
      fc.array(word, { maxLength: 4 }),
      word,
      (constants, prefixes, text) => {
        const [fixed, beginnings] = [new Set(constants), new Set(prefixes)]
        if (fixed.has(text)) return
        const begins = (each: string) => [...beginnings].map((prefix) => each.startsWith(prefix)).join()
        assert.ok(classes(fixed, beginnings).some((each) => !fixed.has(each) && begins(each) === begins(text)))
      },
    ),
  )
})
