/**
 * Batches on their way into a block: made here of verified transactions, handed to the mempool one after the other so
 * that their order stays, handed in again when they got lost with a process or a peer.
 */
import { mapKey, sha256 } from "#crypto"
import { Fault } from "../../base/fault.ts"
import type { CometRpc } from "./rpc.ts"

export interface Outgoing {
  readonly hash: string
  readonly bytes: Uint8Array
  /** Map keys of the transactions in it. */
  readonly transactions: readonly string[]
}

export interface OutboxEvents {
  /** CheckTx said no, or the mempool is full: these transactions enter no block by this batch. */
  onRefused(batch: Outgoing, fault: Fault): void
}

/** After so long without a block a batch is handed in again. */
const lostAfterMs = 4000
const lookMs = 500
/** Between tries while the process does not answer. */
const retryMs = 100

export class Outbox {
  readonly #rpc: Pick<CometRpc, "broadcastTxSync">
  readonly #events: OutboxEvents
  /** In order; the time of the last handing in, 0 for never. */
  readonly #batches = new Map<string, { readonly batch: Outgoing; sentAt: number }>()
  #sending = false
  #stopped = false
  #timer: NodeJS.Timeout

  constructor(rpc: Pick<CometRpc, "broadcastTxSync">, events: OutboxEvents) {
    this.#rpc = rpc
    this.#events = events
    this.#timer = setInterval(() => this.#resend(), lookMs)
    this.#timer.unref()
  }

  /** Batches that are in no block yet. */
  get size(): number {
    return this.#batches.size
  }

  /** Whether another batch would be handed in at once. */
  get idle(): boolean {
    return !this.#sending
  }

  /** Resolves when it was handed in, or the outbox stopped. */
  async send(bytes: Uint8Array, transactions: readonly string[]): Promise<void> {
    const batch = { hash: mapKey(sha256(bytes)), bytes, transactions }
    this.#batches.set(batch.hash, { batch, sentAt: 0 })
    await this.#drain()
  }

  /** It is in a block, or nobody waits for it any more. */
  remove(hash: string): void {
    this.#batches.delete(hash)
  }

  /** After a restart of the process: its mempool is empty. */
  sendAllAgain(): void {
    for (const entry of this.#batches.values()) entry.sentAt = 0
    void this.#drain()
  }

  stop(): void {
    this.#stopped = true
    clearInterval(this.#timer)
  }

  #resend(): void {
    const now = performance.now()
    let due = false
    for (const entry of this.#batches.values()) {
      if (entry.sentAt === 0 || now - entry.sentAt < lostAfterMs) continue
      entry.sentAt = 0
      due = true
    }
    if (due) void this.#drain()
  }

  async #drain(): Promise<void> {
    if (this.#sending) return
    this.#sending = true
    try {
      for (let entry = this.#next(); entry !== undefined && !this.#stopped; entry = this.#next())
        await this.#hand(entry)
    } finally {
      this.#sending = false
    }
  }

  #next() {
    for (const entry of this.#batches.values()) if (entry.sentAt === 0) return entry
    return undefined
  }

  async #hand(entry: { readonly batch: Outgoing; sentAt: number }): Promise<void> {
    const { batch } = entry
    try {
      const answer = await this.#rpc.broadcastTxSync(batch.bytes)
      entry.sentAt = performance.now()
      if (answer.code === 0) return
      this.#batches.delete(batch.hash)
      const why = answer.full ? "the mempool is full" : answer.log
      this.#events.onRefused(batch, new Fault(`Cannot run transaction: ${why}`, { retryable: true }))
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause
      // The process is starting, catching up or gone: the batch keeps its place.
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
  }
}
