import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { gunzipSync } from "node:zlib"
import { adjudicate } from "../plan/adjudicate/adjudicate.ts"
import { checkPlan } from "../plan/check/check.ts"
import { plainMember, plainProvider } from "../plan/claim.ts"
import { inputOf } from "../plan/input.ts"
import { readPlan } from "../plan/language/read.ts"
import type { Leg } from "../plan/leg.ts"
import type { ClaimKind } from "../plan/parts.ts"
import { firstSnapshot } from "../plan/snapshot.ts"
import { isRefusal, orRefuse } from "./answer.ts"
import { claimFrom, type Service } from "./claim.ts"
import { derivePlan } from "./derive-plan.ts"
import { listEncounters, readVisit } from "./fhir/bundle.ts"
import { read837Professional } from "./x12/claim/read-837.ts"

const data = new URL("../../../shared/data/", import.meta.url)

/** The whole way of a foreign claim: its derived plan is published without a finding, and each line is decided. */
function determine(services: readonly Service[], kind: ClaimKind, facts: number): Leg {
  const from = Math.min(...services.map((service) => service.from))
  const span = { from: from - 31, until: from + 366 }
  const derived = derivePlan({
    title: "Plan for one visit",
    payer: "mutual",
    ...span,
    lines: services,
    kind,
    currency: "USD",
  })
  const read = readPlan(derived.bytes, new Map(derived.tables.map((table) => [table.name, table.bytes])))
  if ("findings" in read) assert.fail(read.findings.map((finding) => finding.message).join("; "))
  assert.deepEqual(checkPlan(read.plan), [])
  const claim = orRefuse(claimFrom(services, { use: "claim", kind, received: from, facts }))
  const snapshot = firstSnapshot({
    payer: "mutual",
    member: new Uint8Array(32),
    plan: read.plan.digest,
    period: { from: span.from, to: span.until },
    facts: plainMember,
    expiry: 0,
  })
  const provider = plainProvider("clinic")
  return adjudicate(inputOf({ plan: read.plan, claim, member: plainMember, provider, snapshot, on: from })).leg
}

function checkLeg(leg: Leg, services: readonly Service[]): void {
  assert.deepEqual(leg.findings, [])
  for (const line of leg.lines) {
    assert.equal(line.status, "paid", JSON.stringify(line.shown))
    const charge = services.find((service) => service.number === line.number)!.charge
    assert.equal(
      line.adjustments.reduce((sum, one) => sum + one.amount, line.benefit),
      charge,
    )
  }
  assert.equal(
    leg.totals.charge,
    services.reduce((sum, service) => sum + service.charge, 0n),
  )
}

test("Synthea visits go from bytes to a balanced determination under the plan derived for them", (t) => {
  const folder = new URL("fhir-synthea/", data)
  if (!existsSync(folder)) return t.skip("../shared is absent")
  const seen = { claims: 0, lines: 0, planPays: 0n, patientPays: 0n }
  for (const name of readdirSync(folder).filter((one) => /^[ABDP].*gz$/.test(one))) {
    const bytes = new Uint8Array(gunzipSync(readFileSync(new URL(name, folder))))
    for (const row of orRefuse(listEncounters(bytes)).slice(-4)) {
      const visit = orRefuse(readVisit(bytes, row.id))
      for (const claim of visit.claims) {
        const leg = determine(claim.lines, claim.kind, visit.facts.length)
        checkLeg(leg, claim.lines)
        seen.claims++
        seen.lines += leg.lines.length
        seen.planPays += leg.totals.benefit
        seen.patientPays += leg.totals.patient
      }
    }
  }
  t.diagnostic(`${seen.claims} claims, ${seen.lines} lines, plan ${seen.planPays}, patients ${seen.patientPays} cents`)
  assert.ok(seen.claims > 20)
})

test("every readable 837P goes to a balanced determination", (t) => {
  const folder = new URL("x12/837P/", data)
  if (!existsSync(folder)) return t.skip("../shared is absent")
  let claims = 0
  for (const name of readdirSync(folder)) {
    const bytes = new Uint8Array(readFileSync(new URL(name, folder)))
    const claim = read837Professional(bytes)
    if (isRefusal(claim)) continue
    checkLeg(determine(claim.lines, "professional", claim.facts.length), claim.lines)
    claims++
  }
  t.diagnostic(`${claims} claims`)
  assert.equal(claims, 15)
})

test("a derived plan: the same lines give the same bytes, one row a code at 80 % of its lowest unit charge", () => {
  const lines = [
    { code: "V", charge: 10_001n, unitsMilli: 1000 },
    { code: "A", charge: 300n, unitsMilli: 2500 },
    { code: "A", charge: 100n, unitsMilli: 1000 },
  ]
  const options = {
    title: "T",
    payer: "p",
    from: 18000,
    until: 18400,
    lines,
    kind: "professional",
    currency: "USD",
  } as const
  const plan = derivePlan(options)
  assert.deepEqual(plan, derivePlan(options))
  assert.equal(Buffer.from(plan.tables[0]!.bytes).toString(), "code,category,rate\nV,visit,80.01\nA,service,0.80\n")
})

test("a line without a fact, twice the same number, or an amount out of range is not billed", () => {
  const service: Service = { number: 1, code: "V", unitsMilli: 1000, charge: 100n, from: 1, to: 1, facts: [0] }
  const billing = { use: "claim", kind: "professional", received: 1, facts: 1 } as const
  const codeOf = (...services: Service[]) => {
    const claim = claimFrom(services, billing)
    return isRefusal(claim) ? `${claim.code} ${claim.at}` : "billed"
  }
  assert.equal(codeOf(service, { ...service, number: 2 }), "billed")
  assert.equal(codeOf({ ...service, facts: [] }), "claim-no-fact lines/0/facts")
  assert.equal(codeOf({ ...service, facts: [1] }), "claim-no-fact lines/0/facts")
  assert.equal(codeOf(service, service), "claim-line-number lines/1")
  assert.equal(codeOf({ ...service, charge: 10n ** 16n }), "claim-amount lines/0")
  assert.equal(codeOf({ ...service, code: "Ä" }), "claim-text lines/0")
  assert.equal(codeOf(), "claim-size lines")
})
