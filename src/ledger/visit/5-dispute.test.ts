import assert from "node:assert/strict"
import { test } from "node:test"
import { zeroScalar } from "../../privacy/amounts.ts"
import {
  arbiter,
  association,
  board,
  by,
  clinic,
  custodian,
  keyOf,
  payer,
  regulator,
  secondPayer,
  seedOf,
} from "../example-chain.ts"
import { legStates } from "../rows.ts"
import {
  agreedBy,
  assertOutcomes,
  blindingOf,
  type Draft,
  deliveredScene,
  disputedScene,
  factsDraft,
  filedScene,
  handle,
  heldScene,
  type LegDraft,
  legDraft,
  patient,
  performed,
  type Scene,
  type SceneOptions,
  settledScene,
  signedBy,
  type World,
} from "./world.ts"

const visit = handle("one")
const nothing = seedOf("nothing")
const submitter = by(board, "operate", "submitted")

type Make = (options: SceneOptions) => Scene

/** A draft on the leg of a scene, `hours` after it was set. */
function on(type: Parameters<typeof legDraft>[0], make: Make, fields: LegDraft = {}, hours = 0) {
  return (world: World, options: SceneOptions = {}): Draft => {
    const { statement, visit: name } = make({ world, ...options })
    world.pass(hours)
    return legDraft(type, name, { statement, ...fields })
  }
}

function by2(draft: (world: World) => Draft, ...orders: Draft["orders"]) {
  return (world: World) => signedBy(draft(world), ...orders)
}

/** A custodian's leg whose statement V has or has not signed. */
function custodianScene({ world, signed = true }: SceneOptions): Scene {
  assert.ok(world !== undefined)
  world.deposit(custodian, 10_000_00n)
  world.must(signedBy(factsDraft(visit), performed(), patient(visit, "countersigned")))
  return filedScene({ world, signed, payer: custodian })
}

test("deliver: one row an outcome, in the order of refusal", () => {
  const deliver = on("deliver/1", filedScene)
  assertOutcomes([
    { it: "by the patients", code: "applied", draft: deliver },
    { it: "by the regulator", code: "applied", draft: by2(deliver, by(regulator, "witness", "delivered")) },
    { it: "of no visit", code: "visit-unknown", draft: () => legDraft("deliver/1", visit, { statement: nothing }) },
    { it: "of no leg", code: "leg-unknown", draft: on("deliver/1", filedScene, { leg: 1 }) },
    { it: "by nobody", code: "signer-unknown", draft: by2(deliver, patient(visit, "delivered")) },
    { it: "by the payer", code: "signer-wrong-role", draft: by2(deliver, by(payer, "agree", "delivered")) },
    {
      it: "by one that is suspended",
      code: "organization-suspended",
      draft(world) {
        world.set("organizations", { org: association }, { status: 1 })
        return deliver(world)
      },
    },
    {
      it: "by one under the clinic's control",
      code: "not-independent",
      draft(world) {
        world.set("organizations", { org: association }, { group: clinic })
        return deliver(world)
      },
    },
    {
      it: "by one under the payer's control",
      code: "not-independent",
      draft(world) {
        world.set("organizations", { org: association }, { group: payer })
        return deliver(world)
      },
    },
    {
      it: "of a statement not in force",
      code: "statement-unknown",
      draft: on("deliver/1", filedScene, { statement: nothing }),
    },
    { it: "of a statement not filed", code: "statement-unknown", draft: on("deliver/1", heldScene) },
    { it: "of a settled leg", code: "wrong-stage", draft: on("deliver/1", settledScene) },
    { it: "of one delivered", code: "wrong-stage", draft: on("deliver/1", deliveredScene, {}, 1) },
    { it: "again, the same", code: "repeated", draft: on("deliver/1", deliveredScene) },
  ])
})

test("deliver: the window is never less than its hours, and the hold outlives it", () => {
  const { world } = filedScene()
  world.pass(2000)
  const { statement } = filedSceneOf(world)
  const now = world.hour
  world.must(legDraft("deliver/1", visit, { statement }))
  const [leg] = world.visit(visit).legs
  assert.equal(leg?.deadline, now + 1 + 336)
  assert.equal(leg?.expires, now + 1 + 336 + 720)
})

function filedSceneOf(world: World): { statement: Uint8Array } {
  const { statement } = world.visit(visit)
  assert.ok(statement !== undefined)
  return { statement: statement.id }
}

const opening = { amount: 1_337_98n, blinding: sceneBlinding() }
function sceneBlinding(): Uint8Array {
  return heldScene().blinding
}

test("elapse: one row an outcome, in the order of refusal", () => {
  const elapse = on("elapse/1", deliveredScene, opening, 337)
  assertOutcomes([
    { it: "after the payer's silence", code: "applied", draft: elapse },
    { it: "after the panel's silence", code: "applied", draft: on("elapse/1", disputedScene, opening, 721) },
    {
      it: "of a custodian's leg whose statement V has signed",
      code: "applied",
      draft(world) {
        const { statement, amount, blinding } = custodianScene({ world })
        world.must(legDraft("deliver/1", visit, { statement }))
        world.pass(337)
        return legDraft("elapse/1", visit, { statement, amount, blinding })
      },
    },
    {
      it: "of no visit",
      code: "visit-unknown",
      draft: () => legDraft("elapse/1", visit, { statement: nothing, ...opening }),
    },
    { it: "of no leg", code: "leg-unknown", draft: on("elapse/1", deliveredScene, { ...opening, leg: 7 }, 337) },
    { it: "brought in by V", code: "signer-unknown", draft: by2(elapse, patient(visit, "submitted")) },
    {
      it: "brought in with a practitioner's own key",
      code: "signer-not-party",
      draft: by2(elapse, { seed: seedOf("practitioner's own key"), meaning: "submitted" }),
    },
    {
      it: "brought in with an ended key",
      code: "signer-inactive",
      draft(world) {
        const draft = signedBy(elapse(world), submitter)
        world.set("keys", { key: keyOf(submitter.seed) }, { until: world.hour })
        return draft
      },
    },
    {
      it: "of a statement not in force",
      code: "statement-unknown",
      draft: on("elapse/1", deliveredScene, { ...opening, statement: nothing }, 337),
    },
    { it: "of a settled leg", code: "wrong-stage", draft: on("elapse/1", settledScene, opening, 337) },
    { it: "without delivery", code: "not-delivered", draft: on("elapse/1", filedScene, opening, 337) },
    { it: "an hour before its time", code: "too-early", draft: on("elapse/1", deliveredScene, opening, 336) },
    {
      it: "with both sides silent",
      code: "patient-side-unsigned",
      draft: (world) => on("elapse/1", deliveredScene, opening, 337)(world, { signed: false }),
    },
    {
      it: "of a custodian's leg whose statement V has not signed",
      code: "patient-side-unsigned",
      draft(world) {
        const { statement, amount, blinding } = custodianScene({ world, signed: false })
        world.must(legDraft("deliver/1", visit, { statement }))
        world.pass(337)
        return legDraft("elapse/1", visit, { statement, amount, blinding })
      },
    },
    {
      it: "with another amount",
      code: "bad-opening",
      draft: on("elapse/1", deliveredScene, { ...opening, amount: 1_337_99n }, 337),
    },
    {
      it: "with another blinding",
      code: "bad-opening",
      draft: on("elapse/1", deliveredScene, { ...opening, blinding: blindingOf("x") }, 337),
    },
    {
      it: "of more than was held",
      code: "above-hold",
      draft: (world) =>
        on("elapse/1", deliveredScene, { ...opening, amount: 2_000_01n }, 337)(world, { amount: 2_000_01n }),
    },
    {
      it: "of less than the payer paid at once",
      code: "bad-amount",
      draft: (world) =>
        on("elapse/1", disputedScene, { ...opening, amount: 1_204_62n }, 721)(world, { amount: 1_204_62n }),
    },
  ])
})

test("lost hours extend every open deadline", () => {
  const { world, statement } = deliveredScene()
  world.pass(337)
  world.set("clock", { zero: 0 }, { lost: 3600 })
  const draft = legDraft("elapse/1", visit, { statement, ...opening })
  assert.equal(world.do(draft), "too-early")
  world.pass(1)
  assert.equal(world.do(draft), "applied")
})

test("contest: one row an outcome, in the order of refusal", () => {
  const contest = on("contest/1", filedScene, { amount: 1_204_63n })
  assertOutcomes([
    { it: "before any delivery", code: "applied", draft: contest },
    { it: "in its window's last hour", code: "applied", draft: on("contest/1", deliveredScene, { amount: 0n }, 336) },
    {
      it: "of no visit",
      code: "visit-unknown",
      draft: () => legDraft("contest/1", visit, { statement: nothing, amount: 0n }),
    },
    { it: "of no leg", code: "leg-unknown", draft: on("contest/1", filedScene, { leg: 1, amount: 0n }) },
    { it: "with a wrong role", code: "signer-wrong-role", draft: by2(contest, by(payer, "pay", "contested")) },
    { it: "by another payer", code: "signer-not-party", draft: by2(contest, by(secondPayer, "agree", "contested")) },
    {
      it: "by a custodian",
      code: "organization-wrong-kind",
      draft(world) {
        const { statement } = custodianScene({ world })
        return signedBy(legDraft("contest/1", visit, { statement, amount: 0n }), by(custodian, "agree", "contested"))
      },
    },
    {
      it: "of a statement not in force",
      code: "statement-unknown",
      draft: on("contest/1", filedScene, { statement: nothing, amount: 0n }),
    },
    { it: "of a settled leg", code: "wrong-stage", draft: on("contest/1", settledScene, { amount: 0n }) },
    { it: "at the deadline", code: "too-late", draft: on("contest/1", deliveredScene, { amount: 0n }, 337) },
    {
      it: "of a payer without a panel",
      code: "no-panel",
      draft(world) {
        world.set("organizations", { org: payer }, { panel: [] })
        return contest(world)
      },
    },
    {
      it: "of a payer whose panel is the clinic's",
      code: "no-panel",
      draft(world) {
        for (const org of [arbiter, regulator]) world.set("organizations", { org }, { group: clinic })
        return contest(world)
      },
    },
    { it: "with more than is held", code: "above-hold", draft: on("contest/1", filedScene, { amount: 2_000_01n }) },
  ])
})

test("contest: the payer's own amount is the provider's at once", () => {
  const { world } = disputedScene()
  const [leg] = world.visit(visit).legs
  assert.equal(leg?.state, legStates.disputed)
  assert.equal(leg?.hold, 795_37n)
  assert.equal(leg?.contested, 1_204_63n)
  assert.equal(leg?.deadline, world.hour + 1 + 720)
  assert.equal(leg?.expires, world.hour + 1 + 720 + 720)
  assert.deepEqual(world.account(clinic), { free: 1_204_63n, reserved: 0n, paid: 0n, open: 1 })
  assert.deepEqual(world.account(payer), { free: 98_000_00n, reserved: 795_37n, paid: 1_204_63n, open: 1 })
})

const ruled = (org: number) => by(org, "witness", "ruled")
const forPayer = { choice: 1, amount: 0n, blinding: zeroScalar }
const silent: Make = (options) => deliveredScene({ ...options, signed: false })

test("rule: one row an outcome, in the order of refusal", () => {
  const rule = on("rule/1", disputedScene, opening)
  assertOutcomes([
    { it: "for C", code: "applied", draft: rule },
    { it: "for C′", code: "applied", draft: on("rule/1", disputedScene, forPayer) },
    { it: "for C where both sides were silent", code: "applied", draft: on("rule/1", silent, opening, 337) },
    { it: "for nothing where both sides were silent", code: "applied", draft: on("rule/1", silent, forPayer, 337) },
    {
      it: "of no visit",
      code: "visit-unknown",
      draft: () => legDraft("rule/1", visit, { statement: nothing, ...opening }),
    },
    { it: "of no leg", code: "leg-unknown", draft: on("rule/1", disputedScene, { ...opening, leg: 1 }) },
    {
      it: "with a wrong role",
      code: "signer-wrong-role",
      draft: by2(rule, by(regulator, "vote", "ruled"), ruled(arbiter)),
    },
    {
      it: "by one that is not of the panel",
      code: "signer-not-party",
      draft: by2(rule, ruled(regulator), ruled(association)),
    },
    { it: "not in the order of numbers", code: "signer-not-party", draft: by2(rule, ruled(arbiter), ruled(regulator)) },
    {
      it: "by one under the clinic's control",
      code: "signer-not-party",
      draft(world) {
        world.set("organizations", { org: regulator }, { group: clinic })
        return rule(world)
      },
    },
    {
      it: "of a statement not in force",
      code: "statement-unknown",
      draft: on("rule/1", disputedScene, { ...opening, statement: nothing }),
    },
    { it: "at the deadline", code: "too-late", draft: on("rule/1", disputedScene, opening, 721) },
    { it: "of a leg held and not delivered", code: "wrong-stage", draft: on("rule/1", filedScene, opening, 337) },
    { it: "of a leg held, before its deadline", code: "wrong-stage", draft: on("rule/1", silent, opening, 336) },
    {
      it: "of a leg held that the patient has signed",
      code: "wrong-stage",
      draft: on("rule/1", deliveredScene, opening, 337),
    },
    { it: "of a leg held that has expired", code: "wrong-stage", draft: on("rule/1", silent, opening, 2161) },
    { it: "of a settled leg", code: "wrong-stage", draft: on("rule/1", settledScene, opening) },
    { it: "by half of the panel", code: "quorum-missing", draft: by2(rule, ruled(regulator)) },
    { it: "with another amount", code: "bad-opening", draft: on("rule/1", disputedScene, { ...opening, amount: 1n }) },
    {
      it: "of more than was held",
      code: "above-hold",
      draft: (world) => on("rule/1", disputedScene, { ...opening, amount: 2_000_01n })(world, { amount: 2_000_01n }),
    },
    {
      it: "of less than the payer paid at once",
      code: "bad-amount",
      draft: (world) => on("rule/1", disputedScene, { ...opening, amount: 1n })(world, { amount: 1n }),
    },
    {
      it: "for C′ with an amount",
      code: "bad-amount",
      draft: on("rule/1", disputedScene, { ...forPayer, amount: 1n }),
    },
    {
      it: "for C′ with a blinding",
      code: "bad-amount",
      draft: on("rule/1", disputedScene, { ...forPayer, blinding: blindingOf("x") }),
    },
    {
      it: "again, the same",
      code: "repeated",
      draft(world) {
        const draft = rule(world)
        world.must(draft)
        return draft
      },
    },
  ])
})

test("rule: the loser pays the panel, in equal parts, the rest to the first, at most what it has", () => {
  const forC = disputedScene()
  const free = forC.world.account(payer).free
  forC.world.set("parameters", { number: 9 }, { value: 5_001 })
  forC.world.must(legDraft("rule/1", visit, { statement: forC.statement, ...opening }))
  assert.equal(forC.world.account(payer).free, free - 5_001n)
  assert.equal(forC.world.account(regulator).free, 2_501n)
  assert.equal(forC.world.account(arbiter).free, 2_500n)

  const poor = disputedScene({ contested: 3n })
  poor.world.must(legDraft("rule/1", visit, { statement: poor.statement, ...forPayer }))
  assert.equal(poor.world.account(clinic).free, 0n)
  assert.equal(poor.world.account(regulator).free, 2n)
  assert.equal(poor.world.account(arbiter).free, 1n)

  const open = silent({})
  open.world.pass(337)
  open.world.must(legDraft("rule/1", visit, { statement: open.statement, ...opening }))
  assert.equal(open.world.account(payer).free, 98_000_00n)

  const both = silent({})
  both.world.pass(337)
  both.world.must(legDraft("rule/1", visit, { statement: both.statement, ...forPayer }))
  assert.equal(both.world.account(arbiter).free, 0n)
  assert.equal(both.world.visit(visit).legs[0]?.state, legStates.paid)
  assert.equal(both.world.account(payer).free, 100_000_00n)
})

test("giving in: the payer by agreeing, without a fee", () => {
  const { world, filed } = disputedScene()
  world.must(signedBy(filed, ...filed.orders, agreedBy(payer)))
  const [leg] = world.visit(visit).legs
  assert.equal(leg?.state, legStates.settled)
  assert.equal(leg?.hold, 795_37n)
  assert.equal(world.account(arbiter).free + world.account(regulator).free, 0n)
})
