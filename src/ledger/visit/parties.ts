/**
 * Who stands on the patient's side of a visit (V itself, or the key that V delegated), who may bring in what others
 * signed, and who sits on a panel. The rule for organizations' keys is `../signer.ts`.
 */
import { equalBytes } from "../../base/bytes.ts"
import { keyId, keyTypeEd25519, type Signature } from "../../base/envelope.ts"
import { type Delegation, delegationScopes } from "../envelopes.ts"
import { isDelegate, refuseKnown, refuseMalformed } from "../registry/known-keys.ts"
import { isRejection, type Rejection, reject } from "../rejection.ts"
import { assurances, openEnd, type VisitRow } from "../rows.ts"
import { checkSigner, isIndependent, organizationOf } from "../signer.ts"
import type { Tables } from "../state.ts"
import type { BlockContext } from "../transaction.ts"
import type { VisitName } from "./visit.ts"

const bothScopes = delegationScopes.hold | delegationScopes.countersign

/** What may make a key a delegate of V: an envelope carried along, or the key that the visit's row keeps. */
export interface PatientSide {
  readonly name: VisitName
  readonly visit: VisitRow | undefined
  readonly delegation: Delegation | undefined
  readonly scope: keyof typeof delegationScopes
}

/** `patient` or `proxy` as an assurance; `signer-not-party` for any other key. */
export function patientSideOf(key: Uint8Array, side: PatientSide): 0 | 1 | Rejection {
  if (isHandle(key, side.name.V)) return assurances.patient
  if (side.visit?.proxy !== undefined && equalBytes(key, side.visit.proxy)) return assurances.proxy
  const { delegation } = side
  if (
    delegation !== undefined &&
    isDelegationFor(delegation, side.name) &&
    (delegation.body.scope & delegationScopes[side.scope]) !== 0 &&
    equalBytes(key, delegation.body.delegate)
  ) {
    return assurances.proxy
  }
  return reject("signer-not-party", { key })
}

/** Whether a key is V's own. */
export function isHandle(key: Uint8Array, V: Uint8Array): boolean {
  return key[0] === keyTypeEd25519 && equalBytes(key.subarray(1), V)
}

function isDelegationFor({ body, signatures }: Delegation, { V, provider }: VisitName): boolean {
  return (
    equalBytes(body.V, V) &&
    (body.provider === 0 || body.provider === provider) &&
    isHandle(signatures[0]?.key ?? new Uint8Array(0), V)
  )
}

/** A delegation that is carried along must be V's own, for this provider, whoever signs beside it. */
export function refuseDelegation(delegation: Delegation | undefined, name: VisitName): Rejection | undefined {
  if (delegation === undefined || isDelegationFor(delegation, name)) return undefined
  return reject("signer-not-party", { key: delegation.signatures[0]?.key ?? delegation.body.delegate })
}

/** What whatever makes the row of a visit checks of V: once for all, since the row remembers it. */
export function refuseHandle(tables: Tables, V: Uint8Array): Rejection | undefined {
  const key = keyId(V)
  const malformed = refuseMalformed(key)
  if (malformed !== undefined) return malformed
  // One V may stand at several providers, so its other visits are not asked.
  return tables.keys.get({ key }) === undefined ? undefined : reject("key-known", { key })
}

/** A delegate is a good key, no organization's or practitioner's, and no V. One that the row keeps was checked. */
export function refuseDelegate(
  tables: Tables,
  delegation: Delegation | undefined,
  { visit, name }: { visit: VisitRow | undefined; name: VisitName },
): Rejection | undefined {
  if (delegation === undefined) return undefined
  const key = delegation.body.delegate
  if (visit?.proxy !== undefined && equalBytes(key, visit.proxy)) return undefined
  const malformed = refuseMalformed(key)
  if (malformed !== undefined) return malformed
  if (isHandle(key, name.V)) return reject("key-known", { key })
  const row = tables.keys.get({ key })
  return row !== undefined && isDelegate(row) ? undefined : refuseKnown(tables, key)
}

/** The key that the row keeps: the first delegate that may both hold and countersign; others are carried each time. */
export function proxyKept(visit: VisitRow | undefined, delegation: Delegation | undefined): Uint8Array | undefined {
  if (visit?.proxy !== undefined) return visit.proxy
  return delegation?.body.scope === bothScopes ? delegation.body.delegate : undefined
}

/** Delegates stand among the keys without an organization and without a role, so that no other use takes them. */
export function indexDelegate(context: BlockContext, delegation: Delegation | undefined): void {
  if (delegation === undefined) return
  const key = delegation.body.delegate
  if (context.tables.keys.get({ key }) !== undefined) return
  context.tables.keys.put({ key }, { org: 0, roles: 0, practitioner: undefined, from: context.hour, until: openEnd })
}

/** Whoever brings in what others signed: any organization's live key, whatever its roles. */
export function refuseSubmitter({ tables, hour }: BlockContext, { key }: Signature): Rejection | undefined {
  const row = tables.keys.get({ key })
  if (row === undefined || isDelegate(row)) return reject("signer-unknown", { key })
  if (hour < row.from || hour >= row.until) return reject("signer-inactive", { key, hour })
  return row.org === 0 ? reject("signer-not-party", { key }) : undefined
}

/** The payer's arbiters that are independent of the provider, read when they are asked. */
export function panelOf(tables: Tables, payer: number, provider: number): readonly number[] {
  return organizationOf(tables, payer).panel.filter((org) => isIndependent(tables, org, provider))
}

/** The signers of a ruling: members of the panel, strictly by number. */
export function refuseRuling(
  context: BlockContext,
  ruled: readonly Signature[],
  panel: readonly number[],
): Rejection | undefined {
  let last = 0
  for (const { key } of ruled) {
    const row = checkSigner(context, key, { role: "witness" })
    if (isRejection(row)) return row
    if (!panel.includes(row.org) || row.org <= last) return reject("signer-not-party", { key })
    last = row.org
  }
  return undefined
}

/** More than half of the panel has signed. */
export function isMajority(given: number, panel: readonly number[]): boolean {
  return given * 2 > panel.length && panel.length > 0
}
