/**
 * Hidden amounts: Pedersen commitments C = aG + rH on ristretto255. A settled leg shows only C; `pay` opens the sum
 * of many and of none alone. Randomness r is the caller's: uniform, fresh for every commitment, never reused.
 *
 * A commitment to zero opened with r = 0 is the identity, which is no `point` on the wire: here and in state it is
 * `undefined`, the absent field.
 */
import { addPoints, isPoint, multiplyBase, multiplyPoint, pointFromHash, sha512, subtractPoints, toUtf8 } from "#crypto"
import { assert } from "../base/assert.ts"
import { equalBytes } from "../base/bytes.ts"
import { isScalar } from "../base/edwards.ts"

/** A commitment: 32 bytes of a canonical point, or undefined for the identity. */
export type Commitment = Uint8Array | undefined

/** L, the order of ristretto255 (RFC 9496 section 4). */
export const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n

/** Commitments hold sums of legs; every sum of amounts on one ledger is below this. */
const amountLimit = 2n ** 63n

const identity = new Uint8Array(32)
export const zeroScalar: Uint8Array = new Uint8Array(32)

let blindingBase: Uint8Array | undefined

/** H: nobody knows its logarithm to the base point, because it is hashed from a fixed text. */
export function blindingPoint(): Uint8Array {
  blindingBase ??= pointFromHash(sha512(toUtf8("countersign/1/pedersen-h")))
  return blindingBase
}

function numberOf(scalar: Uint8Array): bigint {
  let value = 0n
  for (let i = scalar.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(scalar[i]!)
  return value
}

function scalarOf(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32)
  let rest = value
  for (let i = 0; rest > 0n; i++) {
    bytes[i] = Number(rest & 255n)
    rest >>= 8n
  }
  return bytes
}

function toPoint(commitment: Commitment): Uint8Array {
  return commitment ?? identity
}

function fromPoint(point: Uint8Array): Commitment {
  return equalBytes(point, identity) ? undefined : point
}

/** The scalar of an amount in minor units, 0 to 2^63 − 1. */
export function amountScalar(amount: bigint): Uint8Array {
  assert(amount >= 0n && amount < amountLimit, "an amount to commit to is 0 to 2^63 - 1")
  return scalarOf(amount)
}

/** 64 uniform bytes reduced modulo L: a uniform scalar, for r. */
export function scalarFromUniform(bytes: Uint8Array): Uint8Array {
  assert(bytes.length === 64, "a uniform scalar is made from 64 random bytes")
  return scalarOf(numberOf(bytes) % groupOrder)
}

/** C = aG + rH. Undefined (the identity) exactly when both are zero, but for a chance of 2^-252. */
export function commitAmount(amount: bigint, blinding: Uint8Array): Commitment {
  assert(blinding.length === 32 && isScalar(blinding), "a blinding is a scalar below the group order")
  const value = multiplyBase(amountScalar(amount))
  if (equalBytes(blinding, zeroScalar)) return fromPoint(value)
  return fromPoint(addPoints(value, multiplyPoint(blinding, blindingPoint())))
}

/** The commitment of an amount that everybody knows: aG. */
export function commitmentOf(amount: bigint): Commitment {
  return commitAmount(amount, zeroScalar)
}

/**
 * Whether C opens to amount and blinding. Everything may come from an adversary: bytes that are no point, a blinding
 * that is no scalar and an amount out of range are false, never a throw.
 */
export function opensTo(commitment: Commitment, amount: bigint, blinding: Uint8Array): boolean {
  if (blinding.length !== 32 || !isScalar(blinding)) return false
  if (amount < 0n || amount >= amountLimit) return false
  if (commitment !== undefined && !isPoint(commitment)) return false
  return equalBytes(toPoint(commitment), toPoint(commitAmount(amount, blinding)))
}

/** The commitment to the sum of the amounts, under the sum of the blindings. Points must have been checked before. */
export function sumPoints(commitments: readonly Commitment[]): Commitment {
  let total: Uint8Array | undefined
  for (const commitment of commitments) {
    if (commitment === undefined) continue
    total = total === undefined ? commitment : addPoints(total, commitment)
  }
  return total === undefined ? undefined : fromPoint(total)
}

/** The commitment to a difference: a − b under r_a − r_b. Points must have been checked before. */
export function subtract(a: Commitment, b: Commitment): Commitment {
  return b === undefined ? a : fromPoint(subtractPoints(toPoint(a), b))
}

/** The sum of blindings modulo L: what opens `sumPoints`. */
export function addScalars(...scalars: readonly Uint8Array[]): Uint8Array {
  let total = 0n
  for (const scalar of scalars) {
    assert(scalar.length === 32 && isScalar(scalar), "scalars to add are below the group order")
    total += numberOf(scalar)
  }
  return scalarOf(total % groupOrder)
}

/** L − s: `addScalars(a, negateScalar(b))` opens `subtract(A, B)`. */
export function negateScalar(scalar: Uint8Array): Uint8Array {
  assert(scalar.length === 32 && isScalar(scalar), "a scalar to negate is below the group order")
  const value = numberOf(scalar)
  return scalarOf(value === 0n ? 0n : groupOrder - value)
}
