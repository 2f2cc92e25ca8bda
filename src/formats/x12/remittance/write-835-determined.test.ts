/** The 835 of generated determinations of every kind: it balances, and read again it says what the legs said. */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import x12 from "node-x12"
import { inputFor, planOf, type Situation, visitDay } from "../../../../test/plan-text.ts"
import { adjudicate } from "../../../plan/adjudicate/adjudicate.ts"
import type { PriorLeg } from "../../../plan/input.ts"
import type { Leg, LegLine } from "../../../plan/leg.ts"
import { orRefuse } from "../../answer.ts"
import { balanceOf } from "./balance-835.ts"
import { readRemittances835 } from "./read-835.ts"
import type { Remittance835, RemittanceLine835 } from "./remittance-835.ts"
import { type Remittance, type RemittanceClaim, traceNumber, write835 } from "./write-835.ts"

const services = `code,category,rate
A,exam,100.00
C,procedure,200.00
M,medicine,11.885
K,capitated,50.00
0120,room,900.00
0450,room,300.00
D2392,filling,80.00
`
/** Deductible, coinsurance, withhold, coordination, capitation, and a clause that pends medicine without its supply. */
const plan = planOf({
  clauses: [
    "{ define: { table: services }, cover: yes }",
    "{ allow: { schedule: services, lesser: yes } }",
    "{ deductible: ded, bucket: { name: ded, measure: share, person: fifty, period: year } }",
    "{ coinsurance: { member: fifth } }",
    "{ withhold: { percent: two, pool: quality } }",
    "{ cob: { method: standard } }",
    "{ for: [capitated], capitate: { copay: no } }",
    "{ for: [medicine], when: supply > 30, waive: { parts: [coinsurance] } }",
  ],
  numbers: "fifty: 50.00 USD, fifth: 20 %, two: 2 %",
  tables: { services: { csv: services } },
})

const envelope = { sender: "MUTUAL", receiver: "CLINIC", control: 7, day: visitDay, minute: 615, isTest: true }

function claimOf(situation: Situation, rest: Partial<RemittanceClaim> & { control: string }): RemittanceClaim {
  const input = inputFor(plan, situation)
  const { leg } = adjudicate(input, { trace: false })
  return { payerControl: `P-${rest.control}`, patient: { id: "M1" }, claim: input.claim.value, leg, ...rest }
}

function remittanceOf(claims: readonly RemittanceClaim[], rest: Partial<Remittance> = {}): Remittance {
  const sign = (one: RemittanceClaim) => (one.isReversal === true ? -1n : 1n)
  const ofClaims = claims.reduce((sum, one) => sum + sign(one) * (benefitOf(one.leg) + (one.interest ?? 0n)), 0n)
  const taken = (rest.adjustments ?? []).reduce((sum, one) => sum + one.amount, 0n)
  const net = ofClaims - taken
  return {
    payer: { name: "Sample Mutual", id: "1234567890" },
    payee: { name: "Clinic", id: "1234567893" },
    payment: new Uint8Array(32).fill(0xab),
    day: visitDay,
    paid: net < 0n ? 0n : net,
    claims,
    ...rest,
  }
}

const isDecided = (line: LegLine) => line.status !== "pended" && line.status !== "held"
const benefitOf = (leg: Leg) => leg.lines.filter(isDecided).reduce((sum, line) => sum + line.benefit, 0n)

function readBack(remittance: Remittance): Remittance835 {
  const bytes = write835(remittance, envelope)
  // A parser of others, in its strict mode, counts the same segments and control numbers.
  assert.doesNotThrow(() => new x12.X12Parser(true).parse(Buffer.from(bytes).toString()))
  const [back, ...others] = orRefuse(readRemittances835(bytes))
  assert.equal(others.length, 0)
  assert.deepEqual(balanceOf(back!).imbalances, [])
  assert.equal(back?.paid, remittance.paid)
  assert.equal(back?.trace, traceNumber(remittance.payment))
  return back!
}

/** Group and reason with their sums, in one order. */
const sums = (adjustments: readonly { group: string; carc: string; amount: bigint }[], sign = 1n) => {
  const byCode = new Map<string, bigint>()
  for (const { group, carc, amount } of adjustments) {
    byCode.set(`${group}-${carc}`, (byCode.get(`${group}-${carc}`) ?? 0n) + sign * amount)
  }
  return [...byCode].filter(([, amount]) => amount !== 0n).sort(([a], [b]) => (a < b ? -1 : 1))
}

function compare(back: Remittance835, remittance: Remittance): void {
  const reversed = remittance.claims.filter((one) => one.isReversal === true)
  const inOrder = [...reversed, ...remittance.claims.filter((one) => one.isReversal !== true)]
  assert.equal(back.claims.length, inOrder.length)
  for (const [index, one] of inOrder.entries()) {
    const found = back.claims[index]!
    const sign = one.isReversal === true ? -1n : 1n
    const decided = one.leg.lines.filter(isDecided)
    const { totals } = one.leg
    assert.deepEqual(
      [found.control, found.payerControl, found.charge, found.paid, found.patient, found.interest],
      [
        ...[one.control, one.payerControl, sign * totals.charge, sign * totals.benefit, sign * totals.patient],
        one.interest === undefined ? undefined : sign * one.interest,
      ],
    )
    const lineOf = (line: RemittanceLine835) => [
      ...[line.control, line.charge, line.paid, line.allowed ?? 0n, line.unitsMilli, sums(line.adjustments)],
      [...line.remarks].sort(),
    ]
    assert.deepEqual(
      found.lines.map(lineOf),
      decided.map((line) => {
        const service = one.claim.lines.find((other) => other.number === line.number)!
        return [
          ...[String(line.number), sign * service.charge, sign * line.benefit, sign * line.allowed],
          ...[sign * BigInt(service.unitsMilli), sums(line.adjustments, sign)],
          [...new Set(line.adjustments.flatMap((item) => item.rarc))].sort(),
        ]
      }),
    )
  }
}

const line = fc.record({
  code: fc.constantFrom("A", "C", "M", "K", "D2392", "Z9"),
  charge: fc.bigInt({ min: 0n, max: 100_000n }),
  unitsMilli: fc.integer({ min: 1, max: 50_000 }),
  supply: fc.constantFrom(undefined, 10, 90),
})

/** What an earlier payer made of a line: paid and left within the charge. */
const prior = (charges: readonly bigint[]): fc.Arbitrary<PriorLeg> =>
  fc.tuple(...charges.map((charge) => fc.tuple(fc.bigInt(0n, charge), fc.bigInt(0n, charge)))).map((cuts) => ({
    payer: "first",
    on: visitDay,
    lines: cuts.map(([a, b], index) => {
      const [paid, both] = a < b ? [a, b] : [b, a]
      const left = both - paid
      return { number: index + 1, allowed: both, paid, left, reasons: left === 0n ? [] : [{ carc: "2", amount: left }] }
    }),
  }))

const judged: fc.Arbitrary<Omit<RemittanceClaim, "control" | "payerControl" | "patient">> = fc
  .record({
    lines: fc.array(line, { minLength: 1, maxLength: 5 }),
    kind: fc.constantFrom("professional", "institutional", "dental"),
    isSecondary: fc.boolean(),
    interest: fc.option(fc.bigInt({ min: 1n, max: 500n }), { nil: undefined }),
    isReversal: fc.boolean(),
    isForwarded: fc.boolean(),
  })
  .chain(({ lines, kind, isSecondary, interest, isReversal, isForwarded }) =>
    (isSecondary ? prior(lines.map(({ charge }) => charge)).map((leg) => [leg]) : fc.constant([])).map((legs) => {
      const isBill = kind === "institutional"
      const bill = isBill
        ? { inpatient: true, admitted: visitDay, discharged: visitDay + 3, billType: "111", drg: "280" }
        : {}
      const given = lines.map((one) => (isBill && one.code === "A" ? { ...one, code: "", revenue: "0120" } : one))
      const situation: Situation = {
        lines: given,
        claim: { kind, ...bill },
        member: { rank: isSecondary ? 2 : 1 },
        values: { legs },
      }
      return {
        ...claimOf(situation, { control: "X" }),
        rank: isSecondary ? 2 : 1,
        ...(interest === undefined ? {} : { interest }),
        ...(isReversal ? { isReversal } : {}),
        ...(isForwarded && !isReversal ? { forwardedTo: { name: "Next", id: "N5" } } : {}),
      }
    }),
  )

test("any determinations: the 835 balances by all rules, and says line by line what the legs say", () => {
  const seen = new Set<string>()
  const adjustment = fc.record({
    code: fc.constantFrom("WO", "FB", "CT", "BN", "IP", "CS", "72"),
    reference: fc.constant("REF1"),
    amount: fc.bigInt({ min: -50_000n, max: 50_000n }),
  })
  fc.assert(
    fc.property(
      fc.array(judged, { minLength: 1, maxLength: 4 }),
      fc.array(adjustment, { maxLength: 3 }),
      (drawn, adjustments) => {
        const decided = drawn.filter(({ leg }) => leg.lines.some(isDecided))
        const claims = decided.map((one, index) => {
          return { ...one, control: `C${index}`, payerControl: `P${index}`, patient: { id: "M1" } }
        })
        const remittance = remittanceOf(claims, { adjustments })
        const back = readBack(remittance)
        compare(back, remittance)
        for (const one of back.claims) seen.add(one.status)
        if (back.providerLevel.some(({ code, reference }) => code === "FB" && reference === back.trace)) seen.add("FB")
        for (const { leg } of drawn) for (const { status } of leg.lines) seen.add(status)
      },
    ),
    { numRuns: 150, seed: 20260610 },
  )
  // The generator reaches every status of claims and lines, and a balance carried forward.
  assert.deepEqual([...seen].sort(), ["1", "19", "2", "20", "22", "4", "FB", "denied", "encounter", "paid", "pended"])
})

const textOf = (remittance: Remittance) => Buffer.from(write835(remittance, envelope)).toString()

test("a stay: bill and DRG, covered days, revenue codes with and without a procedure", () => {
  const claim = claimOf(
    {
      lines: [
        { code: "", revenue: "0120", charge: 270_000n, unitsMilli: 3000 },
        { code: "C", revenue: "0450", charge: 30_000n, codeSystem: "HC", modifiers: ["LT"] },
      ],
      claim: {
        ...{ kind: "institutional", inpatient: true, admitted: visitDay, discharged: visitDay + 3 },
        ...{ billType: "111", drg: "280" },
      },
    },
    { control: "STAY", filing: "MA" },
  )
  const text = textOf(remittanceOf([claim]))
  assert.match(text, /^CLP\*STAY\*1\*3000\.00\*[\d.]+\*[\d.]+\*MA\*P-STAY\*11\*1\*\*280~$/m)
  assert.match(text, /^MIA\*3~$/m)
  assert.match(text, /^SVC\*NU:0120\*2700\.00\*[\d.]+\*\*3~$/m)
  assert.match(text, /^SVC\*HC:C:LT\*300\.00\*[\d.]+\*0450\*1~$/m)
  assert.match(text, /^CAS\*CO\*[\d*.]*104\*/m)
})

test("a secondary payer: status 2 and what others did as OA-23, as in the public sample's way of saying it", () => {
  const legs = [
    {
      payer: "first",
      on: visitDay,
      lines: [{ number: 1, allowed: 9000n, paid: 6000n, left: 3000n, reasons: [{ carc: "1", amount: 3000n }] }],
    },
  ]
  const claim = claimOf(
    { lines: [{ code: "A", charge: 16_650n }], member: { rank: 2 }, values: { legs } },
    { control: "SECOND", rank: 2 },
  )
  const back = readBack(remittanceOf([claim]))
  const [found] = back.claims
  assert.equal(found?.status, "2")
  const [line] = found!.lines
  const others = line!.adjustments.find((one) => one.group === "OA" && one.carc === "23")
  // The charge less what the patient still owes, what is withheld and what is paid.
  const rest = line!.adjustments.filter((one) => one !== others).reduce((sum, one) => sum + one.amount, 0n)
  assert.equal(others?.amount, 16_650n - rest - line!.paid)
  assert.ok(others!.amount >= 13_650n)
})

test("a correction in the same file: the reversal (22) comes first, then the new claim as status 1; the difference is paid", () => {
  const old = claimOf({ lines: [{ code: "A", charge: 10_000n }] }, { control: "V1", payerControl: "OLD" })
  const lines = [
    { code: "A", charge: 10_000n },
    { code: "C", charge: 20_000n },
  ]
  const next = claimOf(
    { lines, claim: { frequency: 7, original: "OLD", originalReceived: visitDay + 1 } },
    { control: "V1", payerControl: "NEW" },
  )
  const back = readBack(remittanceOf([next, { ...old, isReversal: true }]))
  assert.deepEqual(
    back.claims.map(({ status, payerControl, paid, frequency }) => [status, payerControl, paid, frequency]),
    [
      ["22", "OLD", -old.leg.totals.benefit, "1"],
      ["1", "NEW", next.leg.totals.benefit, "7"],
    ],
  )
  assert.equal(back.paid, next.leg.totals.benefit - old.leg.totals.benefit)
})

test("more taken back than paid: nothing is paid, the balance is carried forward, and the next 835 takes it", () => {
  const old = claimOf({ lines: [{ code: "C", charge: 20_000n }] }, { control: "V1" })
  const small = claimOf({ lines: [{ code: "A", charge: 10_000n }] }, { control: "V2" })
  const first = readBack(remittanceOf([small, { ...old, isReversal: true }]))
  const owed = old.leg.totals.benefit - small.leg.totals.benefit
  assert.equal(first.paid, 0n)
  assert.equal(first.method, "NON")
  const [forward] = first.providerLevel
  assert.deepEqual([forward?.code, forward?.reference, forward?.amount], ["FB", first.trace, -owed])
  const adjustments = [{ code: "FB", reference: first.trace, amount: owed } as const]
  const second = readBack(remittanceOf([old], { adjustments, payment: new Uint8Array(32).fill(2) }))
  assert.equal(second.paid, old.leg.totals.benefit - owed)
})

test("capitation is paid beside the claims, and a recovery names the claim it recovers", () => {
  const encounter = claimOf({ lines: [{ code: "K", charge: 9000n }] }, { control: "E1" })
  const adjustments = [
    { code: "CT", reference: "2026-06", amount: -50_000n },
    { code: "WO", reference: "P-V9", amount: 1250n },
  ] as const
  const remittance = remittanceOf([encounter], { adjustments })
  assert.equal(remittance.paid, 48_750n)
  compare(readBack(remittance), remittance)
  assert.match(
    textOf(remittance),
    /^PLB\*1234567893\*20261231\*CT:2026-06\*-500\.00~\nPLB\*1234567893\*20261231\*WO:P-V9\*12\.50~$/m,
  )
  const capitationOnly = remittanceOf([], { adjustments })
  assert.equal(readBack(capitationOnly).claims.length, 0)
})

test("a predetermination (25) pays nothing and says what would be paid", () => {
  const asked = claimOf({ lines: [{ code: "A", charge: 10_000n }], claim: { use: "quote" } }, { control: "Q1" })
  const whole = remittanceOf([asked])
  const { benefit, patient } = asked.leg.totals
  assert.ok(benefit > 0n)
  const [found] = readBack({ ...whole, paid: 0n }).claims
  assert.deepEqual([found?.status, found?.paid, found?.patient], ["25", 0n, patient])
  assert.deepEqual(
    found?.lines[0]?.adjustments.filter(({ carc }) => carc === "101").map(({ group, amount }) => [group, amount]),
    [["OA", benefit]],
  )
})

test("a claim of which lines are pended: the others are remitted, with the remark that more comes", () => {
  const claim = claimOf(
    {
      lines: [
        { code: "A", charge: 10_000n },
        { code: "M", charge: 5000n },
      ],
    },
    { control: "PART" },
  )
  assert.deepEqual(
    claim.leg.lines.map((one) => one.status),
    ["paid", "pended"],
  )
  const back = readBack(remittanceOf([claim]))
  assert.deepEqual([back.claims[0]?.charge, back.claims[0]?.lines.length], [10_000n, 1])
  assert.deepEqual(back.claims[0]?.remarks, ["MA15"])
})
