/** What `plan check` leaves alone, what its witnesses prove, and the tables of codes and texts it looks into. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { fromUtf8, sha256, toUtf8 } from "#crypto"
import {
  type Change,
  change,
  kinds as claimKinds,
  clause,
  files,
  find,
  network,
  numbers,
  placeOfMark,
  sample,
  twoTiers,
  whenClause,
} from "../../../test/marked-plan.ts"
import { toHex } from "../../base/bytes.ts"
import { formatDate, parseDate } from "../../base/time.ts"
import { parseCases } from "../cases/cases.ts"
import { runCase } from "../cases/run-case.ts"
import { exclusive, type Kind, kinds } from "../language/effects.ts"
import { readPlan } from "../language/read.ts"
import { checkDocument } from "./check.ts"
import { ownCodes } from "./check-codes.ts"

const root = new URL("../../../", import.meta.url)

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
  const both = claimKinds("professional", "institutional")
  for (const when of clean) assert.deepEqual(find(change(sample, both, whenClause(when))), [], when)
  const limited = clause('{ claims: [institutional], when: revenue == "0300", waive: { parts: [copay] } }')
  assert.deepEqual(find(change(sample, both, limited)), [])
  const [warning] = find(change(sample, whenClause('revenue == "0300"')))
  assert.ok(warning !== undefined && !warning.refuses)
  assert.deepEqual((warning.witness as { line: object }).line, { code: "E10", modifiers: [], charge: "20000" })
})

test("a condition that holds for some line is enough to conflict, and an exception to settle it", () => {
  const copay = (more: string) =>
    clause(`{ for: [exam], copay: none }\n### 6.2 Two\nThis says yet more.\n\n    ${more}`)
  const told = (text: string) => find(text).map(({ code, message }) => `${code}: ${message}`)
  const some = told(change(sample, copay("{ for: [exam], when: accident, exceptionTo: [5.1, 6.1], copay: none }")))
  assert.equal(some.length, 1)
  assert.match(some[0]!, /^conflict: A member with E10 \(exam\) .* 30\.00 by 5\.1 and 0\.00 by 6\.1\.$/)
  const accident = told(change(sample, clause("{ for: [exam], when: accident, copay: none }")))
  assert.match(
    accident[0]!,
    /^conflict: .*\(accident\) would owe two different copays: 30\.00 by 5\.1 and 0\.00 by 6\.1/,
  )
  assert.deepEqual(told(change(sample, clause("{ for: [exam], when: accident, exceptionTo: 5.1, copay: none }"))), [])
  const settled = change(sample, copay("{ for: [exam], exceptionTo: [5.1, 6.1], copay: none }"))
  assert.deepEqual(
    find(settled).map(({ code }) => code),
    ["shadowed", "shadowed"],
  )
})

test("what the evaluator refuses for something else is no conflict, and is said to be open", () => {
  const waits = clause(
    "{ for: [exam], wait: { for: waiting, from: enrolled } }\n### 6.2 Two\nThis says yet more.\n\n    when: days(enrolled, from) < 30\n    for: [exam]\n    copay: none",
  )
  const days = (count: number) => find(change(sample, waits, numbers(`waiting: ${count} days`)))
  assert.deepEqual(
    days(90).map(({ code, refuses }) => [code, refuses]),
    [["not-proved", false]],
  )
  assert.match(days(90)[0]!.message, /no line meets both 5\.1\/copay and 6\.2\/copay/)
  const [shown] = days(20)
  assert.equal(shown!.code, "conflict")
  const { on, member } = shown!.witness as { on: string; member: { enrolled: string } }
  const enrolled = parseDate(on)! - parseDate(member.enrolled)!
  assert.ok(enrolled >= 20 && enrolled < 30, "after the wait, and before the condition ends")
})

test("a line without a price that another gate refuses first is no hole, and is said to be open", () => {
  const priced = (days: number): readonly Change[] => [
    ["{ cover: yes, allow: { schedule: eye-services, lesser: yes } }", "{ cover: yes }"],
    clause(
      "{ wait: { for: waiting, from: enrolled } }\n### 6.2 Two\nThis says yet more.\n\n    when: days(enrolled, from) >= 30\n    allow: { schedule: eye-services, lesser: yes }",
    ),
    numbers(`waiting: ${days} days`),
  ]
  const codes = (days: number) => [...new Set(find(change(sample, ...priced(days))).map(({ code }) => code))]
  assert.deepEqual(codes(90), ["not-proved"])
  assert.deepEqual(codes(20), ["uncovered"])
})

/** Two rules of each kind of which only one may win; the sample has a third of some. */
const pairs: Readonly<Partial<Record<Kind, string>>> = {
  network: "network: { tier: in }",
  assurance: "assurance: { table: front }",
  timely: "timely: { window: answer, from: service }",
  duplicate: "duplicate: { same: [code] }",
  wastage: "wastage: { waste: JW, none: JZ }",
  global: "global: { table: eye-services, unless: [] }",
  comanage:
    'comanage: { surgery: { modifier: "54", share: second }, after: { modifier: "55", share: second }, days: ninety }',
  capitate: "capitate: { contract: C1, copay: yes }",
  allow: "allow: { ofCharge: second, lesser: yes }",
  bilateral: "bilateral: { table: eye-services }",
  multiple: "multiple: { ranks: [whole], beyond: last, part: all }",
  alternate: "alternate: { as: T20, owes: member }",
  allowance: "allowance: { bucket: glasses, overage: over }",
  copay: "copay: none",
  deductible: "deductible: none",
  coinsurance: "coinsurance: none",
  first: "first: { bucket: counted, share: { copay: none, deductible: none, coinsurance: none } }",
  outOfPocket: "outOfPocket: { bucket: most-you-pay, counts: [copay] }",
  cob: "cob: { method: standard, posts: owed }",
  withhold: "withhold: { percent: second, pool: quality }",
  interest: "interest: { due: ninety, clock: clean, rate: yearly, dayCount: 365 }",
  trueUp: "trueUp: { parts: [deductible], within: ninety }",
}

test("of every kind of which one may win, two that meet a line conflict", () => {
  const one = kinds.filter((kind) => exclusive[kind] && kind !== "define")
  assert.deepEqual(Object.keys(pairs).sort(), [...one].sort(), "no kind is left out")
  for (const [kind, rule] of Object.entries(pairs)) {
    const [first, second] =
      kind === "interest" || kind === "trueUp" ? ["", ""] : ["when: accident\n    ", "when: units > 2\n    "]
    const bucket =
      kind === "first" ? "\n    bucket: { name: counted, measure: count, person: visits, period: year }" : ""
    const text = change(
      sample,
      clause(`${first}${rule}${bucket}\n### 6.2 Two\nThis says yet more.\n\n    ${second}${rule}`),
      numbers("ninety: 90 days, visits: 2 visits, yearly: 4.625 %/year"),
    )
    const rules = find(text).flatMap(({ code, witness }) =>
      code === "conflict" ? [(witness as { rules: readonly string[] }).rules.join(" ")] : [],
    )
    assert.ok(rules.includes(`6.1/${kind} 6.2/${kind}`), `${kind}: ${rules.join(", ")}`)
  }
})

const conditions = [
  "age(born, from) < 18",
  "age(born, from) >= 65 && units > 2",
  'has(place) && place in ["11", "12"] || accident',
  'hasModifier("25") && !hasModifier("50")',
  'days(enrolled, from) > 365 && "Z01" in diagnoses',
  'charge > number("ded") && codeSystem != "X"',
  "emergency || inpatient && days > 3",
  'members > 2 && (sex == "F" || relation == "child")',
]

/** A plan of clauses with conditions, each an exception to the one before of its kind. */
function widePlan(clauses: number): string {
  const kinds = ["copay: none", "deductible: none", "coinsurance: none", "waive: { parts: [copay] }"]
  const leaves = ["exam", "test", "procedure", "medicine"]
  const texts = Array.from({ length: clauses }, (_, i) => {
    const before =
      i < kinds.length
        ? ""
        : `\n    exceptionTo: [${Array.from({ length: Math.floor(i / 4) }, (_, n) => `6.${(i % 4) + 4 * n + 1}`).join(", ")}]`
    const first = i % 4 < 3 ? "[5.1]" : ""
    const over =
      before === "" && first !== ""
        ? `\n    exceptionTo: ${first}`
        : before.replace("[6", `[${i % 4 < 3 ? "5.1, " : ""}6`)
    const reach = i % 4 === 3 ? leaves.join(", ") : "exam"
    return `### 6.${i + 1} A clause\nThis says more.\n\n    for: [${reach}]${over}\n    when: ${conditions[(i * 3) % 8]} && units < ${i + 2}\n    ${kinds[i % 4]}\n`
  })
  return change(
    sample,
    ["tiers: [in]", "tiers: [in, out, far]"],
    ["claims: [professional]", "claims: [professional, institutional]"],
    network,
    ["## 7 Time limits", `## 6 More\n${texts.join("")}## 7 Time limits`],
  )
}

test("sixty clauses with conditions are checked in less than two seconds", (t) => {
  const text = widePlan(50)
  const started = process.cpuUsage()
  const findings = find(text)
  const { user, system } = process.cpuUsage(started)
  const took = Math.round((user + system) / 1000)
  const codes = [...new Set(findings.map(({ code }) => code))].sort()
  t.diagnostic(`${took} ms of processor time, findings: ${codes.join(", ")}`)
  assert.ok(!codes.includes("syntax") && !codes.includes("unknown-name"), "it reads")
  assert.ok(!codes.includes("not-proved"), "all of it is proved")
  assert.ok(took < 2000, `${took} ms`)
})

test("a plan made to be hard to check is given up on, and soon", (t) => {
  // Random clauses of three flags each, as many as make it hard to say whether 5.1 is ever left a line.
  let state = 7
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) % below
  }
  const flags = Array.from({ length: 60 }, (_, i) => `m${i}`)
  const texts = Array.from({ length: 264 }, (_, i) => {
    const parts = Array.from({ length: 3 }, () => `${random(2) === 0 ? "!" : ""}("m${random(60)}" in flags)`)
    return `### 6.${i + 1} A clause\nThis says more.\n\n    { for: [exam], when: (${parts.join(" && ")}), exceptionTo: 5.1, copay: none }\n`
  })
  const started = process.cpuUsage()
  const findings = find(
    change(
      sample,
      ["claims: [professional]\n", `claims: [professional]\nflags: [${flags.join(", ")}]\n`],
      ["## 7 Time limits", `## 6 More\n${texts.join("")}## 7 Time limits`],
    ),
  )
  const { user } = process.cpuUsage(started)
  t.diagnostic(`${Math.round(user / 1000)} ms of processor time`)
  assert.deepEqual(
    findings.map(({ code, refuses }) => [code, refuses]),
    [["not-proved", false]],
  )
  assert.ok(user < 8_000_000)
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
  const text = change(sample, ["tiers: [in]", `tiers: [in, out, ${tiers}]`], network, [
    "exam-copay: 30.00 USD",
    `exam-copay: [${values.join(",\n  ")}]`,
  ])
  const codes = find(text).map(({ code }) => code)
  assert.deepEqual(codes, ["not-proved"])
})
