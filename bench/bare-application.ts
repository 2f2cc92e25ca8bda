/**
 * The floor: an application that decodes nothing, verifies nothing and has no rules. A batch is one opaque transaction
 * to it; what it keeps of a block is its body, with the same fsync as the ledger's.
 */
import { sha256 } from "#crypto"
import type { Application, BlockResult, BlockToExecute, ChainIdentity, Decoded, Outcome } from "../src/engine/engine.ts"
import { StoredApplication } from "../src/engine/stored-application.ts"
import { StateStore } from "../src/store/state-store.ts"

const noRow = new Uint8Array(1)

export class BareApplication extends StoredApplication<StateStore> implements Application {
  readonly batchLimits = { transactions: 1, bytes: 1024 * 1024 }
  readonly chain: ChainIdentity

  constructor(directory: string, chain: ChainIdentity) {
    super(new StateStore(directory, { k: 6 }))
    this.chain = chain
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
    if (last !== undefined) this.store.put("last", noRow, last.id)
    return {
      appHash: this.store.seal(),
      outcomes: batches.map((batch) => batch.map(({ id }) => ({ id, number: 0 }))),
      resultRoots: batches.map(([first]) => first!.id),
      validators: this.validators(),
    }
  }

  validators(): ChainIdentity["genesisValidators"] {
    return this.chain.genesisValidators
  }

  close(): Promise<void> {
    return this.store.close()
  }
}
