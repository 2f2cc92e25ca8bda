import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { decode, encode } from "../base/cbor.ts"
import { digest } from "../base/digest.ts"
import { decodeEnvelope } from "../base/envelope.ts"
import { formatDate } from "../base/time.ts"
import { bodies, transactionPayload } from "./bodies.ts"
import { transactionTypes } from "./catalogue.ts"
import {
  addSignatures,
  decodePayload,
  delegationBody,
  delegationEnvelope,
  delegationType,
  encodePayload,
  mailBody,
  mailType,
  monthExpiry,
  readNested,
  signOne,
  signPayload,
  transactionId,
  verifyEnvelope,
  voucherBody,
  voucherEnvelope,
  voucherType,
} from "./envelopes.ts"
import { chainId, firstHour, keyOf, payer, seedOf } from "./example-chain.ts"
import { isRejection } from "./rejection.ts"

const b32 = seedOf("32 bytes")
const signer = { seed: seedOf("a signer") }
const voucher = { V: b32, payer, cap: 200_000n, month: 2026 * 12 + 3, terms: b32 }
const voucherPayload = encodePayload(voucherType, 493_776, voucherBody, voucher)

test("every type of the catalogue has its body by name, the same codec", () => {
  assert.deepEqual(Object.keys(bodies), [...transactionTypes.keys()])
  for (const [name, type] of transactionTypes) assert.equal(bodies[name as keyof typeof bodies] as unknown, type.body)
})

test("a payload is the array of type, expiry and body, and an id is over chain and payload", () => {
  const payload = transactionPayload("deposit/1", 7, { custodian: 4, org: 3, amount: 5n, reference: b32 })
  assert.deepEqual(decode(payload), ["deposit/1", 7, 4, 3, 5, b32])
  assert.deepEqual(transactionId(chainId, payload), digest("id", chainId, payload))
})

test("a voucher read alone is the one that was signed, on its chain only", () => {
  const read = readNested(voucherEnvelope, signPayload(chainId, voucherPayload, [{ signer, meaning: "vouchered" }]))
  assert.ok(!isRejection(read))
  assert.deepEqual({ ...read.body }, voucher)
  assert.deepEqual(read.id(chainId), transactionId(chainId, voucherPayload))
  assert.notDeepEqual(read.id("another"), read.id(chainId))
  assert.ok(verifyEnvelope(chainId, read))
  assert.ok(!verifyEnvelope("another", read))
})

test("what is not one voucher is refused, never thrown", () => {
  const wrong = signPayload(chainId, voucherPayload, [{ signer, meaning: "voided" }])
  for (const [bytes, code] of [
    [wrong, "bad-envelope"],
    [wrong.subarray(0, 90), "bad-encoding"],
    [new Uint8Array(0), "bad-envelope"],
    [new Uint8Array(2000), "too-large"],
  ] as const) {
    const read = readNested(voucherEnvelope, bytes)
    assert.equal(isRejection(read) ? read.code : "read", code)
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => isRejection(readNested(voucherEnvelope, bytes))))
})

test("a delegation keeps its delegate and scope", () => {
  const body = { V: b32, provider: 0, delegate: keyOf(signer.seed), scope: 3 }
  const payload = encodePayload(delegationType, 0, delegationBody, body)
  const read = readNested(delegationEnvelope, signPayload(chainId, payload, [{ signer, meaning: "delegated" }]))
  assert.ok(!isRejection(read))
  assert.deepEqual({ ...read.body }, body)
})

test("mail goes to an organization's number or to a one-time mailbox", () => {
  for (const to of [3, b32]) {
    const payload = encodePayload(mailType, 1, mailBody, { to, sealed: Uint8Array.of(1, 2) })
    assert.deepEqual(decodePayload(mailType, mailBody, payload).body.to, to)
  }
  assert.throws(() => decodePayload(mailType, mailBody, encode([mailType, 1, 0, b32])), /out of range/)
})

test("signatures gathered one by one make the envelope signed at once", () => {
  const orders = (["performed", "countersigned", "agreed"] as const).map((meaning) => ({ signer, meaning }))
  const gathered = orders
    .slice(1)
    .reduce(
      (envelope, order) => addSignatures(envelope, [signOne(chainId, voucherPayload, order)]),
      signPayload(chainId, voucherPayload, orders.slice(0, 1)),
    )
  assert.deepEqual(gathered, signPayload(chainId, voucherPayload, orders))
  assert.equal(decodeEnvelope(gathered).signatures.length, 3)
})

test("a signer that holds its seed elsewhere signs the same", () => {
  const order = { signer, meaning: "held" } as const
  const signed = signOne(chainId, voucherPayload, order)
  const remote = { publicKey: keyOf(signer.seed).subarray(1), sign: () => signed.signature }
  assert.deepEqual(signOne(chainId, voucherPayload, { ...order, signer: remote }), signed)
})

test("a statement expires at the first hour of its month, twelve months on", () => {
  for (const hour of [firstHour, firstHour + 1, firstHour + 30 * 24 - 1])
    assert.equal(formatDate(monthExpiry(hour) / 24), "2027-04-01")
  assert.equal(formatDate(monthExpiry(firstHour + 30 * 24) / 24), "2027-05-01")
  assert.ok(monthExpiry(firstHour) - firstHour <= 8784)
})
