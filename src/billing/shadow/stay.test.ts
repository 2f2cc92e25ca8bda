/** A stay that is paid by its DRG: one line carries the sum, the others are packaged into it and are no denials. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { toUtf8 } from "#crypto"
import { parseCsv } from "../../plan/language/tables.ts"
import { Books } from "./books.ts"
import { openIntake } from "./intake/intake.ts"
import { Payers } from "./intake/payer.ts"
import { Texts } from "./intake/texts.ts"
import { plainOptions } from "./options.ts"
import { worklistCsv } from "./report/worklist.ts"

/** A remittance of one stay with two lines; the second is adjusted to nothing by CARC 97. */
function remittance(drg: string, paid: string): string {
  const isPaid = paid !== "0.00"
  const first = isPaid
    ? ["SVC*NU:0120*9000.00*8000.00**3~", "CAS*CO*45*1000.00~"]
    : ["SVC*NU:0120*9000.00*0.00**3~", "CAS*CO*97*9000.00~"]
  const body = [
    "ST*835*0001~",
    `BPR*${isPaid ? `I*${paid}*C*CHK` : "H*0.00*C*NON"}************20260420~`,
    ...["TRN*1*STAY-1*1000000003~", "N1*PR*SAMPLE MUTUAL*XV*1000000003~", "N1*PE*LAKESIDE HOSPITAL*XX*1993999998~"],
    ...["LX*1~", `CLP*STAY1*${isPaid ? "1" : "4"}*10000.00*${paid}**12*ICN1*11*1**${drg}~`],
    ...["NM1*QC*1*DOE*JAN****MI*M1~", "DTM*232*20260401~", "DTM*233*20260404~"],
    ...first,
    "DTM*472*20260401~",
    ...["SVC*NU:0250*1000.00*0.00**1~", "DTM*472*20260402~", "CAS*CO*97*1000.00~"],
  ]
  const isa =
    "ISA*00*          *00*          *ZZ*1000000003     *ZZ*1993999998     *260420*0000*^*00501*000000001*0*P*:~"
  const group = "GS*HP*1000000003*1993999998*20260420*0000*1*X*005010X221A1~"
  return [isa, group, ...body, `SE*${body.length + 1}*0001~`, "GE*1*1~", "IEA*1*000000001~"].join("\n")
}

function classes(text: string): readonly string[] {
  const books = new Books(plainOptions)
  const texts = new Texts()
  const intake = openIntake(1, { texts, payers: new Payers(texts), known: books.known, planned: () => [] })
  intake.push(toUtf8(text))
  books.add(intake.end())
  const findings = books.finish()
  assert.deepEqual(findings.problems, [])
  const [, ...rows] = parseCsv([...worklistCsv(findings.rows)].join(""))!
  return rows.map((cells) => `${cells[4]} ${cells[13]}`)
}

test("the packaged lines of a stay that is paid by DRG are on no work list", () => {
  assert.deepEqual(classes(remittance("695", "8000.00")), [])
})

test("without a DRG, or where the stay is not paid at all, they are denials", () => {
  assert.deepEqual(classes(remittance("", "8000.00")), ["0250 final denial"])
  assert.deepEqual(classes(remittance("695", "0.00")).length, 2)
})
