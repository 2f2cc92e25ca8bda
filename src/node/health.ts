/**
 * Whether this node should be given work: what `GET /ready` answers. `GET /health` says only that the process serves; a
 * node whose consensus has failed still does, so height is compared with the others', and votes with this clock.
 */
import { statfs } from "node:fs/promises"
import type { FinalBlock } from "../base/chain/block.ts"
import { flags } from "../base/chain/commit.ts"
import { Fault } from "../base/fault.ts"
import type { CometStatus } from "../engine/comet/rpc.ts"
import type { ReadyLimits } from "./config.ts"
import type { Entry } from "./directory.ts"
import type { Request } from "./transport.ts"

export const usualReadyLimits: ReadyLimits = { lagBlocks: 10, clockSeconds: 10, freeMiB: 1024 }

export type NotReadyCode =
  | "not-founded"
  | "catching-up"
  | "behind"
  | "others-silent"
  | "stalled"
  | "consensus-failed"
  | "engine-silent"
  | "clock-off"
  | "disk-full"

export interface NotReady {
  readonly code: NotReadyCode
  readonly message: string
}

export interface Condition {
  readonly ready: boolean
  readonly reasons: readonly NotReady[]
  readonly height: number
  /** Blocks behind the median of the others; undefined where nobody answered. */
  readonly lag: number | undefined
  /** Seconds that this machine's clock is ahead; undefined while no fresh block has come. */
  readonly clockOff: number | undefined
  readonly freeBytes: number | undefined
}

const remembered = 8
const MiB = 1024 * 1024
const askMs = 2000
/** Whoever asks all the time must not make this node ask the others all the time. */
const cacheMs = 3000
/** How many of the others are asked for their height. */
const mostAsked = 9
/** Without transactions there is a block each 30 s; four in a row that do not come are no chance. */
const stalledSeconds = 120

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/**
 * Seconds since 1970 of a block's votes, by their median. A header's own time is that of the block before: after a quiet
 * time it is old.
 */
export function votedAt({ commit }: Pick<FinalBlock, "commit">): number | undefined {
  const votes = commit.signatures.flatMap((slot) =>
    slot.flag === flags.commit ? [slot.time.seconds + slot.time.nanos / 1e9] : [],
  )
  return median(votes)
}

/**
 * This machine's clock against the median of the votes of the last blocks as they came. A block may come late for other
 * reasons, so the least difference counts; one validator alone cannot shift a median.
 */
export class ClockWatch {
  #seen: number[] = []

  /** @param now - milliseconds since 1970. */
  block({ commit }: Pick<FinalBlock, "commit">, now: number = Date.now()): void {
    const voted = votedAt({ commit })
    if (voted === undefined) return
    this.#seen.push(now / 1000 - voted)
    if (this.#seen.length > remembered) this.#seen.shift()
  }

  /** Blocks that this node was only catching up with tell nothing. */
  forget(): void {
    this.#seen = []
  }

  /** Seconds ahead (negative: behind); undefined before three fresh blocks. */
  get off(): number | undefined {
    return this.#seen.length < 3 ? undefined : Math.min(...this.#seen)
  }
}

/** What the check asks of the rest of the node, each time anew. */
export interface ReadyParts {
  readonly directory: string
  readonly limits: ReadyLimits
  readonly clock: ClockWatch
  /** Whether the chain's time is the real one. */
  readonly realTime: boolean
  /** Of the last final block here; undefined before the founding, or before the chain goes on. */
  height(): number | undefined
  /** Seconds since 1970 of that block's votes; undefined where it is not here. */
  lastSeconds(): number | undefined
  others(): readonly Entry[]
  readonly request: Request
  /** CometBFT's own word, where this node runs one. */
  consensus(): { readonly status: () => Promise<CometStatus>; readonly failed: boolean } | undefined
}

/** Heights of those of the others that answer in time. */
async function heightsOf({ others, request }: ReadyParts): Promise<readonly number[]> {
  const asked = others()
    .map((entry) => [Math.random(), entry] as const)
    .sort(([a], [b]) => a - b)
    .slice(0, mostAsked)
  const answers = await Promise.all(
    asked.map(async ([, { url, transport: pin }]) => {
      try {
        const { status, bytes } = await request(`${url}/health`, { pin, signal: AbortSignal.timeout(askMs) })
        const { height } = JSON.parse(Buffer.from(bytes).toString("utf8")) as { readonly height?: unknown }
        return status === 200 && Number.isSafeInteger(height) ? [height as number] : []
      } catch (error) {
        if (error instanceof Fault || error instanceof SyntaxError || (error as Error).name === "TimeoutError")
          return []
        throw error
      }
    }),
  )
  return answers.flat()
}

async function freeBytesOf(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize
  } catch {
    // A platform that does not tell is no reason to turn work away.
    return undefined
  }
}

type Reasons = NotReady[]

async function checkEngine(parts: ReadyParts, reasons: Reasons): Promise<void> {
  const consensus = parts.consensus()
  if (consensus === undefined) return
  if (consensus.failed)
    reasons.push({ code: "consensus-failed", message: "CometBFT makes no more blocks: its state is not the others'" })
  try {
    const { catchingUp } = await consensus.status()
    if (catchingUp) reasons.push({ code: "catching-up", message: "CometBFT fetches blocks that others have" })
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    reasons.push({ code: "engine-silent", message: "CometBFT does not answer" })
  }
}

function checkClock({ clock, limits, realTime, lastSeconds }: ReadyParts, now: number, reasons: Reasons): void {
  if (!realTime) return
  const last = lastSeconds()
  const age = last === undefined ? 0 : Math.round(now / 1000 - last)
  if (age > stalledSeconds) reasons.push({ code: "stalled", message: `The last block is ${age} s old` })
  const { off } = clock
  if (off !== undefined && Math.abs(off) > limits.clockSeconds) {
    const side = off > 0 ? "ahead of" : "behind"
    const message = `This machine's clock is ${Math.abs(off).toFixed(0)} s ${side} the validators' votes`
    reasons.push({ code: "clock-off", message })
  }
}

/** Everything that speaks against giving this node work, now. */
export async function checkReady(parts: ReadyParts): Promise<Condition> {
  const reasons: NotReady[] = []
  const height = parts.height()
  const [heights, freeBytes] = await Promise.all([
    height === undefined ? [] : heightsOf(parts),
    freeBytesOf(parts.directory),
    height === undefined ? undefined : checkEngine(parts, reasons),
  ])
  const most = median(heights)
  const lag = height === undefined || most === undefined ? undefined : Math.max(0, most - height)
  if (height === undefined) reasons.push({ code: "not-founded", message: "The node has not gone on with a chain" })
  else if (lag !== undefined && lag > parts.limits.lagBlocks) {
    parts.clock.forget()
    reasons.push({ code: "behind", message: `The node is ${lag} blocks behind the median of the others` })
  } else checkClock(parts, Date.now(), reasons)
  const follows = height !== undefined && parts.consensus() === undefined && parts.others().length > 0
  if (follows && heights.length === 0)
    reasons.push({ code: "others-silent", message: "None of the other nodes answers" })
  if (freeBytes !== undefined && freeBytes < parts.limits.freeMiB * MiB)
    reasons.push({ code: "disk-full", message: `The disk has ${Math.floor(freeBytes / MiB)} MiB left` })
  const { off: clockOff } = parts.clock
  return { ready: reasons.length === 0, reasons, height: height ?? 0, lag, clockOff, freeBytes }
}

/** The same answer for some seconds, however many ask. */
export class Readiness {
  readonly #parts: ReadyParts
  #last: { readonly at: number; readonly condition: Promise<Condition> } | undefined

  constructor(parts: ReadyParts) {
    this.#parts = parts
  }

  check(): Promise<Condition> {
    const now = performance.now()
    if (this.#last === undefined || now - this.#last.at > cacheMs)
      this.#last = { at: now, condition: checkReady(this.#parts) }
    return this.#last.condition
  }
}
