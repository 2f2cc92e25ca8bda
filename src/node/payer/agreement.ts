/**
 * The payer's answer to a bundle: everything in it is verified and the plan is run again before anything is signed. One
 * failure: no signature, and the reason by mail. What was agreed is kept for remittance, explanation and the snapshot.
 */
import { toHex } from "../../base/bytes.ts"
import { EncodingError } from "../../base/cbor.ts"
import { decodeEnvelope } from "../../base/envelope.ts"
import { idsOn } from "../../ledger/chain-names.ts"
import { decodePayload, Refused as LedgerRefused } from "../../ledger/envelopes.ts"
import { factsBody, factsStatementType } from "../../ledger/visit/2-record.ts"
import { visitBody, visitStatementType } from "../../ledger/visit/4-settle.ts"
import { decodeClaim } from "../../plan/claim.ts"
import { decodeLeg, determinationDigest } from "../../plan/leg.ts"
import { decodeSteps } from "../../plan/trace.ts"
import { openBundle } from "../../record/bundle-sealing.ts"
import { type Bundle, decodeBundle } from "../../verify/bundle.ts"
import { checkBundle } from "../../verify/check-bundle.ts"
import type { RegisterView } from "../../verify/register-view.ts"
import type { NodeContext } from "../context.ts"
import type { Operations } from "../desk.ts"
import { openWithAny } from "../open-sealed.ts"
import { registersOf } from "../registers.ts"
import type { Work } from "../work.ts"
import { decidedLines, keepDecidedLines } from "./clause-counts.ts"
import { memberOfVisit } from "./member-file.ts"

/** A statement this payer has agreed to. */
export interface AgreedClaim {
  readonly statement: Uint8Array
  readonly supersedes: Uint8Array | undefined
  readonly V: Uint8Array
  readonly provider: number
  readonly bundle: Uint8Array
  readonly determination: Uint8Array
  readonly at: number
}

export function agreedClaims(work: Work): readonly AgreedClaim[] {
  return work.rows<AgreedClaim>("agreed").map(([, claim]) => claim)
}

/** What a claim that was agreed says, taken out of its bundle. */
export function claimAndLeg(agreed: AgreedClaim) {
  const bundle = decodeBundle(agreed.bundle)
  const own = bundle.legs[bundle.own]!.opened!
  return { bundle, claim: decodeClaim(bundle.claim), leg: decodeLeg(own.leg), trace: decodeSteps(own.trace) }
}

function visitOf(bundle: Bundle) {
  const visit = decodePayload(visitStatementType, visitBody, decodeEnvelope(bundle.visitStatement).payload)
  const facts = decodePayload(factsStatementType, factsBody, visit.body.facts.payload)
  return { supersedes: visit.body.supersedes, V: facts.body.V, factsId: facts.id }
}

/** The ledger's registers, and this payer's own books: its members' snapshots, what is held for this leg. */
function viewOf(node: NodeContext, bundle: Bundle): RegisterView {
  const { V, factsId } = visitOf(bundle)
  const row = node.chain.tables().visits.get({ V, provider: bundle.provider })
  const snapshots = new Set(memberOfVisit(node.work, V)?.snapshots.map(({ digest }) => toHex(digest)))
  const leg = row?.legs[bundle.leg]
  const ids = idsOn(node.chain.names, { id: factsId }).map(toHex)
  const listed = row?.facts.find(({ id }) => ids.includes(toHex(id)))
  const view: RegisterView = {
    ...registersOf(node),
    snapshots,
    leg: { held: leg?.held ?? 0n, paid: leg?.contested ?? 0n },
  }
  return listed === undefined ? view : { ...view, assurance: listed.assurance }
}

/** Bytes from outside: undefined where they are not a bundle whose statements read. */
function readBundle(bytes: Uint8Array): Bundle | undefined {
  try {
    const bundle = decodeBundle(bytes)
    visitOf(bundle)
    return bundle
  } catch (error) {
    if (error instanceof EncodingError || error instanceof LedgerRefused) return undefined
    throw error
  }
}

/** Signed, or the code of what is wrong; and the provider that waits for the answer, who need not have sent the bundle. */
type PayerAnswer = { readonly provider?: number } & (
  | { readonly signed: { readonly header: Uint8Array; readonly signature: Uint8Array } }
  | { readonly reason: string }
)

const patienceMs = 5_000

/** The bundle may be here before the block with its hold: this node's copy of the ledger catches up in moments. */
async function untilHeld(node: NodeContext, bundle: Bundle): Promise<void> {
  const { V } = visitOf(bundle)
  const end = Date.now() + patienceMs
  const held = () => node.chain.tables().visits.get({ V, provider: bundle.provider })?.legs[bundle.leg] !== undefined
  while (!held() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** Checks an opened bundle; signs, or gives the code of what is wrong. */
async function answer(node: NodeContext, bytes: Uint8Array): Promise<PayerAnswer> {
  const bundle = readBundle(bytes)
  if (bundle === undefined) return { reason: "bad-encoding" }
  await untilHeld(node, bundle)
  const verdict = checkBundle(bundle, viewOf(node, bundle))
  const { provider } = bundle
  if (!verdict.good) return { provider, reason: verdict.failure?.code ?? "not-checked" }
  // A payer signs last: what it could not check, above all that the patient's side has signed, it does not sign.
  const [unchecked] = verdict.notChecked
  if (unchecked !== undefined) return { provider, reason: `not-checked-${unchecked}` }
  const { payload } = decodeEnvelope(bundle.visitStatement)
  const { supersedes, V } = visitOf(bundle)
  const agreed: AgreedClaim = {
    statement: verdict.statementId!,
    supersedes,
    V,
    provider,
    bundle: bytes,
    determination: determinationDigest(bundle.determination),
    at: node.chain.seconds,
  }
  await keepDecidedLines(node, agreed.statement, decidedLines(bundle, supersedes))
  await node.work.put("agreed", toHex(agreed.statement), agreed)
  // Beside the others' signatures, so for the chain that they are for: the former one, of a visit that was under way.
  return { provider, signed: node.keys.sign("agree", "agreed", verdict.statementChain!, payload) }
}

export function receiveBundles(node: NodeContext): void {
  node.mail.on("bundle", async ({ sender, thread }, { statement, sealed }) => {
    const opened = await openWithAny(node.keys, (privateKey) => openBundle(privateKey, statement, sealed))
    const result: PayerAnswer = opened === undefined ? { reason: "does-not-open" } : await answer(node, opened)
    const to = result.provider ?? sender
    if ("signed" in result) await node.mail.send(to, "agreement", { statement, ...result.signed }, thread)
    else await node.mail.send(to, "disagreement", { statement, reason: result.reason }, thread)
  })
}

export function agreementOperations(node: NodeContext): Operations {
  return {
    /** The determination this payer computed itself for a statement it agreed to. */
    "agreed-claim": async (fields) => {
      const agreed = node.work.get<AgreedClaim>("agreed", toHex(fields.bytes("statement", 32)))
      return agreed === undefined ? {} : { determination: agreed.determination, at: agreed.at }
    },
  }
}
