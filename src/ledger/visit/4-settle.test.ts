import assert from "node:assert/strict"
import { test } from "node:test"
import { chainId, clinic, firstHour, keyOf, payer, secondPayer, seedOf } from "../example-chain.ts"
import { assurances, legStates, operations } from "../rows.ts"
import { openTables } from "../state.ts"
import {
  agreedBy,
  delegationFor,
  deliveredScene,
  factsDraft,
  filedScene,
  handle,
  heldScene,
  holdDraft,
  idOf,
  legDraft,
  paidScene,
  patient,
  performed,
  type Scene,
  type StatementOptions,
  signedBy,
  statementDraft,
  voucherFor,
  World,
} from "./world.ts"

const visit = handle("one")

const guardian = seedOf("guardian")

const countersigned = patient(visit, "countersigned")

const withAll = [performed(), countersigned, agreedBy(payer)]

/** A later statement of the same visit, over the same leg unless told. */
function later({ voucher, statement }: Scene, options: StatementOptions & { amount?: bigint } = {}) {
  const amount = options.amount ?? 1_204_63n
  const legs = [{ voucher, amount, label: `later ${amount}` }]
  return statementDraft(visit, { supersedes: statement, legs, label: "later", ...options })
}

/** Two legs: the payer's and the second payer's. */
function twoLegs(world: World) {
  world.deposit(secondPayer, 10_000_00n)
  const scene = heldScene({ world })
  const second = voucherFor(visit, { payer: secondPayer, cap: 500_00n })
  world.must(holdDraft(visit, { voucher: second, amount: 500_00n }))
  const legs = [
    { voucher: scene.voucher, amount: 1_000_00n },
    { voucher: second.id(chainId), amount: 337_98n },
  ]
  return { scene, legs, draft: statementDraft(visit, { legs }) }
}

test("settle records, files and settles in one transaction, and moves no money", () => {
  const { world, filed, statement, voucher } = heldScene()
  const before = [world.account(payer), world.account(clinic)]
  world.pass(5)
  world.must(signedBy(filed, ...withAll))
  const row = world.visit(visit)
  const [leg] = row.legs
  assert.deepEqual([world.account(payer), world.account(clinic)], before)
  assert.equal(row.facts[0]?.assurance, assurances.patient)
  assert.deepEqual(row.statement, {
    id: statement,
    facts: idOf(factsDraft(visit)),
    own: 1,
    void: 0,
    legs: [{ leg: 0, amount: filed.body.legs[0]?.commitment }],
  })
  assert.equal(leg?.state, legStates.settled)
  assert.equal(leg?.settled, firstHour + 5)
  assert.deepEqual(leg?.owed, filed.body.legs[0]?.commitment)
  assert.deepEqual(
    row.transitions.map(({ operation, legs }) => [operation, legs]),
    [
      [operations.hold, 1],
      [operations.settle, 1],
    ],
  )
  assert.deepEqual(row.transitions[0]?.key, voucher)
  assert.equal(world.do(signedBy(filed, ...withAll)), "repeated")
})

test("each payer settles its own leg: agree, then agree, or both at once", () => {
  const apart = new World()
  const { draft } = twoLegs(apart)
  apart.must(signedBy(draft, performed(), countersigned))
  apart.must(signedBy(draft, performed(), agreedBy(secondPayer)))
  assert.deepEqual(
    apart.visit(visit).legs.map(({ state }) => state),
    [legStates.held, legStates.settled],
  )
  apart.must(signedBy(draft, performed(), agreedBy(payer)))
  assert.equal(apart.do(signedBy(draft, performed(), agreedBy(payer))), "repeated")
  assert.deepEqual(
    apart
      .visit(visit)
      .transitions.slice(2)
      .map(({ operation, legs }) => [operation, legs]),
    [
      [operations.countersign, 0],
      [operations.agree, 2],
      [operations.agree, 1],
    ],
  )
  const together = new World()
  const both = twoLegs(together).draft
  together.must(signedBy(both, performed(), countersigned, agreedBy(payer), agreedBy(secondPayer)))
  assert.equal(together.visit(visit).transitions.at(-1)?.operation, operations.settle)
  assert.ok(together.visit(visit).legs.every(({ state }) => state === legStates.settled))
})

test("a payer with two legs signs once for both", () => {
  const world = new World()
  const { voucher } = heldScene({ world })
  const second = voucherFor(visit, { label: "second", cap: 500_00n })
  world.must(holdDraft(visit, { voucher: second, amount: 500_00n }))
  const legs = [
    { voucher, amount: 1n },
    { voucher: second.id(chainId), amount: 2n },
  ]
  world.must(signedBy(statementDraft(visit, { legs }), ...withAll))
  assert.equal(world.visit(visit).transitions.at(-1)?.legs, 3)
  assert.equal(world.visit(visit).transitions.at(-1)?.operation, operations.settle)
})

test("one leg cancelled does not stop the other from being agreed", () => {
  const world = new World()
  const { draft } = twoLegs(world)
  world.must(signedBy(draft, performed(), countersigned), legDraft("cancel/1", visit))
  assert.equal(world.do(signedBy(draft, performed(), agreedBy(secondPayer))), "applied")
})

test("a new statement ends the delivery of the old one", () => {
  const scene = deliveredScene()
  const { world } = scene
  assert.ok(world.visit(visit).legs[0]!.deadline > 0)
  world.must(later(scene))
  const [leg] = world.visit(visit).legs
  assert.equal(leg?.deadline, 0)
  assert.equal(leg?.bundle, undefined)
  assert.equal(world.do(scene.filed), "repeated")
  assert.equal(world.do(signedBy(scene.filed, ...withAll)), "statement-superseded")
})

test("the patient's signature counts when it comes after the claim was filed", () => {
  const { world, filed } = filedScene({ signed: false })
  assert.equal(world.visit(visit).facts[0]?.assurance, assurances.silent)
  assert.equal(world.do(signedBy(filed, performed(), countersigned)), "applied")
  assert.equal(world.visit(visit).facts[0]?.assurance, assurances.patient)
  assert.equal(world.visit(visit).statement?.own, 1)
  assert.equal(world.do(signedBy(filed, performed(), countersigned)), "repeated")
  assert.equal(world.do(filed), "repeated")
})

test("an old signature does not undo what was opened since", () => {
  const { world, filed, visit: name, statement, amount, blinding } = deliveredScene()
  world.pass(337)
  world.must(legDraft("elapse/1", name, { statement, amount, blinding }))
  const { owed } = world.visit(visit).legs[0]!
  world.must(signedBy(filed, ...withAll))
  assert.deepEqual(world.visit(visit).legs[0]?.owed, owed)
})

test("replace: a paid leg is settled again under its new commitment", () => {
  const scene = paidScene()
  const { world } = scene
  const open = world.account(clinic).open
  const draft = later(scene)
  world.must(signedBy(draft, performed(), agreedBy(payer)))
  const [leg] = world.visit(visit).legs
  assert.equal(leg?.state, legStates.settled)
  assert.deepEqual(leg?.owed, draft.body.legs[0]?.commitment)
  assert.notDeepEqual(leg?.paid, leg?.owed)
  assert.equal(world.visit(visit).transitions.at(-1)?.operation, operations.replace)
  assert.equal(world.account(clinic).open, open + 1)
  assert.equal(world.do(signedBy(draft, performed(), agreedBy(payer))), "repeated")
})

test("a delegate named in the facts signs the statement in V's place", () => {
  const { world, voucher } = heldScene()
  const facts = factsDraft(visit, { delegation: delegationFor(visit, guardian) }).body
  const draft = statementDraft(visit, { facts, legs: [{ voucher, amount: 1n }] })
  world.must(signedBy(draft, performed(), { seed: guardian, meaning: "countersigned" }, agreedBy(payer)))
  assert.equal(world.visit(visit).facts[0]?.assurance, assurances.proxy)
  assert.equal(world.visit(visit).statement?.own, 1)
  assert.equal(openTables(world.state).keys.get({ key: keyOf(guardian) })?.roles, 0)
})
