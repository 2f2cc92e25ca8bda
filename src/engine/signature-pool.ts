/** The main thread's side of signature checking: starts the workers, hands them jobs, helps when it has time. */
import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"
import type { SignatureJob } from "./engine.ts"
import { allocateRing, SignatureRing, verdicts } from "./signature-ring.ts"

// Source runs unbuilt; the built package has JavaScript beside it.
const workerFile = new URL(
  import.meta.url.endsWith(".ts") ? "./signature-worker.ts" : "./signature-worker.js",
  import.meta.url,
)

/** Jobs waiting from which on other threads are worth their start; below, the main thread is done sooner alone. */
const worthwhile = 64

export interface PoolEvents {
  /** Called after `askToBeWoken`, when a worker has finished a range. */
  readonly onProgress: () => void
  /** A worker died. */
  readonly onFailure: (cause: Error) => void
}

export class SignaturePool {
  readonly ring = new SignatureRing(allocateRing())
  readonly #threads: number
  readonly #events: PoolEvents
  readonly #workers: Worker[] = []
  #stopped = false

  /** @param threads - besides the main one, which helps; by default one a core after the first, at least one. */
  constructor(threads: number = Math.max(1, availableParallelism() - 1), events: PoolEvents) {
    this.#threads = threads
    this.#events = events
  }

  /** Starts the workers the first time that enough jobs wait. A quiet node never has more than its main thread. */
  hireFor(waiting: number): void {
    if (waiting < worthwhile || this.#workers.length > 0 || this.#stopped) return
    for (let i = 0; i < this.#threads; i++) {
      const worker = new Worker(workerFile, { workerData: this.ring.memory })
      worker.on("message", () => {
        for (const one of this.#workers) one.unref()
        this.#events.onProgress()
      })
      worker.on("error", this.#events.onFailure)
      worker.unref()
      this.#workers.push(worker)
    }
  }

  /** Until then the workers keep the process alive; at all other times they do not. */
  askToBeWoken(): void {
    for (const worker of this.#workers) worker.ref()
    this.ring.askToBeWoken()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.ring.stop()
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}

/** How long the main thread verifies before it lets others have their turn: messages of consensus must not wait. */
const turnMs = 2

/** Verifies many jobs on all cores; one verdict a job. */
export async function verifyAllJobs(pool: SignaturePool, jobs: readonly SignatureJob[]): Promise<boolean[]> {
  if (jobs.length === 0) return []
  const results: boolean[] = []
  const waiting: number[] = []
  let next = 0
  let turnEnds = performance.now() + turnMs
  while (results.length < jobs.length) {
    while (next < jobs.length) {
      const { publicKey, message, signature } = jobs[next]!
      const sequence = pool.ring.add(publicKey, message, signature)
      if (sequence === undefined) break
      waiting.push(sequence)
      next++
    }
    pool.ring.publish()
    pool.hireFor(jobs.length - results.length)
    const helped = pool.ring.work(8)
    while (results.length < waiting.length) {
      const verdict = pool.ring.verdict(waiting[results.length]!)
      if (verdict === verdicts.pending) break
      results.push(verdict === verdicts.good)
    }
    pool.ring.release(waiting[results.length] ?? ((waiting.at(-1) ?? -1) + 1) | 0)
    if (results.length === jobs.length || (helped > 0 && performance.now() < turnEnds)) continue
    // The last ranges are in other hands: asking again and again would take the processor from them.
    await new Promise<void>((resolve) => (helped > 0 ? setImmediate(resolve) : setTimeout(resolve, 1)))
    turnEnds = performance.now() + turnMs
  }
  return results
}
