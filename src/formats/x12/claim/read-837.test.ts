import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import fc from "fast-check"
import { isRefusal } from "../../answer.ts"
import { read837Professional } from "./read-837.ts"

const folder = new URL("../../../../../shared/data/x12/", import.meta.url)
const open = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)))
const utf8 = (text: string) => new Uint8Array(Buffer.from(text, "utf8"))

test("every public 837P: read with lines that sum to the claim, or refused with code, place and remedy", (t) => {
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const codes: Record<string, number> = {}
  let claims = 0
  for (const name of readdirSync(new URL("837P/", folder))) {
    const bytes = open(`837P/${name}`)
    const first = read837Professional(bytes)
    const code = isRefusal(first) ? first.code : "read"
    codes[code] = (codes[code] ?? 0) + 1
    t.diagnostic(`${name}: ${isRefusal(first) ? `${first.code} (${first.at}) ${first.message}` : "read"}`)
    if (isRefusal(first)) {
      assert.ok(first.at !== "" && first.remedy !== "" && first.message.startsWith("Cannot "))
      continue
    }
    for (let claim = 1; claim <= first.claimsInFile; claim++) {
      const one = read837Professional(bytes, { claim })
      assert.ok(!isRefusal(one), `${name} ${claim}`)
      claims++
      assert.equal(
        one.lines.reduce((sum, line) => sum + line.charge, 0n),
        one.total,
      )
      assert.equal(one.facts.length, one.lines.length)
      assert.deepEqual(one.entry.bytes, bytes)
    }
  }
  t.diagnostic(JSON.stringify({ ...codes, claims }))
  assert.deepEqual(codes, {
    read: 15,
    "x12-count": 5,
    "x12-masked": 4,
    "x12-element": 2,
    "x12-missing-segment": 2,
    "x12-isa-layout": 1,
    "x12-no-isa": 1,
  })
})

test("institutional and dental claims, other transactions and the masked batch are refused", (t) => {
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const codes: Record<string, number> = {}
  for (const kind of ["837I", "837D", "835", "270", "TA1"]) {
    for (const name of readdirSync(new URL(`${kind}/`, folder))) {
      const result = read837Professional(open(`${kind}/${name}`))
      assert.ok(isRefusal(result), name)
      const code = `${kind} ${result.code}`
      codes[code] = (codes[code] ?? 0) + 1
    }
  }
  t.diagnostic(JSON.stringify(codes))
  assert.ok(codes["837I x12-institutional"]! >= 8 && codes["837D x12-dental"] === 3)
})

const sample = [
  "ISA*00*          *00*          *ZZ*CLINIC         *ZZ*PAYER          *260414*1200*^*00501*000000007*0*T*:",
  "GS*HC*CLINIC*PAYER*20260414*1200*1*X*005010X222A1",
  "ST*837*0001*005010X222A1",
  "BHT*0019*00*1*20260414*1200*CH",
  "HL*1**20*1",
  "NM1*85*2*CLINIC*****XX*1234567893",
  "HL*2*1*22*0",
  "SBR*P*18*******CI",
  "NM1*IL*1*DOE*JANE****MI*M1",
  "NM1*PR*2*PAYER*****PI*P1",
  "CLM*C1*300.10***11:B:1*Y*A*Y*Y",
  "HI*ABK:H353211*ABF:H2513",
  "LX*1",
  "SV1*HC:E10:25*210*UN*1***1",
  "DTP*472*D8*20260414",
  "LX*2",
  "SV1*HC:T20:RT:LT*90.1*UN*2.5*12**2:1",
  "DTP*472*RD8*20260414-20260415",
  "REF*6R*L-2",
  "SE*18*0001",
  "GE*1*1",
  "IEA*1*000000007",
]
const file = (lines: readonly string[], end = "~\n") => utf8(lines.join(end) + end)
const swap = (from: string, to: string) => file(sample.map((line) => (line === from ? to : line)))

test("a claim of our own writing is read field by field", () => {
  const claim = read837Professional(file(sample))
  assert.ok(!isRefusal(claim))
  assert.equal(claim.total, 30_010n)
  assert.deepEqual(claim.facts[1], {
    sentence: "Service T20 with modifier RT, LT, 2.5 units, from 2026-04-14 to 2026-04-15.",
    entry: 0,
  })
  const { charge, unitsMilli, modifiers, place, diagnoses, control } = claim.lines[1]!
  assert.deepEqual(
    { charge, unitsMilli, modifiers, place, diagnoses, control },
    {
      charge: 9010n,
      unitsMilli: 2500,
      modifiers: ["RT", "LT"],
      place: "12",
      diagnoses: ["H2513", "H353211"],
      control: "L-2",
    },
  )
  for (const end of ["~", "~\r\n", "~\n   "]) {
    const other = read837Professional(file(sample, end))
    assert.ok(!isRefusal(other))
    assert.deepEqual({ ...other, entry: 0 }, { ...claim, entry: 0 })
  }
  const marked = read837Professional(new Uint8Array([0xef, 0xbb, 0xbf, ...file(sample)]))
  assert.ok(!isRefusal(marked))
})

test("one fault, one refusal with its place", () => {
  const rows: readonly (readonly [Uint8Array, string, string])[] = [
    [swap("SE*18*0001", "SE*17*0001"), "x12-count", "SE01, line 20"],
    [swap("SE*18*0001", "SE*18*0002"), "x12-control-number", "SE02, line 20"],
    [swap("GE*1*1", "GE*2*1"), "x12-count", "GE01, line 21"],
    [swap("GE*1*1", "GE*1*2"), "x12-control-number", "GE02, line 21"],
    [swap("IEA*1*000000007", "IEA*3*000000007"), "x12-count", "IEA01, line 22"],
    [swap("IEA*1*000000007", "IEA*1*000000008"), "x12-control-number", "IEA02, line 22"],
    [file(sample.slice(0, -1)), "x12-truncated", "IEA, line 21"],
    [file(sample).subarray(0, 500), "x12-truncated", "IEA, line 16"],
    [file(sample).subarray(0, 60), "x12-truncated", "ISA, line 1"],
    [swap("HI*ABK:H353211*ABF:H2513", "HI"), "x12-structure", "HI, line 12"],
    [swap("HI*ABK:H353211*ABF:H2513", ""), "x12-structure", "line 12"],
    [swap("GE*1*1", "REF*F8*1~\\nGE*1*1"), "x12-structure", "REF, line 21"],
    [utf8(""), "x12-no-isa", "ISA, line 1"],
    [utf8("GS*HC*A~"), "x12-no-isa", "ISA, line 1"],
    [swap("SV1*HC:E10:25*210*UN*1***1", "SV1*HC:E10:25*210.001*UN*1***1"), "x12-element", "SV102, line 14"],
    [swap("SV1*HC:E10:25*210*UN*1***1", "SV1*HC:E10:25*211*UN*1***1"), "x12-claim-total", "CLM02, line 11"],
    [swap("SV1*HC:E10:25*210*UN*1***1", "SV1*HC:E10:25*210*UN*1***3"), "x12-element", "SV107, line 14"],
    [swap("SV1*HC:E10:25*210*UN*1***1", "SV2*0300*HC:E10*210*UN*1"), "x12-institutional", "SV2, line 14"],
    [swap("DTP*472*D8*20260414", "DTP*472*D8*20260431"), "x12-element", "DTP03, line 15"],
    [swap("DTP*472*D8*20260414", "DTP*431*D8*20260414"), "x12-missing-segment", "after SV1, line 14"],
    [
      swap("CLM*C1*300.10***11:B:1*Y*A*Y*Y", "CLM*C1*300.10***11:B:7*Y*A*Y*Y"),
      "x12-missing-segment",
      "after CLM, line 11",
    ],
  ]
  for (const [bytes, code, at] of rows) {
    const result = read837Professional(bytes)
    assert.ok(isRefusal(result), code)
    assert.deepEqual({ code: result.code, at: result.at }, { code, at })
  }
})

test("bytes changed at random are read or refused, never an error of ours", () => {
  const whole = file(sample)
  const change = fc.tuple(fc.nat(whole.length - 1), fc.constantFrom(...Buffer.from("~*:^\\n 9XA\\xff")))
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
      const bytes = whole.slice()
      for (const [at, byte] of changes) bytes[at] = byte
      const result = read837Professional(bytes)
      assert.ok(isRefusal(result) || result.total >= 0n)
    }),
    { numRuns: 1000 },
  )
})

test("a file cut off at any byte is refused, never read in part", () => {
  const whole = file(sample)
  // The last byte is a line break after the last terminator.
  for (let length = 0; length < whole.length - 1; length += 7) {
    assert.ok(isRefusal(read837Professional(whole.subarray(0, length))), String(length))
  }
})
