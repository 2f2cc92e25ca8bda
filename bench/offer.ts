/** Offering work and timing the answers: an open loop that waits for nobody, and a closed one that always has enough. */
import { Fault } from "../src/base/fault.ts"
import type { Answer } from "./validators.ts"

export interface Latencies {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** What the engine could not answer; none of them is among the counted. */
  readonly failures: number
}

/** Uniform in [0, 1), the same for the same seed (mulberry32). */
export function drawsOf(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Moments, in milliseconds from 0, of a Poisson process until `endMs`. */
export function poissonTimes(perSecond: number, endMs: number, seed: number): readonly number[] {
  const draw = drawsOf(seed)
  const times: number[] = []
  for (let at = 0; ; times.push(at)) {
    at += (-Math.log(1 - draw()) * 1000) / perSecond
    if (at >= endMs) return times
  }
}

export class LatencyList {
  #all: number[] = []
  #failures = 0

  add(ms: number): void {
    this.#all.push(ms)
  }

  fail(): void {
    this.#failures++
  }

  get result(): Latencies {
    const sorted = this.#all.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
    return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), failures: this.#failures }
  }
}

/** Something to be sent at a moment of an open loop. */
export interface Shot {
  /** Milliseconds from the loop's beginning. */
  readonly atMs: number
  readonly send: () => Promise<Answer>
  /** Whether its latency counts. */
  readonly counts: boolean
}

/**
 * Sends every shot at its moment, whatever became of those before, and waits for the answers at the end. Latency
 * counts from the intended moment: a stall is felt by all who would have come in it.
 */
export async function openLoop(shots: readonly Shot[]): Promise<Latencies> {
  const ordered = shots.toSorted((a, b) => a.atMs - b.atMs)
  const latencies = new LatencyList()
  const answers: Promise<void>[] = []
  const started = performance.now()
  let next = 0
  while (next < ordered.length) {
    const now = performance.now() - started
    for (; next < ordered.length && ordered[next]!.atMs <= now; next++) {
      const { atMs, send, counts } = ordered[next]!
      const answered = send().then((answer) => {
        if (!isApplied(answer)) latencies.fail()
        else if (counts) latencies.add(performance.now() - started - atMs)
      })
      answered.catch(() => undefined)
      answers.push(answered)
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(answers)
  return latencies.result
}

/** @throws Fault when the rules refused it: then the load is not what it should be. */
export function isApplied(answer: Answer): boolean {
  if (typeof answer === "number" && answer !== 0) throw new Fault(`Cannot measure: refused with number ${answer}`)
  return answer === 0
}

/** How a closed loop went. */
export interface Saturation extends Latencies {
  readonly seconds: number
  /** Rounds that ended within `seconds`. */
  readonly done: number
  readonly perSecond: number
  /** In each quarter of the time: no trend means that nothing piles up. */
  readonly quarters: readonly number[]
}

/**
 * Runs `lanes` rounds at once until the time is over; a lane begins its next round when the one before ended. `round`
 * gives the latency to record, or undefined when there is no more to do.
 */
export async function closedLoop(
  lanes: number,
  seconds: number,
  round: () => Promise<number | undefined>,
): Promise<Saturation> {
  const latencies = new LatencyList()
  const ends: number[] = []
  const started = performance.now()
  const until = started + seconds * 1000
  const lane = async () => {
    while (performance.now() < until) {
      const latency = await round()
      if (latency === undefined) return
      latencies.add(latency)
      ends.push(performance.now() - started)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  const took = Math.min(seconds, (ends.at(-1) ?? 0) / 1000)
  const within = ends.filter((end) => end <= took * 1000)
  const quarters = [0, 1, 2, 3].map((q) => {
    const [from, to] = [(q * took * 1000) / 4, ((q + 1) * took * 1000) / 4]
    return within.filter((end) => end > from && end <= to).length / (took / 4)
  })
  return { ...latencies.result, seconds: took, done: within.length, perSecond: within.length / took, quarters }
}
