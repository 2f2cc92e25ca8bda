import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { hkdf } from "@noble/hashes/hkdf.js"
import { sha256 } from "@noble/hashes/sha2.js"
import { mnemonicToEntropy, mnemonicToSeedSync } from "@scure/bip39"
import { wordlist } from "@scure/bip39/wordlists/english.js"
import fc from "fast-check"
import { fromHex, toHex } from "../base/bytes.ts"
import {
  categoryKey,
  delegateSeed,
  grantSeed,
  mailboxSealingSeed,
  mailboxSeed,
  phraseOf,
  recordIdentitySeed,
  seedOfPhrase,
  snapshotKey,
  visitSeed,
} from "./keys.ts"

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 })
const vectors = join(import.meta.dirname, "../../../shared/data/vectors")
const hkdfVectors = join(vectors, "wycheproof/hkdf_sha256.json")
const phraseVectors = join(vectors, "bip39-english.json")

test("no two keys of a wallet are equal, whatever label and path they have", () => {
  const keys = (seed: Uint8Array) => {
    const all: Uint8Array[] = []
    for (let i = 0; i < 4; i++) {
      all.push(mailboxSeed(seed, i), mailboxSealingSeed(seed, i), grantSeed(seed, i))
      all.push(recordIdentitySeed(seed, i), snapshotKey(seed, i))
      for (let j = 0; j < 4; j++) {
        all.push(visitSeed(seed, i, j), delegateSeed(seed, i, j))
        for (const category of ["labs", "hiv"]) {
          const { id, key } = categoryKey(seed, { category, epoch: i, relationship: j })
          all.push(id, key)
        }
      }
    }
    return all.map(toHex)
  }
  fc.assert(
    fc.property(seeds, seeds, (a, b) => {
      fc.pre(toHex(a) !== toHex(b))
      const both = [...keys(a), ...keys(b)]
      assert.equal(new Set(both).size, both.length)
      assert.deepEqual(keys(a), keys(a))
    }),
    { numRuns: 5 },
  )
})

test("the tree is fixed: HKDF-SHA256 of the seed under label and path, as openssl computes it", () => {
  const seed = new Uint8Array(32).fill(1)
  // openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt hexkey:0101…01
  //   -kdfopt hexinfo:636f756e7465727369676e2f312f76697369742d6b657900820305 HKDF
  assert.equal(toHex(visitSeed(seed, 3, 5)), "066db6e62fa069eb0c26c1c98f34a2a9a5cd6aebf63d72598d22ef901c2d965d")
})

test("24 words give the seed back, and one wrong word does not", () => {
  fc.assert(
    fc.property(seeds, fc.nat(23), fc.nat(2047), (seed, at, other) => {
      const words = phraseOf(seed).split(" ")
      assert.equal(words.length, 24)
      assert.deepEqual(seedOfPhrase(`  ${words.join("\n ").toUpperCase()} `), seed)
      const changed = words.with(at, wordlist[other]!).join(" ")
      const opened = seedOfPhrase(changed)
      // The checksum is 8 bits: what it lets through is another seed, never this one.
      if (changed !== words.join(" ") && opened !== undefined) assert.notDeepEqual(opened, seed)
    }),
    { numRuns: 50 },
  )
  for (const bad of ["", "abandon", `${"abandon ".repeat(24)}`, `${"abandon ".repeat(11)}about`]) {
    assert.equal(seedOfPhrase(bad), undefined)
  }
})

test("BIP-39 English vectors", (t) => {
  if (!existsSync(phraseVectors)) return t.skip("../shared/data/vectors/bip39-english.json is absent")
  const cases: [string, string, string][] = JSON.parse(readFileSync(phraseVectors, "utf8")).english
  let long = 0
  for (const [entropy, phrase] of cases) {
    assert.equal(toHex(mnemonicToEntropy(phrase, wordlist)), entropy)
    if (entropy.length !== 64) {
      assert.equal(seedOfPhrase(phrase), undefined)
      continue
    }
    long++
    assert.equal(phraseOf(fromHex(entropy)), phrase)
    assert.deepEqual(seedOfPhrase(phrase), fromHex(entropy))
  }
  assert.equal(cases.length, 24)
  assert.ok(long >= 7)
  const [, phrase, seed] = cases[0]!
  assert.equal(toHex(mnemonicToSeedSync(phrase, "TREZOR")), seed)
})

test("Wycheproof HKDF-SHA-256", (t) => {
  if (!existsSync(hkdfVectors)) return t.skip("../shared/data/vectors/wycheproof/hkdf_sha256.json is absent")
  const counts = { valid: 0, invalid: 0 }
  for (const group of JSON.parse(readFileSync(hkdfVectors, "utf8")).testGroups) {
    for (const { tcId, ikm, salt, info, size, okm, result } of group.tests) {
      const run = () => toHex(hkdf(sha256, fromHex(ikm), fromHex(salt), fromHex(info), size))
      if (result === "valid") assert.equal(run(), okm, `case ${tcId}`)
      else assert.throws(run, `case ${tcId}`)
      counts[result as keyof typeof counts]++
    }
  }
  assert.deepEqual(counts, { valid: 41, invalid: 2 })
})
