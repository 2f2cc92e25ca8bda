/**
 * What a voucher hides: plan, snapshot, whom it covers and what it allots. The ledger sees the digest
 * alone; whoever opens a bundle sees the terms and checks that they open it.
 */
import { digest } from "../base/digest.ts"
import { b32, type Decoded, decodeAs, encodeAs, list, struct, text, uint } from "../base/schema.ts"

export const holders = { patient: 0, proxy: 1, attester: 2 } as const

const termsFields = struct({
  salt: b32,
  plan: b32,
  snapshot: b32,
  holder: uint(0, 2),
  /** First and last day of cover, as day numbers. */
  coverFrom: uint(),
  coverTo: uint(),
  allotments: list(struct({ clause: text, quantity: uint() }), 0, 64),
})
export type Terms = Decoded<typeof termsFields>

export const encodeTerms = (terms: Terms): Uint8Array => encodeAs(termsFields, terms)
/** @throws EncodingError unless `bytes` are the one encoding of terms. */
export const decodeTerms = (bytes: Uint8Array): Terms => decodeAs(termsFields, bytes)

/** The commitment that stands in the voucher. */
export function termsDigest(terms: Terms): Uint8Array {
  const allotments = terms.allotments.map(({ clause, quantity }) => [clause, quantity])
  const { salt, plan, snapshot, holder, coverFrom, coverTo } = terms
  return digest("terms", salt, plan, snapshot, holder, coverFrom, coverTo, allotments)
}
