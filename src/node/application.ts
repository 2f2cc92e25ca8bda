/**
 * The ledger as an engine's application: its rules over the durable store. Everything that decides is in `ledger/`,
 * everything durable in `store/`; here they meet.
 */
import { equalBytes, toHex } from "../base/bytes.ts"
import type { FinalBlock } from "../base/chain/block.ts"
import { orderValidators, type Validator } from "../base/chain/validators.ts"
import { Fault } from "../base/fault.ts"
import type { State } from "../base/state.ts"
import type {
  Application,
  BlockResult,
  BlockToExecute,
  ChainIdentity,
  Outcome,
  Row,
  SignatureJob,
} from "../engine/engine.ts"
import {
  applyBlock,
  applyGenesis,
  type DecodedTransaction,
  decodeBatch,
  decodeGenesis,
  decodeTransaction,
  encodeBatch,
  isRejection,
  limits,
  openTables,
  type Rejection,
  reject,
  sizeInBatch,
  type TransactionResult,
} from "../ledger/index.ts"
import { StateStore } from "../store/state-store.ts"

const beginning = { seconds: 0, nanos: 0 }

export class LedgerApplication implements Application<DecodedTransaction> {
  readonly batchLimits = { transactions: limits.batchTransactions, bytes: limits.batchBytes }
  readonly chain: ChainIdentity
  readonly #store: StateStore

  private constructor(store: StateStore, chain: ChainIdentity) {
    this.#store = store
    this.chain = chain
  }

  /**
   * Opens a chain on a directory, and begins it with its genesis when the directory is empty.
   *
   * @returns a Rejection when the genesis is not a good one.
   * @throws Fault when the directory holds another chain, or cannot be opened.
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
    const { chainId, protocol } = genesis.chain
    // A genesis names no time: the first header may have any.
    const chain = { chainId, protocol, genesisTime: beginning, genesisValidators: validatorsOf(genesis.state) }
    return new LedgerApplication(store, chain)
  }

  get height(): number {
    return this.#store.height
  }

  get appHash(): Uint8Array {
    return this.#store.appHash
  }

  /** The state as last executed, for queries. What is not yet durable is in it, too. */
  get state(): State {
    return this.#store
  }

  /** Depth of the state's tree. */
  get k(): number {
    return this.#store.k
  }

  /** Rows of the state. */
  get size(): number {
    return this.#store.size
  }

  decode(bytes: Uint8Array): DecodedTransaction | Outcome {
    const decoded = decodeTransaction(this.chain.chainId, bytes)
    return isRejection(decoded) ? { number: decoded.number, rejection: decoded } : decoded
  }

  badSignature({ id }: DecodedTransaction, { publicKey }: SignatureJob): Outcome {
    const rejection = reject("bad-signature", { key: Uint8Array.of(1, ...publicKey) })
    return { id, number: rejection.number, rejection }
  }

  sizeInBatch(transaction: Uint8Array): number {
    return sizeInBatch(transaction)
  }

  encodeBatch(transactions: readonly Uint8Array[]): Uint8Array {
    return encodeBatch(transactions)
  }

  decodeBatch(batch: Uint8Array): readonly Uint8Array[] | undefined {
    const transactions = decodeBatch(batch)
    return isRejection(transactions) ? undefined : transactions
  }

  execute({ height, time, previousTime, batches }: BlockToExecute<DecodedTransaction>): BlockResult {
    const clock = { height, seconds: time.seconds, previousSeconds: height === 1 ? undefined : previousTime.seconds }
    const { results, resultRoots } = applyBlock(this.#store, clock, batches)
    const appHash = this.#store.seal()
    return {
      appHash,
      outcomes: results.map((batch) => batch.map(outcomeOf)),
      resultRoots,
      validators: this.validators(),
    }
  }

  validators(): readonly Validator[] {
    return validatorsOf(this.#store)
  }

  commit(blocks: readonly FinalBlock[]): Promise<void> {
    return this.#store.commit(blocks)
  }

  block(height: number): FinalBlock | undefined {
    return this.#store.blocks.get(height)
  }

  prove(table: string, key: Uint8Array): Row {
    return { value: this.#store.get(table, key), proof: this.#store.prove(table, key) }
  }

  close(): Promise<void> {
    return this.#store.close()
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
