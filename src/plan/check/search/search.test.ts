/**
 * The search against brute force: plans with random conditions, and every line of a grid run by the evaluator. No conflict
 * that the grid shows may be missed, no witness may fail to conflict, and what is called dead or shadowed never acts.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { sha256, toUtf8 } from "#crypto"
import { toHex } from "../../../base/bytes.ts"
import { formatDate, parseDate } from "../../../base/time.ts"
import { adjudicate, type Outcome } from "../../adjudicate/adjudicate.ts"
import { type ClaimLine, plainClaim, plainLine, plainMember, plainProvider } from "../../claim.ts"
import { inputOf } from "../../input.ts"
import type { Finding } from "../../language/finding.ts"
import { readPlan } from "../../language/read.ts"
import type { Plan } from "../../plan.ts"
import { firstSnapshot } from "../../snapshot.ts"
import { checkPlan } from "../check.ts"

const csv = "code,category,rate,odd\nA1,exam,80.00,yes\nA2,exam,90.00,\nB1,test,50.00,yes\n"
const table = `{ name: services, version: 1, key: code, columns: [category, rate, odd], from: 2026-01-01, until: 2027-01-01, source: invented, sha256: "${toHex(sha256(toUtf8(csv)))}" }`
const odd = "diag,odd\nD1,yes\nD2,\n"
const diagnoses = `{ name: diagnoses, version: 1, key: diag, columns: [odd], from: 2026-01-01, until: 2027-01-01, source: invented, sha256: "${toHex(sha256(toUtf8(odd)))}" }`
const head = `---
language: plan/1
plan: random
version: 1
title: Random
payer: random
currency: { code: USD, exponent: 2 }
effective: { from: 2026-01-01, until: 2027-01-01 }
periods: { year: calendar }
tiers: [in, out]
claims: [professional, dental]
windows: { claim: 365 days, correction: 180 days, lookBack: 730 days, answer: 72 hours }
assurance: { patient: pays, proxy: pays, attested: pays, silent: never }
tables: [${table}, ${diagnoses}]
---
# Random
## 1 Words
\`\`\`numbers
{ from: 2026-01-01, source: test, one: 10.00 USD, two: [[20.00 USD, 2026-01-01, test], [30.00 USD, 2026-07-01, test]], part: 20 % }
\`\`\`
### 1.1 Groups
Groups.

    define: { table: services }
### 1.2 Odd ones
Odd.

    define: { codes: odd, table: services, column: code-of, where: { odd: "yes" } }
`.replace(", column: code-of", "")

interface Made {
  readonly kind: string
  readonly text: string
}

const clauseText = (number: string, rule: string) =>
  `### ${number} A clause\nIt says this.\n\n${rule.replace(/^/gm, "    ")}\n`

function documentOf(made: readonly Made[], tierRule: string): Uint8Array {
  const rules = [
    clauseText("1.3", 'define: { codes: illness, table: diagnoses, where: { odd: "yes" } }'),
    "## 2 Covered\n",
    clauseText("2.1", "cover: yes\nallow: { schedule: services, lesser: yes }"),
    clauseText("2.2", "network: { tier: in }"),
    clauseText("2.3", tierRule),
    "## 3 Shares\n",
    ...made.map(({ text }, i) => clauseText(`3.${i + 1}`, text)),
  ]
  return toUtf8(head + rules.join(""))
}

const files = new Map([
  ["services", toUtf8(csv)],
  ["diagnoses", toUtf8(odd)],
])

const atoms = [
  "age(born, from) < 18",
  "age(born, from) >= 65",
  "age(born, from) == 40",
  "units > 2",
  "units == 1",
  "units * 2 - 1 >= 5",
  'hasModifier("25")',
  '"50" in modifiers',
  'modifiers == ["25"]',
  "flags == []",
  "accident",
  'place == "11"',
  'startsWith(place, "1")',
  'place in ["12", "21"]',
  "has(place)",
  'has(place) && place != "11"',
  'code == "A1"',
  'codeIn("odd")',
  'is("exam")',
  'category == "test"',
  'tier == "in"',
  'kind == "dental"',
  'diagnosisIn("illness")',
  '"D2" in diagnoses',
  'charge > number("two")',
  'charge <= number("one")',
  'from < date("2026-03-01")',
  "days(from, received) > 10",
  'received >= date("2026-08-01")',
  'sex == "F"',
  "days > 1 && units < 4",
] as const

const condition: fc.Arbitrary<string> = fc.letrec<{ expr: string; leaf: string }>((tie) => ({
  leaf: fc.constantFrom(...atoms).map((atom) => (atom.includes("&&") ? `(${atom})` : atom)),
  expr: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    tie("leaf"),
    fc.tuple(tie("expr"), tie("expr")).map(([a, b]) => `(${a} && ${b})`),
    fc.tuple(tie("expr"), tie("expr")).map(([a, b]) => `(${a} || ${b})`),
    tie("expr").map((a) => `!(${a})`),
  ),
})).expr

const bodies = {
  copay: ["copay: none", "copay: { amount: one, per: service }", "copay: { amount: two, per: service }"],
  coinsurance: ["coinsurance: none", "coinsurance: { member: part }"],
  waive: ["waive: { parts: [copay] }"],
  exclude: ["exclude: { notice: none }"],
} as const

const guardLines = fc.record({
  list: fc.constantFrom("", "for: [exam]\n", "for: [test]\n"),
  tiers: fc.constantFrom("", "", "tiers: [out]\n"),
  dates: fc.constantFrom("", "", "from: 2026-07-01\n", "until: 2026-03-01\n"),
  when: fc.option(condition, { freq: 4, nil: undefined }),
  exception: fc.integer({ min: 0, max: 5 }),
})

const made: fc.Arbitrary<readonly Made[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom("copay", "copay", "copay", "coinsurance", "waive", "exclude"),
      body: fc.nat(2),
      guard: guardLines,
    }),
    { minLength: 2, maxLength: 4 },
  )
  .map((rules) =>
    rules.map(({ kind, body, guard }, i) => {
      const { list, tiers, dates, when, exception } = guard
      const over = exception < i && rules[exception]!.kind === kind ? `exceptionTo: 3.${exception + 1}\n` : ""
      const choices = bodies[kind as keyof typeof bodies]
      const whenLine = when === undefined ? "" : `when: (${when})\n`
      return { kind, text: `${list}${tiers}${dates}${over}${whenLine}${choices[body % choices.length]}` }
    }),
  )

const day = (text: string) => parseDate(text)!
const born = [40, 3, 18, 70, 65, 17]
const grid = {
  code: ["A1", "A2", "B1"],
  age: born,
  units: [1, 2, 3, 4],
  modifiers: [[], ["25"], ["50"], ["25", "50"], ["25", "25"]],
  accident: [false, true],
  place: [undefined, "11", "12", "21", "1", "9"],
  contract: [undefined, "far"],
  claim: ["professional", "dental"],
  diagnoses: [[], ["D1"], ["D2"], ["X"]],
  charge: [500n, 1500n, 2000n, 2500n, 20000n],
  on: ["2026-01-01", "2026-02-28", "2026-03-01", "2026-08-15"],
  waits: [0, 10, 11, 300],
  stay: [0, 2],
  sex: ["F", "M"],
  flags: [[], ["smoker"]],
} as const
type Point = { readonly [K in keyof typeof grid]: (typeof grid)[K][number] }

/** Which dimensions of the grid a condition looks at. */
const dimensions: readonly (readonly [keyof typeof grid, RegExp])[] = [
  ["code", /./],
  ["age", /age\(/],
  ["units", /units/],
  ["modifiers", /odifier/],
  ["accident", /accident/],
  ["place", /place/],
  ["contract", /tier/],
  ["claim", /kind/],
  ["diagnoses", /diagnos/],
  ["charge", /charge/],
  ["on", /date\(|number\(|from: |until: /],
  ["waits", /received/],
  ["stay", /days >/],
  ["sex", /sex/],
  ["flags", /flags/],
]

function* points(text: string, most: number): Generator<Point> {
  const used = dimensions.filter(([, pattern]) => pattern.test(text)).map(([name]) => name)
  const sizes = used.map((name) => grid[name].length)
  const total = sizes.reduce((a, b) => a * b, 1)
  // A stride that is prime to every size visits different combinations when there are too many for all.
  const stride = total <= most ? 1 : 7919
  for (let i = 0; i < Math.min(total, most); i++) {
    let rest = (i * stride) % total
    const point: Record<string, unknown> = {}
    for (const name of Object.keys(grid) as (keyof typeof grid)[]) {
      const at = used.indexOf(name)
      point[name] = grid[name][at < 0 ? 0 : rest % sizes[at]!]
      if (at >= 0) rest = Math.floor(rest / sizes[at]!)
    }
    yield point as unknown as Point
  }
}

function run(
  plan: Plan,
  line: ClaimLine,
  more: { received: number; kind: string; accident: boolean },
  member: object,
  contract: string | undefined,
) {
  const facts = { ...plainMember, ...member }
  const { from, until } = plan.front.effective
  const period = { from, to: until - 1 }
  const snapshot = firstSnapshot({
    payer: "random",
    member: new Uint8Array(32),
    plan: plan.digest,
    period,
    facts,
    expiry: 0,
  })
  const claim = { ...plainClaim([line], more.received), kind: more.kind as "dental", accident: more.accident }
  const provider = { ...plainProvider("provider"), contract }
  return adjudicate(inputOf({ plan, claim, member: facts, provider, snapshot, on: more.received }))
}

function runPoint(plan: Plan, point: Point): Outcome {
  const from = day(point.on)
  const line = {
    ...plainLine(1, point.code, point.charge, from),
    to: from + point.stay,
    unitsMilli: point.units * 1000,
    modifiers: point.modifiers,
    place: point.place,
    diagnoses: point.diagnoses,
  }
  const [year, ...rest] = point.on.split("-")
  const member = { born: day(`${Number(year) - point.age}-${rest.join("-")}`), sex: point.sex, flags: point.flags }
  const received = from + point.stay + point.waits
  return run(plan, line, { received, kind: point.claim, accident: point.accident }, member, point.contract)
}

interface Witness {
  readonly rules: readonly string[]
  readonly on: string
  readonly member: { readonly born?: string; readonly sex?: string; readonly flags?: readonly string[] }
  readonly line: Readonly<Record<string, string>> & {
    readonly modifiers: readonly string[]
    readonly diagnoses?: readonly string[]
  }
  readonly claim: string
  readonly facts?: { readonly received?: string; readonly accident?: boolean }
  readonly provider?: { readonly contract?: string }
}

/** The witness as a reader would enter it, from its JSON alone. */
function runWitness(plan: Plan, witness: Witness): Outcome {
  const from = day(witness.on)
  const { line, member, facts } = witness
  const to = line["to"] === undefined ? from + Number(line["days"] ?? 1) - 1 : day(line["to"])
  const units = line["unitsMilli"] ?? String(Number(line["units"] ?? 1) * 1000)
  const claimLine = {
    ...plainLine(1, line["code"]!, BigInt(line["charge"]!), from),
    to,
    unitsMilli: Number(units),
    modifiers: line.modifiers,
    place: line["place"],
    diagnoses: line.diagnoses ?? [],
  }
  const received = facts?.received === undefined ? to : day(facts.received)
  const person = {
    born: member.born === undefined ? undefined : day(member.born),
    sex: member.sex,
    flags: member.flags ?? [],
  }
  const more = { received, kind: witness.claim, accident: facts?.accident === true }
  return run(plan, claimLine, more, person, witness.provider?.contract)
}

const conflictsOf = ({ leg }: Outcome): readonly string[] =>
  leg.lines[0]!.status !== "pended"
    ? []
    : leg.findings.filter(({ code }) => code === "clause-conflict").map(({ missing }) => missing)

function namesOf(finding: Finding): readonly string[] {
  return (finding.witness as Witness | undefined)?.rules ?? []
}

const isLong = process.env["COUNTERSIGN_LONG"] === "1"
const tierRule = fc.constantFrom(
  'when: has(contract) && contract == "far"\nexceptionTo: 2.2\nnetwork: { tier: out }',
  'when: "has(contract)"\nexceptionTo: 2.2\nnetwork: { tier: out }',
)

interface Count {
  plans: number
  conflicts: number
  open: number
  lines: number
}

/** Every claim of the check about one plan, against the grid. */
function compare(plan: Plan, text: string, count: Count): void {
  const findings = checkPlan(plan)
  count.plans++
  const codes = (code: string) => findings.filter((finding) => finding.code === code)
  const told = new Set([...codes("conflict"), ...codes("not-proved")].map((finding) => namesOf(finding).join(" ")))
  const idle = new Set(
    [...codes("dead"), ...codes("shadowed")].map(({ message }) => message.slice(0, message.indexOf(" "))),
  )
  let [shared, unshared] = [false, false]
  const isUncovered = findings.some(({ code, clause }) => clause === "2.1" && /uncovered|not-proved/.test(code))
  for (const conflict of codes("conflict")) {
    count.conflicts++
    const shown = conflictsOf(runWitness(plan, conflict.witness as Witness))
    const names = namesOf(conflict)
    assert.ok(
      shown.some((missing) => names.every((name) => missing.split(" ").includes(name))),
      `${JSON.stringify(conflict.witness)} does not conflict in\n${text}`,
    )
  }
  count.open += codes("not-proved").length
  for (const point of points(text, isLong ? 4000 : 800)) {
    const outcome = runPoint(plan, point)
    count.lines++
    for (const missing of conflictsOf(outcome)) {
      const names = missing.split(" ")
      const pairs = names.flatMap((a, i) => names.slice(i + 1).map((b) => `${a} ${b}`))
      assert.ok(
        pairs.every((pair) => told.has(pair)),
        `${missing} is missed: ${JSON.stringify(point, (_, value) => (typeof value === "bigint" ? String(value) : value))}\n${text}`,
      )
    }
    for (const { clause, kind, formula } of outcome.trace) {
      assert.ok(
        formula === "pend" || !idle.has(`${clause}/${kind}`),
        `${clause}/${kind} acts and is called idle in\n${text}`,
      )
    }
    const isShared = outcome.trace.some(({ kind }) => /^(copay|coinsurance)$/.test(kind))
    if (isShared && outcome.leg.lines[0]!.status === "paid") shared = true
    else if (outcome.leg.lines[0]!.status === "paid" && !text.includes("waive")) unshared = true
  }
  assert.ok(!(shared && unshared) || isUncovered, `a line is paid without a word about shares:\n${text}`)
}

test("random plans: the search and brute force agree on what conflicts, is dead or never wins", (t) => {
  const count: Count = { plans: 0, conflicts: 0, open: 0, lines: 0 }
  fc.assert(
    fc.property(made, tierRule, (rules, tier) => {
      const document = documentOf(rules, tier)
      const read = readPlan(document, files)
      const text = new TextDecoder().decode(document)
      assert.ok("plan" in read, JSON.stringify("findings" in read ? read.findings : []) + text)
      compare(read.plan, text.slice(text.indexOf("## 2")), count)
    }),
    { numRuns: isLong ? 600 : 50, seed: isLong ? Number(process.env["COUNTERSIGN_SEED"] ?? 7) : 7 },
  )
  t.diagnostic(
    `${count.plans} plans, ${count.lines} lines, ${count.conflicts} conflicts shown, ${count.open} not proved`,
  )
  assert.ok(count.conflicts * 5 > count.plans, "the plans conflict now and then")
  assert.ok(count.open * 25 < count.plans, "nearly all that is found can be shown")
})

test("formatDate and parseDate agree on the grid's days", () => {
  for (const text of grid.on) assert.equal(formatDate(day(text)), text)
})
