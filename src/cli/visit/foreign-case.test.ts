import assert from "node:assert/strict"
import { test } from "node:test"
import { Refused } from "../../base/refusal.ts"
import { parseDate } from "../../base/time.ts"
import type { Service } from "../../formats/claim.ts"
import { isOnLadder } from "../../ledger/limits.ts"
import { caseOfForeignVisit, type ForeignVisit } from "./foreign-case.ts"

const day = (text: string) => parseDate(text)!

function service(number: number, more: Partial<Service> = {}): Service {
  const on = day("2019-05-30")
  return { number, code: `C${number}`, unitsMilli: 1000, charge: 10_000n, from: on, to: on, facts: [0], ...more }
}

const visit: ForeignVisit = {
  title: "A visit",
  patient: "Patient 1",
  practitioner: { name: "Practitioner 1", licence: "1" },
  member: { born: day("1950-01-01"), sex: "F" },
  circumstances: { kind: "institutional", emergency: true },
  currency: "USD",
  services: [service(1), service(2)],
  labels: ["one", "two"],
  entries: [{ title: "Note", mediaType: "text/plain", category: "general", bytes: new Uint8Array(8) }],
  facts: [{ sentence: "It happened.", entry: 0 }],
}

function codeOf(change: Partial<ForeignVisit>): string {
  try {
    caseOfForeignVisit({ ...visit, ...change })
    return "good"
  } catch (error) {
    assert.ok(error instanceof Refused)
    return error.refusal.code
  }
}

test("a foreign visit gets a plan in force, cover around it, and a hold that carries what the plan pays", () => {
  const made = caseOfForeignVisit(visit)
  // 80 % of each charge is allowed; the first line has a copay of 20.00, the second meets part of the deductible.
  assert.equal(made.hold, 10_000n)
  assert.ok(isOnLadder(made.hold))
  assert.deepEqual([made.member.coverFrom, made.member.coverTo], [day("2019-01-01"), day("2019-12-31")])
  assert.deepEqual(made.circumstances, visit.circumstances)
  assert.match(Buffer.from(made.plan.bytes).toString(), /claims: \[institutional\]/)
  assert.match(made.plan.name, /^derived-2019-05-30-[0-9a-f]{8}$/)
  const other = caseOfForeignVisit({ ...visit, services: [service(1), service(2, { charge: 10_001n })] })
  assert.notEqual(made.plan.name, other.plan.name, "two plans of one day have two names")
})

test("the chain's clock starts on the first day of several", () => {
  const long = { from: day("2019-12-30"), to: day("2020-01-03") }
  const made = caseOfForeignVisit({
    ...visit,
    services: [service(1, long), service(2, { ...long, from: day("2019-12-31") })],
  })
  assert.equal(made.serviceDay, long.from)
  assert.equal(made.member.coverTo, day("2020-12-31"))
})

test("what the nodes would refuse half-way is refused before they start", () => {
  assert.equal(codeOf({}), "good")
  assert.equal(codeOf({ currency: "EUR" }), "currency")
  const [june, early] = [day("2019-06-01"), day("1969-12-31")]
  assert.equal(codeOf({ services: [service(1), service(2, { from: june, to: june })] }), "visit-two-months")
  assert.equal(codeOf({ services: [service(1, { from: early, to: early })] }), "visit-too-early")
  assert.equal(codeOf({ services: [service(1, { facts: [] })] }), "claim-no-fact")
  assert.equal(codeOf({ services: [service(1, { charge: 900_000_000_000n })] }), "hold-too-large")
  const [entry] = visit.entries
  assert.equal(codeOf({ entries: [{ ...entry!, bytes: new Uint8Array(8 * 1024 * 1024) }] }), "record-too-large")
  assert.equal(codeOf({ facts: Array.from({ length: 1001 }, () => visit.facts[0]!) }), "record-too-many")
})
