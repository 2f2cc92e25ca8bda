/** Two snapshots prove two stories only if one payer signed both, of one member, under one number, and they differ. */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { publicKeyOf } from "#crypto"
import { toHex } from "../base/bytes.ts"
import { keyId, type Meaning } from "../base/envelope.ts"
import { signPayload } from "../ledger/envelopes.ts"
import { plainMember } from "../plan/claim.ts"
import { encodeSnapshot, firstSnapshot, type Snapshot, snapshotDigest } from "../plan/snapshot.ts"
import { twoStories } from "./snapshot-equivocation.ts"

const chainId = "two-stories"
const bytes = (fill: number) => new Uint8Array(32).fill(fill)
const base: Snapshot = firstSnapshot({
  payer: "sample-mutual",
  member: bytes(1),
  plan: bytes(2),
  period: { from: 20454, to: 20818 },
  facts: plainMember,
  expiry: 499_632,
})
const other: Snapshot = { ...base, facts: { ...plainMember, sex: "F" } }

interface Signing {
  readonly seed?: Uint8Array
  readonly meaning?: Meaning
  readonly chain?: string
}
function signed(
  snapshot: Snapshot,
  { seed = bytes(9), meaning = "counted", chain = chainId }: Signing = {},
): Uint8Array {
  return signPayload(chain, encodeSnapshot(snapshot), [{ signer: { seed }, meaning }])
}

test("two different snapshots with one number prove it to whoever knows the chain's id", () => {
  const proof = twoStories(signed(base), signed(other), { chainId })
  assert.equal(proof?.sequence, 0)
  assert.deepEqual(
    proof?.digests.map(toHex),
    [base, other].map((value) => toHex(snapshotDigest(encodeSnapshot(value)))),
  )
})

test("what can both be true proves nothing", () => {
  const innocent: readonly (readonly [string, Uint8Array])[] = [
    ["the same snapshot", signed(base)],
    ["another member", signed({ ...other, member: bytes(3) })],
    ["another plan", signed({ ...other, plan: bytes(3) })],
    ["the next number", signed({ ...other, sequence: 1, previous: bytes(4) })],
    ["another payer's key", signed(other, { seed: bytes(8) })],
    ["another meaning", signed(other, { meaning: "vouchered" })],
    ["another chain", signed(other, { chain: "elsewhere" })],
    ["no envelope", bytes(0)],
  ]
  for (const [what, envelope] of innocent) {
    assert.equal(twoStories(signed(base), envelope, { chainId }), undefined, what)
    assert.equal(twoStories(envelope, signed(base), { chainId }), undefined, what)
  }
})

test("two keys of one organization are one payer, by the registry", () => {
  const row = { org: 3, roles: 4, practitioner: undefined, from: 0, until: 10 }
  const keyOf = (fill: number) => toHex(keyId(publicKeyOf(bytes(fill))))
  const second = signed(other, { seed: bytes(8) })
  const keys = new Map([
    [keyOf(9), row],
    [keyOf(8), row],
  ])
  assert.ok(twoStories(signed(base), second, { chainId, keys }))
  const strangers = new Map([...keys, [keyOf(8), { ...row, org: 4 }]])
  assert.equal(twoStories(signed(base), second, { chainId, keys: strangers }), undefined)
})

test("a changed byte is no proof, and never a throw", () => {
  const envelope = signed(other)
  fc.assert(
    fc.property(fc.nat(envelope.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Uint8Array.from(envelope)
      changed[at] = changed[at]! ^ change
      assert.equal(twoStories(signed(base), changed, { chainId }), undefined)
    }),
    { numRuns: 300 },
  )
})
