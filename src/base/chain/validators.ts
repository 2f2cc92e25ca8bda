/** Validator sets as CometBFT orders and hashes them. A header names its set and the next one by these hashes. */
import { sha256 } from "#crypto"
import { compareBytes } from "../bytes.ts"
import { EncodingError } from "../cbor.ts"
import { merkleRoot } from "../merkle.ts"
import { b32, type Codec, list, struct, uint } from "../schema.ts"
import { bytesField, messageField, varintField } from "./wire.ts"

export interface Validator {
  /** Ed25519, 32 bytes, without the ledger's key-type tag. */
  readonly publicKey: Uint8Array
  /** Voting power, 1 to 2^40. */
  readonly power: number
}

const maxPower = 2 ** 40
/** So that the sum of all powers stays far below 2^53. */
const maxValidators = 1000

/** The first 20 bytes of SHA-256 of the public key. */
export function validatorAddress(publicKey: Uint8Array): Uint8Array {
  return sha256(publicKey).subarray(0, 20)
}

function compare(a: Validator, b: Validator): number {
  return b.power - a.power || compareBytes(validatorAddress(a.publicKey), validatorAddress(b.publicKey))
}

/** Power descending, then address ascending: the order of the set's hash and of a commit's signatures. */
export function orderValidators(validators: readonly Validator[]): readonly Validator[] {
  return [...validators].sort(compare)
}

/** Merkle root over `SimpleValidator { pub_key 1 { ed25519 1 }, voting_power 2 }`, in the order of the set. */
export function validatorsHash(validators: readonly Validator[]): Uint8Array {
  const leaves = orderValidators(validators).map(({ publicKey, power }) => {
    const key = messageField(1, bytesField(1, publicKey))
    const voting = varintField(2, power)
    const leaf = new Uint8Array(key.length + voting.length)
    leaf.set(key)
    leaf.set(voting, key.length)
    return leaf
  })
  return merkleRoot(leaves)
}

export function totalPower(validators: readonly Validator[]): number {
  return validators.reduce((sum, { power }) => sum + power, 0)
}

const validatorCodec = struct({ publicKey: b32, power: uint(1, maxPower) })
const sequence = list(validatorCodec, 1, maxValidators)

/** A validator set: at least one, in the order of the set, no key twice. Anything else is not its encoding. */
export const validatorsCodec: Codec<readonly Validator[]> = {
  read(reader) {
    const validators = sequence.read(reader)
    for (let i = 1; i < validators.length; i++) {
      if (compare(validators[i - 1]!, validators[i]!) >= 0)
        throw new EncodingError("Cannot read CBOR: validators out of order")
    }
    if (new Set(validators.map(({ publicKey }) => publicKey.join())).size !== validators.length)
      throw new EncodingError("Cannot read CBOR: a validator stands twice")
    return validators
  },
  write: (writer, validators) => sequence.write(writer, orderValidators(validators)),
}
