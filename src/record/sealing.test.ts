import assert from "node:assert/strict"
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { Decrypter, Encrypter } from "age-encryption"
import fc from "fast-check"
import { concat } from "../base/bytes.ts"
import { digest } from "../base/digest.ts"
import { encodeAs } from "../base/schema.ts"
import { categoryKey, recordIdentitySeed } from "../privacy/keys.ts"
import { ageIdentity, ageRecipient } from "./age-keys.ts"
import { CategoryRecipient } from "./category-stanza.ts"
import { categories, type Entry, entryLabel, entryLeaf } from "./entry.ts"
import { exportEntry, openEntryWithCategoryKey, openEntryWithIdentity, sealEntry } from "./sealing.ts"
import { entrySize, pad } from "./size-steps.ts"

const seedOf = (n: number) => new Uint8Array(32).fill(n)
const patientSeed = recordIdentitySeed(seedOf(1), 7)
const practiceSeed = seedOf(2)
const strangerSeed = recordIdentitySeed(seedOf(3), 7)
const [patient, practice] = await Promise.all([ageRecipient(patientSeed), ageRecipient(practiceSeed)])
const labs = categoryKey(seedOf(1), { category: "labs", epoch: 4, relationship: 7 })
const readers = { patient, practice, categoryKey: labs }
const fhir = join(import.meta.dirname, "../../../shared/data/fhir-r4-examples")

const entryOf = (bytes: Uint8Array, fill = 9): Entry => ({
  bytes,
  mediaType: "application/fhir+json",
  category: "labs",
  salt: seedOf(fill),
})
const aFewBytes = new TextEncoder().encode('{"resourceType":"Observation","valueQuantity":{"value":1.30}}')

test("what is sealed opens for patient, practice and category key, for any bytes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 9000 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      async (bytes, salt) => {
        const entry = { ...entryOf(bytes), salt }
        const sealed = await sealEntry(entry, readers)
        assert.deepEqual(await openEntryWithIdentity(sealed, ageIdentity(patientSeed)), entry)
        assert.deepEqual(await openEntryWithIdentity(sealed, ageIdentity(practiceSeed)), entry)
        assert.deepEqual(await openEntryWithCategoryKey(sealed, labs), entry)
      },
    ),
    { numRuns: 10 },
  )
})

test("it opens for nobody else: another patient, relationship, epoch, category, or a key with another name", async () => {
  const sealed = await sealEntry(entryOf(aFewBytes), readers)
  for (const seed of [strangerSeed, recordIdentitySeed(seedOf(1), 8), seedOf(1)]) {
    assert.equal(await openEntryWithIdentity(sealed, ageIdentity(seed)), undefined)
  }
  const others = [
    categoryKey(seedOf(3), { category: "labs", epoch: 4, relationship: 7 }),
    categoryKey(seedOf(1), { category: "labs", epoch: 5, relationship: 7 }),
    categoryKey(seedOf(1), { category: "labs", epoch: 4, relationship: 8 }),
    { ...labs, id: seedOf(0) },
    { ...labs, key: labs.id },
    ...categories
      .filter((category) => category !== "labs")
      .map((category) => categoryKey(seedOf(1), { category, epoch: 4, relationship: 7 })),
  ]
  for (const other of others) assert.equal(await openEntryWithCategoryKey(sealed, other), undefined)
})

test("one flipped byte anywhere, or a cut, and nobody opens it", async () => {
  const sealed = await sealEntry(entryOf(aFewBytes), readers)
  const opens = async (bytes: Uint8Array) => [
    await openEntryWithIdentity(bytes, ageIdentity(patientSeed)),
    await openEntryWithIdentity(bytes, ageIdentity(practiceSeed)),
    await openEntryWithCategoryKey(bytes, labs),
  ]
  await fc.assert(
    fc.asyncProperty(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
      const flipped = sealed.slice()
      flipped[at]! ^= mask
      assert.deepEqual(await opens(flipped), [undefined, undefined, undefined])
    }),
    { numRuns: 25 },
  )
  for (const bytes of [sealed.subarray(0, -1), sealed.subarray(0, 100), new Uint8Array(0), aFewBytes]) {
    assert.deepEqual(await opens(bytes), [undefined, undefined, undefined])
  }
})

test("lengths fall on steps: two entries of one step look alike", async () => {
  const lengths = new Map<number, Set<number>>()
  for (const [step, sizes] of [
    [4096, [0, 1, 500, 3900]],
    [16384, [4096, 9000, 16000]],
    [1 << 20, [300_000, 1_000_000]],
  ] as const) {
    const seen = new Set<number>()
    for (const size of sizes) seen.add((await sealEntry(entryOf(new Uint8Array(size).fill(7)), readers)).length)
    lengths.set(step, seen)
  }
  const constant = [...lengths.get(4096)!][0]! - 4096
  assert.deepEqual([...lengths.get(4096)!], [4096 + constant])
  assert.deepEqual([...lengths.get(16384)!], [16384 + constant])
  // age adds a tag of 16 bytes for each further 64 KiB.
  assert.deepEqual([...lengths.get(1 << 20)!], [(1 << 20) + constant + 15 * 16])
})

test("equal bytes of two patients, or of one twice, have nothing in common once sealed", async () => {
  const other = { patient: await ageRecipient(strangerSeed), practice, categoryKey: { ...labs, key: seedOf(5) } }
  const sealed = [
    await sealEntry(entryOf(aFewBytes), readers),
    await sealEntry(entryOf(aFewBytes), readers),
    await sealEntry(entryOf(aFewBytes, 10), other),
  ]
  const words = sealed.map(
    (bytes) =>
      new Set(
        Buffer.from(bytes)
          .toString("latin1")
          .split(/[\s]/)
          .filter((word) => word.length > 24),
      ),
  )
  const [a, b, c] = words as [Set<string>, Set<string>, Set<string>]
  const sealedHex = sealed.map((bytes) => Buffer.from(bytes).toString("hex"))
  assert.equal(new Set(sealedHex).size, 3)
  for (const [left, right] of [
    [a, b],
    [a, c],
    [b, c],
  ] as const) {
    assert.deepEqual(
      [...left].filter((word) => right.has(word)),
      [],
    )
  }
  assert.ok(!Buffer.from(sealed[0]!).includes(Buffer.from(labs.id).toString("base64").slice(0, 20)))
  assert.notDeepEqual(
    digest("entry", ...entryLeaf(entryOf(aFewBytes))),
    digest("entry", ...entryLeaf(entryOf(aFewBytes, 10))),
  )
})

test("an entry under the key of another category does not open with that key", async () => {
  const entry: Entry = { ...entryOf(aFewBytes), category: "hiv" }
  const label = encodeAs(entryLabel, entry)
  const content = pad(concat(entry.bytes, label, Uint8Array.of(0, 0, 0, label.length)), entrySize)
  const encrypter = new Encrypter()
  encrypter.addRecipient(patient)
  encrypter.addRecipient(new CategoryRecipient(labs))
  const sealed = await encrypter.encrypt(content)
  assert.deepEqual(await openEntryWithIdentity(sealed, ageIdentity(patientSeed)), entry)
  assert.equal(await openEntryWithCategoryKey(sealed, labs), undefined)
  await assert.rejects(sealEntry(entry, readers), /key of its category/)
})

test("content of another form inside a good seal is undefined, never a throw", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.boolean(), async (bytes, padded) => {
      const encrypter = new Encrypter()
      encrypter.addRecipient(patient)
      const sealed = await encrypter.encrypt(padded ? pad(bytes, entrySize) : bytes)
      assert.equal(await openEntryWithIdentity(sealed, ageIdentity(patientSeed)), undefined)
    }),
    { numRuns: 10 },
  )
})

test("the plain age library opens a sealed entry, bytes first, and an export to exactly the bytes", async () => {
  const decrypter = new Decrypter()
  decrypter.addIdentity(ageIdentity(patientSeed))
  const inside = await decrypter.decrypt(await sealEntry(entryOf(aFewBytes), readers))
  assert.equal(inside.length, 4096)
  assert.deepEqual(inside.subarray(0, aFewBytes.length), aFewBytes)
  assert.deepEqual(await decrypter.decrypt(await exportEntry(entryOf(aFewBytes), patient)), aFewBytes)
})

test("real FHIR resources come back byte for byte", async (t) => {
  if (!existsSync(fhir)) return t.skip("../shared/data/fhir-r4-examples is absent")
  const files = readdirSync(fhir).filter((name) => /^Observation-.*\.json$/.test(name))
  assert.ok(files.length >= 20)
  for (const file of files) {
    const bytes = new Uint8Array(readFileSync(join(fhir, file)))
    const opened = await openEntryWithIdentity(await sealEntry(entryOf(bytes), readers), ageIdentity(patientSeed))
    assert.deepEqual(opened?.bytes, bytes, file)
  }
})

test("the age command opens an export", async (t) => {
  const found = spawnSync("age", ["--version"], { encoding: "utf8" })
  if (found.error !== undefined) return t.skip("the age command is not installed")
  const [major, minor] = found.stdout.replace(/^v/, "").split(".").map(Number)
  if (major === 1 && minor! < 3) return t.skip(`age ${found.stdout.trim()} knows no post-quantum recipients`)
  const folder = mkdtempSync(join(tmpdir(), "countersign-age-"))
  try {
    writeFileSync(join(folder, "key"), ageIdentity(patientSeed), { mode: 0o600 })
    writeFileSync(join(folder, "sealed"), await exportEntry(entryOf(aFewBytes), patient))
    const opened = execFileSync("age", ["-d", "-i", join(folder, "key"), join(folder, "sealed")])
    assert.deepEqual(new Uint8Array(opened), aFewBytes)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
