/** Payloads written field by field in wire order, and read back before they are signed. */
import { decode, EncodingError, encode, type Value } from "../base/cbor.ts"
import { encodeEnvelope } from "../base/envelope.ts"
import { refuse } from "../base/refusal.ts"
import type { KeySignature } from "./keys.ts"

const absent = new Uint8Array(0)

/** CBOR [type, expiry, fields…]; an absent field is the empty byte string. */
export function payloadOf(type: string, expiry: number, ...fields: readonly (Value | undefined)[]): Uint8Array {
  return encode([type, expiry, ...fields.map((field) => field ?? absent)])
}

export function envelopeOf(payload: Uint8Array, ...signatures: readonly KeySignature[]): Uint8Array {
  return encodeEnvelope(payload, signatures)
}

/**
 * The fields of a payload that came from outside. No desk signs a payload it has not read: a signature is good on the
 * ledger wherever it was given.
 * @throws Refused unless it is a payload of one of these types.
 */
export function readPayload(payload: Uint8Array, ...types: readonly string[]): readonly Value[] {
  try {
    const value = decode(payload)
    if (Array.isArray(value) && types.includes(value[0])) return value.slice(2)
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error
  }
  return refuse(
    "payload-other",
    `Cannot sign payload: it is no ${types.join(" or ")}`,
    "payload",
    "Send the payload this desk prepared",
  )
}

export function sameBytes(value: Value | undefined, bytes: Uint8Array): boolean {
  return value instanceof Uint8Array && value.length === bytes.length && value.every((byte, i) => byte === bytes[i])
}
