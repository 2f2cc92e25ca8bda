import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { decodeBatch, encodeBatch, sizeInBatch } from "./batch.ts"
import { isOnLadder, limits } from "./limits.ts"
import { isRejection } from "./rejection.ts"

function codeOf(bytes: Uint8Array): string {
  const batch = decodeBatch(bytes)
  return isRejection(batch) ? batch.code : "good"
}

test("any batch comes back as it was, and its size was foreseen", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 9, maxLength: 300 }), { maxLength: 40 }), (transactions) => {
      const bytes = encodeBatch(transactions)
      assert.deepEqual(decodeBatch(bytes), transactions)
      assert.ok(bytes.length <= transactions.reduce((size, each) => size + sizeInBatch(each), 3))
    }),
  )
})

test("a salt makes other bytes of the same transactions, and is none of them", () => {
  const transactions = [new Uint8Array(100).fill(7)]
  const salted = encodeBatch(transactions, new Uint8Array(8).fill(1))
  assert.notDeepEqual(salted, encodeBatch(transactions, new Uint8Array(8).fill(2)))
  assert.deepEqual(decodeBatch(salted), transactions)
  const most = Array<Uint8Array>(1000).fill(new Uint8Array(9))
  assert.equal(codeOf(encodeBatch(most, new Uint8Array(8))), "good")
  assert.throws(() => encodeBatch(transactions, new Uint8Array(7)), /eight bytes/)
})

test("a batch at its limits is good, and one above is refused", () => {
  const empty = new Uint8Array(0)
  assert.equal(codeOf(encodeBatch(Array<Uint8Array>(1000).fill(empty))), "good")
  assert.throws(() => encodeBatch(Array<Uint8Array>(1001).fill(empty)), /at most its number/)
  assert.equal(codeOf(Uint8Array.of(0x99, 0x03, 0xe9, ...new Uint8Array(1001).fill(0x40))), "too-large")
  const full = encodeBatch([new Uint8Array(limits.batchBytes - 6)])
  assert.equal(full.length, limits.batchBytes)
  assert.equal(codeOf(full), "good")
  assert.throws(() => encodeBatch([new Uint8Array(limits.batchBytes - 5)]), /at most its size/)
  assert.equal(codeOf(new Uint8Array(limits.batchBytes + 1)), "too-large")
})

test("a batch is an array of byte strings and nothing after it", () => {
  for (const bytes of [[0x40], [0x81], [0x81, 0x00], [0x80, 0x00], [0x98, 0x01, 0x40], []])
    assert.equal(codeOf(Uint8Array.from(bytes)), "bad-encoding")
})

test("the ladder is 1, 2 or 5 times ten to the second to the eleventh, and nothing else", () => {
  const steps = Array.from({ length: 10 }, (_, i) => [1n, 2n, 5n].map((step) => step * 10n ** BigInt(i + 2))).flat()
  assert.equal(steps.length, 30)
  for (const step of steps) {
    assert.ok(isOnLadder(step))
    assert.ok(!isOnLadder(step + 1n) && !isOnLadder(step - 1n) && !isOnLadder(step * 3n))
  }
  for (const amount of [0n, 1n, 50n, 10n ** 12n, 2n * 10n ** 12n]) assert.ok(!isOnLadder(amount))
})
