/** The standard visit to the cent, and each way it may go instead: the worked table of the product's promise. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { addScalars, negateScalar, zeroScalar } from "../../privacy/amounts.ts"
import { arbiter, by, chainId, clinic, payer, regulator } from "../example-chain.ts"
import { scanInvariants } from "../invariants.ts"
import {
  agreedBy,
  blindingOf,
  deliveredScene,
  disputedScene,
  factsDraft,
  handle,
  heldScene,
  holdDraft,
  idOf,
  legDraft,
  patient,
  payDraft,
  paymentDraft,
  performed,
  signedBy,
  statementDraft,
  sumOfBlindings,
  voucherFor,
  World,
} from "./world.ts"

/** Payer free, all holds, clinic free. */
function money(world: World): readonly [bigint, bigint, bigint] {
  const { free, reserved } = world.account(payer)
  scanInvariants(world.state, world.hour)
  return [free, reserved, world.account(clinic).free]
}

const morning = Array.from({ length: 7 }, (_, i) => handle(`morning ${i}`))
/** 1,862.02 together. */
const morningAmounts = [266_02n, 266_00n, 266_00n, 266_00n, 266_00n, 266_00n, 266_00n]

test("the standard visit in money", () => {
  const world = new World({ deposit: 100_000_00n })
  const visit = handle("standard")
  assert.deepEqual(money(world), [100_000_00n, 0n, 0n])

  const voucher = voucherFor(visit, { cap: 2_000_00n })
  world.must(holdDraft(visit, { voucher, amount: 2_000_00n }))
  assert.deepEqual(money(world), [98_000_00n, 2_000_00n, 0n])

  const vouchers = morning.map((name) => voucherFor(name, { cap: 500_00n }))
  morning.forEach((name, i) => {
    world.must(holdDraft(name, { voucher: vouchers[i]!, amount: 500_00n }))
  })
  assert.deepEqual(money(world), [94_500_00n, 5_500_00n, 0n])

  const ids = [voucher, ...vouchers].map((each) => each.id(chainId))
  const amounts = [1_337_98n, ...morningAmounts]
  const settlements = [visit, ...morning].map((name, i) => {
    const draft = statementDraft(name, { legs: [{ voucher: ids[i]!, amount: amounts[i]! }] })
    return signedBy(draft, performed(), patient(name, "countersigned"), agreedBy(payer))
  })
  world.must(...settlements)
  assert.deepEqual(money(world), [94_500_00n, 5_500_00n, 0n])

  const blinding = sumOfBlindings(ids)
  world.must(paymentDraft("pay/1", [visit, ...morning], { amount: 3_200_00n, blinding }))
  assert.deepEqual(money(world), [96_800_00n, 0n, 3_200_00n])

  const legs = [{ voucher: ids[0]!, amount: 1_204_63n, label: "audited" }]
  const replacement = statementDraft(visit, { supersedes: idOf(settlements[0]!), label: "audited", legs })
  world.must(signedBy(replacement, by(clinic, "bill", "billed"), agreedBy(payer)))
  assert.deepEqual(money(world), [96_800_00n, 0n, 3_200_00n])

  const left = addScalars(sumOfBlindings([ids[0]!]), negateScalar(blindingOf("audited")))
  world.must(paymentDraft("refund/1", [visit], { amount: 133_35n, blinding: left }))
  assert.deepEqual(money(world), [96_933_35n, 0n, 3_066_65n])
})

test("payer silent: 336 hours after the delivery anyone opens the provider's amount", () => {
  const scene = deliveredScene()
  const { world, visit, statement, amount, blinding } = scene
  world.pass(336)
  const elapse = legDraft("elapse/1", visit, { statement, amount, blinding })
  assert.equal(world.do(elapse), "too-early")
  world.pass(1)
  assert.equal(world.do(elapse), "applied")
  assert.deepEqual(money(world), [98_000_00n, 2_000_00n, 0n])
  // The amount was opened alone, so the payment's blinding is nothing.
  world.must(payDraft(scene, { blinding: zeroScalar }))
  assert.deepEqual(money(world), [98_662_02n, 0n, 1_337_98n])
})

test("claim days later: facts signed at the desk, the statement by the biller and the payer", () => {
  const scene = heldScene()
  const { world, visit, filed } = scene
  world.must(signedBy(factsDraft(visit), performed(), patient(visit, "countersigned")))
  world.pass(72)
  world.must(signedBy(filed, by(clinic, "bill", "billed"), agreedBy(payer)))
  world.must(payDraft(scene))
  assert.deepEqual(money(world), [98_662_02n, 0n, 1_337_98n])
})

test("contested at 1,204.63: for C the rest is paid and the payer bears the fee", () => {
  const scene = disputedScene({ contested: 1_204_63n })
  const { world, visit, statement, amount, blinding } = scene
  assert.deepEqual(money(world), [98_000_00n, 795_37n, 1_204_63n])
  world.must(legDraft("rule/1", visit, { statement, amount, blinding }))
  assert.deepEqual(money(world), [97_950_00n, 795_37n, 1_204_63n])
  world.must(payDraft(scene, { amount: 133_35n, blinding: zeroScalar }))
  assert.deepEqual(money(world), [98_612_02n, 0n, 1_337_98n])
  assert.equal(world.account(arbiter).free + world.account(regulator).free, 50_00n)
})

test("contested at 1,204.63: for C′ the rest goes back and the clinic bears the fee", () => {
  const { world, visit, statement } = disputedScene({ contested: 1_204_63n })
  world.must(legDraft("rule/1", visit, { statement, choice: 1, amount: 0n, blinding: zeroScalar }))
  assert.deepEqual(money(world), [98_795_37n, 0n, 1_154_63n])
  assert.equal(world.account(arbiter).free, 25_00n)
  assert.equal(world.account(regulator).free, 25_00n)
})

test("no-show: cancelled, or expired after 90 days", () => {
  const cancelled = heldScene()
  cancelled.world.must(legDraft("cancel/1", cancelled.visit))
  assert.deepEqual(money(cancelled.world), [100_000_00n, 0n, 0n])

  const { world, visit } = heldScene()
  world.pass(2160)
  assert.equal(world.do(legDraft("expire/1", visit)), "too-early")
  world.pass(1)
  assert.equal(world.do(legDraft("expire/1", visit)), "applied")
  assert.deepEqual(money(world), [100_000_00n, 0n, 0n])
})
