/**
 * One organization's own working data: what it must keep and nobody else may read. Pages on disk are encrypted with a
 * key that is not in the directory. Values are bytes; a collection is a name, an id is bytes.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Fault } from "../base/fault.ts"
import { type Bytes, type Environment, openEnvironment, openTable, owned } from "./environment.ts"

export class WorkStore {
  readonly #environment: Environment
  readonly #table: Bytes

  /**
   * @param directory - the organization's own; made when absent.
   * @param encryptionKey - exactly 32 printable ASCII characters, the same at every opening.
   * @throws Fault when the key is not the one the directory was made with; TypeError when it is no key.
   */
  constructor(directory: string, encryptionKey: string) {
    if (!/^[\x21-\x7e]{32}$/.test(encryptionKey)) {
      throw new TypeError("Cannot open work store: encryptionKey is not 32 printable ASCII characters")
    }
    checkKey(directory, encryptionKey)
    this.#environment = openEnvironment(join(directory, "data"), { encryptionKey })
    this.#table = openTable(this.#environment, "work")
  }

  get(collection: string, id: Uint8Array): Uint8Array | undefined {
    const stored = this.#table.getBinary(keyOf(collection, id))
    return stored && owned(stored)
  }

  /** On disk when it resolves. Puts and removals of one turn of the event loop are one transaction. */
  async put(collection: string, id: Uint8Array, value: Uint8Array): Promise<void> {
    await this.#written(this.#table.put(keyOf(collection, id), value))
  }

  async remove(collection: string, id: Uint8Array): Promise<void> {
    await this.#written(this.#table.remove(keyOf(collection, id)))
  }

  /** The rows of a collection by ascending id, from `from` on (inclusive) and up to `to` (exclusive). */
  *range(
    collection: string,
    { from, to }: { readonly from?: Uint8Array; readonly to?: Uint8Array } = {},
  ): Iterable<readonly [id: Uint8Array, value: Uint8Array]> {
    const prefix = keyOf(collection, new Uint8Array(0))
    const start = from === undefined ? prefix : keyOf(collection, from)
    const end = to === undefined ? afterPrefix(prefix) : keyOf(collection, to)
    for (const { key, value } of this.#table.getRange({ start, end })) {
      yield [owned((key as Buffer).subarray(prefix.length)), owned(value)]
    }
  }

  /** Every row of every collection, in the order of their names. */
  *all(): Iterable<{ readonly collection: string; readonly id: Uint8Array; readonly value: Uint8Array }> {
    for (const { key, value } of this.#table.getRange({})) {
      const end = (key as Buffer).indexOf(0)
      const collection = Buffer.from(key.subarray(0, end)).toString("latin1")
      yield { collection, id: owned(key.subarray(end + 1)), value: owned(value) }
    }
  }

  /** The collections that hold something, by name. Skips from one to the next: it costs no more than there are names. */
  collections(): readonly string[] {
    const names: string[] = []
    for (let start: Uint8Array | undefined; ; ) {
      const [first] = this.#table.getRange({ ...(start && { start }), limit: 1 })
      if (first === undefined) return names
      const key = first.key as Buffer
      const prefix = key.subarray(0, key.indexOf(0) + 1)
      names.push(prefix.subarray(0, -1).toString("latin1"))
      start = afterPrefix(prefix)
    }
  }

  async close(): Promise<void> {
    await this.#environment.close()
  }

  async #written(done: Promise<boolean>): Promise<void> {
    try {
      await done
    } catch (cause) {
      throw new Fault("Cannot write working data to disk", { retryable: true, cause })
    }
  }
}

/** Collection names hold no zero byte, so the keys of two collections never mix. */
function keyOf(collection: string, id: Uint8Array): Uint8Array {
  if (!/^[a-z0-9-]{1,40}$/.test(collection)) throw new TypeError(`Cannot use collection: ${collection} is not a name`)
  const prefix = Buffer.from(`${collection}\0`, "latin1")
  return Buffer.concat([prefix, id])
}

function afterPrefix(prefix: Uint8Array): Uint8Array {
  const end = Uint8Array.from(prefix)
  end[end.length - 1] = 1
  return end
}

/**
 * LMDB tells a wrong key only by pages that do not read. A salted MAC beside the data tells it before any page is
 * touched.
 */
function checkKey(directory: string, encryptionKey: string): void {
  const path = join(directory, "key-check")
  const macOf = (salt: Uint8Array) => createHmac("sha256", encryptionKey).update(salt).digest()
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    if (!existsSync(path)) {
      if (existsSync(join(directory, "data"))) throw new Error("key-check is missing beside data")
      const salt = randomBytes(32)
      writeFileSync(path, Buffer.concat([salt, macOf(salt)]), { mode: 0o600, flush: true })
      return
    }
    const stored = readFileSync(path)
    if (stored.length === 64 && timingSafeEqual(macOf(stored.subarray(0, 32)), stored.subarray(32))) return
  } catch (cause) {
    throw new Fault(`Cannot open the work store in ${directory}`, { cause })
  }
  throw new Fault(`Cannot open the work store in ${directory}: the key is not the one it was made with`)
}
