/** The validators: which sets are refused, and what the engine is handed of those that are not. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
  association,
  board,
  by,
  clinic,
  exampleGenesis,
  hospital,
  keyOf,
  payer,
  regulator,
  seedOf,
} from "../example-chain.ts"
import { assertChanges } from "../invariants.ts"
import { isRejection } from "../rejection.ts"
import type { Tables } from "../state.ts"
import type { Action } from "./action.ts"
import { Assembly, act, assertActions, freshKey, need, newcomer, removed, smallOrder, without } from "./assembly.ts"

test("set-validator: one row an outcome, in the order of refusal", () => {
  const set = (org: number, label: string, power = 10) => act("set-validator", { org, key: freshKey(label), power })
  const four = (chain: Assembly) => chain.enact(set(clinic, "a"), set(hospital, "b"), set(regulator, "c"))
  assertActions([
    { it: "a second", action: set(clinic, "a"), code: "applied" },
    { it: "of nobody", action: set(newcomer, "a"), code: "organization-unknown" },
    { it: "of one removed", scene: removed(hospital), action: set(hospital, "a"), code: "validator-set-invalid" },
    {
      it: "another's key",
      action: act("set-validator", { org: clinic, key: keyOf(seedOf("validator")), power: 1 }),
      code: "validator-set-invalid",
    },
    {
      it: "no key",
      action: act("set-validator", { org: clinic, key: smallOrder, power: 1 }),
      code: "validator-set-invalid",
    },
    { it: "without one that is none", action: set(payer, "a", 0), code: "validator-set-invalid" },
    { it: "without another's", action: without(clinic), code: "validator-set-invalid" },
    { it: "without the last", action: without(payer), code: "validator-set-invalid" },
    {
      it: "three, one with nearly all",
      scene: (chain) => chain.enact(set(clinic, "a", 1)),
      action: set(board, "b", 900),
      code: "applied",
    },
    {
      it: "a fourth, all alike",
      scene: (chain) => chain.enact(set(clinic, "a"), set(hospital, "b")),
      action: set(board, "c"),
      code: "applied",
    },
    {
      it: "a fourth with a third",
      scene: (chain) => chain.enact(set(clinic, "a"), set(hospital, "b")),
      action: set(board, "c", 15),
      code: "validator-set-invalid",
    },
    {
      it: "a fourth with a little less",
      scene: (chain) => chain.enact(set(clinic, "a"), set(hospital, "b")),
      action: set(board, "c", 14),
      code: "applied",
    },
    {
      it: "a fourth of an organization with one",
      scene: (chain) => chain.enact(set(clinic, "a"), set(hospital, "b")),
      action: set(clinic, "c"),
      code: "validator-set-invalid",
    },
    { it: "more power for one of four", scene: four, action: set(clinic, "a", 15), code: "validator-set-invalid" },
    { it: "hardly any power for one of four", scene: four, action: set(clinic, "a", 1), code: "applied" },
    { it: "one of four leaves", scene: four, action: without(payer), code: "applied" },
  ])
})

test("at most 64 validators", () => {
  const { validators, ...rows } = exampleGenesis()
  const more = Array.from(
    { length: 63 },
    (_, i) => [{ key: freshKey(`v${i}`) }, { org: (i % 9) + 1, power: 10 }] as const,
  )
  const genesis = { ...rows, validators: [...validators!, ...more] }
  const chain = new Assembly({ genesis })
  const extra = (label: string) => act("set-validator", { org: clinic, key: freshKey(label), power: 10 })
  assert.equal(chain.decide(extra("one more")), "validator-set-invalid")
  chain.enact(act("set-validator", { org: clinic, key: freshKey("v0"), power: 0 }), extra("one more"))
})

/** Both ballots of each, the second ones of all together in one block; what that block hands to the engine. */
function updatesOf(chain: Assembly, ...actions: readonly Action[]) {
  const ballots = actions.map((action) => {
    const { code, id: proposal } = chain.propose(regulator, action)
    assert.equal(code, "applied", action.name)
    const order = by(association, "vote", "balloted")
    const decoded = chain.decode(chain.transaction("ballot/1", { proposal, vote: 1 }, [order]))
    assert.ok(!isRejection(decoded))
    return decoded
  })
  const { results, validatorUpdates } = chain.block(ballots)
  assert.ok(results[0]!.every(({ number }) => number === 0))
  return validatorUpdates
}

test("the engine is handed what changed, and never the removal of what it never had", () => {
  const chain = new Assembly()
  const key = freshKey("v")
  const set = (power: number) => act("set-validator", { org: clinic, key, power })
  assert.deepEqual(updatesOf(chain, set(7)), [{ key, power: 7 }])
  assert.deepEqual(updatesOf(chain, set(9)), [{ key, power: 9 }])
  assert.deepEqual(updatesOf(chain, act("set-status", { org: clinic, status: 2 })), [{ key, power: 0 }])
  assert.deepEqual(updatesOf(chain, act("set-parameter", { number: 1, value: 24 })), [])
  const come = act("set-validator", { org: hospital, key: freshKey("w"), power: 3 })
  assert.deepEqual(updatesOf(chain, come, act("set-status", { org: hospital, status: 2 })), [])
})

test("a set that no ballot lets pass would stop the ledger as well", () => {
  const rows: readonly (readonly [fault: RegExp, scene: (tables: Tables) => void])[] = [
    [/1 to 64 validators/, ({ validators }) => validators.remove({ key: freshKey("validator") })],
    [
      /a third/,
      ({ validators }) => ["a", "b", "c"].map((v) => validators.put({ key: freshKey(v) }, { org: 1, power: 9 })),
    ],
    [
      /organization not removed/,
      ({ validators }) => validators.put({ key: freshKey("a") }, { org: newcomer, power: 9 }),
    ],
    [
      /two organizations/,
      ({ rules }) => rules.put({ action: 1 }, { proposers: 2, needs: [need(["payer"], 1)], hours: 1 }),
    ],
  ]
  for (const [fault, scene] of rows) {
    const { tables } = new Assembly()
    scene(tables)
    assert.throws(() => assertChanges(tables), { name: "Defect", message: fault })
  }
})
