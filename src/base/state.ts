/**
 * The port between rules and disk, and the leaf and root rules of the tree whose root is the app hash. `store` keeps
 * it durable, tests keep it in a Map; the ledger reads and writes nothing else.
 */
import { sha256, toUtf8 } from "#crypto"
import { compareBytes, concat, equalBytes } from "./bytes.ts"
import { Writer } from "./cbor.ts"

/** Rows of one chain. Keys and values are canonical CBOR arrays. Single writer; reads see every earlier write. */
export interface State {
  get(table: string, key: Uint8Array): Uint8Array | undefined
  put(table: string, key: Uint8Array, value: Uint8Array): void
  remove(table: string, key: Uint8Array): void
  /** Up to `count` rows of a table with the lowest keys by byte order. */
  first(table: string, count: number): readonly (readonly [key: Uint8Array, value: Uint8Array])[]
  /** Every row of a table by ascending key. For full scans and exports, not for rules. */
  rows(table: string): Iterable<readonly [key: Uint8Array, value: Uint8Array]>
}

/** One row as it stands in the tree: SHA-256(CBOR [table, key]) and SHA-256(CBOR value). */
export interface Pair {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** `key` is CBOR already, so [table, key] is written around it. */
export function keyHash(table: string, key: Uint8Array): Uint8Array {
  const writer = new Writer()
  writer.array(2)
  writer.text(table)
  writer.raw(key)
  return writer.finishInto(sha256)
}

export function valueHash(value: Uint8Array): Uint8Array {
  return sha256(value)
}

/** The bucket of a key: the first k bits of its hash. */
export function bucketOf(hash: Uint8Array, k: number): number {
  return ((hash[0]! << 24) | (hash[1]! << 16) | (hash[2]! << 8) | hash[3]!) >>> (32 - k)
}

/** SHA-256(0x00 ‖ u32 count, big-endian ‖ pairs in strictly ascending key order). */
export function bucketHash(pairs: readonly Pair[]): Uint8Array {
  const bytes = new Uint8Array(5 + pairs.length * 64)
  new DataView(bytes.buffer).setUint32(1, pairs.length)
  pairs.forEach(({ key, value }, i) => {
    bytes.set(key, 5 + i * 64)
    bytes.set(value, 37 + i * 64)
  })
  return sha256(bytes)
}

const appHashPrefix = toUtf8("countersign/1/app-hash")

export function appHashOf(k: number, root: Uint8Array): Uint8Array {
  return sha256(concat(appHashPrefix, Uint8Array.of(k), root))
}

/** A whole bucket and the k siblings from it to the root: proves what a key holds, and that it holds nothing. */
export interface StateProof {
  readonly k: number
  readonly pairs: readonly Pair[]
  readonly siblings: readonly Uint8Array[]
}

/**
 * What a proof shows of one key under an app hash: its value hash, `"absent"`, or undefined when the proof is not
 * good. Everything in `proof` may come from an adversary.
 */
export function verifyStateProof(
  appHash: Uint8Array,
  key: Uint8Array,
  proof: StateProof,
): Uint8Array | "absent" | undefined {
  const { k, pairs, siblings } = proof
  if (!Number.isInteger(k) || k < 1 || k > 24 || siblings.length !== k) return undefined
  const bucket = bucketOf(key, k)
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i]!
    if (pair.key.length !== 32 || pair.value.length !== 32 || bucketOf(pair.key, k) !== bucket) return undefined
    if (i > 0 && compareBytes(pairs[i - 1]!.key, pair.key) >= 0) return undefined
  }
  let hash = bucketHash(pairs)
  let index = bucket
  for (const sibling of siblings) {
    if (sibling.length !== 32) return undefined
    hash = sha256(index % 2 === 0 ? concat(hash, sibling) : concat(sibling, hash))
    index = Math.floor(index / 2)
  }
  if (!equalBytes(appHashOf(k, hash), appHash)) return undefined
  return pairs.find((pair) => equalBytes(pair.key, key))?.value ?? "absent"
}
