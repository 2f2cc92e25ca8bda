/**
 * Envelopes and their payloads: [type, expiry, body…] inside a COSE_Sign, nested ones (vouchers, delegations)
 * included, and the builders with which nodes and wallets make and sign them.
 */
import { publicKeyOf, sign, verifySignature } from "#crypto"
import { assert } from "../base/assert.ts"
import { EncodingError, encode, Reader, Writer } from "../base/cbor.ts"
import { digest } from "../base/digest.ts"
import {
  decodeEnvelope,
  encodeEnvelope,
  keyId,
  keyTypeEd25519,
  type Meaning,
  meanings,
  protectedHeader,
  type Signature,
  toSign,
} from "../base/envelope.ts"
import {
  amount,
  b32,
  type Codec,
  type Decoded,
  hour,
  key,
  org,
  type StructCodec,
  struct,
  uint,
} from "../base/schema.ts"
import { firstHourOfMonth, isFirstHourOfMonth, monthOfHour } from "../base/time.ts"
import { isOnLadder, limits } from "./limits.ts"
import { type Rejection, reject } from "./rejection.ts"

/** Carries a refusal that needs no state out of a decoder; `decodeTransaction` catches it. */
export class Refused extends Error {
  override readonly name = "Refused"
  readonly rejection: Rejection

  constructor(rejection: Rejection) {
    super(rejection.message)
    this.rejection = rejection
  }
}

/** digest("id", chain id, payload): what names a transaction, a voucher or a statement; signatures never enter it. */
export function transactionId(chainId: string, payload: Uint8Array): Uint8Array {
  return digest("id", chainId, payload)
}

/** A payload inside a payload. */
export interface NestedPayload<T> {
  readonly payload: Uint8Array
  readonly expiry: number
  readonly body: T
  /** The id of the payload on a chain, or on the one it is bound to; hashed once. */
  readonly id: (chainId: string) => Uint8Array
}

/** A whole signed envelope inside a payload. Its signatures are checked with the transaction's own. */
export interface NestedEnvelope<T> extends NestedPayload<T> {
  readonly bytes: Uint8Array
  readonly signatures: readonly Signature[]
  /** Fixes the chain that this was signed for: from now on its id is the one it has there, wherever it is asked for. */
  readonly bind: (chainId: string) => void
}

function lazyId(payload: Uint8Array): Pick<NestedEnvelope<unknown>, "id" | "bind"> {
  let known: Uint8Array | undefined
  let chain: string | undefined
  let bound: string | undefined
  return {
    id(chainId) {
      const wanted = bound ?? chainId
      if (known === undefined || chain !== wanted) {
        known = transactionId(wanted, payload)
        chain = wanted
      }
      return known
    },
    bind(chainId) {
      bound = chainId
    },
  }
}

/** @throws EncodingError unless `payload` is exactly one payload of this type. */
export function decodePayload<T>(
  type: string,
  body: StructCodec<T>,
  payload: Uint8Array,
): NestedPayload<T> & Pick<NestedEnvelope<T>, "bind"> {
  const reader = new Reader(payload)
  reader.array(2 + body.size)
  if (reader.text() !== type) throw new EncodingError(`Cannot read payload: not a ${type}`)
  const expiry = reader.uint()
  const value = body.readFields(reader)
  reader.done()
  return { payload, expiry, body: value, ...lazyId(payload) }
}

export interface NestedOptions {
  readonly meaning: Meaning
  readonly mostBytes: number
}

/** A field that holds an envelope of one type with one signature of one meaning; `check` sees what was decoded. */
export function nestedEnvelope<T>(
  type: string,
  body: StructCodec<T>,
  options: NestedOptions & { readonly check?: (expiry: number, body: T) => void },
): Codec<NestedEnvelope<T>> {
  return {
    inside: { body: body },
    read(reader) {
      const bytes = reader.byteString()
      if (bytes.length > options.mostBytes)
        throw new Refused(reject("too-large", { what: type, size: bytes.length, most: options.mostBytes }))
      const envelope = readEnvelope(bytes)
      const [signature] = envelope.signatures
      if (envelope.signatures.length !== 1 || signature!.meaning !== meanings[options.meaning])
        throw new Refused(reject("bad-envelope", { what: `a ${type} has one signature, ${options.meaning}` }))
      const nested = decodePayload(type, body, envelope.payload)
      options.check?.(nested.expiry, nested.body)
      return { ...nested, bytes, signatures: envelope.signatures }
    },
    write: (writer, value) => writer.byteString(value.bytes),
  }
}

/** @throws Refused with `bad-envelope` for its headers, `too-large` for its signatures; EncodingError else. */
export function readEnvelope(bytes: Uint8Array): ReturnType<typeof decodeEnvelope> {
  try {
    const envelope = decodeEnvelope(bytes, limits.transactionBytes)
    const count = envelope.signatures.length
    if (count > limits.signatures)
      throw new Refused(reject("too-large", { what: "signatures", size: count, most: limits.signatures }))
    return envelope
  } catch (error) {
    if (error instanceof EncodingError && error.message.startsWith("Cannot read envelope: "))
      throw new Refused(reject("bad-envelope", { what: reasonOf(error) }))
    throw error
  }
}

/** What an EncodingError says after its "Cannot …: ". */
export function reasonOf(error: EncodingError): string {
  return error.message.slice(error.message.indexOf(": ") + 2)
}

export const voucherType = "voucher/1"
export const voucherBody = struct({
  V: b32,
  payer: org,
  /** The most that a hold may take, a step of the ladder. */
  cap: amount,
  /** Year × 12 + month − 1. */
  month: uint(),
  terms: b32,
})
export type VoucherBody = Decoded<typeof voucherBody>
/** A payer's signed promise of cover for one V; expires at the first hour of a month. */
export const voucherEnvelope = nestedEnvelope(voucherType, voucherBody, {
  meaning: "vouchered",
  mostBytes: limits.voucherBytes,
  check(expiry, { month, cap }) {
    if (!isOnLadder(cap)) throw new EncodingError("Cannot read voucher: its cap is no step of the ladder")
    if (!isFirstHourOfMonth(expiry)) throw new EncodingError("Cannot read voucher: its expiry is no month's first hour")
    const months = monthOfHour(expiry) - month
    if (months < limits.voucherMonthsLeast || months > limits.voucherMonthsMost)
      throw new EncodingError("Cannot read voucher: its expiry is too near its month, or too far")
  },
})
export type Voucher = Decoded<typeof voucherEnvelope>

export const delegationType = "delegation/1"
export const delegationBody = struct({
  V: b32,
  /** 0 is any. */
  provider: uint(0, 65535),
  delegate: key,
  /** 1 hold, 2 countersign. */
  scope: uint(1, 3),
})
export type DelegationBody = Decoded<typeof delegationBody>
/** V's signed word that another key may hold or countersign in its place. */
export const delegationEnvelope = nestedEnvelope(delegationType, delegationBody, {
  meaning: "delegated",
  mostBytes: limits.delegationBytes,
})
export type Delegation = Decoded<typeof delegationEnvelope>
export const delegationScopes = { hold: 1, countersign: 2 } as const

/** A voucher or delegation as received alone, or why it is none. Its signature is still to be verified. */
export function readNested<T>(codec: Codec<NestedEnvelope<T>>, envelope: Uint8Array): NestedEnvelope<T> | Rejection {
  try {
    return codec.read(new Reader(encode(envelope)))
  } catch (error) {
    if (error instanceof Refused) return error.rejection
    if (error instanceof EncodingError) return reject("bad-encoding", { what: reasonOf(error) })
    throw error
  }
}

/** Whether every signature over a payload is good on a chain; who the keys belong to is for the state to say. */
export function verifyEnvelope(
  chainId: string,
  envelope: Pick<NestedEnvelope<unknown>, "payload" | "signatures">,
): boolean {
  return envelope.signatures.every(
    ({ key: signer, header, signature }) =>
      signer[0] === keyTypeEd25519 &&
      verifySignature(signer.subarray(1), toSign(chainId, header, envelope.payload), signature),
  )
}

/** The body of a snapshot belongs to the plan language; the ledger knows only its type and its signature. */
export const snapshotType = "snapshot/1"

export const mailType = "mail/1"
export const mailBody = struct({
  /** An organization's number, or a wallet's one-time mailbox handle. */
  to: {
    read: (reader): number | Uint8Array => (reader.peek() === 0 ? org.read(reader) : b32.read(reader)),
    write: (writer, to) => (typeof to === "number" ? org.write(writer, to) : b32.write(writer, to)),
  } satisfies Codec<number | Uint8Array>,
  sealed: {
    read: (reader) => reader.byteString(),
    write: (writer, value) => writer.byteString(value),
  } satisfies Codec<Uint8Array>,
})
export type MailBody = Decoded<typeof mailBody>

/** The bytes that are signed and named: CBOR [type, expiry, body…]. */
export function encodePayload<T>(type: string, expiry: number, body: StructCodec<T>, value: T): Uint8Array {
  const writer = new Writer()
  writer.array(2 + body.size)
  writer.text(type)
  hour.write(writer, expiry)
  body.writeFields(writer, value)
  return writer.finish()
}

/** A key that signs: a 32-byte seed, or a public key with the function that holds its seed elsewhere. */
export type Signer =
  | { readonly seed: Uint8Array }
  | { readonly publicKey: Uint8Array; readonly sign: (message: Uint8Array) => Uint8Array }

export interface SigningOrder {
  readonly signer: Signer
  readonly meaning: Meaning
}

/** One signature over a payload, as it stands in an envelope. */
export function signOne(chainId: string, payload: Uint8Array, { signer, meaning }: SigningOrder): Signature {
  const publicKey = "seed" in signer ? publicKeyOf(signer.seed) : signer.publicKey
  const signingKey = keyId(publicKey)
  const header = protectedHeader(signingKey, meanings[meaning])
  const message = toSign(chainId, header, payload)
  const signature = "seed" in signer ? sign(signer.seed, message) : signer.sign(message)
  assert(signature.length === 64, "an Ed25519 signature is 64 bytes")
  return { key: signingKey, meaning: meanings[meaning], signature, header }
}

/** A whole envelope over a payload, its signatures in the order given. */
export function signPayload(chainId: string, payload: Uint8Array, orders: readonly SigningOrder[]): Uint8Array {
  return encodeEnvelope(
    payload,
    orders.map((order) => signOne(chainId, payload, order)),
  )
}

/** The envelope with further signatures at its end: a statement gathers them one by one. */
export function addSignatures(envelope: Uint8Array, signatures: readonly Signature[]): Uint8Array {
  const { payload, signatures: present } = decodeEnvelope(envelope, limits.signatures)
  return encodeEnvelope(payload, [...present, ...signatures])
}

/** The expiry of a statement made in this hour: the first hour of this month, twelve months on. */
export function monthExpiry(atHour: number): number {
  return firstHourOfMonth(monthOfHour(atHour) + 12)
}
