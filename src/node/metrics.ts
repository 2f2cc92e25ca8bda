/**
 * What a node counts, in Prometheus' form. Labels are codes of closed lists; no id, name or address is a label, so that
 * what a monitoring system keeps tells nothing about a visit or a person.
 *
 * Served on a port of its own, on loopback: a scraper cannot hold a desk's token, which is made anew at each start and
 * opens all of the desk; and counts of visits are not for strangers. A scraper elsewhere comes through what its machine
 * already has (an agent, a tunnel).
 */
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client"
import type { FinalBlock } from "../base/chain/block.ts"
import { flags } from "../base/chain/commit.ts"
import { Fault } from "../base/fault.ts"
import { rejections } from "../ledger/rejection.ts"

const codes: ReadonlyMap<number, string> = new Map([
  [0, "applied"],
  ...Object.entries(rejections).map(([code, { number }]) => [number, code] as const),
])

/** Asked for at each scrape; what cannot be told now is left out. */
export interface Gauged {
  readonly height?: number | undefined
  /** Last height whose header and votes are here. */
  readonly attachedHeight?: number | undefined
  /** Transactions handed in here that are in no block yet. */
  readonly pending?: number | undefined
  readonly verifying?: number | undefined
  readonly mempool?: number | undefined
  readonly mempoolBytes?: number | undefined
  readonly peers?: number | undefined
  /** Blocks behind the median of the other nodes. */
  readonly lag?: number | undefined
  readonly ready?: boolean | undefined
  readonly consensusFailed?: boolean | undefined
  readonly engineRestarts?: number | undefined
  readonly clockOff?: number | undefined
  readonly freeBytes?: number | undefined
  readonly mail?: Readonly<Record<"inbox" | "outbox", number>> | undefined
  readonly bytes?: Readonly<Record<string, number>> | undefined
}

const gauges = {
  height: "Height of the last final block here",
  attachedHeight: "Last height whose header and votes are here",
  pending: "Transactions handed in here that are in no block yet",
  verifying: "Transactions whose signatures wait to be verified",
  mempool: "Transactions in CometBFT's mempool",
  mempoolBytes: "Bytes in CometBFT's mempool",
  peers: "Nodes that CometBFT is connected to",
  lag: "Blocks behind the median of the other nodes",
  ready: "1 when GET /ready says yes",
  consensusFailed: "1 when CometBFT has stopped making blocks for good",
  engineRestarts: "Times that CometBFT was started again since the node's start",
  clockOff: "Seconds that this machine's clock is ahead of the validators' votes",
  freeBytes: "Bytes free on the disk of the node's directory",
} as const satisfies Partial<Record<keyof Gauged, string>>

const prefix = "countersign_"
const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

export class NodeMetrics {
  readonly #registry = new Registry()
  readonly #gauges: ReadonlyMap<string, Gauge>
  readonly #transactions: Counter<"code">
  readonly #blocks: Counter
  readonly #interval: Histogram
  readonly #commit: Histogram
  readonly #missing: Gauge
  readonly #evidence: Counter
  readonly #rejected: Counter<"reason">
  readonly #refusals: Counter<"door">
  readonly #mail: Gauge<"queue">
  readonly #bytes: Gauge<"store">
  #lastTime: number | undefined

  constructor() {
    const registers = [this.#registry]
    const made = Object.entries(gauges).map(([name, help]) => {
      return [name, new Gauge({ name: prefix + snake(name), help, registers })] as const
    })
    this.#gauges = new Map(made)
    const own = (name: string, help: string) => ({ name: prefix + name, help, registers })
    this.#transactions = new Counter({
      ...own("transactions_total", "Transactions in final blocks, by outcome: applied, or why not"),
      labelNames: ["code"],
    })
    this.#blocks = new Counter(own("blocks_total", "Final blocks since the node's start"))
    const intervals = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15, 31, 60, 300]
    this.#interval = new Histogram({
      ...own("block_interval_seconds", "Between the times of two headers"),
      buckets: intervals,
    })
    const buckets = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5]
    this.#commit = new Histogram({ ...own("commit_seconds", "Writing a block to disk, fsync included"), buckets })
    this.#missing = new Gauge(own("missing_power", "Power of the validators without a vote in the last commit"))
    this.#evidence = new Counter(own("evidence_total", "Validators seen to lie, as blocks name them"))
    const rejected = own("rejected_proposals_total", "Proposals that this node voted against")
    this.#rejected = new Counter({ ...rejected, labelNames: ["reason"] })
    const refusals = own("quota_refusals_total", "Requests turned away because a caller was over its quota")
    this.#refusals = new Counter({ ...refusals, labelNames: ["door"] })
    this.#mail = new Gauge({ ...own("mail", "Letters, by queue"), labelNames: ["queue"] })
    this.#bytes = new Gauge({ ...own("store_bytes", "Bytes on disk, by store"), labelNames: ["store"] })
  }

  /** Counts what the whole process uses, too. */
  withProcess(): void {
    collectDefaultMetrics({ register: this.#registry, prefix })
  }

  /** A block that has become final here. */
  block({ header, commit, validators, results }: FinalBlock): void {
    this.#blocks.inc()
    const seconds = header.time.seconds + header.time.nanos / 1e9
    if (this.#lastTime !== undefined) this.#interval.observe(seconds - this.#lastTime)
    this.#lastTime = seconds
    const absent = commit.signatures.map((slot, i) => (slot.flag === flags.commit ? 0 : (validators[i]?.power ?? 0)))
    this.#missing.set(absent.reduce((sum, power) => sum + power, 0))
    for (const batch of results)
      for (const number of batch) this.#transactions.inc({ code: codes.get(number) ?? "unknown" })
  }

  committed(ms: number): void {
    this.#commit.observe(ms / 1000)
  }

  evidence(count: number): void {
    this.#evidence.inc(count)
  }

  rejectedProposal(reason: string): void {
    this.#rejected.inc({ reason })
  }

  refused(door: string): void {
    this.#refusals.inc({ door })
  }

  async text(now: Gauged): Promise<string> {
    for (const [name, gauge] of this.#gauges) {
      const value = now[name as keyof typeof gauges]
      if (value === undefined) gauge.remove()
      else gauge.set(Number(value))
    }
    for (const [queue, count] of Object.entries(now.mail ?? {})) this.#mail.set({ queue }, count)
    for (const [store, bytes] of Object.entries(now.bytes ?? {})) this.#bytes.set({ store }, bytes)
    return this.#registry.metrics()
  }

  get contentType(): string {
    return this.#registry.contentType
  }
}

export interface MetricsDoor {
  /** `http://127.0.0.1:PORT/metrics` */
  readonly url: string
  close(): Promise<void>
}

/** Serves `GET /metrics` and nothing else. @throws Fault when the port is taken. */
export async function serveMetrics(
  port: number,
  metrics: NodeMetrics,
  now: () => Promise<Gauged>,
): Promise<MetricsDoor> {
  const server: Server = createServer({ requestTimeout: 5000 }, (request, response) => {
    if (request.method !== "GET" || request.url !== "/metrics") {
      response.writeHead(404).end()
      return
    }
    now()
      .then((gauged) => metrics.text(gauged))
      .then(
        (text) => response.writeHead(200, { "content-type": metrics.contentType }).end(text),
        () => response.writeHead(503).end(),
      )
  })
  server.maxConnections = 16
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(new Fault(`Cannot serve metrics: port ${port} is not free`, { cause })))
    server.listen(port, "127.0.0.1", resolve)
  })
  const { port: given } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${given}/metrics`, close }
}
