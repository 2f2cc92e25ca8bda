/**
 * A ledger small enough to be its own specification: signed amounts added to numbered sums. The contract suite runs
 * every engine on it, so that an engine is tested apart from the rules of health care.
 */
import { publicKeyOf, sha256, sign, verifySignature } from "#crypto"
import { concat, equalBytes } from "../base/bytes.ts"
import { decode, EncodingError, encode, type Value } from "../base/cbor.ts"
import type { FinalBlock } from "../base/chain/block.ts"
import { merkleRoot } from "../base/merkle.ts"
import type { Application, BlockResult, BlockToExecute, ChainIdentity, Outcome, SignatureJob } from "./engine.ts"
import { type ChainStore, StoredApplication } from "./stored-application.ts"

export interface TallyTransaction {
  readonly id: Uint8Array
  readonly jobs: readonly SignatureJob[]
  readonly sum: number
  readonly amount: number
}

const refusals = {
  "bad-encoding": { number: 1, message: "Cannot read transaction: not its encoding", remedy: "fix" },
  "bad-signature": { number: 3, message: "Cannot accept signature: it is not good", remedy: "fix" },
  "too-much": { number: 9, message: "Cannot add: the sum would pass its limit", remedy: "retry" },
} as const

function refuse(code: keyof typeof refusals, id?: Uint8Array): Outcome {
  const rejection = { code, ...refusals[code] }
  return id === undefined ? { number: rejection.number, rejection } : { id, number: rejection.number, rejection }
}

export const sumLimit = 1_000_000

/** The bytes of one addition; `nonce` makes two equal ones differ. */
export function tallyTransaction(
  seed: Uint8Array,
  { sum, amount, nonce }: { readonly sum: number; readonly amount: number; readonly nonce: number },
): Uint8Array {
  const body = [publicKeyOf(seed), sum, amount, nonce]
  return encode([...body, sign(seed, encode(body))])
}

export class TallyApplication extends StoredApplication implements Application<TallyTransaction> {
  readonly batchLimits = { transactions: 1000, bytes: 512 * 1024 }
  readonly chain: ChainIdentity

  constructor(store: ChainStore, chain: ChainIdentity) {
    super(store)
    this.chain = chain
  }

  decode(bytes: Uint8Array): TallyTransaction | Outcome {
    try {
      const [publicKey, sum, amount, nonce, signature, ...more] = decode(bytes) as Value[]
      const shaped =
        publicKey instanceof Uint8Array &&
        signature instanceof Uint8Array &&
        typeof sum === "number" &&
        typeof amount === "number" &&
        typeof nonce === "number" &&
        publicKey.length === 32 &&
        signature.length === 64 &&
        more.length === 0
      if (!shaped) return refuse("bad-encoding")
      const message = encode([publicKey, sum, amount, nonce])
      return { id: sha256(message), jobs: [{ publicKey, message, signature }], sum, amount }
    } catch (error) {
      if (error instanceof EncodingError || error instanceof TypeError) return refuse("bad-encoding")
      throw error
    }
  }

  badSignature({ id }: TallyTransaction): Outcome {
    return refuse("bad-signature", id)
  }

  sizeInBatch(transaction: Uint8Array): number {
    return transaction.length + 5
  }

  encodeBatch(transactions: readonly Uint8Array[], salt?: Uint8Array): Uint8Array {
    return encode(salt === undefined ? transactions : [...transactions, salt])
  }

  decodeBatch(batch: Uint8Array): readonly Uint8Array[] | undefined {
    try {
      const items = decode(batch)
      if (!Array.isArray(items) || !items.every((item) => item instanceof Uint8Array)) return undefined
      return items.at(-1)?.length === 8 ? items.slice(0, -1) : items
    } catch {
      return undefined
    }
  }

  execute({ batches }: BlockToExecute<TallyTransaction>): BlockResult {
    const outcomes = batches.map((batch) => batch.map((transaction) => this.#apply(transaction)))
    const resultRoots = outcomes.map((batch) =>
      merkleRoot(batch.map(({ id, number }) => concat(id ?? new Uint8Array(0), Uint8Array.of(number)))),
    )
    return { appHash: this.store.seal(), outcomes, resultRoots, validators: this.validators() }
  }

  validators(): ChainIdentity["genesisValidators"] {
    return this.chain.genesisValidators
  }

  sum(number: number): number {
    const row = this.store.get("sums", encode([number]))
    return row === undefined ? 0 : (decode(row) as number[])[0]!
  }

  #apply({ id, sum, amount }: TallyTransaction): Outcome {
    const seen = this.store.get("seen", encode([id]))
    if (seen !== undefined) return { id, number: 0 }
    const total = this.sum(sum) + amount
    if (total > sumLimit) return refuse("too-much", id)
    this.store.put("seen", encode([id]), encode([sum, amount]))
    this.store.put("sums", encode([sum]), encode([total]))
    return { id, number: 0 }
  }
}

/** A second opinion for the tests: what a chain's blocks must add up to. */
export function sumsOf(application: TallyApplication, blocks: readonly FinalBlock[]): ReadonlyMap<number, number> {
  const sums = new Map<number, number>()
  const seen: Uint8Array[] = []
  for (const { batches } of blocks) {
    for (const bytes of batches.flatMap((batch) => application.decodeBatch(batch) ?? [])) {
      const transaction = application.decode(bytes)
      if ("number" in transaction || seen.some((id) => equalBytes(id, transaction.id))) continue
      const job = transaction.jobs[0]!
      if (!verifySignature(job.publicKey, job.message, job.signature))
        throw new TypeError("Cannot add: a bad signature in a block")
      const total = (sums.get(transaction.sum) ?? 0) + transaction.amount
      if (total > sumLimit) continue
      seen.push(transaction.id)
      sums.set(transaction.sum, total)
    }
  }
  return sums
}
