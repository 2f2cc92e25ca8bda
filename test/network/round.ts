/** One round: load, a fault and its healing under that load, recovery, judgement, and the row that says it. */
import { mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { Consortium } from "./consortium.ts"
import { sleep, until } from "./consortium.ts"
import { acknowledgedBetween, type Fault } from "./fault.ts"
import type { Judge } from "./judge.ts"
import { type Load, longestStall } from "./load.ts"
import type { Random } from "./random.ts"

/** What a round came to. Times in seconds. */
export interface Row {
  readonly fault: string
  /** UTC. */
  readonly at: string
  readonly faultSeconds: number
  /** Transactions offered and acknowledged while the round went on, and what stayed without an answer. */
  readonly acknowledged: number
  readonly unanswered: number
  readonly lost: number
  readonly doubled: number
  readonly longestStall: number
  /** From the healing until transactions are acknowledged and every node has the height that any had at the healing. */
  readonly recoveredAfter: number
  readonly height: number
  readonly notes: readonly string[]
  readonly failures: readonly string[]
  /** Why the fault could not be done here. */
  readonly skipped?: string
}

export interface Stage {
  readonly consortium: Consortium
  readonly load: Load
  readonly judge: Judge
  readonly directory: string
}

const warmUpMs = 1500
const tailMs = 1500
const recoveryMs = 120_000

export async function playRound(fault: Fault, stage: Stage, random: Random): Promise<Row> {
  const skipped = fault.absent?.()
  const at = new Date().toISOString()
  return skipped === undefined ? play(fault, stage, random) : { ...emptyRow(fault.name, at), skipped }
}

async function play(fault: Fault, stage: Stage, random: Random): Promise<Row> {
  const { consortium, load, judge } = stage
  const at = new Date().toISOString()
  const notes: string[] = []
  const failures: string[] = []
  const scratch = mkdtempSync(join(stage.directory, "round-"))
  const begin = performance.now()
  const before = load.sent.length
  load.start()
  await sleep(warmUpMs)
  await tried(failures, () =>
    until("the load is acknowledged", () => acknowledgedBetween(stage, begin, performance.now()) > 0, {
      withinMs: 60_000,
    }),
  )
  const struck = performance.now()
  const scene = {
    consortium,
    load,
    random,
    scratch,
    note: (text: string) => notes.push(text),
    fail: (text: string) => failures.push(text),
  }
  await tried(failures, () => fault.strike(scene))
  const healed = performance.now()
  await tried(failures, () => recovered(stage, healed))
  const recoveredAt = performance.now()
  await sleep(tailMs)
  const end = performance.now()
  await load.stop()
  const sent = load.sent.slice(before)
  const verdict = await tried(failures, () => judge.judge(load.sent))
  rmSync(scratch, { recursive: true, force: true })
  return {
    fault: fault.name,
    at,
    faultSeconds: (healed - struck) / 1000,
    acknowledged: sent.filter(({ acknowledgedAt }) => acknowledgedAt !== undefined).length,
    unanswered: sent.filter(({ acknowledgedAt, refused }) => acknowledgedAt === undefined && refused === undefined)
      .length,
    lost: verdict?.lost ?? 0,
    doubled: verdict?.doubled ?? 0,
    longestStall: longestStall(sent, struck, end) / 1000,
    recoveredAfter: (recoveredAt - healed) / 1000,
    height: verdict?.height ?? 0,
    notes,
    failures: [...failures, ...(verdict?.failures ?? [])],
  }
}

async function recovered(stage: Stage, healed: number): Promise<void> {
  const { consortium } = stage
  const standing = [...(await consortium.heights()).values()].map((height) => height ?? 0)
  const target = Math.max(...standing)
  await until(
    "recovery",
    async () => {
      if (acknowledgedBetween(stage, healed, performance.now()) === 0) return false
      return [...(await consortium.heights()).values()].every((height) => height !== undefined && height >= target)
    },
    { withinMs: recoveryMs },
  )
}

/** What goes wrong is said in the row, and the next round still has its turn. */
async function tried<T>(failures: string[], what: () => Promise<T>): Promise<T | undefined> {
  try {
    return await what()
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error))
    return undefined
  }
}

function emptyRow(fault: string, at: string): Row {
  const none = { acknowledged: 0, unanswered: 0, lost: 0, doubled: 0, height: 0 }
  return { fault, at, faultSeconds: 0, ...none, longestStall: 0, recoveredAfter: 0, notes: [], failures: [] }
}
