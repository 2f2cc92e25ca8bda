/**
 * The bundle that the parties of a visit open to each other: everything with which one payer's part of a visit
 * statement can be checked and re-computed to the cent. It holds no record entries, and of other payers' determinations
 * only those that come before this one. `check-bundle.ts` checks it; `record` seals it for its reader.
 */

import { EncodingError } from "../base/cbor.ts"
import { chainIdCodec } from "../base/chain/header.ts"
import {
  amount,
  b32,
  bytes,
  type Decoded,
  decodeAs,
  encodeAs,
  list,
  opt,
  org,
  scalar,
  struct,
  text,
  uint,
} from "../base/schema.ts"
import { limits } from "../ledger/limits.ts"
import { tagged } from "./receipt.ts"

/** Larger bundles are refused unread. */
export const mostBundleBytes = 8 * 1024 * 1024

const envelope = bytes(1, 65536)

/** A sentence of fact that the claim cites, with its proof to the facts root. */
const citedFact = struct({
  salt: b32,
  /** UTF-8. */
  sentence: bytes(1, 1000),
  /** Index of the record entry that the sentence speaks of. */
  entry: uint(0, 4095),
  /** The author's practitioner id. */
  author: b32,
  /** Its place among the facts: claim lines cite it by this. */
  index: uint(0, 999),
  proof: list(b32, 0, 10),
})
export type CitedFact = Decoded<typeof citedFact>

/** A leg's determination in payment order; a leg after the reader's own shows its digest and its trace's root alone. */
const legPart = struct({
  digest: b32,
  traceRoot: b32,
  opened: opt(
    struct({
      /** `leg/1` as the adjudicator wrote it. */
      leg: bytes(1, 4 * 1024 * 1024),
      salt: b32,
      /** The steps of its trace, as `encodeStep` writes them. */
      trace: list(bytes(1, 65536)),
    }),
  ),
})
export type LegPart = Decoded<typeof legPart>

const bundleCodec = struct({
  tag: tagged("bundle/1"),
  chainId: chainIdCodec,
  provider: org,
  /** Index of the reader's leg in the statement's legs. */
  leg: uint(0, limits.legs - 1),
  factsStatement: envelope,
  visitStatement: envelope,
  voucher: envelope,
  /** What the voucher commits to, with its salt (`encodeTerms`). */
  terms: bytes(1, 8192),
  snapshot: bytes(1, 1024 * 1024),
  plan: bytes(1, 1024 * 1024),
  tables: list(struct({ name: text, content: bytes(0, 4 * 1024 * 1024) }), 0, 64),
  claim: bytes(1, 1024 * 1024),
  /** The facts about the provider that `when` may read (`encodeProvider`). */
  providerFacts: bytes(1, 4096),
  /** Signed papers beside the claim, each the canonical list of `plan/input.ts`. */
  authorizations: bytes(1, 65536),
  referrals: bytes(1, 65536),
  notices: bytes(1, 65536),
  decisions: bytes(1, 65536),
  /** 0 patient, 1 proxy, 2 attested, 3 silent: the assurance on which this was determined. */
  tier: uint(0, 3),
  /** Date of determination, a day number. */
  on: uint(),
  /** How many facts stand under the facts root. */
  factsCount: uint(1, 1000),
  facts: list(citedFact, 0, 1000),
  /** `determination/1`. */
  determination: bytes(1, 4096),
  /** In payment order. */
  legs: list(legPart, 1, 16),
  /** Which of `legs` is the reader's own: custodians have a leg in the statement and none here. */
  own: uint(0, 15),
  salts: struct({ claim: b32, determination: b32, trace: b32, ceiling: b32 }),
  /** The most the patient agreed to owe. */
  ceiling: amount,
  /** Amounts and blindings of this leg's commitment and of payers' legs before it. */
  openings: list(struct({ leg: uint(0, limits.legs - 1), amount, blinding: scalar }), 0, limits.legs),
  /** The practitioner's credential, as the board signed it. */
  credential: opt(bytes(1, 65536)),
  delegation: opt(bytes(1, limits.delegationBytes)),
})
type Encoded = Decoded<typeof bundleCodec>
export type Bundle = Omit<Encoded, "tag">

export function encodeBundle(bundle: Bundle): Uint8Array {
  const encoded: Encoded = { ...bundle, tag: "bundle/1" }
  return encodeAs(bundleCodec, encoded)
}

/** @throws EncodingError unless `encoded` is exactly one bundle. */
export function decodeBundle(encoded: Uint8Array): Bundle {
  if (encoded.length > mostBundleBytes) throw new EncodingError("Cannot read bundle: too large")
  const { tag: _, ...bundle } = decodeAs(bundleCodec, encoded)
  return bundle
}
