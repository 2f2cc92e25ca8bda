import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { inputFor, planOf, visitDay } from "../../../../test/plan-text.ts"
import { adjudicate } from "../../../plan/adjudicate/adjudicate.ts"
import { decodeClaim, encodeClaim, encodeMember, encodeProvider } from "../../../plan/claim.ts"
import { inputOf } from "../../../plan/input.ts"
import { isRefusal, orRefuse } from "../../answer.ts"
import { readRemittances835 } from "../remittance/read-835.ts"
import { write835 } from "../remittance/write-835.ts"
import type { Claim837, Line837, LineAnswer837, OtherPayer837, Party837 } from "./claim-837.ts"
import { readEachClaim837 } from "./read-837-claims.ts"
import { noParty } from "./read-837-parties.ts"
import { planClaimOf } from "./to-claim.ts"

const folder = new URL("../../../../../shared/data/x12/", import.meta.url)
const received = visitDay + 5

test("every public claim becomes the plan's claim, or is refused by a stated rule; its encoding is canonical", (t) => {
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const counts: Record<string, number> = {}
  const legs: Record<string, readonly unknown[]> = {}
  for (const kind of ["837D", "837I", "837P"]) {
    for (const name of readdirSync(new URL(`${kind}/`, folder))) {
      const found = readEachClaim837(new Uint8Array(readFileSync(new URL(`${kind}/${name}`, folder))))
      for (const one of isRefusal(found) ? [] : found) {
        if (!("claim" in one)) continue
        const result = planClaimOf(one.claim, { received })
        const key = isRefusal(result) ? result.code : result.claim.kind
        counts[key] = (counts[key] ?? 0) + 1
        if (isRefusal(result)) continue
        assert.deepEqual(decodeClaim(encodeClaim(result.claim)), result.claim)
        assert.ok(encodeMember(result.member).length > 0 && encodeProvider(result.provider).length > 0)
        assert.equal(
          result.claim.lines.reduce((sum, line) => sum + line.charge, 0n),
          one.claim.total,
        )
        if (result.legs.length > 0)
          legs[name] = result.legs.map((leg) => leg.lines.map((line) => [line.allowed, line.paid, line.left]))
      }
    }
  }
  t.diagnostic(JSON.stringify(counts))
  assert.deepEqual(counts, { dental: 3, institutional: 7, professional: 17 })
  // The first payer answered by line in one file, as a whole in the other.
  assert.deepEqual(legs, {
    "lfh-837_005010X222A2-demo.cob.example4.837": [[[9500n, 8000n, 1500n]]],
    "x12parser-4010-Spec_4.1.2B_COB.txt": [[[20_000n, 15_000n, 5000n]]],
  })
})

const party = (id: string): Party837 => ({ ...noParty, qualifier: "XX", id })
const line = (number: number, code: string, charge: bigint, rest: Partial<Line837> = {}): Line837 => ({
  ...{ number, code, codeSystem: "HC", modifiers: [], charge, unitsMilli: 1000, unit: "UN", place: "11" },
  ...{
    revenue: undefined,
    from: visitDay,
    to: visitDay,
    diagnoses: [],
    drug: undefined,
    teeth: [],
    control: undefined,
  },
  ...{ authorization: undefined, rendering: undefined, answers: [], ...rest },
})
function claim(lines: readonly Line837[], rest: Partial<Claim837> = {}): Claim837 {
  const person = { ...party("M1"), isPerson: true, born: 4000, sex: "F" }
  return {
    ...{ kind: "professional", guide: "", interchangeControl: "", transactionControl: "", at: 9, control: "C1" },
    ...{ submitter: undefined, receiver: undefined, frequency: 1, place: "11", original: undefined },
    total: lines.reduce((sum, one) => sum + one.charge, 0n),
    ...{ billing: party("1234567893"), payTo: undefined, rendering: undefined, referring: undefined },
    ...{ facility: undefined, attending: undefined, subscriber: person, patient: undefined, relation: "18", group: "" },
    ...{ planName: "", filing: "CI", payer: party("P1"), rank: 1, otherPayers: [], diagnoses: [], diagnosisSystem: "" },
    ...{ procedures: [], drg: undefined, accident: false, workRelated: false, emergency: false, admitted: undefined },
    ...{ discharged: undefined, admission: undefined, authorization: undefined, referral: undefined },
    ...{ patientPaid: undefined, from: visitDay, to: visitDay, lines, ...rest },
  }
}
const other = (rank: number, id: string, rest: Partial<OtherPayer837> = {}): OtherPayer837 => ({
  ...{ rank, relation: "18", group: "", filing: "MB", payer: party(id), subscriber: noParty },
  ...{ paid: undefined, left: undefined, on: undefined, adjustments: [], control: undefined, ...rest },
})
const answerOf = (payer: string, paid: bigint, owed: bigint, rest: Partial<LineAnswer837> = {}): LineAnswer837 => ({
  ...{ payer, paid, code: "A", unitsMilli: 1000n, on: visitDay + 1 },
  adjustments: [
    { group: "PR", carc: "2", amount: owed, unitsMilli: undefined },
    { group: "CO", carc: "45", amount: 1000n, unitsMilli: undefined },
  ],
  ...rest,
})

test("bill, stay and provider of an institutional claim; nothing that it does not say is there", () => {
  const stay = claim([line(1, "", 90_000n, { revenue: "120", codeSystem: "", diagnoses: ["I214"] })], {
    ...{ kind: "institutional", place: "11", frequency: 2, drg: "280", admitted: visitDay - 1, discharged: visitDay },
    ...{ rendering: party("9999999999"), authorization: "AUTH", rank: 2, relation: "19" },
  })
  const { claim: plan, member, provider, authorizations, currency } = orRefuse(planClaimOf(stay, { received }))
  assert.deepEqual(
    [plan.billType, plan.inpatient, plan.drg, plan.frequency, plan.lines[0]?.revenue, plan.lines[0]?.place],
    ["112", true, "280", 2, "0120", undefined],
  )
  assert.deepEqual([provider.provider, provider.specialty, provider.contract], ["1234567893", undefined, undefined])
  assert.deepEqual([member.relation, member.rank, member.coverFrom, member.flags], ["child", 2, undefined, []])
  assert.deepEqual([authorizations, currency, plan.received, plan.clean], [["AUTH"], "USD", received, received])
  for (const [place, expected] of [
    ["13", false],
    ["12", false],
    ["21", true],
    ["18", true],
    ["83", false],
  ] as const) {
    assert.equal(orRefuse(planClaimOf({ ...stay, place }, { received })).claim.inpatient, expected, place)
  }
})

test("teeth: one is named, evenly billed ones are split, one unit over several names none, all else is refused", () => {
  const dental = (rest: Partial<Line837>) =>
    planClaimOf(claim([line(1, "D2392", 15_000n, rest), line(2, "D0120", 5000n)], { kind: "dental" }), { received })
  const teeth = [
    { tooth: "3", surfaces: ["M", "O"] },
    { tooth: "14", surfaces: ["B"] },
    { tooth: "19", surfaces: [] },
  ]
  const shape = (result: ReturnType<typeof dental>) =>
    orRefuse(result).claim.lines.map(({ number, charge, unitsMilli, tooth, surfaces }) => {
      return [number, charge, unitsMilli, tooth, surfaces.join("")]
    })
  const exam = [2, 5000n, 1000, undefined, ""]
  assert.deepEqual(shape(dental({ teeth: teeth.slice(0, 1) })), [[1, 15_000n, 1000, "3", "MO"], exam])
  assert.deepEqual(shape(dental({ teeth, unitsMilli: 3000 })), [
    ...[[1, 5000n, 1000, "3", "MO"], exam],
    ...[
      [3, 5000n, 1000, "14", "B"],
      [4, 5000n, 1000, "19", ""],
    ],
  ])
  assert.deepEqual(shape(dental({ teeth })), [[1, 15_000n, 1000, undefined, ""], exam])
  for (const rest of [{ unitsMilli: 2000 }, { unitsMilli: 3000, charge: 15_001n }]) {
    const refused = dental({ teeth, ...rest })
    assert.ok(isRefusal(refused) && refused.code === "x12-teeth" && refused.at === "TOO of LX 1")
  }
})

test("a split line comes back in the 835 as the one line it was, with its own number", () => {
  const services = "code,category,rate\nD2392,filling,40.00\n"
  const plan = planOf({
    clauses: ["{ define: { table: services }, cover: yes }", "{ allow: { schedule: services, lesser: yes } }"],
    tables: { services: { csv: services } },
  })
  const teeth = [
    { tooth: "3", surfaces: ["M"] },
    { tooth: "14", surfaces: ["B"] },
  ]
  const sent = claim([line(7, "D2392", 15_000n, { teeth, unitsMilli: 2000, codeSystem: "AD", control: "T-1" })], {
    kind: "dental",
  })
  const { claim: judged, lineOf } = orRefuse(planClaimOf(sent, { received }))
  assert.deepEqual(
    judged.lines.map(({ number }) => number),
    [7, 8],
  )
  const given = inputFor(plan, { lines: [], claim: judged })
  const { leg } = adjudicate(given, { trace: false })
  const payment = new Uint8Array(32)
  const party = { name: "P", id: "1234567893" }
  const one = { control: "C1", payerControl: "P1", patient: { id: "M1" }, claim: judged, leg, lineOf }
  const bytes = write835(
    { payer: party, payee: party, payment, day: visitDay, paid: leg.totals.benefit, claims: [one] },
    { sender: "A", receiver: "B", control: 1, day: visitDay, minute: 0 },
  )
  const [back] = orRefuse(readRemittances835(bytes))
  const lines = back!.claims[0]!.lines
  assert.deepEqual(
    lines.map(({ control, codeSystem, code, charge, paid, unitsMilli }) => [
      control,
      codeSystem,
      code,
      charge,
      paid,
      unitsMilli,
    ]),
    [["T-1", "AD", "D2392", 15_000n, 8000n, 2000n]],
  )
})

test("earlier payers by line: paid, left and its reasons; a payer who did not answer or comes later is no leg", () => {
  const lines = [
    line(1, "A", 10_000n, { answers: [answerOf("F1", 6000n, 3000n), answerOf("F2", 1000n, 2000n)] }),
    line(2, "B", 5000n, { answers: [answerOf("F1", 0n, 4000n)] }),
  ]
  const secondary = claim(lines, {
    rank: 3,
    otherPayers: [other(2, "F2"), other(1, "F1", { on: visitDay + 2 }), other(4, "F4", { paid: 1n })],
  })
  const { legs, member } = orRefuse(planClaimOf(secondary, { received }))
  assert.deepEqual(legs, [
    {
      ...{ payer: "F1", on: visitDay + 2 },
      lines: [
        { number: 1, allowed: 9000n, paid: 6000n, left: 3000n, reasons: [{ carc: "2", amount: 3000n }] },
        { number: 2, allowed: 4000n, paid: 0n, left: 4000n, reasons: [{ carc: "2", amount: 4000n }] },
      ],
    },
    {
      ...{ payer: "F2", on: visitDay + 1 },
      lines: [{ number: 1, allowed: 3000n, paid: 1000n, left: 2000n, reasons: [{ carc: "2", amount: 2000n }] }],
    },
  ])
  assert.deepEqual([member.rank, member.otherCover], [3, ["MB", "MB", "MB"]])
  const unanswered = orRefuse(
    planClaimOf({ ...secondary, otherPayers: [other(1, "F1"), other(2, "F2")] }, { received }),
  )
  assert.equal(unanswered.legs.length, 2)
  const silent = claim([line(1, "A", 10_000n)], { rank: 2, otherPayers: [other(1, "F1")] })
  assert.deepEqual(orRefuse(planClaimOf(silent, { received })).legs, [])
})

test("an earlier payer who answered the claim as a whole: spread by charge to the cent, or refused", () => {
  const adjustments = [{ group: "PR", carc: "1", amount: 5001n, unitsMilli: undefined }]
  const payer = other(1, "F1", { paid: 5000n, adjustments })
  const lines = [line(1, "A", 10_000n), line(2, "B", 5000n)]
  const { legs } = orRefuse(planClaimOf(claim(lines, { rank: 2, otherPayers: [payer] }), { received }))
  const [leg] = legs
  // Neither payer nor line says the day: no later than the receipt.
  assert.equal(leg?.on, received)
  const sum = (of: (one: NonNullable<typeof leg>["lines"][number]) => bigint) =>
    leg!.lines.reduce((total, one) => total + of(one), 0n)
  assert.deepEqual([sum((one) => one.paid), sum((one) => one.left), sum((one) => one.allowed)], [5000n, 5001n, 10_001n])
  assert.deepEqual(
    leg?.lines.map((one) => one.reasons.reduce((total, reason) => total + reason.amount, 0n) === one.left),
    [true, true],
  )
  const refused = (change: Partial<OtherPayer837>, answers: readonly LineAnswer837[] = []) => {
    const changed = claim([line(1, "A", 10_000n, { answers })], { rank: 2, otherPayers: [{ ...payer, ...change }] })
    const result = planClaimOf(changed, { received })
    return isRefusal(result) ? `${result.code} ${result.at}` : "used"
  }
  assert.equal(refused({}), "x12-prior-unbalanced AMT*D of SBR 1, claim at line 9")
  assert.equal(refused({ left: 4000n, paid: 1n }), "x12-prior-unbalanced AMT*D of SBR 1, claim at line 9")
  assert.equal(refused({ paid: -1n }), "x12-prior-negative AMT*D of SBR 1, claim at line 9")
  assert.equal(refused({}, [answerOf("F9", 1n, 1n)]), "x12-prior-payer SVD01 of LX 1")
  assert.equal(refused({}, [answerOf("F1", -1n, 1n)]), "x12-prior-negative SVD of LX 1")
})

test("what a claim carries is what the adjudicator takes: the second payer pays what the first left", () => {
  const services = "code,category,rate\nA,exam,100.00\n"
  const plan = planOf({
    clauses: [
      "{ define: { table: services }, cover: yes }",
      "{ allow: { schedule: services, lesser: yes } }",
      "{ cob: { method: standard } }",
    ],
    tables: { services: { csv: services } },
  })
  const sent = claim([line(1, "A", 10_000n, { answers: [answerOf("F1", 6000n, 3000n)] })], {
    rank: 2,
    otherPayers: [other(1, "F1")],
  })
  const { claim: judged, member, provider, legs } = orRefuse(planClaimOf(sent, { received }))
  const snapshot = inputFor(plan, { lines: [{ code: "A", charge: 1n }] }).snapshot.value
  const { leg } = adjudicate(inputOf({ plan, claim: judged, member, provider, legs, snapshot, on: received }), {
    trace: false,
  })
  assert.deepEqual(
    [leg.lines[0]?.benefit, leg.lines[0]?.patient, leg.lines[0]?.adjustments.map((one) => [one.carc, one.amount])],
    [3000n, 0n, [["23", 7000n]]],
  )
})
