/**
 * Snapshots on disk, a folder each: `<height>/metadata` and the chunks `<height>/0`, `<height>/1` … A folder appears
 * by a rename when all in it is on disk, and goes by one before anything in it is removed.
 */
import { createHash, webcrypto } from "node:crypto"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { mkdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { EncodingError } from "../base/cbor.ts"
import type { BlockTime } from "../base/chain/header.ts"
import { decodeAs, encodeAs } from "../base/schema.ts"
import { syncPath, writeDurably } from "./durable-files.ts"
import { metadataCodec, snapshotFormat } from "./snapshot-format.ts"

/** What is told of a snapshot before any chunk is fetched. */
export interface SnapshotInfo {
  readonly height: number
  readonly format: number
  readonly chunks: number
  readonly hash: Uint8Array
  readonly metadata: Uint8Array
}

const keptSnapshots = 3
const unfinishedSuffix = ".unfinished"
const removedSuffix = ".removed"

export class SnapshotFiles {
  readonly #folder: string
  #known: readonly SnapshotInfo[] | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Whole ones, by ascending height. */
  list(): readonly SnapshotInfo[] {
    this.#known ??= this.#read()
    return this.#known
  }

  /** Undefined where there is none, or no longer. */
  load(height: number, format: number, chunk: number): Uint8Array | undefined {
    const info = this.list().find((known) => known.height === height && known.format === format)
    if (info === undefined || !Number.isInteger(chunk) || chunk < 0 || chunk >= info.chunks) return undefined
    try {
      return readFileSync(join(this.#folder, String(height), String(chunk)))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
      throw error
    }
  }

  /** Keeps a snapshot and lets go of the oldest. On disk when it resolves; nothing is left where it rejects. */
  async write(height: number, time: BlockTime, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const unfinished = join(this.#folder, `${height}${unfinishedSuffix}`)
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await this.#tidy()
    try {
      await mkdir(unfinished, { mode: 0o700 })
      const chunkHashes: Uint8Array[] = []
      for await (const chunk of chunks) {
        await writeDurably(join(unfinished, String(chunkHashes.length)), chunk)
        // On another thread: blocks go on meanwhile.
        chunkHashes.push(new Uint8Array(await webcrypto.subtle.digest("SHA-256", chunk)))
      }
      await writeDurably(join(unfinished, "metadata"), encodeAs(metadataCodec, { time, chunkHashes }))
      await syncPath(unfinished)
      await rename(unfinished, join(this.#folder, String(height)))
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true })
      throw error
    }
    this.#known = undefined
    await this.#dropOldest()
    await syncPath(this.#folder)
  }

  async #dropOldest(): Promise<void> {
    for (const { height } of this.list().slice(0, -keptSnapshots)) {
      await rename(join(this.#folder, String(height)), join(this.#folder, `${height}${removedSuffix}`))
    }
    this.#known = undefined
    await this.#tidy()
  }

  /** Removes what a crash left half made or half removed. */
  async #tidy(): Promise<void> {
    for (const name of readdirSync(this.#folder)) {
      if (name.endsWith(unfinishedSuffix) || name.endsWith(removedSuffix))
        await rm(join(this.#folder, name), { recursive: true, force: true })
    }
  }

  #read(): readonly SnapshotInfo[] {
    if (!existsSync(this.#folder)) return []
    const names = readdirSync(this.#folder).filter((name) => /^[1-9][0-9]*$/.test(name))
    const found = names.map((name) => readInfo(this.#folder, name)).filter((info) => info !== undefined)
    return found.sort((a, b) => a.height - b.height)
  }
}

/** Undefined when the metadata is not what was written: the disk has changed it, and nobody is offered it. */
function readInfo(folder: string, name: string): SnapshotInfo | undefined {
  try {
    const metadata = new Uint8Array(readFileSync(join(folder, name, "metadata")))
    const { chunkHashes } = decodeAs(metadataCodec, metadata)
    const chunks = chunkHashes.length
    return { height: Number(name), format: snapshotFormat, chunks, hash: sha256(metadata), metadata }
  } catch (error) {
    if (error instanceof EncodingError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}

/** On large inputs, the platform's own is several times as fast as a pure one. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest())
}
