import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { Refused } from "../../base/refusal.ts"
import { parseCases } from "../../plan/cases/cases.ts"
import { runCase } from "../../plan/cases/run-case.ts"
import { checkPlan } from "../../plan/check/check.ts"
import { readPlan } from "../../plan/language/read.ts"
import type { Plan } from "../../plan/plan.ts"
import { compareClaims } from "./claims.ts"
import { type EncodedProduct, encodeProduct } from "./product.ts"
import { readSchemeTable, type SchemeRow } from "./rows.ts"
import type { SchemeTables } from "./terms.ts"

const folder = new URL("../../../../shared/data/openimis/", import.meta.url)
const real = (name: string) => readSchemeTable(new Uint8Array(readFileSync(new URL(`${name}.csv`, folder))), name)

const realTables = (): SchemeTables => ({
  products: real("tblProduct"),
  productServices: real("tblProductServices"),
  productItems: real("tblProductItems"),
  services: real("tblServices"),
  items: real("tblItems"),
})

function planOf({ bytes, tables, name }: EncodedProduct): Plan {
  const read = readPlan(bytes, new Map(tables.map((table) => [table.name, table.bytes])))
  if ("plan" in read) return read.plan
  assert.fail(`${name}: ${JSON.stringify(read.findings[0])}`)
}

test("the eleven products are plans without a finding, and say what of them is left out", (t) => {
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const tables = realTables()
  const encoded = tables.products.map((product) => encodeProduct(tables, product))
  for (const product of encoded) assert.deepEqual(checkPlan(planOf(product)), [], product.name)
  const live = encoded.filter(({ inForce }) => inForce)
  t.diagnostic(
    live.map(({ code, benefits, unsaid }) => `${code}: ${benefits.length}, left out ${unsaid.length}`).join("; "),
  )
  assert.deepEqual([encoded.length, live.length], [11, 4])
  assert.ok(encoded.every(({ benefits, unsaid }) => benefits.length > 300 && unsaid.length > 0))
})

test("claims that openIMIS valued come out the same; the only other figure is a reviewer's", (t) => {
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const tables = realTables()
  const plans = new Map(
    tables.products.map((product) => [product.text("ProdID"), planOf(encodeProduct(tables, product))]),
  )
  const lines = compareClaims(
    {
      ...tables,
      claims: real("tblClaim"),
      claimServices: real("tblClaimServices"),
      claimItems: real("tblClaimItems"),
      policies: real("tblPolicy"),
      insureePolicies: real("tblInsureePolicy"),
      insurees: real("tblInsuree"),
    },
    plans,
  )
  const counts: Record<string, number> = {}
  for (const { outcome } of lines) counts[outcome] = (counts[outcome] ?? 0) + 1
  assert.deepEqual(counts, { equal: 4, "not valued": 6, differs: 1 })
  const valued = lines.filter(({ claim }) => claim === "16").map(({ theirs, ours }) => [theirs, ours])
  assert.deepEqual(valued, [
    [40_000n, 40_000n],
    [26_000n, 26_000n],
  ])
  const [other] = lines.filter(({ outcome }) => outcome === "differs")
  assert.deepEqual([other?.claim, other?.code, other?.why], ["8", "M14", "a reviewer approved no unit; ours pays"])
})

/** A table from rows of fields; columns that a row leaves out are empty. */
function tableOf(rows: readonly Readonly<Record<string, string>>[]): readonly SchemeRow[] {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const text = [columns.join(","), ...rows.map((row) => columns.map((column) => row[column] ?? "").join(","))].join(
    "\n",
  )
  return readSchemeTable(new TextEncoder().encode(`${text}\n`), "invented")
}

const product = {
  ...{ ProdID: "1", ProductCode: "RICH", ProductName: "Rich", DateFrom: "2026-01-01", DateTo: "2026-12-31" },
  ...{ MaxPolicy: "3000.00", MaxPolicyExtraMember: "200.00", Threshold: "4", MaxCeilingPolicy: "3500.00" },
  ...{ DedOPInsuree: "50.00", MaxIPInsuree: "1000.00", MaxNoConsultation: "2", MaxAmountSurgery: "500.00" },
  ...{ WaitingPeriod: "3", Level1: "D", PeriodRelPrices: "M" },
}
const service = (id: string, category: string, price: string, more: Readonly<Record<string, string>> = {}) => ({
  ...{
    ServiceID: id,
    ServCode: `S${id}`,
    ServPrice: price,
    ServCategory: category,
    ServCareType: "B",
    ServPatCat: "15",
  },
  ...more,
})
const covers = (id: string, more: Readonly<Record<string, string>> = {}) => ({
  ...{ ProdID: "1", ServiceID: id, LimitationType: "C", PriceOrigin: "P", LimitAdult: "100.00", LimitChild: "100.00" },
  ...{ LimitationTypeR: "C", LimitationTypeE: "C", LimitAdultR: "100.00", LimitAdultE: "100.00" },
  ...{ LimitChildR: "100.00", LimitChildE: "100.00", ...more },
})
const rich: SchemeTables = {
  products: tableOf([product]),
  services: tableOf([
    service("1", "C", "400.00"),
    service("2", "S", "900.00"),
    service("3", " ", "100.00"),
    service("4", " ", "80.00", { ServPatCat: "14" }),
    service("5", " ", "60.00", { ServCareType: "I" }),
    service("6", " ", "70.00"),
    service("7", " ", "90.00"),
  ]),
  productServices: tableOf([
    covers("1"),
    covers("2", { WaitingPeriodAdult: "3", WaitingPeriodChild: "1" }),
    covers("3", { LimitAdult: "80.00", LimitAdultR: "90.00" }),
    covers("4"),
    covers("5"),
    covers("6", { LimitNoAdult: "2", LimitNoChild: "2", PriceOrigin: "O", CeilingExclusionAdult: "B" }),
    covers("7", { PriceOrigin: "R" }),
  ]),
  items: tableOf([{ ItemID: "1", ItemCode: "I1", ItemPrice: "10.00" }]),
  productItems: tableOf([
    {
      ...{ ProdID: "1", ItemID: "1", LimitationType: "F", LimitAdult: "15.00", LimitChild: "15.00", PriceOrigin: "P" },
      ...{ LimitationTypeR: "F", LimitAdultR: "15.00", LimitChildR: "15.00" },
      ...{ LimitationTypeE: "F", LimitAdultE: "15.00", LimitChildE: "15.00" },
    },
  ]),
}

const met = "left deductible-out 0.00"
const stay = "inpatient, kind institutional, admitted 2026-06-01"
const rows: readonly string[] = [
  // Adults are paid 80 %, 90 % on referral; children and emergencies all.
  `adult | 2026-06-01 | members 2, born 1990-01-01 | ${met} | S3 @100.00 | 80.00 | 20.00 |`,
  `adult sent | 2026-06-01 | members 2, born 1990-01-01, visitType referral | ${met} | S3 @100.00 | 90.00 | 10.00 |`,
  `adult in need | 2026-06-01 | members 2, born 1990-01-01, visitType emergency | ${met} | S3 @100.00 | 100.00 | 0.00 |`,
  `child | 2026-06-01 | members 2, born 2015-01-01 | ${met} | S3 @100.00 | 100.00 | 0.00 |`,
  "deductible outside a stay | 2026-06-01 | members 2 | | S1 @400.00 | 350.00 | 50.00 |",
  `ceiling in a stay | 2026-06-01 | members 2, ${stay} | left most-in 250.00 | S1 @400.00 | 250.00 | 150.00 |`,
  `third consultation | 2026-06-01 | members 2 | ${met}, consultation-count 0 | S1 @400.00 | 0.00 | 400.00 |`,
  `sum for surgery | 2026-06-01 | members 2, coverFrom 2025-01-01 | ${met} | S2 @900.00 | 500.00 | 400.00 |`,
  `adult waits | 2026-02-01 | members 2, coverFrom 2025-12-01, born 1990-01-01 | ${met} | S2 @900.00 | 0.00 | 900.00 |`,
  `child waited | 2026-02-01 | members 2, coverFrom 2025-12-01, born 2015-01-01 | ${met} | S2 @900.00 | 500.00 | 400.00 |`,
  // Six members: 3,000.00 and twice 200.00, all but 150.00 used.
  "a family's ceiling grows | 2026-06-01 | members 6 | used most 3250.00, deductible-out 50.00 | S1 @400.00 | 150.00 | 250.00 |",
  "never above its top | 2026-06-01 | members 9 | used most 3400.00, deductible-out 50.00 | S1 @400.00 | 100.00 | 300.00 |",
  `not for men | 2026-06-01 | members 2, sex M | ${met} | S4 @80.00 | 0.00 | 0.00 |`,
  `for women | 2026-06-01 | members 2, sex F | ${met} | S4 @80.00 | 80.00 | 0.00 |`,
  `in a stay only | 2026-06-01 | members 2 | ${met} | S5 @60.00 | 0.00 | 60.00 |`,
  `own price, two units a year | 2026-06-01 | members 2 | ${met} | S6 x3 @300.00 | 200.00 | 100.00 |`,
  `fixed limit | 2026-06-01 | members 2 | ${met} | I1 x3 @30.00 | 15.00 | 0.00 |`,
]

test("every column that says what a product pays does so in the plan: invented product, money by hand", () => {
  const encoded = encodeProduct(rich, rich.products[0]!)
  const plan = planOf(encoded)
  const { cases, findings } = parseCases(`${rows.join("\n")}\n`, plan)
  assert.deepEqual([findings, cases.length], [[], rows.length])
  for (const item of cases) {
    const result = runCase(plan, item)
    assert.deepEqual([item.name, result.plan, result.patient], [item.name, item.plan, item.patient])
    assert.deepEqual(
      result.outcome.leg.findings.filter(({ code }) => code !== "also-refused"),
      [],
      item.name,
    )
  }
  const refusing = checkPlan(plan).filter(({ refuses }) => refuses)
  assert.deepEqual(refusing, [])
})

test("a relative price waits and is named, in the plan and in the list of what is left out", () => {
  const encoded = encodeProduct(rich, rich.products[0]!)
  const plan = planOf(encoded)
  const { cases } = parseCases(`relative | 2026-06-01 | members 2 | | S7 @90.00 | 0.00 | 0.00 |\n`, plan)
  const { leg } = runCase(plan, cases[0]!).outcome
  assert.deepEqual([leg.lines[0]?.status, leg.findings[0]?.code], ["pended", "no-rate"])
  assert.equal(encoded.unsaid.filter((text) => text.startsWith("relative prices of 1 services")).length, 1)
})

test("a cell of another kind is refused with table, line and column", () => {
  const refusal = (change: Readonly<Record<string, string>>) => {
    try {
      encodeProduct(rich, tableOf([{ ...product, ...change }])[0]!)
      return "read"
    } catch (error) {
      if (error instanceof Refused) return error.refusal.at
      throw error
    }
  }
  assert.equal(refusal({}), "read")
  assert.equal(refusal({ MaxPolicy: "many" }), "invented, line 2, MaxPolicy")
  assert.equal(refusal({ DedOPInsuree: "-1.00" }), "invented, line 2, DedOPInsuree")
  assert.equal(refusal({ MaxNoConsultation: "1.5" }), "invented, line 2, MaxNoConsultation")
  assert.equal(refusal({ DateTo: "2026-02-31" }), "invented, line 2, DateTo")
})
