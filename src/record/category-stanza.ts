/**
 * The one stanza of ours in an age header: the file key under a category key. Each file derives its own wrapping key,
 * HKDF-SHA256(category key, fresh salt), so AES-256-GCM never sees a nonce twice however many files there are, and the
 * stanza shows nothing that two files of one patient share. The key id is authenticated, not written. A second derived
 * value commits to the category key: GCM alone would let a crafted stanza open under two keys.
 */
import { hkdf } from "@noble/hashes/hkdf.js"
import { sha256 } from "@noble/hashes/sha2.js"
import { base64nopad } from "@scure/base"
import { type Identity, type Recipient, Stanza } from "age-encryption"
import { toUtf8 } from "#crypto"
import { equalBytes } from "../base/bytes.ts"
import type { CategoryKey } from "../privacy/keys.ts"

const stanzaType = "countersign/1/category"
const info = toUtf8("countersign/1/category-stanza")
const fileKeyLength = 16
const tagLength = 16
/** Never repeats: the key is used once. */
const nonce = new Uint8Array(12)

interface Derived {
  readonly wrappingKey: Uint8Array
  readonly commitment: Uint8Array
}

function deriveFor({ key }: CategoryKey, salt: Uint8Array): Derived {
  const derived = hkdf(sha256, key, salt, info, 64)
  return { wrappingKey: derived.subarray(0, 32), commitment: derived.subarray(32) }
}

function aesKey(bytes: Uint8Array, usage: "encrypt" | "decrypt") {
  return crypto.subtle.importKey("raw", bytes.slice(), "AES-GCM", false, [usage])
}

const parameters = ({ id }: CategoryKey) => ({ name: "AES-GCM", iv: nonce, additionalData: id.slice() })

export class CategoryRecipient implements Recipient {
  readonly #key: CategoryKey

  constructor(key: CategoryKey) {
    this.#key = key
  }

  async wrapFileKey(fileKey: Uint8Array): Promise<Stanza[]> {
    const salt = crypto.getRandomValues(new Uint8Array(32))
    const { wrappingKey, commitment } = deriveFor(this.#key, salt)
    const wrapped = await crypto.subtle.encrypt(
      parameters(this.#key),
      await aesKey(wrappingKey, "encrypt"),
      fileKey.slice(),
    )
    const args = [stanzaType, base64nopad.encode(salt), base64nopad.encode(commitment)]
    return [new Stanza(args, new Uint8Array(wrapped))]
  }
}

export class CategoryIdentity implements Identity {
  readonly #key: CategoryKey

  constructor(key: CategoryKey) {
    this.#key = key
  }

  /** The file key, or null where no stanza is for this key. Throws only for one that is and is broken, as age asks. */
  async unwrapFileKey(stanzas: Stanza[]): Promise<Uint8Array | null> {
    for (const { args, body } of stanzas) {
      if (args[0] !== stanzaType || args.length !== 3) continue
      const { wrappingKey, commitment } = deriveFor(this.#key, base64nopad.decode(args[1]!))
      if (!equalBytes(commitment, base64nopad.decode(args[2]!))) continue
      if (body.length !== fileKeyLength + tagLength) throw new Error("invalid category stanza")
      const key = await aesKey(wrappingKey, "decrypt")
      return new Uint8Array(await crypto.subtle.decrypt(parameters(this.#key), key, body.slice()))
    }
    return null
  }
}
