import assert from "node:assert/strict"
import { test } from "node:test"
import { by, clinic, firstHour, hospital, keyOf, orgSeed, payer, practitioner, seedOf } from "../example-chain.ts"
import { limits } from "../limits.ts"
import { assurances, operations } from "../rows.ts"
import { openTables } from "../state.ts"
import {
  assertOutcomes,
  type Draft,
  delegationFor,
  factsDraft,
  handle,
  heldScene,
  idOf,
  patient,
  performed,
  signedBy,
  statementDraft,
  World,
} from "./world.ts"

const visit = handle("one")
const guardian = seedOf("guardian")
const facts = factsDraft(visit)
const byPatient = signedBy(facts, performed(), patient(visit, "countersigned"))
const attestedBy = (org: number) => signedBy(facts, performed(), by(org, "perform", "attested"))
const amended = (supersedes: Uint8Array, label = "amended") => factsDraft(visit, { supersedes, label })

test("facts-statement: one row an outcome, in the order of refusal", () => {
  assertOutcomes([
    { it: "the practitioner alone", code: "applied", draft: () => facts },
    { it: "with the patient", code: "applied", draft: () => byPatient },
    { it: "with an attester", code: "applied", draft: () => attestedBy(hospital) },
    {
      it: "with the patient, after the practitioner alone",
      code: "applied",
      draft(world) {
        world.must(facts)
        return byPatient
      },
    },
    {
      it: "amended",
      code: "applied",
      draft(world) {
        world.must(facts)
        return amended(idOf(facts))
      },
    },
    {
      it: "during a freeze: it stops money, not care",
      code: "applied",
      draft(world) {
        world.set("clock", { zero: 0 }, { frozenUntil: firstHour + 24 })
        return facts
      },
    },
    {
      it: "of a visit that was opened while the licence was active",
      code: "applied",
      draft(world) {
        heldScene({ world })
        const suspended = { status: 1, from: firstHour + 1 }
        world.set("practitioners", { practitioner }, { history: [{ status: 0, from: 0 }, suspended] })
        world.pass(2)
        return facts
      },
    },
    {
      it: "not signed by a practitioner",
      code: "bad-envelope",
      draft: () => signedBy(facts, by(clinic, "bill", "billed")),
    },
    { it: "that expires within a month", code: "bad-encoding", draft: () => ({ ...facts, expiry: firstHour + 25 }) },
    {
      it: "by nobody's key",
      code: "signer-unknown",
      draft: () => signedBy(facts, { seed: guardian, meaning: "performed" }),
    },
    {
      it: "by a key that has ended",
      code: "signer-inactive",
      draft(world) {
        world.set("keys", { key: keyOf(orgSeed(clinic, "perform")) }, { until: firstHour })
        return facts
      },
    },
    { it: "by the biller", code: "signer-wrong-role", draft: () => signedBy(facts, by(clinic, "bill", "performed")) },
    { it: "by another provider's", code: "signer-not-party", draft: () => signedBy(facts, performed(hospital)) },
    {
      it: "without a licence",
      code: "licence-not-active",
      draft(world) {
        world.set("practitioners", { practitioner }, { history: [{ status: 1, from: 0 }] })
        return facts
      },
    },
    {
      it: "with another V",
      code: "signer-not-party",
      draft: () => signedBy(facts, performed(), patient(handle("two"), "countersigned")),
    },
    {
      it: "with a delegate for holds alone",
      code: "signer-not-party",
      draft: () => {
        const delegation = delegationFor(visit, guardian, { scope: 1 })
        return signedBy(factsDraft(visit, { delegation }), performed(), { seed: guardian, meaning: "countersigned" })
      },
    },
    {
      it: "with a delegation of another's",
      code: "signer-not-party",
      draft: () => factsDraft(visit, { delegation: delegationFor(handle("two"), guardian) }),
    },
    {
      it: "with an attester of no role",
      code: "signer-wrong-role",
      draft: () => signedBy(facts, performed(), by(hospital, "hold", "attested")),
    },
    {
      it: "with an attester of a suspended organization",
      code: "organization-suspended",
      draft(world) {
        world.set("organizations", { org: hospital }, { status: 1 })
        return attestedBy(hospital)
      },
    },
    {
      it: "of a suspended provider",
      code: "organization-suspended",
      draft(world) {
        world.set("organizations", { org: clinic }, { status: 1 })
        return facts
      },
    },
    {
      it: "of an organization that is no provider",
      code: "organization-wrong-kind",
      draft(world) {
        world.set("organizations", { org: clinic }, { kind: 2 })
        return facts
      },
    },
    {
      it: "by the biller, of no visit",
      code: "visit-unknown",
      draft: () => signedBy(statementDraft(visit), by(clinic, "bill", "billed")),
    },
    {
      it: "for a V that is no good key",
      code: "key-malformed",
      draft: () => factsDraft({ ...visit, V: new Uint8Array(32) }),
    },
    {
      it: "for a V that is a registered key",
      code: "key-known",
      draft: () => factsDraft({ ...visit, V: keyOf(orgSeed(payer, "admin")).subarray(1) }),
    },
    {
      it: "first, with a predecessor",
      code: "facts-unknown",
      draft: () => amended(seedOf("nothing")),
    },
    {
      it: "second, without a predecessor",
      code: "facts-unknown",
      draft(world) {
        world.must(facts)
        return factsDraft(visit, { label: "another" })
      },
    },
    {
      it: "after facts that are not listed",
      code: "facts-unknown",
      draft(world) {
        world.must(facts)
        return amended(seedOf("nothing"))
      },
    },
    {
      it: "billed on facts that are not listed",
      code: "facts-unknown",
      draft(world) {
        world.must(facts)
        return signedBy(statementDraft(visit, { facts: amended(idOf(facts)).body }), by(clinic, "bill", "billed"))
      },
    },
    {
      it: "one more than there may be",
      code: "limit-reached",
      draft(world) {
        world.must(facts)
        for (let i = 1; i < limits.factsStatements; i++) world.must(amended(idOf(facts), `amended ${i}`))
        return amended(idOf(facts), "one more")
      },
    },
  ])
})

function assuranceAfter(...drafts: readonly Draft[]): number | undefined {
  const world = new World()
  for (const draft of drafts) assert.match(world.do(draft), /applied|repeated/)
  return world.visit(visit).facts[0]?.assurance
}

test("facts-statement: assurance says who signed, and only falls", () => {
  const delegation = delegationFor(visit, guardian)
  const delegated = factsDraft(visit, { delegation })
  const byGuardian = signedBy(delegated, performed(), { seed: guardian, meaning: "countersigned" })
  assert.equal(assuranceAfter(facts), assurances.silent)
  assert.equal(assuranceAfter(attestedBy(clinic)), assurances.silent)
  assert.equal(assuranceAfter(attestedBy(hospital)), assurances.attested)
  assert.equal(assuranceAfter(byGuardian), assurances.proxy)
  assert.equal(assuranceAfter(byPatient), assurances.patient)
  assert.equal(assuranceAfter(attestedBy(hospital), byPatient), assurances.patient)
  assert.equal(assuranceAfter(byPatient, attestedBy(hospital)), assurances.patient)
})

test("facts-statement: the row, and the same again", () => {
  const world = new World()
  world.must(facts)
  const row = world.visit(visit)
  const id = idOf(facts)
  assert.deepEqual(row.facts, [{ id, practitioner, assurance: assurances.silent, recorded: firstHour }])
  assert.deepEqual(row.transitions, [{ operation: operations.commitRecord, key: id, legs: 0, transaction: id }])
  assert.equal(world.do(facts), "repeated")
  world.must(byPatient)
  assert.equal(world.do(byPatient), "repeated")
  assert.equal(world.do(facts), "repeated")
  assert.equal(world.visit(visit).transitions.at(-1)?.operation, operations.countersign)
  world.must(amended(id))
  assert.equal(world.visit(visit).transitions.at(-1)?.operation, operations.amendRecord)
  assert.equal(world.visit(visit).facts.length, 2)
})

test("facts-statement: a delegate that V named is kept among the keys and has no other use", () => {
  const world = new World()
  world.must(factsDraft(visit, { delegation: delegationFor(visit, guardian) }))
  assert.deepEqual(world.visit(visit).proxy, keyOf(guardian))
  assert.equal(openTables(world.state).keys.get({ key: keyOf(guardian) })?.org, 0)
  const other = { ...handle("guardian"), V: keyOf(guardian).subarray(1) }
  assert.equal(world.do(factsDraft(other)), "key-known")
})
