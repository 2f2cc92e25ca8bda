/** Goal: one passphrase, one key, for one directory; a wrong one is said before anything on the disk is touched. */
import assert from "node:assert/strict"
import { scryptSync } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { Fault } from "../base/fault.ts"
import { Refused } from "../base/refusal.ts"
import { WorkStore } from "../store/work-store.ts"
import { checkStartKey, startKeyFrom } from "./start-key.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-start-key-"))
after(() => rmSync(root, { recursive: true }))
const newPlace = () => join(mkdtempSync(join(root, "node-")), "fresh")
const passphrase = "correct horse battery staple"
const refusedWith = (code: string) => (error: unknown) => error instanceof Refused && error.refusal.code === code

/** Every file below a directory with its bytes and times. */
function filesOf(directory: string): readonly (readonly [string, string, number])[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path) => [path, readFileSync(path).toString("hex"), statSync(path).mtimeMs] as const)
}

/** A directory that was begun with a passphrase, as a node would. */
async function begun(): Promise<{ place: string; key: string }> {
  const place = newPlace()
  const key = await startKeyFrom(passphrase, place)
  const store = new WorkStore(join(place, "work"), key)
  await store.put("seeds", Uint8Array.of(1), Uint8Array.of(2))
  await store.close()
  return { place, key }
}

test("a passphrase opens its directory again, with the key that scrypt gives", async () => {
  const { place, key } = await begun()
  assert.match(key, /^[!-~]{32}$/)
  assert.equal(await startKeyFrom(passphrase, place), key)
  const salt = readFileSync(join(place, "start-key.salt"))
  const bytes = scryptSync(passphrase, salt, 24, { N: 131_072, r: 8, p: 1, maxmem: 2 ** 28 })
  assert.equal(key, bytes.toString("base64url"))
  const store = new WorkStore(join(place, "work"), key)
  assert.deepEqual(store.get("seeds", Uint8Array.of(1)), Uint8Array.of(2))
  await store.close()
})

test("the salt is 16 bytes, for its owner's eyes, and another in every directory", async () => {
  const [one, two] = [newPlace(), newPlace()]
  const [first, second] = [await startKeyFrom(passphrase, one), await startKeyFrom(passphrase, two)]
  assert.notEqual(first, second)
  const salt = statSync(join(one, "start-key.salt"))
  assert.deepEqual([salt.size, salt.mode & 0o777, statSync(one).mode & 0o777], [16, 0o600, 0o700])
})

test("a wrong passphrase or start key is refused, and not a byte of the directory changes", async () => {
  const { place, key } = await begun()
  const before = filesOf(place)
  for (const wrong of ["correct horse battery stapl", "", `${passphrase} `])
    await assert.rejects(startKeyFrom(wrong, place), refusedWith("start-key-wrong"))
  assert.throws(() => checkStartKey(place, "k".repeat(32)), refusedWith("start-key-wrong"))
  assert.throws(() => new WorkStore(join(place, "work"), "k".repeat(32)), Fault, "the store says the same")
  assert.deepEqual(filesOf(place), before)
  checkStartKey(place, key)
  assert.equal(await startKeyFrom(passphrase, place), key)
})

test("without its salt a directory is not begun anew", async () => {
  const { place } = await begun()
  const path = join(place, "start-key.salt")
  const salt = readFileSync(path)
  rmSync(path)
  await assert.rejects(startKeyFrom(passphrase, place), refusedWith("start-key-salt"))
  assert.ok(!readdirSync(place).includes("start-key.salt"))
  writeFileSync(path, salt.subarray(1))
  await assert.rejects(startKeyFrom(passphrase, place), refusedWith("start-key-salt"))
})

test("a short passphrase begins nothing", async () => {
  const place = newPlace()
  await assert.rejects(startKeyFrom("eleven char", place), refusedWith("start-key-short"))
  assert.throws(() => readdirSync(place), { code: "ENOENT" })
})

test("the same words from another keyboard are the same passphrase", async () => {
  const place = newPlace()
  const key = await startKeyFrom("caf\u00e9 au lait, bitte", place)
  assert.equal(await startKeyFrom("cafe\u0301 au lait, bitte", place), key)
})
