/** Blocks by height, in the same environment as the state they made. Heights have no gaps. */
import { EncodingError } from "../base/cbor.ts"
import { type FinalBlock, finalBlockCodec } from "../base/chain/block.ts"
import { Fault } from "../base/fault.ts"
import { decodeAs, encodeAs } from "../base/schema.ts"
import { type Bytes, numberKey, owned } from "./environment.ts"

export class BlockLog {
  readonly #table: Bytes

  constructor(table: Bytes) {
    this.#table = table
  }

  /** The bytes of a block as stored; undefined when it is not. */
  bytes(height: number): Uint8Array | undefined {
    const stored = this.#table.getBinary(numberKey(height))
    return stored && owned(stored)
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
    this.#table.put(numberKey(block.header.height), encodeAs(finalBlockCodec, block))
  }
}
