import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import fc from "fast-check"
import { formatDate } from "../../../base/time.ts"
import { decimalText } from "../../amount.ts"
import { isRefusal, orRefuse } from "../../answer.ts"
import { type ClaimAnswer837, readClaims837, readEachClaim837 } from "./read-837-claims.ts"

const folder = new URL("../../../../../shared/data/x12/", import.meta.url)
const utf8 = (text: string) => new Uint8Array(Buffer.from(text, "utf8"))

/** Kind, lines and total of a claim, or code and place of its refusal. */
function verdict(found: ClaimAnswer837): string {
  if ("refusal" in found) return `${found.refusal.code} ${found.refusal.at}`
  const { kind, lines, total } = found.claim
  return `${kind} ${lines.length} ${decimalText(total)}`
}

const counted = (rows: readonly string[]) =>
  [...new Set(rows)].map((row) => `${rows.filter((other) => other === row).length} ${row}`)

/** Every public 837: the file's refusal, or one verdict a claim; equal verdicts but for the line are counted. */
const golden: Readonly<Record<string, readonly string[]>> = {
  "837D/x12parser-4010-Spec_4.1.2A_COB.txt": ["dental 1 200.00"],
  "837D/x12parser-4010-Spec_4.1.2B_COB.txt": ["dental 1 200.00"],
  "837D/x12parser-4010-Spec_4.2.1_WorkmansComp.txt": ["dental 2 270.00"],
  "837I/lfh-837_004010X096A1-automobile-accident.837": ["institutional 4 545.00"],
  "837I/lfh-837_004010X096A1-institutional-ppo-repriced.837": ["x12-element DTP03, line 31"],
  "837I/lfh-837_004010X096A1-institutional.837": ["institutional 2 89.93"],
  "837I/lfh-837_005010X223A3-ppo-repriced-claim.837i": ["x12-element CLM05, line 26"],
  "837I/lfh-demo-file-demo.837i": ["institutional 2 89.93"],
  "837I/x12parser-4010-Spec_4.1.1_InstitutionalClaim.txt": ["institutional 2 89.93"],
  "837I/x12parser-4010-Spec_4.1.2_InstitutionalPpoRepricedClaim.txt": ["institutional 5 2593.69"],
  "837I/x12parser-4010-Spec_4.1.3_TwoClaimsForTheSameProvider.txt": ["institutional 2 89.93", "institutional 1 50.00"],
  // The subscriber's NM1 has one separator too many.
  "837I/x12parser-4010-Spec_4.2.3_AutomobileAccident.txt": ["x12-element NM108, line 17"],
  "837I/x12parser-5010-Spec_3.1.1.txt": ["x12-element CLM05, line 22"],
  "837I/x12parser-5010-Spec_3.1.3_PPORepricedClaim.txt": ["x12-element CLM05, line 26"],
  "837I/x12parser-FromSwreed-Batch1.txt": ["50 x12-masked SV202", "4 x12-masked HI01"],
  "837I/x12parser-TestData-InstitutionalClaim4010.txt": ["file x12-count SE01, line 50"],
  "837I/x12parser-TestData-InstitutionalClaim5010.txt": ["file x12-count SE01, line 81"],
  "837P/imsweb-837_5010-x12_bad_first_line.txt": ["file x12-isa-layout ISA02, line 1"],
  "837P/imsweb-837_5010-x12_loop_errors3_missing_loops.txt": ["file x12-count SE01, line 21"],
  "837P/imsweb-837_5010-x12_missing_elements.txt": ["file x12-count SE01, line 36"],
  "837P/imsweb-837_5010-x12_multiple_gs.txt": ["file x12-count SE01, line 36"],
  "837P/imsweb-837_5010-x12_no_isa_line.txt": ["file x12-no-isa ISA, line 1"],
  "837P/imsweb-837_5010-x12_segments_out_of_order.txt": ["file x12-count SE01, line 36"],
  "837P/lfh-837_004010X098A1-coordination-of-benefits.837": ["professional 3 79.04"],
  "837P/lfh-837_004010X098A1-dependent-commercial-insurance-01.837": ["x12-element CLM05, line 28"],
  "837P/lfh-837_005010X222A2-demo.autoaccident.837": ["professional 2 185.00"],
  "837P/lfh-837_005010X222A2-demo.cob.example3.A.837": ["professional 3 79.04"],
  "837P/lfh-837_005010X222A2-demo.cob.example4.837": ["professional 1 120.00"],
  "837P/lfh-837_005010X222A2-demo.drug.example10.2.837": ["professional 6 2232.93"],
  "837P/lfh-837_005010X222A2-demo.drug.example10.3.837": ["professional 6 2232.93"],
  "837P/lfh-837_005010X222A2-demo.example1.837": ["professional 4 100.00"],
  "837P/lfh-837_005010X222A2-demo.example12.837": ["x12-element CLM05, line 26"],
  "837P/lfh-837_005010X222A2-demo.example2.837": ["professional 4 100.00"],
  "837P/lfh-837_005010X222A2-demo.example8.837": ["professional 1 75.00"],
  "837P/lfh-demo-file-demo.837": ["professional 4 100.00"],
  // The payer is named NM1*IN.
  "837P/x12parser-4010-Spec_4.1.3A_COB_ClaimToPayerAFromBP.txt": ["x12-missing-segment after CLM, line 34"],
  "837P/x12parser-4010-Spec_4.1.3C_COB_ClaimToPayerAFromBPinCOB.txt": ["x12-missing-segment after CLM, line 34"],
  "837P/x12parser-4010-Spec_4.2.1_PayerIsPCIns.txt": ["professional 6 245.00"],
  "837P/x12parser-5010-Example1_2_And_3_Combined.txt": [
    ...["professional 4 100.00", "professional 3 79.04", "professional 4 100.00"],
  ],
  "837P/x12parser-5010-Example1_HealthInsurance.txt": ["professional 4 100.00"],
  "837P/x12parser-5010-Example2_Encounter.txt": ["professional 4 100.00"],
  "837P/x12parser-5010-Example3_COB.txt": ["professional 3 79.04"],
  "837P/x12parser-5010-MedicaidExample.txt": ["5 x12-masked SV101"],
  "837P/x12parser-5010-MissingEntityCode.txt": ["5 x12-masked SV101"],
  "837P/x12parser-FromNth-837_DeIdent_02.dat": ["file x12-masked ISA12, line 1"],
  "837P/x12parser-FromNth-837_DeIdent_03.dat": ["file x12-masked ISA12, line 1"],
  "837P/x12parser-TestData-ProfessionalClaim1.txt": ["file x12-count SE01, line 63"],
}

test("every public 837: its claims, or which segment and element cannot be read", (t) => {
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const found: Record<string, readonly string[]> = {}
  for (const kind of ["837D", "837I", "837P"]) {
    for (const name of readdirSync(new URL(`${kind}/`, folder))) {
      const path = `${kind}/${name}`
      const result = readEachClaim837(new Uint8Array(readFileSync(new URL(path, folder))))
      const rows = isRefusal(result) ? [`file ${result.code} ${result.at}`] : result.map(verdict)
      found[path] = rows.length > 3 ? counted(rows.map((row) => row.replace(/, line \d+$/, ""))) : rows
      for (const row of found[path]) t.diagnostic(`${path}: ${row}`)
    }
  }
  assert.deepEqual(found, golden)
})

const envelopes = (guide: string, segments: readonly string[], end = "~\n") =>
  utf8(
    [
      "ISA*00*          *00*          *ZZ*CLINIC         *ZZ*PAYER          *260414*1200*^*00501*000000007*0*T*:",
      `GS*HC*CLINIC*PAYER*20260414*1200*1*X*${guide}`,
      `ST*837*0001*${guide}`,
      ...segments,
      `SE*${segments.length + 2}*0001`,
      "GE*1*1",
      "IEA*1*000000007",
      "",
    ].join(end),
  )

const head = ["BHT*0019*00*1*20260414*1200*CH", "NM1*41*2*CLINIC*****46*S1", "NM1*40*2*PAYER*****46*R1"]
const levels = [
  ...["HL*1**20*1", "PRV*BI*PXC*282N00000X", "NM1*85*2*HOSPITAL*****XX*1234567893", "REF*EI*123456789"],
  ...["HL*2*1*22*1", "SBR*S**GROUP1*PLAN*****MB", "NM1*IL*1*DOE*JANE*Q**JR*MI*M1", "DMG*D8*19500102*F"],
  ...["NM1*PR*2*PAYER*****PI*P1", "HL*3*2*23*0", "PAT*19*****01*30*Y", "NM1*QC*1*DOE*JIM", "DMG*D8*20150102*M"],
]

test("an institutional claim is read with bill, dates, codes, earlier payers and revenue lines", () => {
  const [claim] = orRefuse(
    readClaims837(
      envelopes("005010X223A3", [
        ...[...head, ...levels, "CLM*C1*900***11:A:7*Y*A*Y*Y", "DTP*434*RD8*20260401-20260404"],
        ...["DTP*435*DT*202604010930", "DTP*096*TM*1115", "CL1*1*7*01", "AMT*F5*20", "REF*F8*OLD1", "REF*G1*AUTH1"],
        ...["REF*9F*REF1", "REF*D9*TRACE", "HI*ABK:I214:::::::Y", "HI*ABK:I214:::::::Y", "HI*ABJ:R079", "HI*DR:280"],
        ...["HI*ABF:E119:::::::N*ABF:I10", "HI*BBR:02703DZ:D8:20260402", "HI*BBQ:B2111ZZ:D8:20260402"],
        ...["HI*BI:70:RD8:20260401-20260403", "HI*BH:04:D8:20260331", "HI*BE:80:::3", "HI*BG:17"],
        ...["NM1*71*1*HEART*ANN****XX*1111111112", "PRV*AT*PXC*207RC0000X", "NM1*72*1*KNIFE*BOB****XX*2222222224"],
        ...["SBR*P*18*G2******CI", "CAS*PR*1*50", "AMT*D*100", "OI***Y***Y", "NM1*IL*1*DOE*JANE****MI*X9"],
        ...["NM1*PR*2*FIRST*****PI*F1", "DTP*573*D8*20260410", "REF*F8*FIRST77"],
        ...["LX*1", "SV2*0120**600*DA*3", "LX*2", "SV2*0480*HC:92928:LD*300*UN*1**30", "DTP*472*D8*20260402"],
        ...["REF*6R*L2", "SVD*F1*100*HC:92928*0480*1", "CAS*PR*1*50", "CAS*CO*45*150*1", "DTP*573*D8*20260410"],
        "AMT*EAF*50",
      ]),
    ),
  )
  assert.ok(claim !== undefined)
  const { kind, place, frequency, original, rank, relation, group, planName, filing, drg, emergency } = claim
  assert.deepEqual(
    { kind, place, frequency, original, rank, relation, group, planName, filing, drg, emergency },
    {
      ...{ kind: "institutional", place: "11", frequency: 7, original: "OLD1", rank: 2, relation: "19" },
      ...{ group: "GROUP1", planName: "PLAN", filing: "MB", drg: "280", emergency: true },
    },
  )
  const days = [claim.from, claim.to, claim.admitted!, claim.discharged!].map(formatDate)
  assert.deepEqual(days, ["2026-04-01", "2026-04-04", "2026-04-01", "2026-04-04"])
  assert.deepEqual([claim.admittedTime, claim.dischargedTime], ["0930", "1115"])
  assert.deepEqual(claim.admission, { type: "1", source: "7", status: "01" })
  assert.deepEqual(claim.diagnoses, ["I214", "E119", "I10"])
  assert.deepEqual(claim.presentOnAdmission, ["Y", "N", ""])
  assert.deepEqual(
    claim.procedures.map(({ code, on }) => [code, formatDate(on!)]),
    [
      ["02703DZ", "2026-04-02"],
      ["B2111ZZ", "2026-04-02"],
    ],
  )
  assert.deepEqual(
    claim.information?.map(({ qualifier, code, amount }) => [qualifier, code, amount]),
    [
      ["ABJ", "R079", undefined],
      ["BI", "70", undefined],
      ["BH", "04", undefined],
      ["BE", "80", 300n],
      ["BG", "17", undefined],
    ],
  )
  // Occurrence 04 is an accident at work.
  assert.deepEqual([claim.workRelated, claim.accident], [true, false])
  assert.deepEqual([claim.authorization, claim.referral, claim.patientPaid], ["AUTH1", "REF1", 2000n])
  assert.deepEqual([claim.attending?.id, claim.attending?.taxonomy], ["1111111112", "207RC0000X"])
  assert.deepEqual(
    claim.parties?.map(({ role, party }) => [role, party.last]),
    [["72", "KNIFE"]],
  )
  assert.deepEqual(claim.further, [["REF", "D9", "TRACE"]])
  assert.equal(claim.subscriber.suffix, "JR")
  assert.equal(formatDate(claim.patient!.born!), "2015-01-02")
  const [other] = claim.otherPayers
  assert.deepEqual(
    [other?.rank, other?.payer.id, other?.paid, other?.left, formatDate(other!.on!), other?.control],
    [1, "F1", 10_000n, undefined, "2026-04-10", "FIRST77"],
  )
  assert.deepEqual(other?.adjustments, [{ group: "PR", carc: "1", amount: 5000n, unitsMilli: undefined }])
  const [room, stent] = claim.lines
  assert.deepEqual([room?.code, room?.revenue, room?.unit, room?.isClaimDated], ["", "0120", "DA", true])
  assert.deepEqual([formatDate(room!.from), formatDate(room!.to)], ["2026-04-01", "2026-04-04"])
  assert.deepEqual([stent?.code, stent?.modifiers, stent?.uncovered, stent?.control], ["92928", ["LD"], 3000n, "L2"])
  assert.deepEqual(stent?.diagnoses, claim.diagnoses)
  const [answer] = stent!.answers
  assert.deepEqual(
    [answer?.payer, answer?.paid, answer?.code, answer?.revenue, answer?.left, answer?.adjustments.length],
    ["F1", 10_000n, "92928", "0480", 5000n, 2],
  )
})

const dental = [
  ...["CLM*D1*250***11:B:1*Y*A*Y*Y", "DTP*472*D8*20260405", "HI*ABK:K029", "LX*1"],
  ...["SV3*AD:D2392*150**10:20**2*****1", "TOO*JP*3*M:O", "TOO*JP*14*B", "REF*6R*T1"],
  ...["LX*2", "SV3*AD:D6240*100*12*20*I*1", "DTP*472*D8*20260406", "REF*G1*AUTH2"],
]

test("a dental claim is read with teeth, surfaces, areas and the claim's day for lines that have none", () => {
  const [claim] = orRefuse(readClaims837(envelopes("005010X224A2", [...head, ...levels, ...dental])))
  const [filling, bridge] = claim!.lines
  assert.deepEqual(filling?.teeth, [
    { tooth: "3", surfaces: ["M", "O"] },
    { tooth: "14", surfaces: ["B"] },
  ])
  assert.deepEqual([filling?.areas, filling?.unitsMilli, filling?.diagnoses], [["10", "20"], 2000, ["K029"]])
  assert.deepEqual([filling?.isClaimDated, formatDate(filling!.from)], [true, "2026-04-05"])
  assert.deepEqual([bridge?.prosthesis, bridge?.place, bridge?.authorization], ["I", "12", "AUTH2"])
  assert.deepEqual([bridge?.isClaimDated, formatDate(bridge!.from)], [undefined, "2026-04-06"])
})

test("one bad claim is reported and the others are read", () => {
  const claim = (control: string, charge: string) => [
    ...[`CLM*${control}*10***11:B:1*Y*A*Y*Y`, "LX*1", `SV1*HC:A1*${charge}*UN*1`, "DTP*472*D8*20260405"],
  ]
  const other = ["HL*4*1*22*0", "SBR*P*18*******CI", "NM1*IL*1*ROE*RON****MI*M2", "NM1*PR*2*PAYER*****PI*P1"]
  const bytes = envelopes("005010X222A1", [
    ...[...head, ...levels, ...claim("A", "10"), ...claim("B", "11"), "HL*9*1*21*0", ...claim("C", "10")],
    ...[...other, ...claim("D", "10"), ...claim("E", "ten"), ...claim("F", "10")],
  ])
  const rows = orRefuse(readEachClaim837(bytes)).map((found) =>
    "claim" in found
      ? `${found.claim.control} ${found.claim.subscriber.id} ${found.claim.patient?.first ?? "self"}`
      : `${found.control} ${verdict(found)}`,
  )
  assert.deepEqual(rows, [
    ...["A M1 JIM", "B x12-claim-total CLM02, line 24", "undefined x12-order HL, line 28", "C M1 JIM", "D M2 self"],
    ...["E x12-element SV102, line 43", "F M2 self"],
  ])
  const whole = readClaims837(bytes)
  assert.ok(isRefusal(whole) && whole.code === "x12-claim-total")
})

test("one fault, one refusal with its place: the elements that only some kinds have", () => {
  const institutional = [
    ...[...head, ...levels, "CLM*C1*600***11:A:1*Y*A*Y*Y", "DTP*434*RD8*20260401-20260404", "HI*ABK:I214"],
    ...["LX*1", "SV2*0120**600*DA*3"],
  ]
  const swap = (all: readonly string[], from: string, to: string) => {
    assert.ok(all.includes(from), from)
    return all.map((one) => (one === from ? to : one))
  }
  const whole = [...head, ...levels, ...dental]
  const rows: readonly (readonly [string, readonly string[], string])[] = [
    ["005010X223A3", swap(institutional, "SV2*0120**600*DA*3", "SV2*X120**600*DA*3"), "x12-element SV201, line 24"],
    ["005010X223A3", swap(institutional, "SV2*0120**600*DA*3", "SV2*0120*HC*600*DA*3"), "x12-element SV202, line 24"],
    ["005010X223A3", swap(institutional, "SV2*0120**600*DA*3", "SV2*0120**600*DA*-3"), "x12-element SV205, line 24"],
    [
      ...(["005010X223A3", swap(institutional, "HI*ABK:I214", "HI*ABK:I214*BE:80:::x")] as const),
      "x12-element HI02, line 22",
    ],
    ["005010X223A3", swap(institutional, "HI*ABK:I214", "HI*BH:11:D8:20260431"), "x12-element HI01, line 22"],
    [
      ...([
        "005010X223A3",
        swap(institutional, "DTP*434*RD8*20260401-20260404", "DTP*434*RD8*20260404-20260401"),
      ] as const),
      "x12-element DTP03, line 21",
    ],
    [
      ...(["005010X223A3", swap(institutional, "DTP*434*RD8*20260401-20260404", "DTP*439*D8*20260404")] as const),
      "x12-missing-segment after SV2, line 24",
    ],
    [
      ...(["005010X223A3", swap(institutional, "CLM*C1*600***11:A:1*Y*A*Y*Y", "CLM*C1*600***11:A:X*Y*A*Y*Y")] as const),
      "x12-element CLM05, line 20",
    ],
    [
      "005010X224A2",
      swap(whole, "DTP*472*D8*20260405", "DTP*439*D8*20260405"),
      "x12-missing-segment after SV3, line 24",
    ],
    [
      "005010X224A2",
      swap(whole, "SV3*AD:D6240*100*12*20*I*1", "SV3*AD:D6240*100*12*20*I"),
      "x12-element SV306, line 29",
    ],
    [
      "005010X224A2",
      swap(whole, "SV3*AD:D6240*100*12*20*I*1", "SV3*AD:D6240*100*12*20*I*0"),
      "x12-element SV306, line 29",
    ],
    [
      "005010X224A2",
      swap(whole, "SBR*S**GROUP1*PLAN*****MB", "SBR*U**GROUP1*PLAN*****MB"),
      "x12-element SBR01, line 12",
    ],
    ["005010X224A2", swap(whole, "NM1*QC*1*DOE*JIM", "NM1**1*DOE*JIM"), "x12-element NM101, line 18"],
    [
      "005010X224A2",
      swap(whole, "SV3*AD:D6240*100*12*20*I*1", "SV3*HC:D6240*100*12*20*I*1"),
      "x12-element SV301, line 29",
    ],
    [
      "005010X223A3",
      swap(institutional, "SV2*0120**600*DA*3", "SV2*0120*QQ:99213*600*DA*3"),
      "x12-element SV202, line 24",
    ],
    ["005010X223A3", swap(institutional, "HI*ABK:I214", "HI*ABK:I214*QQ:E119"), "x12-element HI02, line 22"],
    ["005010X999", swap(whole.slice(0, -8), "HI*ABK:K029", "HI*ABK:K029"), "x12-guide ST03, before CLM, line 20"],
  ]
  for (const [guide, segments, expected] of rows) {
    const [found] = orRefuse(readEachClaim837(envelopes(guide, segments)))
    assert.equal(verdict(found!), expected)
  }
})

test("bytes changed at random: every claim is read or refused, never an error of ours", () => {
  const whole = envelopes("005010X224A2", [...head, ...levels, ...dental])
  const change = fc.tuple(fc.nat(whole.length - 1), fc.constantFrom(...Buffer.from("~*:^\n 9XA")))
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = whole.slice()
      for (const [at, byte] of changes) bytes[at] = byte
      const result = readEachClaim837(bytes)
      if (isRefusal(result)) return
      for (const found of result) {
        if ("refusal" in found) assert.ok(found.refusal.at !== "" && found.refusal.message.startsWith("Cannot "))
        else
          assert.equal(
            found.claim.lines.reduce((sum, line) => sum + line.charge, 0n),
            found.claim.total,
          )
      }
    }),
    { numRuns: 1000 },
  )
})
