/** A thread that signs a range of visits and hands their bytes back in one piece. Started by `presign.ts`. */
import { parentPort } from "node:worker_threads"
import { signVisit } from "./visits.ts"

export interface Range {
  readonly seed: number
  readonly from: number
  readonly count: number
  /** Hours since 1970; that of the bench's clock when absent. */
  readonly hour?: number
}

/** `ends` are where each transaction ends in `bytes`: the hold of a visit, then its settlement. */
export interface SignedRange {
  readonly from: number
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly ends: Uint32Array<ArrayBuffer>
}

function signRange({ seed, from, count, hour }: Range): SignedRange {
  const parts: Uint8Array[] = []
  const ends = new Uint32Array(count * 2)
  let end = 0
  for (let i = 0; i < count; i++) {
    const { hold, settle } = signVisit(seed, from + i, hour)
    parts.push(hold, settle)
    ends[i * 2] = end += hold.length
    ends[i * 2 + 1] = end += settle.length
  }
  const bytes = new Uint8Array(end)
  parts.forEach((part, i) => {
    bytes.set(part, i === 0 ? 0 : ends[i - 1]!)
  })
  return { from, bytes, ends }
}

parentPort?.on("message", (range: Range) => {
  const signed = signRange(range)
  parentPort?.postMessage(signed, [signed.bytes.buffer, signed.ends.buffer])
})
