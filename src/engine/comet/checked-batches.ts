/**
 * Batches whose transactions decode and whose signatures are good, remembered by the batch's hash: a node meets the
 * same batch at its mempool's door, in proposals and in the decided block, and verifies it once.
 */
import { mapKey, sha256 } from "#crypto"
import { type Application, type Decoded, isOutcome, type SignatureJob } from "../engine.ts"

/** A batch that needs only the state to be executed. */
export interface CheckedBatch<T extends Decoded> {
  readonly hash: string
  readonly bytes: Uint8Array
  /** Each transaction's own bytes, in order. */
  readonly items: readonly Uint8Array[]
  readonly transactions: readonly T[]
}

/** Why a batch is no good without looking at any state. */
export type BatchFault = "batch-malformed" | "batch-too-large" | "transaction-malformed" | "signature-bad"

export type Verify = (jobs: readonly SignatureJob[]) => Promise<readonly boolean[]>

/** Beyond either the oldest are forgotten: checking again costs time, never a result. */
const mostBatches = 8192
const mostBytes = 256 * 1024 * 1024

export class CheckedBatches<T extends Decoded> {
  readonly #application: Application<T>
  readonly #verify: Verify
  readonly #known = new Map<string, Promise<CheckedBatch<T> | BatchFault>>()
  readonly #sizes = new Map<string, number>()
  #bytes = 0

  constructor(application: Application<T>, verify: Verify) {
    this.#application = application
    this.#verify = verify
  }

  /** @param bytes - stay unchanged: what is decoded are views of them. */
  check(bytes: Uint8Array): Promise<CheckedBatch<T> | BatchFault> {
    const hash = mapKey(sha256(bytes))
    const known = this.#known.get(hash)
    if (known !== undefined) return known
    const made = this.#make(hash, bytes)
    this.#remember(hash, bytes.length, made)
    return made
  }

  /** Takes over a batch that was made of verified transactions here. */
  add(batch: CheckedBatch<T>): void {
    if (!this.#known.has(batch.hash)) this.#remember(batch.hash, batch.bytes.length, Promise.resolve(batch))
  }

  /** A batch that is in a block is not asked for again. */
  forget(hash: string): void {
    if (this.#known.delete(hash)) this.#bytes -= this.#sizes.get(hash) ?? 0
    this.#sizes.delete(hash)
  }

  async #make(hash: string, bytes: Uint8Array): Promise<CheckedBatch<T> | BatchFault> {
    const application = this.#application
    const { batchLimits } = application
    if (bytes.length > batchLimits.bytes) return "batch-too-large"
    const items = application.decodeBatch(bytes)
    if (items === undefined || items.length === 0) return "batch-malformed"
    if (items.length > batchLimits.transactions) return "batch-too-large"
    const transactions: T[] = []
    for (const item of items) {
      const transaction = application.decode(item)
      if (isOutcome(transaction)) return "transaction-malformed"
      transactions.push(transaction)
    }
    const verdicts = await this.#verify(transactions.flatMap(({ jobs }) => jobs))
    return verdicts.includes(false) ? "signature-bad" : { hash, bytes, items, transactions }
  }

  #remember(hash: string, size: number, made: Promise<CheckedBatch<T> | BatchFault>): void {
    this.#known.set(hash, made)
    this.#sizes.set(hash, size)
    this.#bytes += size
    // A check that failed by an outage says nothing of the batch, and a fault may end with a protocol version: a node
    // that remembered one would judge another way than a node that has just met the batch.
    made.then(
      (checked) => {
        if (typeof checked === "string") this.forget(hash)
      },
      () => this.forget(hash),
    )
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= mostBatches && this.#bytes <= mostBytes) break
      this.forget(oldest)
    }
  }
}
