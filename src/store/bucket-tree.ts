/**
 * The dense bucket tree in memory: every row's (key hash ‖ value hash) pair in flat arrays, the leaf and inner nodes
 * in one more, so that a block re-hashes only the buckets it touched. Inner nodes are hashed level by level, many at a
 * call. It obeys the plain rules of `base/state.ts`; nothing of it is kept on disk.
 */
import { hashInto } from "@chainsafe/hashtree"
import { assert } from "../base/assert.ts"
import { appHashOf, bucketHash, bucketOf, type Pair, type StateProof } from "../base/state.ts"
import { hashInto as hashBytesInto } from "./hash.ts"
import { PairArena } from "./pair-arena.ts"

const hashBytes = 32

export class BucketTree {
  readonly k: number
  /** Heap order: node 1 is the root, node i has the children 2i and 2i + 1, bucket b is node 2^k + b. */
  readonly #nodes: Buffer
  readonly #words: Int32Array
  readonly #arena: PairArena
  readonly #dirty = new Set<number>()
  #gather = Buffer.alloc(0)
  #hashed = Buffer.alloc(0)

  /** @param k - 1 to 22: there are 2^k buckets, and 64 · 2^k bytes of nodes. */
  constructor(k: number) {
    assert(Number.isInteger(k) && k >= 1 && k <= 22, "the tree has between 2 and 2^22 buckets")
    this.k = k
    const memory = new ArrayBuffer(2 ** (k + 1) * hashBytes)
    this.#nodes = Buffer.from(memory)
    this.#words = new Int32Array(memory)
    this.#arena = new PairArena(2 ** k)
    this.#nodes.fill(bucketHash([]), 2 ** k * hashBytes)
    this.#hashAllInner()
  }

  /** The number of rows. */
  get size(): number {
    return this.#arena.size
  }

  /** Sets the value hash of a key hash. Seen by `root` and `proof` from the next `root` on. */
  set(key: Uint8Array, value: Uint8Array): void {
    const bucket = bucketOf(key, this.k)
    this.#arena.set(bucket, key, value)
    this.#dirty.add(bucket)
  }

  remove(key: Uint8Array): void {
    const bucket = bucketOf(key, this.k)
    if (this.#arena.remove(bucket, key)) this.#dirty.add(bucket)
  }

  /**
   * Fills an empty tree from `count` pairs of 64 bytes in any order, no key twice: a counting sort by bucket, then one
   * pass over all nodes.
   */
  load(pairs: readonly Uint8Array[], count: number): void {
    assert(this.#arena.size === 0, "only an empty tree is filled at once")
    this.#arena.load(pairs, count, this.k)
    for (let bucket = 0; bucket < 2 ** this.k; bucket++) this.#hashBucket(bucket)
    this.#hashAllInner()
    this.#dirty.clear()
  }

  /** Hashes what changed since the last call; 32 bytes, a copy. */
  root(): Uint8Array {
    if (this.#dirty.size > 0) {
      const touched = Uint32Array.from(this.#dirty).sort()
      this.#dirty.clear()
      for (const bucket of touched) this.#hashBucket(bucket)
      this.#hashInnerAbove(touched)
    }
    return new Uint8Array(this.#nodes.subarray(hashBytes, 2 * hashBytes))
  }

  appHash(): Uint8Array {
    return appHashOf(this.k, this.root())
  }

  /** The bucket of a key hash and its siblings, of the state that `root` last hashed. */
  proof(key: Uint8Array): StateProof {
    assert(this.#dirty.size === 0, "a proof is of a state whose root is known")
    const bucket = bucketOf(key, this.k)
    const pairs: Pair[] = []
    for (let i = 0; i < this.#arena.count(bucket); i++) pairs.push(this.#arena.pair(bucket, i))
    const siblings: Uint8Array[] = []
    for (let node = 2 ** this.k + bucket; node > 1; node >>>= 1) siblings.push(this.#node(node ^ 1))
    return { k: this.k, pairs, siblings }
  }

  #node(index: number): Uint8Array {
    return new Uint8Array(this.#nodes.subarray(index * hashBytes, (index + 1) * hashBytes))
  }

  #hashBucket(bucket: number): void {
    const leaf = (2 ** this.k + bucket) * hashBytes
    hashBytesInto(this.#nodes, leaf, this.#arena.preimage(bucket))
  }

  #hashAllInner(): void {
    for (let level = this.k - 1; level >= 0; level--) {
      const from = 2 ** level * hashBytes
      hashInto(this.#nodes.subarray(2 * from, 4 * from), this.#nodes.subarray(from, 2 * from))
    }
  }

  #hashInnerAbove(buckets: Uint32Array): void {
    const words = this.#words
    let touched = buckets.map((bucket) => 2 ** this.k + bucket)
    while (touched[0] !== 1) {
      const parents = parentsOf(touched)
      const n = parents.length
      this.#reserve(n)
      const input = new Int32Array(this.#gather.buffer, this.#gather.byteOffset, n * 16)
      const output = new Int32Array(this.#hashed.buffer, this.#hashed.byteOffset, n * 8)
      for (let i = 0; i < n; i++) {
        const from = parents[i]! * 16
        for (let word = 0; word < 16; word++) input[i * 16 + word] = words[from + word]!
      }
      hashInto(this.#gather.subarray(0, n * 64), this.#hashed.subarray(0, n * 32))
      for (let i = 0; i < n; i++) {
        const to = parents[i]! * 8
        for (let word = 0; word < 8; word++) words[to + word] = output[i * 8 + word]!
      }
      touched = parents
    }
  }

  #reserve(nodes: number): void {
    if (this.#gather.length >= nodes * 64) return
    this.#gather = Buffer.from(new ArrayBuffer(nodes * 64 * 2))
    this.#hashed = Buffer.from(new ArrayBuffer(nodes * 32 * 2))
  }
}

/** The parents of nodes in ascending order, each once. */
function parentsOf(nodes: Uint32Array): Uint32Array<ArrayBuffer> {
  const parents = new Uint32Array(nodes.length)
  let count = 0
  for (const node of nodes) {
    const parent = node >>> 1
    if (count === 0 || parents[count - 1] !== parent) parents[count++] = parent
  }
  return parents.slice(0, count)
}
