import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { test } from "node:test"
import * as cborg from "cborg"
import fc from "fast-check"
import { toHex } from "../base/bytes.ts"
import {
  commitBankReference,
  commitBrokenGlass,
  commitCeiling,
  commitClaim,
  commitDetermination,
  commitEvidence,
  commitGrant,
  commitLeg,
  commitTrace,
  determinationDigest,
  opensCommitment,
} from "./commitments.ts"

/** The rule of the protocol, written down a second time with another CBOR library. */
const expected = (tag: string, ...values: unknown[]) =>
  createHash("sha256").update(`countersign/1/${tag}\0`).update(cborg.encode(values)).digest("hex")
const utf8 = (text: string) => new TextEncoder().encode(text)

const b32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const blob = fc.uint8Array({ maxLength: 80 })

test("each commitment is SHA-256 of its tag and the CBOR of salt and values", () => {
  fc.assert(
    fc.property(b32, b32, blob, fc.nat(), fc.string({ unit: "grapheme" }), (salt, other, bytes, number, text) => {
      const rows: [Uint8Array, string][] = [
        [commitCeiling(salt, BigInt(number)), expected("ceiling", salt, number)],
        [commitClaim(salt, bytes), expected("claim", salt, bytes)],
        [determinationDigest(bytes), expected("determination", bytes)],
        [commitDetermination(salt, other), expected("determination-salted", salt, other)],
        [commitTrace(salt, other), expected("trace", salt, other)],
        [commitLeg(salt, bytes), expected("leg", salt, bytes)],
        [commitEvidence(salt, bytes), expected("evidence", salt, bytes)],
        [commitBankReference(salt, number, text), expected("reference", salt, number, utf8(text))],
        [
          commitGrant(salt, { grantee: other, category: "labs", epoch: number, purpose: text }),
          expected("grant", salt, other, "labs", number, utf8(text)),
        ],
        [
          commitBrokenGlass(salt, { mailbox: other, reason: text, categories: ["labs", "hiv"] }),
          expected("glass", salt, other, utf8(text), ["labs", "hiv"]),
        ],
      ]
      for (const [actual, digest] of rows) assert.equal(toHex(actual), digest)
      assert.equal(new Set(rows.map(([actual]) => toHex(actual))).size, rows.length)
    }),
  )
})

test("a commitment opens to its salt and value and to nothing else", () => {
  fc.assert(
    fc.property(b32, b32, blob, blob, (salt, other, value, guess) => {
      const commitment = commitClaim(salt, value)
      assert.ok(opensCommitment(commitment, "claim", salt, value))
      assert.equal(opensCommitment(commitment, "claim", salt, guess), toHex(guess) === toHex(value))
      assert.equal(opensCommitment(commitment, "claim", other, value), toHex(other) === toHex(salt))
      assert.ok(!opensCommitment(commitment, "trace", salt, value))
      assert.ok(!opensCommitment(commitment, "claim", salt.subarray(1), value))
    }),
  )
})
