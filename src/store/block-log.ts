/**
 * Blocks by height, in the same environment as the state they made. Heights have no gaps. A block is cut into pieces
 * that fit beside another on a page: a value of many pages makes LMDB search its free pages for a run of them, and on
 * a large store that search costs more than everything else a block writes.
 */
import { concat } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import { type FinalBlock, finalBlockCodec } from "../base/chain/block.ts"
import { Fault } from "../base/fault.ts"
import { decodeAs, encodeAs } from "../base/schema.ts"
import type { Bytes } from "./environment.ts"

export class BlockLog {
  readonly #table: Bytes

  constructor(table: Bytes) {
    this.#table = table
  }

  /** The bytes of a block as stored; undefined when it is not. */
  bytes(height: number): Uint8Array | undefined {
    const pieces: Uint8Array[] = []
    for (const { value } of this.#table.getRange({ start: pieceKey(height, 0), end: pieceKey(height + 1, 0) }))
      pieces.push(value)
    return pieces.length === 0 ? undefined : concat(...pieces)
  }

  /** @throws Fault when the stored bytes are not a block: the disk has changed them. */
  get(height: number): FinalBlock | undefined {
    const stored = this.bytes(height)
    if (stored === undefined) return undefined
    try {
      return decodeAs(finalBlockCodec, stored)
    } catch (cause) {
      if (!(cause instanceof EncodingError)) throw cause
      throw new Fault(`Cannot read block ${height}: its stored bytes are damaged`, { cause })
    }
  }

  /** Inside a transaction of the environment only. */
  put(block: FinalBlock): void {
    const bytes = encodeAs(finalBlockCodec, block)
    const { height } = block.header
    for (let at = 0, piece = 0; at < bytes.length; at += pieceBytes, piece++)
      this.#table.put(pieceKey(height, piece), bytes.subarray(at, at + pieceBytes))
  }
}

/** Two such values and their keys fit a page of 4 KiB. */
const pieceBytes = 1980

/** Sorts by height, then piece. */
function pieceKey(height: number, piece: number): Uint8Array {
  const key = Buffer.alloc(12)
  key.writeBigUInt64BE(BigInt(height))
  key.writeUInt32BE(piece, 8)
  return key
}
