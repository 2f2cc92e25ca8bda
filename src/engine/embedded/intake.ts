/**
 * From submitted to ready: transactions wait here, in the order they came, while their signatures are verified. The
 * order never changes: what depends on an earlier transaction may be submitted before that one is final.
 *
 *   take ─▶ waiting (no room in the ring) ─▶ verifying ─▶ ready ─▶ a block
 */
import type { Decoded, SignatureJob } from "../engine.ts"
import { type SignatureRing, verdicts } from "../signature-ring.ts"

export interface Entry<T extends Decoded> {
  readonly bytes: Uint8Array
  /** SHA-256 of the bytes, as a map key. */
  readonly hash: string
  readonly transaction: T
  readonly since: number
}

interface Verifying<T extends Decoded> {
  readonly entry: Entry<T>
  readonly sequences: number[]
}

export class Intake<T extends Decoded> {
  readonly #ring: SignatureRing
  readonly #onBad: (entry: Entry<T>, job: SignatureJob) => void
  #waiting = new Line<Entry<T>>()
  #verifying = new Line<Verifying<T>>()
  #ready: Entry<T>[] = []

  constructor(ring: SignatureRing, onBad: (entry: Entry<T>, job: SignatureJob) => void) {
    this.#ring = ring
    this.#onBad = onBad
  }

  /** Transactions that are not ready yet. */
  get unverified(): number {
    return this.#waiting.length + this.#verifying.length
  }

  get ready(): readonly Entry<T>[] {
    return this.#ready
  }

  take(entry: Entry<T>): void {
    this.#waiting.push(entry)
  }

  /** Takes the first `count` that are ready out of the line. */
  remove(count: number): readonly Entry<T>[] {
    const taken = this.#ready.slice(0, count)
    this.#ready = this.#ready.slice(count)
    return taken
  }

  /** Everything that is still here, for a stop. */
  *all(): Iterable<Entry<T>> {
    yield* this.#ready
    for (const { entry } of this.#verifying.items()) yield entry
    yield* this.#waiting.items()
  }

  /** Moves what can move; never waits. */
  advance(): void {
    for (let first = this.#verifying.peek(); first !== undefined; first = this.#verifying.peek()) {
      const { entry, sequences } = first
      const results = sequences.map((sequence) => this.#ring.verdict(sequence))
      if (results.includes(verdicts.pending)) break
      this.#verifying.shift()
      if (sequences.length > 0) this.#ring.release((sequences.at(-1)! + 1) | 0)
      const bad = results.indexOf(verdicts.bad)
      if (bad < 0) this.#ready.push(entry)
      else this.#onBad(entry, entry.transaction.jobs[bad]!)
    }
    this.#feed()
  }

  #partial: Verifying<T> | undefined

  #feed(): void {
    for (let entry = this.#waiting.peek(); entry !== undefined; entry = this.#waiting.peek()) {
      const { jobs } = entry.transaction
      this.#partial ??= { entry, sequences: [] }
      const { sequences } = this.#partial
      while (sequences.length < jobs.length) {
        const { publicKey, message, signature } = jobs[sequences.length]!
        const sequence = this.#ring.add(publicKey, message, signature)
        if (sequence === undefined) break
        sequences.push(sequence)
      }
      if (sequences.length < jobs.length) break
      this.#verifying.push(this.#partial)
      this.#partial = undefined
      this.#waiting.shift()
    }
    this.#ring.publish()
  }
}

/** First in, first out, without moving what stays. */
class Line<T> {
  #items: T[] = []
  #from = 0

  get length(): number {
    return this.#items.length - this.#from
  }

  push(item: T): void {
    this.#items.push(item)
  }

  peek(): T | undefined {
    return this.#items[this.#from]
  }

  shift(): void {
    this.#from++
    if (this.#from < 1024 || this.#from * 2 < this.#items.length) return
    this.#items = this.#items.slice(this.#from)
    this.#from = 0
  }

  items(): readonly T[] {
    return this.#items.slice(this.#from)
  }
}
