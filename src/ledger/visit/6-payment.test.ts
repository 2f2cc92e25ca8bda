import assert from "node:assert/strict"
import { test } from "node:test"
import { addScalars, negateScalar, zeroScalar } from "../../privacy/amounts.ts"
import { arbiter, association, by, clinic, hospital, payer, regulator, secondPayer, seedOf } from "../example-chain.ts"
import { limits } from "../limits.ts"
import { legStates } from "../rows.ts"
import { openTables } from "../state.ts"
import {
  agreedBy,
  assertOutcomes,
  blindingOf,
  type Draft,
  disputedScene,
  filedScene,
  handle,
  heldScene,
  idOf,
  legDraft,
  paidScene,
  payDraft,
  paymentDraft,
  performed,
  type Scene,
  settledScene,
  signedBy,
  statementDraft,
  type World,
} from "./world.ts"

const visit = handle("one")
const nothing = seedOf("nothing")
const label = "replaced"

/** The same visit settled again at another amount, with the payer's signature. */
function replaced(scene: Scene, amount: bigint): { statement: Uint8Array; blinding: Uint8Array } {
  const { world, voucher, statement, blinding } = scene
  const legs = [{ voucher, amount, label }]
  const draft = statementDraft(scene.visit, { supersedes: statement, legs, label })
  world.must(signedBy(draft, performed(), agreedBy(payer)))
  // What opens the difference: the new blinding less the one that was paid.
  return { statement: idOf(draft), blinding: addScalars(blindingOf(label), negateScalar(blinding)) }
}

function payWith(more: Parameters<typeof payDraft>[1] & { legs?: object[] } = {}) {
  return (world: World) => {
    const draft = payDraft(settledScene({ world }), more)
    return more.legs === undefined ? draft : { ...draft, body: { ...draft.body, legs: more.legs } }
  }
}

test("pay: one row an outcome, in the order of refusal", () => {
  assertOutcomes([
    { it: "by the provider", code: "applied", draft: payWith() },
    {
      it: "by the payer, its hours later",
      code: "applied",
      draft(world) {
        const draft = payWith()(world)
        world.pass(720)
        return signedBy(draft, by(payer, "pay", "paid"))
      },
    },
    {
      it: "of legs twice",
      code: "bad-encoding",
      draft: payWith({
        legs: [
          { V: visit.V, leg: 0 },
          { V: visit.V, leg: 0 },
        ],
      }),
    },
    { it: "of no visit", code: "visit-unknown", draft: payWith({ legs: [{ V: nothing, leg: 0 }] }) },
    { it: "at another provider", code: "visit-unknown", draft: payWith({ provider: hospital }) },
    { it: "of no leg of the visit", code: "leg-unknown", draft: payWith({ legs: [{ V: visit.V, leg: 1 }] }) },
    { it: "of another payer's leg", code: "leg-unknown", draft: payWith({ payer: secondPayer }) },
    {
      it: "by nobody",
      code: "signer-unknown",
      draft: (world) => signedBy(payWith()(world), { seed: nothing, meaning: "paid" }),
    },
    {
      it: "with a wrong role",
      code: "signer-wrong-role",
      draft: (world) => signedBy(payWith()(world), by(clinic, "bill", "paid")),
    },
    {
      it: "by another",
      code: "signer-not-party",
      draft: (world) => signedBy(payWith()(world), by(hospital, "pay", "paid")),
    },
    { it: "of a leg held", code: "wrong-stage", draft: (world) => payDraft(filedScene({ world })) },
    {
      it: "of a leg paid",
      code: "wrong-stage",
      draft(world) {
        const scene = paidScene({ world })
        world.pass(1)
        return payDraft(scene)
      },
    },
    {
      it: "by the payer, an hour too early",
      code: "too-early",
      draft(world) {
        const draft = payWith()(world)
        world.pass(719)
        return signedBy(draft, by(payer, "pay", "paid"))
      },
    },
    { it: "of a cent more", code: "bad-opening", draft: payWith({ amount: 1_337_99n }) },
    { it: "with another blinding", code: "bad-opening", draft: payWith({ blinding: zeroScalar }) },
    {
      it: "of more than is held",
      code: "above-hold",
      draft: (world) => payDraft(settledScene({ world, amount: 2_000_01n })),
    },
    {
      it: "again, the same",
      code: "repeated",
      draft(world) {
        const draft = payWith()(world)
        world.must(draft)
        return draft
      },
    },
  ])
})

test("pay: a list that is too long", () => {
  const { world } = settledScene()
  const many = Array.from({ length: limits.legsPerPayment + 1 }, (_, i) => {
    const V = new Uint8Array(32)
    V[0] = i >> 8
    V[1] = i & 255
    return { V, leg: 0 }
  })
  const draft = paymentDraft("pay/1", many, { amount: 0n, blinding: zeroScalar })
  assert.equal(world.do(draft), "too-large")
})

test("pay: one sum over several visits, what is left goes back, nothing is paid twice", () => {
  const first = settledScene()
  const { world } = first
  const second = settledScene({ world, label: "two", amount: 250_00n })
  const amount = first.amount + second.amount
  const blinding = addScalars(first.blinding, second.blinding)
  const both = paymentDraft("pay/1", [second.visit, first.visit], { amount, blinding })
  world.must(both)
  assert.deepEqual(world.account(payer), { free: 100_000_00n - amount, reserved: 0n, paid: amount, open: 0 })
  assert.deepEqual(world.account(clinic), { free: amount, reserved: 0n, paid: 0n, open: 0 })
  for (const { V, provider } of [first.visit, second.visit]) {
    const [leg] = world.visit({ V, provider }).legs
    assert.equal(leg?.state, legStates.paid)
    assert.equal(leg?.hold, 0n)
    assert.deepEqual(leg?.paid, leg?.owed)
  }
  const rows = [...openTables(world.state).payments.rows()]
  assert.equal(rows.length, 1)
  assert.equal(rows[0]?.[1].amount, amount)
  assert.equal(rows[0]?.[1].legs.length, 2)
})

test("pay: an amount of nothing is usual, when all went to a deductible", () => {
  const { world } = paidScene({ amount: 0n })
  assert.equal(world.account(payer).free, 100_000_00n)
  assert.equal(world.account(clinic).free, 0n)
})

interface RefundOptions {
  readonly paid?: bigint
  readonly now?: bigint
  readonly amount?: bigint
  readonly blinding?: Uint8Array
}

/** Paid at one amount, replaced by another, and the refund of the difference. */
function refundAfter({ paid = 1_337_98n, now = 1_204_63n, amount, blinding }: RefundOptions = {}) {
  return (world: World): Draft => {
    const scene = paidScene({ world, amount: paid })
    const difference = replaced(scene, now)
    const opened = blinding ?? negateScalar(difference.blinding)
    return paymentDraft("refund/1", [visit], { amount: amount ?? paid - now, blinding: opened })
  }
}

const panel = [by(regulator, "witness", "ruled"), by(arbiter, "witness", "ruled")]

/** A refund that the panel orders of a paid leg. */
function ruledRefund(make: (options: { world: World }) => Scene = paidScene, amount = 100_00n, orders = panel) {
  return (world: World): Draft => {
    const scene = make({ world })
    return signedBy(paymentDraft("refund/1", [scene.visit], { amount, blinding: zeroScalar }), ...orders)
  }
}

test("refund: one row an outcome, in the order of refusal", () => {
  const refund = refundAfter()
  assertOutcomes([
    { it: "of what a replacement left over", code: "applied", draft: refund },
    {
      it: "of no visit",
      code: "visit-unknown",
      draft: () => paymentDraft("refund/1", [visit], { amount: 1n, blinding: zeroScalar }),
    },
    {
      it: "of no leg",
      code: "leg-unknown",
      draft(world) {
        paidScene({ world })
        return paymentDraft("refund/1", [{ V: visit.V, leg: 1 }], { amount: 1n, blinding: zeroScalar })
      },
    },
    {
      it: "by the biller",
      code: "signer-wrong-role",
      draft: (world) => signedBy(refund(world), by(clinic, "bill", "refunded")),
    },
    {
      it: "by the payer",
      code: "signer-not-party",
      draft: (world) => signedBy(refund(world), by(payer, "pay", "refunded")),
    },
    {
      it: "of a leg paid and not replaced",
      code: "wrong-stage",
      draft: (world) => paymentDraft("refund/1", [paidScene({ world }).visit], { amount: 1n, blinding: zeroScalar }),
    },
    {
      it: "of a leg settled and still held",
      code: "wrong-stage",
      draft: (world) => paymentDraft("refund/1", [settledScene({ world }).visit], { amount: 1n, blinding: zeroScalar }),
    },
    { it: "of a cent less", code: "bad-opening", draft: refundAfter({ amount: 133_34n }) },
    { it: "with another blinding", code: "bad-opening", draft: refundAfter({ blinding: zeroScalar }) },
    { it: "of nothing", code: "bad-amount", draft: refundAfter({ now: 1_337_98n }) },
    {
      it: "of money that is no longer there",
      code: "account-short",
      draft(world) {
        const draft = refund(world)
        withdraw(world)
        return draft
      },
    },
  ])
})

function withdraw(world: World): void {
  const { free } = world.account(clinic)
  const body = { org: clinic, custodian: 4, amount: free, reference: seedOf("withdrawal") }
  assert.equal(world.run("withdraw/1", body, [by(clinic, "pay", "withdrew"), by(4, "custody", "paidOut")]), "applied")
}

test("refund by ruling: one row an outcome, in the order of refusal", () => {
  assertOutcomes([
    { it: "of a part", code: "applied", draft: ruledRefund() },
    {
      it: "with a blinding",
      code: "bad-envelope",
      draft(world) {
        const { visit: name } = paidScene({ world })
        return signedBy(paymentDraft("refund/1", [name], { amount: 1n, blinding: blindingOf("x") }), ...panel)
      },
    },
    {
      it: "of two legs",
      code: "bad-envelope",
      draft: () =>
        signedBy(paymentDraft("refund/1", [visit, handle("two")], { amount: 1n, blinding: zeroScalar }), ...panel),
    },
    {
      it: "of no visit",
      code: "visit-unknown",
      draft: () => signedBy(paymentDraft("refund/1", [visit], { amount: 1n, blinding: zeroScalar }), ...panel),
    },
    {
      it: "by one not of the panel",
      code: "signer-not-party",
      draft: ruledRefund(paidScene, 1n, [by(association, "witness", "ruled")]),
    },
    { it: "of a leg held", code: "wrong-stage", draft: ruledRefund(heldScene) },
    {
      it: "of a leg refunded by a ruling before",
      code: "already-refunded",
      draft(world) {
        world.must(ruledRefund()(world))
        return signedBy(paymentDraft("refund/1", [visit], { amount: 1n, blinding: zeroScalar }), ...panel)
      },
    },
    {
      it: "after the look-back",
      code: "too-late",
      draft(world) {
        const draft = ruledRefund()(world)
        world.pass(8760)
        return draft
      },
    },
    {
      it: "of a leg whose dispute the provider gave up, within the look-back",
      code: "applied",
      draft: ruledRefund(({ world }) => {
        const scene = disputedScene({ world })
        world.must(legDraft("cancel/1", visit))
        return scene
      }),
    },
    { it: "by half of the panel", code: "quorum-missing", draft: ruledRefund(paidScene, 1n, panel.slice(0, 1)) },
    { it: "of nothing", code: "bad-amount", draft: ruledRefund(paidScene, 0n) },
    { it: "of more than was ever held", code: "bad-amount", draft: ruledRefund(paidScene, 2_000_01n) },
    { it: "of more than the provider has", code: "account-short", draft: ruledRefund(paidScene, 1_500_00n) },
  ])
})

test("refund by ruling: owed and paid fall together, and the provider's later refund cannot open it again", () => {
  const { world } = paidScene()
  world.must(signedBy(paymentDraft("refund/1", [visit], { amount: 100_00n, blinding: zeroScalar }), ...panel))
  const [leg] = world.visit(visit).legs
  assert.equal(leg?.refunded, 1)
  assert.equal(leg?.state, legStates.paid)
  assert.deepEqual(leg?.owed, leg?.paid)
  assert.equal(world.account(clinic).free, 1_237_98n)
  assert.equal(world.account(payer).free, 98_762_02n)
})

test("replace upwards: the difference is paid beside a hold that has room", () => {
  const scene = paidScene({ amount: 1_204_63n })
  const { world } = scene
  const { blinding } = replaced(scene, 1_337_98n)
  const alone = paymentDraft("pay/1", [visit], { amount: 133_35n, blinding })
  assert.equal(world.do(alone), "above-hold")
  const other = settledScene({ world, label: "two", amount: 100_00n })
  const amount = 133_35n + other.amount
  world.must(paymentDraft("pay/1", [visit, other.visit], { amount, blinding: addScalars(blinding, other.blinding) }))
  assert.equal(world.account(clinic).free, 1_204_63n + amount)
})

test("void: one row an outcome, in the order of refusal", () => {
  const on = (make: (options: { world: World }) => Scene, statement?: Uint8Array) => (world: World) => {
    const scene = make({ world })
    return legDraftWithoutLeg(statement ?? scene.statement)
  }
  assertOutcomes([
    { it: "of a claim filed", code: "applied", draft: on(filedScene) },
    { it: "of a claim settled", code: "applied", draft: on(settledScene) },
    { it: "of a claim paid", code: "applied", draft: on(paidScene) },
    { it: "of no visit", code: "visit-unknown", draft: () => legDraftWithoutLeg(nothing) },
    {
      it: "with a wrong role",
      code: "signer-wrong-role",
      draft: (world) => signedBy(on(filedScene)(world), by(clinic, "hold", "voided")),
    },
    {
      it: "by another provider",
      code: "signer-not-party",
      draft: (world) => signedBy(on(filedScene)(world), by(hospital, "bill", "voided")),
    },
    { it: "of another statement", code: "statement-unknown", draft: on(filedScene, nothing) },
    { it: "of none", code: "statement-unknown", draft: on(heldScene) },
    {
      it: "twice",
      code: "wrong-stage",
      draft(world) {
        const { statement } = filedScene({ world })
        world.must(legDraftWithoutLeg(statement))
        world.pass(1)
        return legDraftWithoutLeg(statement)
      },
    },
    { it: "of a disputed leg", code: "wrong-stage", draft: on(disputedScene) },
  ])
})

function legDraftWithoutLeg(statement: Uint8Array): Draft {
  return legDraft("void/1", visit, { statement })
}

test("void: unpaid money goes back at once, paid money is owed back", () => {
  const unpaid = settledScene()
  unpaid.world.must(legDraftWithoutLeg(unpaid.statement))
  assert.equal(unpaid.world.visit(visit).legs[0]?.state, legStates.released)
  assert.deepEqual(unpaid.world.account(payer), { free: 100_000_00n, reserved: 0n, paid: 0n, open: 0 })
  assert.equal(unpaid.world.do(legDraftWithoutLeg(unpaid.statement)), "repeated")

  const { world, statement, blinding } = paidScene()
  world.must(legDraftWithoutLeg(statement))
  assert.equal(world.visit(visit).legs[0]?.state, legStates.settled)
  assert.equal(world.visit(visit).legs[0]?.owed, undefined)
  assert.equal(world.account(payer).open, 1)
  world.must(paymentDraft("refund/1", [visit], { amount: 1_337_98n, blinding }))
  const paid = 1_337_98n
  assert.deepEqual(world.account(payer), { free: 100_000_00n, reserved: 0n, paid, open: 0 })
  assert.deepEqual(world.account(clinic), { free: 0n, reserved: 0n, paid: 0n, open: 0 })
})
