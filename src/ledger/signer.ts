/**
 * Who may sign: the one rule for every signature of an organization's key, and the licence and independence of those
 * behind it. Refusals in this order: unknown, inactive, wrong role, not of the party, organization not active.
 */
import { assert } from "../base/assert.ts"
import { isRejection, type Rejection, reject } from "./rejection.ts"
import { licenceStatus, organizationStatus, type Role, roles } from "./roles.ts"
import type { KeyRow, Organization, RowOf } from "./rows.ts"
import type { Tables } from "./state.ts"
import type { BlockContext } from "./transaction.ts"

export interface SignerRule {
  readonly role: Role
  /** The organization that must have signed; absent: any. */
  readonly org?: number
  /** The organization must be active; else a suspended one may still finish what is open. */
  readonly active?: boolean
}

/** The row of the key that signed, or why it may not. */
export function checkSigner(context: BlockContext, key: Uint8Array, rule: SignerRule): KeyRow | Rejection {
  const { tables, hour } = context
  const row = tables.keys.get({ key })
  if (row === undefined) return reject("signer-unknown", { key })
  if (hour < row.from || hour >= row.until) return reject("signer-inactive", { key, hour })
  if ((row.roles & roles[rule.role]) === 0) return reject("signer-wrong-role", { key, role: rule.role })
  if (rule.org !== undefined && row.org !== rule.org) return reject("signer-not-party", { key })
  if (rule.active === true && organizationOf(tables, row.org).status !== organizationStatus.active)
    return reject("organization-suspended", { org: row.org })
  return row
}

/** As `checkSigner`, where only the refusal matters. */
export function refuseSigner(context: BlockContext, key: Uint8Array, rule: SignerRule): Rejection | undefined {
  const row = checkSigner(context, key, rule)
  return isRejection(row) ? row : undefined
}

/** The organization of a registered key, or one that another row names: it exists. */
export function organizationOf(tables: Tables, org: number): Organization {
  const organization = tables.organizations.get({ org })
  assert(organization !== undefined, "an organization that a row names exists")
  return organization
}

export function isActiveOrganization(tables: Tables, org: number): boolean {
  return tables.organizations.get({ org })?.status === organizationStatus.active
}

/** Another number and another group. */
export function isIndependent(tables: Tables, org: number, of: number): boolean {
  return org !== of && organizationOf(tables, org).group !== organizationOf(tables, of).group
}

/** The status of a licence at an hour; undefined before its first entry. */
export function licenceAt(practitioner: RowOf<"practitioners">, hour: number): number | undefined {
  let status: number | undefined
  for (const entry of practitioner.history) if (entry.from <= hour) status = entry.status
  return status
}

/** Refused unless this practitioner's licence is active at `hour`. */
export function refuseLicence(tables: Tables, practitioner: Uint8Array, hour: number): Rejection | undefined {
  const row = tables.practitioners.get({ practitioner })
  if (row !== undefined && licenceAt(row, hour) === licenceStatus.active) return undefined
  return reject("licence-not-active", { practitioner, hour })
}
