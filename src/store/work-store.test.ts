/** The work store: what was put comes back, nothing of it is readable on disk, and a wrong key opens nothing. */
import assert from "node:assert/strict"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { open } from "lmdb"
import { toUtf8 } from "#crypto"
import { Fault } from "../base/fault.ts"
import { WorkStore } from "./work-store.ts"

const key = "0123456789abcdef0123456789abcdef"
const canary = "CANARY-7f3a91c2-was-here"

function holdsCanary(directory: string): boolean {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.some((file) => readFileSync(join(file.parentPath, file.name)).includes(canary))
}

test("rows come back by id and range, and survive reopening", async () => {
  const path = mkdtempSync(join(tmpdir(), "countersign-work-"))
  const store = new WorkStore(path, key)
  await Promise.all([1, 2, 3, 255].map((n) => store.put("bundles", Uint8Array.of(n), Uint8Array.of(n, n))))
  await store.put("bundle", Uint8Array.of(9), Uint8Array.of(9))
  await store.remove("bundles", Uint8Array.of(2))
  await store.close()
  const again = new WorkStore(path, key)
  assert.deepEqual(again.get("bundles", Uint8Array.of(1)), Uint8Array.of(1, 1))
  assert.equal(again.get("bundles", Uint8Array.of(2)), undefined)
  const ids = (rows: Iterable<readonly [Uint8Array, Uint8Array]>) => [...rows].map(([id]) => id[0])
  assert.deepEqual(ids(again.range("bundles")), [1, 3, 255])
  assert.deepEqual(ids(again.range("bundles", { from: Uint8Array.of(3) })), [3, 255])
  assert.deepEqual(ids(again.range("bundles", { from: Uint8Array.of(1), to: Uint8Array.of(255) })), [1, 3])
  await again.close()
  rmSync(path, { recursive: true })
})

test("a canary in key and value is not on disk; the same search finds it in an unencrypted store", async () => {
  const path = mkdtempSync(join(tmpdir(), "countersign-work-"))
  const store = new WorkStore(path, key)
  for (let n = 0; n < 200; n++) await store.put("canaries", toUtf8(`${canary}-${n}`), toUtf8(canary.repeat(50)))
  for (let n = 0; n < 200; n += 2) await store.remove("canaries", toUtf8(`${canary}-${n}`))
  await store.close()
  assert.equal(holdsCanary(path), false)

  const plain = mkdtempSync(join(tmpdir(), "countersign-work-"))
  const open1 = open({ path: plain, encoding: "binary" })
  await open1.put("row", Buffer.from(canary))
  await open1.close()
  assert.equal(holdsCanary(plain), true)
  rmSync(path, { recursive: true })
  rmSync(plain, { recursive: true })
})

test("a wrong key is a Fault, and a key of another length a TypeError", async () => {
  const path = mkdtempSync(join(tmpdir(), "countersign-work-"))
  const store = new WorkStore(path, key)
  await store.put("rows", Uint8Array.of(1), Uint8Array.of(1))
  await store.close()
  assert.throws(() => new WorkStore(path, "x".repeat(32)), Fault)
  assert.throws(() => new WorkStore(path, "short"), TypeError)
  const again = new WorkStore(path, key)
  assert.deepEqual(again.get("rows", Uint8Array.of(1)), Uint8Array.of(1))
  await again.close()
  rmSync(path, { recursive: true })
})
