import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import {
  Aes128Gcm,
  Aes256Gcm,
  CipherSuite,
  DhkemP256HkdfSha256,
  DhkemX25519HkdfSha256,
  HkdfSha256,
  HkdfSha512,
} from "@hpke/core"
import { XWing } from "@hpke/hybridkem-x-wing"
import { XWing as independentXWing } from "@noble/post-quantum/hybrid.js"
import fc from "fast-check"
import { fromHex, toHex } from "../base/bytes.ts"
import { bundleInfo, generateNodeKey, mailInfo, openBundle, openSealed, sealBundle, sealFor } from "./bundle-sealing.ts"

const seedOf = (n: number) => new Uint8Array(32).fill(n)
const [payer, other] = await Promise.all([generateNodeKey(seedOf(1)), generateNodeKey(seedOf(2))])
const vectors = join(import.meta.dirname, "../../../shared/data/vectors/hpke.json")
const overhead = 1 + 1120 + 16

test("what is sealed opens with the reader's key under the same info, for any bytes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), fc.uint8Array({ maxLength: 60 }), async (content, info) => {
      const sealed = await sealFor(payer.publicKey, info, content)
      assert.deepEqual(await openSealed(payer.privateKey, info, sealed), content)
    }),
    { numRuns: 15 },
  )
})

test("it opens for no other key, statement or purpose", async () => {
  const content = seedOf(9)
  const sealed = await sealBundle(payer.publicKey, seedOf(3), content)
  assert.deepEqual(await openBundle(payer.privateKey, seedOf(3), sealed), content)
  assert.equal(await openBundle(other.privateKey, seedOf(3), sealed), undefined)
  assert.equal(await openBundle(payer.privateKey, seedOf(4), sealed), undefined)
  assert.equal(await openSealed(payer.privateKey, mailInfo, sealed), undefined)
  assert.notDeepEqual(bundleInfo(seedOf(3)), bundleInfo(seedOf(4)))
})

test("one flipped byte, a cut, or any other bytes give undefined, never a throw", async () => {
  const sealed = await sealFor(payer.publicKey, mailInfo, seedOf(9))
  const opened = (bytes: Uint8Array) => openSealed(payer.privateKey, mailInfo, bytes)
  await fc.assert(
    fc.asyncProperty(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
      const flipped = sealed.slice()
      flipped[at]! ^= mask
      assert.equal(await opened(flipped), undefined)
      assert.equal(await opened(sealed.subarray(0, at)), undefined)
    }),
    { numRuns: 25 },
  )
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3000, size: "max" }), async (bytes) => {
      assert.equal(await opened(bytes), undefined)
    }),
    { numRuns: 25 },
  )
  await assert.rejects(sealFor(payer.publicKey.subarray(1), mailInfo, seedOf(9)), TypeError)
})

test("views into larger memory seal and open like copies", async () => {
  const wide = new Uint8Array(4000).fill(5)
  wide.set(payer.publicKey, 100)
  const sealed = await sealFor(wide.subarray(100, 1316), wide.subarray(10, 20), wide.subarray(2000, 2100))
  const around = new Uint8Array(sealed.length + 50)
  around.set(sealed, 25)
  const keys = new Uint8Array(96)
  keys.set(payer.privateKey, 32)
  const view = around.subarray(25, 25 + sealed.length)
  assert.deepEqual(await openSealed(keys.subarray(32, 64), wide.subarray(10, 20), view), wide.slice(2000, 2100))
})

test("lengths fall on steps and two seals of the same bytes differ", async () => {
  const bundleLengths = []
  for (const size of [0, 10_000, 16_383, 16_384, 40_000]) {
    bundleLengths.push((await sealBundle(payer.publicKey, seedOf(3), new Uint8Array(size))).length - overhead)
  }
  assert.deepEqual(bundleLengths, [16_384, 16_384, 16_384, 32_768, 65_536])
  const letterLengths = []
  for (const size of [0, 1023, 1024, 3000]) {
    letterLengths.push((await sealFor(payer.publicKey, mailInfo, new Uint8Array(size))).length - overhead)
  }
  assert.deepEqual(letterLengths, [1024, 1024, 2048, 4096])
  const twice = await Promise.all([0, 1].map(() => sealFor(payer.publicKey, mailInfo, seedOf(9))))
  assert.notDeepEqual(twice[0], twice[1])
  assert.notEqual(toHex(twice[0]!.subarray(0, 64)), toHex(twice[1]!.subarray(0, 64)))
})

test("keys come from their seed, and X-Wing agrees with noble's, an independent implementation", async () => {
  const again = await generateNodeKey(seedOf(1))
  assert.deepEqual(again, payer)
  assert.deepEqual(independentXWing.getPublicKey(seedOf(1)), payer.publicKey)
  const kem = new XWing()
  const { enc, sharedSecret } = await kem.encap({ recipientPublicKey: await kem.deserializePublicKey(payer.publicKey) })
  assert.deepEqual(independentXWing.decapsulate(new Uint8Array(enc), seedOf(1)), new Uint8Array(sharedSecret))
  const theirs = independentXWing.encapsulate(payer.publicKey)
  const recipientKey = await kem.deserializePrivateKey(seedOf(1))
  const ours = await kem.decap({ recipientKey, enc: theirs.cipherText.slice().buffer })
  assert.deepEqual(new Uint8Array(ours), theirs.sharedSecret)
})

test("X-Wing's first published vector (draft-connolly-cfrg-xwing-kem, appendix C)", async () => {
  const kem = new XWing()
  const seed = fromHex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26")
  const eseed = fromHex(
    "3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e235b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2",
  )
  const { publicKey } = await generateNodeKey(seed)
  const recipientPublicKey = await kem.deserializePublicKey(publicKey)
  const { sharedSecret } = await kem.encap({ recipientPublicKey, ekm: eseed.slice().buffer })
  assert.equal(toHex(new Uint8Array(sharedSecret)), "d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384")
})

interface HpkeVector {
  mode: number
  kem_id: number
  kdf_id: number
  aead_id: number
  info: string
  skRm: string
  enc: string
  encryptions: { aad: string; ciphertext: string; plaintext: string }[]
}

test("HPKE base-mode vectors: key schedule and AES-GCM of the library", async (t) => {
  if (!existsSync(vectors)) return t.skip("../shared/data/vectors/hpke.json is absent")
  const all: HpkeVector[] = JSON.parse(readFileSync(vectors, "utf8"))
  const kems = { 16: new DhkemP256HkdfSha256(), 32: new DhkemX25519HkdfSha256() }
  const aeads = { 1: new Aes128Gcm(), 2: new Aes256Gcm() }
  const usable = all.filter(({ mode, aead_id }) => mode === 0 && aead_id in aeads)
  let opened = 0
  for (const vector of usable) {
    const kem = kems[vector.kem_id as keyof typeof kems]
    const kdf = vector.kdf_id === 1 ? new HkdfSha256() : new HkdfSha512()
    const suite = new CipherSuite({ kem, kdf, aead: aeads[vector.aead_id as keyof typeof aeads] })
    const recipientKey = await kem.deserializePrivateKey(fromHex(vector.skRm).slice().buffer)
    const context = await suite.createRecipientContext({
      recipientKey,
      enc: fromHex(vector.enc).slice().buffer,
      info: fromHex(vector.info),
    })
    for (const { aad, ciphertext, plaintext } of vector.encryptions) {
      assert.equal(toHex(new Uint8Array(await context.open(fromHex(ciphertext), fromHex(aad)))), plaintext)
      opened++
    }
  }
  t.diagnostic(`${usable.length} suites, ${opened} messages`)
  assert.equal(usable.length, 4)
})
