import assert from "node:assert/strict"
import { test } from "node:test"
import { ed25519 } from "@noble/curves/ed25519.js"
import { sha512 } from "#crypto"
import { concat } from "../base/bytes.ts"
import { encode, type Value } from "../base/cbor.ts"
import { encodeEnvelope, keyId, type Meaning, meanings, protectedHeader, toSign } from "../base/envelope.ts"
import { firstHourOfMonth } from "../base/time.ts"
import { type DecodedTransaction, decodeTransaction, verifyAll } from "./decode.ts"
import { signOne, signPayload } from "./envelopes.ts"
import {
  board,
  by,
  chainId,
  custodian,
  ExampleChain,
  firstHour,
  keyOf,
  type Order,
  payer,
  seedOf,
} from "./example-chain.ts"
import { isRejection } from "./rejection.ts"

const b32 = seedOf("32 bytes")
const deposit: Value = ["deposit/1", firstHour + 24, custodian, payer, 5, b32]
const deposited = by(custodian, "custody", "deposited")

function envelope(payload: Value, orders: readonly Order[] = [deposited], chain = chainId): Uint8Array {
  return signPayload(
    chain,
    encode(payload),
    orders.map(({ seed, meaning }) => ({ signer: { seed }, meaning })),
  )
}
function codeOf(bytes: Uint8Array): string {
  const decoded = decodeTransaction(chainId, bytes)
  const refused = isRejection(decoded) ? decoded : verifyAll(decoded)
  return refused?.code ?? "good"
}
function voucher(more: { month?: number; expiry?: number; meaning?: Meaning; pad?: number } = {}): Uint8Array {
  const { month = 2026 * 12 + 3, expiry = firstHourOfMonth(2026 * 12 + 4), meaning = "vouchered" } = more
  const payload: Value = ["voucher/1", expiry, b32, payer, 200_000, month, b32]
  return envelope(payload, [by(payer, "voucher", meaning)])
}
const voiding = (nested: Uint8Array) =>
  envelope(["void-voucher/1", firstHour + 1, nested], [by(payer, "voucher", "voided")])
function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[at < 0 ? copy.length + at : at]! ^= 1
  return copy
}

test("without state: one row an outcome", () => {
  const seventeen = Array.from({ length: 17 }, (_, i): Order => ({ seed: seedOf(`signer ${i}`), meaning: "approved" }))
  const rows: readonly (readonly [it: string, bytes: Uint8Array, code: string])[] = [
    ["a good transaction", envelope(deposit), "good"],
    ["signed for another chain", envelope(deposit, [deposited], "other-chain"), "bad-signature"],
    ["with a bit of the signature changed", changed(envelope(deposit), -1), "bad-signature"],
    ["of an unknown type", envelope(["mint/1", firstHour, 1]), "type-unknown"],
    ["of an envelope that never runs", envelope(["voucher/1", firstHour, b32, payer, 200_000, 1, b32]), "type-unknown"],
    ["with a field too many", envelope([...deposit, 0]), "bad-encoding"],
    ["with a field missing", envelope(deposit.slice(0, 5)), "bad-encoding"],
    ["with text for a number", envelope(["deposit/1", "soon", custodian, payer, 5, b32]), "bad-encoding"],
    ["with an organization zero", envelope(["deposit/1", firstHour, 0, payer, 5, b32]), "bad-encoding"],
    [
      "with more than the most money",
      envelope(["deposit/1", firstHour, custodian, payer, 10n ** 15n + 1n, b32]),
      "bad-encoding",
    ],
    ["with bytes after it", concat(envelope(deposit), Uint8Array.of(0)), "bad-encoding"],
    ["cut off", envelope(deposit).subarray(0, 60), "bad-encoding"],
    ["empty", new Uint8Array(0), "bad-envelope"],
    ["without the tag", envelope(deposit).subarray(2), "bad-envelope"],
    ["signed with another meaning", envelope(deposit, [by(custodian, "custody", "paidOut")]), "bad-envelope"],
    ["signed twice", envelope(deposit, [deposited, by(payer, "vote", "deposited")]), "bad-envelope"],
    ["by one key twice under one meaning", envelope(deposit, [deposited, deposited]), "bad-envelope"],
    ["by seventeen", envelope(deposit, seventeen), "too-large"],
    ["of more than 64 KiB", envelope(["deposit/1", firstHour, new Uint8Array(65_536)]), "too-large"],
    ["with a good voucher inside", voiding(voucher()), "good"],
    ["with a voucher that expires within a month", voiding(voucher({ expiry: firstHour + 5 })), "bad-encoding"],
    ["with a voucher that expires before its month ends", voiding(voucher({ expiry: firstHour })), "bad-encoding"],
    ["with a voucher 25 months long", voiding(voucher({ month: 2026 * 12 + 3 - 24 })), "bad-encoding"],
    ["with a voucher 24 months long", voiding(voucher({ month: 2026 * 12 + 3 - 23 })), "good"],
    ["with a voucher of another meaning", voiding(voucher({ meaning: "voided" })), "bad-envelope"],
    ["with a voucher whose signature is not good", voiding(changed(voucher(), -1)), "bad-signature"],
    ["with a deposit for a voucher", voiding(envelope(deposit, [by(payer, "voucher", "vouchered")])), "bad-encoding"],
    ["with a voucher of over a kilobyte", voiding(new Uint8Array(1025)), "too-large"],
  ]
  for (const [it, bytes, code] of rows) assert.equal(codeOf(bytes), code, it)
})

test("a meaning without a number, and a key type that is not open, are not envelopes of this protocol", () => {
  const payload = encode(deposit)
  const good = signOne(chainId, payload, { signer: { seed: deposited.seed }, meaning: "deposited" })
  const es256 = Uint8Array.of(2, ...good.key.subarray(1))
  for (const header of [protectedHeader(good.key, 99), protectedHeader(es256, meanings.deposited)])
    assert.equal(codeOf(encodeEnvelope(payload, [{ ...good, header }])), "bad-envelope")
})

test("a statement's expiry is the first hour of a month", () => {
  const statement = (expiry: number): Value => [
    "facts-statement/1",
    expiry,
    b32,
    1,
    new Uint8Array(0),
    b32,
    b32,
    b32,
    new Uint8Array(0),
  ]
  const performed = [by(1, "perform", "performed")]
  assert.equal(codeOf(envelope(statement(firstHour), performed)), "good")
  assert.equal(codeOf(envelope(statement(firstHour + 24), performed)), "bad-encoding")
})

test("no prefix and no single changed bit of a transaction is taken for another", () => {
  const bytes = envelope(deposit)
  for (let length = 0; length < bytes.length; length++) assert.notEqual(codeOf(bytes.subarray(0, length)), "good")
  for (let at = 0; at < bytes.length; at++) assert.notEqual(codeOf(changed(bytes, at)), "good", `byte ${at}`)
})

test("signatures never enter the id; payload and chain do", () => {
  const id = (bytes: Uint8Array, chain = chainId) => (decodeTransaction(chain, bytes) as DecodedTransaction).id
  assert.deepEqual(id(envelope(deposit)), id(envelope(deposit, [by(payer, "vote", "deposited")])))
  assert.notDeepEqual(id(envelope(deposit)), id(envelope(deposit), "other-chain"))
})

/** A public key with a component of small order, and a signature of it that the equation accepts. */
function mixedOrder(sign: (key: Uint8Array) => Uint8Array): { key: Uint8Array; signature: Uint8Array } {
  const { Point } = ed25519
  const order = Point.Fn.ORDER
  const number = (bytes: Uint8Array) => bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n) % order
  const little = (value: bigint) => Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n))
  const secret = 12345n
  const torsion = Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
  const bare = Point.BASE.multiply(secret).add(torsion).toBytes()
  const message = sign(keyId(bare))
  for (let nonce = 1n; ; nonce++) {
    const R = Point.BASE.multiply(nonce).toBytes()
    const challenge = number(sha512(concat(R, bare, message)))
    if (challenge % 8n !== 0n) continue
    return { key: keyId(bare), signature: concat(R, little((nonce + challenge * secret) % order)) }
  }
}

test("a key of mixed order signs well and is refused where it would be registered", () => {
  const chain = new ExampleChain()
  const payloadOf = (key: Uint8Array) =>
    encode(["enrol-practitioner/1", chain.hour + 1, board, b32, key, b32, chain.hour])
  const header = (key: Uint8Array) => protectedHeader(key, meanings.possessed)
  const mixed = mixedOrder((key) => toSign(chainId, header(key), payloadOf(key)))
  const payload = payloadOf(mixed.key)
  const enrolled = signOne(chainId, payload, { signer: by(board, "enrol", "enrolled"), meaning: "enrolled" })
  const possessed = { header: header(mixed.key), signature: mixed.signature }
  assert.equal(codeOf(encodeEnvelope(payload, [enrolled, possessed])), "good")
  assert.equal(chain.outcome(encodeEnvelope(payload, [enrolled, possessed])), "key-malformed")
  assert.notDeepEqual(mixed.key, keyOf(seedOf("any")))
})
