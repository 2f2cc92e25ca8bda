import assert from "node:assert/strict"
import { test } from "node:test"
import { chainId, clinic, payer } from "../example-chain.ts"
import {
  agreedBy,
  factsDraft,
  handle,
  holdDraft,
  patient,
  paymentDraft,
  performed,
  presignVisit,
  signedBy,
  statementDraft,
  sumOfBlindings,
  voucherFor,
  World,
} from "./world.ts"

test("smoke", () => {
  const world = new World()
  const visit = handle("standard")
  const voucher = voucherFor(visit)
  assert.equal(world.do(holdDraft(visit, { voucher })), "applied")
  const id = voucher.id(chainId)
  const settle = signedBy(
    statementDraft(visit, { legs: [{ voucher: id, amount: 1_337_98n }] }),
    performed(),
    patient(visit, "countersigned"),
    agreedBy(payer),
  )
  assert.equal(world.do(settle), "applied")
  assert.equal(world.do(settle), "repeated")
  assert.equal(
    world.do(paymentDraft("pay/1", [visit], { amount: 1_337_98n, blinding: sumOfBlindings([id]) })),
    "applied",
  )
  assert.equal(world.account(clinic).free, 1_337_98n)
  assert.equal(world.account(payer).free, 100_000_00n - 1_337_98n)
})
