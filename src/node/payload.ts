/** Payloads written field by field in wire order, as TRANSACTIONS lists them. */
import { encode, type Value } from "../base/cbor.ts"
import { encodeEnvelope } from "../base/envelope.ts"
import type { KeySignature } from "./keys.ts"

const absent = new Uint8Array(0)

/** CBOR [type, expiry, fields…]; an absent field is the empty byte string. */
export function payloadOf(type: string, expiry: number, ...fields: readonly (Value | undefined)[]): Uint8Array {
  return encode([type, expiry, ...fields.map((field) => field ?? absent)])
}

export function envelopeOf(payload: Uint8Array, ...signatures: readonly KeySignature[]): Uint8Array {
  return encodeEnvelope(payload, signatures)
}
