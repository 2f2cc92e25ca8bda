import assert from "node:assert/strict"
import { test } from "node:test"
import { zeroScalar } from "../../privacy/amounts.ts"
import { arbiter, association, by, clinic, payer, regulator, seedOf } from "../example-chain.ts"
import { legStates } from "../rows.ts"
import {
  agreedBy,
  assertOutcomes,
  blindingOf,
  type Draft,
  deliveredScene,
  disputedScene,
  filedScene,
  handle,
  heldScene,
  type LegDraft,
  legDraft,
  type Scene,
  type SceneOptions,
  settledScene,
  signedBy,
  type World,
} from "./world.ts"

const visit = handle("one")

const nothing = seedOf("nothing")

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

const opening = { amount: 1_337_98n, blinding: sceneBlinding() }

function sceneBlinding(): Uint8Array {
  return heldScene().blinding
}

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
