/** What stands beside the tables and blocks of a store: its size, its head, and the genesis it began with. */
import { type BlockTime, timeCodec } from "../base/chain/header.ts"
import { decodeAs, encodeAs, fixedBytes, opt, struct, uint } from "../base/schema.ts"
import type { Bytes } from "./environment.ts"

const head = { k: uint(1, 22), height: uint(), appHash: fixedBytes(32) }
const codec1 = struct({ version: uint(1, 1), ...head })
const codec2 = struct({ version: uint(2, 2), ...head, time: opt(timeCodec), table: uint(0, 1) })

export const metaKey = Buffer.from("meta")
export const genesisKey = Buffer.from("genesis")
/** Its row stands while the table that is not the state's may hold rows: a restore was begun and is not tidied up. */
export const restoringKey = Buffer.from("restoring")

/** Two tables can hold the state's rows, so that a snapshot is restored beside them and becomes the state at once. */
export const stateTables = ["state", "state-2"] as const
export type StateTable = 0 | 1

export interface StateMeta {
  readonly k: number
  readonly height: number
  readonly appHash: Uint8Array
  /** Header time of `height`; undefined at the genesis, and in stores from before it was kept. */
  readonly time: BlockTime | undefined
  /** Index into `stateTables` of the one that holds the rows. */
  readonly table: StateTable
}

/** The stored head; undefined in a store that has not begun. @throws EncodingError when it is damaged. */
export function readMeta(table: Bytes, options?: Parameters<Bytes["get"]>[1]): StateMeta | undefined {
  const stored = table.get(metaKey, options)
  return stored && decodeMeta(stored)
}

/** @throws EncodingError when the stored bytes are no meta row. */
function decodeMeta(stored: Uint8Array): StateMeta {
  // The version is the second byte of both forms.
  if (stored[1] === 1) return { ...decodeAs(codec1, stored), time: undefined, table: 0 }
  const meta = decodeAs(codec2, stored)
  return { ...meta, table: meta.table === 0 ? 0 : 1 }
}

export function encodeMeta(meta: StateMeta): Uint8Array {
  return encodeAs(codec2, { version: 2, ...meta })
}
