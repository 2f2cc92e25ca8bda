import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import fc from "fast-check"
import { formatDate } from "../../../base/time.ts"
import { decimalText } from "../../amount.ts"
import { isRefusal, orRefuse } from "../../answer.ts"
import { balance835, balanceOf } from "./balance-835.ts"
import { readRemittances835 } from "./read-835.ts"

const folder = new URL("../../../../../shared/data/x12/835/", import.meta.url)
const utf8 = (text: string) => new Uint8Array(Buffer.from(text, "utf8"))

/** Every public 835: claims, lines, amount paid and what does not balance, or the refusal. */
const golden: Readonly<Record<string, readonly string[]>> = {
  // The payment's day is 2000-23-16.
  "lfh-835_005010X221A1-managed-care.835": ["x12-element BPR16, line 4"],
  "lfh-835_005010X221A1-secondary-payment.835": ["2 claims, 2 lines, 1222.00: balances"],
  // Two patient responsibilities that no PR adjustment explains, and a PLB of the other sign.
  "x12parser-4010-Example1_GripElements.txt": [
    "9 claims, 9 lines, 5.75: patient CLP, line 23; patient CLP, line 32; payment BPR, line 4",
  ],
  "x12parser-5010-Example1.txt": [
    "10 claims, 9 lines, 5.75: patient CLP, line 23; patient CLP, line 32; payment BPR, line 4",
  ],
  "x12parser-5010-ExampleFromNth.txt": ["x12-masked SVC01, line 24"],
  "x12parser-FromNth-835_DeIdent_01.dat": ["x12-masked ISA12, line 1"],
}

test("every public 835: which balance, which do not and where, which cannot be read", (t) => {
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const found: Record<string, readonly string[]> = {}
  for (const name of readdirSync(folder)) {
    const result = balance835(new Uint8Array(readFileSync(new URL(name, folder))))
    found[name] = isRefusal(result)
      ? [`${result.code} ${result.at}`]
      : result.map(({ claims, lines, paid, imbalances }) => {
          const faults = imbalances.map(({ rule, at }) => `${rule} ${at}`).join("; ")
          return `${claims} claims, ${lines} lines, ${decimalText(paid)}: ${faults === "" ? "balances" : faults}`
        })
    t.diagnostic(`${name}: ${found[name]}`)
  }
  assert.deepEqual(found, golden)
})

const sample = [
  "ISA*00*          *00*          *ZZ*PAYER          *ZZ*CLINIC         *260414*1200*^*00501*000000007*0*T*:",
  "GS*HP*PAYER*CLINIC*20260414*1200*1*X*005010X221A1",
  "ST*835*0001",
  "BPR*I*45.15*C*ACH*CCP*01*1*DA*2*1234567890**01*3*DA*4*20260414",
  "TRN*1*TRACE-1*1234567890",
  "DTM*405*20260413",
  "N1*PR*PAYER",
  "REF*2U*P77",
  "N1*PE*CLINIC*XX*1234567893",
  "REF*TJ*123456789",
  "LX*1",
  "CLP*C1*1*300*60*90*MC*PC1*13*1**280",
  "CAS*CO*A2*50",
  "NM1*QC*1*DOE*JANE****MI*M1",
  "NM1*82*1*HEART*ANN****XX*1111111112",
  "NM1*TT*2*NEXT*****PI*N5",
  "MIA*3***44.5*MA01***************MA02",
  "MOA***MA18",
  "REF*EA*REC1",
  "DTM*232*20260401",
  "DTM*233*20260404",
  "DTM*050*20260406",
  "AMT*AU*250",
  "AMT*I*1.15",
  "SVC*HC:99213:25*150*60*0510*1*HC:99214*2",
  "DTM*150*20260401",
  "DTM*151*20260402",
  "CAS*PR*1*40*1*2*10",
  "CAS*CO*45*40",
  "REF*6R*L1",
  "REF*1S*APC",
  "AMT*B6*110",
  "AMT*KH*5",
  "LQ*HE*N130",
  "SVC*NU:0120*150*50**3",
  "DTM*472*20260403",
  "CAS*PR*2*40",
  "CAS*OA*23*60",
  "CLP*C2*22*-20*-15*-5*MC*PC2",
  "NM1*IL*1*ROE*RON****MI*M2",
  "SVC*HC:A1*-20*-15",
  "CAS*PR*3*-5",
  "PLB*1234567893*20261231*L6:PC1*-1.15*WO:PC9*1",
  "SE*42*0001",
  "GE*1*1",
  "IEA*1*000000007",
]
const file = (lines: readonly string[]) => utf8(`${lines.join("~\n")}~\n`)
const swap = (from: string, to: string) => {
  assert.ok(sample.includes(from), from)
  return file(sample.map((line) => (line === from ? to : line)))
}

test("a remittance is read with its claims, lines, adjustments, remarks, references and provider level", () => {
  const [remittance] = orRefuse(readRemittances835(file(sample)))
  assert.ok(remittance !== undefined)
  const { paid, isDebit, method, trace, originator, payer, payee, providerLevel } = remittance
  assert.deepEqual(
    { paid, isDebit, method, trace, originator, payer, payee, day: formatDate(remittance.day!) },
    {
      ...{ paid: 4515n, isDebit: false, method: "ACH", trace: "TRACE-1", originator: "1234567890" },
      payer: { name: "PAYER", id: "P77" },
      payee: {
        ...{ name: "CLINIC", qualifier: "XX", id: "1234567893" },
        references: [{ qualifier: "TJ", value: "123456789" }],
      },
      day: "2026-04-14",
    },
  )
  assert.deepEqual(
    providerLevel.map(({ at, provider, code, reference, amount }) => [at, provider, code, reference, amount]),
    [
      [43, "1234567893", "L6", "PC1", -115n],
      [43, "1234567893", "WO", "PC9", 100n],
    ],
  )
  const [stay, reversal] = remittance.claims
  assert.deepEqual(
    [stay?.at, stay?.control, stay?.status, stay?.charge, stay?.paid, stay?.patient, stay?.filing, stay?.payerControl],
    [12, "C1", "1", 30_000n, 6000n, 9000n, "MC", "PC1"],
  )
  assert.deepEqual(
    [stay?.place, stay?.frequency, stay?.drg, stay?.member, stay?.rendering, stay?.forwardedTo, stay?.interest],
    ["13", "1", "280", "M1", "1111111112", "N5", 115n],
  )
  assert.deepEqual([stay!.from!, stay!.to!, stay!.received!].map(formatDate), [
    "2026-04-01",
    "2026-04-04",
    "2026-04-06",
  ])
  assert.deepEqual(stay?.remarks, ["MA01", "MA02", "MA18"])
  assert.equal(stay?.inpatient?.[3], "44.5")
  assert.deepEqual(stay?.amounts, [{ qualifier: "AU", amount: 25_000n }])
  assert.deepEqual(stay?.adjustments, [{ group: "CO", carc: "A2", amount: 5000n, unitsMilli: undefined }])
  const [visit, room] = stay!.lines
  assert.deepEqual(
    [visit?.code, visit?.modifiers, visit?.submitted, visit?.revenue, visit?.unitsMilli, visit?.submittedUnitsMilli],
    ["99213", ["25"], { codeSystem: "HC", code: "99214" }, "0510", 1000n, 2000n],
  )
  assert.deepEqual([formatDate(visit!.from!), formatDate(visit!.to!)], ["2026-04-01", "2026-04-02"])
  assert.deepEqual([visit?.control, visit?.allowed, visit?.remarks], ["L1", 11_000n, ["N130"]])
  assert.deepEqual(visit?.adjustments, [
    { group: "PR", carc: "1", amount: 4000n, unitsMilli: 1000n },
    { group: "PR", carc: "2", amount: 1000n, unitsMilli: undefined },
    { group: "CO", carc: "45", amount: 4000n, unitsMilli: undefined },
  ])
  assert.deepEqual(visit?.references, [{ qualifier: "1S", value: "APC" }])
  assert.deepEqual([room?.codeSystem, room?.code, room?.revenue, room?.unitsMilli], ["NU", "0120", "0120", 3000n])
  assert.deepEqual(
    [reversal?.status, reversal?.paid, reversal?.member, reversal?.lines[0]?.unitsMilli],
    ["22", -1500n, "M2", 1000n],
  )
  assert.deepEqual(balanceOf(remittance).imbalances, [])
})

test("one fault, one refusal with its place", () => {
  const rows: readonly (readonly [Uint8Array, string, string])[] = [
    [swap("ST*835*0001", "ST*837*0001"), "x12-not-835", "ST01, line 3"],
    [
      swap("BPR*I*45.15*C*ACH*CCP*01*1*DA*2*1234567890**01*3*DA*4*20260414", "XPR*1"),
      "x12-missing-segment",
      "after ST, line 3",
    ],
    [swap("TRN*1*TRACE-1*1234567890", "REF*1*2"), "x12-missing-segment", "after BPR, line 4"],
    [swap("LX*1", "SVC*HC:1*1*1"), "x12-order", "SVC, line 11"],
    [swap("CAS*CO*A2*50", "CAS*CO*A2*5O"), "x12-element", "CAS03, line 13"],
    [swap("CAS*CO*A2*50", "CAS*CO**50"), "x12-element", "CAS02, line 13"],
    [swap("DTM*232*20260401", "DTM*232*20260431"), "x12-element", "DTM02, line 20"],
    [swap("SVC*NU:0120*150*50**3", "SVC*NU:0120*150*50**x"), "x12-element", "SVC05, line 35"],
    [swap("CLP*C2*22*-20*-15*-5*MC*PC2", "CLP**22*-20*-15*-5*MC*PC2"), "x12-element", "CLP01, line 39"],
    [swap("PLB*1234567893*20261231*L6:PC1*-1.15*WO:PC9*1", "PLB*1*2*L6:PC1"), "x12-element", "PLB04, line 43"],
  ]
  for (const [bytes, code, at] of rows) {
    const result = readRemittances835(bytes)
    assert.ok(isRefusal(result), at)
    assert.deepEqual([result.code, result.at], [code, at])
  }
})

test("one cent more in any amount of the balance is an imbalance that names its rule and segment", () => {
  const rows = [
    ["SVC*NU:0120*150*50**3", "SVC*NU:0120*150.01*50**3", ["line SVC, line 35"]],
    ["CLP*C1*1*300*60*90*MC*PC1*13*1**280", "CLP*C1*1*300*60*90.01*MC*PC1*13*1**280", ["patient CLP, line 12"]],
    ["CAS*CO*A2*50", "CAS*CO*A2*50.01", ["claim CLP, line 12"]],
    ["AMT*I*1.15", "AMT*I*1.16", ["interest BPR, line 4"]],
    ["CAS*PR*3*-5", "CAS*PR*3*-4.99", ["line SVC, line 41", "claim CLP, line 39", "patient CLP, line 39"]],
  ] as const
  for (const [from, to, expected] of rows) {
    const [report] = orRefuse(balance835(swap(from, to)))
    assert.deepEqual(
      report?.imbalances.map(({ rule, at }) => `${rule} ${at}`),
      expected,
    )
  }
  const [taken] = orRefuse(
    balance835(swap("BPR*I*45.15*C*ACH*CCP*01*1*DA*2*1234567890**01*3*DA*4*20260414", "BPR*I*45.15*D*ACH")),
  )
  assert.deepEqual(taken?.imbalances, [{ rule: "payment", at: "BPR, line 4", expected: 4515n, found: -4515n }])
})

test("bytes changed at random are read or refused, never an error of ours", () => {
  const whole = file(sample)
  const change = fc.tuple(fc.nat(whole.length - 1), fc.constantFrom(...Buffer.from("~*:^\n 9XA")))
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = whole.slice()
      for (const [at, byte] of changes) bytes[at] = byte
      const result = balance835(bytes)
      assert.ok(isRefusal(result) || result.length === 1)
    }),
    { numRuns: 1000 },
  )
})
