/**
 * The ledger as an engine's application: its rules over the durable store. Everything that decides is in `ledger/`,
 * everything durable in `store/`; here they meet.
 */
import { equalBytes, toHex } from "../base/bytes.ts"
import { orderValidators, type Validator } from "../base/chain/validators.ts"
import { Fault } from "../base/fault.ts"
import type { State } from "../base/state.ts"
import type {
  Application,
  BlockResult,
  BlockToExecute,
  ChainIdentity,
  Outcome,
  SignatureJob,
} from "../engine/engine.ts"
import { StoredApplication } from "../engine/stored-application.ts"
import {
  applyBlock,
  applyGenesis,
  type ChainNames,
  type DecodedTransaction,
  decodeBatch,
  decodeGenesis,
  decodeTransaction,
  encodeBatch,
  isRejection,
  limits,
  newestProtocol,
  openTables,
  protocolAt,
  type Rejection,
  reject,
  sizeInBatch,
  type TransactionResult,
} from "../ledger/index.ts"
import { StateStore } from "../store/state-store.ts"

const beginning = { seconds: 0, nanos: 0 }

export class LedgerApplication extends StoredApplication<StateStore> implements Application<DecodedTransaction> {
  readonly batchLimits = { transactions: limits.batchTransactions, bytes: limits.batchBytes }
  readonly chain: ChainIdentity
  readonly #names: ChainNames
  /** The last block executed here since the start. */
  #executed = 0
  #version: { readonly height: number; readonly next: number } | undefined

  private constructor(store: StateStore, chain: ChainIdentity, names: ChainNames) {
    super(store)
    this.chain = chain
    this.#names = names
  }

  /**
   * Opens a chain on a directory, and begins it with its genesis when the directory is empty.
   *
   * @returns a Rejection when the genesis is not a good one.
   * @throws Fault when the directory holds another chain, cannot be opened, or goes on by rules that this software does
   *   not know.
   */
  static async open(directory: string, genesisFile: Uint8Array): Promise<LedgerApplication | Rejection> {
    const genesis = decodeGenesis(genesisFile)
    if (isRejection(genesis)) return genesis
    const store = new StateStore(directory, { k: genesis.chain.k })
    try {
      await beginOrCheck(store, genesisFile, genesis.hash)
    } catch (error) {
      await store.close()
      throw error
    }
    const { chainId, protocol, pinned } = genesis.chain
    // A genesis names no time but that of a chain it carries on: after that the first header may have any.
    const genesisTime = pinned === undefined ? beginning : { seconds: pinned.seconds, nanos: 0 }
    const chain = { chainId, protocol, genesisTime, genesisValidators: validatorsOf(genesis.state) }
    const application = new LedgerApplication(store, chain, { chainId, former: pinned?.chainId })
    try {
      application.#demandKnown()
    } catch (error) {
      await store.close()
      throw error
    }
    return application
  }

  /** Of the chain whose state this one carries on, where there is one: an anchor of this chain names it, too. */
  get former(): string | undefined {
    return this.#names.former
  }

  /** The version of the block after the last executed one: of its header, and of the rules for its transactions. */
  get nextProtocol(): number {
    const height = Math.max(this.#executed, this.store.height)
    if (this.#version?.height !== height)
      this.#version = { height, next: protocolAt(openTables(this.store), height + 1) }
    return this.#version.next
  }

  /** Nothing of a block whose rules this software does not know is decoded or run: the node stops before it. */
  #demandKnown(): number {
    const { nextProtocol } = this
    if (nextProtocol <= newestProtocol) return nextProtocol
    const height = (this.#version?.height ?? 0) + 1
    const known = `this software knows protocol ${newestProtocol}`
    throw new Fault(`Cannot go on: block ${height} needs protocol ${nextProtocol}, and ${known}. Install a newer one`)
  }

  /** The state as last executed, for queries. What is not yet durable is in it, too. */
  get state(): State {
    return this.store
  }

  /** Depth of the state's tree. */
  get k(): number {
    return this.store.k
  }

  /** Rows of the state. */
  get size(): number {
    return this.store.size
  }

  decode(bytes: Uint8Array): DecodedTransaction | Outcome {
    const decoded = decodeTransaction(this.#names, bytes, this.#demandKnown())
    return isRejection(decoded) ? { number: decoded.number, rejection: decoded } : decoded
  }

  badSignature({ id }: DecodedTransaction, { publicKey }: SignatureJob): Outcome {
    const rejection = reject("bad-signature", { key: Uint8Array.of(1, ...publicKey) })
    return { id, number: rejection.number, rejection }
  }

  sizeInBatch(transaction: Uint8Array): number {
    return sizeInBatch(transaction)
  }

  encodeBatch(transactions: readonly Uint8Array[], salt?: Uint8Array): Uint8Array {
    return encodeBatch(transactions, salt)
  }

  decodeBatch(batch: Uint8Array): readonly Uint8Array[] | undefined {
    const transactions = decodeBatch(batch)
    return isRejection(transactions) ? undefined : transactions
  }

  execute({ height, time, previousTime, batches }: BlockToExecute<DecodedTransaction>): BlockResult {
    this.#demandKnown()
    const clock = { height, seconds: time.seconds, previousSeconds: height === 1 ? undefined : previousTime.seconds }
    const { results, resultRoots, nextProtocol } = applyBlock(this.store, clock, batches)
    this.#executed = height
    this.#version = { height, next: nextProtocol }
    const appHash = this.store.seal()
    return {
      nextProtocol,
      appHash,
      outcomes: results.map((batch) => batch.map(outcomeOf)),
      resultRoots,
      validators: this.validators(),
    }
  }

  validators(): readonly Validator[] {
    return validatorsOf(this.store)
  }

  close(): Promise<void> {
    return this.store.close()
  }
}

function outcomeOf({ id, number, rejection }: TransactionResult): Outcome {
  return rejection === undefined ? { id, number } : { id, number, rejection }
}

function validatorsOf(state: State): readonly Validator[] {
  const rows = [...openTables(state).validators.rows()]
  return orderValidators(rows.map(([{ key }, { power }]) => ({ publicKey: key.subarray(1), power })))
}

/** An empty store takes the genesis; any other must have begun with it. */
async function beginOrCheck(store: StateStore, genesisFile: Uint8Array, hash: Uint8Array): Promise<void> {
  if (store.genesis === undefined) {
    applyGenesis(store, genesisFile)
    store.seal()
    await store.begin(hash)
  } else if (!equalBytes(store.genesis, hash)) {
    throw new Fault(`Cannot open chain: the directory began with the genesis ${toHex(store.genesis)}`)
  }
}
