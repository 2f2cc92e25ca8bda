/**
 * The floor: an application that decodes nothing, verifies nothing and has no rules. A batch is one opaque transaction
 * to it; what it keeps of a block is its body, with the same fsync as the ledger's.
 */
import { sha256 } from "#crypto"
import type { BlockBody, BlockProof, FinalBlock, ValidatorHandover } from "../src/base/chain/block.ts"
import type { BlockTime } from "../src/base/chain/header.ts"
import type {
  Application,
  BlockResult,
  BlockToExecute,
  ChainIdentity,
  Decoded,
  Outcome,
  Row,
} from "../src/engine/engine.ts"
import type { Snapshots } from "../src/engine/snapshots.ts"
import { StateStore } from "../src/store/state-store.ts"

const noRow = new Uint8Array(1)

export class BareApplication implements Application {
  readonly batchLimits = { transactions: 1, bytes: 1024 * 1024 }
  readonly chain: ChainIdentity
  readonly #store: StateStore

  constructor(directory: string, chain: ChainIdentity) {
    this.#store = new StateStore(directory, { k: 6 })
    this.chain = chain
  }

  get height(): number {
    return this.#store.height
  }

  get appHash(): Uint8Array {
    return this.#store.appHash
  }

  decode(bytes: Uint8Array): Decoded {
    return { id: sha256(bytes), jobs: [] }
  }

  badSignature({ id }: Decoded): Outcome {
    return { id, number: 1 }
  }

  sizeInBatch(transaction: Uint8Array): number {
    return transaction.length
  }

  encodeBatch(transactions: readonly Uint8Array[]): Uint8Array {
    return transactions[0] ?? noRow
  }

  decodeBatch(batch: Uint8Array): readonly Uint8Array[] {
    return [batch]
  }

  /** One row changes with each batch, so that a proof block follows as it does on the ledger. */
  execute({ batches }: BlockToExecute<Decoded>): BlockResult {
    const last = batches.at(-1)?.[0]
    if (last !== undefined) this.#store.put("last", noRow, last.id)
    return {
      appHash: this.#store.seal(),
      outcomes: batches.map((batch) => batch.map(({ id }) => ({ id, number: 0 }))),
      resultRoots: batches.map(([first]) => first!.id),
      validators: this.validators(),
    }
  }

  validators(): ChainIdentity["genesisValidators"] {
    return this.chain.genesisValidators
  }

  commit(blocks: readonly FinalBlock[]): Promise<void> {
    return this.#store.commit(blocks)
  }

  commitBody(body: BlockBody): Promise<void> {
    return this.#store.commitBody(body)
  }

  attach(proof: BlockProof): Promise<void> {
    return this.#store.attach(proof)
  }

  get attachedHeight(): number {
    return this.#store.attachedHeight
  }

  get lastTime(): BlockTime | undefined {
    return this.#store.lastTime
  }

  get lowestHeight(): number {
    return this.#store.lowestHeight
  }

  prune(below: number): Promise<void> {
    return this.#store.prune(below)
  }

  handovers(): readonly ValidatorHandover[] {
    return this.#store.handovers()
  }

  addHandovers(list: readonly ValidatorHandover[]): Promise<void> {
    return this.#store.addHandovers(list)
  }

  get snapshots(): Snapshots {
    return this.#store.snapshots
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
