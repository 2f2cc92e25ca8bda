/**
 * Making blocks: the header on top of the last one, the validator's signature, the execution. Synchronous; what it
 * makes is not durable yet.
 */
import { publicKeyOf } from "#crypto"
import { assert } from "../../base/assert.ts"
import { equalBytes } from "../../base/bytes.ts"
import type { FinalBlock } from "../../base/chain/block.ts"
import { signCommit } from "../../base/chain/commit.ts"
import type { BlockTime } from "../../base/chain/header.ts"
import { Fault } from "../../base/fault.ts"
import { timeAfter } from "../clock.ts"
import type { Application, Decoded, Outcome } from "../engine.ts"
import { type Head, headAfter, headOf, nextHeader } from "../head.ts"
import type { Entry } from "./intake.ts"
import type { Stopwatch } from "./stopwatch.ts"

/** A block that is executed, who submitted what is in it, and what became of each. */
export interface Executed<T extends Decoded> {
  readonly block: FinalBlock
  readonly entries: readonly Entry<T>[]
  readonly outcomes: readonly Outcome[]
}

export class BlockMaker<T extends Decoded> {
  readonly #application: Application<T>
  readonly #seed: Uint8Array
  readonly #publicKey: Uint8Array
  readonly #watch: Stopwatch
  #head: Head
  #last: FinalBlock | undefined

  /** @throws Fault unless the seed is that of the chain's only validator. */
  constructor(
    application: Application<T>,
    { seed, stopwatch }: { readonly seed: Uint8Array; readonly stopwatch: Stopwatch },
  ) {
    this.#application = application
    this.#seed = seed
    this.#publicKey = publicKeyOf(seed)
    this.#watch = stopwatch
    this.#head = headOf(application)
    this.#last = application.block(application.height)
    this.#checkValidators()
  }

  /** Of the last block made. */
  get height(): number {
    return this.#head.height
  }

  /** Whether the state has an app hash that no header carries yet. A block that changed nothing carries it, too. */
  get needsProof(): boolean {
    return this.#last === undefined || !equalBytes(this.#last.header.appHash, this.#head.appHash)
  }

  make(batches: readonly (readonly Entry<T>[])[], now: BlockTime): Executed<T> {
    const head = this.#head
    const { chain } = this.#application
    const time = timeAfter(head.time, now)
    let started = this.#watch.start()
    const bytes = batches.map((batch) => this.#application.encodeBatch(batch.map((entry) => entry.bytes)))
    const header = nextHeader(chain, head, { time, batches: bytes, proposer: this.#publicKey })
    started = this.#watch.stop("header", started)
    const result = this.#application.execute({
      height: header.height,
      time,
      previousTime: head.time,
      batches: batches.map((batch) => batch.map(({ transaction }) => transaction)),
    })
    started = this.#watch.stop("execute", started)
    // Signed last: an application that may not run this block, as when its version is too new for it, leaves no vote.
    const commit = signCommit(this.#seed, chain.chainId, header)
    this.#watch.stop("header", started)
    const { validators, nextValidators } = head
    const { resultRoots } = result
    const results = result.outcomes.map((outcomes) => Uint8Array.from(outcomes, ({ number }) => number))
    const block = { header, commit, validators, nextValidators, batches: bytes, resultRoots, results }
    const made = { block, entries: batches.flat(), outcomes: result.outcomes.flat() }
    assert(made.entries.length === made.outcomes.length, "every transaction of a block has an outcome")
    this.#head = headAfter(block, result)
    this.#last = block
    this.#checkValidators()
    return made
  }

  #checkValidators(): void {
    const { validators, nextValidators } = this.#head
    for (const [only, ...others] of [validators, nextValidators]) {
      if (others.length > 0 || only === undefined || !equalBytes(only.publicKey, this.#publicKey))
        throw new Fault("Cannot run the embedded engine: its key is not the chain's only validator")
    }
  }
}
