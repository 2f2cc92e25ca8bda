/**
 * The one envelope of the protocol: COSE_Sign (RFC 9052, tag 98) with empty outer headers, the payload inside, and one
 * protected header a signature: {1: -19, 2: [-65537], 4: kid, -65537: meaning}. Headers are read by position against
 * fixed bytes, so there is exactly one encoding of each envelope.
 */
import { toUtf8 } from "#crypto"
import { holdsAt } from "./bytes.ts"
import { EncodingError, Reader, Writer } from "./cbor.ts"

/** What a signature says, by number. The numbers never change meaning. */
export const meanings = {
  held: 1,
  performed: 2,
  countersigned: 3,
  attested: 4,
  billed: 5,
  agreed: 6,
  vouchered: 7,
  delivered: 8,
  contested: 9,
  ruled: 10,
  paid: 11,
  refunded: 12,
  cancelled: 13,
  voided: 14,
  submitted: 15,
  registered: 16,
  possessed: 17,
  engaged: 18,
  enrolled: 19,
  published: 20,
  approved: 21,
  proposed: 22,
  balloted: 23,
  deposited: 24,
  withdrew: 25,
  paidOut: 26,
  granted: 27,
  revoked: 28,
  brokeGlass: 29,
  anchored: 30,
  delegated: 31,
  counted: 32,
  mailed: 33,
} as const
export type Meaning = keyof typeof meanings

export const keyTypeEd25519 = 1

/** One signature: `key` is 33 bytes, key-type tag ‖ public key; `meaning` a number of `meanings`. */
export interface Signature {
  readonly key: Uint8Array
  readonly meaning: number
  readonly signature: Uint8Array
  /** The protected header as received; signed as it stands. */
  readonly header: Uint8Array
}

export interface Envelope {
  readonly payload: Uint8Array
  readonly signatures: readonly Signature[]
}

// {1: -19, 2: [-65537], 4: h'<33 bytes>', -65537: meaning}
const headerStart = Uint8Array.of(0xa4, 0x01, 0x32, 0x02, 0x81, 0x3a, 0x00, 0x01, 0x00, 0x00, 0x04, 0x58, 0x21)
const headerLabel = Uint8Array.of(0x3a, 0x00, 0x01, 0x00, 0x00)
const start = Uint8Array.of(0xd8, 0x62, 0x84, 0x40, 0xa0)
const emptyMap = 0xa0

export function keyId(publicKey: Uint8Array): Uint8Array {
  const key = new Uint8Array(33)
  key[0] = keyTypeEd25519
  key.set(publicKey, 1)
  return key
}

export function protectedHeader(key: Uint8Array, meaning: number): Uint8Array {
  const writer = new Writer()
  writer.raw(headerStart)
  writer.raw(key)
  writer.raw(headerLabel)
  writer.uint(meaning)
  return writer.finish()
}

function decodeHeader(header: Uint8Array): { key: Uint8Array; meaning: number } {
  const keyAt = headerStart.length
  const labelAt = keyAt + 33
  if (
    header.length < labelAt + headerLabel.length + 1 ||
    !holdsAt(header, 0, headerStart) ||
    !holdsAt(header, labelAt, headerLabel)
  ) {
    throw new EncodingError("Cannot read envelope: a protected header of another form")
  }
  const reader = new Reader(header, labelAt + headerLabel.length)
  const meaning = reader.uint()
  reader.done()
  return { key: header.subarray(keyAt, labelAt), meaning }
}

/**
 * @param maxSignatures - refuse more than this many.
 * @throws EncodingError unless `bytes` are exactly one envelope. Views, not copies: keep `bytes` unchanged.
 */
export function decodeEnvelope(bytes: Uint8Array, maxSignatures = 16): Envelope {
  if (!holdsAt(bytes, 0, start)) {
    throw new EncodingError("Cannot read envelope: not a COSE_Sign with empty headers")
  }
  const reader = new Reader(bytes, start.length)
  const payload = reader.byteString()
  const count = reader.array()
  if (count < 1 || count > maxSignatures) throw new EncodingError("Cannot read envelope: number of signatures")
  const signatures: Signature[] = []
  for (let i = 0; i < count; i++) {
    reader.array(3)
    const header = reader.byteString()
    if (reader.bytes[reader.offset++] !== emptyMap)
      throw new EncodingError("Cannot read envelope: an unprotected header")
    const signature = reader.byteString(64)
    signatures.push({ ...decodeHeader(header), signature, header })
  }
  reader.done()
  return { payload, signatures }
}

export function encodeEnvelope(
  payload: Uint8Array,
  signatures: readonly Pick<Signature, "header" | "signature">[],
): Uint8Array {
  const writer = new Writer()
  writer.raw(start)
  writer.byteString(payload)
  writer.array(signatures.length)
  for (const { header, signature } of signatures) {
    writer.array(3)
    writer.byteString(header)
    writer.raw(Uint8Array.of(emptyMap))
    writer.byteString(signature)
  }
  return writer.finish()
}

const signatureContext = Uint8Array.of(0x85, 0x69, ...toUtf8("Signature"), 0x40)

let lastChain = ""
let lastChainBytes = new Uint8Array(0)

/** A program signs and verifies for one chain at a time. */
function chainBytes(chainId: string): Uint8Array {
  if (chainId !== lastChain) {
    lastChain = chainId
    lastChainBytes = new Uint8Array(toUtf8(chainId))
  }
  return lastChainBytes
}

/** The Sig_structure of RFC 9052: what the key signs. The chain id is the external data, in UTF-8. Not for keeping. */
export function toSign(chainId: string, header: Uint8Array, payload: Uint8Array): Uint8Array {
  const writer = new Writer()
  writer.raw(signatureContext)
  writer.byteString(header)
  writer.byteString(chainBytes(chainId))
  writer.byteString(payload)
  return writer.finishTogether()
}
