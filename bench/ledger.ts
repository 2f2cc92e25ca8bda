/**
 * The product's own engine under load: visits that were signed before are submitted as bytes, verified, executed,
 * hashed, written with fsync and acknowledged. Nothing is loaded into the store behind the rules' back.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { Fault } from "../src/base/fault.ts"
import { SettableClock } from "../src/engine/clock.ts"
import { EmbeddedEngine } from "../src/engine/embedded/engine.ts"
import { Stopwatch } from "../src/engine/embedded/stopwatch.ts"
import { type Run, runThrough } from "../src/engine/measure.ts"
import type { DecodedTransaction } from "../src/ledger/decode.ts"
import { firstHour } from "../src/ledger/example-chain.ts"
import { isRejection } from "../src/ledger/rejection.ts"
import { LedgerApplication } from "../src/node/application.ts"
import { Chain } from "../src/node/chain.ts"
import { StateStore } from "../src/store/state-store.ts"
import { anchorOfGenesis } from "../src/verify/genesis-anchor.ts"
import type { TrustAnchor } from "../src/verify/trust.ts"
import { communityGenesis, validatorSeed } from "./community.ts"
import type { Load } from "./presign.ts"
import { between, type ProcessorTime, processorTime, residentMegabytes, threadMilliseconds } from "./threads.ts"
import { signDeposits } from "./visits.ts"

/** Transactions under way at once: what saturates the engine and still answers within a few blocks. */
const outstanding = 2000

export interface Measured {
  readonly visitsPerSecond: number
  readonly run: Run
  /** Processor microseconds a visit by stage: main thread by stage, then the other threads. */
  readonly stages: Readonly<Record<string, number>>
  readonly processor: ProcessorTime
  /** Of the whole directory, a visit that is in it. */
  readonly diskBytesPerVisit: number
  readonly rssMb: number
  readonly rssFilesMb: number
}

export class BenchLedger {
  readonly directory: string
  readonly anchor: TrustAnchor
  readonly application: LedgerApplication
  readonly #engine: EmbeddedEngine<DecodedTransaction>
  visits = 0

  private constructor(parts: Pick<BenchLedger, "directory" | "anchor" | "application">) {
    this.directory = parts.directory
    this.anchor = parts.anchor
    this.application = parts.application
    this.#engine = new EmbeddedEngine(this.application, {
      seed: validatorSeed,
      clock: new SettableClock({ seconds: firstHour * 3600, nanos: 0 }),
      stopwatch: new Stopwatch(threadMilliseconds),
    })
  }

  /** A new chain of the community in a folder of its own under `parent`, with money in the payers' accounts. */
  static async begin(parent: string): Promise<BenchLedger> {
    const directory = mkdtempSync(join(parent, "countersign-bench-"))
    const genesis = communityGenesis()
    const anchor = anchorOfGenesis(genesis)
    const application = await LedgerApplication.open(directory, genesis)
    if (isRejection(application)) throw new Fault(`Cannot begin bench: ${application.message}`)
    if (isRejection(anchor)) throw new Fault(`Cannot begin bench: ${anchor.message}`)
    const ledger = new BenchLedger({ directory, anchor, application })
    await ledger.#engine.start()
    await runThrough(ledger.#engine, signDeposits())
    return ledger
  }

  /** Settles a load. `lag` is how many later visits are held before a visit is settled. */
  async settle(load: Load, lag: number): Promise<Measured> {
    sealMilliseconds = 0
    const before = processorTime()
    const run = await runThrough(this.#engine, load.transactions(lag), { outstanding })
    const processor = between(before, processorTime())
    this.visits += load.visits
    const resident = residentMegabytes()
    return {
      visitsPerSecond: load.visits / run.seconds,
      run,
      stages: stagesOf(run, processor, load.visits),
      processor,
      diskBytesPerVisit: sizeOf(this.directory) / this.visits,
      rssMb: resident.all,
      rssFilesMb: resident.files,
    }
  }

  /** The receipt of an applied transaction. */
  receipt(transaction: Uint8Array): Promise<Uint8Array> {
    const { application: state, anchor } = this
    const handovers = () => state.handovers()
    const chain = new Chain({ chainId: anchor.chainId, anchor, state: state.state, source: this.#engine, handovers })
    return chain.receipt(transaction)
  }

  /** Bytes of the rows that visits leave behind, keys included, a visit. */
  stateBytesPerVisit(): number {
    let bytes = 0
    for (const table of ["visits", "vouchers"])
      for (const [key, value] of this.application.state.rows(table)) bytes += key.length + value.length
    return bytes / this.visits
  }

  async close(): Promise<void> {
    await this.#engine.settled()
    await this.#engine.stop()
    await this.application.close()
  }

  remove(): void {
    rmSync(this.directory, { recursive: true })
  }
}

// Sealing a block (hashing its rows and the tree) is a part of its execution; here it is told apart.
let sealMilliseconds = 0
const seal = StateStore.prototype.seal
StateStore.prototype.seal = function (this: StateStore) {
  const started = threadMilliseconds()
  const hash = seal.call(this)
  sealMilliseconds += threadMilliseconds() - started
  return hash
}

function stagesOf({ stages }: Run, processor: ProcessorTime, visits: number): Record<string, number> {
  const spent = (name: string) => stages[name] ?? 0
  const told = {
    decode: spent("decode"),
    "verify (main)": spent("verify"),
    "verify (threads)": processor.verifiers,
    execute: spent("execute") - sealMilliseconds,
    tree: sealMilliseconds,
    "batches, header": spent("header"),
    "queue, ring": spent("queue"),
  }
  const named = Object.entries(told).reduce((sum, [name, ms]) => (name === "verify (threads)" ? sum : sum + ms), 0)
  const all = {
    ...told,
    "rows to the disk, answers, collector (main)": processor.main - named,
    "collector, compiler (threads)": processor.collector,
    "disk (thread)": processor.disk,
  }
  return Object.fromEntries(Object.entries(all).map(([name, ms]) => [name, (ms * 1000) / visits]))
}

function sizeOf(directory: string): number {
  // The store's files may be longer than what is written of them.
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).blocks * 512, 0)
}
