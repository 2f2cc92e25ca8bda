/**
 * The embedded engine: one process, one writer, one validator. Transactions are decoded on arrival, their signatures
 * verified on all cores, executed in batches, hashed, signed as a CometBFT block of one validator and written with one
 * fsync for all that came together. While a block is on its way to disk the next one is verified and executed on top
 * of it; nobody hears of a block before it is durable.
 *
 *   submit ─▶ intake (verify) ─▶ execute ─▶ commit (fsync) ─▶ answer
 */
import { mapKey, sha256 } from "#crypto"
import type { FinalBlock } from "../../base/chain/block.ts"
import { Fault } from "../../base/fault.ts"
import { Answers, rememberBlocks } from "../answers.ts"
import { fillBatches } from "../batches.ts"
import { type Clock, SettableClock, systemClock } from "../clock.ts"
import {
  type Application,
  type Decoded,
  type Engine,
  type Finality,
  isOutcome,
  type ProvenRow,
  type SignatureJob,
  type Status,
} from "../engine.ts"
import { Heights } from "../heights.ts"
import { SignaturePool } from "../signature-pool.ts"
import { BlockMaker, type Executed } from "./block-maker.ts"
import { type Entry, Intake } from "./intake.ts"
import { Stopwatch } from "./stopwatch.ts"

export interface EmbeddedOptions {
  /** The validator's 32-byte Ed25519 seed; its key is the chain's only validator. */
  readonly seed: Uint8Array
  readonly clock?: Clock
  /** Verifying threads besides the main one. */
  readonly threads?: number
  /** Transactions under way before `submit` faults. */
  readonly queue?: number
  /** Batches a block, at most. */
  readonly batchesPerBlock?: number
  /** Told where the main thread's time goes; its own by the wall clock unless given. */
  readonly stopwatch?: Stopwatch
  /** Called once when the engine cannot go on: a disk that fails, or a defect. */
  readonly onHalt?: (cause: unknown) => void
}

/** Seconds between blocks when there is nothing to put into one. */
const idleSeconds = 30
/** The longest step of an advancing clock: a longer gap between headers counts as lost time. */
const stepSeconds = 600
/** Signatures that the main thread verifies before it looks for better work. */
const helpRange = 8
/** Executed blocks that may wait while another is on its way to disk. */
const blocksAhead = 2

type Optional = "onHalt" | "threads" | "stopwatch"

export class EmbeddedEngine<T extends Decoded> implements Engine {
  readonly trust = "operator"
  /** Where the main thread's time goes. */
  readonly stopwatch: Stopwatch
  readonly #application: Application<T>
  readonly #options: Required<Omit<EmbeddedOptions, Optional>> & Pick<EmbeddedOptions, Optional>
  readonly #answers = new Answers()
  readonly #heights: Heights
  #pool: SignaturePool | undefined
  #intake: Intake<T> | undefined
  #maker: BlockMaker<T> | undefined
  #executed: Executed<T>[] = []
  #committing: Promise<void> | undefined
  #scheduled = false
  #idle: (() => void)[] = []
  #emptyBlockDue = false
  #cancelTimer: () => void = () => undefined
  #halted: Fault | undefined

  constructor(application: Application<T>, options: EmbeddedOptions) {
    this.#application = application
    this.stopwatch = options.stopwatch ?? new Stopwatch()
    this.#options = { clock: systemClock, queue: 8192, batchesPerBlock: 4, ...options }
    this.#heights = new Heights(application.height)
  }

  get height(): number {
    return this.#heights.height
  }

  async start(): Promise<void> {
    if (this.#pool !== undefined) throw new TypeError("Cannot start engine: it was started before")
    const application = this.#application
    const { seed } = this.#options
    this.#maker = new BlockMaker(application, { seed, stopwatch: this.stopwatch })
    rememberBlocks(this.#answers, application)
    this.#pool = new SignaturePool(this.#options.threads, {
      onProgress: () => this.#wake(),
      onFailure: (cause) => this.#halt(cause),
    })
    this.#intake = new Intake(this.#pool.ring, (entry, job) => this.#refuse(entry, job))
    this.#startTimer()
    this.#wake()
  }

  async stop(): Promise<void> {
    this.#halted ??= new Fault("Cannot run transaction: the engine has stopped", { retryable: true })
    this.#cancelTimer()
    await this.#committing?.catch(() => undefined)
    if (this.#executed.length > 0) await this.#commit().catch(() => undefined)
    this.#answers.failAll(this.#halted)
    this.#heights.end()
    this.#tellIdle()
    await this.#pool?.stop()
  }

  async submit(bytes: Uint8Array): Promise<Finality> {
    if (this.#halted !== undefined) throw this.#halted
    const intake = this.#intake
    if (intake === undefined) throw new Fault("Cannot run transaction: the engine has not started", { retryable: true })
    const hash = mapKey(sha256(bytes))
    const known = this.#answers.find(hash)
    if (known !== undefined) return known
    if (this.#answers.pending >= this.#options.queue)
      throw new Fault(`Cannot run transaction: ${this.#answers.pending} are under way`, { retryable: true })
    const started = this.stopwatch.start()
    const transaction = this.#application.decode(bytes)
    this.stopwatch.stop("decode", started)
    if (isOutcome(transaction)) return { height: 0, index: 0, outcome: transaction }
    const promise = this.#answers.expect(hash)
    intake.take({ bytes, hash, transaction, since: started })
    this.#wake()
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
    const maker = this.#maker
    if (maker === undefined) throw new Fault("Cannot prove row: the engine has not started", { retryable: true })
    const row = this.#application.prove(table, key)
    const height = maker.needsProof ? maker.height + 1 : maker.height
    const reached = await this.#heights.reached(height)
    const block = reached ? this.block(height) : undefined
    if (block === undefined) throw new Fault("Cannot prove row: the engine has stopped", { retryable: true })
    return { ...row, block }
  }

  /**
   * Turns a settable clock forwards and closes the empty blocks of that time, none more than 600 s after the one
   * before. Resolves when all of them are durable.
   */
  advance(seconds: number): Promise<void> {
    return this.#turnClock(seconds, stepSeconds)
  }

  /** Turns it in one step and closes one block: above 600 s the gap is lost time, and no deadline comes nearer. */
  leap(seconds: number): Promise<void> {
    return this.#turnClock(seconds, seconds)
  }

  async #turnClock(seconds: number, step: number): Promise<void> {
    const { clock } = this.#options
    if (!(clock instanceof SettableClock)) throw new TypeError("Cannot advance: the engine runs on the system clock")
    await this.settled()
    for (let left = seconds; left > 0; left -= step) {
      clock.turn(Math.min(left, step))
      this.#execute([])
    }
    this.#wake()
    await this.settled()
  }

  /** Resolves when nothing is under way, everything is durable and the last change of state stands in a header. */
  async settled(): Promise<void> {
    if (this.#halted === undefined && this.#isBusy()) await new Promise<void>((resolve) => this.#idle.push(resolve))
    if (this.#halted !== undefined) throw this.#halted
  }

  #isBusy(): boolean {
    const maker = this.#maker
    return (
      maker === undefined ||
      this.#answers.pending > 0 ||
      this.#executed.length > 0 ||
      this.#committing !== undefined ||
      maker.needsProof
    )
  }

  #wake(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      try {
        this.#turn()
      } catch (cause) {
        this.#halt(cause)
      }
    })
  }

  /** One turn: whatever is most urgent, and never long, so that the event loop lives. */
  #turn(): void {
    const intake = this.#intake
    const pool = this.#pool
    if (this.#halted !== undefined || intake === undefined || pool === undefined) return
    const started = this.stopwatch.start()
    intake.advance()
    this.stopwatch.stop("queue", started)
    if (this.#mayExecute(intake)) this.#executeReady(intake)
    if (this.#committing === undefined && this.#executed.length > 0) this.#startCommit()
    if (intake.unverified === 0) {
      if (!this.#isBusy()) this.#tellIdle()
      return
    }
    pool.hireFor(pool.ring.unclaimed)
    const helping = this.stopwatch.start()
    const helped = pool.ring.work(helpRange)
    this.stopwatch.stop("verify", helping)
    if (helped > 0) this.#wake()
    else this.#sleepUntilProgress(intake, pool)
  }

  #tellIdle(): void {
    const idle = this.#idle
    this.#idle = []
    for (const resolve of idle) resolve()
  }

  #sleepUntilProgress(intake: Intake<T>, pool: SignaturePool): void {
    pool.askToBeWoken()
    // A range may have ended before the asking: look once more.
    const before = intake.unverified
    intake.advance()
    if (intake.unverified !== before || pool.ring.unclaimed > 0) this.#wake()
  }

  #mayExecute(intake: Intake<T>): boolean {
    if (this.#executed.length >= blocksAhead) return false
    const { transactions } = this.#application.batchLimits
    if (this.#committing !== undefined) return intake.ready.length >= transactions / 2
    if (intake.ready.length > 0) return true
    return intake.unverified === 0 && this.#executed.length === 0 && (this.#emptyBlockDue || this.#maker!.needsProof)
  }

  #executeReady(intake: Intake<T>): void {
    const { batchLimits } = this.#application
    const batches = fillBatches(intake.ready, batchLimits, {
      most: this.#options.batchesPerBlock,
      sizeOf: ({ bytes }) => this.#application.sizeInBatch(bytes),
    })
    intake.remove(batches.reduce((sum, batch) => sum + batch.length, 0))
    this.#execute(batches)
  }

  #execute(batches: readonly (readonly Entry<T>[])[]): void {
    this.#executed.push(this.#maker!.make(batches, this.#options.clock.now()))
    this.#emptyBlockDue = false
    this.#startTimer()
  }

  #startCommit(): void {
    this.#committing = this.#commit().then(
      () => this.#wake(),
      (cause) => this.#halt(cause),
    )
  }

  /** Makes all executed blocks durable in one step, then answers for them. */
  async #commit(): Promise<void> {
    const executed = this.#executed
    this.#executed = []
    const started = this.stopwatch.start()
    const done = this.#application.commit(executed.map(({ block }) => block))
    this.stopwatch.stop("commit-queue", started)
    await done
    this.stopwatch.stop("commit-wall", started)
    for (const { block, entries, outcomes } of executed) {
      const { height } = block.header
      entries.forEach((entry, index) => {
        this.#answers.answer(entry.hash, { height, index, outcome: outcomes[index]! })
      })
    }
    this.#committing = undefined
    this.#heights.reach(executed.at(-1)!.block.header.height)
  }

  #refuse(entry: Entry<T>, job: SignatureJob): void {
    this.#answers.answer(entry.hash, {
      height: 0,
      index: 0,
      outcome: this.#application.badSignature(entry.transaction, job),
    })
  }

  #startTimer(): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#options.clock.after(idleSeconds, () => {
      this.#emptyBlockDue = true
      this.#wake()
    })
  }

  #halt(cause: unknown): void {
    if (this.#halted !== undefined) return
    this.#halted = cause instanceof Fault ? cause : new Fault("Cannot go on: the engine has halted", { cause })
    this.#cancelTimer()
    this.#answers.failAll(this.#halted)
    this.#heights.end()
    this.#tellIdle()
    this.#options.onHalt?.(cause)
  }
}
