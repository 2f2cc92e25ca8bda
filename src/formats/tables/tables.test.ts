import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { gunzipSync } from "node:zlib"
import { toUtf8 } from "#crypto"
import { parseDate } from "../../base/time.ts"
import { adjudicate } from "../../plan/adjudicate/adjudicate.ts"
import { type ClaimLine, plainClaim, plainLine, plainMember, plainProvider } from "../../plan/claim.ts"
import { inputOf } from "../../plan/input.ts"
import { readPlan } from "../../plan/language/read.ts"
import { parseCsv } from "../../plan/language/tables.ts"
import { firstSnapshot } from "../../plan/snapshot.ts"
import { type Answer, isRefusal, orRefuse } from "../answer.ts"
import { loadDiagnosisCodes } from "./diagnosis-codes.ts"
import { loadFeeSchedule } from "./fee-schedule.ts"
import { loadNcciPairs } from "./ncci-pairs.ts"
import { type PublishedTable, tableCsv, tableDeclaration } from "./published-table.ts"
import { loadReasonCodes } from "./reason-codes.ts"
import { loadUnitLimits } from "./unit-limits.ts"

// Rows in the publishers' layouts. The codes are of HCPCS Level II; pairs, limits and rates are invented.
const pairs = `Notice of the publisher
Column 1\tColumn 2\t*=in existence prior to 1996\tEffective Date\tDeletion Date *=no data\tModifier 0=not allowed\tRationale
G0008\tG0009\t\t20240101\t*\t0\tinvented
G0008\tG0010\t\t20240101\t*\t1\tinvented
J0178\tG0008\t\t20200101\t20251231\t0\tinvented
J0178\tG0009\t\t20230101\t20230101\t9\tinvented
`
const limits = `"HCPCS/CPT Code","Practitioner Services MUE Values","MUE Adjudication Indicator","MUE Rationale"
G0008,1,"2 Date of Service Edit: Policy","invented"
J0178,2,"3 Date of Service Edit: Clinical","invented"
G0009,1,"1 Line Edit","invented"
`
const fees = `Addendum B, title of the publisher
HCPCS Code,Short Descriptor,SI,APC,Relative Weight,Payment Rate
G0008,text,S,5692,,$36.19
G0009,text,S,5692,,$36.19
G0010,text,S,5692,,$1.50
J0178,text,K,9999,,$731.885
J2778,text,K,9999,,"$1,234.50"
A0021,text,E1,,,
`
const diagnoses = `00001 A00     0 Title                                                        Title
00002 A000    1 Title                                                        Title
00003 H353211 1 Title                                                        Title
`

const text = (value: string) => toUtf8(value)
const mustRead = (answer: Answer<PublishedTable>) => orRefuse(answer)

test("CMS's pairs keep their dates and indicators, and no text", () => {
  const table = mustRead(loadNcciPairs(text(pairs)))
  assert.deepEqual(table.rows, [
    ["G0008", "G0009", "0", "2024-01-01", ""],
    ["G0008", "G0010", "1", "2024-01-01", ""],
    ["J0178", "G0008", "0", "2020-01-01", "2026-01-01"],
    ["J0178", "G0009", "9", "2023-01-01", "2023-01-02"],
  ])
  assert.equal(table.left.get("no pair of codes"), 2)
  assert.doesNotMatch(new TextDecoder().decode(tableCsv(table)), /invented|Notice/)
})

test("limits, fees and diagnoses come in the layouts in which they are published", () => {
  assert.deepEqual(mustRead(loadUnitLimits(text(limits))).rows[1], ["J0178", "2", "3"])
  const schedule = mustRead(loadFeeSchedule(text(fees)))
  assert.deepEqual(schedule.rows[3], ["J0178", "731.885", "K"])
  assert.deepEqual(schedule.rows[4], ["J2778", "1234.50", "K"])
  assert.equal(schedule.left.get("no rate"), 1)
  const order = mustRead(loadDiagnosisCodes(text(diagnoses)))
  assert.deepEqual(order.rows, [["A000"], ["H353211"]])
  assert.deepEqual(mustRead(loadDiagnosisCodes(text("A000    Title\nH35.3211 Title\n"))).rows, order.rows)
})

test("the list of reasons keeps the days on which each may be used", () => {
  const list = `Code,Description,Start Date,Last Modified,Stop Date\n1,text,01/01/1995,,\n17,text,01/01/1995,,07/01/2009\nM51,text,2001-10-16,,\n`
  const codes = orRefuse(loadReasonCodes(text(list)))
  assert.deepEqual(codes.get("17"), { from: parseDate("1995-01-01"), until: parseDate("2009-07-01") })
  assert.deepEqual(codes.get("M51"), { from: parseDate("2001-10-16") })
})

test("what is wrong with a file is said with its line", () => {
  const rows: readonly [string, Answer<unknown>, string, string][] = [
    ["a day that does not exist", loadNcciPairs(text("G0008\tG0009\t\t20240230\t*\t0\n")), "table-date", "line 1"],
    ["another indicator", loadNcciPairs(text("G0008\tG0009\t\t20240101\t*\t7\n")), "table-cell", "line 1, column 6"],
    ["a pair twice", loadNcciPairs(text("G0008\tG0009\t\t20240101\t*\t0\n".repeat(2))), "table-twice", "line 2"],
    ["no number", loadUnitLimits(text("G0008,many,2 Date\n")), "table-cell", "line 1"],
    ["an open quote", loadUnitLimits(text('G0008,"1,2\n')), "table-csv", "line 1"],
    ["no heading", loadFeeSchedule(text("G0008,1.00\n")), "table-heading", "line 1"],
    ["no amount", loadFeeSchedule(text("code,rate\nG0008,1.2.3\n")), "table-cell", "line 2"],
    ["no rows", loadDiagnosisCodes(text("nothing\n")), "table-empty", "line 1"],
    ["no text", loadDiagnosisCodes(Uint8Array.of(0xff, 0xfe, 0)), "table-encoding", "line 1"],
    ["no column", loadReasonCodes(text("a,b\n1,2\n")), "table-heading", "line 1"],
  ]
  for (const [what, answer, code, at] of rows) {
    assert.ok(isRefusal(answer), what)
    assert.deepEqual([answer.code, answer.at], [code, at], what)
  }
})

const day = parseDate("2026-04-14")!
const span = { version: "2026-04", from: parseDate("2026-01-01")!, until: parseDate("2027-01-01")!, source: "invented" }

/** A plan that stands on the four loaded tables. */
function planOf() {
  const loaded = {
    pairs: mustRead(loadNcciPairs(text(pairs))),
    limits: mustRead(loadUnitLimits(text(limits))),
    fees: mustRead(loadFeeSchedule(text(fees))),
    diagnoses: mustRead(loadDiagnosisCodes(text(diagnoses))),
  }
  const files = new Map<string, Uint8Array>()
  const declarations = Object.entries(loaded).map(([name, table]) => {
    files.set(name, tableCsv(table))
    return tableDeclaration(table, files.get(name)!, { ...span, name })
  })
  const document = `---
language: plan/1
plan: loaded
version: 1
title: A plan on published tables
payer: mutual
currency: { code: USD, exponent: 2 }
effective: { from: 2026-01-01, until: 2027-01-01 }
rounding: half-up
periods: { year: calendar }
tiers: [in]
claims: [professional]
windows: { claim: 365 days, correction: 180 days, lookBack: 730 days, answer: 72 hours }
assurance: { patient: pays, proxy: pays, attested: pays, silent: never }
tables: [${declarations.join(", ")}]
---
# A plan on published tables
## 1 Words
### 1.1 The list of fees
The list of fees names each code once.

    define: { codes: fee-codes, table: fees }
### 1.2 Services
All codes of the list of fees are services.

    define: { category: service, codes: fee-codes }
### 1.3 Diagnoses
A diagnosis is one of the list in force.

    define: { codes: valid-diagnoses, table: diagnoses }
## 2 Covered
### 2.1 What we cover
We allow the rate in the list of fees.

    { cover: yes, allow: { schedule: fees, lesser: yes } }
### 2.2 Pairs
Some services are part of others of the same day.

    bundle: { table: pairs, within: day, unless: ["59"] }
### 2.3 Units
There are limits on units.

    units: { table: limits }
`
  const read = readPlan(text(document), files)
  if ("findings" in read) assert.fail(read.findings.map((one) => `${one.line}: ${one.message}`).join("\n"))
  return read.plan
}

const plan = planOf()

function decide(...lines: readonly Partial<ClaimLine>[]) {
  const whole = lines.map((line, index) => ({ ...plainLine(index + 1, "G0008", 100_000n, day), ...line }))
  const member = { ...plainMember, coverFrom: span.from }
  const period = { from: span.from, to: span.until - 1 }
  const snapshot = firstSnapshot({
    ...{ payer: "mutual", member: new Uint8Array(32), plan: plan.digest, period, facts: member, expiry: 0 },
  })
  const provider = plainProvider("clinic")
  const { leg } = adjudicate(inputOf({ plan, claim: plainClaim(whole, day), member, provider, snapshot, on: day }))
  return leg.lines.map((line) => {
    const refused = line.status === "denied" ? line.adjustments.find((one) => one.carc !== "45") : undefined
    return refused === undefined ? `${line.status} ${line.benefit}` : `${refused.group}-${refused.carc}`
  })
}

test("a plan stands on the loaded tables: sub-cent rates, pairs by date and mark, units by line and day, diagnoses", () => {
  assert.deepEqual(decide({ code: "J0178", unitsMilli: 2000, charge: 300_000n }), ["paid 146377"])
  assert.deepEqual(decide({}, { code: "G0009" }), ["paid 3619", "CO-236"])
  assert.deepEqual(decide({}, { code: "G0010" }), ["paid 3619", "CO-236"])
  assert.deepEqual(decide({}, { code: "G0010", modifiers: ["59"] }), ["paid 3619", "paid 150"])
  // The pair J0178, G0008 ended with 2025.
  assert.deepEqual(decide({ code: "J0178" }, {}), ["paid 73189", "paid 3619"])
  assert.deepEqual(decide({ unitsMilli: 2000 }), ["CO-151"])
  assert.deepEqual(decide({ code: "G0009", unitsMilli: 2000 }), ["CO-151"])
  assert.deepEqual(decide({ diagnoses: ["H35.3211"] }), ["paid 3619"])
  assert.deepEqual(decide({ diagnoses: ["A00"] }), ["CO-146"])
})

test("three real editions of Addendum B and the ICD-10-CM codes load, and none carries a text", (t) => {
  const folder = new URL("../../../../shared/data/codes/", import.meta.url)
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const open = (name: string) => new Uint8Array(gunzipSync(readFileSync(new URL(name, folder))))
  const sizes = ["2024-01", "2025-04", "2026-04"].map((edition) => {
    const table = mustRead(loadFeeSchedule(open(`opps-addendum-b-${edition}-hcpcs2.csv.gz`)))
    const rates = new Map(table.rows.map(([code, rate]) => [code, rate]))
    const rows = parseCsv(new TextDecoder().decode(tableCsv(table)))!
    assert.ok(rows.every((row) => row.every((cell) => cell.length <= 20)))
    return [table.rows.length, rates.get("J0178")]
  })
  assert.deepEqual(sizes, [
    [837, "862.28"],
    [856, "795.861"],
    [1217, "731.885"],
  ])
  assert.equal(mustRead(loadDiagnosisCodes(open("2018_I10gem.txt.gz"))).rows.length, 71_704)
})
