/** Row hashes straight into their place: the one-shot hash as hex costs a third of one that returns a buffer. */
import { hash } from "node:crypto"
import { Writer } from "../base/cbor.ts"

/** SHA-256 of `bytes` into `target` at `at`. */
export function hashInto(target: Buffer, at: number, bytes: Uint8Array): void {
  target.write(hash("sha256", bytes, "hex"), at, 32, "hex")
}

// No Buffer: views of one are made for every key, and a Buffer's cost three times as much.
const scratch = new Uint8Array(4096)

/** `keyHash` of `base/state.ts` into `target` at `at`; `prefix` is the table's `treePrefix`, the key is `key` from `from`. */
export function hashKeyInto(target: Buffer, at: number, prefix: Uint8Array, key: Uint8Array, from = 0): void {
  scratch.set(prefix)
  const length = key.length - from
  for (let i = 0; i < length; i++) scratch[prefix.length + i] = key[from + i]!
  hashInto(target, at, scratch.subarray(0, prefix.length + length))
}

/** What stands before a key when it is hashed: the head of [table, key] and the table's name. */
export function treePrefix(table: string): Uint8Array {
  const writer = new Writer()
  writer.array(2)
  writer.text(table)
  return writer.finish()
}
