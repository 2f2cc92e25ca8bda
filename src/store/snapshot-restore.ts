/**
 * One restore: chunks are checked against the hashes that the metadata names and their rows put into a table beside
 * the state's. When the last is in, the app hash that the rows make says whether they are the state that was agreed.
 */
import { equalBytes } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import type { BlockTime } from "../base/chain/header.ts"
import { decodeAs } from "../base/schema.ts"
import { BucketTree } from "./bucket-tree.ts"
import type { Bytes, Environment } from "./environment.ts"
import { type SnapshotInfo, sha256 } from "./snapshot-files.ts"
import { chunkBytes, maxMetadataBytes, metadataCodec, rowsOf, snapshotFormat } from "./snapshot-format.ts"
import { loadTree } from "./tree-load.ts"

/** A snapshot whose metadata is in agreement with itself. */
export interface Offer {
  readonly height: number
  readonly time: BlockTime
  readonly chunkHashes: readonly Uint8Array[]
}

/** Undefined when it is no snapshot of ours. Everything in it may come from an adversary. */
export function readOffer({ height, format, chunks, hash, metadata }: SnapshotInfo): Offer | undefined {
  if (format !== snapshotFormat || !Number.isSafeInteger(height) || height < 1) return undefined
  if (metadata.length > maxMetadataBytes || !equalBytes(sha256(metadata), hash)) return undefined
  try {
    const { time, chunkHashes } = decodeAs(metadataCodec, metadata)
    return chunkHashes.length === chunks ? { height, time, chunkHashes } : undefined
  } catch (error) {
    if (error instanceof EncodingError) return undefined
    throw error
  }
}

/** What became of a chunk. `whole`: it was the last, and all are in. */
export type Taken = "accept" | "retry" | "reject" | "whole"

export class SnapshotRestore {
  readonly offer: Offer
  readonly #environment: Environment
  readonly #table: Bytes
  #next = 0
  #lastKey: Uint8Array | undefined

  /** @param table - empty. */
  constructor(offer: Offer, { environment, table }: { readonly environment: Environment; readonly table: Bytes }) {
    this.offer = offer
    this.#environment = environment
    this.#table = table
  }

  take(index: number, chunk: Uint8Array): Taken {
    const { chunkHashes } = this.offer
    const hash = chunkHashes[index]
    if (hash === undefined || index > this.#next || chunk.length > chunkBytes) return "reject"
    if (!equalBytes(sha256(chunk), hash)) return "retry"
    if (index < this.#next) return "accept"
    try {
      this.#put(chunk)
    } catch (error) {
      // The hash is right, so every node that offers this snapshot has the same bad rows.
      if (error instanceof EncodingError) return "reject"
      throw error
    }
    this.#next++
    return this.#next === chunkHashes.length ? "whole" : "accept"
  }

  /** The tree of the rows as they now lie on disk. */
  tree(k: number): BucketTree {
    const tree = new BucketTree(k)
    this.#environment.resetReadTxn()
    loadTree(tree, this.#table)
    return tree
  }

  #put(chunk: Uint8Array): void {
    this.#environment.transactionSync(() => {
      let last = this.#lastKey
      for (const [key, value] of rowsOf(chunk, last)) {
        this.#table.putSync(key, value, { append: true })
        last = key
      }
      this.#lastKey = last && Uint8Array.from(last)
    })
  }
}
