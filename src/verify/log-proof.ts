/**
 * What the ledger says of an organization's access log: the row with the root that it anchored last, and its way to a
 * header that the reader's own trust anchor reaches. Whoever has the log's pages holds them against that root.
 */
import { EncodingError } from "../base/cbor.ts"
import { chainIdCodec } from "../base/chain/header.ts"
import { b32, type Decoded, decodeAs, encodeAs, struct } from "../base/schema.ts"
import { type RowOf, schemas } from "../ledger/rows.ts"
import { type Failure, fail } from "./reason.ts"
import { type ProvenRow, provenRowCodec, type SignedHeader, signedHeaderFields, tagged } from "./receipt.ts"
import { checkHeader, type TrustAnchor } from "./trust.ts"
import { isFailure, isProven, orFailure } from "./verify.ts"

export interface LogProof extends SignedHeader {
  /** Of the table `logs`. */
  readonly row: ProvenRow
}

/** Larger proofs are refused unread. */
const mostBytes = 1024 * 1024

const logProofCodec = struct({
  tag: tagged("log-proof/1"),
  chainId: chainIdCodec,
  genesis: b32,
  row: provenRowCodec,
  ...signedHeaderFields,
})

export function encodeLogProof(proof: LogProof): Uint8Array {
  const encoded: Decoded<typeof logProofCodec> = { tag: "log-proof/1", ...proof }
  return encodeAs(logProofCodec, encoded)
}

export interface AnchoredLog {
  readonly organization: number
  readonly row: RowOf<"logs">
  /** Of the header that proves it: what was anchored later is not in it. */
  readonly at: { readonly height: number; readonly seconds: number }
}

function read(encoded: Uint8Array): LogProof {
  if (encoded.length > mostBytes) throw new EncodingError("Cannot read proof: too large")
  const { tag: _, ...proof } = decodeAs(logProofCodec, encoded)
  if (proof.row.table !== "logs") throw new EncodingError("Cannot read proof: a row of another table")
  return proof
}

/** What a proof shows, or why it shows nothing. Any bytes may be given. */
export function openLogProof(encoded: Uint8Array, anchor: TrustAnchor): AnchoredLog | Failure {
  const proof = orFailure(() => read(encoded), "bad-encoding")
  if (isFailure(proof)) return proof
  const { header, row } = proof
  const broken = checkHeader(proof, anchor, [])
  if (broken !== undefined) return broken
  if (!isProven(row, header, anchor.k)) return fail("state-forged")
  const decoded = orFailure(
    () => ({ key: decodeAs(schemas.logs.key, row.key), value: decodeAs(schemas.logs.value, row.value) }),
    "state-forged",
  )
  if (isFailure(decoded)) return decoded
  const at = { height: header.height, seconds: header.time.seconds }
  return { organization: decoded.key.org, row: decoded.value, at }
}
