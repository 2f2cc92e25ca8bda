/** The tree in flat arrays against the plain rules of `base/state.ts`, applied to a Map. */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { sha256 } from "#crypto"
import { compareBytes, concat } from "../base/bytes.ts"
import { appHashOf, bucketHash, bucketOf, type Pair, verifyStateProof } from "../base/state.ts"
import { BucketTree } from "./bucket-tree.ts"

const hashOf = (n: number) => sha256(Uint8Array.of(n >> 8, n & 255))

/** The rules as they are written down: no caches, no flat arrays. */
function plainRoot(k: number, rows: ReadonlyMap<number, number>): Uint8Array {
  const buckets: Pair[][] = Array.from({ length: 2 ** k }, () => [])
  for (const [key, value] of rows) {
    buckets[bucketOf(hashOf(key), k)]!.push({ key: hashOf(key), value: hashOf(value) })
  }
  let level = buckets.map((pairs) => bucketHash(pairs.sort((a, b) => compareBytes(a.key, b.key))))
  while (level.length > 1) {
    const next: Uint8Array[] = []
    for (let i = 0; i < level.length; i += 2) next.push(sha256(concat(level[i]!, level[i + 1]!)))
    level = next
  }
  return level[0]!
}

const step = fc.record({ key: fc.nat(60), value: fc.nat(9), remove: fc.boolean() })
const blocks = fc.array(fc.array(step, { maxLength: 30 }), { maxLength: 8 })

test("after every block the root is the one of the plain rules, and every key proves what it holds", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), blocks, (k, steps) => {
      const tree = new BucketTree(k)
      const rows = new Map<number, number>()
      for (const block of steps) {
        for (const { key, value, remove } of block) {
          if (remove) {
            rows.delete(key)
            tree.remove(hashOf(key))
          } else {
            rows.set(key, value)
            tree.set(hashOf(key), hashOf(value))
          }
        }
        assert.deepEqual(tree.root(), plainRoot(k, rows))
        assert.equal(tree.size, rows.size)
      }
      tree.root()
      for (let key = 0; key < 10; key++) {
        const shown = verifyStateProof(tree.appHash(), hashOf(key), tree.proof(hashOf(key)))
        const value = rows.get(key)
        assert.deepEqual(shown, value === undefined ? "absent" : hashOf(value))
      }
    }),
  )
})

test("a tree filled at once equals one filled row by row", () => {
  const byRow = new BucketTree(7)
  const pairs: Uint8Array[] = []
  for (let n = 0; n < 3000; n++) {
    byRow.set(hashOf(n), hashOf(n + 1))
    pairs.push(concat(hashOf(n), hashOf(n + 1)))
  }
  const atOnce = new BucketTree(7)
  atOnce.load([concat(...pairs.slice(0, 1000)), concat(...pairs.slice(1000))], 3000)
  assert.deepEqual(atOnce.root(), byRow.root())
  atOnce.remove(hashOf(5))
  byRow.remove(hashOf(5))
  assert.deepEqual(atOnce.appHash(), byRow.appHash())
})

test("an empty tree has the root of empty buckets", () => {
  const tree = new BucketTree(3)
  assert.deepEqual(tree.root(), plainRoot(3, new Map()))
  assert.deepEqual(tree.appHash(), appHashOf(3, plainRoot(3, new Map())))
})
