/**
 * Published vectors for the primitives under sealing, run against the very libraries that seal: Web Crypto's AES-GCM
 * (HPKE, category stanza), noble's ChaCha20-Poly1305 (age), both ML-KEM-768 (X-Wing, age) and noble's X25519.
 */
import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { gunzipSync } from "node:zlib"
import { chacha20poly1305 } from "@noble/ciphers/chacha.js"
import { x25519 } from "@noble/curves/ed25519.js"
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js"
import { MlKem768 } from "mlkem"
import { fromHex, toHex } from "../base/bytes.ts"

const folder = join(import.meta.dirname, "../../../shared/data/vectors/wycheproof")
type Case = Readonly<Record<string, string>> & { readonly tcId: number }
interface Group {
  readonly keySize?: number
  readonly ivSize?: number
  readonly tests: readonly Case[]
}

/** Runs the body over a suite's groups, or skips where the suite is not there. */
async function suite(t: TestContext, file: string, body: (group: Group) => Promise<void>): Promise<void> {
  const path = join(folder, file)
  if (!existsSync(path)) return t.skip(`../shared/data/vectors/wycheproof/${file} is absent`)
  const bytes = readFileSync(path)
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8")
  for (const group of JSON.parse(text).testGroups as Group[]) await body(group)
}

/** The result in hex, or undefined where the library refused. */
async function attempt(run: () => Uint8Array | Promise<Uint8Array>): Promise<string | undefined> {
  try {
    return toHex(await run())
  } catch {
    return undefined
  }
}

const of = (test: Case, field: string) => fromHex(test[field]!)

test("Wycheproof AES-256-GCM, 96-bit nonces: Web Crypto", async (t) => {
  const seen: Record<string, number> = {}
  await suite(t, "aes_gcm.json", async ({ keySize, ivSize, tests }) => {
    if (keySize !== 256 || ivSize !== 96) return
    for (const vector of tests) {
      const opened = await attempt(async () => {
        const key = await crypto.subtle.importKey("raw", of(vector, "key").slice(), "AES-GCM", false, ["decrypt"])
        const parameters = { name: "AES-GCM", iv: of(vector, "iv").slice(), additionalData: of(vector, "aad").slice() }
        return new Uint8Array(
          await crypto.subtle.decrypt(parameters, key, fromHex(vector["ct"]! + vector["tag"]!).slice()),
        )
      })
      assert.equal(opened, vector["result"] === "valid" ? vector["msg"] : undefined, `case ${vector.tcId}`)
      seen[vector["result"]!] = (seen[vector["result"]!] ?? 0) + 1
    }
    assert.equal(tests.length, 33)
  })
  t.diagnostic(JSON.stringify(seen))
})

test("Wycheproof ChaCha20-Poly1305: noble", async (t) => {
  let count = 0
  await suite(t, "chacha20_poly1305.json", async ({ tests }) => {
    for (const vector of tests) {
      const opened = await attempt(() =>
        chacha20poly1305(of(vector, "key"), of(vector, "iv"), of(vector, "aad")).decrypt(
          fromHex(vector["ct"]! + vector["tag"]!),
        ),
      )
      assert.equal(opened, vector["result"] === "valid" ? vector["msg"] : undefined, `case ${vector.tcId}`)
      count++
    }
  })
  t.diagnostic(`${count} cases`)
})

test("Wycheproof X25519: noble; a shared secret of zero is refused", async (t) => {
  let count = 0
  await suite(t, "x25519.json", async ({ tests }) => {
    for (const vector of tests) {
      const shared = await attempt(() => x25519.getSharedSecret(of(vector, "private"), of(vector, "public")))
      const isZero = /^0*$/.test(vector["shared"]!)
      assert.equal(shared, isZero ? undefined : vector["shared"], `case ${vector.tcId}`)
      count++
    }
  })
  t.diagnostic(`${count} cases`)
})

test("Wycheproof ML-KEM-768: noble's and HPKE's give the vector's key and secret", async (t) => {
  const seen: Record<string, number> = {}
  const kem = new MlKem768()
  await suite(t, "mlkem_768.json.gz", async ({ tests }) => {
    for (const vector of tests) {
      const noble = await attempt(() =>
        ml_kem768.decapsulate(of(vector, "c"), ml_kem768.keygen(of(vector, "seed")).secretKey),
      )
      const hpke = await attempt(async () => {
        const [, secretKey] = await kem.deriveKeyPair(of(vector, "seed"))
        return kem.decap(of(vector, "c"), secretKey)
      })
      const good = vector["result"] === "valid"
      assert.equal(noble, good ? vector["K"] : undefined, `noble, case ${vector.tcId}`)
      assert.equal(hpke, good ? vector["K"] : undefined, `HPKE, case ${vector.tcId}`)
      if (good) {
        assert.equal(toHex(ml_kem768.keygen(of(vector, "seed")).publicKey), vector["ek"])
        assert.equal(toHex((await kem.deriveKeyPair(of(vector, "seed")))[0]), vector["ek"])
      }
      seen[vector["result"]!] = (seen[vector["result"]!] ?? 0) + 1
    }
  })
  t.diagnostic(JSON.stringify(seen))
})
