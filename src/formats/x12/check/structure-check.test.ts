import assert from "node:assert/strict"
import { test } from "node:test"
import { placeOf, type X12Finding } from "../syntax/finding.ts"
import { pullTransactions } from "../syntax/pull.ts"
import { StructureCheck } from "./structure-check.ts"
import { elementsOf, otherSegments } from "./structure-elements.ts"
import { guideOf } from "./structure-guides.ts"
import { tagsOf } from "./structure-table.ts"

function findingsOf(text: string): readonly X12Finding[] {
  const findings: X12Finding[] = []
  for (const { header, segments } of pullTransactions([new Uint8Array(Buffer.from(text))])) {
    const check = new StructureCheck(header, (finding) => findings.push(finding))
    let position = 0
    for (const segment of segments) check.segment(segment, ++position)
  }
  return findings
}

const enveloped = (functional: string, lines: readonly string[]) =>
  [
    "ISA*00*          *00*          *ZZ*CLINIC         *ZZ*PAYER          *260414*1200*^*00501*000000007*0*T*:",
    `GS*${functional}*CLINIC*PAYER*20260414*1200*1*X*005010X222A1`,
    ...lines,
    "GE*1*1",
    "IEA*1*000000007",
  ]
    .map((line) => `${line}~\n`)
    .join("")

const claim = [
  "ST*837*0001*005010X222A1",
  "BHT*0019*00*1*20260414*1200*CH",
  "NM1*41*2*CLINIC*****46*S1",
  "PER*IC*DESK*TE*5551234567",
  "NM1*40*2*PAYER*****46*P1",
  "HL*1**20*1",
  "NM1*85*2*CLINIC*****XX*1234567893",
  "N3*1 STREET",
  "N4*TOWN*NY*12345",
  "REF*EI*123456789",
  "HL*2*1*22*0",
  "SBR*P*18*******CI",
  "NM1*IL*1*DOE*JANE****MI*M1",
  "DMG*D8*19800101*F",
  "NM1*PR*2*PAYER*****PI*P1",
  "CLM*C1*300.10***11:B:1*Y*A*Y*Y",
  "HI*ABK:H353211*ABF:H2513",
  "LX*1",
  "SV1*HC:92014:25*210*UN*1***1",
  "DTP*472*D8*20260414",
  "REF*6R*1",
  "LX*2",
  "SV1*HC:92083*90.10*UN*1***1:2",
  "DTP*472*RD8*20260414-20260415",
  "SE*25*0001",
]
const payment = [
  "ST*835*0001",
  "BPR*I*80*C*CHK************20260414",
  "TRN*1*T1*1234567890",
  "DTM*405*20260414",
  "N1*PR*PAYER",
  "N1*PE*CLINIC*XX*1234567893",
  "LX*1",
  "CLP*C1*1*100*80*20*CI*P1*11*1",
  "NM1*QC*1*DOE*JANE****MI*M1",
  "SVC*HC:92014*100*80**1",
  "DTM*472*20260414",
  "CAS*PR*2*20",
  "PLB*1234567893*20261231*WO:1*0",
  "SE*14*0001",
]

test("a whole claim and a whole payment have no finding", () => {
  assert.deepEqual(findingsOf(enveloped("HC", claim)), [])
  assert.deepEqual(findingsOf(enveloped("HP", payment)), [])
})

const change = (lines: readonly string[], from: string, ...to: readonly string[]) => {
  const at = lines.findIndex((line) => line.startsWith(from))
  assert.ok(at >= 0, from)
  return lines.flatMap((line, index) => (index === at ? to : [line]))
}

test("one defect, one finding: place, position, loop and the codes of IK3 and IK4", () => {
  const rows: readonly (readonly [readonly string[], string])[] = [
    [change(claim, "BHT"), "x12-missing-segment segment 3 BHT, line 4 position 2"],
    [change(claim, "NM1*85", "NM1*87*2"), "x12-missing-segment segment I7 NM1, line 13 in loop 2010AA position 11"],
    [change(claim, "NM1*PR"), "x12-missing-segment segment I7 NM1, line 17 in loop 2010BB position 15"],
    [change(claim, "SBR"), "x12-missing-segment segment 3 SBR, line 14 in loop 2000B position 12"],
    [
      change(claim, "N3*1", "N4*TOWN*NY*12345", "N3*1 STREET").toSpliced(9, 1),
      "x12-order segment 7 N3, line 11 in loop 2010AA position 9",
    ],
    [
      change(claim, "REF*6R", "REF*6R*1", "CLP*1*1*1*1"),
      "x12-unexpected segment 6 CLP, line 24 in loop 2400 position 22",
    ],
    [change(claim, "REF*6R", "REF*6R*1", "QQQ*1"), "x12-unexpected segment 1 line 24 in loop 2400 position 22"],
    [change(claim, "REF*6R", "REF*6R*1", "HI*BK:1"), "x12-order segment 7 HI, line 24 in loop 2400 position 22"],
    [
      change(claim, "DMG", "DMG*D8*19800101*F", "DMG*D8*19800101*F"),
      "x12-repeat segment 5 DMG, line 17 in loop 2010BA position 15",
    ],
    [
      change(claim, "NM1*IL", "NM1*IL**DOE*JANE****MI*M1"),
      "x12-missing-element element 1 NM102, line 15 in loop 2010BA position 13",
    ],
    [
      change(claim, "NM1*IL", "NM1**1*DOE*JANE****MI*M1"),
      "x12-missing-element element 1 NM101, line 15 in loop 2010BA position 13",
    ],
    [
      change(claim, "NM1*IL", "NM1*IL*1*DOE*JANE****MI"),
      "x12-missing-element element 2 NM109, line 15 in loop 2010BA position 13",
    ],
    [change(claim, "DMG", "DMG*D8*19800231*F"), "x12-date element 8 DMG02, line 16 in loop 2010BA position 14"],
    [change(claim, "DMG", "DMG*D8*19800101*Q"), "x12-code element 7 DMG03, line 16 in loop 2010BA position 14"],
    [
      change(claim, "CLM", "CLM*C1*abc***11:B:1*Y*A*Y*Y"),
      "x12-element element 6 CLM02, line 18 in loop 2300 position 16",
    ],
    [
      change(claim, "CLM", "CLM*C1*300.10****Y*A*Y*Y"),
      "x12-missing-element element 1 CLM05, line 18 in loop 2300 position 16",
    ],
    [
      change(claim, "CLM", "CLM*C1*300.10***11:B*Y*A*Y*Y"),
      "x12-missing-element element 1 CLM05-3, line 18 in loop 2300 position 16",
    ],
    [
      change(claim, "CLM", "CLM*C1*300.10***11>B>1*Y*A*Y*Y"),
      "x12-composite element 5 CLM05-1, line 18 in loop 2300 position 16",
    ],
    [
      change(claim, "CLM", `CLM*${"1".repeat(39)}*300.10***11:B:1*Y*A*Y*Y`),
      "x12-length element 5 CLM01, line 18 in loop 2300 position 16",
    ],
    [
      change(claim, "HI*", "HI*ABK:H353211*ABF"),
      "x12-missing-element element 1 HI02-2, line 19 in loop 2300 position 17",
    ],
    [
      change(claim, "SV1", "SV1*XX:99999*210*UN*1***1"),
      "x12-masked element 7 SV101-1, line 21 in loop 2400 position 19",
    ],
    [
      change(claim, "SV1", "SV1*HC:1:22:33:44:55:6:7:8*210*UN*1***1"),
      "x12-composite element 13 SV101, line 21 in loop 2400 position 19",
    ],
    [
      change(claim, "DTP*472*RD8", "DTP*472*RD8*20260414"),
      "x12-date element 8 DTP03, line 26 in loop 2400 position 24",
    ],
    [change(claim, "HL*2", "HL*3*1*22*0"), "x12-level element 7 HL01, line 13 in loop 2000B position 11"],
    [change(claim, "HL*2", "HL*2*9*22*0"), "x12-level element 7 HL02, line 13 in loop 2000B position 11"],
    [change(claim, "BHT", "BHT*0019*00*1*20260414*2460*CH"), "x12-time element 9 BHT05, line 4 position 2"],
    [
      change(payment, "SVC", "SVC*HC:92014*100***1"),
      "x12-missing-element element 1 SVC03, line 12 in loop 2110 position 10",
    ],
    [change(payment, "CAS", "CAS*XY*2*20"), "x12-code element 7 CAS01, line 14 in loop 2110 position 12"],
    [change(payment, "CAS", "CAS*PR*2*20**3"), "x12-missing-element element 2 CAS06, line 14 in loop 2110 position 12"],
    [change(payment, "BPR", "BPR*I*80*C*CHK************20260431"), "x12-date element 8 BPR16, line 4 position 2"],
    [change(payment, "N1*PE"), "x12-missing-segment segment I7 N1, line 8 in loop 1000B position 6"],
    [change(payment, "ST", "ST*275*0001"), "x12-set transaction 1 ST01, line 3 position 1"],
  ]
  for (const [lines, expected] of rows) {
    const found = findingsOf(enveloped("HC", lines)).map((finding) => {
      const { code, level, answer, position } = finding
      return `${code} ${level} ${answer} ${placeOf(finding)} position ${position}`
    })
    assert.deepEqual(found, [expected])
  }
})

test("every segment of every guide is known, and every guide begins with ST and ends with SE", () => {
  for (const set of ["270", "271", "276", "277", "278", "834", "835", "837", "999"]) {
    const guide = guideOf(set)
    assert.ok(guide !== undefined, set)
    const [first, last] = [guide.items[0], guide.items.at(-1)]
    assert.ok(first?.kind === "segment" && first.tags[0] === "ST", set)
    assert.ok(last?.kind === "segment" && last.tags[0] === "SE", set)
    for (const tag of tagsOf(guide)) assert.ok(elementsOf(tag) !== undefined || otherSegments.has(tag), `${set} ${tag}`)
  }
  assert.equal(guideOf("constructor"), undefined)
})
