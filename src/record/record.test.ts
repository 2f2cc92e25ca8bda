import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import * as cborg from "cborg"
import fc from "fast-check"
import { toHex } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import { decodeAs, encodeAs } from "../base/schema.ts"
import { proveEntry, recordRoot, treePlace, verifyEntry } from "./digest-tree.ts"
import { categories, type Entry, isMediaType, sensitiveCategories } from "./entry.ts"
import { citeFact, type Fact, fact, factsRoot, isSentence, verifyFact } from "./facts.ts"

const salts = fc.uint8Array({ minLength: 32, maxLength: 32 })
const entries: fc.Arbitrary<Entry> = fc.record({
  bytes: fc.uint8Array({ maxLength: 40 }),
  mediaType: fc.constantFrom("application/fhir+json", "application/pdf", "image/png", "text/plain; charset=utf-8"),
  category: fc.constantFrom(...categories),
  salt: salts,
})
const utf8 = (text: string) => new TextEncoder().encode(text)
const sentences = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }).filter(isSentence).map(utf8)
const facts: fc.Arbitrary<Fact> = fc.record(
  { salt: salts, sentence: sentences, entry: fc.nat(4095), author: salts },
  { noNullPrototype: true },
)

/** RFC 9162 written down once more, over leaves hashed with another CBOR library. */
function rootByHand(tag: string, leaves: readonly unknown[][]): string {
  const hash = (...parts: Uint8Array[]) => parts.reduce((h, part) => h.update(part), createHash("sha256")).digest()
  const hashes = leaves.map((leaf) => hash(Uint8Array.of(0), hash(utf8(`countersign/1/${tag}\0`), cborg.encode(leaf))))
  const root = (nodes: Uint8Array[]): Uint8Array => {
    if (nodes.length <= 1) return nodes[0] ?? hash()
    const left = 2 ** Math.ceil(Math.log2(nodes.length) - 1)
    return hash(Uint8Array.of(1), root(nodes.slice(0, left)), root(nodes.slice(left)))
  }
  return toHex(root(hashes))
}
const sha = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest())

test("the roots are RFC 9162 over the protocol's leaves", () => {
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 9 }), fc.array(facts, { maxLength: 9 }), (record, told) => {
      const entryLeaves = record.map((e) => [e.salt, e.mediaType, e.category, sha(e.bytes)])
      assert.equal(toHex(recordRoot(record)), rootByHand("entry", entryLeaves))
      const factLeaves = told.map((f) => [f.salt, f.sentence, f.entry, f.author])
      assert.equal(toHex(factsRoot(told)), rootByHand("fact", factLeaves))
    }),
    { numRuns: 40 },
  )
})

test("an entry proves its place, and no other bytes, type, category, salt or place do", () => {
  fc.assert(
    fc.property(fc.array(entries, { minLength: 1, maxLength: 9 }), fc.nat(), fc.nat(), (record, which, byte) => {
      const index = which % record.length
      const entry = record[index]!
      const root = recordRoot(record)
      const place = proveEntry(record, index)
      assert.ok(verifyEntry(root, entry, place))
      const bytes = Uint8Array.of(...entry.bytes, 0)
      bytes[byte % bytes.length]! ^= 1
      const salt = entry.salt.with(byte % 32, entry.salt[byte % 32]! ^ 1)
      const category = entry.category === "labs" ? "hiv" : "labs"
      for (const change of [{ bytes }, { salt }, { category }, { mediaType: "image/jpeg" }] as Partial<Entry>[]) {
        assert.ok(!verifyEntry(root, { ...entry, ...change }, place))
      }
      assert.ok(!verifyEntry(root, entry, { ...place, index: index + 1 }))
      assert.ok(!verifyEntry(root, entry, { ...place, proof: [...place.proof, salt] }))
    }),
    { numRuns: 40 },
  )
})

test("a proof shows nothing of the other entries: with other salts they leave other hashes", () => {
  const entry = (fill: number): Entry => ({
    bytes: utf8("HIV test: negative"),
    mediaType: "text/plain",
    category: "hiv",
    salt: new Uint8Array(32).fill(fill),
  })
  const [mine, a, b] = [entry(1), entry(2), entry(3)]
  const shown = [a!, b!].map((neighbour) => proveEntry([mine!, neighbour], 0).proof.map(toHex))
  assert.notDeepEqual(shown[0], shown[1])
  const guess = rootByHand("entry", [["", "text/plain", "hiv", sha(utf8("HIV test: negative"))]])
  assert.ok(!shown.flat().includes(guess))
})

test("a cited fact proves its place and travels as bytes", () => {
  fc.assert(
    fc.property(fc.array(facts, { minLength: 1, maxLength: 9 }), fc.nat(), (told, which) => {
      const index = which % told.length
      const root = factsRoot(told)
      const { fact: original, place: placed } = citeFact(told, index)
      const cited = {
        fact: decodeAs(fact, encodeAs(fact, original)),
        place: decodeAs(treePlace, encodeAs(treePlace, placed)),
      }
      assert.deepEqual(cited, { fact: original, place: placed })
      assert.ok(verifyFact(root, cited.fact, cited.place))
      assert.ok(!verifyFact(root, { ...cited.fact, entry: cited.fact.entry + 1 }, cited.place))
      assert.ok(!verifyFact(root, { ...cited.fact, sentence: utf8("It did not happen") }, cited.place))
      const author = cited.fact.author.with(0, cited.fact.author[0]! ^ 1)
      assert.ok(!verifyFact(root, { ...cited.fact, author }, cited.place))
      assert.ok(!verifyFact(factsRoot([...told, told[0]!]), cited.fact, cited.place))
    }),
    { numRuns: 40 },
  )
})

test("a sentence is one visible line; what could show as another sentence is refused", () => {
  for (const good of ["Eye exam, left eye", "Blutdruck 120/80 gemessen", "می‌خواهم", "注射 左眼", "1 × 2 mg"]) {
    assert.ok(isSentence(good), good)
  }
  const bad = [
    "",
    " x",
    "x ",
    "a\nb",
    "a\tb",
    "a\u2028b",
    "left \u202eeye",
    "a\u200bb",
    "a\ufeffb",
    "\ud800",
    "x".repeat(1001),
  ]
  for (const text of bad) assert.ok(!isSentence(text), JSON.stringify(text))
  const good: Fact = { salt: new Uint8Array(32), sentence: utf8("Exam"), entry: 0, author: new Uint8Array(32) }
  for (const sentence of [utf8("a\nb"), Uint8Array.of(0xff), utf8("left \u202eeye")]) {
    assert.throws(() => decodeAs(fact, encodeAs(fact, { ...good, sentence })), EncodingError)
  }
})

test("media types and categories are closed forms", () => {
  assert.equal(categories.length, 12)
  assert.ok(sensitiveCategories.every((category) => categories.includes(category)))
  for (const good of ["application/fhir+json", "image/png", "text/plain; charset=utf-8", "x-application/hl7-v2+er7"]) {
    assert.ok(isMediaType(good), good)
  }
  for (const bad of ["", "json", "a/b/c", "text/plain\n", "text/ plain", `a/${"b".repeat(200)}`])
    assert.ok(!isMediaType(bad), bad)
})

test("the official FHIR examples make one record, every entry provable", (t) => {
  const folder = join(import.meta.dirname, "../../../shared/data/fhir-r4-examples")
  if (!existsSync(folder)) return t.skip("../shared/data/fhir-r4-examples is absent")
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"))
  const record = files.map((file, i): Entry => {
    const bytes = new Uint8Array(readFileSync(join(folder, file)))
    return { bytes, mediaType: "application/fhir+json", category: "general", salt: sha(Uint8Array.of(i)) }
  })
  const root = recordRoot(record)
  assert.ok(record.length > 200)
  for (let i = 0; i < record.length; i += 23) {
    assert.ok(verifyEntry(root, record[i]!, proveEntry(record, i)))
    // Parsing and writing again is another document, even where it says the same.
    const rewritten = utf8(JSON.stringify(JSON.parse(Buffer.from(record[i]!.bytes).toString("utf8"))))
    assert.ok(!verifyEntry(root, { ...record[i]!, bytes: rewritten }, proveEntry(record, i)))
  }
})
