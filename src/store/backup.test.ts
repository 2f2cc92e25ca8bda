/** A backup of a store that is written to: one moment of it, whole, and as secret as the store. */
import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { encode } from "../base/cbor.ts"
import { Fault } from "../base/fault.ts"
import { backupStore } from "./backup.ts"
import { addBlock, SampleBlocks } from "./sample-blocks.ts"
import { StateStore } from "./state-store.ts"
import { WorkStore } from "./work-store.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-backup-"))
after(() => rmSync(root, { recursive: true }))
const newDirectory = () => mkdtempSync(join(root, "store-"))
const k = 4

test("a backup taken while blocks commit opens as the store of one height, and the store goes on", async () => {
  const directory = newDirectory()
  const store = new StateStore(directory, { k })
  for (let n = 0; n < 3000; n++) store.put("filling", encode([n]), new Uint8Array(500))
  store.seal()
  await store.begin(new Uint8Array(32))
  const chain = new SampleBlocks([2])
  for (let height = 1; height <= 3; height++) await addBlock(store, chain, "attached")
  const to = join(newDirectory(), "copy")
  const states = new Map([[store.height, store.appHash]])
  let copied = false
  const backup = backupStore(directory, to).then(() => {
    copied = true
  })
  while (!copied) {
    await addBlock(store, chain, "attached")
    states.set(store.height, store.appHash)
  }
  await backup
  assert.deepEqual(readdirSync(to), ["data.mdb"])
  const copy = new StateStore(to, { k })
  assert.ok(copy.height >= 3 && copy.height <= store.height)
  assert.deepEqual(copy.appHash, states.get(copy.height))
  // The moment may lie between a body and its proof.
  assert.ok(copy.attachedHeight >= copy.height - 1)
  for (let height = 1; height <= copy.attachedHeight; height++)
    assert.deepEqual(copy.blocks.get(height), chain.blocks[height - 1])
  assert.deepEqual(copy.handovers(), store.handovers())
  await copy.close()
  await addBlock(store, chain, "attached")
  await store.close()
  const reopened = new StateStore(directory, { k })
  assert.equal(reopened.height, chain.blocks.length)
  await reopened.close()
})

test("an encrypted store is copied while it is open, encrypted with the same key", async () => {
  const key = "0123456789abcdef0123456789abcdef"
  const directory = newDirectory()
  const work = new WorkStore(directory, key)
  const canary = "CANARY-5d1e-was-here"
  for (let n = 0; n < 300; n++) await work.put("rows", Uint8Array.of(n >> 8, n & 255), Buffer.from(canary.repeat(20)))
  const to = newDirectory()
  await backupStore(join(directory, "data"), join(to, "data"), { encryptionKey: key })
  await work.put("rows", Uint8Array.of(9), Uint8Array.of(9))
  await work.close()
  assert.equal(readFileSync(join(to, "data", "data.mdb")).includes(canary), false)
  writeFileSync(join(to, "key-check"), readFileSync(join(directory, "key-check")))
  const copy = new WorkStore(to, key)
  assert.equal([...copy.range("rows")].length, 300)
  assert.equal(Buffer.from(copy.get("rows", Uint8Array.of(0, 7))!).toString(), canary.repeat(20))
  await copy.close()
})

test("nothing to copy, and a place that is taken, are Faults", async () => {
  const directory = newDirectory()
  await assert.rejects(backupStore(directory, join(directory, "copy")), Fault)
  const store = new StateStore(directory, { k })
  const taken = newDirectory()
  mkdirSync(join(taken, "something"))
  await assert.rejects(backupStore(directory, taken), Fault)
  assert.deepEqual(readdirSync(taken), ["something"])
  await store.close()
})
