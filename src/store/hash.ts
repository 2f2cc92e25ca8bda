/** Row hashes straight into their place: the one-shot hash as hex costs a third of one that returns a buffer. */
import { hash } from "node:crypto"
import { Writer } from "../base/cbor.ts"

/** SHA-256 of `bytes` into `target` at `at`. */
export function hashInto(target: Buffer, at: number, bytes: Uint8Array): void {
  target.write(hash("sha256", bytes, "hex"), at, 32, "hex")
}

const scratch = Buffer.alloc(4096)

/** `keyHash` of `base/state.ts` into `target` at `at`; `prefix` is the table's `treePrefix`. */
export function hashKeyInto(target: Buffer, at: number, prefix: Uint8Array, key: Uint8Array): void {
  scratch.set(prefix)
  scratch.set(key, prefix.length)
  hashInto(target, at, scratch.subarray(0, prefix.length + key.length))
}

/** What stands before a key when it is hashed: the head of [table, key] and the table's name. */
export function treePrefix(table: string): Uint8Array {
  const writer = new Writer()
  writer.array(2)
  writer.text(table)
  return writer.finish()
}
