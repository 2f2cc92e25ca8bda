/** Goal: another start key, and no moment at which neither key opens the directory, or a key that should not. */
import assert from "node:assert/strict"
import { cpSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { Fault } from "../base/fault.ts"
import { Refused } from "../base/refusal.ts"
import { WorkStore } from "../store/work-store.ts"
import { checkStartKey, newStartKey, startKeyFrom } from "./start-key.ts"
import { changeStartKey } from "./start-key-change.ts"
import { finishSwap } from "./start-key-swap.ts"
import { Work } from "./work.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-swap-"))
after(() => rmSync(root, { recursive: true }))
const [oldKey, newKey] = ["o".repeat(32), "n".repeat(32)]
const refusedWith = (code: string) => (error: unknown) => error instanceof Refused && error.refusal.code === code

async function begun(rows = 2500): Promise<string> {
  const place = mkdtempSync(join(root, "node-"))
  const store = new WorkStore(join(place, "work"), oldKey)
  const work = new Work(store, oldKey)
  await Promise.all(
    Array.from({ length: rows }, (_, i) => work.put("visits", `visit ${i}`, { i, bytes: new Uint8Array(9) })),
  )
  await work.put("seeds", "admin", Uint8Array.of(7))
  await store.close()
  return place
}

async function read(place: string, key: string): Promise<{ visits: number; seed: Uint8Array | undefined }> {
  checkStartKey(place, key)
  const store = new WorkStore(join(place, "work"), key)
  try {
    const work = new Work(store, key)
    assert.deepEqual(work.collections(), ["seeds", "visits"])
    return { visits: work.rows("visits").length, seed: work.get("seeds", "admin") }
  } finally {
    await store.close()
  }
}
const whole = { visits: 2500, seed: Uint8Array.of(7) }

test("everything is there under the new key, and nothing opens with the old one", async () => {
  const place = await begun()
  assert.equal(await changeStartKey(place, oldKey, { startKey: newKey }), 2501)
  assert.deepEqual(await read(place, newKey), whole)
  assert.throws(() => checkStartKey(place, oldKey), refusedWith("start-key-wrong"))
  assert.throws(() => new WorkStore(join(place, "work"), oldKey), Fault)
  assert.ok(!existsSync(join(place, "work", "next")))
  for (const name of readdirSync(join(place, "work", "data")))
    assert.equal(statSync(join(place, "work", "data", name)).mode & 0o077, 0)
})

test("a new passphrase opens the directory, the old one no longer", async () => {
  const place = await begun(1)
  const next = await newStartKey("a new and longer passphrase")
  await changeStartKey(place, oldKey, next)
  assert.equal(await startKeyFrom("a new and longer passphrase", place), next.startKey)
  await assert.rejects(startKeyFrom("the old passphrase, as it was", place), refusedWith("start-key-wrong"))
  await assert.rejects(newStartKey("short"), refusedWith("start-key-short"))
})

test("a wrong key, the same key: refused, and nothing changes", async () => {
  const place = await begun(1)
  await assert.rejects(changeStartKey(place, newKey, { startKey: "x".repeat(32) }), refusedWith("start-key-wrong"))
  await assert.rejects(changeStartKey(place, oldKey, { startKey: oldKey }), refusedWith("start-key-same"))
  checkStartKey(place, oldKey)
})

/** A directory as a crash leaves it: the new store is whole, and so many of its files are in their places. */
async function cutOff(moved: number): Promise<string> {
  const place = await begun()
  const aside = mkdtempSync(join(root, "aside-"))
  cpSync(join(place, "work"), join(aside, "work"), { recursive: true })
  await changeStartKey(aside, oldKey, { startKey: newKey })
  const next = join(place, "work", "next")
  cpSync(join(aside, "work"), next, { recursive: true })
  cpSync(join(aside, "work", "key-check"), join(next, "whole"))
  const moves = [["data/data.mdb"], ["key-check"]] as const
  for (const [name] of moves.slice(0, moved)) renameSync(join(next, name), join(place, "work", name))
  return place
}

test("stopped before the new store is whole, the old key opens everything; it is begun anew", async () => {
  const place = await cutOff(0)
  rmSync(join(place, "work", "next", "whole"))
  assert.deepEqual(await read(place, oldKey), whole)
  assert.equal(await changeStartKey(place, oldKey, { startKey: newKey }), 2501)
  assert.deepEqual(await read(place, newKey), whole)
})

test("stopped at any step after that, the next to come finishes it, and the new key opens everything", async () => {
  for (const moved of [0, 1, 2]) {
    const place = await cutOff(moved)
    assert.throws(() => checkStartKey(place, oldKey), refusedWith("start-key-wrong"), `after ${moved} files`)
    assert.deepEqual(await read(place, newKey), whole)
    finishSwap(place)
    assert.deepEqual(await read(place, newKey), whole)
  }
})
