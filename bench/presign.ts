/**
 * Visits signed before the clock starts: on all cores, and kept in a file beside the dependencies, so that a second
 * run of the same seed and the same code does not sign again.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import { toHex } from "../src/base/bytes.ts"
import type { Range, SignedRange } from "./presign-worker.ts"
import { loadDigest } from "./visits.ts"

const cacheFolder = join(import.meta.dirname, "../node_modules/.cache/countersign-bench")
const rangeVisits = 2500
/** A run's first visits are kept, up to so many; those that grow a long chain would fill the disk. */
const mostKept = 200_000

/** Consecutive visits as bytes. */
export class Load {
  readonly visits: number
  readonly bytes: number
  readonly #ranges: readonly SignedRange[]

  constructor(ranges: readonly SignedRange[]) {
    this.#ranges = ranges
    this.visits = ranges.reduce((sum, { ends }) => sum + ends.length / 2, 0)
    this.bytes = ranges.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  /** Transaction 2n is the hold of visit n, 2n + 1 its settlement. */
  #transaction(index: number): Uint8Array {
    const { bytes, ends } = this.#ranges[Math.floor(index / (rangeVisits * 2))]!
    const at = index % (rangeVisits * 2)
    return bytes.subarray(at === 0 ? 0 : ends[at - 1]!, ends[at]!)
  }

  /** Every hold in order, and its settlement when `lag` more visits have been held: as in a day of many visits. */
  *transactions(lag: number): Generator<Uint8Array> {
    for (let n = 0; n < this.visits + lag; n++) {
      if (n < this.visits) yield this.#transaction(n * 2)
      if (n >= lag) yield this.#transaction((n - lag) * 2 + 1)
    }
  }

  hold(visit: number): Uint8Array {
    return this.#transaction(visit * 2)
  }

  settlement(visit: number): Uint8Array {
    return this.#transaction(visit * 2 + 1)
  }

  get ranges(): readonly SignedRange[] {
    return this.#ranges
  }
}

/** Visits `from` to `from + count` of a seed. Whole ranges are signed, so `count` is rounded up to them. */
export async function presign(seed: number, { from, count }: { from: number; count: number }): Promise<Load> {
  const ranges = Math.ceil(count / rangeVisits)
  const name = `${toHex(loadDigest(seed)).slice(0, 24)}-${from}-${ranges * rangeVisits}.visits`
  const file = join(cacheFolder, name)
  if (existsSync(file)) return new Load(readRanges(file, from))
  const load = new Load(await signAll(Array.from({ length: ranges }, (_, i) => rangeOf(seed, from + i * rangeVisits))))
  if (from === 0 && count <= mostKept) {
    mkdirSync(cacheFolder, { recursive: true })
    writeRanges(file, load.ranges)
  }
  return load
}

const rangeOf = (seed: number, from: number): Range => ({ seed, from, count: rangeVisits })

/** The same for an hour since 1970 that is not the bench's own: of no use to a later run, so not kept. */
export async function presignFor(hour: number, seed: number, count: number): Promise<Load> {
  const ranges = Math.ceil(count / rangeVisits)
  return new Load(
    await signAll(Array.from({ length: ranges }, (_, i) => ({ ...rangeOf(seed, i * rangeVisits), hour }))),
  )
}

async function signAll(wanted: readonly Range[]): Promise<readonly SignedRange[]> {
  const signed: SignedRange[] = []
  let next = 0
  const run = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL("./presign-worker.ts", import.meta.url))
      const give = () => {
        if (next < wanted.length) worker.postMessage(wanted[next++])
        else void worker.terminate().then(() => resolve())
      }
      worker.on("error", reject)
      worker.on("message", (range: SignedRange) => {
        signed.push(range)
        give()
      })
      give()
    })
  await Promise.all(Array.from({ length: availableParallelism() }, run))
  return signed.sort((a, b) => a.from - b.from)
}

/** Per range: the number of bytes, the ends, the bytes. */
function writeRanges(file: string, ranges: readonly SignedRange[]): void {
  const parts = ranges.flatMap(({ bytes, ends }) => [
    new Uint8Array(Uint32Array.of(bytes.length).buffer),
    new Uint8Array(ends.buffer),
    bytes,
  ])
  writeFileSync(file, Buffer.concat(parts))
}

function readRanges(file: string, from: number): readonly SignedRange[] {
  const { buffer, byteOffset, length } = readFileSync(file)
  const ranges: SignedRange[] = []
  for (let at = byteOffset; at < byteOffset + length; ) {
    const [size] = new Uint32Array(buffer.slice(at, at + 4))
    const endsAt = at + 4
    const bytesAt = endsAt + rangeVisits * 2 * 4
    const ends = new Uint32Array(buffer.slice(endsAt, bytesAt) as ArrayBuffer)
    const bytes = new Uint8Array(buffer.slice(bytesAt, bytesAt + size!) as ArrayBuffer)
    ranges.push({ from: from + ranges.length * rangeVisits, bytes, ends })
    at = bytesAt + size!
  }
  return ranges
}
