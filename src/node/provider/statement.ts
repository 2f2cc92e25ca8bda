/**
 * Builds the two statements of a visit and the bundle that opens them: every commitment under a fresh salt, the amount
 * under a fresh blinding. Each reader gets what its part needs and no more.
 */
import { randomBytes } from "node:crypto"
import { assert } from "../../base/assert.ts"
import { decodeEnvelope, encodeEnvelope } from "../../base/envelope.ts"
import { refuse } from "../../base/refusal.ts"
import { encodeAs } from "../../base/schema.ts"
import { chainOf } from "../../ledger/chain-names.ts"
import { decodePayload, encodePayload, monthExpiry, transactionId } from "../../ledger/envelopes.ts"
import { factsBody, factsStatementType } from "../../ledger/visit/2-record.ts"
import { visitBody, visitStatementType } from "../../ledger/visit/4-settle.ts"
import { encodeClaim, encodeProvider } from "../../plan/claim.ts"
import { authorizations, decisions, notices, referrals } from "../../plan/input.ts"
import { determinationDigest, encodeDetermination, encodeLeg, legDigest } from "../../plan/leg.ts"
import { encodeStep, statementTraceRoot, traceRoot } from "../../plan/trace.ts"
import { commitAmount, scalarFromUniform } from "../../privacy/amounts.ts"
import { commitCeiling, commitClaim, commitDetermination, commitTrace } from "../../privacy/commitments.ts"
import { citeFact, factsRoot } from "../../record/facts.ts"
import { type Bundle, encodeBundle } from "../../verify/bundle.ts"
import type { NodeContext } from "../context.ts"
import type { Priced } from "./pricing.ts"
import type { FiledFacts, FiledStatement, VisitFile } from "./visit-file.ts"

const fresh = () => new Uint8Array(randomBytes(32))

/** The facts statement over what is recorded now. `ceiling` binds the most the patient may owe. */
export function buildFacts(node: NodeContext, file: VisitFile, ceiling: bigint): FiledFacts {
  const { recordRoot, recorded } = file
  if (recordRoot === undefined)
    return refuse("no-record", "Cannot state facts: nothing is recorded", "visit", "Record the visit first")
  const ceilingSalt = fresh()
  const payload = encodePayload(factsStatementType, monthExpiry(node.chain.hour), factsBody, {
    V: file.visit,
    provider: node.config.organization,
    // The first facts of a visit name none before them; later ones amend the newest that the ledger has.
    supersedes: recorded?.at(-1)?.facts,
    recordRoot,
    factsRoot: factsRoot(file.facts),
    ceiling: commitCeiling(ceilingSalt, ceiling),
    delegation: undefined,
  })
  return { payload, entries: file.entries.length, ceiling, ceilingSalt, facts: file.facts }
}

/** A voucher has the id of the chain that it was signed for, which may be the one that this chain carries on. */
function voucherId({ chain }: NodeContext, bytes: Uint8Array): Uint8Array {
  const envelope = decodeEnvelope(bytes, 1)
  return transactionId(chainOf(chain.names, envelope) ?? chain.chainId, envelope.payload)
}

/** The visit statement over one leg's determination. */
export function buildStatement(
  node: NodeContext,
  facts: FiledFacts,
  priced: Priced,
  context: { readonly voucher: Uint8Array; readonly supersedes: Uint8Array | undefined },
): FiledStatement {
  const { chainId, hour } = node.chain
  const salts = { claim: fresh(), determination: fresh(), trace: fresh(), leg: fresh() }
  const claim = encodeClaim(priced.claim)
  const leg = encodeLeg(priced.leg)
  const determination = encodeDetermination({ legs: [legDigest(salts.leg, leg)], patient: priced.leg.totals.patient })
  const legRoot = traceRoot(priced.trace, salts.trace)
  const opening = { amount: priced.leg.totals.benefit, blinding: scalarFromUniform(new Uint8Array(randomBytes(64))) }
  const commitment = commitAmount(opening.amount, opening.blinding)
  assert(commitment !== undefined, "a commitment with a random blinding is not the identity")
  const factsPayload = decodePayload(factsStatementType, factsBody, facts.payload)
  const payload = encodePayload(visitStatementType, monthExpiry(hour), visitBody, {
    facts: factsPayload,
    supersedes: context.supersedes,
    claim: commitClaim(salts.claim, claim),
    determination: commitDetermination(salts.determination, determinationDigest(determination)),
    trace: commitTrace(salts.trace, statementTraceRoot([legRoot])),
    legs: [{ voucher: voucherId(node, context.voucher), commitment }],
  })
  return {
    id: transactionId(chainId, payload),
    payload,
    facts,
    supersedes: context.supersedes,
    claim,
    provider: encodeProvider(priced.provider),
    on: priced.claim.received,
    leg,
    legDigest: legDigest(salts.leg, leg),
    trace: priced.trace.map(encodeStep),
    traceRoot: legRoot,
    determination,
    salts,
    opening,
    plan: priced.leg.totals.benefit,
    patient: priced.leg.totals.patient,
    citedFacts: [...new Set(priced.claim.lines.flatMap((line) => line.facts))].sort((a, b) => a - b),
    factsSignatures: [],
    signatures: [],
  }
}

/** The statement's envelope with the signatures gathered so far, in the order the ledger wants. */
export function statementEnvelope({ payload, signatures }: FiledStatement): Uint8Array {
  const order = ["performed", "billed", "countersigned", "agreed"]
  const sorted = [...signatures].sort((a, b) => order.indexOf(a.meaning) - order.indexOf(b.meaning))
  return encodeEnvelope(payload, sorted)
}

/** Everything with which the one payer's leg can be checked and re-computed: for that payer and for the patient. */
export async function bundleOf(node: NodeContext, file: VisitFile, statement: FiledStatement): Promise<Uint8Array> {
  const { address, voucher } = file
  assert(
    voucher !== undefined && address.terms !== undefined && address.snapshot !== undefined,
    "a priced visit has its cover",
  )
  const { facts: allFacts, ceiling, ceilingSalt, payload } = statement.facts
  const pack = node.plans.pack(file.planDigest!)
  assert(pack !== undefined, "the plan that priced a visit is on the shelf")
  const bundle: Bundle = {
    chainId: node.chain.chainId,
    provider: node.config.organization,
    leg: 0,
    own: 0,
    factsStatement: encodeEnvelope(payload, statement.factsSignatures),
    visitStatement: statementEnvelope(statement),
    voucher,
    terms: address.terms,
    snapshot: address.snapshot,
    plan: pack.bytes,
    tables: pack.tables.map(({ name, bytes }) => ({ name, content: bytes })),
    claim: statement.claim,
    providerFacts: statement.provider,
    authorizations: encodeAs(authorizations, []),
    referrals: encodeAs(referrals, []),
    notices: encodeAs(notices, []),
    decisions: encodeAs(decisions, []),
    tier: 0,
    on: statement.on,
    factsCount: allFacts.length,
    facts: statement.citedFacts.map((index) => {
      const { fact, place } = citeFact(allFacts, index)
      return { ...fact, index, proof: place.proof }
    }),
    determination: statement.determination,
    legs: [
      {
        digest: statement.legDigest,
        traceRoot: statement.traceRoot,
        opened: { leg: statement.leg, salt: statement.salts.leg, trace: statement.trace },
      },
    ],
    salts: { ...statement.salts, ceiling: ceilingSalt },
    ceiling,
    openings: [{ leg: 0, ...statement.opening }],
    credential: undefined,
    delegation: undefined,
  }
  return encodeBundle(bundle)
}
