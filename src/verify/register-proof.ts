/**
 * What a provider sends along with a bundle to a reader without a copy of the ledger: the rows of the registers that the
 * bundle's check reads, each with its way to a header that the reader's own trust anchor reaches.
 *
 *   keys, practitioners, plans, the visit ──proofs──▶ app hash in a header ──votes, handovers──▶ the reader's anchor
 *
 * A row that is left out counts as one that is not there. What was written after the header is not seen; `at` says when
 * that was.
 */
import { equalBytes, toHex } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import { chainIdCodec, type Header } from "../base/chain/header.ts"
import { decodeEnvelope } from "../base/envelope.ts"
import { b32, type Decoded, decodeAs, encodeAs, list, struct } from "../base/schema.ts"
import type { ChainNames } from "../ledger/chain-names.ts"
import { decodePayload, Refused } from "../ledger/envelopes.ts"
import { schemas, type TableName, type VisitRow } from "../ledger/rows.ts"
import { factsBody, factsStatementType } from "../ledger/visit/2-record.ts"
import { visitBody, visitStatementType } from "../ledger/visit/4-settle.ts"
import type { Bundle } from "./bundle.ts"
import { type Failure, fail } from "./reason.ts"
import { type ProvenRow, provenRowCodec, type SignedHeader, signedHeaderFields, tagged } from "./receipt.ts"
import type { RegisterView } from "./register-view.ts"
import { checkHeader, type TrustAnchor } from "./trust.ts"
import { isFailure, isProven, orFailure } from "./verify.ts"

export interface RegisterProof extends SignedHeader {
  /** Of `registerTables` alone, in any order. */
  readonly rows: readonly ProvenRow[]
}

/** The tables of which a proof may show rows. */
const registerTables: readonly TableName[] = ["keys", "practitioners", "plans", "visits"]

/** Larger proofs are refused unread. */
export const mostRegisterProofBytes = 1024 * 1024

const registerProofCodec = struct({
  tag: tagged("register-proof/1"),
  chainId: chainIdCodec,
  genesis: b32,
  rows: list(provenRowCodec, 1, 64),
  ...signedHeaderFields,
})
type Encoded = Decoded<typeof registerProofCodec>

export function encodeRegisterProof(proof: RegisterProof): Uint8Array {
  const encoded: Encoded = { tag: "register-proof/1", ...proof }
  return encodeAs(registerProofCodec, encoded)
}

/** @throws EncodingError unless `encoded` is exactly one proof of registers in its canonical form. */
export function decodeRegisterProof(encoded: Uint8Array): RegisterProof {
  if (encoded.length > mostRegisterProofBytes) throw new EncodingError("Cannot read register proof: too large")
  const { tag: _, ...proof } = decodeAs(registerProofCodec, encoded)
  if (!proof.rows.every(({ table }) => registerTables.includes(table)))
    throw new EncodingError("Cannot read register proof: a row of another table")
  return proof
}

/** What the proven rows say; by hex of their keys. */
interface Registers {
  readonly keys: NonNullable<RegisterView["keys"]>
  readonly practitioners: NonNullable<RegisterView["practitioners"]>
  readonly plans: NonNullable<RegisterView["plans"]>
  /** By the CBOR of V and provider. */
  readonly visits: ReadonlyMap<string, VisitRow>
}

/** @throws EncodingError where a row is not one of its table. */
function registersOf(rows: readonly ProvenRow[]): Registers {
  function read<T>(wanted: TableName, name: (key: Uint8Array) => Uint8Array, row: (value: Uint8Array) => T) {
    const found = rows.filter(({ table }) => table === wanted)
    return new Map(found.map(({ key, value }) => [toHex(name(key)), row(value)] as const))
  }
  const { keys, practitioners, plans, visits } = schemas
  return {
    keys: read(
      "keys",
      (key) => decodeAs(keys.key, key).key,
      (value) => decodeAs(keys.value, value),
    ),
    practitioners: read(
      "practitioners",
      (key) => decodeAs(practitioners.key, key).practitioner,
      (value) => decodeAs(practitioners.value, value),
    ),
    plans: read(
      "plans",
      (key) => decodeAs(plans.key, key).plan,
      (value) => decodeAs(plans.value, value),
    ),
    visits: read(
      "visits",
      (key) => key,
      (value) => decodeAs(visits.value, value),
    ),
  }
}

type VisitView = Pick<RegisterView, "leg" | "assurance">

/**
 * What is held for the bundle's leg and how strongly the ledger holds its facts signed. A visit, or a leg with this
 * voucher, that is not shown has nothing held. @throws EncodingError or Refused where a statement does not read.
 */
function visitViewOf(bundle: Bundle, visits: Registers["visits"], { chainId, former }: ChainNames): VisitView {
  const payload = (envelope: Uint8Array) => decodeEnvelope(envelope).payload
  const visit = decodePayload(visitStatementType, visitBody, payload(bundle.visitStatement)).body
  const facts = decodePayload(factsStatementType, factsBody, visit.facts.payload)
  const name = encodeAs(schemas.visits.key, { V: facts.body.V, provider: bundle.provider })
  const row = visits.get(toHex(name))
  const voucher = visit.legs[bundle.leg]?.voucher
  const found = row?.legs[bundle.leg]
  const leg = found !== undefined && voucher !== undefined && equalBytes(found.voucher, voucher) ? found : undefined
  const listed = [chainId, former].flatMap((name) =>
    name === undefined ? [] : (row?.facts.filter(({ id }) => equalBytes(id, facts.id(name))) ?? []),
  )[0]
  return {
    leg: { held: leg?.held ?? 0n, paid: leg?.contested ?? 0n },
    ...(listed === undefined ? {} : { assurance: listed.assurance }),
  }
}

/** A bundle whose statements do not read is refused for that; of its leg nothing is known. */
function visitView(bundle: Bundle, visits: Registers["visits"], names: ChainNames): VisitView {
  try {
    return visitViewOf(bundle, visits, names)
  } catch (error) {
    if (error instanceof EncodingError || error instanceof Refused) return { leg: { held: 0n, paid: 0n } }
    throw error
  }
}

/**
 * What a proof shows of the registers that the check of `bundle` reads, or why it shows nothing. Any bytes may be given,
 * and any decoded bundle. The payer's snapshots are not on the ledger: the view leaves them to the caller.
 * @param links - as in `verifyReceipt`: for a proof older than the anchor's checkpoint.
 */
export function openRegisterProof(
  bytes: Uint8Array,
  anchor: TrustAnchor,
  bundle: Bundle,
  links: readonly Header[] = [],
): RegisterView | Failure {
  const proof = orFailure(() => decodeRegisterProof(bytes), "bad-encoding")
  if (isFailure(proof)) return proof
  const { header, rows, chainId } = proof
  const { former } = anchor
  const broken = checkHeader(proof, anchor, links)
  if (broken !== undefined) return broken
  if (!rows.every((row) => isProven(row, header, anchor.k))) return fail("state-forged")
  const registers = orFailure(() => registersOf(rows), "state-forged")
  if (isFailure(registers)) return registers
  const { visits, ...view } = registers
  const at = { height: header.height, seconds: header.time.seconds }
  const names = former === undefined ? { chainId } : { chainId, former }
  return { ...names, at, ...view, ...visitView(bundle, visits, anchor) }
}
