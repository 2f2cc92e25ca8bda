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
  factsDraft,
  filedScene,
  handle,
  heldScene,
  holdDraft,
  legDraft,
  type Outcome,
  patient,
  performed,
  signedBy,
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
