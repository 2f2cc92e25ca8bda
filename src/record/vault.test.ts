import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { toHex } from "../base/bytes.ts"
import { Fault } from "../base/fault.ts"
import { categoryKey } from "../privacy/keys.ts"
import { ageRecipient } from "./age-keys.ts"
import { sealEntry } from "./sealing.ts"
import { openVault, type Read } from "./vault.ts"

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "countersign-vault-"))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
const reader = { time: 1_775_000_000, who: "dr-1", purpose: "care" }
const blob = (fill: number) => new Uint8Array(5000).fill(fill)
const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile())

test("a blob is named by its digest, read back after opening anew, and kept once", async (t) => {
  const folder = newFolder(t)
  const vault = await openVault(join(folder, "vault"), async () => {})
  const digests = await Promise.all([blob(1), blob(1), blob(2)].map((bytes) => vault.put(bytes)))
  assert.equal(toHex(digests[0]!), createHash("sha256").update(blob(1)).digest("hex"))
  assert.deepEqual(digests[1], digests[0])
  assert.equal(filesIn(folder).length, 2)
  const again = await openVault(join(folder, "vault"), async () => {})
  assert.deepEqual(await again.get(digests[0]!, reader), blob(1))
  assert.deepEqual(await again.get(digests[2]!, reader), blob(2))
  assert.equal(await again.has(digests[2]!), true)
  assert.equal(await again.get(new Uint8Array(32), reader), undefined)
})

test("every read is logged before a byte is handed out, and none is where the log fails", async (t) => {
  const reads: Read[] = []
  let broken = false
  const vault = await openVault(newFolder(t), async (read) => {
    if (broken) throw new Fault("Cannot write the access log", { retryable: true })
    reads.push(read)
  })
  const digest = await vault.put(blob(1))
  await vault.get(digest, reader)
  await vault.get(new Uint8Array(32), reader)
  assert.deepEqual(reads, [
    { ...reader, digest },
    { ...reader, digest: new Uint8Array(32) },
  ])
  broken = true
  await assert.rejects(vault.get(digest, reader), Fault)
})

test("erased is gone from the disk, and can be put again", async (t) => {
  const folder = newFolder(t)
  const vault = await openVault(folder, async () => {})
  const digest = await vault.put(blob(1))
  assert.equal(await vault.erase(digest), true)
  assert.equal(await vault.erase(digest), false)
  assert.equal(await vault.has(digest), false)
  assert.deepEqual(filesIn(folder), [])
  await vault.put(blob(1))
  assert.deepEqual(await vault.get(digest, reader), blob(1))
})

test("bytes that changed on disk are an outage, not an answer; putting them again heals them", async (t) => {
  const folder = newFolder(t)
  const vault = await openVault(folder, async () => {})
  const digest = await vault.put(blob(1))
  const [file] = filesIn(folder)
  writeFileSync(join(folder, file!), blob(3))
  await assert.rejects(vault.get(digest, reader), Fault)
  await vault.put(blob(1))
  assert.deepEqual(await vault.get(digest, reader), blob(1))
})

test("what a crash cut off is swept away when the vault opens", async (t) => {
  const folder = newFolder(t)
  const digest = await (await openVault(folder, async () => {})).put(blob(1))
  const name = toHex(digest)
  writeFileSync(join(folder, name.slice(0, 2), `${name}.0011.unfinished`), "half")
  const vault = await openVault(folder, async () => {})
  assert.deepEqual(filesIn(folder), [join(name.slice(0, 2), name)])
  assert.deepEqual(await vault.get(digest, reader), blob(1))
  await assert.rejects(
    openVault(join(folder, name.slice(0, 2), name), async () => {}),
    Fault,
  )
})

test("no clear byte of an entry is on the disk, and the search would find one", async (t) => {
  const folder = newFolder(t)
  const vault = await openVault(folder, async () => {})
  const seed = new Uint8Array(32).fill(1)
  const recipient = await ageRecipient(seed)
  const labs = categoryKey(seed, { category: "labs", epoch: 0, relationship: 1 })
  const canary = "canary-7f3a: haemoglobin 11.2"
  const salt = new Uint8Array(32).fill(0x5a)
  const entry = { bytes: Buffer.from(canary.repeat(50)), mediaType: "text/plain", category: "labs", salt } as const
  await vault.put(await sealEntry(entry, { patient: recipient, practice: recipient, categoryKey: labs }))
  const needles = [Buffer.from(canary), Buffer.from("text/plain"), Buffer.from(salt), Buffer.from(labs.id)]
  const hits = () =>
    filesIn(folder).flatMap((file) => {
      const bytes = readFileSync(join(folder, file))
      return needles.filter((needle) => bytes.includes(needle)).map(() => file)
    })
  assert.deepEqual(hits(), [])
  writeFileSync(join(folder, "planted"), canary)
  assert.deepEqual(hits(), ["planted"])
})
