import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import fc from "fast-check"
import x12 from "node-x12"
import { claims } from "../../../../test/random-claim-837.ts"
import { answer, isRefusal, orRefuse } from "../../answer.ts"
import { day, determined, type service, visit } from "../../eye-claim.test.ts"
import type { Claim837 } from "./claim-837.ts"
import { read837Professional } from "./read-837.ts"
import { readClaims837, readEachClaim837 } from "./read-837-claims.ts"
import { write837 } from "./write-837.ts"
import { claim837Of } from "./write-837-visit.ts"

const folder = new URL("../../../../../shared/data/x12/", import.meta.url)

const envelope = { sender: "CLINIC", receiver: "PAYER", control: 7, day, minute: 615, isTest: true }

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString()

/** What a claim is, apart from where it was read: a 4010 claim comes out as 5010. */
const contentOf = (claim: Claim837): Claim837 => ({
  // fast-check's records have no prototype.
  ...structuredClone(claim),
  ...{ guide: "", interchangeControl: "", transactionControl: "", at: 0 },
})

function check(claim: Claim837): string {
  const bytes = write837(claim, envelope)
  // A parser of others, in its strict mode, counts the same segments and control numbers.
  assert.doesNotThrow(() => new x12.X12Parser(true).parse(textOf(bytes)))
  const [back, ...others] = orRefuse(readClaims837(bytes))
  assert.equal(others.length, 0)
  assert.deepEqual(contentOf(back!), contentOf(claim))
  return textOf(bytes)
}

function readable(): { readonly path: string; readonly bytes: Uint8Array; readonly claims: readonly Claim837[] }[] {
  return ["837D", "837I", "837P"].flatMap((kind) =>
    readdirSync(new URL(`${kind}/`, folder)).flatMap((name) => {
      const path = `${kind}/${name}`
      const bytes = new Uint8Array(readFileSync(new URL(path, folder)))
      const found = readEachClaim837(bytes)
      const claims = isRefusal(found) ? [] : found.flatMap((one) => ("claim" in one ? [one.claim] : []))
      return claims.length === 0 ? [] : [{ path, bytes, claims }]
    }),
  )
}

test("every public claim that can be read: written and read again it is the same, as a correction too", (t) => {
  if (!existsSync(folder)) return t.skip("../shared is absent")
  let count = 0
  for (const { claims } of readable()) {
    for (const claim of claims) {
      check(claim)
      assert.match(check({ ...claim, frequency: 7, original: "PAYER-77" }), /^REF\*F8\*PAYER-77~$/m)
      count++
    }
    const back = orRefuse(readClaims837(write837(claims, envelope)))
    assert.deepEqual(back.map(contentOf), claims.map(contentOf))
  }
  t.diagnostic(`${count} claims`)
  assert.equal(count, 27)
})

test("no segment of a 5010 claim is lost", (t) => {
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const known: Record<string, string[]> = {}
  for (const { path, bytes, claims } of readable()) {
    if (!claims[0]!.guide.startsWith("005010")) continue
    const written = new Set(segmentsOf(claims.map((claim) => textOf(write837(claim, envelope))).join("")))
    const lost = segmentsOf(textOf(bytes)).filter((segment) => !written.has(segment))
    if (lost.length > 0) known[path.slice(5)] = lost
  }
  assert.deepEqual(known, {
    // One day as a period, a 4010 qualifier, and a filing indicator one element too early.
    "lfh-837_005010X222A2-demo.cob.example4.837": ["AMT*F2*15"],
    "lfh-837_005010X222A2-demo.example8.837": ["DTP*472*RD8*20050321-20050321"],
    "lfh-demo-file-demo.837i": ["DTP*434*D8*19960911"],
    "x12parser-5010-Example1_2_And_3_Combined.txt": ["SBR*P*******CI"],
    "x12parser-5010-Example3_COB.txt": ["SBR*P*******CI"],
  })
})

/** Segments of the transactions with amounts in one form; a line's place of service only where it is not the claim's. */
function segmentsOf(text: string): readonly string[] {
  const lines = text.split("~").map((segment) => segment.trim().replace(/^\uFEFF/, ""))
  const place = /CLM\*[^*]*\*[^*]*\*\*\*(\d\d)/.exec(text)?.[1]
  return lines
    .filter((segment) => segment !== "" && !/^(ISA|GS|ST|SE|GE|IEA|BHT|HL)\*/.test(segment))
    .map((segment) => {
      const elements = segment.split("*").map((one) => (/^\d+\.\d+$/.test(one) ? String(Number(one)) : one))
      if (elements[0] === "SV1" && elements[5] === place) elements[5] = ""
      return elements.join("*").replace(/\*+$/, "")
    })
}

test("a claim of our own is read back to the same lines, as an original and as a replacement", () => {
  const { claim } = determined(
    visit.map((one) => ({ ...one, diagnoses: ["H353211", "H2513"].slice(0, one.number % 3) })),
  )
  const parties = {
    submitter: { name: "Eye Clinic", id: "S1" },
    receiver: { name: "Sample Mutual", id: "R1" },
    billingProvider: { name: "Eye Clinic", npi: "1234567893", taxId: "123456789" },
    subscriber: { last: "Vega", first: "Marisol", id: "M1", born: -3043, sex: "F" },
    payer: { name: "Sample Mutual", id: "P1" },
  }
  for (const [frequency, numbers] of [
    [1, { control: "V1" }],
    [7, { control: "V1", original: "P1-OLD" }],
  ] as const) {
    const written = claim837Of({ ...claim, frequency }, parties, numbers)
    check(written)
    const read = orRefuse(read837Professional(write837(written, envelope)))
    assert.deepEqual([read.frequency, read.original], [frequency, numbers.original])
    const shape = (lines: readonly Pick<ReturnType<typeof service>, "number" | "code" | "charge" | "unitsMilli">[]) =>
      lines.map(({ number, code, charge, unitsMilli }) => [number, code, charge, unitsMilli])
    assert.deepEqual(shape(read.lines), shape(claim.lines))
    assert.deepEqual(
      read.lines.map((line) => line.diagnoses),
      claim.lines.map((line) => line.diagnoses),
    )
  }
})

test("a separator within a name becomes a space, within a code it is refused", (t) => {
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const [claim] = readable().find(({ path }) => path.endsWith("demo.example1.837"))!.claims
  const billing = { ...claim!.billing, last: "EYE*CLINIC: A~B" }
  const [back] = orRefuse(readClaims837(write837({ ...claim!, billing }, envelope)))
  assert.equal(back?.billing.last, "EYE CLINIC  A B")
  const written = answer(() => write837({ ...claim!, control: "A*B" }, envelope))
  assert.ok(isRefusal(written) && written.code === "x12-separator")
})

/**
 * Claims of the three kinds with nearly every segment that a claim may have, each in its guide's place: pyx12's maps of
 * X222A1 and X223A2 find no fault with the first two.
 */
const levels = `
HL*1**20*1~
PRV*BI*PXC*282N00000X~
NM1*85*2*HOSPITAL*****XX*1234567893~
N3*1 ROAD~
N4*ALBANY*NY*122070001~
REF*EI*123456789~
PER*IC*BOB*TE*5551234567~
NM1*87*2~
N3*2 ROAD~
N4*ALBANY*NY*122070001~
HL*2*1*22*1~
SBR*S**GROUP1******MB~
NM1*IL*1*DOE*JANE*Q**JR*MI*M1~
N3*3 ROAD~
N4*ALBANY*NY*122070001~
DMG*D8*19500102*F~
NM1*PR*2*PAYER*****PI*P1~
N3*4 ROAD~
N4*ALBANY*NY*12207~
REF*G2*X1~
HL*3*2*23*0~
PAT*19~
NM1*QC*1*DOE*JIM~
N3*3 ROAD~
N4*ALBANY*NY*12207~
DMG*D8*20150102*M~
REF*Y4*PC1~
`

const institutional = `
CLM*C1*900***11:A:7**A*Y*Y~
DTP*096*TM*1115~
DTP*434*RD8*20260401-20260404~
DTP*435*DT*202604010930~
CL1*1*7*01~
PWK*OZ*BM***AC*DMN0012~
AMT*F3*20~
REF*9F*REF1~
REF*G1*AUTH1~
REF*F8*OLD1~
REF*D9*TRACE~
REF*EA*MRN~
K3*STATE~
NTE*ADD*NOTE~
HI*ABK:I214:::::::Y~
HI*ABJ:R079~
HI*APR:R079~
HI*ABN:W19XXXA:::::::Y~
HI*DR:280~
HI*ABF:E119:::::::N*ABF:I10~
HI*BBR:02703DZ:D8:20260402~
HI*BBQ:B2111ZZ:D8:20260402~
HI*BI:70:RD8:20260401-20260403~
HI*BH:04:D8:20260331~
HI*BE:80:::3.00~
HI*BG:17~
HI*TC:AAA~
HCP*03*182.88*54.62*123456789~
NM1*71*1*HEART*ANN****XX*1234567893~
PRV*AT*PXC*207RC0000X~
REF*1G*X1~
NM1*72*1*KNIFE*BOB****XX*1234567893~
NM1*77*2*LAB*****XX*1234567893~
N3*1 X~
N4*ALBANY*NY*12207~
SBR*P*18*G2******CI~
CAS*PR*1*50~
AMT*D*100~
AMT*EAF*50~
OI***Y***Y~
MIA*1***100~
NM1*IL*1*DOE*JANE****MI*X9~
N3*3 ROAD~
N4*ALBANY*NY*12207~
NM1*PR*2*FIRST*****PI*F1~
N3*3 ROAD~
N4*ALBANY*NY*12207~
DTP*573*D8*20260410~
REF*2U*F2~
REF*F8*FIRST77~
NM1*71*1~
REF*1G*Q1~
LX*1~
SV2*0120**600*DA*3~
LX*2~
SV2*0480*HC:92928:LD*300*UN*1**30~
PWK*OZ*BM***AC*DMN0012~
DTP*472*D8*20260402~
REF*6R*L2~
AMT*GT*1~
NTE*TPO*NOTE~
HCP*03*137.06*40.94~
LIN**N4*01234567891~
CTP****2*UN~
REF*XZ*RX1~
NM1*72*1*JONES*JOHN*J***XX*1234567893~
SVD*F1*100*HC:92928*0480*1~
CAS*PR*1*50~
CAS*CO*45*150*1~
DTP*573*D8*20260410~
AMT*EAF*50~
`

const professional = `
CLM*P1*330***11:B:8*Y*A*Y*Y*P*AA:EM::NY:CA*02~
DTP*435*D8*20260401~
DTP*096*D8*20260404~
DTP*431*D8*20260401~
DTP*454*D8*20260401~
DTP*439*D8*20260331~
PWK*OZ*BM***AC*DMN0012~
AMT*F5*20~
REF*9F*REF1~
REF*G1*AUTH~
REF*F8*OLD1~
REF*D9*T1~
K3*STATE~
NTE*ADD*NOTE~
CR1*LB*140**A*DH*12~
HI*ABK:I214*ABF:E119~
HI*BG:17~
HCP*03*182.88*54.62*123456789~
NM1*DN*1*REFER*ANN****XX*1234567893~
NM1*82*1*DOC*ANN****XX*1234567893~
PRV*PE*PXC*207RC0000X~
REF*G2*1~
NM1*77*2*LAB*****XX*1234567893~
N3*1 X~
N4*ALBANY*NY*12207~
NM1*DQ*1*SUPER*BOB****XX*1234567893~
SBR*P*18*G2**12****CI~
AMT*D*100~
OI***Y*P**Y~
MOA***MA01~
NM1*IL*1*DOE*JANE****MI*X9~
NM1*PR*2*FIRST*****PI*F1~
LX*1~
SV1*HC:99213:25::::TEXT*300*UN*1*22**1:2**Y**Y*Y***0~
CR3*I*MO*12~
DTP*472*RD8*20260402-20260403~
DTP*471*D8*20260402~
QTY*PT*2~
MEA*TR*R1*12~
REF*G1*A1~
REF*6R*L1~
NTE*ADD*N~
PS1*X*10~
NM1*82*1*DOC*ANN****XX*1234567893~
PRV*PE*PXC*207RC0000X~
NM1*DK*1*ORD*ANN****XX*1234567893~
N3*1 X~
N4*ALBANY*NY*12207~
SVD*F1*100*HC:99213**1*2~
CAS*PR*1*50**2*10~
DTP*573*D8*20260410~
AMT*EAF*60~
LQ*UT*01.02~
FRM*1A*Y~
FRM*2**X~
LX*2~
SV1*HC:99214*30*UN*1***1~
DTP*472*D8*20260402~
`

const dental = `
CLM*D1*250***11:B:1*Y*A*Y*Y~
DTP*472*D8*20260405~
DTP*439*D8*20260331~
DN1*10*5~
DN2*3*M****JP~
PWK*OZ*BM***AC*DMN0012~
REF*G3*PRE1~
NTE*ADD*NOTE~
HI*ABK:K029~
NM1*82*1*TOOTH*ANN****XX*1234567893~
PRV*PE*PXC*122300000X~
NM1*77*2*LAB*****XX*1234567893~
LX*1~
SV3*AD:D2392*150**10:20**2*****1~
TOO*JP*3*M:O~
TOO*JP*14*B~
REF*6R*T1~
NTE*ADD*N~
LX*2~
SV3*AD:D6240*100*12*20*I*1~
DTP*472*D8*20260406~
DTP*441*D8*20200101~
REF*G1*AUTH2~
`

test("a claim with nearly every segment is written back segment for segment, in the same order", () => {
  const guides = { "005010X223A2": institutional, "005010X222A1": professional, "005010X224A2": dental }
  for (const [guide, segments] of Object.entries(guides)) {
    const head =
      "BHT*0019*00*1*20260414*1200*CH~\nNM1*41*2*CLINIC*****46*S1~\nPER*IC*ANN*TE*5551234567~\nNM1*40*2*PAYER*****46*R1~"
    const body = `${head}${levels}${segments.trimStart()}`
    const source = [
      "ISA*00*          *00*          *ZZ*CLINIC         *ZZ*PAYER          *260414*1200*^*00501*000000007*0*T*:~",
      `GS*HC*CLINIC*PAYER*20260414*1200*1*X*${guide}~\nST*837*0001*${guide}~\n${body}`,
      `SE*${body.split("~").length + 1}*0001~\nGE*1*1~\nIEA*1*000000007~`,
    ].join("\n")
    const [claim] = orRefuse(readClaims837(new Uint8Array(Buffer.from(source))))
    assert.deepEqual(segmentsOf(check(claim!)), segmentsOf(source))
  }
})

test("any claim of any kind: written and read again it is the same", () => {
  fc.assert(
    fc.property(claims, (claim) => {
      check(claim)
    }),
    { numRuns: 100 },
  )
})
