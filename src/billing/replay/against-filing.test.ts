import assert from "node:assert/strict"
import { test } from "node:test"
import { toUtf8 } from "#crypto"
import { isRefusal, orRefuse } from "../../formats/answer.ts"
import { deriveCmsPlan } from "../../formats/cms/derive.ts"
import { readCmsFile } from "../../formats/cms/read-claims.ts"
import { readPlan } from "../../plan/language/read.ts"
import { AgainstFiling, type Difference } from "./against-filing.ts"
import { decideCms } from "./cms-claims.ts"
import { Replay } from "./replay.ts"

const header =
  "BENE_ID|ORG_NPI_NUM|CLM_ID|NCH_CLM_TYPE_CD|CLM_THRU_DT|LINE_NUM|LINE_SRVC_CNT|LINE_SBMTD_CHRG_AMT|HCPCS_CD|LINE_1ST_EXPNS_DT|LINE_ALOWD_CHRG_AMT|LINE_NCH_PMT_AMT|LINE_BENE_PTB_DDCTBL_AMT|LINE_COINSRNC_AMT|LINE_BENE_PRMRY_PYR_CD"

// Code, day, allowed, paid, deductible, coinsurance, first payer. In 2021 a person first paid 203.00, then 20 %.
const rows: readonly (readonly [Difference | "same", string])[] = [
  ["same", "G0001|02-Mar-2021|1000.00|637.60|203.00|159.40|"],
  ["same", "G0001|02-Mar-2021|1000.00|637.60|||"],
  ["deductible", "G0001|02-Mar-2021|1000.00|800.00|0|200.00|"],
  ["sequestration", "G0001|02-Mar-2021|1000.00|784.00|0|200.00|"],
  ["filing", "G0001|02-Mar-2021|1000.00|500.00|0|200.00|"],
  ["share", "G0001|02-Mar-2021|1000.00|500.00|0|500.00|"],
  ["allowed", "G0001|02-Mar-2021|900.00|720.00|0|180.00|"],
  ["incomplete", "|02-Mar-2021|1000.00|800.00|0|200.00|"],
  ["refused", "G0001|02-Mar-2021|1000.00|800.00|0|200.00|A"],
  ["waits", "G0001|02-Mar-1980|1000.00|800.00|0|200.00|"],
]

test("each line that differs is counted under the first reason that explains it", () => {
  const text = rows.map(([, row], index) => `-7|1999999984|C${index}|71|02-Mar-2021|1|1|1200.00|${row}`)
  const file = orRefuse(readCmsFile(toUtf8([header, ...text].join("\n"))))
  assert.deepEqual(file.problems, [])
  const claims = file.claims.flatMap((claim) => (isRefusal(claim) ? [] : [claim]))
  const { bytes, tables } = deriveCmsPlan(claims)
  const read = readPlan(bytes, new Map(tables.map((table) => [table.name, table.bytes])))
  if ("findings" in read) assert.fail(read.findings[0]!.message)
  for (const [index, [expected]] of rows.entries()) {
    const against = new AgainstFiling()
    against.add(orRefuse(decideCms(read.plan, claims[index]!, new Map(), undefined)))
    const { differ, paidSame, compared } = against.figures()
    const found = Object.entries(differ).find(([, lines]) => lines > 0)?.[0] ?? "same"
    assert.deepEqual([found, paidSame, compared], [expected, expected === "same" ? 1 : 0, 1], `row ${index}`)
  }
})

test("a line sent back is no touch of the payer, and its claim is not touchless on both sides", () => {
  const text = ["|02-Mar-2021|1000.00|||", "G0001|02-Mar-2021|1000.00|||"].map(
    (row, index) => `-7|1999999984|C${index}|71|02-Mar-2021|1|1|1200.00|${row}|`,
  )
  const { claims } = orRefuse(readCmsFile(toUtf8([header, ...text].join("\n"))))
  const sound = claims.flatMap((claim) => (isRefusal(claim) ? [] : [claim]))
  const { bytes, tables } = deriveCmsPlan(sound)
  const read = readPlan(bytes, new Map(tables.map((table) => [table.name, table.bytes])))
  if ("findings" in read) assert.fail(read.findings[0]!.message)
  const replay = new Replay(read.plan)
  for (const claim of sound) replay.add(decideCms(read.plan, claim, new Map(), undefined))
  const { touchless, touchlessBothSides, touches, sentBack } = replay.figures()
  assert.deepEqual([touchless, touchlessBothSides, touches, sentBack], [2, 1, 0, { lines: 1, claims: 1 }])
})
