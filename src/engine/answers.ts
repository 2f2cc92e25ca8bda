/**
 * Who waits for which transaction, and what was answered lately. The same bytes submitted again meet either the one
 * that is under way or the answer it got; what was refused by state is forgotten, for it may be sent again.
 */
import { mapKey, sha256 } from "#crypto"
import type { FinalBlock } from "../base/chain/block.ts"
import type { Fault } from "../base/fault.ts"
import { type Application, type Decoded, type Finality, isOutcome, type Status } from "./engine.ts"

const answersPerGeneration = 50_000

interface Waiting {
  readonly promise: Promise<Finality>
  readonly resolve: (finality: Finality) => void
  readonly reject: (fault: Fault) => void
}

export class Answers {
  readonly #waiting = new Map<string, Waiting>()
  #young = new Map<string, Finality>()
  #old = new Map<string, Finality>()

  /** Transactions under way. */
  get pending(): number {
    return this.#waiting.size
  }

  /** The promise of the same bytes under way, or their answer; undefined when they are new. */
  find(hash: string): Promise<Finality> | undefined {
    const waiting = this.#waiting.get(hash)
    if (waiting !== undefined) return waiting.promise
    const answer = this.#young.get(hash) ?? this.#old.get(hash)
    return answer && Promise.resolve(answer)
  }

  status(hash: string): Status {
    if (this.#waiting.has(hash)) return "pending"
    return this.#young.get(hash) ?? this.#old.get(hash) ?? "unknown"
  }

  expect(hash: string): Promise<Finality> {
    // Not Promise.withResolvers: the built package also runs on Node 20.
    let resolve!: Waiting["resolve"]
    let reject!: Waiting["reject"]
    const promise = new Promise<Finality>((keep, fail) => {
      resolve = keep
      reject = fail
    })
    this.#waiting.set(hash, { promise, resolve, reject })
    return promise
  }

  answer(hash: string, finality: Finality): void {
    const waiting = this.#waiting.get(hash)
    this.#waiting.delete(hash)
    this.remember(hash, finality)
    waiting?.resolve(finality)
  }

  fail(hash: string, fault: Fault): void {
    const waiting = this.#waiting.get(hash)
    this.#waiting.delete(hash)
    waiting?.reject(fault)
  }

  /** Keeps the answer of a transaction that was applied. */
  remember(hash: string, finality: Finality): void {
    if (finality.outcome.number !== 0) return
    this.#young.set(hash, finality)
    if (this.#young.size < answersPerGeneration) return
    this.#old = this.#young
    this.#young = new Map()
  }

  failAll(fault: Fault): void {
    for (const { reject } of this.#waiting.values()) reject(fault)
    this.#waiting.clear()
  }
}

/** Blocks that a start reads again for their answers. */
const rememberedBlocks = 32

/** Answers of the last blocks, so that a client that repeats itself across a restart still gets the first one. */
export function rememberBlocks<T extends Decoded>(answers: Answers, application: Application<T>): void {
  const { height } = application
  for (let at = Math.max(1, height - rememberedBlocks + 1); at <= height; at++) {
    const block = application.block(at)
    if (block !== undefined) rememberBlock(answers, application, block)
  }
}

function rememberBlock<T extends Decoded>(answers: Answers, application: Application<T>, block: FinalBlock): void {
  let index = 0
  for (const [b, batch] of block.batches.entries()) {
    for (const [t, bytes] of (application.decodeBatch(batch) ?? []).entries()) {
      const transaction = application.decode(bytes)
      const number = block.results[b]?.[t] ?? -1
      if (!isOutcome(transaction) && number === 0) {
        const finality = { height: block.header.height, index, outcome: { id: transaction.id, number } }
        answers.remember(mapKey(sha256(bytes)), finality)
      }
      index++
    }
  }
}
