/** What stands beside the tables and blocks of a store: its size, its head, and the genesis it began with. */
import { decodeAs, encodeAs, fixedBytes, struct, uint } from "../base/schema.ts"

const metaCodec = struct({ version: uint(1, 1), k: uint(1, 22), height: uint(), appHash: fixedBytes(32) })
export const metaKey = Buffer.from("meta")
export const genesisKey = Buffer.from("genesis")

export interface StateMeta {
  readonly k: number
  readonly height: number
  readonly appHash: Uint8Array
}

/** @throws EncodingError when the stored bytes are no meta row. */
export function decodeMeta(stored: Uint8Array): StateMeta {
  return decodeAs(metaCodec, stored)
}

export function encodeMeta(meta: StateMeta): Uint8Array {
  return encodeAs(metaCodec, { version: 1, ...meta })
}
