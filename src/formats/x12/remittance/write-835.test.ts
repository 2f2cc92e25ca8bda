import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import x12 from "node-x12"
import type { Leg } from "../../../plan/leg.ts"
import { orRefuse } from "../../answer.ts"
import type { Service } from "../../claim.ts"
import { day, determined, service, visit } from "../../eye-claim.test.ts"
import { balance835 } from "./balance-835.ts"
import { type Remittance, traceNumber, write835 } from "./write-835.ts"

const envelope = { sender: "MUTUAL", receiver: "CLINIC", control: 7, day, minute: 615, isTest: true }

function remittanceOf(visits: readonly (readonly Service[])[]): Remittance {
  const claims = visits.map((services, index) => ({
    control: `VISIT-${index + 1}`,
    payerControl: `P${index + 1}`,
    patient: { id: `M${index}`, last: "Núñez*~:", first: "Ana" },
    ...determined(services),
  }))
  const paid = claims.reduce((sum, one) => sum + one.leg.totals.benefit, 0n)
  const payer = { name: "Sample Mutual", id: "1234567890" }
  return {
    payer,
    payee: { name: "Eye Clinic", id: "1234567893" },
    payment: new Uint8Array(32).fill(0xab),
    day,
    paid,
    claims,
  }
}

function check(bytes: Uint8Array, remittance: Remittance): void {
  const [report, ...others] = orRefuse(balance835(bytes))
  assert.equal(others.length, 0)
  assert.deepEqual(report?.imbalances, [])
  assert.equal(report?.paid, remittance.paid)
  assert.equal(report?.trace, traceNumber(remittance.payment))
  assert.equal(report?.claims, remittance.claims.length)
  // A parser of others, in its strict mode, counts the same segments and control numbers.
  assert.doesNotThrow(() => new x12.X12Parser(true).parse(Buffer.from(bytes).toString()))
}

test("one visit: the 835 balances by the four rules and carries every line, reason and trace number", () => {
  const remittance = remittanceOf([visit])
  const bytes = write835(remittance, envelope)
  check(bytes, remittance)
  const text = Buffer.from(bytes).toString()
  assert.match(text, /^CLP\*VISIT-1\*1\*2985\.00\*1205\.13\*545\.45\*ZZ\*P1\*11\*1~$/m)
  assert.match(text, /^SVC\*HC:J0178:JZ\*2200\.00\*[\d.]+\*\*2~$/m)
  assert.match(text, /^SVC\*ER:E10:25\*210\.00\*103\.35\*\*1~$/m)
  assert.match(text, /^CAS\*CO\*45\*76\.65~$/m)
  assert.match(text, /^CAS\*PR\*3\*30\.00~$/m)
  assert.match(text, /^NM1\*QC\*1\*Nunez\*Ana\*\*\*\*MI\*M0~$/m)
  assert.equal(text.match(/^REF\*6R\*\d~$/gm)?.length, 4)
})

test("eight visits, an interest row and a recovery in one payment; a reversal takes one back to zero", () => {
  const base = remittanceOf(Array.from({ length: 8 }, (_, index) => visit.slice(index % 3)))
  check(write835(base, envelope), base)
  const late = base.claims.map((one, index) => (index === 2 ? { ...one, interest: 203n } : one))
  const rows = { ...base, claims: late, paid: base.paid + 203n - 13_335n }
  const adjustments = [{ code: "WO", reference: "VISIT-0", amount: 13_335n }] as const
  const withInterest = write835({ ...rows, adjustments }, envelope)
  check(withInterest, rows)
  assert.match(
    Buffer.from(withInterest).toString(),
    /^AMT\*I\*2\.03~$[\s\S]*^PLB\*1234567893\*20261231\*L6:P3\*-2\.03~$/m,
  )
  const [first] = base.claims
  const reversed = { ...base, paid: 0n, claims: [first!, { ...first!, isReversal: true }] }
  const bytes = write835(reversed, envelope)
  check(bytes, reversed)
  assert.match(Buffer.from(bytes).toString(), /^CLP\*VISIT-1\*22\*-2985\.00\*-1205\.13\*-545\.45\*/m)
  assert.match(Buffer.from(bytes).toString(), /^BPR\*H\*0\.00\*C\*NON\*/m)
})

test("reasons of one group fill a CAS with six and go on in the next; equal ones are summed", () => {
  const base = remittanceOf([visit.slice(0, 1)])
  const [first] = base.claims
  const [line] = first!.leg.lines
  const carcs = ["45", "59", "45", "97", "96", "18", "16", "4", "6"]
  const part = { group: "CO", rarc: [], clause: "2.1", kind: "allow" } as const
  const adjustments = carcs.map((carc, index) => ({ ...part, carc, amount: index === 0 ? 20_200n : 100n }))
  const leg = { ...first!.leg, lines: [{ ...line!, adjustments, benefit: 0n, patient: 0n }] }
  const remittance = { ...base, paid: 0n, claims: [{ ...first!, leg }] }
  const bytes = write835(remittance, envelope)
  check(bytes, remittance)
  const rows = Buffer.from(bytes)
    .toString()
    .match(/^CAS.*$/gm)
  assert.deepEqual(rows, ["CAS*CO*45*203.00**59*1.00**97*1.00**96*1.00**18*1.00**16*1.00~", "CAS*CO*4*1.00**6*1.00~"])
})

test("any charges and units: what is written balances and reads back", () => {
  const one = fc.record({
    code: fc.constantFrom("E10", "T20", "T25", "S30", "F50", "L60", "X99"),
    charge: fc.bigInt({ min: 0n, max: 10n ** 9n }),
    unitsMilli: fc.integer({ min: 1, max: 50_000 }),
  })
  fc.assert(
    fc.property(fc.array(fc.array(one, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }), (visits) => {
      const services = visits.map((lines) =>
        lines.map((line, index) => service(index + 1, line.code, line.charge, { unitsMilli: line.unitsMilli })),
      )
      const whole = remittanceOf(services)
      const isDecided = (leg: Leg) => leg.lines.some((line) => line.status !== "pended" && line.status !== "held")
      const claims = whole.claims.filter((claim) => isDecided(claim.leg))
      fc.pre(claims.length > 0)
      const remittance = { ...whole, claims, paid: claims.reduce((sum, claim) => sum + claim.leg.totals.benefit, 0n) }
      check(write835(remittance, envelope), remittance)
    }),
  )
})

test("one cent more anywhere is an imbalance that names its rule and place", () => {
  const text = Buffer.from(write835(remittanceOf([visit]), envelope)).toString()
  const rows = [
    ["BPR*I*1205.13", "BPR*I*1205.14", "payment BPR, line 4"],
    ["CLP*VISIT-1*1*2985.00", "CLP*VISIT-1*1*2985.01", "claim CLP, line 11"],
    ["*545.45*ZZ", "*545.46*ZZ", "patient CLP, line 11"],
    ["SVC*ER:E10:25*210.00", "SVC*ER:E10:25*210.01", "line SVC, line 16"],
  ] as const
  for (const [from, to, found] of rows) {
    assert.ok(text.includes(from), from)
    const [report] = orRefuse(balance835(new Uint8Array(Buffer.from(text.replace(from, to)))))
    assert.deepEqual(
      report?.imbalances.map((one) => `${one.rule} ${one.at}`),
      [found],
    )
  }
})
