/**
 * Where a transaction's time goes inside a validator, told from outside: the engine's calls of its application and of
 * CometBFT are watched, nothing in the product is changed for it.
 *
 *   decode ─▶ verify ─▶ outbox ─▶ check ─▶ propose ─▶ execute ─▶ commit ─▶ header ─▶ attach
 */
import type { CometRpc } from "../src/engine/comet/rpc.ts"
import { type Application, type Decoded, isOutcome } from "../src/engine/engine.ts"
import { SignatureRing } from "../src/engine/signature-ring.ts"
import { StateStore } from "../src/store/state-store.ts"
import { threadMilliseconds } from "./threads.ts"

/** Wall-clock stages of one transaction in the node that it was submitted to, in order. */
export const waitStages = [
  "decode",
  "verify",
  "outbox",
  "check",
  "propose",
  "execute",
  "commit",
  "header",
  "attach",
] as const
export type WaitStage = (typeof waitStages)[number]

/** Processor milliseconds of the main thread. */
export type WorkStage = "decode" | "verify" | "execute" | "tree"

interface Transit {
  /** When its current stage began. */
  since: number
  stages: Partial<Record<WaitStage, number>>
}

export class StageWatch {
  readonly work: Record<WorkStage, number> = { decode: 0, verify: 0, execute: 0, tree: 0 }
  #sums = new Map<WaitStage, number>()
  #count = 0
  /** By the submitted bytes, by what they decode to, by the batch they are in, and by the block. */
  readonly #byBytes = new Map<Uint8Array, Transit>()
  readonly #byTransaction = new WeakMap<object, Transit>()
  readonly #byBatch = new Map<Uint8Array, readonly Transit[]>()
  readonly #byHeight = new Map<number, Transit[]>()

  /** Mean milliseconds a transaction by stage since the last reset, and how many there were. */
  get waits(): { readonly count: number; readonly milliseconds: Readonly<Record<string, number>> } {
    const means = waitStages.map((stage) => [stage, (this.#sums.get(stage) ?? 0) / Math.max(1, this.#count)] as const)
    return { count: this.#count, milliseconds: Object.fromEntries(means) }
  }

  reset(): void {
    this.#sums = new Map()
    this.#count = 0
    for (const stage of Object.keys(this.work) as WorkStage[]) this.work[stage] = 0
  }

  /** A transaction is about to be submitted here. */
  begin(bytes: Uint8Array): void {
    this.#byBytes.set(bytes, { since: performance.now(), stages: {} })
  }

  /** It was answered, well or not. */
  end(bytes: Uint8Array, settled: boolean): void {
    const transit = this.#byBytes.get(bytes)
    this.#byBytes.delete(bytes)
    if (transit === undefined || !settled) return
    this.#pass(transit, "attach")
    this.#count++
    for (const [stage, ms] of Object.entries(transit.stages) as [WaitStage, number][])
      this.#sums.set(stage, (this.#sums.get(stage) ?? 0) + ms)
  }

  #pass(transit: Transit, stage: WaitStage): void {
    const now = performance.now()
    transit.stages[stage] = (transit.stages[stage] ?? 0) + now - transit.since
    transit.since = now
  }

  #passAll(transits: Iterable<Transit> | undefined, stage: WaitStage): void {
    for (const transit of transits ?? []) this.#pass(transit, stage)
  }

  #worked<R>(stage: WorkStage, run: () => R): R {
    const started = threadMilliseconds()
    try {
      return run()
    } finally {
      this.work[stage] += threadMilliseconds() - started
    }
  }

  /** Watches an application; call it once, before its engine is made. */
  watchApplication<T extends Decoded>(application: Application<T>): void {
    const { decode, encodeBatch, execute, commitBody, attach } = application
    application.decode = (bytes) => {
      const decoded = this.#worked("decode", () => decode.call(application, bytes))
      const transit = this.#byBytes.get(bytes)
      if (transit !== undefined && !isOutcome(decoded)) {
        this.#byTransaction.set(decoded, transit)
        this.#pass(transit, "decode")
      }
      return decoded
    }
    application.encodeBatch = (items, salt) => {
      const transits = items.flatMap((item) => this.#byBytes.get(item) ?? [])
      this.#passAll(transits, "verify")
      const batch = encodeBatch.call(application, items, salt)
      this.#byBatch.set(batch, transits)
      return batch
    }
    application.execute = (block) => {
      const transits = block.batches.flat().flatMap((transaction) => this.#byTransaction.get(transaction) ?? [])
      this.#passAll(transits, "propose")
      const result = this.#worked("execute", () => execute.call(application, block))
      this.#passAll(transits, "execute")
      this.#byHeight.set(block.height, transits)
      return result
    }
    application.commitBody = async (body) => {
      await commitBody.call(application, body)
      this.#passAll(this.#byHeight.get(body.height), "commit")
    }
    application.attach = (proof) => {
      this.#passAll(this.#byHeight.get(proof.header.height), "header")
      this.#byHeight.delete(proof.header.height)
      return attach.call(application, proof)
    }
  }

  /** Watches the handing over of batches. */
  watchRpc(rpc: CometRpc): void {
    const { broadcastTxSync } = rpc
    rpc.broadcastTxSync = async (batch) => {
      const transits = this.#byBatch.get(batch)
      this.#byBatch.delete(batch)
      this.#passAll(transits, "outbox")
      const answer = await broadcastTxSync.call(rpc, batch)
      this.#passAll(transits, "check")
      return answer
    }
  }

  /** Watches what every engine of this process does on the main thread: signatures it helps with, hashing the state. */
  watchProcess(): void {
    const watch = this
    const { work } = SignatureRing.prototype
    SignatureRing.prototype.work = function (this: SignatureRing, most: number) {
      return watch.#worked("verify", () => work.call(this, most))
    }
    const { seal } = StateStore.prototype
    StateStore.prototype.seal = function (this: StateStore) {
      return watch.#worked("tree", () => seal.call(this))
    }
  }
}
