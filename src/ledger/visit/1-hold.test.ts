import assert from "node:assert/strict"
import { test } from "node:test"
import { firstHourOfMonth, monthOfHour } from "../../base/time.ts"
import { decodeTransaction } from "../decode.ts"
import { encodePayload, signPayload } from "../envelopes.ts"
import {
  arbiter,
  by,
  chainId,
  clinic,
  custodian,
  firstHour,
  hospital,
  keyOf,
  orgSeed,
  payer,
  secondPayer,
  seedOf,
} from "../example-chain.ts"
import { limits } from "../limits.ts"
import { isRejection } from "../rejection.ts"
import { legStates } from "../rows.ts"
import { holdBody } from "./1-hold.ts"
import {
  assertOutcomes,
  type Draft,
  delegationFor,
  disputedScene,
  factsDraft,
  filedScene,
  handle,
  heldScene,
  holdDraft,
  idOf,
  legDraft,
  type Outcome,
  patient,
  performed,
  settledScene,
  signedBy,
  statementDraft,
  voucherBytes,
  voucherFor,
  World,
} from "./world.ts"

const visit = handle("one")
const guardian = seedOf("guardian")
const desk = by(clinic, "hold", "held")
const month = monthOfHour(firstHour)
/** A V that is on the curve but not in the group of prime order. */
const torsion = new Uint8Array(32).fill(0xff, 0, 31)
torsion[0] = 0xec
torsion[31] = 0x7f

function recorded(world: World, orders = [performed()]): void {
  world.must(signedBy(factsDraft(visit), ...orders))
}

const holdRows: readonly Outcome[] = [
  { it: "money for a visit", code: "applied", draft: () => holdDraft(visit) },
  {
    it: "by the delegate that the body names",
    code: "applied",
    draft: () =>
      signedBy(holdDraft(visit, { delegation: delegationFor(visit, guardian) }), desk, {
        seed: guardian,
        meaning: "held",
      }),
  },
  {
    it: "by the clinic alone once the patient has signed the facts",
    code: "applied",
    draft(world) {
      recorded(world, [performed(), patient(visit, "countersigned")])
      return signedBy(holdDraft(visit), desk)
    },
  },
  {
    it: "of a custodian's voucher",
    code: "applied",
    draft(world) {
      world.deposit(custodian, 5_000_00n)
      return holdDraft(visit, { payer: custodian })
    },
  },
  {
    it: "by a key of nobody",
    code: "signer-unknown",
    draft: () => signedBy(holdDraft(visit), { seed: seedOf("nobody"), meaning: "held" }, patient(visit, "held")),
  },
  {
    it: "by a key that has ended",
    code: "signer-inactive",
    draft(world) {
      world.set("keys", { key: keyOf(orgSeed(clinic, "hold")) }, { until: firstHour })
      return holdDraft(visit)
    },
  },
  {
    it: "by a key of another role",
    code: "signer-wrong-role",
    draft: () => signedBy(holdDraft(visit), by(clinic, "bill", "held"), patient(visit, "held")),
  },
  {
    it: "by another provider",
    code: "signer-not-party",
    draft: () => signedBy(holdDraft(visit), by(hospital, "hold", "held"), patient(visit, "held")),
  },
  {
    it: "by a suspended provider",
    code: "organization-suspended",
    draft(world) {
      world.set("organizations", { org: clinic }, { status: 1 })
      return holdDraft(visit)
    },
  },
  {
    it: "without the patient's side, the facts silent",
    code: "patient-side-unsigned",
    draft(world) {
      recorded(world)
      return signedBy(holdDraft(visit), desk)
    },
  },
  {
    it: "by somebody else's V",
    code: "signer-not-party",
    draft: () => signedBy(holdDraft(visit), desk, patient(handle("two"), "held")),
  },
  {
    it: "by a delegate whose scope is countersigning",
    code: "signer-not-party",
    draft: () =>
      signedBy(holdDraft(visit, { delegation: delegationFor(visit, guardian, { scope: 2 }) }), desk, {
        seed: guardian,
        meaning: "held",
      }),
  },
  {
    it: "with a delegation for another provider",
    code: "signer-not-party",
    draft: () => holdDraft(visit, { delegation: delegationFor(visit, guardian, { provider: hospital }) }),
  },
  {
    it: "with a delegation that V did not sign",
    code: "signer-not-party",
    draft: () => holdDraft(visit, { delegation: delegationFor(visit, guardian, { seed: guardian }) }),
  },
  {
    it: "at an organization that is no provider",
    code: "organization-wrong-kind",
    draft(world) {
      world.set("organizations", { org: clinic }, { kind: 2 })
      return holdDraft(visit)
    },
  },
  {
    it: "of an arbiter's voucher",
    code: "organization-wrong-kind",
    draft: () => holdDraft(visit, { payer: arbiter, seed: orgSeed(payer, "voucher") }),
  },
  {
    it: "on a voucher for another V",
    code: "voucher-mismatch",
    draft: () => holdDraft(visit, { voucher: voucherFor(handle("two")) }),
  },
  {
    it: "on a voucher that has expired",
    code: "voucher-expired",
    draft: () => holdDraft(visit, { month: month - 2, expiry: firstHourOfMonth(month) }),
  },
  {
    it: "on a voucher that nobody's key signed",
    code: "signer-unknown",
    draft: () => holdDraft(visit, { seed: seedOf("nobody") }),
  },
  {
    it: "on a voucher under an ended key",
    code: "signer-inactive",
    draft(world) {
      world.set("keys", { key: keyOf(orgSeed(payer, "voucher")) }, { until: firstHour })
      return holdDraft(visit)
    },
  },
  {
    it: "on a voucher under a key of another role",
    code: "signer-wrong-role",
    draft: () => holdDraft(visit, { seed: orgSeed(payer, "agree") }),
  },
  {
    it: "on a voucher that another payer signed",
    code: "signer-not-party",
    draft: () => holdDraft(visit, { seed: orgSeed(secondPayer, "voucher") }),
  },
  {
    it: "on a suspended payer's voucher",
    code: "organization-suspended",
    draft(world) {
      world.set("organizations", { org: payer }, { status: 1 })
      return holdDraft(visit)
    },
  },
  {
    it: "on a voucher that this visit has used",
    code: "voucher-used",
    draft(world) {
      world.must(holdDraft(visit))
      return holdDraft(visit, { amount: 1_000_00n })
    },
  },
  {
    it: "on a voucher that another provider's visit has used",
    code: "voucher-used",
    draft(world) {
      world.must(holdDraft(handle("one", hospital)))
      return holdDraft(visit)
    },
  },
  {
    it: "on a void voucher",
    code: "voucher-void",
    draft(world) {
      world.must(voidDraft())
      return holdDraft(visit)
    },
  },
  {
    it: "for a V that is an organization's key",
    code: "key-known",
    draft() {
      const seed = orgSeed(payer, "admin")
      return holdDraft({ label: "admin", seed, V: keyOf(seed).subarray(1), provider: clinic })
    },
  },
  {
    it: "for a V that is somebody's delegate",
    code: "key-known",
    draft(world) {
      const other = handle("two")
      world.must(holdDraft(visit, { delegation: delegationFor(visit, other.seed) }))
      return holdDraft(other)
    },
  },
  {
    it: "with a delegate that is a V",
    code: "key-known",
    draft(world) {
      world.must(holdDraft(handle("two", hospital)))
      return holdDraft(visit, { delegation: delegationFor(visit, handle("two").seed) })
    },
  },
  {
    it: "with a delegate that is a registered key",
    code: "key-known",
    draft: () => holdDraft(visit, { delegation: delegationFor(visit, orgSeed(payer, "admin")) }),
  },
  {
    it: "under a void statement",
    code: "wrong-stage",
    draft(world) {
      const { statement } = filedScene({ world })
      world.must(legDraft("void/1", visit, { statement }))
      return holdDraft(visit, { label: "second" })
    },
  },
  {
    it: "of a ninth leg",
    code: "limit-reached",
    draft(world) {
      for (let i = 0; i < limits.legs; i++) world.must(holdDraft(visit, { label: `leg ${i}`, amount: 1_00n }))
      return holdDraft(visit, { label: "ninth" })
    },
  },
  { it: "of no step of the ladder", code: "not-on-ladder", draft: () => holdDraft(visit, { amount: 1_337_98n }) },
  { it: "of more than the voucher covers", code: "above-cap", draft: () => holdDraft(visit, { amount: 5_000_00n }) },
  {
    it: "of all that the payer has",
    code: "applied",
    draft: () => holdDraft(visit, { amount: 100_000_00n, cap: 100_000_00n }),
  },
  {
    it: "of more than the payer has",
    code: "account-short",
    draft: () => holdDraft(visit, { amount: 200_000_00n, cap: 200_000_00n }),
  },
]

test("hold: one row an outcome, in the order of refusal", () => assertOutcomes(holdRows))

test("hold: for a V that is no good key", () => {
  const world = new World()
  const draft = holdDraft({ ...visit, V: torsion })
  const payload = encodePayload(draft.type, firstHour + 24, holdBody, draft.body)
  // Whatever the signature check makes of such a key, the rules do not count on it.
  const forged = signPayload(chainId, payload, [
    { signer: { seed: orgSeed(clinic, "hold") }, meaning: "held" },
    { signer: { publicKey: torsion, sign: () => new Uint8Array(64) }, meaning: "held" },
  ])
  const decoded = decodeTransaction(chainId, forged)
  assert.ok(!isRejection(decoded))
  assert.equal(world.block([decoded]).results[0]?.[0]?.rejection?.code, "key-malformed")
})

test("hold: of several faults the first in order is named", () => {
  const world = new World()
  const late = { month: month - 2, expiry: firstHourOfMonth(month) }
  const worst = { amount: 300_001n, cap: 2_000_00n }
  const patientWrong = patient(handle("two"), "held")
  const wrong = voucherFor(handle("two"), { ...worst, ...late, seed: seedOf("nobody") })
  const all = holdDraft(visit, { ...worst, voucher: wrong })
  assert.equal(world.do(signedBy(all, by(clinic, "bill", "held"), patientWrong)), "signer-wrong-role")
  assert.equal(world.do(signedBy(all, desk, patientWrong)), "signer-not-party")
  assert.equal(world.do(all), "voucher-mismatch")
  assert.equal(world.do(holdDraft(visit, { ...worst, ...late, seed: seedOf("nobody") })), "voucher-expired")
  assert.equal(world.do(holdDraft(visit, { ...worst, seed: seedOf("nobody") })), "signer-unknown")
  assert.equal(world.do(holdDraft(visit, worst)), "not-on-ladder")
})

test("hold: the row, the accounts, the voucher", () => {
  const { world, voucher } = heldScene()
  const { legs, transitions, opened, proxy } = world.visit(visit)
  assert.equal(opened, firstHour)
  assert.equal(proxy, undefined)
  const [leg] = legs
  assert.equal(leg?.hold, 2_000_00n)
  assert.equal(leg?.state, legStates.held)
  assert.equal(leg?.expires, firstHour + 1 + 2160)
  assert.deepEqual(leg?.voucher, voucher)
  assert.equal(transitions.length, 1)
  assert.deepEqual(world.account(payer), { free: 98_000_00n, reserved: 2_000_00n, paid: 0n, open: 1 })
  assert.deepEqual(world.account(clinic), { free: 0n, reserved: 0n, paid: 0n, open: 1 })
})

test("hold: sent again, the first result again", () => {
  const world = new World()
  const bytes = world.sign(holdDraft(visit))
  assert.equal(world.outcome(bytes), "applied")
  assert.equal(world.outcome(bytes), "repeated")
  assert.equal(world.account(payer).free, 98_000_00n)
})

test("hold: a delegate that may hold alone is not kept, one that may do both is", () => {
  for (const [scope, kept] of [
    [1, undefined],
    [3, keyOf(guardian)],
  ] as const) {
    const world = new World()
    const delegation = delegationFor(visit, guardian, { scope })
    world.must(signedBy(holdDraft(visit, { delegation }), desk, { seed: guardian, meaning: "held" }))
    assert.deepEqual(world.visit(visit).proxy, kept)
  }
})

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
