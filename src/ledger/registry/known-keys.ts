/** One key, one use: what is asked of a key before it is registered, and how many an organization has. */
import { isSigningKey } from "#crypto"
import { equalBytes } from "../../base/bytes.ts"
import { keyTypeEd25519 } from "../../base/envelope.ts"
import { limits } from "../limits.ts"
import { type Rejection, reject } from "../rejection.ts"
import { kinds, roles } from "../roles.ts"
import type { KeyRow } from "../rows.ts"
import type { Tables } from "../state.ts"
import type { BlockContext } from "../transaction.ts"

/** A canonical point of prime order, of a key type that is open. */
export function refuseMalformed(key: Uint8Array): Rejection | undefined {
  const good = key[0] === keyTypeEd25519 && isSigningKey(key.subarray(1))
  return good ? undefined : reject("key-malformed", { key })
}

/** Not registered, nobody's delegate, and no visit's V. */
export function refuseKnown(tables: Tables, key: Uint8Array): Rejection | undefined {
  const known =
    tables.keys.get({ key }) !== undefined || (key[0] === keyTypeEd25519 && isHandle(tables, key.subarray(1)))
  return known ? reject("key-known", { key }) : undefined
}

/** Visits stand under (V, provider): organizations are numbered without gaps, so each provider can be asked. */
function isHandle(tables: Tables, V: Uint8Array): boolean {
  for (let org = 1; ; org++) {
    const organization = tables.organizations.get({ org })
    if (organization === undefined) return false
    if (organization.kind === kinds.provider && tables.visits.get({ V, provider: org }) !== undefined) return true
  }
}

/** A delegate's key stands among the keys so that it has no other use; it is nobody's registered key. */
export function isDelegate({ org, practitioner }: KeyRow): boolean {
  return org === 0 && practitioner === undefined
}

/** The keys of an organization that have not ended. */
function liveKeys({ tables, hour }: BlockContext, org: number): readonly (readonly [key: Uint8Array, row: KeyRow])[] {
  const live: (readonly [Uint8Array, KeyRow])[] = []
  for (const [{ key }, row] of tables.keys.rows()) if (row.org === org && hour < row.until) live.push([key, row])
  return live
}

/** Whether one more key with these roles is too many for an organization. */
export function refuseCount(context: BlockContext, org: number, newRoles: number): Rejection | undefined {
  const live = liveKeys(context, org)
  const having = (role: number) => live.filter(([, row]) => (row.roles & role) !== 0).length
  if (live.length >= limits.keys) return reject("limit-reached", { what: "keys", most: limits.keys })
  if ((newRoles & roles.admin) !== 0 && having(roles.admin) >= limits.adminKeys)
    return reject("limit-reached", { what: "admin keys", most: limits.adminKeys })
  if ((newRoles & roles.voucher) !== 0 && having(roles.voucher) >= limits.voucherKeys)
    return reject("limit-reached", { what: "voucher keys", most: limits.voucherKeys })
  return undefined
}

/** Whether another admin key of the organization is in force beside this one. */
export function hasOtherAdminKey(context: BlockContext, org: number, than: Uint8Array): boolean {
  return liveKeys(context, org).some(
    ([key, row]) => !equalBytes(key, than) && (row.roles & roles.admin) !== 0 && row.from <= context.hour,
  )
}

/** Ends every key of a practitioner: the own one and those that organizations registered. */
export function endKeysOf({ tables, hour }: BlockContext, practitioner: Uint8Array): void {
  const ending = [...tables.keys.rows()].filter(
    ([, row]) => row.practitioner !== undefined && equalBytes(row.practitioner, practitioner) && hour < row.until,
  )
  for (const [key, row] of ending) tables.keys.put(key, { ...row, until: hour })
}
