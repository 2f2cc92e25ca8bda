/**
 * Blocks and handovers as the store keeps them: proofs attached to bodies in order of height, old blocks pruned, every
 * change of validators kept. Its transactions are apart from the commits of the state and hold none of them up.
 */
import { assert } from "../base/assert.ts"
import type { BlockProof, FinalBlock, ValidatorHandover } from "../base/chain/block.ts"
import { Fault } from "../base/fault.ts"
import { BlockLog, belongsTo } from "./block-log.ts"
import type { Environment } from "./environment.ts"
import { HandoverLog, handoverOf } from "./handover-log.ts"

/** The last blocks are never pruned: a node that restarts, and one that follows, starts from them. */
const keptBlocks = 100
/** A transaction of pruning takes about as long as one of a block. */
const piecesPerPruning = 2000

export class BlockArchive {
  readonly log: BlockLog
  readonly #environment: Environment
  readonly #handovers: HandoverLog
  #attachedHeight: number
  /** Of the last proof that was taken, durable or not. */
  #queuedHeight: number
  #attaching: Promise<void> = Promise.resolve()
  #pruning: Promise<void> = Promise.resolve()
  #adding: Promise<void> = Promise.resolve()

  /** @param height - of the last durable block. */
  constructor(environment: Environment, height: number) {
    this.#environment = environment
    this.log = new BlockLog(environment)
    this.#handovers = new HandoverLog(environment)
    this.#attachedHeight = this.log.attachedHeight(height)
    this.#queuedHeight = this.#attachedHeight
  }

  get attachedHeight(): number {
    return this.#attachedHeight
  }

  handovers(): readonly ValidatorHandover[] {
    return this.#handovers.list()
  }

  /** Takes note that whole blocks up to `height` are about to be put; asserts that no body waits for its proof. */
  expectWhole(lastHeight: number, height: number): void {
    assert(this.#queuedHeight === lastHeight, "whole blocks do not follow a body without its proof")
    this.#queuedHeight = height
  }

  /** Inside a transaction of the environment only; `settle` when it is durable. */
  put(blocks: readonly FinalBlock[]): void {
    for (const block of blocks) {
      this.log.put(block)
      this.#putHandovers(handoversOf([block]))
    }
  }

  settle(blocks: readonly FinalBlock[]): void {
    this.#handovers.settle(handoversOf(blocks))
    this.#attachedHeight = blocks.at(-1)?.header.height ?? this.#attachedHeight
  }

  /** There are no blocks up to this height, and none of them is to come. */
  skipTo(height: number): void {
    this.#attachedHeight = height
    this.#queuedHeight = height
  }

  /** Adds a proof to a body that is durable once `committed` resolves. @throws Fault when it is of another block. */
  attach(proof: BlockProof, committed: Promise<void>): Promise<void> {
    assert(proof.header.height === this.#queuedHeight + 1, "proofs are attached in order of height, without gaps")
    this.#queuedHeight++
    const before = this.#attaching.catch(() => undefined)
    this.#attaching = before
      .then(() => committed)
      .then(() => this.#attach(proof))
      .catch((cause: unknown) => {
        this.#queuedHeight = this.#attachedHeight
        throw cause
      })
    return this.#attaching
  }

  async #attach(proof: BlockProof): Promise<void> {
    const { height } = proof.header
    if (height !== this.#attachedHeight + 1)
      throw new Fault(`Cannot attach proof of block ${height}: the one before it was not attached`)
    const body = this.log.body(height)
    assert(body !== undefined, "a body is durable before its proof")
    if (!belongsTo(proof, body)) throw new Fault(`Cannot attach proof of block ${height}: it is of another block`)
    const handovers = handoversOf([proof])
    await this.#written(`attach proof of block ${height}`, () => {
      this.log.putProof(proof)
      this.#putHandovers(handovers)
    })
    this.#handovers.settle(handovers)
    this.#attachedHeight = height
  }

  addHandovers(list: readonly ValidatorHandover[]): Promise<void> {
    const before = this.#adding.catch(() => undefined)
    this.#adding = before.then(async () => {
      const missing = list.filter(({ header }) => !this.#handovers.has(header.height))
      if (missing.length === 0) return
      await this.#written("add handovers", () => this.#putHandovers(missing))
      this.#handovers.settle(missing)
    })
    return this.#adding
  }

  /** @param height - of the last durable block. */
  prune(below: number, height: number): Promise<void> {
    const end = Math.min(below, height - keptBlocks + 1, this.#attachedHeight + 1)
    const before = this.#pruning.catch(() => undefined)
    this.#pruning = before.then(async () => {
      for (let at = this.log.lowest() ?? end; at < end; ) {
        await this.#written("prune blocks", () => {
          for (let pieces = 0; at < end && pieces < piecesPerPruning; at++) pieces += this.log.remove(at)
        })
      }
    })
    return this.#pruning
  }

  /** Resolves when nothing is under way any more. */
  async rest(): Promise<void> {
    await Promise.allSettled([this.#attaching, this.#pruning, this.#adding])
  }

  #putHandovers(handovers: readonly ValidatorHandover[]): void {
    for (const handover of handovers) if (!this.#handovers.has(handover.header.height)) this.#handovers.put(handover)
  }

  async #written(what: string, write: () => void): Promise<void> {
    try {
      await this.#environment.batch(write)
    } catch (cause) {
      throw new Fault(`Cannot ${what}: the disk refused`, { cause })
    }
    this.#environment.resetReadTxn()
  }
}

function handoversOf(proofs: readonly BlockProof[]): ValidatorHandover[] {
  return proofs.map(handoverOf).filter((handover) => handover !== undefined)
}
