import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import fc from "fast-check"
import { toUtf8 } from "#crypto"
import { parseDate } from "../../base/time.ts"
import { isRefusal, orRefuse } from "../answer.ts"
import { type CmsClaim, isBalanced } from "./cms-claim.ts"
import { type CmsFile, readCmsFile } from "./read-claims.ts"
import { isRif } from "./rif.ts"

const data = new URL("../../../../shared/data/claims-cms/", import.meta.url)

const read = (text: string, standIn = false): CmsFile => orRefuse(readCmsFile(toUtf8(text), { standIn }))
const readable = (file: CmsFile): readonly CmsClaim[] =>
  file.claims.flatMap((claim) => (isRefusal(claim) ? [] : [claim]))

// Files, claims, lines, claims whose lines come to the filed charge, types of bill. Counts as the folder's README has them.
const files: readonly (readonly [string, number, number, number, string])[] = [
  ["rif-synthea/carrier.csv", 37, 221, 37, ""],
  ["rif-synthea/dme.csv", 1, 1, 1, ""],
  ["rif-synthea/outpatient.csv", 19, 19, 0, "131"],
  ["rif-synthea/inpatient.csv", 16, 16, 0, "111"],
  ["rif-synthea/snf.csv", 1, 67, 0, "211"],
  ["rif-synthea/hha.csv", 14, 15, 0, "331 339"],
  ["rif-synthea/hospice.csv", 1, 8, 0, "811"],
  ["rif-synthea/pde.csv", 18, 18, 18, ""],
  ["rif-static/sample-a-bcarrier.txt", 1, 1, 0, ""],
  ["rif-static/sample-a-inpatient.txt", 1, 1, 0, "111"],
  ["rif-static/sample-a-outpatient.txt", 1, 1, 0, "131"],
  ["rif-static/sample-a-pde.txt", 1, 1, 1, ""],
]

test("every claim table of the public files is read, each row of it", (t) => {
  if (!existsSync(data)) return t.skip("../shared is absent")
  for (const [name, claims, lines, balanced, bills] of files) {
    const bytes = new Uint8Array(readFileSync(new URL(name, data)))
    assert.ok(isRif(bytes.subarray(0, 8192)), name)
    const file = orRefuse(readCmsFile(bytes))
    assert.deepEqual(file.problems, [], name)
    const found = readable(file)
    const rows = found.reduce((sum, { claim }) => sum + claim.lines.length, 0)
    const types = [...new Set(found.map(({ claim }) => claim.billType ?? ""))].sort().join(" ")
    assert.deepEqual(
      [found.length, rows, found.filter(isBalanced).length, types],
      [claims, lines, balanced, bills],
      name,
    )
  }
})

test("the hand sample of a stay, a visit and a fill, cell by cell", (t) => {
  if (!existsSync(data)) return t.skip("../shared is absent")
  const [stay, fill, visit] = ["inpatient", "pde", "bcarrier"].map((name) => {
    const file = orRefuse(readCmsFile(new Uint8Array(readFileSync(new URL(`rif-static/sample-a-${name}.txt`, data)))))
    return readable(file)[0]!
  })
  const day = parseDate
  const { claim, filed, form, firstPayer } = stay!
  assert.deepEqual(
    [form, claim.drg, claim.inpatient, claim.emergency, firstPayer],
    ["inpatient", "695", true, true, "A"],
  )
  assert.deepEqual([claim.admitted, claim.discharged], [day("2016-01-15"), day("2016-01-27")])
  assert.deepEqual([filed.charge, filed.paid, filed.deductible], [8499937n, 769948n, 11200n])
  const [line] = fill!.claim.lines
  assert.deepEqual([line!.supply, line!.unitsMilli, line!.charge, line!.drug], [30, 60_000, 55000n, undefined])
  const [service] = visit!.claim.lines
  assert.deepEqual([service!.code, service!.modifiers, service!.place, service!.charge], ["92999", ["LT"], "11", 7500n])
  assert.deepEqual(visit!.filedLines.get(6)?.allowed, 4784n)
})

test("birth dates and sex of the people", (t) => {
  if (!existsSync(data)) return t.skip("../shared is absent")
  const people = orRefuse(
    readCmsFile(new Uint8Array(readFileSync(new URL("rif-synthea/beneficiary_2021.csv", data)))),
  ).people
  assert.equal(people.size, 3)
  assert.ok([...people.values()].every(({ born, sex }) => born !== undefined && sex !== undefined))
})

const header =
  "BENE_ID|CLM_ID|NCH_CLM_TYPE_CD|CLM_THRU_DT|CARR_CLM_ENTRY_CD|NCH_CARR_CLM_SBMTD_CHRG_AMT|LINE_NUM|HCPCS_CD|LINE_SRVC_CNT|LINE_CMS_TYPE_SRVC_CD|LINE_1ST_EXPNS_DT|LINE_SBMTD_CHRG_AMT|LINE_ALOWD_CHRG_AMT|LINE_NCH_PMT_AMT"
type Cells = Readonly<Record<string, string>>
const plainRow: Cells = {
  ...{ BENE_ID: "-77", CLM_ID: "A", NCH_CLM_TYPE_CD: "71", CLM_THRU_DT: "02-Mar-2021", CARR_CLM_ENTRY_CD: "1" },
  ...{ NCH_CARR_CLM_SBMTD_CHRG_AMT: "10.00", LINE_NUM: "1", HCPCS_CD: "G0444", LINE_SRVC_CNT: "2.5" },
  ...{ LINE_CMS_TYPE_SRVC_CD: "1", LINE_1ST_EXPNS_DT: "02-MAR-2021", LINE_SBMTD_CHRG_AMT: "10.00" },
  ...{ LINE_ALOWD_CHRG_AMT: "8", LINE_NCH_PMT_AMT: "6.40" },
}
const table = (rows: readonly Cells[], columns = header.split("|")) =>
  [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ""))].map((row) => row.join("|")).join("\n")
const cents = (amount: number) => `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, "0")}`

test("property: rows in any order and columns in any order give the same claims, whose lines sum to their charge", () => {
  const claims = fc.array(fc.array(fc.nat(10_000_00), { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 })
  const columns = fc.shuffledSubarray(header.split("|"), { minLength: header.split("|").length })
  fc.assert(
    fc.property(claims, columns, fc.infiniteStream(fc.nat(1000)), (charges, order, chance) => {
      const rows = charges.flatMap((lines, claim) =>
        lines.map((charge, line) => ({
          ...plainRow,
          CLM_ID: `C${claim}`,
          LINE_NUM: String(line + 1),
          LINE_SBMTD_CHRG_AMT: cents(charge),
          NCH_CARR_CLM_SBMTD_CHRG_AMT: cents(lines.reduce((sum, one) => sum + one, 0)),
        })),
      )
      const mixed = rows.map((row) => ({ row, at: chance.next().value! })).sort((a, b) => a.at - b.at)
      const file = read(
        table(
          mixed.map(({ row }) => row),
          order,
        ),
      )
      const found = readable(file)
      assert.equal(found.length, charges.length)
      for (const claim of found) assert.equal(isBalanced(claim), true)
      const sum = found.reduce((all, { claim }) => claim.lines.reduce((own, line) => own + line.charge, all), 0n)
      assert.equal(sum, BigInt(charges.flat().reduce((all, one) => all + one, 0)))
    }),
  )
})

const broken: readonly (readonly [column: string, cell: string])[] = [
  ["LINE_1ST_EXPNS_DT", "30-Feb-2021"],
  ["LINE_1ST_EXPNS_DT", ""],
  ["LINE_SBMTD_CHRG_AMT", "10.005"],
  ["LINE_SBMTD_CHRG_AMT", "-10.00"],
  ["LINE_SBMTD_CHRG_AMT", "9999999999999999999999"],
  ["LINE_ALOWD_CHRG_AMT", "eight"],
  ["LINE_SRVC_CNT", "0.0005"],
  ["LINE_NUM", "0"],
  ["LINE_NUM", "70000"],
  ["HCPCS_CD", "G04\u00e944"],
  ["CARR_CLM_ENTRY_CD", "4"],
  ["NCH_CLM_TYPE_CD", "40"],
  ["BENE_ID", ""],
]

test("a broken cell names line and column and never itself, takes its claim with it, and the others go on", () => {
  for (const [column, cell] of broken) {
    const rows = [
      { ...plainRow, CLM_ID: "first" },
      { ...plainRow, [column]: cell },
      { ...plainRow, CLM_ID: "last" },
    ]
    const file = read(table(rows))
    assert.deepEqual(
      file.problems.map(({ at }) => at),
      [`line 3, column ${column}`],
      `${column} ${cell}`,
    )
    if (cell.length > 3) assert.ok(!JSON.stringify(file.problems).includes(cell))
    assert.equal(file.claims.length, 3)
    assert.deepEqual(
      readable(file).map(({ at }) => at),
      [2, 4],
    )
  }
})

test("a short row, a claim number of two people, and two lines of one number are refused", () => {
  const short = read(`${table([plainRow])}\nlost|cells`)
  assert.deepEqual([short.problems[0]!.at, short.claims.length], ["line 3, column NCH_CLM_TYPE_CD", 2])
  const twice = read(table([plainRow, plainRow]))
  assert.equal(twice.problems[0]!.at, "line 3, column LINE_NUM")
  const mixed = read(table([plainRow, { ...plainRow, LINE_NUM: "2", BENE_ID: "-78" }]))
  assert.equal(mixed.problems[0]!.at, "line 3, column BENE_ID")
  assert.ok(isRefusal(readCmsFile(toUtf8("BENE_ID,CARRIER_CLAIMS\n1,2"))))
})

test("what is absent stays absent: a code only where one is filed, or where a stand-in is asked for", () => {
  const text = table([{ ...plainRow, HCPCS_CD: "" }])
  const [strict] = readable(read(text))
  assert.deepEqual([strict!.claim.lines[0]!.code, strict!.claim.lines[0]!.unitsMilli], ["", 2500])
  const [loose] = readable(read(text, true))
  const { code, codeSystem } = loose!.claim.lines[0]!
  assert.deepEqual([code, codeSystem], ["TOS-1", "type-of-service"])
})

test("revenue 0001 is left out where it is the total of the others, and only there", () => {
  const columns =
    "BENE_ID|CLM_ID|NCH_CLM_TYPE_CD|CLM_FROM_DT|CLM_THRU_DT|CLM_FAC_TYPE_CD|CLM_SRVC_CLSFCTN_TYPE_CD|CLM_FREQ_CD|CLM_TOT_CHRG_AMT|CLM_LINE_NUM|REV_CNTR|HCPCS_CD|REV_CNTR_UNIT_CNT|REV_CNTR_TOT_CHRG_AMT"
  const of = (total: string) =>
    read(
      [columns, ...["1|450|99281|1|30.00", "2|0300||1|12.50", `3|0001||0|${total}`]]
        .map((row, index) => (index === 0 ? row : `-7|I|40|01-Mar-2021|02-Mar-2021|1|3|1|42.50|${row}`))
        .join("\n"),
    )
  const [sound] = readable(of("42.50"))
  assert.deepEqual(
    sound!.claim.lines.map(({ revenue }) => revenue),
    ["0450", "0300"],
  )
  assert.deepEqual([isBalanced(sound!), sound!.claim.billType], [true, "131"])
  assert.equal(readable(of("42.51"))[0]!.claim.lines.length, 3)
})

test("no bytes make the reader throw", () => {
  const sound = toUtf8(table([plainRow, { ...plainRow, CLM_ID: "B" }]))
  fc.assert(
    fc.property(fc.nat(sound.length - 1), fc.uint8Array({ maxLength: 20 }), (at, noise) => {
      const bytes = sound.slice()
      bytes.set(noise.subarray(0, sound.length - at), at)
      isRif(bytes)
      readCmsFile(bytes)
    }),
  )
})
