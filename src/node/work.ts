/**
 * A node's working data under text names: letters, visits, members, keys. Values are structured and written with the
 * platform's own serialization; everything lands in the encrypted work store and nowhere else.
 */
import { deserialize, serialize } from "node:v8"
import { fromUtf8, toUtf8 } from "#crypto"
import { assert } from "../base/assert.ts"
import type { WorkStore } from "../store/work-store.ts"

export class Work {
  readonly #store: WorkStore

  constructor(store: WorkStore) {
    this.#store = store
  }

  has(collection: string, id: string): boolean {
    return this.#store.get(collection, toUtf8(id)) !== undefined
  }

  get<T>(collection: string, id: string): T | undefined {
    const stored = this.#store.get(collection, toUtf8(id))
    return stored === undefined ? undefined : (plain(deserialize(stored)) as T)
  }

  /** On disk when it resolves. */
  put(collection: string, id: string, value: unknown): Promise<void> {
    return this.#store.put(collection, toUtf8(id), serialize(value))
  }

  remove(collection: string, id: string): Promise<void> {
    return this.#store.remove(collection, toUtf8(id))
  }

  /** By ascending id, only those that begin with `prefix`. A snapshot: safe to change the collection while reading. */
  rows<T>(collection: string, prefix = ""): readonly (readonly [id: string, value: T])[] {
    const rows: (readonly [string, T])[] = []
    for (const [id, value] of this.#store.range(collection, { from: toUtf8(prefix) })) {
      const name = fromUtf8(id)
      assert(name !== undefined, "ids of working data are text")
      if (!name.startsWith(prefix)) break
      rows.push([name, plain(deserialize(value)) as T])
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
