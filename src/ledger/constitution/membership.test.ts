/** Who belongs: one row an outcome of each action's own checks, in their order, then what enacting it does. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { clinic, custodian, hospital, keyOf, orgSeed, ownSeed, payer, seedOf } from "../example-chain.ts"
import { scanInvariants } from "../invariants.ts"
import { roles } from "../roles.ts"
import { openEnd } from "../rows.ts"
import { handle, heldScene, holdDraft, legDraft } from "../visit/world.ts"
import type { Action } from "./action.ts"
import { Assembly, act, assertActions, freshKey, newcomer, removed, smallOrder, without } from "./assembly.ts"

function admission(more: object = {}, name: "admit" | "admit-board" = "admit"): Action {
  const kind = name === "admit" ? 1 : 4
  return act(name, { org: newcomer, name: "newcomer", kind, group: newcomer, key: freshKey("admin"), ...more })
}

test("admit and admit-board: one row an outcome, in the order of refusal", () => {
  assertActions(
    (["admit", "admit-board"] as const).flatMap((name) => [
      { it: "the next", action: admission({}, name), code: "applied" },
      {
        it: "not the next, with a bad key",
        action: admission({ org: 11, key: smallOrder }, name),
        code: "out-of-order",
      },
      { it: "one that is there", action: admission({ org: hospital }, name), code: "out-of-order" },
      { it: "a bad key", action: admission({ key: smallOrder }, name), code: "key-malformed" },
      {
        it: "a key type not open",
        action: admission({ key: Uint8Array.of(2, ...freshKey("a").subarray(1)) }, name),
        code: "key-malformed",
      },
      { it: "a key in use", action: admission({ key: keyOf(ownSeed) }, name), code: "key-known" },
    ]),
  )
})

test("an admitted organization registers keys with its admin key and acts like any other", () => {
  const chain = new Assembly()
  const admin = seedOf("admin")
  chain.enact(admission({ kind: 2 }))
  assert.deepEqual(chain.tables.organizations.get({ org: newcomer }), {
    name: "newcomer",
    kind: 2,
    group: newcomer,
    status: 0,
    panel: [],
  })
  const key = orgSeed(newcomer, "vote")
  const body = { org: newcomer, key: keyOf(key), roles: roles.vote, practitioner: undefined, from: 0, until: openEnd }
  const orders = [
    { seed: admin, meaning: "registered" },
    { seed: key, meaning: "possessed" },
  ] as const
  const { id } = chain.propose(clinic, act("set-parameter", { number: 1, value: 24 }))
  assert.equal(chain.vote(newcomer, id), "signer-unknown")
  assert.equal(chain.run("register-key/1", body, orders), "applied")
  assert.equal(chain.vote(newcomer, id), "applied")
  assert.equal(chain.propose(newcomer, act("freeze", { hours: 1 })).code, "applied")
  chain.deposit(newcomer, 500n)
  assert.equal(chain.account(newcomer).free, 500n)
  scanInvariants(chain.state, chain.hour)
})

test("set-status: one row an outcome, in the order of refusal", () => {
  const status = (org: number, to: number) => act("set-status", { org, status: to })
  assertActions([
    { it: "suspends", action: status(clinic, 1), code: "applied" },
    { it: "removes", action: status(hospital, 2), code: "applied" },
    { it: "of nobody", action: status(newcomer, 1), code: "organization-unknown" },
    { it: "of one removed", scene: removed(hospital), action: status(hospital, 0), code: "wrong-stage" },
    { it: "suspends whoever has money", action: status(payer, 1), code: "applied" },
    { it: "removes whoever has money", action: status(payer, 2), code: "organization-in-use" },
    { it: "removes who keeps money", action: status(custodian, 2), code: "organization-in-use" },
    {
      it: "removes who has an open leg",
      scene: (world) => void heldScene({ world }),
      action: status(clinic, 2),
      code: "organization-in-use",
    },
    {
      it: "removes the last validator",
      scene: (chain) =>
        chain.enact(act("set-validator", { org: hospital, key: freshKey("v"), power: 5 }), without(payer)),
      action: status(hospital, 2),
      code: "validator-set-invalid",
    },
  ])
})

test("a suspended organization finishes what is open and starts nothing; it may come back", () => {
  const world = new Assembly()
  const { visit } = heldScene({ world })
  world.enact(act("set-status", { org: clinic, status: 1 }))
  assert.equal(world.do(holdDraft(handle("another"))), "organization-suspended")
  assert.equal(world.propose(clinic, act("freeze", { hours: 1 })).code, "organization-suspended")
  assert.equal(world.do(legDraft("cancel/1", visit)), "applied")
  world.enact(act("set-status", { org: clinic, status: 0 }))
  assert.equal(world.do(holdDraft(handle("another"))), "applied")
})

test("removal ends an organization's keys, those not begun as well, and its validators, for good", () => {
  const chain = new Assembly()
  chain.enact(act("set-validator", { org: hospital, key: freshKey("v"), power: 5 }))
  const later = keyOf(orgSeed(hospital, "bill"))
  chain.set("keys", { key: later }, { from: chain.hour + 5 })
  chain.enact(act("set-status", { org: hospital, status: 2 }))
  const { keys, validators } = chain.tables
  for (const [, row] of keys.rows()) assert.equal(row.org === hospital && row.until > chain.hour, false)
  assert.deepEqual(
    [...validators.rows()].map(([, row]) => row.org),
    [payer],
  )
  chain.pass(6)
  const after = chain.propose(hospital, act("freeze", { hours: 1 }))
  assert.equal(after.code, "signer-inactive")
  scanInvariants(chain.state, chain.hour)
})

test("replace-admin: one row an outcome; every key of the organization ends, and the new one starts afresh", () => {
  const replace = (org: number, key: Uint8Array) => act("replace-admin", { org, key })
  const fresh = freshKey("new admin")
  assertActions([
    { it: "replaces", action: replace(clinic, fresh), code: "applied" },
    { it: "of nobody", action: replace(newcomer, smallOrder), code: "organization-unknown" },
    { it: "of one removed", scene: removed(hospital), action: replace(hospital, fresh), code: "wrong-stage" },
    { it: "with a bad key", action: replace(clinic, smallOrder), code: "key-malformed" },
    { it: "with one in use", action: replace(clinic, keyOf(orgSeed(clinic, "admin"))), code: "key-known" },
  ])
  const chain = new Assembly()
  chain.enact(replace(clinic, fresh))
  const old = keyOf(orgSeed(clinic, "hold"))
  assert.equal(chain.do(holdDraft(handle("a"))), "signer-inactive")
  const body = { org: clinic, key: freshKey("h"), roles: roles.hold, practitioner: undefined, from: 0, until: openEnd }
  const register = (admin: Uint8Array) =>
    chain.run("register-key/1", body, [
      { seed: admin, meaning: "registered" },
      { seed: seedOf("h"), meaning: "possessed" },
    ])
  assert.equal(register(orgSeed(clinic, "admin")), "signer-inactive")
  assert.equal(register(seedOf("new admin")), "applied")
  assert.equal(chain.tables.keys.get({ key: old })?.until, chain.hour)
  assert.equal(
    chain.tables.keys.get({ key: keyOf(ownSeed) })?.until,
    openEnd,
    "a practitioner's own key is no organization's",
  )
})
