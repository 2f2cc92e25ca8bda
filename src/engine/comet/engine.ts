/**
 * The engine among rival organizations: CometBFT decides the order, this process executes and keeps. Transactions are
 * verified here, gathered into batches and handed to the mempool; every validator checks each batch again, and a block
 * is final when more than two thirds of the power signed it.
 *
 *   submit ─▶ verify ─▶ batch ─▶ mempool ─▶ (CometBFT) ─▶ bridge: execute, commit ─▶ header and votes ─▶ answer
 */
import { randomBytes } from "node:crypto"
import { mapKey, sha256 } from "#crypto"
import type { BlockProof, FinalBlock } from "../../base/chain/block.ts"
import type { BlockTime } from "../../base/chain/header.ts"
import { Fault } from "../../base/fault.ts"
import { Answers, rememberBlocks } from "../answers.ts"
import { fillBatches } from "../batches.ts"
import {
  type Application,
  type Decoded,
  type Engine,
  type Finality,
  isOutcome,
  type ProvenRow,
  type SignatureJob,
  type Status,
  type Trust,
} from "../engine.ts"
import { Heights } from "../heights.ts"
import { SignaturePool, verifyAllJobs } from "../signature-pool.ts"
import type { Misbehavior } from "./abci/parts.ts"
import { AbciServer } from "./abci/server.ts"
import { AbciBridge, type ExecutedBlock } from "./bridge.ts"
import { CheckedBatches } from "./checked-batches.ts"
import { FinalitySource } from "./finality.ts"
import { Outbox } from "./outbox.ts"
import type { CometRpc } from "./rpc.ts"

/** The CometBFT process as the engine needs it: something that ends. */
export interface RunningProcess {
  stop(): Promise<void>
}

export interface CometOptions {
  /** Path of the unix socket on which CometBFT finds this application. */
  readonly abciSocket: string
  readonly rpc: CometRpc
  /** Starts CometBFT once the application listens. */
  readonly startProcess: () => Promise<RunningProcess>
  /** Whether a node id (40 hex digits) belongs to a member. */
  readonly mayConnect: (nodeId: string) => boolean
  /** Verifying threads besides the main one. */
  readonly threads?: number
  /** Transactions under way before `submit` faults. */
  readonly queue?: number
  /** Between two batches while one waits for its block; 20 when left out. */
  readonly gatherMs?: number
  /** How long a transaction may wait for its block before `submit` faults: it may still take effect. */
  readonly patienceMs?: number
  /** Blocks to keep, 0 for all; and how often a snapshot is taken, 0 for never. In heights. */
  readonly keepBlocks?: number
  readonly snapshotEvery?: number
  readonly version?: string
  /** The verified header time of a snapshot's height; without it no snapshot is taken from others. */
  readonly snapshotTime?: (height: number) => Promise<BlockTime | undefined>
  readonly onMisbehavior?: (height: number, list: readonly Misbehavior[]) => void
  readonly onRejectedProposal?: (height: number, reason: string) => void
  /** Called once when the engine cannot go on. */
  readonly onHalt?: (cause: unknown) => void
}

interface Entry<T extends Decoded> {
  readonly bytes: Uint8Array
  readonly hash: string
  readonly transaction: T
}

const patienceMs = 30_000
const retryMs = 50
const gatherMs = 20
/** Transactions that one verification takes at most, so that those who come later are not held up for long. */
const verifyAtOnce = 500

export class CometEngine<T extends Decoded> implements Engine {
  readonly #application: Application<T>
  readonly #options: CometOptions
  readonly #heights: Heights
  readonly #answers = new Answers()
  readonly #pool: SignaturePool
  readonly #batches: CheckedBatches<T>
  readonly #outbox: Outbox
  readonly #finality: FinalitySource
  readonly #server: AbciServer
  readonly #since = new Map<string, number>()
  readonly #executed = new Map<number, ExecutedBlock<T>>()
  /** Asked for while their blocks are on their way to disk; undefined when CometBFT did not have them yet. */
  readonly #proofs = new Map<number, Promise<BlockProof | undefined>>()
  #verifying: Promise<unknown> = Promise.resolve()
  #incoming: Entry<T>[] = []
  #gathering = false
  #lastSent = 0
  #process: RunningProcess | undefined
  #attaching: Promise<void> | undefined
  #attachAgain = false
  #patience: NodeJS.Timeout | undefined
  /** First height whose header carries the app hash of the state as last executed. */
  #carriedBy: number
  #halted: Fault | undefined

  constructor(application: Application<T>, options: CometOptions) {
    this.#application = application
    this.#options = options
    this.#heights = new Heights(application.attachedHeight)
    this.#carriedBy = application.height + 1
    this.#pool = new SignaturePool(options.threads ?? 1, {
      onProgress: () => undefined,
      onFailure: (cause) => this.#halt(cause),
    })
    this.#batches = new CheckedBatches(application, (jobs) => this.#verify(jobs))
    this.#outbox = new Outbox(options.rpc, {
      onRefused: ({ transactions }, fault) => {
        for (const hash of transactions) this.#fail(hash, fault)
      },
    })
    this.#finality = new FinalitySource(application.chain.chainId, options.rpc)
    this.#server = new AbciServer(options.abciSocket, this.#makeBridge())
  }

  #makeBridge(): AbciBridge<T> {
    const { mayConnect, snapshotTime, keepBlocks = 0, version = "1" } = this.#options
    const events = {
      mayConnect,
      onExecuted: (block: ExecutedBlock<T>) => this.#onExecuted(block),
      onCommitted: (height: number) => this.#onCommitted(height),
      onRestored: (height: number) => this.#onRestored(height),
      snapshotTime: async (height: number) => snapshotTime?.(height),
      onMisbehavior: (height: number, list: readonly Misbehavior[]) => this.#options.onMisbehavior?.(height, list),
      onRejected: (height: number, reason: string) => this.#options.onRejectedProposal?.(height, reason),
      onFailure: (cause: unknown) => this.#halt(cause),
      retainHeight: (height: number) =>
        keepBlocks === 0 ? 0 : Math.max(0, Math.min(height, this.#application.attachedHeight) - keepBlocks),
    }
    return new AbciBridge(this.#application, this.#batches, { events, version })
  }

  get trust(): Trust {
    return this.#application.validators().length === 1 ? "operator" : "byzantine"
  }

  get height(): number {
    return this.#heights.height
  }

  /** Transactions submitted here that are in no block yet. */
  get pending(): number {
    return this.#answers.pending
  }

  /** Of those, the ones whose signatures wait to be verified. */
  get unverified(): number {
    return this.#incoming.length
  }

  async start(): Promise<void> {
    rememberBlocks(this.#answers, this.#application)
    await this.#server.listen()
    this.#attach()
    this.#patience = setInterval(() => this.#losePatience(), 1000)
    this.#patience.unref()
    this.#process = await this.#options.startProcess()
  }

  /** CometBFT's process ended and started again: what waited in its mempool is handed in once more. */
  restarted(): void {
    this.#outbox.sendAllAgain()
  }

  async stop(): Promise<void> {
    this.#halted ??= new Fault("Cannot run transaction: the engine has stopped", { retryable: true })
    clearInterval(this.#patience)
    this.#outbox.stop()
    await this.#process?.stop()
    await this.#server.close()
    this.#answers.failAll(this.#halted)
    this.#heights.end()
    await this.#attaching?.catch(() => undefined)
    await this.#verifying.catch(() => undefined)
    await this.#pool.stop()
    this.#options.rpc.close()
  }

  async submit(bytes: Uint8Array): Promise<Finality> {
    if (this.#halted !== undefined) throw this.#halted
    const hash = mapKey(sha256(bytes))
    const known = this.#answers.find(hash)
    if (known !== undefined) return known
    if (this.#answers.pending >= (this.#options.queue ?? 8192))
      throw new Fault(`Cannot run transaction: ${this.#answers.pending} are under way`, { retryable: true })
    const transaction = this.#application.decode(bytes)
    if (isOutcome(transaction)) return { height: 0, index: 0, outcome: transaction }
    const promise = this.#answers.expect(hash)
    this.#since.set(hash, performance.now())
    this.#incoming.push({ bytes, hash, transaction })
    void this.#gather()
    return promise
  }

  status(transactionHash: Uint8Array): Status {
    return this.#answers.status(mapKey(transactionHash))
  }

  block(height: number): FinalBlock | undefined {
    return height <= this.height ? this.#application.block(height) : undefined
  }

  async *blocks(from: number): AsyncIterable<FinalBlock> {
    for (let height = Math.max(1, from); await this.#heights.reached(height); height++) {
      const block = this.block(height)
      if (block === undefined) throw new Fault(`Cannot read block ${height}: it is not kept`)
      yield block
    }
  }

  async prove(table: string, key: Uint8Array): Promise<ProvenRow> {
    const row = this.#application.prove(table, key)
    const height = this.#carriedBy
    const block = (await this.#heights.reached(height)) ? this.block(height) : undefined
    if (block === undefined) throw new Fault("Cannot prove row: the engine has stopped", { retryable: true })
    return { ...row, block }
  }

  /** Verifications run one after the other: the ring that threads share has one order. */
  #verify(jobs: readonly SignatureJob[]): Promise<readonly boolean[]> {
    const run = this.#verifying.then(() => verifyAllJobs(this.#pool, jobs))
    this.#verifying = run.catch(() => undefined)
    return run
  }

  /** Verifies what came in, makes batches of it, hands them over; one run at a time, so that order stays. */
  async #gather(): Promise<void> {
    if (this.#gathering) return
    this.#gathering = true
    try {
      // What arrives within one turn of the event loop goes together.
      await new Promise(setImmediate)
      while (this.#incoming.length > 0 && this.#halted === undefined) {
        await this.#together()
        const entries = this.#incoming.slice(0, verifyAtOnce)
        this.#incoming = this.#incoming.slice(verifyAtOnce)
        await this.#send(await this.#goodOnes(entries))
      }
    } catch (cause) {
      this.#halt(cause)
    } finally {
      this.#gathering = false
    }
  }

  /**
   * While a batch of ours waits for its block, what comes goes together a little longer: it would not be in an earlier
   * block, and every batch costs each validator a message, a check and a line in its log.
   */
  async #together(): Promise<void> {
    const wait = (this.#options.gatherMs ?? gatherMs) - (performance.now() - this.#lastSent)
    if (this.#outbox.size > 0 && wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    this.#lastSent = performance.now()
  }

  async #goodOnes(entries: readonly Entry<T>[]): Promise<readonly Entry<T>[]> {
    const verdicts = await this.#verify(entries.flatMap(({ transaction }) => transaction.jobs))
    let at = 0
    return entries.filter(({ hash, transaction }) => {
      const { jobs } = transaction
      const bad = verdicts.slice(at, at + jobs.length).indexOf(false)
      at += jobs.length
      if (bad < 0) return true
      this.#answer(hash, { height: 0, index: 0, outcome: this.#application.badSignature(transaction, jobs[bad]!) })
      return false
    })
  }

  async #send(entries: readonly Entry<T>[]): Promise<void> {
    const application = this.#application
    const batches = fillBatches(entries, application.batchLimits, {
      most: Number.POSITIVE_INFINITY,
      sizeOf: ({ bytes }) => application.sizeInBatch(bytes),
    })
    for (const batch of batches) {
      const items = batch.map(({ bytes }) => bytes)
      // CometBFT takes no bytes twice, but what was refused by state may come again.
      const bytes = application.encodeBatch(items, new Uint8Array(randomBytes(8)))
      const transactions = batch.map(({ transaction }) => transaction)
      this.#batches.add({ hash: mapKey(sha256(bytes)), bytes, items, transactions })
      await this.#outbox.send(
        bytes,
        batch.map(({ hash }) => hash),
      )
    }
  }

  #onExecuted(block: ExecutedBlock<T>): void {
    const { height } = block.body
    if (block.changed) this.#carriedBy = height + 1
    else this.#carriedBy = Math.min(this.#carriedBy, height)
    this.#executed.set(height, block)
    // CometBFT stores header and votes before it lets a block be executed.
    this.#proofs.set(
      height,
      this.#finality.proofOf(height).catch(() => undefined),
    )
    for (const { hash } of block.batches) this.#outbox.remove(hash)
  }

  #onCommitted(height: number): void {
    const { snapshotEvery = 0, keepBlocks = 0 } = this.#options
    if (snapshotEvery > 0 && height % snapshotEvery === 0)
      this.#application.snapshots.take().catch((cause) => this.#options.onHalt?.(cause))
    if (keepBlocks > 0 && height % 100 === 0 && height > keepBlocks)
      this.#application.prune(height - keepBlocks).catch((cause) => this.#halt(cause))
    this.#attach()
  }

  #onRestored(height: number): void {
    this.#carriedBy = height + 1
    this.#heights.reach(this.#application.attachedHeight)
  }

  #attach(): void {
    this.#attachAgain = true
    this.#attaching ??= this.#attachAll()
      .catch((cause) => this.#halt(cause))
      .finally(() => {
        this.#attaching = undefined
      })
  }

  async #attachAll(): Promise<void> {
    while (this.#attachAgain && this.#halted === undefined) {
      this.#attachAgain = false
      const application = this.#application
      while (application.attachedHeight < application.height && this.#halted === undefined)
        await this.#attachNext(application.attachedHeight + 1)
    }
  }

  async #attachNext(height: number): Promise<void> {
    try {
      const early = await this.#proofs.get(height)
      this.#proofs.delete(height)
      await this.#application.attach(early ?? (await this.#finality.proofOf(height)))
    } catch (cause) {
      if (!(cause instanceof Fault && cause.retryable)) throw cause
      await new Promise((resolve) => setTimeout(resolve, retryMs))
      return
    }
    const executed = this.#executed.get(height)
    this.#executed.delete(height)
    this.#heights.reach(height)
    if (executed !== undefined) this.#answerFor(executed)
  }

  #answerFor({ body: { height }, batches, outcomes }: ExecutedBlock<T>): void {
    let index = 0
    for (const [b, { items }] of batches.entries()) {
      for (const [t, bytes] of items.entries())
        this.#answer(mapKey(sha256(bytes)), { height, index: index++, outcome: outcomes[b]![t]! })
    }
  }

  #answer(hash: string, finality: Finality): void {
    this.#since.delete(hash)
    this.#answers.answer(hash, finality)
  }

  #fail(hash: string, fault: Fault): void {
    this.#since.delete(hash)
    this.#answers.fail(hash, fault)
  }

  /** Without a quorum nothing becomes final: whoever waits is told so, and may ask again with the same bytes. */
  #losePatience(): void {
    const most = this.#options.patienceMs ?? patienceMs
    const now = performance.now()
    for (const [hash, since] of this.#since) {
      if (now - since < most) break
      this.#fail(hash, new Fault("Cannot say yet what became of the transaction: no block closes", { retryable: true }))
    }
  }

  #halt(cause: unknown): void {
    if (this.#halted !== undefined) return
    this.#halted = cause instanceof Fault ? cause : new Fault("Cannot go on: the engine has halted", { cause })
    this.#answers.failAll(this.#halted)
    this.#heights.end()
    this.#options.onHalt?.(cause)
  }
}
