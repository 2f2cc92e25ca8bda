import assert from "node:assert/strict"
import { test } from "node:test"
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
