import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { type TestContext, test } from "node:test"
import fc from "fast-check"
import { Refused } from "../../base/refusal.ts"
import { parseCases } from "../../plan/cases/cases.ts"
import { runCase } from "../../plan/cases/run-case.ts"
import { checkPlan } from "../../plan/check/check.ts"
import { readPlan } from "../../plan/language/read.ts"
import { type EncodedRow, encodeFilings, type FilingBytes, filesOf, filingFiles } from "./filed-table.ts"
import type { FiledExample, Filing } from "./filings.ts"
import { modelLines } from "./model.ts"

const folder = new URL("../../../../shared/data/plans-sbc/", import.meta.url)
const total = 280_000n

function readFolder(): FilingBytes {
  const read = (name: keyof FilingBytes) => new Uint8Array(readFileSync(new URL(filingFiles[name], folder)))
  return { filings: read("filings"), grids: read("grids"), printed: read("printed"), example: read("example") }
}

/** The same folder with the first filings only. */
function readFew(): FilingBytes {
  const files = readFolder()
  const rows = Buffer.from(files.filings).toString().split("\n").slice(0, 6)
  return { ...files, filings: new Uint8Array(Buffer.from(`${rows.join("\n")}\n`)) }
}

let known: ReturnType<typeof encodeFilings> | undefined
/** The run over the real folder, once for all tests; undefined where the folder is absent. */
function encoded(t: TestContext): ReturnType<typeof encodeFilings> | undefined {
  if (!existsSync(folder)) t.skip("../shared is absent")
  else known ??= encodeFilings(readFolder())
  return known
}

const filingsIn = (rows: readonly EncodedRow[]) => rows.flatMap(({ filing }) => (filing === undefined ? [] : [filing]))
const sumOf = ({ deductible, copay, coinsurance }: Omit<FiledExample, "limit" | "total">) =>
  deductible + copay + coinsurance

test("each filed and printed plan: readable, no finding, every case out to the cent, each rule touched", (t) => {
  const run = encoded(t)
  if (run === undefined) return
  for (const row of run.rows) {
    const { cases, findings } = parseCases(row.cases, row.plan)
    assert.deepEqual([...findings, ...checkPlan(row.plan, { cases })], [], row.id)
    assert.ok(cases.length >= 3, row.id)
  }
  assert.equal(run.rows.length, 65)
})

test("the table: how many filings come out, and why the others cannot", (t) => {
  const run = encoded(t)
  if (run === undefined) return
  const counts: Record<string, number> = {}
  for (const { outcome } of run.rows) counts[outcome] = (counts[outcome] ?? 0) + 1
  t.diagnostic(JSON.stringify(counts))
  assert.deepEqual(counts, {
    equal: 19,
    "copays not filed": 28,
    "misread cell": 1,
    "part not filed": 7,
    flagged: 5,
    "not rounded": 1,
    "stand-ins": 2,
    "own rule left out": 1,
    "design only": 1,
  })
  const whole = run.rows.filter(({ given }) => given === "filing and grid")
  assert.deepEqual([whole.length, whole.filter(({ outcome }) => outcome === "equal").length], [11, 7])
  const flagged = run.rows.filter(({ outcome }) => outcome === "flagged").map(({ id }) => id)
  const marked = filingsIn(run.rows).filter(({ flags }) => flags.startsWith("fracture"))
  assert.deepEqual(
    flagged,
    marked.map(({ id }) => id),
  )
})

test("our own figures hold together: parts and benefit are the whole, limits are kept, two ways agree to the cent", (t) => {
  const run = encoded(t)
  if (run === undefined) return
  for (const { id, exact, design, example } of run.rows) {
    assert.equal(exact.pended, 0, id)
    if (example !== "fracture") continue
    assert.equal(sumOf(exact) + exact.benefit, total, id)
    if (design.most !== undefined) assert.ok(sumOf(exact) <= design.most.person, id)
    assert.ok(exact.deductible <= design.deductible.person + (design.drug?.deductible ?? 0n), id)
    const { deductible, copay, coinsurance } = exact
    assert.deepEqual({ deductible, copay, coinsurance }, modelLines(design, run.lines), id)
  }
})

const ladder = ["standard", "csr73", "csr87", "csr94", "zero"]
type Rung = { readonly id: string; readonly sum: bigint }

/** Pairs of variants of one plan in which the richer subsidy costs the member more. */
function climbs(rows: readonly (readonly [Filing, bigint])[]): readonly string[] {
  const bases = new Map<string, Rung[]>()
  for (const variant of ladder)
    for (const [filing, sum] of rows)
      if (filing.variant === variant)
        bases.set(filing.base, [...(bases.get(filing.base) ?? []), { id: filing.id, sum }])
  const found: string[] = []
  for (const rungs of bases.values())
    for (const [i, rung] of rungs.entries()) if (i > 0 && rung.sum > rungs[i - 1]!.sum) found.push(rung.id)
  return found
}

test("a richer subsidy never costs more: in our figures save at the misread cell, in the filings with one exception", (t) => {
  const run = encoded(t)
  if (run === undefined) return
  const ours = run.rows.flatMap((row) => (row.filing === undefined ? [] : [[row.filing, sumOf(row.exact)] as const]))
  const misread = run.rows.filter(({ outcome }) => outcome === "misread cell").map(({ id }) => id)
  assert.deepEqual([climbs(ours), misread], [["23818NJ0010008-04"], ["23818NJ0010008-04"]])
  const filings = filingsIn(run.rows)
  const filed = (name: "baby" | "diabetes" | "fracture") =>
    climbs(filings.map((filing) => [filing, filing.examples[name].total] as const))
  assert.deepEqual([filed("baby"), filed("fracture"), filed("diabetes")], [[], [], ["91661NJ2270001-04"]])
})

test("the filings themselves: parts sum up, and no more than the yearly limit is asked save by rounding", (t) => {
  const run = encoded(t)
  if (run === undefined) return
  for (const { id, examples, most, flags } of filingsIn(run.rows)) {
    for (const example of [examples.baby, examples.diabetes, examples.fracture]) {
      assert.equal(sumOf(example) + example.limit, example.total, id)
      if (sumOf(example) * 100n > most.person) assert.ok(sumOf(example) * 100n <= most.person + 10_000n, id)
      if (sumOf(example) * 100n > most.person && flags === "") t.diagnostic(`${id} is above its limit by rounding`)
    }
  }
})

test("a family's deductible: embedded stops at a person's sum, aggregate goes on to the family's", (t) => {
  const run = encoded(t)
  if (run === undefined) return
  const paid = (id: string, facts: string) => {
    const row = run.rows.find((each) => each.id === id)!
    const text = `a long stay | ${row.design.year}-06-10 | ${facts} | | INP @4000.00 | 0.00 | 0.00 | 3.1\n`
    const [item] = parseCases(text, row.plan).cases
    const { leg } = runCase(row.plan, item!).outcome
    return leg.lines[0]!.adjustments.find(({ carc }) => carc === "1")!.amount
  }
  // $5000 per person / $5000 per group with a person's own 2,500: aggregate.
  assert.equal(paid("91762NJ0070006-01", "selfOnly"), 250_000n)
  assert.equal(paid("91762NJ0070006-01", "members 3"), 400_000n)
  // $2500 per person / $5000 per group: embedded.
  assert.equal(paid("17970NJ0010003-01", "members 3"), 250_000n)
})

test("the written files are the plan again, and the same folder gives the same bytes", (t) => {
  const run = encoded(t)
  if (run === undefined) return
  for (const row of encodeFilings(readFew()).rows) {
    const files = filesOf(row)
    assert.deepEqual(files, filesOf(run.rows.find(({ id }) => id === row.id)!))
    const table = files.find(({ path }) => path === "tables/sbc-services.csv")!
    const read = readPlan(files[0]!.bytes, new Map([["sbc-services", table.bytes]]))
    assert.ok("plan" in read)
  }
})

test("a broken folder is refused with its place; nothing else is thrown", (t) => {
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const files = readFew()
  const refusal = (changed: Partial<FilingBytes>) => {
    try {
      encodeFilings({ ...files, ...changed })
      return "read"
    } catch (error) {
      if (error instanceof Refused) return `${error.refusal.code} ${error.refusal.at}`
      throw error
    }
  }
  const edited = (name: keyof FilingBytes, from: string, to: string) => {
    const text = Buffer.from(files[name]).toString()
    assert.ok(text.includes(from), from)
    return { [name]: new Uint8Array(Buffer.from(text.replace(from, to))) }
  }
  const row = "puf_plans_sbc_results.csv, line 2"
  assert.equal(refusal(edited("filings", ",9800,19600,", ",98OO,19600,")), `filing-cell ${row}, moop_individual`)
  assert.equal(
    refusal(edited("filings", "$2500 per person", "$2600 per person")),
    `filing-cell ${row}, deductible_family_text`,
  )
  assert.equal(
    refusal(edited("grids", "$75 after deductible", "$75 after lunch")),
    "filing-phrase nj2026_benefit_grids.json, 23818NJ0010001-01, specialist",
  )
  assert.equal(refusal(edited("example", "Ambulance", "Ambulanz")), "example-category Ambulance")
  assert.equal(refusal({ printed: new Uint8Array([123]) }), "filing-json printed_sbc_plans.json, plans")
  fc.assert(
    fc.property(
      fc.constantFrom(...(Object.keys(filingFiles) as (keyof FilingBytes)[])),
      fc.nat(),
      fc.uint8Array({ minLength: 1, maxLength: 4 }),
      (name, at, bytes) => {
        const copy = new Uint8Array(files[name])
        copy.set(bytes.subarray(0, copy.length - (at % (copy.length - 4))), at % (copy.length - 4))
        refusal({ [name]: copy })
      },
    ),
    { numRuns: 25, seed: 5 },
  )
})
