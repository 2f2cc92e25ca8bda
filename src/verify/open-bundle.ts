/**
 * First part of the check of a bundle: every part decoded, every signature verified, and all ids agreeing with one
 * another. What comes out is typed; what it says about money and medicine is checked in `check-bundle.ts`.
 */
import { equalBytes } from "../base/bytes.ts"
import { EncodingError, encode, Reader } from "../base/cbor.ts"
import { decodeEnvelope, meanings, type Signature } from "../base/envelope.ts"
import { type ChainNames, chainOf } from "../ledger/chain-names.ts"
import { type DecodedTransaction, decodeTransaction, verifyAll } from "../ledger/decode.ts"
import { Refused, type Voucher, voucherEnvelope } from "../ledger/envelopes.ts"
import { isRejection } from "../ledger/rejection.ts"
import { decodeTerms, type Terms } from "../ledger/terms.ts"
import { type FactsBody, factsStatementType } from "../ledger/visit/2-record.ts"
import { type VisitBody, visitStatementType } from "../ledger/visit/4-settle.ts"
import { type Claim, decodeClaim, decodeProvider, type Provider } from "../plan/claim.ts"
import { type Determination, decodeDetermination, decodeLeg, type Leg } from "../plan/leg.ts"
import { decodeSnapshot, type Snapshot } from "../plan/snapshot.ts"
import type { Bundle } from "./bundle.ts"
import { type BundleFailureCode, BundleRefused, need } from "./bundle-reason.ts"

export interface OpenedBundle {
  readonly bundle: Bundle
  readonly facts: FactsBody
  readonly visit: VisitBody
  /** Payload bytes of the snapshot. */
  readonly snapshotPayload: Uint8Array
  readonly snapshot: Snapshot
  readonly snapshotKey: Uint8Array
  readonly voucher: Voucher
  readonly terms: Terms
  readonly claim: Claim
  readonly provider: Provider
  readonly determination: Determination
  /** In payment order; undefined where only the digest is shown. */
  readonly legs: readonly (Leg | undefined)[]
  readonly statementId: Uint8Array
  /** The chain that the visit statement is signed for. */
  readonly statementChain: string
  /** Of both statements: whose signatures stand behind the visit. */
  readonly signatures: readonly Signature[]
  readonly visitSignatures: readonly Signature[]
}

/** What `read` gives. @throws BundleRefused where the bytes are not canonical. */
export function part<T>(at: string, read: () => T, code: BundleFailureCode = "bad-encoding"): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof EncodingError || error instanceof Refused) throw new BundleRefused(code, at)
    throw error
  }
}

function statement(names: ChainNames, bytes: Uint8Array, field: string, type: string): DecodedTransaction {
  const decoded = decodeTransaction(names, bytes)
  need(!isRejection(decoded) && decoded.type.type === type, "bad-encoding", field)
  need(verifyAll(decoded) === undefined, "signature-forged", field)
  return decoded
}

function openVoucher(names: ChainNames, { voucher: bytes }: Bundle): Voucher {
  const voucher = part("voucher", () => voucherEnvelope.read(new Reader(encode(bytes))))
  const chain = chainOf(names, voucher)
  need(chain !== undefined, "signature-forged", "voucher")
  voucher.bind(chain)
  return voucher
}

function openSnapshot(names: ChainNames, { snapshot: bytes }: Bundle) {
  const { payload, signatures } = part("snapshot", () => decodeEnvelope(bytes, 1))
  const [signature] = signatures
  need(signature !== undefined && signature.meaning === meanings.counted, "bad-encoding", "snapshot")
  need(chainOf(names, { payload, signatures }) !== undefined, "signature-forged", "snapshot")
  return {
    snapshotPayload: payload,
    snapshotKey: signature.key,
    snapshot: part("snapshot", () => decodeSnapshot(payload)),
  }
}

/** Whether both statements, the voucher and the bundle speak of one visit, one provider, one leg. */
function checkIds(bundle: Bundle, facts: DecodedTransaction, visit: VisitBody, voucher: Voucher): void {
  const body = facts.body as FactsBody
  need(equalBytes(visit.facts.id(facts.chainId), facts.id), "ids-differ", "visitStatement.facts")
  need(body.provider === bundle.provider, "ids-differ", "factsStatement.provider")
  need(equalBytes(voucher.body.V, body.V), "ids-differ", "voucher.V")
  const { delegation } = bundle
  const carried = body.delegation?.bytes
  need(
    delegation === undefined || (carried !== undefined && equalBytes(delegation, carried)),
    "ids-differ",
    "delegation",
  )
  const leg = visit.legs[bundle.leg]
  need(leg !== undefined && equalBytes(leg.voucher, voucher.id(bundle.chainId)), "ids-differ", "leg")
  need(bundle.legs[bundle.own]?.opened !== undefined, "ids-differ", "own")
}

/**
 * A bundle of the former chain holds nothing of this one; in one of this chain each envelope may be of either.
 * @throws BundleRefused at the first part that is not canonical, not signed, or names something else than the others.
 */
export function openBundle(bundle: Bundle, chain: string | ChainNames): OpenedBundle {
  const { chainId, former }: ChainNames = typeof chain === "string" ? { chainId: chain } : chain
  need(bundle.chainId === chainId || bundle.chainId === former, "other-chain", "chainId")
  const names = bundle.chainId === chainId ? { chainId, former } : { chainId: bundle.chainId }
  const facts = statement(names, bundle.factsStatement, "factsStatement", factsStatementType)
  const signed = statement(names, bundle.visitStatement, "visitStatement", visitStatementType)
  const visit = signed.body as VisitBody
  const voucher = openVoucher(names, bundle)
  checkIds(bundle, facts, visit, voucher)
  return {
    bundle,
    facts: facts.body as FactsBody,
    visit,
    ...openSnapshot(names, bundle),
    voucher,
    terms: part("terms", () => decodeTerms(bundle.terms)),
    claim: part("claim", () => decodeClaim(bundle.claim)),
    provider: part("providerFacts", () => decodeProvider(bundle.providerFacts)),
    determination: part("determination", () => decodeDetermination(bundle.determination)),
    legs: bundle.legs.map(({ opened }, i) => opened && part(`legs[${i}]`, () => decodeLeg(opened.leg))),
    statementId: signed.id,
    statementChain: signed.chainId,
    signatures: [...facts.signatures, ...signed.signatures],
    visitSignatures: signed.signatures,
  }
}
