/** What the simulator needs of a ledger: something to run, something to send, and naive books that judge it. */
import type { BlockTime } from "../../src/base/chain/header.ts"
import type { Validator } from "../../src/base/chain/validators.ts"
import type { Chance } from "../../src/engine/comet/abci/generated-messages.ts"
import type { Application, ChainIdentity, Decoded } from "../../src/engine/engine.ts"

/** An application on a directory of its own. */
export interface OpenApplication<T extends Decoded> {
  readonly application: Application<T>
  close(): Promise<void>
}

/** A decided block as the books take it: each batch's transactions, as they were sent. */
export interface BlockToJudge {
  readonly height: number
  readonly time: BlockTime
  readonly batches: readonly (readonly Uint8Array[])[]
}

export interface Machine<T extends Decoded> {
  readonly chain: ChainIdentity
  /** Opens what a directory holds, or begins the chain in an empty one. */
  open(directory: string): Promise<OpenApplication<T>>
  /** What was applied, and how often. */
  readonly seen: ReadonlyMap<string, number>
  /** Where the virtual clock begins, in seconds since 1970. */
  readonly start: number
  /** Sent before anything else. */
  readonly first: readonly Uint8Array[]
  /**
   * A transaction that somebody sends; undefined where there is nothing to send.
   *
   * @param seconds - of the last block.
   * @param joined - how many nodes are there: only they may become validators.
   */
  next(chance: Chance, seconds: number, joined: number): Uint8Array | undefined
  /** One that decodes, and whose signature is not good. */
  withBadSignature(chance: Chance): Uint8Array
  /** Books a decided block. The number each transaction must have, in order; undefined where the books cannot tell. */
  judge(block: BlockToJudge): readonly (number | undefined)[][]
  /** The set that the books say the state now has. */
  validators(): readonly Validator[]
  /** The application's state, at the height of the last judged block, is what the books say. */
  assertBooks(application: Application<T>): void
}
