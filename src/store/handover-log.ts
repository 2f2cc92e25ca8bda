/**
 * Every change of validators, for ever: a receipt leads from the genesis set to today's through them, long after the
 * blocks themselves are pruned. They are few, so all are held in memory, too.
 */
import { assert } from "../base/assert.ts"
import { equalBytes } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import { type BlockProof, type ValidatorHandover, validatorHandoverCodec } from "../base/chain/block.ts"
import { validatorsHash } from "../base/chain/validators.ts"
import { Fault } from "../base/fault.ts"
import { decodeAs, encodeAs } from "../base/schema.ts"
import { type Environment, openTable } from "./environment.ts"
import { Pieces } from "./pieces.ts"

/** The change that a block makes; undefined for nearly all. */
export function handoverOf({ header, commit, nextValidators }: BlockProof): ValidatorHandover | undefined {
  if (equalBytes(header.validatorsHash, header.nextValidatorsHash)) return undefined
  const validators = nextValidators
  assert(
    equalBytes(validatorsHash(validators), header.nextValidatorsHash),
    "a block's next validators are its header's",
  )
  return { header, commit, validators }
}

export class HandoverLog {
  readonly #table: Pieces
  readonly #durable = new Map<number, ValidatorHandover>()
  #ascending: readonly ValidatorHandover[] | undefined

  /** @throws Fault when a stored one is damaged. */
  constructor(environment: Environment) {
    this.#table = new Pieces(openTable(environment, "handovers"))
    for (const height of this.#table.heights()) this.#durable.set(height, this.#read(height))
  }

  /** Durable ones, by ascending height. */
  list(): readonly ValidatorHandover[] {
    this.#ascending ??= [...this.#durable.values()].sort((a, b) => a.header.height - b.header.height)
    return this.#ascending
  }

  has(height: number): boolean {
    return this.#durable.has(height)
  }

  /** Inside a transaction of the environment only; `settle` when it is durable. */
  put(handover: ValidatorHandover): void {
    this.#table.put(handover.header.height, encodeAs(validatorHandoverCodec, handover))
  }

  settle(handovers: readonly ValidatorHandover[]): void {
    if (handovers.length === 0) return
    for (const handover of handovers) this.#durable.set(handover.header.height, handover)
    this.#ascending = undefined
  }

  #read(height: number): ValidatorHandover {
    try {
      return decodeAs(validatorHandoverCodec, this.#table.get(height)!)
    } catch (cause) {
      if (!(cause instanceof EncodingError)) throw cause
      throw new Fault(`Cannot read handover ${height}: its stored bytes are damaged`, { cause })
    }
  }
}
