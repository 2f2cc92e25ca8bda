/**
 * A node's working data under text names: letters, visits, members, keys. Values are structured and written with the
 * platform's own serialization. The store's pages are encrypted but not authenticated (LMDB's own cipher), so each
 * value is sealed once more (XChaCha20-Poly1305), bound to its place: nobody can change one, or move it to another id.
 */
import { hkdfSync, randomBytes } from "node:crypto"
import { deserialize, serialize } from "node:v8"
import sodium from "sodium-native"
import { fromUtf8, toUtf8 } from "#crypto"
import { assert } from "../base/assert.ts"
import { concat } from "../base/bytes.ts"
import { Fault } from "../base/fault.ts"
import type { WorkStore } from "../store/work-store.ts"

const nonceLength = 24

export class Work {
  readonly #store: WorkStore
  readonly #key: Uint8Array

  /** @param startKey - what opens the organization's directory; the key of the seals is derived from it. */
  constructor(store: WorkStore, startKey: string) {
    this.#store = store
    this.#key = new Uint8Array(hkdfSync("sha256", startKey, "", "countersign/1/work-values", 32))
  }

  #place(collection: string, id: string): Uint8Array {
    return toUtf8(`${collection}\0${id}`)
  }

  #seal(collection: string, id: string, value: unknown): Uint8Array {
    const clear = serialize(value)
    const sealed = Buffer.alloc(clear.length + sodium.crypto_aead_xchacha20poly1305_ietf_ABYTES)
    const nonce = randomBytes(nonceLength)
    const place = this.#place(collection, id)
    sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, clear, place, null, nonce, this.#key)
    return concat(nonce, sealed)
  }

  #open(collection: string, id: string, sealed: Uint8Array): unknown {
    const clear = Buffer.alloc(
      Math.max(0, sealed.length - nonceLength - sodium.crypto_aead_xchacha20poly1305_ietf_ABYTES),
    )
    const [nonce, body] = [sealed.subarray(0, nonceLength), sealed.subarray(nonceLength)]
    try {
      const place = this.#place(collection, id)
      sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(clear, null, body, place, nonce, this.#key)
    } catch (cause) {
      throw new Fault(`Cannot read working data: a value in ${collection} was changed on disk`, { cause })
    }
    return plain(deserialize(clear))
  }

  has(collection: string, id: string): boolean {
    return this.#store.get(collection, toUtf8(id)) !== undefined
  }

  /** @throws Fault when the value was changed or moved on disk. */
  get<T>(collection: string, id: string): T | undefined {
    const stored = this.#store.get(collection, toUtf8(id))
    return stored === undefined ? undefined : (this.#open(collection, id, stored) as T)
  }

  /** On disk when it resolves. */
  put(collection: string, id: string, value: unknown): Promise<void> {
    return this.#store.put(collection, toUtf8(id), this.#seal(collection, id, value))
  }

  remove(collection: string, id: string): Promise<void> {
    return this.#store.remove(collection, toUtf8(id))
  }

  /** Rows of a collection, none of them opened; at most `most`. */
  count(collection: string, most = 10_000): number {
    let count = 0
    for (const _row of this.#store.range(collection)) if (++count === most) break
    return count
  }

  /** Every value of every collection, sealed anew in another store. @returns how many. */
  async copyTo(other: Work): Promise<number> {
    let count = 0
    let written: Promise<void>[] = []
    for (const { collection, id, value } of this.#store.all()) {
      const name = fromUtf8(id)
      assert(name !== undefined, "ids of working data are text")
      written.push(other.put(collection, name, this.#open(collection, name, value)))
      count++
      // So many at once are one write to disk; more would only lie in memory.
      if (written.length < 1000) continue
      await Promise.all(written)
      written = []
    }
    await Promise.all(written)
    return count
  }

  /** The names of all collections that hold something. */
  collections(): readonly string[] {
    return this.#store.collections()
  }

  /** By ascending id, only those that begin with `prefix`. A snapshot: safe to change the collection while reading. */
  rows<T>(collection: string, prefix = ""): readonly (readonly [id: string, value: T])[] {
    const rows: (readonly [string, T])[] = []
    for (const [id, value] of this.#store.range(collection, { from: toUtf8(prefix) })) {
      const name = fromUtf8(id)
      assert(name !== undefined, "ids of working data are text")
      if (!name.startsWith(prefix)) break
      rows.push([name, this.#open(collection, name, value) as T])
    }
    return rows
  }
}

/** Serialization gives Buffers back where Uint8Arrays went in; everything else of ours expects the latter. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === "object" && value !== null && !(value instanceof Map)) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]))
  }
  return value
}
