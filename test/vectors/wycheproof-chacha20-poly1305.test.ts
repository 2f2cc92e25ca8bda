/** Wycheproof, ChaCha20-Poly1305 and XChaCha20-Poly1305, against the libraries that a node loads. */
import assert from "node:assert/strict"
import { createDecipheriv } from "node:crypto"
import sodium from "libsodium-wrappers-sumo"
import { fromHexText, vectorJson, vectorTest } from "./published.ts"

interface Case {
  tcId: number
  key: string
  iv: string
  aad: string
  msg: string
  ct: string
  tag: string
  result: "valid" | "invalid"
}
interface Suite {
  testGroups: { tests: Case[] }[]
}
interface Sealed {
  key: Uint8Array
  nonce: Uint8Array
  aad: Uint8Array
  cipher: Uint8Array
  tag: Uint8Array
}

function openWithOpenSsl({ key, nonce, aad, cipher, tag }: Sealed): Uint8Array | undefined {
  if (nonce.length !== 12) return undefined
  try {
    const decipher = createDecipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 })
    decipher.setAAD(aad, { plaintextLength: cipher.length })
    decipher.setAuthTag(tag)
    return new Uint8Array(Buffer.concat([decipher.update(cipher), decipher.final()]))
  } catch {
    return undefined
  }
}

function openWithSodium({ key, nonce, aad, cipher, tag }: Sealed, extended: boolean): Uint8Array | undefined {
  const joined = new Uint8Array([...cipher, ...tag])
  try {
    return extended
      ? sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, joined, aad, nonce, key)
      : sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, joined, aad, nonce, key)
  } catch {
    return undefined
  }
}

function run(file: string, openers: readonly ((sealed: Sealed) => Uint8Array | undefined)[]) {
  const seen = { valid: 0, invalid: 0 }
  for (const { tests } of vectorJson<Suite>(file).testGroups) {
    for (const { tcId, key, iv, aad, msg, ct, tag, result } of tests) {
      seen[result]++
      const sealed = {
        key: fromHexText(key),
        nonce: fromHexText(iv),
        aad: fromHexText(aad),
        cipher: fromHexText(ct),
        tag: fromHexText(tag),
      }
      const wanted = result === "valid" ? fromHexText(msg) : undefined
      for (const open of openers) assert.deepEqual(open(sealed), wanted, `${file} ${tcId}`)
    }
  }
  return seen
}

vectorTest("Wycheproof ChaCha20-Poly1305: OpenSSL and libsodium", "wycheproof", async (context) => {
  await sodium.ready
  const seen = run("wycheproof/chacha20_poly1305.json", [openWithOpenSsl, (sealed) => openWithSodium(sealed, false)])
  context.diagnostic(JSON.stringify(seen))
  assert.deepEqual(seen, { valid: 128, invalid: 34 })
})

vectorTest("Wycheproof XChaCha20-Poly1305: libsodium", "wycheproof", async (context) => {
  await sodium.ready
  const seen = run("wycheproof/xchacha20_poly1305.json", [(sealed) => openWithSodium(sealed, true)])
  context.diagnostic(JSON.stringify(seen))
  assert.deepEqual(seen, { valid: 123, invalid: 34 })
})
