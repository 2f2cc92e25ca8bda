/** Parameters, rules and panels: one row an outcome of each action's own checks, in their order, then its effect. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { arbiter, association, board, clinic, custodian, payer, regulator, secondPayer } from "../example-chain.ts"
import { deliveredScene } from "../visit/world.ts"
import type { Rule } from "./action.ts"
import { Assembly, act, assertActions, need, newcomer } from "./assembly.ts"

test("set-parameter: one row an outcome; a deadline once set is not recomputed", () => {
  const set = (number: number, value: number) => act("set-parameter", { number, value })
  assertActions([
    { it: "to the least", action: set(2, 72), code: "applied" },
    { it: "to the most", action: set(2, 1440), code: "applied" },
    { it: "below", action: set(2, 71), code: "parameter-out-of-range" },
    { it: "above", action: set(2, 1441), code: "parameter-out-of-range" },
    { it: "that is none", action: set(11, 1), code: "parameter-out-of-range" },
  ])
  const world = new Assembly()
  const { visit } = deliveredScene({ world })
  const before = world.visit(visit).legs[0]!.deadline
  world.enact(set(2, 72))
  assert.equal(world.visit(visit).legs[0]!.deadline, before)
})

test("set-rule: under two organizations is out of range, and a freeze is voted on within 72 hours", () => {
  const rule = (needs: Rule["needs"], hours = 72) => ({ proposers: 254, needs, hours })
  const set = (action: number, given: Rule) => act("set-rule", { action, rule: given })
  const two = [need(["payer"], 1), need(["provider"], 1)]
  assertActions([
    { it: "two of two kinds", action: set(5, rule(two)), code: "applied" },
    { it: "two of one kind", action: set(5, rule([need(["payer"], 2)])), code: "applied" },
    { it: "one", action: set(5, rule([need(["payer"], 1)])), code: "parameter-out-of-range" },
    {
      it: "all of a kind, which may be one",
      action: set(5, rule([need(["payer"], 1, 100)])),
      code: "parameter-out-of-range",
    },
    {
      it: "one that meets two needs",
      action: set(5, rule([need(["payer"], 1), need(["payer", "provider"], 1)])),
      code: "parameter-out-of-range",
    },
    { it: "for plans", action: set(11, rule([need(["regulator"], 1)])), code: "parameter-out-of-range" },
    { it: "a freeze within 72 hours", action: set(10, rule(two, 72)), code: "applied" },
    { it: "a freeze within 73 hours", action: set(10, rule(two, 73)), code: "parameter-out-of-range" },
  ])
})

test("set-rule: open proposals are counted by the new rule", () => {
  const chain = new Assembly()
  const { id } = chain.propose(payer, act("set-parameter", { number: 1, value: 24 }))
  const rule = { proposers: 254, needs: [need(["payer"], 1), need(["provider"], 1)], hours: 1 }
  chain.enact(act("set-rule", { action: 5, rule }))
  assert.equal(chain.vote(clinic, id), "applied")
  assert.equal(chain.proposal(id), undefined)
})

test("set-panel: one row an outcome, in the order of refusal", () => {
  const set = (payerNumber: number, ...panel: number[]) => act("set-panel", { payer: payerNumber, panel })
  const related = (chain: Assembly) => chain.set("organizations", { org: arbiter }, { group: payer })
  assertActions([
    { it: "of a payer", action: set(payer, association, arbiter, regulator), code: "applied" },
    { it: "of a custodian", action: set(custodian, arbiter), code: "applied" },
    { it: "of a clinic", action: set(clinic, arbiter), code: "organization-wrong-kind" },
    { it: "of nobody", action: set(newcomer, arbiter), code: "organization-wrong-kind" },
    { it: "with a payer", action: set(payer, arbiter, secondPayer), code: "organization-wrong-kind" },
    { it: "with a board", action: set(payer, board), code: "organization-wrong-kind" },
    { it: "with nobody", action: set(payer, newcomer), code: "organization-wrong-kind" },
    { it: "with one of the payer's group", scene: related, action: set(payer, arbiter), code: "not-independent" },
    {
      it: "with that, and one of another kind",
      scene: related,
      action: set(payer, arbiter, board),
      code: "organization-wrong-kind",
    },
  ])
  const chain = new Assembly()
  chain.enact(set(payer, association, arbiter))
  assert.deepEqual(chain.tables.organizations.get({ org: payer })?.panel, [association, arbiter])
})
