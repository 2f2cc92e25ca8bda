/**
 * The vault: a folder of sealed blobs, each named by the SHA-256 of its ciphertext. It never sees a key or a clear byte.
 * What `put` has returned for survives a crash; every `get` is logged before a byte is handed out, and no blob is handed
 * out whose log line could not be written.
 */
import { randomBytes } from "node:crypto"
import { mkdir, open, readdir, readFile, rename, rm, stat, unlink } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { sha256 } from "#crypto"
import { assert } from "../base/assert.ts"
import { equalBytes, toHex } from "../base/bytes.ts"
import { Fault } from "../base/fault.ts"

/** Who reads, when, what for: becomes a line of the access log. */
export interface Reader {
  /** Seconds since 1970. */
  readonly time: number
  readonly who: string
  readonly purpose: string
}

export interface Read extends Reader {
  readonly digest: Uint8Array
}

/** Keeps the line durably before it resolves; when it rejects, the blob stays closed. */
export type RecordRead = (read: Read) => Promise<void>

export interface Vault {
  /** Stores a sealed blob durably and gives its name. The same blob twice is one blob. */
  put(sealed: Uint8Array): Promise<Uint8Array>
  /** The blob, or undefined where there is none; a read is logged either way. */
  get(digest: Uint8Array, reader: Reader): Promise<Uint8Array | undefined>
  has(digest: Uint8Array): Promise<boolean>
  /** Removes the blob; keys and salts are their holders' to destroy. True when there was one. */
  erase(digest: Uint8Array): Promise<boolean>
}

const unfinishedSuffix = ".unfinished"
const isAbsent = (error: unknown) => (error as { code?: string }).code === "ENOENT"

function failed(what: string, cause: unknown): never {
  if (cause instanceof Fault) throw cause
  throw new Fault(`Cannot ${what}: the vault's disk failed`, { retryable: true, cause })
}

/** Makes a rename or a removal in this folder survive a crash. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const unfinished = `${path}.${randomBytes(8).toString("hex")}${unfinishedSuffix}`
  try {
    const handle = await open(unfinished, "wx", 0o600)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

class FolderVault implements Vault {
  readonly #folder: string
  readonly #recordRead: RecordRead

  constructor(folder: string, recordRead: RecordRead) {
    this.#folder = folder
    this.#recordRead = recordRead
  }

  #path(digest: Uint8Array): string {
    assert(digest.length === 32, "a sealed entry is named by a digest of 32 bytes")
    const name = toHex(digest)
    return join(this.#folder, name.slice(0, 2), name)
  }

  async put(sealed: Uint8Array): Promise<Uint8Array> {
    const digest = sha256(sealed)
    const path = this.#path(digest)
    const kept = await this.#read(digest)
    try {
      if (kept !== undefined && equalBytes(kept, sealed)) {
        // Another call may have put it there a moment ago and not be done.
        await syncFolder(dirname(path))
        return digest
      }
      // A new sub-folder is durable only once its parent is.
      if ((await mkdir(dirname(path), { recursive: true })) !== undefined) await syncFolder(this.#folder)
      await writeDurably(path, sealed)
    } catch (error) {
      failed("store a sealed entry", error)
    }
    return digest
  }

  async get(digest: Uint8Array, reader: Reader): Promise<Uint8Array | undefined> {
    await this.#recordRead({ ...reader, digest })
    const sealed = await this.#read(digest)
    if (sealed !== undefined && !equalBytes(sha256(sealed), digest)) {
      throw new Fault("Cannot read a sealed entry: its bytes changed on disk")
    }
    return sealed
  }

  async has(digest: Uint8Array): Promise<boolean> {
    try {
      return (await stat(this.#path(digest))).isFile()
    } catch (error) {
      return isAbsent(error) ? false : failed("look for a sealed entry", error)
    }
  }

  async #read(digest: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await readFile(this.#path(digest)))
    } catch (error) {
      return isAbsent(error) ? undefined : failed("read a sealed entry", error)
    }
  }

  async erase(digest: Uint8Array): Promise<boolean> {
    const path = this.#path(digest)
    try {
      await unlink(path)
      await syncFolder(dirname(path))
      return true
    } catch (error) {
      return isAbsent(error) ? false : failed("erase a sealed entry", error)
    }
  }
}

/** Files of writes that a crash cut off. */
async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    if (name.endsWith(unfinishedSuffix)) await rm(join(folder, name), { force: true })
  }
}

/**
 * Opens the vault in this folder, making it where there is none; one process at a time. `recordRead` is called for
 * every read. Throws Fault where the folder cannot be used.
 */
export async function openVault(folder: string, recordRead: RecordRead): Promise<Vault> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await syncFolder(dirname(resolve(folder)))
    await removeUnfinished(folder)
  } catch (error) {
    failed("open the vault", error)
  }
  return new FolderVault(folder, recordRead)
}
