import assert from "node:assert/strict"
import { test } from "node:test"
import * as cborg from "cborg"
import fc from "fast-check"
import { toHex } from "./bytes.ts"
import { decode, EncodingError, encode, type Value, Writer } from "./cbor.ts"
import * as browser from "./crypto.browser.ts"
import * as node from "./crypto.node.ts"
import { decodeEnvelope, encodeEnvelope, keyId, meanings, protectedHeader, toSign } from "./envelope.ts"
import { merkleProof, merkleRoot, verifyMerkleProof } from "./merkle.ts"
import { divide } from "./money.ts"
import { civilDate, dayNumber, formatDate, parseDate } from "./time.ts"

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const { value: arbitraryValue } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.maxSafeNat(),
    fc.uint8Array({ maxLength: 300 }),
    fc.stringMatching(/^[ -~]{0,40}$/),
    fc.array(tie("value"), { maxLength: 5 }) as fc.Arbitrary<Value>,
  ),
}))

test("CBOR equals cborg's, and decodes to itself", () => {
  fc.assert(
    fc.property(arbitraryValue, (value) => {
      const encoded = encode(value)
      assert.equal(toHex(encoded), toHex(cborg.encode(value)))
      assert.deepEqual(encode(decode(encoded)), encoded)
    }),
  )
})

test("writers that share memory write the same bytes, and none over another's", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 9000 }), { maxLength: 40 }), (strings) => {
      const written = strings.map((bytes) => {
        const writer = new Writer()
        writer.byteString(bytes)
        return writer.finishTogether()
      })
      strings.forEach((bytes, i) => {
        assert.deepEqual(written[i], encode(bytes))
        const writer = new Writer()
        writer.byteString(bytes)
        assert.equal(writer.finishInto(toHex), toHex(encode(bytes)))
      })
    }),
  )
})

test("map keys are equal for equal bytes alone, of any length and on both platforms", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.uint8Array({ maxLength: 600 }), (a, b) => {
      assert.equal(node.mapKey(a), browser.mapKey(a))
      assert.equal(node.mapKey(a) === node.mapKey(b), toHex(a) === toHex(b))
    }),
  )
})

test("CBOR refuses every byte string that is not the encoding of what it decodes to", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), (raw) => {
      let value: Value
      try {
        value = decode(raw)
      } catch (error) {
        assert.ok(error instanceof EncodingError)
        return
      }
      assert.deepEqual(encode(value), raw)
    }),
    { numRuns: 20_000 },
  )
})

test("an envelope reads back and its signatures verify on both platforms", () => {
  fc.assert(
    fc.property(bytes(32), fc.uint8Array({ maxLength: 200 }), (seed, payload) => {
      const publicKey = node.publicKeyOf(seed)
      assert.deepEqual(browser.publicKeyOf(seed), publicKey)
      const header = protectedHeader(keyId(publicKey), meanings.mailed)
      const message = toSign("test-chain", header, payload)
      const signature = node.sign(seed, message)
      assert.deepEqual(browser.sign(seed, message), signature)
      const envelope = decodeEnvelope(encodeEnvelope(payload, [{ header, signature }]))
      assert.deepEqual(envelope.payload, payload)
      const [first] = envelope.signatures
      assert.equal(first!.meaning, 33)
      for (const crypto of [node, browser]) {
        assert.ok(crypto.verifySignature(first!.key.subarray(1), message, first!.signature))
        const flipped = first!.signature.slice()
        flipped[3]! ^= 1
        assert.ok(!crypto.verifySignature(publicKey, message, flipped))
      }
    }),
    { numRuns: 20 },
  )
})

test("the crafted signature with R the identity is refused by both platforms", () => {
  const seed = new Uint8Array(32).fill(7)
  const identity = new Uint8Array(32)
  identity[0] = 1
  for (const crypto of [node, browser]) {
    const zero = new Uint8Array(64)
    zero.set(identity)
    assert.equal(crypto.verifySignature(crypto.publicKeyOf(seed), new Uint8Array(3), zero), false)
    assert.equal(crypto.verifySignature(identity, new Uint8Array(3), zero), false)
    assert.equal(crypto.isSigningKey(identity), false)
  }
})

test("points agree on both platforms, zero scalars and the identity included", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 1n << 250n }), bytes(64), (n, hash) => {
      const scalar = new Uint8Array(32)
      for (let i = 0; i < 32; i++) scalar[i] = Number((n >> BigInt(8 * i)) & 255n)
      const [a, b] = [node, browser].map((crypto) => {
        const h = crypto.pointFromHash(hash)
        const product = crypto.multiplyPoint(scalar, h)
        return [h, product, crypto.multiplyBase(scalar), crypto.addPoints(h, product), crypto.subtractPoints(h, h)]
      })
      assert.deepEqual(a, b)
      assert.ok(node.isPoint(a![0]!))
      assert.ok(!node.isPoint(a![4]!))
    }),
    { numRuns: 20 },
  )
  assert.deepEqual(node.multiplyBase(new Uint8Array(32)), new Uint8Array(32))
})

test("Merkle proofs verify for their leaf and for no other", () => {
  fc.assert(
    fc.property(fc.array(bytes(8), { minLength: 1, maxLength: 40 }), fc.nat(), (leaves, n) => {
      const index = n % leaves.length
      const root = merkleRoot(leaves)
      const proof = merkleProof(leaves, index)
      assert.ok(verifyMerkleProof(root, leaves[index]!, index, leaves.length, proof))
      assert.ok(!verifyMerkleProof(root, new Uint8Array(9), index, leaves.length, proof))
      assert.ok(!verifyMerkleProof(root, leaves[index]!, index, leaves.length, [...proof, new Uint8Array(32)]))
    }),
  )
})

test("dates agree with the platform's calendar", () => {
  fc.assert(
    fc.property(fc.integer({ min: -100_000, max: 100_000 }), (day) => {
      const date = new Date(day * 86_400_000)
      const civil = civilDate(day)
      assert.deepEqual(
        [civil.year, civil.month, civil.day],
        [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()],
      )
      assert.equal(dayNumber(civil.year, civil.month, civil.day), day)
      if (civil.year >= 1000) assert.equal(parseDate(formatDate(day)), day)
    }),
  )
  assert.equal(parseDate("2026-02-29"), undefined)
})

test("rounding follows its mode", () => {
  const rows = [
    [5n, 2n, "half-up", 3n],
    [5n, 2n, "half-even", 2n],
    [7n, 2n, "half-even", 4n],
    [5n, 2n, "down", 2n],
    [5n, 2n, "up", 3n],
    [4n, 2n, "up", 2n],
  ] as const
  for (const [n, d, mode, expected] of rows) assert.equal(divide(n, d, mode), expected)
})
