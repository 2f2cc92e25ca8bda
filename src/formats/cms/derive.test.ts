import assert from "node:assert/strict"
import { test } from "node:test"
import { fromUtf8, toUtf8 } from "#crypto"
import { Refused } from "../../base/refusal.ts"
import { parseDate } from "../../base/time.ts"
import { checkPlan } from "../../plan/check/check.ts"
import { readPlan } from "../../plan/language/read.ts"
import { valueOn } from "../../plan/plan.ts"
import { isRefusal, orRefuse } from "../answer.ts"
import { deriveCmsPlan } from "./derive.ts"
import { readCmsFile } from "./read-claims.ts"

const header =
  "BENE_ID|CLM_ID|NCH_CLM_TYPE_CD|CLM_THRU_DT|LINE_NUM|HCPCS_CD|LINE_SRVC_CNT|LINE_CMS_TYPE_SRVC_CD|LINE_1ST_EXPNS_DT|LINE_SBMTD_CHRG_AMT|LINE_ALOWD_CHRG_AMT|LINE_NCH_PMT_AMT"
const row = (claim: string, code: string, units: string, day: string, allowed: string) =>
  `-7|${claim}|71|${day}|1|${code}|${units}|1|${day}|50.00|${allowed}|0`
const claimsOf = (...rows: readonly string[]) => {
  const file = orRefuse(readCmsFile(toUtf8([header, ...rows].join("\n")), { standIn: true }))
  assert.deepEqual(file.problems, [])
  return file.claims.flatMap((claim) => (isRefusal(claim) ? [] : [claim]))
}

test("a derived plan is published without a finding, with an edition a year and the deductible of each", () => {
  const derived = deriveCmsPlan(
    claimsOf(
      row("A", "G0444", "3", "02-Mar-2015", "10.00"),
      row("B", "G0444", "1", "03-Mar-2015", "7.00"),
      row("C", "G0444", "1", "04-Mar-2015", "7.00"),
      row("D", "G0444", "2", "04-Mar-2018", "9.00"),
      row("E", "G0445", "1", "04-Mar-2018", ""),
      row("F", "", "1", "04-Mar-2018", "9.00"),
      row("G", "G0446", "1", "04-Mar-1942", "9.00"),
    ),
  )
  const tables = new Map(derived.tables.map(({ name, bytes }) => [name, bytes]))
  const text = (name: string) => fromUtf8(tables.get(name)!)
  assert.equal(text("filed-services@2015"), "code,category,rate\nG0444,service,7.000000\n")
  assert.equal(
    text("filed-services@2018"),
    "code,category,rate\nG0444,service,4.500000\nG0445,service,\nTOS-1,service,charge\n",
  )
  const read = readPlan(derived.bytes, tables)
  if ("findings" in read) assert.fail(read.findings.map(({ message }) => message).join("; "))
  assert.deepEqual(checkPlan(read.plan), [])
  const ded = read.plan.numbers.get("ded")!
  const on = (day: string) => valueOn(ded, parseDate(day)!)
  assert.deepEqual([on("2015-12-31"), on("2016-01-01"), on("2018-06-01")], [14700n, 16600n, 18300n])
})

test("claims without any code give no plan", () => {
  assert.throws(() => deriveCmsPlan([]), Refused)
})
