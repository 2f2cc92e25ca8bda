/** Goal: no desk signs what it has not read, and nothing of one type is ever taken for another. */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { encode } from "../base/cbor.ts"
import { decodeEnvelope } from "../base/envelope.ts"
import { Refused } from "../base/refusal.ts"
import { transactionTypes } from "../ledger/catalogue.ts"
import { signWith } from "./keys.ts"
import { envelopeOf, payloadOf, readPayload, sameBytes } from "./payload.ts"

const isOther = (error: unknown) => error instanceof Refused && error.refusal.code === "payload-other"
const types = [...transactionTypes.keys()]

test("fields come back in their order; an absent one is the empty byte string", () => {
  const V = new Uint8Array(32).fill(4)
  const payload = payloadOf("hold/1", 1012, V, 1, undefined, [V, 2n])
  assert.deepEqual(readPayload(payload, "hold/1"), [V, 1, new Uint8Array(0), [V, 2]])
  assert.deepEqual(readPayload(payload, "rule/1", "hold/1")[0], V)
})

test("a payload of another type is refused, whatever else it holds", () => {
  const names = fc.constantFrom("hold/1", "withdraw/1", "rule/1", "refund/1", "elapse/1", "pay/1", "mail/1", ...types)
  fc.assert(
    fc.property(names, names, fc.uint8Array(), (given, wanted, field) => {
      const payload = payloadOf(given, 5, field)
      if (given === wanted) assert.deepEqual(readPayload(payload, wanted), [field])
      else assert.throws(() => readPayload(payload, wanted), isOther)
    }),
  )
})

test("bytes that are no payload are refused: not an array, cut off, with more behind", () => {
  const good = payloadOf("hold/1", 5, 1)
  const bad = [
    new Uint8Array(0),
    encode("hold/1"),
    encode([]),
    encode([["hold/1"], 5]),
    good.subarray(0, good.length - 1),
    Uint8Array.of(...good, 0),
  ]
  for (const bytes of bad) assert.throws(() => readPayload(bytes, "hold/1"), isOther)
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.throws(() => readPayload(bytes, "hold/1"), isOther)))
})

test("sameBytes is true of equal bytes only", () => {
  const bytes = Uint8Array.of(1, 2)
  assert.ok(sameBytes(Uint8Array.of(1, 2), bytes))
  for (const other of [Uint8Array.of(1), Uint8Array.of(1, 3), Uint8Array.of(1, 2, 3), "12", 12, undefined, [1, 2]])
    assert.ok(!sameBytes(other, bytes))
})

test("an envelope carries its signatures in the order given", () => {
  const payload = payloadOf("hold/1", 5, 1)
  const [a, b] = [1, 2].map((byte) => signWith(new Uint8Array(32).fill(byte), "held", "chain", payload))
  const { payload: inside, signatures } = decodeEnvelope(envelopeOf(payload, a!, b!))
  assert.deepEqual([inside, ...signatures.map(({ signature }) => signature)], [payload, a!.signature, b!.signature])
})
