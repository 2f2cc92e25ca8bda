/**
 * Signatures on which libraries disagree: small-order and non-canonical points (the ZIP-215 list of 196), R = identity,
 * S not reduced. The ledger's rule refuses all of them, alike on both platforms; votes of CometBFT follow ZIP-215.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { verifyVote } from "../../src/base/chain/commit.ts"
import * as browser from "../../src/base/crypto.browser.ts"
import * as node from "../../src/base/crypto.node.ts"
import { fromHexText, vectorJson, vectorTest } from "./published.ts"

interface EdgeCase {
  vk_bytes: string
  sig_bytes: string
  valid_legacy: boolean
  valid_zip215: boolean
}

vectorTest(
  "small-order and non-canonical points: the ledger refuses, ZIP-215 takes",
  "ed25519-zip215.json",
  (context) => {
    const message = new TextEncoder().encode("Zcash")
    const cases = vectorJson<EdgeCase[]>("ed25519-zip215.json")
    for (const { vk_bytes, sig_bytes, valid_zip215 } of cases) {
      const [key, signature] = [fromHexText(vk_bytes), fromHexText(sig_bytes)]
      // Every key in this list is of small order, so the three that old libraries take are refused as well.
      for (const crypto of [node, browser]) {
        assert.equal(crypto.verifySignature(key, message, signature), false, vk_bytes)
        assert.equal(crypto.isSigningKey(key), false, vk_bytes)
      }
      assert.equal(verifyVote(key, message, signature), valid_zip215, sig_bytes)
    }
    context.diagnostic(`${cases.length} cases`)
    assert.equal(cases.length, 196)
  },
)

const order = 2n ** 252n + 27742317777372353535851937790883648493n
function little(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n))
}
function number(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

test("R = identity is refused, though the equation holds", () => {
  const seed = new Uint8Array(32).fill(9)
  const publicKey = node.publicKeyOf(seed)
  const message = new TextEncoder().encode("a visit")
  const identity = little(1n)
  // With the secret scalar s and R = identity (r = 0), S = H(R, A, M) · s satisfies S·B = R + H·A.
  const digest = node.sha512(seed)
  digest[0]! &= 248
  digest[31]! = (digest[31]! & 63) | 64
  const secret = number(digest.subarray(0, 32))
  const challenge = number(node.sha512(new Uint8Array([...identity, ...publicKey, ...message]))) % order
  const signature = new Uint8Array([...identity, ...little((challenge * secret) % order)])
  assert.equal(verifyVote(publicKey, message, signature), true, "ZIP-215 takes it, so the vector is a good one")
  for (const crypto of [node, browser]) assert.equal(crypto.verifySignature(publicKey, message, signature), false)
})

test("S above the group order is refused everywhere, votes included", () => {
  const seed = new Uint8Array(32).fill(5)
  const publicKey = node.publicKeyOf(seed)
  const message = new Uint8Array(3)
  const signature = node.sign(seed, message)
  const raised = new Uint8Array([...signature.subarray(0, 32), ...little(number(signature.subarray(32)) + order)])
  assert.equal(verifyVote(publicKey, message, signature), true)
  assert.equal(verifyVote(publicKey, message, raised), false)
  for (const crypto of [node, browser]) assert.equal(crypto.verifySignature(publicKey, message, raised), false)
})
