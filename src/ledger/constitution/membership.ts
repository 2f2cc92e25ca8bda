/**
 * Who belongs to the community, by ballot:
 *
 *   (none) ──admit──▶ active ◀──set-status──▶ suspended ──set-status──▶ removed, for good
 *                        └───────────────set-status──────────────────────┘
 *
 * A suspended organization finishes what is open and votes on nothing; a removed one has no key and no validator left.
 * Whoever lost an admin key gets one by ballot, and every key that the lost one could have made ends with it.
 */
import { assert } from "../../base/assert.ts"
import { refuseKnown, refuseMalformed } from "../registry/known-keys.ts"
import { type Rejection, reject } from "../rejection.ts"
import { organizationStatus, roles } from "../roles.ts"
import { openEnd } from "../rows.ts"
import { organizationOf } from "../signer.ts"
import type { Tables } from "../state.ts"
import type { BlockContext } from "../transaction.ts"
import type { ActionFields } from "./action.ts"
import { refuseWithout, removeValidatorsOf } from "./validator-set.ts"

function refuseAdminKey(tables: Tables, key: Uint8Array): Rejection | undefined {
  return refuseMalformed(key) ?? refuseKnown(tables, key)
}

function putAdminKey({ tables, hour }: BlockContext, org: number, key: Uint8Array): void {
  tables.keys.put({ key }, { org, roles: roles.admin, practitioner: undefined, from: hour, until: openEnd })
}

/** Ends every key of an organization at this block hour; what they signed and was not yet applied is worth nothing. */
function endKeysOf({ tables, hour }: BlockContext, org: number): void {
  const ending = [...tables.keys.rows()].filter(([, row]) => row.org === org && hour < row.until)
  for (const [key, row] of ending) tables.keys.put(key, { ...row, until: hour })
}

/** Organizations are numbered from 1 without gaps, in order of admission. */
export function nextNumber(tables: Tables): number {
  let next = 1
  while (tables.organizations.get({ org: next }) !== undefined) next++
  return next
}

type Admission = ActionFields<"admit">

/** Also admits a licence board: what differs is the rule that it takes. */
export const admit = {
  check({ tables }: BlockContext, { org, key }: Admission): Rejection | undefined {
    if (org !== nextNumber(tables)) return reject("out-of-order", { what: `organization ${org}` })
    return refuseAdminKey(tables, key)
  },

  enact(context: BlockContext, { org, name, kind, group, key }: Admission): void {
    const { tables } = context
    assert(tables.accounts.get({ org }) === undefined, "a new organization has no account yet")
    tables.organizations.put({ org }, { name, kind, group, status: organizationStatus.active, panel: [] })
    tables.accounts.put({ org }, { free: 0n, reserved: 0n, paid: 0n, open: 0 })
    putAdminKey(context, org, key)
  },
}

/** Money of its own, claims on either side, or money that it keeps for others. */
function isInUse(tables: Tables, org: number): boolean {
  const account = tables.accounts.get({ org })
  assert(account !== undefined, "every organization has an account")
  const kept = tables.custodians.get({ org })
  return (
    account.free > 0n ||
    account.reserved > 0n ||
    account.open > 0 ||
    (kept !== undefined && kept.deposited > kept.withdrawn)
  )
}

type Status = ActionFields<"set-status">

export const setStatus = {
  check({ tables }: BlockContext, { org, status }: Status): Rejection | undefined {
    const organization = tables.organizations.get({ org })
    if (organization === undefined) return reject("organization-unknown", { org })
    // Its keys have ended, so it could not act again; it may be admitted anew, under another number.
    if (organization.status === organizationStatus.removed)
      return reject("wrong-stage", { what: `organization ${org}` })
    if (status !== organizationStatus.removed) return undefined
    if (isInUse(tables, org)) return reject("organization-in-use", { org })
    return refuseWithout(tables, org)
  },

  enact(context: BlockContext, { org, status }: Status): void {
    const { tables } = context
    tables.organizations.put({ org }, { ...organizationOf(tables, org), status })
    if (status !== organizationStatus.removed) return
    endKeysOf(context, org)
    removeValidatorsOf(tables, org)
  },
}

type Replacement = ActionFields<"replace-admin">

export const replaceAdmin = {
  check({ tables }: BlockContext, { org, key }: Replacement): Rejection | undefined {
    const organization = tables.organizations.get({ org })
    if (organization === undefined) return reject("organization-unknown", { org })
    if (organization.status === organizationStatus.removed)
      return reject("wrong-stage", { what: `organization ${org}` })
    return refuseAdminKey(tables, key)
  },

  enact(context: BlockContext, { org, key }: Replacement): void {
    endKeysOf(context, org)
    putAdminKey(context, org, key)
  },
}
