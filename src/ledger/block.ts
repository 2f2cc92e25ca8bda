/**
 * One block: every transaction of its batches in order, each applied or refused, then the invariants, then the rows.
 * Deterministic and synchronous: state, header time and transactions in, results and changed rows out.
 */
import { assert } from "../base/assert.ts"
import type { State } from "../base/state.ts"
import { treeRoot } from "../base/tree.ts"
import type { DecodedTransaction } from "./decode.ts"
import { assertChanges } from "./invariants.ts"
import { limits } from "./limits.ts"
import { newestProtocol, protocolAt } from "./protocol.ts"
import { isRejection, type Rejection, reject } from "./rejection.ts"
import { openTables, type Table, type Tables } from "./state.ts"
import { type BlockContext, type Context, clockOf, type Decision, parameterReader } from "./transaction.ts"

export interface BlockClock {
  readonly height: number
  /** Unix seconds of this header. */
  readonly seconds: number
  /** Unix seconds of the header before; absent at the first height. */
  readonly previousSeconds?: number | undefined
}

export interface TransactionResult {
  readonly id: Uint8Array
  /** 0 is applied; else the number of the rejection. */
  readonly number: number
  readonly rejection?: Rejection
  /** Applied by an earlier transaction with this id; nothing happened again. */
  readonly repeated?: true
}

export interface ValidatorUpdate {
  /** 33 bytes, type tag and public key. */
  readonly key: Uint8Array
  /** 0 removes. */
  readonly power: number
}

export interface BlockResult {
  readonly results: readonly (readonly TransactionResult[])[]
  /** Per batch the root of its results: leaf = [transaction id, number]. */
  readonly resultRoots: readonly Uint8Array[]
  readonly validatorUpdates: readonly ValidatorUpdate[]
  /** The protocol version of the next block: of its header, and of the rules for its transactions. */
  readonly nextProtocol: number
}

/** Applies a block to the state. Signatures were verified before; the rows of `state` change at the very end. */
export function applyBlock(
  state: State,
  clock: BlockClock,
  batches: readonly (readonly DecodedTransaction[])[],
): BlockResult {
  const block = openBlock(state, clock)
  const pruner = new Pruner(block)
  const results = batches.map((batch) => batch.map((transaction) => applyTransaction(block, transaction, pruner)))
  const resultRoots = results.map((batch) =>
    treeRoot(
      "result",
      batch.map(({ id, number }) => [id, number]),
    ),
  )
  assertChanges(block.tables)
  const validatorUpdates = block.tables.validators
    .changes()
    // One that came and went within the block was never a validator: an engine would stop at its removal.
    .filter(({ before, after }) => (before?.power ?? 0) !== (after?.power ?? 0))
    .map(({ key, after }) => ({ key: key.key, power: after?.power ?? 0 }))
  block.tables.flush()
  return { results, resultRoots, validatorUpdates, nextProtocol: protocolAt(block.tables, clock.height + 1) }
}

/**
 * What a transaction would meet in a block at this time, on this state: undefined, or why it would be refused.
 * Changes nothing; for the gate before a block, never for the block itself.
 */
export function checkTransaction(block: BlockContext, transaction: DecodedTransaction): Rejection | undefined {
  const decision = decide(block, transaction)
  return isRejection(decision) ? decision : undefined
}

/** A type that its protocol version does not have is refused before anything else is asked. */
function decide(block: BlockContext, transaction: DecodedTransaction): Decision {
  const { type, since, until } = transaction.type
  if (block.protocol < since || block.protocol >= until) return reject("type-unknown", { type })
  return transaction.type.decide(contextOf(block, transaction))
}

/**
 * A context over a state. The block's own changes are made here: lost time after a long gap, of which a move from
 * another chain is one, and a protocol version whose height has come.
 */
export function openBlock(state: State, clockOfBlock: BlockClock): BlockContext {
  const { height, seconds } = clockOfBlock
  const tables = openTables(state)
  const chain = tables.chain.get({ zero: 0 })
  assert(chain !== undefined, "the genesis state names its chain")
  const previousSeconds = clockOfBlock.previousSeconds ?? (height === 1 ? chain.pinned?.seconds : undefined)
  assert(previousSeconds === undefined || seconds >= previousSeconds, "header time does not run backwards")
  const protocol = protocolAt(tables, height)
  assert(protocol <= newestProtocol, "no block is run by rules that this software does not know")
  const { upgrade } = clockOf(tables)
  if (upgrade !== undefined && height >= upgrade.height) {
    tables.chain.put({ zero: 0 }, { ...chain, protocol })
    tables.clock.put({ zero: 0 }, { ...clockOf(tables), upgrade: undefined })
  }
  const gap = previousSeconds === undefined ? 0 : seconds - previousSeconds
  if (gap > limits.gapSeconds) {
    const clock = clockOf(tables)
    tables.clock.put({ zero: 0 }, { ...clock, lost: clock.lost + gap })
  }
  const { lost } = clockOf(tables)
  assert(lost <= seconds, "lost time is part of the time since 1970")
  return {
    chainId: chain.chainId,
    former: chain.pinned?.chainId,
    protocol,
    height,
    hour: Math.floor(seconds / 3600),
    // A freeze moves every deadline in the moment it is enacted, so each transaction reads the clock anew.
    get running() {
      return Math.floor((seconds - clockOf(tables).lost) / 3600)
    },
    tables,
    parameter: parameterReader(tables),
  }
}

function contextOf(block: BlockContext, transaction: DecodedTransaction): Context<unknown> {
  const { chainId: signedFor, id, expiry, payload, body, signatures } = transaction
  const { chainId, former, protocol, height, hour, running, tables, parameter } = block
  const ofBlock = { chainId, former, protocol, height, hour, running, tables, parameter }
  return { ...ofBlock, id, signedFor, expiry, payload, body, signatures }
}

function applyTransaction(block: BlockContext, transaction: DecodedTransaction, pruner: Pruner): TransactionResult {
  const { id } = transaction
  const decision = decide(block, transaction)
  if (isRejection(decision)) return { id, number: decision.number, rejection: decision }
  if (decision === "applied-before") return { id, number: 0, repeated: true }
  decision()
  pruner.prune()
  return { id, number: 0 }
}

interface Expiring {
  readonly expiry: number
}

/** Each applied transaction removes the two lowest expired rows of `applied` and of `vouchers`. */
class Pruner {
  readonly #hour: number
  readonly #tables: Tables
  // No row that a block adds is expired, so a table once seen clean stays clean to the block's end.
  #appliedClean = false
  #vouchersClean = false

  constructor({ hour, tables }: BlockContext) {
    this.#hour = hour
    this.#tables = tables
  }

  prune(): void {
    if (!this.#appliedClean) this.#appliedClean = this.#pruneTable(this.#tables.applied)
    if (!this.#vouchersClean) this.#vouchersClean = this.#pruneTable(this.#tables.vouchers)
  }

  #pruneTable<K extends Expiring, V>(table: Table<K, V>): boolean {
    const lowest = table.first(2)
    const expired = lowest.filter(([{ expiry }]) => expiry <= this.#hour)
    for (const [key] of expired) table.remove(key)
    return expired.length < 2
  }
}
