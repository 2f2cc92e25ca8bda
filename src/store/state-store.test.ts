/** The durable state against a plain Map: reads over writes not yet on disk, the app hash, and reopening. */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import fc from "fast-check"
import { compareBytes, toHex } from "../base/bytes.ts"
import { encode } from "../base/cbor.ts"
import { Fault } from "../base/fault.ts"
import { keyHash, valueHash, verifyStateProof } from "../base/state.ts"
import { BucketTree } from "./bucket-tree.ts"
import { StateStore } from "./state-store.ts"

const directory = () => mkdtempSync(join(tmpdir(), "countersign-store-"))
const keyOf = (n: number) => encode([n])

class PlainState {
  readonly rows = new Map<string, [table: string, key: Uint8Array, value: Uint8Array]>()

  put(table: string, key: Uint8Array, value: Uint8Array): void {
    this.rows.set(table + toHex(key), [table, key, value])
  }

  remove(table: string, key: Uint8Array): void {
    this.rows.delete(table + toHex(key))
  }

  table(name: string): [Uint8Array, Uint8Array][] {
    const rows = [...this.rows.values()].filter(([table]) => table === name)
    return rows.map(([, key, value]): [Uint8Array, Uint8Array] => [key, value]).sort((a, b) => compareBytes(a[0], b[0]))
  }

  appHash(k: number): Uint8Array {
    const tree = new BucketTree(k)
    for (const [table, key, value] of this.rows.values()) tree.set(keyHash(table, key), valueHash(value))
    return tree.appHash()
  }
}

const write = fc.record({
  table: fc.constantFrom("visits", "visit", "applied"),
  key: fc.nat(40),
  value: fc.nat(1000),
  remove: fc.boolean(),
})
/** A block, and whether its commit is waited for before the next. */
const blocks = fc.array(fc.tuple(fc.array(write, { maxLength: 20 }), fc.boolean()), { maxLength: 6 })

function sameReads(store: StateStore, plain: PlainState): void {
  for (const name of ["visits", "visit", "applied"]) {
    const rows = plain.table(name)
    assert.deepEqual([...store.rows(name)], rows)
    for (const count of [1, 2, 100]) assert.deepEqual(store.first(name, count), rows.slice(0, count))
    for (let n = 0; n <= 40; n += 3) {
      assert.deepEqual(store.get(name, keyOf(n)), rows.find(([key]) => compareBytes(key, keyOf(n)) === 0)?.[1])
    }
  }
}

test("reads, lowest rows, app hash and reopening are those of a Map, with commits in flight", async () => {
  const k = 4
  await fc.assert(
    fc.asyncProperty(blocks, async (steps) => {
      const path = directory()
      const plain = new PlainState()
      const store = new StateStore(path, { k })
      const commits: Promise<void>[] = []
      for (const [writes, wait] of steps) {
        for (const { table, key, value, remove } of writes) {
          if (remove) store.remove(table, keyOf(key))
          else store.put(table, keyOf(key), encode([value]))
          if (remove) plain.remove(table, keyOf(key))
          else plain.put(table, keyOf(key), encode([value]))
        }
        sameReads(store, plain)
        assert.deepEqual(store.seal(), plain.appHash(k))
        commits.push(store.commit([]))
        if (wait) await commits.at(-1)
        sameReads(store, plain)
      }
      await Promise.all(commits)
      await store.close()
      const reopened = new StateStore(path, { k })
      sameReads(reopened, plain)
      assert.deepEqual(reopened.appHash, plain.appHash(k))
      await reopened.close()
      rmSync(path, { recursive: true })
    }),
    { numRuns: process.env["COUNTERSIGN_LONG"] ? 1000 : 15 },
  )
})

test("the lowest rows stay right when more are removed than are kept in memory", async () => {
  const path = directory()
  const store = new StateStore(path, { k: 4 })
  const key = (n: number) => encode([n + 1000])
  for (let n = 0; n < 3000; n++) store.put("applied", key((n * 7919) % 3000), encode([n]))
  store.seal()
  await store.commit([])
  for (let n = 0; n < 3000; n += 2) {
    assert.deepEqual(
      store.first("applied", 2).map(([found]) => found),
      [key(n), key(n + 1)],
    )
    store.remove("applied", key(n))
    store.remove("applied", key(n + 1))
  }
  assert.deepEqual(store.first("applied", 2), [])
  await store.close()
  rmSync(path, { recursive: true })
})

test("a proof of the sealed state verifies with the rules every verifier uses", async () => {
  const path = directory()
  const store = new StateStore(path, { k: 4 })
  for (let n = 0; n < 100; n++) store.put("visits", keyOf(n), encode([n * n]))
  const appHash = store.seal()
  const shown = verifyStateProof(appHash, keyHash("visits", keyOf(7)), store.prove("visits", keyOf(7)))
  assert.deepEqual(shown, valueHash(encode([49])))
  assert.equal(verifyStateProof(appHash, keyHash("visits", keyOf(100)), store.prove("visits", keyOf(100))), "absent")
  await store.commit([])
  await store.close()
  assert.throws(() => new StateStore(path, { k: 5 }), Fault)
  rmSync(path, { recursive: true })
})
