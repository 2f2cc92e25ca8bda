/**
 * The bytes of a snapshot, format 1. A chunk is rows one after the other, each `u16 key length ‖ u32 value length ‖
 * key ‖ value` (big-endian), where key is table name ‖ 0x00 ‖ the row's key; rows ascend by key through all chunks.
 * A chunk ends where the next row would pass 8 MiB. So the same state gives the same bytes on every node.
 */
import { assert } from "../base/assert.ts"
import { EncodingError } from "../base/cbor.ts"
import { timeCodec } from "../base/chain/header.ts"
import { b32, list, struct } from "../base/schema.ts"

export const snapshotFormat = 1
export const chunkBytes = 8 * 1024 * 1024
/** CometBFT takes no more chunks; so many hashes are 3.4 MB of the 4 MB that metadata may have. */
const maxChunks = 100_000
export const maxMetadataBytes = 4_000_000

/** Metadata: the header time of the height, and the SHA-256 of each chunk. */
export const metadataCodec = struct({ time: timeCodec, chunkHashes: list(b32, 1, maxChunks) })

const rowHeadBytes = 6
/** LMDB's on pages of 4 KiB. */
const maxKeyBytes = 1978
const maxTableName = 40

/** Packs rows into chunks. */
export class ChunkWriter {
  #chunk = Buffer.allocUnsafeSlow(chunkBytes)
  #length = 0

  /** Adds a row; gives the chunk before it, a copy of nobody else's, when this one had no room there. */
  add(key: Uint8Array, value: Uint8Array): Uint8Array | undefined {
    const length = rowHeadBytes + key.length + value.length
    assert(length <= chunkBytes && key.length <= maxKeyBytes, "a row fits into a chunk")
    const full = this.#length + length > chunkBytes ? this.finish() : undefined
    const at = this.#length
    this.#chunk.writeUInt16BE(key.length, at)
    this.#chunk.writeUInt32BE(value.length, at + 2)
    this.#chunk.set(key, at + rowHeadBytes)
    this.#chunk.set(value, at + rowHeadBytes + key.length)
    this.#length += length
    return full
  }

  /** The chunk that is open, possibly empty; a new one begins. */
  finish(): Uint8Array {
    const full = this.#chunk.subarray(0, this.#length)
    this.#chunk = Buffer.allocUnsafeSlow(chunkBytes)
    this.#length = 0
    return full
  }
}

/**
 * The rows of a chunk, views of it.
 *
 * @param last - the key before the first, which must be lower; undefined in the first chunk.
 * @throws EncodingError when the bytes are no rows, or the rows do not ascend. They may come from an adversary.
 */
export function* rowsOf(chunk: Uint8Array, last?: Uint8Array): Iterable<readonly [key: Buffer, value: Buffer]> {
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
  let before = last
  for (let at = 0; at < bytes.length; ) {
    if (at + rowHeadBytes > bytes.length) bad("a row is cut off")
    const keyAt = at + rowHeadBytes
    const valueAt = keyAt + bytes.readUInt16BE(at)
    at = valueAt + bytes.readUInt32BE(at + 2)
    if (at > bytes.length) bad("a row is cut off")
    const key = bytes.subarray(keyAt, valueAt)
    if (!isRowKey(key)) bad("a key is of no table")
    if (before !== undefined && Buffer.compare(before, key) >= 0) bad("rows do not ascend")
    before = key
    yield [key, bytes.subarray(valueAt, at)]
  }
}

/** A table's name, a zero byte, and at least one byte of key. */
function isRowKey(key: Buffer): boolean {
  if (key.length > maxKeyBytes) return false
  const end = key.indexOf(0)
  if (end < 1 || end > maxTableName || end + 1 === key.length) return false
  for (let i = 0; i < end; i++) if (key[i]! < 0x21 || key[i]! > 0x7e) return false
  return true
}

function bad(what: string): never {
  throw new EncodingError(`Cannot read snapshot: ${what}`)
}
