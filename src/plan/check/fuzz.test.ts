/**
 * Mutilated plans, conditions and cases, from a seed: whatever is read gives a plan or findings with a place in the text,
 * never another error, and never takes long. COUNTERSIGN_LONG=1 runs a hundred times as many.
 */
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { performance } from "node:perf_hooks"
import { test } from "node:test"
import { sha256, toUtf8 } from "#crypto"
import { mutate, numbersFrom, oneOf } from "../../../test/mutilated-text.ts"
import { toHex } from "../../base/bytes.ts"
import { exactWords } from "../booklet/exact-words.ts"
import { parseCases } from "../cases/cases.ts"
import { runCase } from "../cases/run-case.ts"
import { type Finding, Report } from "../language/finding.ts"
import { readPlan } from "../language/read.ts"
import { readWhen } from "../language/when.ts"
import { checkPlan, reviewOf } from "./check.ts"

const root = new URL("../../../", import.meta.url)

const bytesOf = (path: string) => new Uint8Array(readFileSync(new URL(path, root)))

const textOf = (path: string) => readFileSync(new URL(path, root), "utf8")

interface Seed {
  readonly name: string
  readonly document: string
  readonly cases: string
  readonly tables: ReadonlyMap<string, Uint8Array>
}

function seedOf(folder: string, name: string): Seed {
  const document = textOf(`${folder}/${name}.md`)
  const tables = [...document.matchAll(/\{ name: ([a-z0-9-]+), version: /g)].map((match) => match[1]!)
  return {
    name,
    document,
    cases: textOf(`${folder}/${name}.cases`),
    tables: new Map(tables.map((table) => [table, bytesOf(`${folder}/tables/${table}.csv`)])),
  }
}

/** Every plan that stands in the two folders. */
const seeds: readonly Seed[] = ["plans", "src/plan/fixtures"].flatMap((folder) =>
  readdirSync(new URL(folder, root))
    .filter((file) => file.endsWith(".md"))
    .map((file) => seedOf(folder, file.slice(0, -3))),
)

const sampleSeed = seeds.find(({ name }) => name === "eye-sample")!

const isLong = process.env["COUNTERSIGN_LONG"] === "1"

const seedNumber = Number(process.env["COUNTERSIGN_SEED"] ?? 20_260_101)

/** Milliseconds for one input, with room for a machine that does other things too. */
const mostTime = 4000

/** Runs one input; what it throws or takes too long is told with the input itself. */
function within<T>(input: string, run: () => T): T {
  const started = performance.now()
  try {
    return run()
  } catch (error) {
    throw new Error(`This input is not survived (${(error as Error).message}):\n${JSON.stringify(input)}`, {
      cause: error,
    })
  } finally {
    const took = performance.now() - started
    assert.ok(took < mostTime, `took ${Math.round(took)} ms:\n${JSON.stringify(input)}`)
  }
}

function checkPlaces(findings: readonly Finding[], text: string, input: string): void {
  const lines = text.split("\n")
  for (const { line, column, code, message, remedy } of findings) {
    const width = lines[line - 1]?.length
    const isThere = line >= 1 && column >= 1 && line <= lines.length && column <= (width ?? 0) + 1
    assert.ok(
      isThere,
      `${code} “${message}” at ${line}:${column} of ${lines.length}, ${width}:\n${JSON.stringify(input)}`,
    )
    assert.ok(message.endsWith(".") && remedy.endsWith("."), message)
  }
}

/** The text as the reader sees it: bytes that are no UTF-8 have no lines. */
function survive(seed: Seed, text: string, bytes: Uint8Array): "read" | "refused" {
  const read = readPlan(bytes, seed.tables)
  if ("findings" in read) {
    assert.ok(read.findings.length > 0, `refused without a reason:\n${JSON.stringify(text)}`)
    checkPlaces(read.findings, text, text)
    return "refused"
  }
  const { plan } = read
  const { cases, findings } = parseCases(seed.cases, plan)
  checkPlaces(findings, seed.cases, text)
  const found = checkPlan(plan, { cases, reviewed: reviewOf(plan) })
  checkPlaces(
    found.filter(({ file }) => file === undefined),
    text,
    text,
  )
  for (const rule of plan.rules) exactWords(plan, rule, plan.front.effective.from)
  return "read"
}

test("mutilated plan documents are read or refused with a place, and soon", (t) => {
  const chance = numbersFrom(seedNumber)
  const count = { read: 0, refused: 0 }
  const runs = isLong ? 30_000 : 120
  for (let i = 0; i < runs; i++) {
    const seed = oneOf(chance, seeds)
    let text = seed.document
    for (let changes = 1 + chance(3); changes > 0; changes--) text = mutate(text, chance)
    within(text, () => {
      count[survive(seed, text, toUtf8(text))]++
    })
  }
  t.diagnostic(`${count.read} of ${runs} were still plans`)
  assert.ok(count.read > runs / 100 && count.refused > runs / 2)
})

test("what the fuzzing found once stays found: faults at the very end and on empty lines", () => {
  const { document } = sampleSeed
  const front = document.slice(0, document.indexOf("\n---\n") + 4)
  const texts = [
    front,
    `${front}\n`,
    `${front}\n# Title\n\`\`\`numbers`,
    document.replace('unless: ["25"] }', 'unless: ["25] }\n\n    x: y'),
    document.replace("effective: { from: 2026-01-01", "effective: { from: 0000-01-01"),
  ]
  for (const text of texts) within(text, () => assert.equal(survive(sampleSeed, text, toUtf8(text)), "refused"))
})

test("bytes that are no text at all are refused", () => {
  const chance = numbersFrom(seedNumber + 1)
  for (let i = 0; i < (isLong ? 20_000 : 120); i++) {
    const seed = oneOf(chance, seeds)
    const bytes = toUtf8(seed.document)
    for (let changes = chance(4); changes >= 0; changes--) bytes[chance(bytes.length)] = chance(256)
    const cut = chance(5) === 0 ? bytes.slice(0, chance(bytes.length)) : bytes
    within(seed.name, () => {
      const text = new TextDecoder().decode(cut)
      const isText = Buffer.from(text).equals(Buffer.from(cut))
      if (isText) survive(seed, text, cut)
      else assert.deepEqual(readPlan(cut, seed.tables), { findings: [{ ...notUtf8 }] })
    })
  }
})

test("mutilated tables are read or refused at the plan's line that names them", (t) => {
  const chance = numbersFrom(seedNumber + 4)
  const count = { read: 0, refused: 0 }
  for (let i = 0; i < (isLong ? 20_000 : 120); i++) {
    const seed = oneOf(chance, seeds)
    const [name, bytes] = oneOf(chance, [...seed.tables])
    let csv = new TextDecoder().decode(bytes)
    for (let changes = chance(4); changes >= 0; changes--) csv = mutate(csv, chance)
    const changed = toUtf8(csv)
    const text = seed.document.replace(toHex(sha256(bytes)), toHex(sha256(changed)))
    const tables = new Map([...seed.tables, [name, changed]])
    within(csv, () => {
      count[survive({ ...seed, tables }, text, toUtf8(text))]++
    })
  }
  t.diagnostic(`${count.read} with a table that still reads`)
  assert.ok(count.read > 10 && count.refused > 10)
})

const notUtf8 = {
  code: "canon",
  refuses: true,
  clause: undefined,
  line: 1,
  column: 1,
  message: "The document is not UTF-8.",
  remedy: "Save it as UTF-8.",
}

const tokens: readonly string[] = [
  ...'&& || == != < <= > >= in + - * ! ( ) [ ] , true false accident units days charge born from code place modifiers diagnoses tier category flags 0 1 02 9223372036854775807 99999999999999999999 "" "25" "T20" "x'.split(
    " ",
  ),
  "age(born, from)",
  "days(from, received)",
  'date("2026-01-01")',
  'date("2026-13-01")',
  'codeIn("odd")',
  'diagnosisIn("",)',
  'hasModifier("50")',
  'startsWith(place, "1")',
  'is("exam")',
  "has(place)",
  "has(has)",
  'number("ded")',
  "number(ded)",
  "constructor",
  "__proto__",
  "has(toString)",
  'number("__proto__")',
  'is("constructor")',
  "(".repeat(300),
  "!".repeat(300),
  "-".repeat(300),
  "[".repeat(300),
  "accident || ".repeat(300),
  "\u00e9",
  "\\",
  "'",
  "/",
  "\n",
]

test("conditions out of pieces are read or refused at their column", (t) => {
  const chance = numbersFrom(seedNumber + 2)
  const read = readPlan(toUtf8(sampleSeed.document), sampleSeed.tables)
  assert.ok("plan" in read)
  const names = { numbers: read.plan.numbers, sets: read.plan.sets, categories: new Map(), flags: [] }
  let good = 0
  const runs = isLong ? 600_000 : 8000
  for (let i = 0; i < runs; i++) {
    const pieces = Array.from({ length: 1 + chance(9) }, () => oneOf(chance, tokens))
    const text = pieces.join(chance(8) === 0 ? "" : " ")
    within(text, () => {
      const report = new Report()
      const when = report.attempt(() => readWhen(text, { line: 3, column: 5 }, names, report))
      if (when === undefined) {
        const [finding, ...more] = report.findings
        assert.ok(finding !== undefined && more.length === 0 && finding.line === 3, text)
        assert.ok(finding.column >= 5 && finding.column <= 5 + text.length, `${finding.column}: ${text}`)
        return
      }
      good++
      when.test({ day: 20_500, leaf: undefined, read: () => undefined })
      when.test({ day: 20_500, leaf: undefined, read: (name) => (name === "units" ? 2n ** 62n : undefined) })
    })
  }
  t.diagnostic(`${good} of ${runs} were conditions`)
  assert.ok(good > runs / 500)
})

test("mutilated cases are run or refused at their line", (t) => {
  const chance = numbersFrom(seedNumber + 3)
  const plans = seeds.map((seed) => {
    const read = readPlan(toUtf8(seed.document), seed.tables)
    assert.ok("plan" in read)
    return { seed, plan: read.plan }
  })
  let run = 0
  const runs = isLong ? 60_000 : 300
  const facts = [
    "born 2019-01-01",
    "place é",
    `place ${"x".repeat(3000)}`,
    "modifiers 25+50",
    "members 999999999999999999",
    "flags",
    "diagnoses a+b+c+d+e+f+g+h+i+j+k+l+m",
    "kind drug",
    "units 3",
    "rank 0",
    "earlier 1.00 2.00 3.00",
    "earlier 1 2 999999999999999999999",
    "authorized é",
    "authorized T20, referred x, noticed 9.9, decided 2.1 yes",
    "decided 2.1 perhaps",
    "rank 99",
    "sex \u0001",
    "received 0001-01-01",
    "admitted 9999-12-31",
    "coverFrom 2026-12-31",
    "frequency 8",
    "tier out",
    "assurance silent",
  ]
  for (let i = 0; i < runs; i++) {
    const { seed, plan } = oneOf(chance, plans)
    let text = seed.cases
    for (let changes = 1 + chance(3); changes > 0; changes--) {
      text = chance(3) === 0 ? text.replace("| |", () => `| ${oneOf(chance, facts)} |`) : mutate(text, chance)
    }
    within(text, () => {
      const { cases, findings } = parseCases(text, plan)
      checkPlaces(findings, text, text)
      for (const item of cases) runCase(plan, item)
      run += cases.length
    })
  }
  t.diagnostic(`${run} cases were run`)
  assert.ok(run > runs)
})
