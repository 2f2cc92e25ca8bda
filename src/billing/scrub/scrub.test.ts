import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { orRefuse } from "../../formats/answer.ts"
import type { Claim837, Line837 } from "../../formats/x12/claim/claim-837.ts"
import { readClaims837 } from "../../formats/x12/claim/read-837-claims.ts"
import { readPlan } from "../../plan/language/read.ts"
import { isProviderNumber } from "./identity.ts"
import { measureScrubber, slips } from "./plant.ts"
import { type ScrubOptions, scrub } from "./scrub.ts"

const root = new URL("../../../", import.meta.url)
const bytesOf = (path: string) => new Uint8Array(readFileSync(new URL(path, root)))
const [read] = orRefuse(readClaims837(bytesOf("examples/eye-claim.837")))
/** The eye visit with a provider number that checks and a diagnosis. */
const good: Claim837 = {
  ...read!,
  billing: { ...read!.billing, id: "1234567893" },
  rendering: undefined,
  diagnoses: ["H353211"],
  diagnosisSystem: "ABK",
  subscriber: { ...read!.subscriber, sex: "F", born: 0 },
}
const on = good.to + 1

const plan = (() => {
  const tables = new Map([["eye-services", bytesOf("plans/tables/eye-services.csv")]])
  const answer = readPlan(bytesOf("plans/eye-sample.md"), tables)
  if ("findings" in answer) assert.fail(answer.findings[0]?.message)
  return answer.plan
})()

const rulesOf = (claim: Claim837, options: Partial<ScrubOptions> = {}) =>
  scrub([{ position: 1, claim }], { on, ...options }).map((one) => `${one.severity} ${one.rule}`)
const withLine = (index: number, change: Partial<Line837>): Claim837 => ({
  ...good,
  lines: good.lines.map((line, at) => (at === index ? { ...line, ...change } : line)),
})
const withDiagnosis = (...codes: readonly string[]): Claim837 => ({ ...good, diagnoses: codes })
const withPerson = (change: Partial<Claim837["subscriber"]>): Claim837 => ({
  ...good,
  subscriber: { ...good.subscriber, ...change },
})

test("the check digit of an NPI is that of the published example, and of no neighbour", () => {
  assert.ok(isProviderNumber("1234567893"))
  for (const digit of "012456789") assert.ok(!isProviderNumber(`123456789${digit}`), digit)
  assert.ok(!isProviderNumber("3234567893") && !isProviderNumber("123456789"))
})

test("a good claim raises nothing, with and without the plan", () => {
  assert.deepEqual(rulesOf(good), [])
  assert.deepEqual(rulesOf(good, { plan }), [])
})

test("each rule has a claim that breaks it and one that just does not", () => {
  const rows: readonly [what: string, claim: Claim837, expected: readonly string[]][] = [
    ["NPI", { ...good, billing: { ...good.billing, id: "1234567894" } }, ["error identity"]],
    ["a number that is no NPI", { ...good, billing: { ...good.billing, qualifier: "24", id: "99" } }, []],
    ["no member", withPerson({ id: "" }), ["error identity"]],
    ["no birth date", withPerson({ born: undefined }), ["warning birth"]],
    ["born after", withPerson({ born: good.from + 1 }), ["error birth"]],
    ["born that day", withPerson({ born: good.from }), []],
    ["very old", withPerson({ born: good.from - 46_000 }), ["error birth"]],
    ["replaces nothing", { ...good, frequency: 7, original: undefined }, ["error replacement"]],
    ["replaces something", { ...good, frequency: 7, original: "P1" }, []],
    ["future", withLine(0, { from: on + 1, to: on + 1 }), ["error date"]],
    ["today", withLine(0, { from: on, to: on }), []],
    ["a year before the others", withLine(1, { from: good.from - 365, to: good.from - 365 }), ["error date"]],
    ["a month before the others", withLine(1, { from: good.from - 30, to: good.from - 30 }), []],
    ["no diagnosis", withDiagnosis(), ["error diagnosis"]],
    ["no code", withDiagnosis("HX5"), ["error diagnosis"]],
    ["twice", withDiagnosis("H353211", "H35.3211"), ["warning diagnosis"]],
    ["of men", withDiagnosis("N401"), ["error diagnosis-sex"]],
    ["of women", withDiagnosis("O80"), []],
    [
      "of women, of a man",
      { ...withDiagnosis("O80"), subscriber: { ...good.subscriber, sex: "M" } },
      ["error diagnosis-sex"],
    ],
    ["of newborns", withDiagnosis("P073"), ["error diagnosis-age"]],
    ["of children", withDiagnosis("Z00129"), ["error diagnosis-age"]],
    ["of adults", withDiagnosis("Z0000"), []],
    ["ICD-9", { ...withDiagnosis("36201"), diagnosisSystem: "BK" }, []],
    ["both eyes", withLine(2, { modifiers: ["RT", "LT"] }), ["error modifier"]],
    ["a modifier twice", withLine(2, { modifiers: ["LT", "LT"] }), ["error modifier"]],
    ["half a unit", withLine(0, { unitsMilli: 500 }), ["warning units"]],
    ["total", { ...good, total: good.total + 1n }, ["error total"]],
  ]
  for (const [what, claim, expected] of rows) assert.deepEqual(rulesOf(claim), expected, what)
})

test("a sex that is explained speaks against nothing", () => {
  const explained = { ...withDiagnosis("N401"), lines: good.lines.map((line) => ({ ...line, modifiers: ["KX"] })) }
  assert.deepEqual(
    rulesOf(explained).filter((rule) => rule.includes("sex")),
    [],
  )
})

test("lines and claims that repeat each other are errors, repeats that are marked are none", () => {
  const [first] = good.lines
  const again = { ...first!, number: 9 }
  const twice = { ...good, total: good.total + first!.charge, lines: [...good.lines, again] }
  assert.deepEqual(rulesOf(twice), ["error duplicate-line"])
  const marked = { ...again, modifiers: ["25", "76"] }
  assert.deepEqual(rulesOf({ ...twice, lines: [...good.lines, marked] }), [])
  const pair = (second: Claim837) =>
    scrub(
      [good, second].map((claim, at) => ({ position: at + 1, claim })),
      { on },
    )
  assert.deepEqual(
    pair(good).map((one) => [one.claim, one.rule]),
    [[2, "duplicate-claim"]],
  )
  assert.equal(pair({ ...good, control: "other" }).length, 1)
  assert.equal(pair({ ...good, control: "other", subscriber: { ...good.subscriber, id: "other" } }).length, 0)
})

test("a table of codes in force finds a code that only has their form", () => {
  const diagnoses = new Set(["H353211"])
  assert.deepEqual(rulesOf(good, { diagnoses }), [])
  assert.deepEqual(rulesOf(withDiagnosis("H353219"), { diagnoses }), ["error diagnosis"])
})

test("the payer's plan finds what the payer would refuse, with the clause and the fix", () => {
  const bare = withLine(3, { modifiers: [] })
  const [finding, ...more] = scrub([{ position: 1, claim: bare }], { on, plan })
  assert.deepEqual(more, [])
  assert.equal(finding?.at, "clause 2.3")
  assert.equal(finding?.line, good.lines[3]!.number)
  assert.match(finding?.says ?? "", /CO-16/)
  const late = scrub([{ position: 1, claim: good }], { on: good.to + 400, plan })
  assert.ok(late.length > 0 && late.every((one) => one.at === "clause 7.1"))
})

test("a habit is what nine of ten lines keep; what two of ten break is none", () => {
  const many = (odd: number) =>
    Array.from({ length: 10 }, (_, index) => {
      const lines = index < odd ? withLine(0, { modifiers: [], charge: 1n }).lines : good.lines
      const total = lines.reduce((sum, line) => sum + line.charge, 0n)
      const subscriber = { ...good.subscriber, id: `M${index}` }
      return { position: index + 1, claim: { ...good, control: `C${index}`, lines, total, subscriber } }
    })
  const warnings = (odd: number) => scrub(many(odd), { on }).map((one) => `${one.claim} ${one.severity} ${one.rule}`)
  assert.deepEqual(warnings(1), ["1 warning units", "1 warning modifier"])
  assert.deepEqual(warnings(2), [])
})

test("a permission that the claim names is the payer's to judge; one that it does not name is missing", () => {
  const tables = ["eye-full-services", "eye-add-ons"].map(
    (name) => [name, bytesOf(`plans/tables/${name}.csv`)] as const,
  )
  const full = readPlan(bytesOf("plans/eye-full.md"), new Map(tables))
  if ("findings" in full) assert.fail(full.findings[0]?.message)
  const line = { ...good.lines[2]!, number: 1, code: "S60", modifiers: ["LT"] }
  const surgery = { ...good, lines: [line], total: line.charge }
  assert.deepEqual(rulesOf(surgery, { plan: full.plan }), ["error authorization"])
  assert.deepEqual(rulesOf({ ...surgery, authorization: "A1" }, { plan: full.plan }), [])
})

test("every slip is planted in something, and is found where its rule speaks", () => {
  const many = Array.from({ length: 12 }, (_, index) => ({
    position: index + 1,
    claim: { ...good, control: `C${index}`, authorization: "A1", subscriber: { ...good.subscriber, id: `M${index}` } },
  }))
  const score = measureScrubber(many, { on, plan })
  assert.deepEqual([score.falseErrors, score.falseWarnings], [0, 0])
  for (const { name } of slips) {
    const row = score.slips.find((one) => one.name === name)!
    assert.equal(row.planted, 12, name)
    // Nothing in this plan asks for a permission, so its absence is none.
    assert.equal(row.found, name === "permission left out" ? 0 : 12, name)
  }
})
