/**
 * The two sides of consensus. `Engine` orders transactions and makes them final; `Application` says what they do.
 * There are two engines (`embedded/`, `comet/`) and one contract suite, `engine.contract.ts`, that both must pass.
 */
import type { BlockBody, BlockProof, FinalBlock, ValidatorHandover } from "../base/chain/block.ts"
import type { BlockTime } from "../base/chain/header.ts"
import type { Validator } from "../base/chain/validators.ts"
import type { StateProof } from "../base/state.ts"
import type { Snapshots } from "./snapshots.ts"

/** A refusal by the rules, equal on every node. */
export interface Refusal {
  readonly code: string
  readonly number: number
  readonly message: string
  readonly remedy: string
}

/** What became of a transaction: applied unless `rejection` is there. */
export interface Outcome {
  /** The application's own id of the transaction; absent when its bytes hold none. */
  readonly id?: Uint8Array
  /** 0 is applied; else the rejection's number. It enters the block's results. */
  readonly number: number
  readonly rejection?: Refusal
}

/** Where a transaction stands, for ever. */
export interface Finality {
  /** Of the block; 0 for a transaction that was refused without state and so never entered one. */
  readonly height: number
  /** Among all transactions of the block, batch after batch, from 0. */
  readonly index: number
  readonly outcome: Outcome
}

/** `operator`: one organization's word. `byzantine`: more than two thirds of the validators'. */
export type Trust = "operator" | "byzantine"

/** `unknown` may also be a transaction from long ago: ask the state. */
export type Status = "unknown" | "pending" | Finality

/** A row, or its absence, in the state after block `block.header.height - 1`: the app hash stands in this header. */
export interface ProvenRow extends Row {
  readonly block: FinalBlock
}

/** A row's value, undefined when absent, and its proof: both of the same moment. */
export interface Row {
  readonly value: Uint8Array | undefined
  readonly proof: StateProof
}

export interface Engine {
  readonly trust: Trust

  /** Runs the chain on from the application's last durable block. */
  start(): Promise<void>

  /** Lets blocks in flight become durable, then stops. What was not final by then is a retryable Fault to its caller. */
  stop(): Promise<void>

  /**
   * Hands a signed transaction to consensus. Safe to repeat with the same bytes: it takes effect at most once, and
   * while it is remembered the first answer comes back. Resolves when its block is final and on disk here.
   *
   * @throws Fault `retryable` while overloaded, stopped or without quorum. A refusal by the rules is not a fault: it
   *   arrives in `Finality.outcome`.
   */
  submit(transaction: Uint8Array): Promise<Finality>

  /** By the SHA-256 of the transaction's bytes. */
  status(transactionHash: Uint8Array): Status

  /** Height of the last block that is final and on disk here; 0 before the first. */
  readonly height: number

  /** A final block; undefined above `height` or below what is kept. */
  block(height: number): FinalBlock | undefined

  /** Every final block from a height on, without gaps, waiting for those to come; ends when the engine stops. */
  blocks(from: number): AsyncIterable<FinalBlock>

  /**
   * Proves what a row holds now; resolves once a header carries the app hash. Rows asked for in one turn of the event
   * loop are proven under the same header.
   */
  prove(table: string, key: Uint8Array): Promise<ProvenRow>
}

/** One signature to check: Ed25519 under the ledger's rule. */
export interface SignatureJob {
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** A transaction that decodes; only the application knows what else is in it. */
export interface Decoded {
  readonly id: Uint8Array
  /** All must be good, else the transaction is refused with `badSignature`. */
  readonly jobs: readonly SignatureJob[]
}

/** What an application is of: the same on every node of a chain. */
export interface ChainIdentity {
  readonly chainId: string
  /** The version of the first header; an application may begin another at a later height. */
  readonly protocol: number
  readonly genesisTime: BlockTime
  readonly genesisValidators: readonly Validator[]
}

export interface BlockToExecute<T> {
  readonly height: number
  readonly time: BlockTime
  /** Of the header before; the genesis time at the first height. */
  readonly previousTime: BlockTime
  readonly batches: readonly (readonly T[])[]
}

export interface BlockResult {
  readonly appHash: Uint8Array
  /** One a batch, one a transaction. */
  readonly outcomes: readonly (readonly Outcome[])[]
  /** One a batch: the Merkle root of its results. */
  readonly resultRoots: readonly Uint8Array[]
  /** The set as the state now has it; it acts two blocks later. */
  readonly validators: readonly Validator[]
  /** The version that the next header carries; that of this one unless told. */
  readonly nextProtocol?: number
}

/**
 * What every engine drives; the protocol implements it once. `execute` is synchronous, at rising heights without
 * gaps; `commit` of a block may still run while later ones are executed, and commits become durable in order.
 * Throwing anything halts the node.
 */
export interface Application<T extends Decoded = Decoded> {
  readonly chain: ChainIdentity
  /** Of the last durable block; 0 when there is only the genesis. */
  readonly height: number
  /** Of the state as last executed. */
  readonly appHash: Uint8Array
  readonly batchLimits: { readonly transactions: number; readonly bytes: number }

  /**
   * All that needs no state but the signatures and, of the state, the version of the next block: what decodes now
   * decodes at every later height, what does not may later. Views of `bytes`: it stays unchanged.
   */
  decode(bytes: Uint8Array): T | Outcome
  badSignature(transaction: T, job: SignatureJob): Outcome
  /** Bytes a transaction takes in a batch, at most. */
  sizeInBatch(transaction: Uint8Array): number
  /** @param salt - 8 bytes, where the same transactions must make other bytes than before. */
  encodeBatch(transactions: readonly Uint8Array[], salt?: Uint8Array): Uint8Array
  /** The transactions, without a salt. Undefined when the bytes are no batch. */
  decodeBatch(batch: Uint8Array): readonly Uint8Array[] | undefined

  execute(block: BlockToExecute<T>): BlockResult
  /** The validator set of the state as last executed. */
  validators(): readonly Validator[]
  /** The version that the header after the last executed block carries; the chain's first unless told. */
  readonly nextProtocol?: number

  /** Makes everything executed so far and these blocks durable, in one step: after a crash all of it or none. */
  commit(blocks: readonly FinalBlock[]): Promise<void>

  /**
   * The same for a block whose header and votes are not known yet: everything executed so far and this body, the next
   * height's, become durable in one step. An engine uses either this with `attach`, or `commit`.
   */
  commitBody(body: BlockBody): Promise<void>

  /**
   * Adds header and votes, which the caller has verified, to a body. Bodies get theirs in order of height, without
   * gaps; calls are queued behind the commits asked for before, and hold none up. On disk when it resolves.
   *
   * @throws Fault when the proof is of another block than the body.
   */
  attach(proof: BlockProof): Promise<void>

  /** The last height up to which every body has its proof. Equal to `height` where blocks are committed whole. */
  readonly attachedHeight: number

  /** Header time of the last durable block; undefined at the genesis. */
  readonly lastTime: BlockTime | undefined

  /** Undefined above `attachedHeight` and below `lowestHeight`. */
  block(height: number): FinalBlock | undefined

  /** Of the blocks still kept; one above `height` where none is. */
  readonly lowestHeight: number

  /** Removes blocks below a height, but none of the last 100 and none that lacks its proof. Handovers stay. */
  prune(below: number): Promise<void>

  /** Every block that changed the validators, by ascending height, back to the genesis: kept for ever. */
  handovers(): readonly ValidatorHandover[]

  /** Handovers from before a restored snapshot, verified by the caller. Those that are known already change nothing. */
  addHandovers(list: readonly ValidatorHandover[]): Promise<void>

  readonly snapshots: Snapshots

  /** Of the state as last executed. */
  prove(table: string, key: Uint8Array): Row
}

export function isOutcome(value: Decoded | Outcome): value is Outcome {
  return "number" in value
}
