/**
 * An organization's keys, and the practitioner's own: registered, rotated, revoked.
 *
 *   (none) ──register-key──▶ live ──rotate-key──▶ ending, and a new one live
 *                             └──revoke-key──▶ ended: what it signed and was not yet applied is worth nothing
 */
import { equalBytes } from "../../base/bytes.ts"
import type { Meaning } from "../../base/envelope.ts"
import { b32, type Decoded, hour, key, opt, org, struct, uint } from "../../base/schema.ts"
import { type Rejection, reject } from "../rejection.ts"
import { allRoles, roles, rolesOfKind } from "../roles.ts"
import type { KeyRow } from "../rows.ts"
import { organizationOf, refuseSigner } from "../signer.ts"
import { type BlockContext, type Context, defineTransaction, signatureOf, signaturesOf } from "../transaction.ts"
import { hasOtherAdminKey, isDelegate, refuseCount, refuseKnown, refuseMalformed } from "./known-keys.ts"

/** The new key itself must sign: nobody registers a key that another holds. */
export function refusePossession(context: Context<unknown>, wanted: Uint8Array): Rejection | undefined {
  const { key: given } = signatureOf(context, "possessed")
  return equalBytes(given, wanted) ? undefined : reject("signer-not-party", { key: given })
}

/** A practitioner's own key, in force, of this practitioner. */
function refuseOwnKey({ tables, hour: now }: BlockContext, given: Uint8Array, practitioner: Uint8Array) {
  const row = tables.keys.get({ key: given })
  if (row === undefined || isDelegate(row)) return reject("signer-unknown", { key: given })
  if (now < row.from || now >= row.until) return reject("signer-inactive", { key: given, hour: now })
  const own = row.org === 0 && row.practitioner !== undefined && equalBytes(row.practitioner, practitioner)
  return own ? undefined : reject("signer-not-party", { key: given })
}

export const registerKeyBody = struct({
  org,
  key,
  /** None at all: such a key signs nothing on the ledger. It names the organization's node to the other nodes. */
  roles: uint(0, allRoles),
  practitioner: opt(b32),
  from: hour,
  until: hour,
})

function isPerforming(body: Decoded<typeof registerKeyBody>): boolean {
  return (body.roles & roles.perform) !== 0
}

/** An admin adds a key with its roles; the key itself, and a practitioner it is bound to, sign too. */
export const registerKey = defineTransaction({
  type: "register-key/1",
  body: registerKeyBody,
  meanings: (body, given) => {
    const wanted: Meaning[] = isPerforming(body) ? ["registered", "possessed", "engaged"] : ["registered", "possessed"]
    return wanted.length === given.length && wanted.every((meaning, i) => meaning === given[i])
  },
  key: "applied",

  load({ body: { practitioner }, tables }) {
    if (practitioner !== undefined && tables.practitioners.get({ practitioner }) === undefined)
      return reject("practitioner-unknown", { practitioner })
    return {}
  },

  authorize(context) {
    const { body } = context
    const admin = signatureOf(context, "registered")
    const refused =
      refuseSigner(context, admin.key, { role: "admin", org: body.org, active: true }) ??
      refusePossession(context, body.key)
    if (refused !== undefined) return refused
    const [engaged] = signaturesOf(context, "engaged")
    if (engaged === undefined || body.practitioner === undefined) return undefined
    return refuseOwnKey(context, engaged.key, body.practitioner)
  },

  check(context) {
    const { body, tables } = context
    const refused = refuseKnown(tables, body.key) ?? refuseMalformed(body.key)
    if (refused !== undefined) return refused
    if ((body.roles & ~rolesOfKind(organizationOf(tables, body.org).kind)) !== 0)
      return reject("organization-wrong-kind", { org: body.org })
    if (isPerforming(body) !== (body.practitioner !== undefined))
      return reject("practitioner-unknown", { practitioner: body.practitioner })
    const full = refuseCount(context, body.org, body.roles)
    if (full !== undefined) return full
    if (body.until <= body.from || body.until <= context.hour)
      return reject("dates-invalid", { from: body.from, until: body.until })
    return undefined
  },

  apply({ body, tables }) {
    const { org: owner, roles: given, practitioner, from, until } = body
    tables.keys.put({ key: body.key }, { org: owner, roles: given, practitioner, from, until })
  },
})

export const rotateKeyBody = struct({ old: key, new: key })

/** Another key takes a key's place, with its rights. */
export const rotateKey = defineTransaction({
  type: "rotate-key/1",
  body: rotateKeyBody,
  meanings: ["registered", "possessed"],
  key: "applied",

  load({ body, tables }) {
    const row = tables.keys.get({ key: body.old })
    return row === undefined || isDelegate(row) ? reject("key-unknown", { key: body.old }) : { row }
  },

  authorize(context, { row }) {
    const { key: signer } = signatureOf(context, "registered")
    const refused =
      row.org === 0
        ? refuseItself(context, signer, context.body.old)
        : refuseSigner(context, signer, { role: "admin", org: row.org })
    return refused ?? refusePossession(context, context.body.new)
  },

  check(context, { row }) {
    const { body, tables, hour: now } = context
    if (now >= row.until) return reject("signer-inactive", { key: body.old, hour: now })
    return (
      refuseKnown(tables, body.new) ??
      refuseMalformed(body.new) ??
      // A rotated admin key ends at once, so it makes room for its successor.
      (row.org === 0 ? undefined : refuseCount(context, row.org, row.roles & ~roles.admin))
    )
  },

  apply({ body, tables, hour: now, parameter }, { row }) {
    const isAdmin = (row.roles & roles.admin) !== 0
    const end = isAdmin ? now : now + parameter("keyGraceHours")
    tables.keys.put({ key: body.new }, { ...row, from: now })
    tables.keys.put({ key: body.old }, { ...row, until: Math.min(row.until, end) })
    if (row.org !== 0 || row.practitioner === undefined) return
    const practitioner = tables.practitioners.get({ practitioner: row.practitioner })
    if (practitioner !== undefined && equalBytes(practitioner.key, body.old))
      tables.practitioners.put({ practitioner: row.practitioner }, { ...practitioner, key: body.new })
  },
})

/** The practitioner's own key signs for itself. */
function refuseItself({ tables, hour: now }: BlockContext, signer: Uint8Array, wanted: Uint8Array) {
  const row = tables.keys.get({ key: signer })
  if (row === undefined || isDelegate(row)) return reject("signer-unknown", { key: signer })
  if (now < row.from || now >= row.until) return reject("signer-inactive", { key: signer, hour: now })
  return equalBytes(signer, wanted) ? undefined : reject("signer-not-party", { key: signer })
}

export const revokeKeyBody = struct({ key })

/** Ends a key now. */
export const revokeKey = defineTransaction({
  type: "revoke-key/1",
  body: revokeKeyBody,
  meanings: ["revoked"],
  key: "applied",
  duringFreeze: true,

  load({ body, tables }) {
    const row = tables.keys.get({ key: body.key })
    return row === undefined || isDelegate(row) ? reject("key-unknown", { key: body.key }) : { row }
  },

  authorize(context, { row }) {
    const { key: signer } = signatureOf(context, "revoked")
    if (row.org !== 0) return refuseSigner(context, signer, { role: "admin", org: row.org })
    if (equalBytes(signer, context.body.key)) return refuseItself(context, signer, context.body.key)
    return refuseBoard(context, signer, row)
  },

  check(context, { row }) {
    const inForce = row.from <= context.hour && context.hour < row.until
    if (inForce && (row.roles & roles.admin) !== 0 && !hasOtherAdminKey(context, row.org, context.body.key))
      return reject("last-admin-key", { org: row.org })
    return undefined
  },

  apply({ body, tables, hour: now }, { row }) {
    tables.keys.put({ key: body.key }, { ...row, until: Math.min(row.until, now) })
  },
})

function refuseBoard(context: BlockContext, signer: Uint8Array, { practitioner }: KeyRow): Rejection | undefined {
  const enrolled = practitioner && context.tables.practitioners.get({ practitioner })
  if (enrolled === undefined) return reject("signer-not-party", { key: signer })
  return refuseSigner(context, signer, { role: "enrol", org: enrolled.board })
}
