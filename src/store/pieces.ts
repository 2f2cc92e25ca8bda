/**
 * Byte strings by height, cut into pieces that fit beside another on a page: a value of many pages makes LMDB search
 * its free pages for a run of them, and on a large store that search costs more than everything else a block writes.
 */
import { concat } from "../base/bytes.ts"
import type { Bytes } from "./environment.ts"

/** Two such values and their keys fit a page of 4 KiB. */
const pieceBytes = 1980

export class Pieces {
  readonly #table: Bytes

  constructor(table: Bytes) {
    this.#table = table
  }

  /** Undefined where nothing stands. */
  get(height: number): Uint8Array | undefined {
    const pieces: Uint8Array[] = []
    for (const { value } of this.#table.getRange({ start: pieceKey(height, 0), end: pieceKey(height + 1, 0) }))
      pieces.push(value)
    return pieces.length === 0 ? undefined : concat(...pieces)
  }

  has(height: number): boolean {
    return this.#table.doesExist(pieceKey(height, 0))
  }

  /** The lowest height at which something stands. */
  lowest(): number | undefined {
    for (const key of this.#table.getKeys({ limit: 1 })) return heightOf(key as Buffer)
    return undefined
  }

  /** Every height at which something stands, ascending. */
  heights(): number[] {
    const heights = new Set<number>()
    for (const key of this.#table.getKeys()) heights.add(heightOf(key as Buffer))
    return [...heights]
  }

  /** Inside a transaction of the environment only, where nothing stands yet. */
  put(height: number, bytes: Uint8Array): void {
    for (let at = 0, piece = 0; at < bytes.length; at += pieceBytes, piece++)
      this.#table.put(pieceKey(height, piece), bytes.subarray(at, at + pieceBytes))
  }

  /** Inside a transaction of the environment only. Returns how many pieces there were. */
  remove(height: number): number {
    const keys = [...this.#table.getKeys({ start: pieceKey(height, 0), end: pieceKey(height + 1, 0) })]
    for (const key of keys) this.#table.remove(key)
    return keys.length
  }
}

/** Sorts by height, then piece. */
function pieceKey(height: number, piece: number): Uint8Array {
  const key = Buffer.alloc(12)
  key.writeBigUInt64BE(BigInt(height))
  key.writeUInt32BE(piece, 8)
  return key
}

function heightOf(key: Buffer): number {
  return Number(key.readBigUInt64BE())
}
