/** What the bench asks of an engine: the bare rate of the signature rule, and transactions through the whole of it. */
import { availableParallelism } from "node:os"
import { publicKeyOf, sha256, sign } from "#crypto"
import { Fault } from "../base/fault.ts"
import type { EmbeddedEngine } from "./embedded/engine.ts"
import type { Decoded } from "./engine.ts"
import { SignaturePool } from "./signature-pool.ts"

const distinctJobs = 2048
/** About what a transaction's signature is over. */
const messageBytes = 400

/** Ed25519 verifications a second on all cores, by the engine's own threads and ring, with nothing else to do. */
export async function verifySignaturesPerSecond(seconds = 2): Promise<number> {
  const pool = new SignaturePool(Math.max(1, availableParallelism() - 1), {
    onProgress: () => undefined,
    onFailure: (cause) => {
      throw cause
    },
  })
  const jobs = Array.from({ length: distinctJobs }, (_, n) => {
    const seed = sha256(Uint8Array.of(n >> 8, n & 255))
    const message = new Uint8Array(messageBytes).fill(n & 255)
    return [publicKeyOf(seed), message, sign(seed, message)] as const
  })
  pool.hireFor(distinctJobs)
  const { ring } = pool
  let next = 0
  let done = 0
  const fill = () => {
    for (; next - done < distinctJobs * 4; next++) {
      const sequence = ring.add(...jobs[next % distinctJobs]!)
      if (sequence === undefined) break
    }
    ring.publish()
  }
  const collect = () => {
    while (done < next && ring.verdict(done | 0) !== 0) done++
    ring.release(done | 0)
  }
  const run = async (milliseconds: number) => {
    const until = performance.now() + milliseconds
    while (performance.now() < until) {
      fill()
      for (let i = 0; i < 16; i++) ring.work(8)
      collect()
      await new Promise(setImmediate)
    }
  }
  // Threads start and code warms up before the time counts.
  await run(300)
  const before = done
  const started = performance.now()
  await run(seconds * 1000)
  const rate = ((done - before) * 1000) / (performance.now() - started)
  await pool.stop()
  return rate
}

export interface Run {
  readonly transactions: number
  readonly refused: number
  readonly seconds: number
  readonly perSecond: number
  /** From `submit` to its answer. */
  readonly ackP50Ms: number
  readonly ackP99Ms: number
  readonly blocks: number
  /** Main-thread milliseconds by stage, of the engine's stopwatch; by the wall clock, `commit-wall` is the disk's time. */
  readonly stages: Readonly<Record<string, number>>
}

/**
 * Sends transactions in order, as many at once as `outstanding`, and waits for every answer.
 *
 * @throws Fault of the engine, and on the first refusal unless `refusals` are expected.
 */
export async function runThrough<T extends Decoded>(
  engine: EmbeddedEngine<T>,
  transactions: Iterable<Uint8Array>,
  { outstanding = 1200, refusals = false }: { readonly outstanding?: number; readonly refusals?: boolean } = {},
): Promise<Run> {
  const source = transactions[Symbol.iterator]()
  const latencies: number[] = []
  const firstHeight = engine.height
  let refused = 0
  engine.stopwatch.reset()
  const started = performance.now()
  const lane = async () => {
    for (let next = source.next(); next.done !== true; next = source.next()) {
      const sent = performance.now()
      const { outcome } = await engine.submit(next.value)
      latencies.push(performance.now() - sent)
      if (outcome.number === 0) continue
      refused++
      if (!refusals) throw new Fault(`Cannot measure: ${outcome.rejection?.code}: ${outcome.rejection?.message}`)
    }
  }
  await Promise.all(Array.from({ length: outstanding }, lane))
  const seconds = (performance.now() - started) / 1000
  latencies.sort((a, b) => a - b)
  return {
    transactions: latencies.length,
    refused,
    seconds,
    perSecond: latencies.length / seconds,
    ackP50Ms: latencies[Math.floor(latencies.length * 0.5)] ?? 0,
    ackP99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
    blocks: engine.height - firstHeight,
    stages: Object.fromEntries(engine.stopwatch.milliseconds),
  }
}
