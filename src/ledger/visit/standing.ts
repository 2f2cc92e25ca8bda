/**
 * Who stands behind a statement: the practitioner or the biller, and the patient's side or an attester. Both
 * statements of a visit are signed by the same rule; stages 2 to 4 build on what comes out.
 */
import { assert } from "../../base/assert.ts"
import { meanings, type Signature } from "../../base/envelope.ts"
import type { Delegation } from "../envelopes.ts"
import { isRejection, type Rejection } from "../rejection.ts"
import { assurances, type VisitRow } from "../rows.ts"
import { checkSigner, isIndependent, refuseLicence, refuseSigner } from "../signer.ts"
import type { Context } from "../transaction.ts"
import { patientSideOf, refuseDelegation } from "./parties.ts"
import { factsOf, isInForce, type VisitName } from "./visit.ts"

export interface Standing {
  /** Who signed “performed”; absent where the biller signed in its place. */
  readonly practitioner: Uint8Array | undefined
  /** 0 patient, 1 proxy, 2 attested, 3 silent. */
  readonly assurance: number
  /** V's or its delegate's signature is on this very statement. */
  readonly own: boolean
}

export interface Signed {
  readonly name: VisitName
  readonly visit: VisitRow | undefined
  readonly delegation: Delegation | undefined
}

/** The signers of a statement but the payers, in the order in which they are refused. */
export function authorizeStatement(context: Context<unknown>, signed: Signed): Standing | Rejection {
  const { name, visit, delegation } = signed
  let practitioner: Uint8Array | undefined
  let standing: Pick<Standing, "assurance" | "own"> | Rejection = { assurance: assurances.silent, own: false }
  for (const signature of context.signatures) {
    if (signature.meaning === meanings.performed) {
      const performer = authorizePerformed(context, signature, { org: name.provider, since: visit?.opened })
      if (isRejection(performer)) return performer
      practitioner = performer
    } else if (signature.meaning === meanings.billed) {
      const refused = refuseSigner(context, signature.key, { role: "bill", org: name.provider })
      if (refused !== undefined) return refused
    } else if (signature.meaning === meanings.countersigned) {
      const assurance = patientSideOf(signature.key, { name, visit, delegation, scope: "countersign" })
      standing = isRejection(assurance) ? assurance : { assurance, own: true }
    } else if (signature.meaning === meanings.attested) {
      standing = authorizeAttested(context, signature, name.provider)
    }
    if (isRejection(standing)) return standing
  }
  return refuseDelegation(delegation, name) ?? { practitioner, ...standing }
}

/** The licence counts at the hour the visit was opened: what was begun under it may be finished. */
function authorizePerformed(
  context: Context<unknown>,
  { key }: Signature,
  { org, since }: { org: number; since: number | undefined },
): Uint8Array | Rejection {
  const row = checkSigner(context, key, { role: "perform", org })
  if (isRejection(row)) return row
  assert(row.practitioner !== undefined, "a key that performs is bound to one practitioner")
  return refuseLicence(context.tables, row.practitioner, since ?? context.hour) ?? row.practitioner
}

/** A second practitioner. One who is not independent of the provider counts as nobody: recorded, not refused. */
function authorizeAttested(
  context: Context<unknown>,
  { key }: Signature,
  provider: number,
): Pick<Standing, "assurance" | "own"> | Rejection {
  const row = checkSigner(context, key, { role: "perform", active: true })
  if (isRejection(row)) return row
  assert(row.practitioner !== undefined, "a key that performs is bound to one practitioner")
  const refused = refuseLicence(context.tables, row.practitioner, context.hour)
  if (refused !== undefined) return refused
  const independent = isIndependent(context.tables, row.org, provider)
  return { assurance: independent ? assurances.attested : assurances.silent, own: false }
}

/**
 * Whether a statement sent again bears a signature of the patient's side that it lacked: then it is no repetition,
 * though its operation, id and legs are those of before.
 */
export function addsStanding(context: Context<unknown>, signed: Signed, facts: Uint8Array): boolean {
  const { visit } = signed
  const listed = visit === undefined ? undefined : factsOf(visit, facts)
  const signature = context.signatures.find(
    ({ meaning }) => meaning === meanings.countersigned || meaning === meanings.attested,
  )
  if (visit === undefined || listed === undefined || signature === undefined) return false
  const standing = authorizeStatement(context, signed)
  if (isRejection(standing)) return false
  const { statement } = visit
  const adds = statement !== undefined && isInForce(visit, context.id) && standing.own && statement.own === 0
  return standing.assurance < listed.assurance || adds
}
