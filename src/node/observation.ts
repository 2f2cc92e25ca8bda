/**
 * What a running node lets its people see of itself: the log, the metrics, whether it is ready. It looks on and decides
 * nothing; the chain goes on the same without it.
 */
import { existsSync, statSync } from "node:fs"
import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import type { FinalBlock } from "../base/chain/block.ts"
import { Fault } from "../base/fault.ts"
import type { LedgerApplication } from "./application.ts"
import type { OpenSource } from "./block-source.ts"
import type { Source } from "./chain.ts"
import type { NodeConfig } from "./config.ts"
import type { Entry } from "./directory.ts"
import { ClockWatch, type Condition, Readiness, usualReadyLimits, votedAt } from "./health.ts"
import type { Log } from "./logging.ts"
import { type Gauged, type MetricsDoor, NodeMetrics, serveMetrics } from "./metrics.ts"
import type { Request } from "./transport.ts"

export interface ObservationParts {
  readonly config: NodeConfig
  readonly log: Log
  readonly others: () => readonly Entry[]
  readonly request: Request
  /** Letters in a queue of the work store. */
  readonly letters: (queue: "inbox" | "outbox") => number
}

interface Observed {
  readonly application: LedgerApplication
  readonly opened: OpenSource
}

const lookMs = 15_000
/** Between two lines of the log about one door: a flood of requests must not become a flood of lines. */
const quietMs = 10_000

export class Observation {
  readonly log: Log
  readonly metrics = new NodeMetrics()
  readonly #parts: ObservationParts
  readonly #clock = new ClockWatch()
  readonly #readiness: Readiness
  readonly #refusals = new Map<string, { since: number; count: number }>()
  #observed: Observed | undefined
  #door: MetricsDoor | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #evidence = 0
  #peers: number | undefined
  #restarts = 0
  #failed = false
  #reasons = ""

  constructor(parts: ObservationParts) {
    const { config, others, request } = parts
    this.#parts = parts
    this.log = parts.log
    this.#readiness = new Readiness({
      directory: config.directory,
      limits: config.ready ?? usualReadyLimits,
      clock: this.#clock,
      realTime: !config.turnableClock,
      height: () => this.#source?.height,
      lastSeconds: () => this.#lastSeconds(),
      others: () => others().filter(({ organization }) => organization !== config.organization),
      request,
      consensus: () => this.#consensus(),
    })
  }

  get #source(): Source | undefined {
    return this.#observed?.opened.source
  }

  #lastSeconds(): number | undefined {
    const source = this.#source
    const block = source?.block(source.height)
    return block && votedAt(block)
  }

  #consensus() {
    const consensus = this.#observed?.opened.consensus
    if (consensus === undefined) return undefined
    return { status: () => consensus.rpc.status(), failed: consensus.process()?.consensusFailed === true }
  }

  /** Opens the door of the metrics where the configuration wants one. @throws Fault when its port is taken. */
  async start(): Promise<void> {
    const { config } = this.#parts
    if (config.metricsPort !== undefined) {
      this.metrics.withProcess()
      this.#door = await serveMetrics(config.metricsPort, this.metrics, () => this.#gauged())
    }
    if (config.logLevel === undefined) return
    this.#timer = setInterval(() => void this.#look(), lookMs)
    this.#timer.unref()
  }

  /** Where the metrics are; undefined where there are none. */
  get metricsUrl(): string | undefined {
    return this.#door?.url
  }

  /** Times what a block waits for on its way to disk; before the engine takes the application. */
  timeCommits(application: LedgerApplication): void {
    const { metrics } = this
    const timed = async (commit: () => Promise<void>) => {
      const started = performance.now()
      await commit()
      metrics.committed(performance.now() - started)
    }
    const commit = application.commit.bind(application)
    const commitBody = application.commitBody.bind(application)
    application.commit = (blocks) => timed(() => commit(blocks))
    application.commitBody = (body) => timed(() => commitBody(body))
  }

  /** The chain goes on: from now on its blocks are counted. */
  watch(observed: Observed): void {
    this.#observed = observed
    const { application, opened } = observed
    this.#evidence = opened.consensus?.evidence().length ?? 0
    this.log.write("info", "running", { height: application.height, consensus: opened.consensus !== undefined })
    void this.#follow(opened.source)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.#door?.close()
  }

  ready(): Promise<Condition> {
    return this.#readiness.check()
  }

  refused(door: string): void {
    this.metrics.refused(door)
    const now = performance.now()
    const known = this.#refusals.get(door) ?? { since: Number.NEGATIVE_INFINITY, count: 0 }
    known.count++
    this.#refusals.set(door, known)
    if (now - known.since < quietMs) return
    this.log.write("warn", "quota-refused", { door, count: known.count })
    this.#refusals.set(door, { since: now, count: 0 })
  }

  rejectedProposal(height: number, reason: string): void {
    this.metrics.rejectedProposal(reason)
    this.log.write("warn", "proposal-rejected", { height, reason })
  }

  halted(cause: unknown): void {
    const { name, message } = cause instanceof Error ? cause : { name: "unknown", message: "unknown cause" }
    this.log.write("error", "halted", { height: this.#source?.height, cause: name, message })
  }

  /** Every block from now on, as it becomes final here. */
  async #follow(source: Source): Promise<void> {
    let next = source.height + 1
    while (!this.#stopped) {
      try {
        for await (const block of source.blocks(next)) {
          next++
          // One that was pruned, or jumped over by a snapshot, is not here.
          if (block !== undefined) this.#see(block)
        }
        return
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        await wait(1000, undefined, { ref: false })
        next = Math.max(next, source.height)
      }
    }
  }

  #see(block: FinalBlock): void {
    this.metrics.block(block)
    this.#clock.block(block)
    const evidence = this.#observed?.opened.consensus?.evidence() ?? []
    for (const { height, kind, organization } of evidence.slice(this.#evidence)) {
      this.metrics.evidence(1)
      this.log.write("error", "evidence", { height, kind, organization })
    }
    this.#evidence = Math.max(this.#evidence, evidence.length)
  }

  /** Now and then: what changed since the last look is said once. */
  async #look(): Promise<void> {
    const { peers, engineRestarts = 0, consensusFailed = false } = await this.#ofConsensus()
    if (peers !== undefined && peers !== this.#peers) this.log.write("info", "peers", { connected: peers })
    if (engineRestarts > this.#restarts) this.log.write("warn", "engine-started-again", { times: engineRestarts })
    if (consensusFailed && !this.#failed) this.log.write("error", "consensus-failed")
    this.#peers = peers ?? this.#peers
    this.#restarts = engineRestarts
    this.#failed = consensusFailed
    const { ready, reasons } = await this.ready()
    const codes = reasons.map(({ code }) => code).join(",")
    if (codes !== this.#reasons) this.log.write(ready ? "info" : "warn", ready ? "ready" : "not-ready", { codes })
    this.#reasons = codes
  }

  async #ofConsensus(): Promise<Gauged> {
    const consensus = this.#observed?.opened.consensus
    if (consensus === undefined) return {}
    const process = consensus.process()
    const known = { engineRestarts: process?.restarts ?? 0, consensusFailed: process?.consensusFailed === true }
    try {
      const [{ peers }, waiting] = await Promise.all([
        consensus.rpc.netInfo(),
        consensus.rpc.call("num_unconfirmed_txs"),
      ])
      const { n_txs: count, total_bytes: bytes } = waiting as { n_txs?: string; total_bytes?: string }
      return { ...known, peers: peers.length, mempool: Number(count ?? 0), mempoolBytes: Number(bytes ?? 0) }
    } catch (error) {
      if (error instanceof Fault) return known
      throw error
    }
  }

  async #gauged(): Promise<Gauged> {
    const { ready, lag, clockOff, freeBytes } = await this.ready()
    const { letters, config } = this.#parts
    const { application, opened } = this.#observed ?? {}
    return {
      ready,
      lag,
      clockOff,
      freeBytes,
      height: this.#source?.height,
      attachedHeight: application?.attachedHeight,
      pending: opened?.consensus?.engine.pending,
      verifying: opened?.consensus?.engine.unverified,
      mail: { inbox: letters("inbox"), outbox: letters("outbox") },
      bytes: await storeBytes(config.directory),
      ...(await this.#ofConsensus()),
    }
  }
}

async function storeBytes(directory: string): Promise<Readonly<Record<string, number>>> {
  const size = (path: string) => (existsSync(path) ? statSync(path).size : 0)
  return {
    ledger: size(join(directory, "ledger", "data.mdb")),
    work: size(join(directory, "work", "data", "data.mdb")),
    engine: await bytesUnder(join(directory, "engine", "home", "data")),
  }
}

/** CometBFT makes and removes files meanwhile; one that is gone counts nothing. */
async function bytesUnder(folder: string): Promise<number> {
  if (!existsSync(folder)) return 0
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0),
  )
  return sizes.reduce((sum, bytes) => sum + bytes, 0)
}
