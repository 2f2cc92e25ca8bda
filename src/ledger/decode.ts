/**
 * From bytes to a transaction, without state: encoding, envelope, sizes, type. Signatures are collected, nested ones
 * included, and verified by the caller: on worker threads in an engine, or with `verifyAll`.
 */
import { verifySignature } from "#crypto"
import { compareBytes } from "../base/bytes.ts"
import { EncodingError, Reader } from "../base/cbor.ts"
import { keyTypeEd25519, type Meaning, type Signature, toSign } from "../base/envelope.ts"
import { isFirstHourOfMonth } from "../base/time.ts"
import { transactionTypes } from "./catalogue.ts"
import { Refused, readEnvelope, reasonOf, transactionId } from "./envelopes.ts"
import { limits } from "./limits.ts"
import { isRejection, type Rejection, reject } from "./rejection.ts"
import { meaningName, type TransactionType } from "./transaction.ts"

export interface SignatureJob {
  /** 32 bytes, Ed25519. */
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

export interface DecodedTransaction {
  readonly id: Uint8Array
  readonly type: TransactionType
  readonly expiry: number
  readonly payload: Uint8Array
  readonly body: unknown
  readonly signatures: readonly Signature[]
  /** Every signature that must be good, those of nested envelopes included. */
  readonly jobs: readonly SignatureJob[]
  /** Bytes of the whole envelope. */
  readonly size: number
}

/** Everything of a transaction that needs no state, signatures excepted. Views of `bytes`: keep them unchanged. */
export function decodeTransaction(chainId: string, bytes: Uint8Array): DecodedTransaction | Rejection {
  if (bytes.length > limits.transactionBytes)
    return reject("too-large", { what: "transaction", size: bytes.length, most: limits.transactionBytes })
  try {
    return decode(chainId, bytes)
  } catch (error) {
    if (error instanceof Refused) return error.rejection
    if (error instanceof EncodingError) return reject("bad-encoding", { what: reasonOf(error) })
    throw error
  }
}

function decode(chainId: string, bytes: Uint8Array): DecodedTransaction | Rejection {
  const { payload, signatures } = readEnvelope(bytes)
  const given = namesOf(signatures)
  if (isRejection(given)) return given
  const reader = new Reader(payload)
  const size = reader.array()
  const typeName = reader.text()
  const type = transactionTypes.get(typeName)
  if (type === undefined) return reject("type-unknown", { type: typeName.slice(0, 40) })
  if (size !== type.body.size + 2) throw new EncodingError("Cannot read CBOR: array of another length")
  const expiry = reader.uint()
  const body = type.body.readFields(reader)
  reader.done()
  if (type.statement && !isFirstHourOfMonth(expiry))
    return reject("bad-encoding", { what: "a statement expires at a month's first hour" }, "expiry")
  const refused = type.wellFormed(body, expiry, given)
  if (refused !== undefined) return refused
  const jobs = signatures.map((signature) => jobOf(chainId, payload, signature))
  for (const nested of type.nested(body)) {
    const bad = namesOf(nested.signatures)
    if (isRejection(bad)) return bad
    for (const signature of nested.signatures) jobs.push(jobOf(chainId, nested.payload, signature))
  }
  return { id: transactionId(chainId, payload), type, expiry, payload, body, signatures, jobs, size: bytes.length }
}

/** The meanings by name; refuses an unknown one, a key type that is not open, and a key twice under one meaning. */
function namesOf(signatures: readonly Signature[]): readonly Meaning[] | Rejection {
  const names: Meaning[] = []
  for (const [i, { key, meaning }] of signatures.entries()) {
    const named = meaningName(meaning)
    if (named === undefined) return reject("bad-envelope", { what: "a meaning without a name" }, `signatures[${i}]`)
    if (key[0] !== keyTypeEd25519)
      return reject("bad-envelope", { what: "a key type that is not open" }, `signatures[${i}]`)
    for (let j = 0; j < i; j++) {
      const other = signatures[j]!
      if (other.meaning === meaning && compareBytes(other.key, key) === 0)
        return reject("bad-envelope", { what: "a key twice under one meaning" }, `signatures[${i}]`)
    }
    names.push(named)
  }
  return names
}

function jobOf(chainId: string, payload: Uint8Array, { key, header, signature }: Signature): SignatureJob {
  return { publicKey: key.subarray(1), message: toSign(chainId, header, payload), signature }
}

/** Verifies every signature here and now: for tools and tests; an engine spreads the jobs over threads. */
export function verifyAll(transaction: DecodedTransaction): Rejection | undefined {
  for (const { publicKey, message, signature } of transaction.jobs) {
    if (!verifySignature(publicKey, message, signature))
      return reject("bad-signature", { key: Uint8Array.of(keyTypeEd25519, ...publicKey) })
  }
  return undefined
}
