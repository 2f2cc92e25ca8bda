/**
 * Signature jobs in memory that threads share: the main thread writes jobs and says how many there are, workers (and
 * the main thread, when idle) claim ranges by compare-exchange and leave one verdict a job.
 *
 *   main: write ─▶ publish ─▶ … verdict ─▶ release        worker: claim ─▶ verify ─▶ verdict
 */
import sodium from "sodium-native"
import { mayVerify } from "../base/edwards.ts"

export const verdicts = { pending: 0, good: 1, bad: 2 } as const

/** Words of the control block. Sequence numbers wrap at 2^32; only differences are looked at. */
const published = 0
const claimed = 1
const mainWaits = 2
const stopped = 3
const controlWords = 4

const slots = 1 << 15
const dataBytes = 1 << 24
const fixedBytes = 96
const wordsPerSlot = 3

export interface RingMemory {
  readonly control: SharedArrayBuffer
  readonly slots: SharedArrayBuffer
  readonly data: SharedArrayBuffer
}

export function allocateRing(): RingMemory {
  return {
    control: new SharedArrayBuffer(controlWords * 4),
    slots: new SharedArrayBuffer(slots * wordsPerSlot * 4),
    data: new SharedArrayBuffer(dataBytes),
  }
}

/** Either side of the ring. Sequence numbers are 32-bit and name a job from `add` until `release`. */
export class SignatureRing {
  readonly memory: RingMemory
  readonly #control: Int32Array
  /** Per slot: offset, length of the message, verdict. */
  readonly #slots: Int32Array
  readonly #data: Uint8Array
  // The library does not take shared memory on every Node, so a job is copied out before it is verified.
  #scratch = new Uint8Array(1 << 12)
  // Main side only.
  #next = 0
  #oldest = 0
  #writeAt = 0

  constructor(memory: RingMemory) {
    this.memory = memory
    this.#control = new Int32Array(memory.control)
    this.#slots = new Int32Array(memory.slots)
    this.#data = new Uint8Array(memory.data)
  }

  /** Writes a job and returns its number, or undefined while there is no room. Unseen by others until `publish`. */
  add(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): number | undefined {
    const size = aligned(fixedBytes + message.length)
    if (((this.#next - this.#oldest) | 0) >= slots) return undefined
    const at = this.#room(size)
    if (at === undefined) return undefined
    // Into shared memory in one aligned piece: unaligned copies go byte by byte.
    if (this.#scratch.length < size) this.#scratch = new Uint8Array(size * 2)
    this.#scratch.set(publicKey)
    this.#scratch.set(signature, 32)
    this.#scratch.set(message, fixedBytes)
    this.#data.set(this.#scratch.subarray(0, size), at)
    const slot = this.#slot(this.#next)
    this.#slots[slot] = at
    this.#slots[slot + 1] = message.length
    Atomics.store(this.#slots, slot + 2, verdicts.pending)
    this.#writeAt = at + size
    const sequence = this.#next
    this.#next = (this.#next + 1) | 0
    return sequence
  }

  publish(): void {
    if (Atomics.load(this.#control, published) === this.#next) return
    Atomics.store(this.#control, published, this.#next)
    Atomics.notify(this.#control, published)
  }

  verdict(sequence: number): number {
    return Atomics.load(this.#slots, this.#slot(sequence) + 2)
  }

  /** Jobs before this number are no longer looked at; their room is free. Numbers rise from call to call. */
  release(sequence: number): void {
    this.#oldest = sequence
  }

  /** Published jobs that nobody has claimed. */
  get unclaimed(): number {
    return (Atomics.load(this.#control, published) - Atomics.load(this.#control, claimed)) | 0
  }

  /** Claims and verifies up to `most` jobs; returns how many. */
  work(most: number): number {
    for (;;) {
      const from = Atomics.load(this.#control, claimed)
      const available = (Atomics.load(this.#control, published) - from) | 0
      if (available <= 0) return 0
      const count = Math.min(most, available)
      if (Atomics.compareExchange(this.#control, claimed, from, (from + count) | 0) !== from) continue
      for (let i = 0; i < count; i++) this.#verify((from + i) | 0)
      return count
    }
  }

  /** Asks workers to call `main` after their next range. */
  askToBeWoken(): void {
    Atomics.store(this.#control, mainWaits, 1)
  }

  /** Whether the main thread asked to be woken; true once an asking. */
  takeWakeUp(): boolean {
    return Atomics.exchange(this.#control, mainWaits, 0) === 1
  }

  stop(): void {
    Atomics.store(this.#control, stopped, 1)
    Atomics.notify(this.#control, published)
  }

  get isStopped(): boolean {
    return Atomics.load(this.#control, stopped) === 1
  }

  /** Blocks a worker until there may be jobs. */
  sleep(): void {
    const seen = Atomics.load(this.#control, published)
    if (seen !== Atomics.load(this.#control, claimed) || this.isStopped) return
    Atomics.wait(this.#control, published, seen, 1000)
  }

  #slot(sequence: number): number {
    return (sequence & (slots - 1)) * wordsPerSlot
  }

  /** Room for `size` bytes in one piece: behind the newest job, or at the start when the end is too short. */
  #room(size: number): number | undefined {
    if (this.#next === this.#oldest) return size <= dataBytes ? 0 : undefined
    const tail = this.#slots[this.#slot(this.#oldest)]!
    if (this.#writeAt > tail) {
      if (this.#writeAt + size <= dataBytes) return this.#writeAt
      return size < tail ? 0 : undefined
    }
    return this.#writeAt + size < tail ? this.#writeAt : undefined
  }

  #verify(sequence: number): void {
    const slot = this.#slot(sequence)
    const at = this.#slots[slot]!
    const size = fixedBytes + this.#slots[slot + 1]!
    if (this.#scratch.length < aligned(size)) this.#scratch = new Uint8Array(size * 2)
    const bytes = this.#scratch
    bytes.set(this.#data.subarray(at, at + aligned(size)))
    const publicKey = bytes.subarray(0, 32)
    const signature = bytes.subarray(32, fixedBytes)
    // The library may return undefined without verifying: only `true` counts.
    const good =
      mayVerify(publicKey, signature) &&
      sodium.crypto_sign_verify_detached(signature, bytes.subarray(fixedBytes, size), publicKey) === true
    Atomics.store(this.#slots, slot + 2, good ? verdicts.good : verdicts.bad)
  }
}

function aligned(size: number): number {
  return (size + 7) & ~7
}
