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
import { type ChainNames, signedFor } from "./chain-names.ts"
import { Refused, readEnvelope, reasonOf, transactionId } from "./envelopes.ts"
import { limits } from "./limits.ts"
import { newestProtocol } from "./protocol.ts"
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
  /** The chain that it was signed for: this one or, of a statement, the one whose state this one carries on. */
  readonly chainId: string
  readonly type: TransactionType
  readonly expiry: number
  readonly payload: Uint8Array
  readonly body: unknown
  readonly signatures: readonly Signature[]
  /** Every signature that must be good and is not known to be, those of nested envelopes included. */
  readonly jobs: readonly SignatureJob[]
  /** Bytes of the whole envelope. */
  readonly size: number
}

/**
 * Everything of a transaction that needs no state, signatures excepted. Views of `bytes`: keep them unchanged.
 *
 * @param chain - its id; with the former one where it carries on another chain's state. Then vouchers, delegations and
 *   statements may be signed for either, and their first signature is verified here to tell which: an id is over the
 *   chain id that was signed, so one envelope has one id, before the move and after it.
 * @param protocol - the version of the block that it is for. A type that begins later is unknown; one that has ended
 *   decodes, and is refused when it runs: so what decodes now decodes at every later height.
 */
export function decodeTransaction(
  chain: string | ChainNames,
  bytes: Uint8Array,
  protocol: number = newestProtocol,
): DecodedTransaction | Rejection {
  if (bytes.length > limits.transactionBytes)
    return reject("too-large", { what: "transaction", size: bytes.length, most: limits.transactionBytes })
  try {
    return decode(typeof chain === "string" ? { chainId: chain } : chain, bytes, protocol)
  } catch (error) {
    if (error instanceof Refused) return error.rejection
    if (error instanceof EncodingError) return reject("bad-encoding", { what: reasonOf(error) })
    throw error
  }
}

function decode(names: ChainNames, bytes: Uint8Array, protocol: number): DecodedTransaction | Rejection {
  const { payload, signatures } = readEnvelope(bytes)
  const given = namesOf(signatures)
  if (isRejection(given)) return given
  const reader = new Reader(payload)
  const size = reader.array()
  const typeName = reader.text()
  const type = transactionTypes.get(typeName)
  if (type === undefined || type.since > protocol) return reject("type-unknown", { type: typeName.slice(0, 40) })
  if (size !== type.body.size + 2) throw new EncodingError("Cannot read CBOR: array of another length")
  const expiry = reader.uint()
  const body = type.body.readFields(reader)
  reader.done()
  if (type.statement && !isFirstHourOfMonth(expiry))
    return reject("bad-encoding", { what: "a statement expires at a month's first hour" }, "expiry")
  const refused = type.wellFormed(body, expiry, given)
  if (refused !== undefined) return refused
  const own = jobsOf(type.statement ? names : { chainId: names.chainId }, { payload, signatures })
  const { chainId, jobs } = own
  for (const nested of type.nested(body)) {
    const bad = namesOf(nested.signatures)
    if (isRejection(bad)) return bad
    const inner = jobsOf(names, nested)
    nested.bind(inner.chainId)
    jobs.push(...inner.jobs)
  }
  const id = transactionId(chainId, payload)
  return { id, chainId, type, expiry, payload, body, signatures, jobs, size: bytes.length }
}

/** What of an envelope's signatures is still to be verified, and for which of the two chains. */
function jobsOf(
  names: ChainNames,
  envelope: { readonly payload: Uint8Array; readonly signatures: readonly Signature[] },
) {
  const { chainId, verified } = signedFor(names, envelope)
  const open = verified ? envelope.signatures.slice(1) : envelope.signatures
  return { chainId, jobs: open.map((signature) => jobOf(chainId, envelope.payload, signature)) }
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
