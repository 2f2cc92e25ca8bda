/**
 * A node without a validator: it takes blocks from another node, checks and re-executes each, and so holds a full copy
 * and trusts nobody for state. To the rest of the node it is an engine; transactions go to the node that it follows.
 */

import { equalBytes } from "../base/bytes.ts"
import type { FinalBlock } from "../base/chain/block.ts"
import { Fault } from "../base/fault.ts"
import type { Application, Decoded, Engine, Finality, ProvenRow, Status, Trust } from "./engine.ts"
import { Heights } from "./heights.ts"
import { BadBlock, Replay } from "./replay.ts"
import { SignaturePool, verifyAllJobs } from "./signature-pool.ts"

/** The node that is followed, as far as a follower needs it. Nothing it says is believed without a check. */
export interface BlockSource {
  readonly trust: Trust
  /** Final blocks from a height on; may end or throw at any time, and is then asked again. */
  blocks(from: number): AsyncIterable<FinalBlock>
  submit(transaction: Uint8Array): Promise<Finality>
  status(transactionHash: Uint8Array): Status
}

export interface FollowerOptions {
  readonly threads?: number
  /** Milliseconds before a source that failed is asked again. */
  readonly retryMs?: number
  /** The latest second since 1970 that a block may say, by this machine's clock; none where it is left out. */
  readonly latestSeconds?: () => number
  /** Called once when a block is bad or the disk fails: following has ended. */
  readonly onHalt?: (cause: unknown) => void
}

/** Executed blocks that may wait for the disk. */
const blocksAhead = 64

export class Follower<T extends Decoded> implements Engine {
  readonly #application: Application<T>
  readonly #source: BlockSource
  readonly #options: FollowerOptions
  readonly #heights: Heights
  #pool: SignaturePool | undefined
  #replay: Replay<T> | undefined
  #executed: FinalBlock[] = []
  #last: FinalBlock | undefined
  #committing: Promise<void> | undefined
  #stopped = false
  #halted: unknown

  constructor(application: Application<T>, source: BlockSource, options: FollowerOptions = {}) {
    this.#application = application
    this.#source = source
    this.#options = options
    this.#heights = new Heights(application.height)
  }

  get trust(): Trust {
    return this.#source.trust
  }

  get height(): number {
    return this.#heights.height
  }

  /** What ended the following: a `BadBlock` names its height. Undefined while all is well. */
  get halted(): unknown {
    return this.#halted
  }

  async start(): Promise<void> {
    const pool = new SignaturePool(this.#options.threads, {
      onProgress: () => undefined,
      onFailure: (cause) => this.#halt(cause),
    })
    this.#pool = pool
    this.#last = this.#application.block(this.#application.height)
    this.#replay = new Replay(this.#application, (jobs) => verifyAllJobs(pool, jobs))
    void this.#run(this.#replay)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#committing
    this.#heights.end()
    await this.#pool?.stop()
  }

  /** As the followed node answers, once the block is here, too. */
  async submit(transaction: Uint8Array): Promise<Finality> {
    const finality = await this.#source.submit(transaction)
    if (!(await this.#heights.reached(finality.height)))
      throw new Fault("Cannot follow transaction: following has stopped", { retryable: true })
    return finality
  }

  status(transactionHash: Uint8Array): Status {
    return this.#source.status(transactionHash)
  }

  block(height: number): FinalBlock | undefined {
    return height <= this.height ? this.#application.block(height) : undefined
  }

  async *blocks(from: number): AsyncIterable<FinalBlock> {
    for (let height = Math.max(1, from); await this.#heights.reached(height); height++) yield this.block(height)!
  }

  async prove(table: string, key: Uint8Array): Promise<ProvenRow> {
    const head = this.#replay?.head
    if (head === undefined) throw new Fault("Cannot prove row: following has not started", { retryable: true })
    const row = this.#application.prove(table, key)
    const carried = this.#last !== undefined && equalBytes(this.#last.header.appHash, head.appHash)
    const height = carried ? head.height : head.height + 1
    const block = (await this.#heights.reached(height)) ? this.block(height) : undefined
    if (block === undefined) throw new Fault("Cannot prove row: following has stopped", { retryable: true })
    return { ...row, block }
  }

  async #run(replay: Replay<T>): Promise<void> {
    while (!this.#stopped) {
      try {
        for await (const block of this.#source.blocks(replay.head.height + 1)) {
          if (this.#stopped) return
          await this.#take(replay, block)
        }
      } catch (error) {
        if (error instanceof BadBlock || !(error instanceof Fault && error.retryable)) return this.#halt(error)
      }
      await new Promise((resolve) => setTimeout(resolve, this.#options.retryMs ?? 200))
    }
  }

  async #take(replay: Replay<T>, block: FinalBlock): Promise<void> {
    const { time, height } = block.header
    // An operator that ran ahead could let deadlines pass that have not come.
    if (time.seconds > (this.#options.latestSeconds?.() ?? Number.POSITIVE_INFINITY))
      throw new BadBlock(height, "its time is ahead of this machine's clock")
    await replay.run(block)
    this.#last = block
    this.#executed.push(block)
    if (this.#executed.length >= blocksAhead) await this.#committing
    // The commit that was waited for may have taken this block along: another would end at once and leave its mark.
    if (this.#executed.length > 0) this.#committing ??= this.#commit()
  }

  async #commit(): Promise<void> {
    while (this.#executed.length > 0 && this.#halted === undefined) {
      const blocks = this.#executed
      this.#executed = []
      try {
        await this.#application.commit(blocks)
      } catch (error) {
        this.#halt(error)
        break
      }
      this.#heights.reach(blocks.at(-1)!.header.height)
    }
    this.#committing = undefined
  }

  #halt(cause: unknown): void {
    if (this.#halted !== undefined) return
    this.#halted = cause
    this.#stopped = true
    this.#heights.end()
    this.#options.onHalt?.(cause)
  }
}
