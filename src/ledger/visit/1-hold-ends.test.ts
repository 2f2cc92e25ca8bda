import assert from "node:assert/strict"
import { test } from "node:test"
import { firstHourOfMonth, monthOfHour } from "../../base/time.ts"
import { by, chainId, clinic, firstHour, hospital, keyOf, orgSeed, payer, secondPayer } from "../example-chain.ts"
import { limits } from "../limits.ts"
import { legStates } from "../rows.ts"
import {
  assertOutcomes,
  type Draft,
  disputedScene,
  factsDraft,
  handle,
  heldScene,
  holdDraft,
  idOf,
  legDraft,
  patient,
  settledScene,
  signedBy,
  statementDraft,
  voucherBytes,
  voucherFor,
  World,
} from "./world.ts"

const visit = handle("one")

const desk = by(clinic, "hold", "held")

const month = monthOfHour(firstHour)

function voidDraft(voucher = voucherFor(visit), order = by(payer, "voucher", "voided")): Draft {
  return { type: "void-voucher/1", body: { voucher }, orders: [order] }
}

test("void-voucher: one row an outcome, in the order of refusal", () => {
  assertOutcomes([
    { it: "by the payer", code: "applied", draft: () => voidDraft() },
    { it: "by V", code: "applied", draft: () => voidDraft(undefined, patient(visit, "voided")) },
    {
      it: "of a key that has ended since",
      code: "applied",
      draft(world) {
        world.set("keys", { key: keyOf(orgSeed(payer, "voucher")) }, { until: firstHour })
        return voidDraft(undefined, patient(visit, "voided"))
      },
    },
    {
      it: "by another V",
      code: "signer-unknown",
      draft: () => voidDraft(undefined, patient(handle("two"), "voided")),
    },
    {
      it: "by another role",
      code: "signer-wrong-role",
      draft: () => voidDraft(undefined, by(payer, "agree", "voided")),
    },
    {
      it: "by another payer",
      code: "signer-not-party",
      draft: () => voidDraft(undefined, by(secondPayer, "voucher", "voided")),
    },
    {
      it: "of a voucher that V signed itself",
      code: "signer-unknown",
      draft: () => voidDraft(voucherFor(visit, { seed: visit.seed }), patient(visit, "voided")),
    },
    {
      it: "of a used one",
      code: "voucher-used",
      draft(world) {
        world.must(holdDraft(visit))
        return voidDraft()
      },
    },
    {
      it: "of a void one",
      code: "voucher-void",
      draft(world) {
        world.must(voidDraft())
        world.pass(1)
        return voidDraft(undefined, patient(visit, "voided"))
      },
    },
    {
      it: "of an expired one",
      code: "voucher-expired",
      draft: () => voidDraft(voucherFor(visit, { month: month - 2, expiry: firstHourOfMonth(month) })),
    },
  ])
})

const topUp = (amount: bigint, orders?: Draft["orders"]): Draft => {
  const draft = legDraft("top-up/1", visit, { amount })
  return orders === undefined ? draft : signedBy(draft, ...orders)
}

const withPatient = [desk, patient(visit, "held")]

test("top-up: one row an outcome, in the order of refusal", () => {
  const after = (draft: Draft, options?: object) => (world: World) => {
    heldScene({ world, ...options })
    return draft
  }
  assertOutcomes([
    { it: "agreed by the payer, above its cap", code: "applied", draft: after(topUp(5_000_00n)) },
    {
      it: "held by V, within the cap",
      code: "applied",
      draft: after(topUp(5_000_00n, withPatient), { cap: 5_000_00n }),
    },
    { it: "of no visit", code: "visit-unknown", draft: () => topUp(5_000_00n) },
    {
      it: "of no leg",
      code: "leg-unknown",
      draft: after(legDraft("top-up/1", visit, { leg: 1, amount: 5_000_00n })),
    },
    {
      it: "by another role",
      code: "signer-wrong-role",
      draft: after(topUp(5_000_00n, [by(clinic, "bill", "held"), patient(visit, "held")])),
    },
    {
      it: "with another payer",
      code: "signer-not-party",
      draft: after(topUp(5_000_00n, [desk, by(secondPayer, "agree", "held")])),
    },
    {
      it: "with another V",
      code: "signer-unknown",
      draft: after(topUp(5_000_00n, [desk, patient(handle("two"), "held")])),
    },
    {
      it: "of a settled leg",
      code: "wrong-stage",
      draft(world) {
        settledScene({ world })
        return topUp(5_000_00n)
      },
    },
    { it: "of no step", code: "not-on-ladder", draft: after(topUp(3_000_00n)) },
    { it: "to what it has", code: "bad-amount", draft: after(topUp(2_000_00n)) },
    { it: "held by V, above the cap", code: "above-cap", draft: after(topUp(5_000_00n, withPatient)) },
    { it: "of more than there is", code: "account-short", draft: after(topUp(200_000_00n)) },
  ])
})

test("top-up: the difference moves", () => {
  const { world } = heldScene()
  world.must(topUp(5_000_00n))
  assert.equal(world.visit(visit).legs[0]?.hold, 5_000_00n)
  assert.equal(world.visit(visit).legs[0]?.held, 5_000_00n)
  assert.deepEqual(world.account(payer), { free: 95_000_00n, reserved: 5_000_00n, paid: 0n, open: 1 })
})

test("cancel and expire: one row an outcome, in the order of refusal", () => {
  const cancel = legDraft("cancel/1", visit)
  const expire = legDraft("expire/1", visit)
  const passed = (world: World) => world.pass(2161)
  const held = (draft: Draft) => (world: World) => {
    heldScene({ world })
    passed(world)
    return draft
  }
  assertOutcomes([
    { it: "cancel", code: "applied", draft: held(cancel) },
    { it: "expire", code: "applied", draft: held(expire) },
    {
      it: "cancel of a disputed leg",
      code: "applied",
      draft(world) {
        disputedScene({ world })
        return cancel
      },
    },
    { it: "cancel of no visit", code: "visit-unknown", draft: () => cancel },
    { it: "cancel of no leg", code: "leg-unknown", draft: held(legDraft("cancel/1", visit, { leg: 3 })) },
    {
      it: "cancel by the payer",
      code: "signer-wrong-role",
      draft: held(signedBy(cancel, by(payer, "agree", "cancelled"))),
    },
    {
      it: "cancel by another provider",
      code: "signer-not-party",
      draft: held(signedBy(cancel, by(hospital, "hold", "cancelled"))),
    },
    {
      it: "expire by V",
      code: "signer-unknown",
      draft: held(signedBy(expire, patient(visit, "submitted"))),
    },
    {
      it: "cancel of a settled leg",
      code: "wrong-stage",
      draft(world) {
        settledScene({ world })
        return cancel
      },
    },
    {
      it: "cancel by another transaction",
      code: "wrong-stage",
      draft(world) {
        heldScene({ world })
        world.must(cancel)
        world.pass(1)
        return cancel
      },
    },
    {
      it: "expire before its hour",
      code: "too-early",
      draft(world) {
        heldScene({ world })
        world.pass(2160)
        return expire
      },
    },
  ])
})

test("cancel of a disputed leg: what the payer paid at once stands", () => {
  const { world } = disputedScene()
  world.must(legDraft("cancel/1", visit))
  const [leg] = world.visit(visit).legs
  assert.equal(leg?.state, legStates.paid)
  assert.deepEqual(leg?.paid, leg?.owed)
  assert.deepEqual(world.account(payer), { free: 98_795_37n, reserved: 0n, paid: 1_204_63n, open: 0 })
  assert.deepEqual(world.account(clinic), { free: 1_204_63n, reserved: 0n, paid: 0n, open: 0 })
})

test("the limit of transitions stops what takes no money out of a hold, and nothing else", () => {
  const { world } = heldScene()
  let last = idOf(factsDraft(visit))
  world.must(factsDraft(visit))
  // Filing one statement after another is the way to make many transitions.
  let previous: Uint8Array | undefined
  for (let i = 0; world.visit(visit).transitions.length < limits.transitions; i++) {
    const draft = statementDraft(visit, {
      label: `statement ${i}`,
      legs: [{ voucher: world.visit(visit).legs[0]!.voucher, amount: 1n }],
      ...(previous === undefined ? {} : { supersedes: previous }),
    })
    world.must(draft)
    previous = idOf(draft)
    last = previous
  }
  assert.equal(world.do(holdDraft(visit, { label: "second" })), "limit-reached")
  assert.equal(world.do(topUp(5_000_00n)), "limit-reached")
  const more = statementDraft(visit, {
    label: "one more",
    supersedes: last,
    legs: [{ voucher: world.visit(visit).legs[0]!.voucher, amount: 2n }],
  })
  assert.equal(world.do(more), "limit-reached")
  assert.equal(world.do(legDraft("cancel/1", visit)), "applied")
})

test("a voucher's envelope is held to its own form", () => {
  const world = new World()
  const voucher = voucherFor(visit)
  for (const wrong of [{ expiry: firstHourOfMonth(month + 6) + 1 }, { expiry: firstHourOfMonth(month) }]) {
    const bytes = voucherBytes(visit, wrong)
    assert.equal(world.do(holdDraft(visit, { voucher: { ...voucher, bytes } })), "bad-encoding")
  }
  const broken = { ...voucher, bytes: voucher.bytes.with(voucher.bytes.length - 1, 1) }
  assert.equal(world.do(holdDraft(visit, { voucher: broken })), "bad-signature")
  assert.equal(voucher.id(chainId).length, 32)
})
