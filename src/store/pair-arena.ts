/**
 * The memory of the bucket tree: per bucket a run of 64-byte pairs in ascending key order, preceded by the five bytes
 * that the leaf rule hashes before them, so a bucket is hashed where it lies. Runs are powers of two in blocks of
 * 16 MiB, the first of which begins small and doubles; a run that overflows moves to one of twice the size, and its old
 * place is used again.
 */
import type { Pair } from "../base/state.ts"

const slotBytes = 64
const slotsPerChunk = 1 << 18
const slotsAtFirst = 1 << 12
/** 0x00 ‖ u32 count, at the end of a run's first slot. */
const headBytes = 5

export class PairArena {
  size = 0
  readonly #chunks: Buffer[] = []
  #nextSlot = 0
  /** Slots of the last chunk. */
  #room = 0
  /** Freed runs by their size in slots. */
  readonly #free = new Map<number, number[]>()
  readonly #at: Uint32Array
  readonly #count: Uint32Array
  /** Slots of a bucket's run, the head's included; 0 is no run yet. */
  readonly #slots: Uint32Array
  readonly #emptyHead = Buffer.alloc(headBytes)

  constructor(buckets: number) {
    this.#at = new Uint32Array(buckets)
    this.#count = new Uint32Array(buckets)
    this.#slots = new Uint32Array(buckets)
  }

  count(bucket: number): number {
    return this.#count[bucket]!
  }

  /** What the leaf rule hashes for a bucket; a view. */
  preimage(bucket: number): Uint8Array {
    if (this.#slots[bucket] === 0) return this.#emptyHead
    const at = this.#offset(bucket)
    return this.#chunk(bucket).subarray(at + slotBytes - headBytes, at + slotBytes + this.#count[bucket]! * slotBytes)
  }

  pair(bucket: number, index: number): Pair {
    const at = this.#offset(bucket) + (index + 1) * slotBytes
    const chunk = this.#chunk(bucket)
    return {
      key: new Uint8Array(chunk.subarray(at, at + 32)),
      value: new Uint8Array(chunk.subarray(at + 32, at + 64)),
    }
  }

  set(bucket: number, key: Uint8Array, value: Uint8Array): void {
    const index = this.#find(bucket, key)
    if (index >= 0) {
      this.#chunk(bucket).set(value, this.#offset(bucket) + (index + 1) * slotBytes + 32)
      return
    }
    const count = this.#count[bucket]!
    if (count + 1 >= this.#slots[bucket]!) this.#move(bucket, Math.max(2, this.#slots[bucket]! * 2))
    const chunk = this.#chunk(bucket)
    const at = this.#offset(bucket) + (~index + 1) * slotBytes
    chunk.copyWithin(at + slotBytes, at, this.#offset(bucket) + (count + 1) * slotBytes)
    chunk.set(key, at)
    chunk.set(value, at + 32)
    this.#setCount(bucket, count + 1)
    this.size++
  }

  /** Whether the key was there. */
  remove(bucket: number, key: Uint8Array): boolean {
    const index = this.#find(bucket, key)
    if (index < 0) return false
    const at = this.#offset(bucket) + (index + 1) * slotBytes
    const count = this.#count[bucket]!
    this.#chunk(bucket).copyWithin(at, at + slotBytes, this.#offset(bucket) + (count + 1) * slotBytes)
    this.#setCount(bucket, count - 1)
    this.size--
    return true
  }

  /** Fills an empty arena: counting sort into runs, then each run by insertion (runs are short). */
  load(pairs: readonly Uint8Array[], count: number, k: number): void {
    const counts = new Uint32Array(this.#count.length)
    forEachPair(pairs, count, (bytes, at) => {
      const bucket = bucketAt(bytes, at, k)
      counts[bucket] = counts[bucket]! + 1
    })
    for (let bucket = 0; bucket < counts.length; bucket++) {
      if (counts[bucket]! > 0) this.#move(bucket, 2 ** Math.ceil(Math.log2(counts[bucket]! + 1)))
    }
    forEachPair(pairs, count, (bytes, at) => this.#insert(bucketAt(bytes, at, k), bytes, at))
    for (let bucket = 0; bucket < counts.length; bucket++) {
      if (counts[bucket]! > 0) this.#setCount(bucket, counts[bucket]!)
    }
    this.size = count
  }

  /** Into a run with room, from its end down; the head's count is not kept. */
  #insert(bucket: number, bytes: Uint8Array, from: number): void {
    const chunk = this.#chunk(bucket)
    const count = this.#count[bucket]!
    const first = this.#offset(bucket) + slotBytes
    const end = first + count * slotBytes
    let at = end
    while (at > first && isAbove(chunk, at - slotBytes, bytes, from)) at -= slotBytes
    if (at < end) chunk.copyWithin(at + slotBytes, at, end)
    for (let i = 0; i < slotBytes; i++) chunk[at + i] = bytes[from + i]!
    this.#count[bucket] = count + 1
  }

  #chunk(bucket: number): Buffer {
    return this.#chunks[Math.floor(this.#at[bucket]! / slotsPerChunk)]!
  }

  #offset(bucket: number): number {
    return (this.#at[bucket]! % slotsPerChunk) * slotBytes
  }

  #setCount(bucket: number, count: number): void {
    this.#count[bucket] = count
    this.#chunk(bucket).writeUInt32BE(count, this.#offset(bucket) + slotBytes - 4)
  }

  /** The index of a key in its bucket; if it is not there, the complement of where it belongs. */
  #find(bucket: number, key: Uint8Array): number {
    const count = this.#count[bucket]!
    if (count === 0) return ~0
    const chunk = this.#chunk(bucket)
    const first = this.#offset(bucket) + slotBytes
    for (let i = 0; i < count; i++) {
      const at = first + i * slotBytes
      let byte = 0
      while (byte < 32 && chunk[at + byte] === key[byte]) byte++
      if (byte === 32) return i
      if (chunk[at + byte]! > key[byte]!) return ~i
    }
    return ~count
  }

  #move(bucket: number, slots: number): void {
    const from = this.#slots[bucket]! === 0 ? undefined : this.preimage(bucket)
    const oldAt = this.#at[bucket]!
    const oldSlots = this.#slots[bucket]!
    this.#at[bucket] = this.#allocate(slots)
    this.#slots[bucket] = slots
    const to = this.#offset(bucket) + slotBytes - headBytes
    if (from === undefined) this.#chunk(bucket).fill(0, to, to + headBytes)
    else {
      this.#chunk(bucket).set(from, to)
      const freed = this.#free.get(oldSlots)
      if (freed === undefined) this.#free.set(oldSlots, [oldAt])
      else freed.push(oldAt)
    }
  }

  #allocate(slots: number): number {
    const freed = this.#free.get(slots)?.pop()
    if (freed !== undefined) return freed
    if (this.#nextSlot + slots > this.#room) this.#makeRoom(slots)
    const at = (this.#chunks.length - 1) * slotsPerChunk + this.#nextSlot
    this.#nextSlot += slots
    return at
  }

  #makeRoom(slots: number): void {
    const needed = this.#nextSlot + slots
    const [first, ...others] = this.#chunks
    if (others.length === 0 && needed <= slotsPerChunk) {
      this.#room = Math.min(slotsPerChunk, Math.max(slotsAtFirst, 2 ** Math.ceil(Math.log2(needed))))
      const larger = Buffer.from(new ArrayBuffer(this.#room * slotBytes))
      first?.copy(larger)
      this.#chunks[0] = larger
      return
    }
    this.#chunks.push(Buffer.from(new ArrayBuffer(slotsPerChunk * slotBytes)))
    this.#room = slotsPerChunk
    this.#nextSlot = 0
  }
}

/** `bucketOf` of the key at an offset. */
function bucketAt(bytes: Uint8Array, at: number, k: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> (32 - k)
}

/** Whether the key at `a` is above the key at `b`. */
function isAbove(left: Uint8Array, a: number, right: Uint8Array, b: number): boolean {
  for (let i = 0; i < 32; i++) {
    const difference = left[a + i]! - right[b + i]!
    if (difference !== 0) return difference > 0
  }
  return false
}

function forEachPair(
  pairs: readonly Uint8Array[],
  count: number,
  visit: (bytes: Uint8Array, at: number) => void,
): void {
  let left = count
  for (const bytes of pairs) {
    for (let at = 0; at < bytes.length && left > 0; at += slotBytes, left--) visit(bytes, at)
  }
}
