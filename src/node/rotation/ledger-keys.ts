/**
 * One key of an organization on the ledger, from its old seed to its new one:
 *
 *   prepared (on disk) ──rotate-key, or register-key where the old one has ended──▶ on the ledger ──▶ in use here
 *                                                                                       └─revoke-key─▶ old one ended
 *
 * Each step looks first whether it was done, so a run that was stopped anywhere is only run again. Until the ledger has
 * the new key the node signs with the old one.
 */
import { publicKeyOf } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { keyId } from "../../base/envelope.ts"
import { refuse } from "../../base/refusal.ts"
import { transactionPayload } from "../../ledger/bodies.ts"
import { openEnd } from "../../ledger/rows.ts"
import type { NodeContext } from "../context.ts"
import { formerKeys, type KeySignature, type KeyUse, signWith, usesOf } from "../keys.ts"
import { envelopeOf } from "../payload.ts"
import { rolesOfUse } from "../registrations.ts"

export type LedgerUse = Exclude<KeyUse, "validator">

export interface KeyChange {
  /** With its key-type tag. */
  readonly old: Uint8Array
  readonly next: Uint8Array
  /** Block hour from which the new key counts. */
  readonly from: number
}

/** What a successor of any key is brought in by. */
interface Succession {
  readonly old: Uint8Array
  readonly next: Uint8Array
  /** The new key's word that its holder has it. */
  readonly possess: (payload: Uint8Array) => KeySignature
}

const goodFor = 12

export function isLive({ chain }: NodeContext, key: Uint8Array): boolean {
  const row = chain.tables().keys.get({ key })
  return row !== undefined && row.from <= chain.hour && chain.hour < row.until
}

/** The uses of this organization's kind that stand on the ledger as keys; the admin first, who signs for the others. */
export function ledgerUses({ config }: NodeContext): readonly LedgerUse[] {
  return usesOf(config.kind).filter((use): use is LedgerUse => use !== "validator")
}

function adminSigns(node: NodeContext, payload: Uint8Array): KeySignature {
  return node.keys.sign("admin", "registered", node.chain.chainId, payload)
}

/** Nothing can be changed at the desk once the admin key has ended: whoever ended it was somebody else. */
export function demandAdmin(node: NodeContext): void {
  const { keys, config } = node
  const key = keyId(keys.publicKey("admin"))
  if (isLive(node, key)) return
  const { organization } = config
  const remedy = `The members vote: replace-admin of organization ${organization}, with the key that new-admin-key gives`
  refuse("admin-ended", "Cannot change keys: this node's admin key has ended on the ledger", "admin", remedy)
}

/** Puts a key in another's place by `rotate-key/1`; once, however often it is asked for. */
export async function bringIn(node: NodeContext, { old, next, possess }: Succession): Promise<void> {
  const { chain } = node
  if (chain.tables().keys.get({ key: next }) !== undefined) return
  demandAdmin(node)
  const payload = transactionPayload("rotate-key/1", chain.hour + goodFor, { old, new: next })
  await chain.submit(envelopeOf(payload, adminSigns(node, payload), possess(payload)), "rotate-key")
}

/** A key whose old one has ended has nothing to be rotated from: it is registered as at the beginning. */
async function register(node: NodeContext, use: LedgerUse, { next, possess }: Succession): Promise<void> {
  const { chain, config } = node
  if (chain.tables().keys.get({ key: next }) !== undefined) return
  demandAdmin(node)
  const payload = transactionPayload("register-key/1", chain.hour + goodFor, {
    org: config.organization,
    key: next,
    roles: rolesOfUse(use),
    practitioner: undefined,
    from: chain.hour,
    until: openEnd,
  })
  await chain.submit(envelopeOf(payload, adminSigns(node, payload), possess(payload)), "register-key")
}

/**
 * Gives one use a new key. The old one ends after the constitution's hours of grace; an admin key ends at once.
 *
 * @throws Refused with the ledger's code; `admin-ended` where only the members can help.
 */
export async function rotateUse(node: NodeContext, use: LedgerUse): Promise<KeyChange> {
  const { keys, work, chain } = node
  const seed = await keys.prepare(work, use)
  const old = keyId(keys.publicKey(use))
  const next = keyId(publicKeyOf(seed))
  const possess = (payload: Uint8Array) => signWith(seed, "possessed", chain.chainId, payload)
  const succession = { old, next, possess }
  if (isLive(node, old) || use === "admin") await bringIn(node, succession)
  else await register(node, use, succession)
  const row = chain.tables().keys.get({ key: next })
  await keys.promote(work, use, chain.hour)
  return { old, next, from: row?.from ?? chain.hour }
}

/**
 * Ends a key of this organization at this block hour: what it signed and was not yet applied is worth nothing from now.
 *
 * @returns the block hour at which it ended, of one that had ended before, too.
 * @throws Refused `key-unknown`, `last-admin-key`, `admin-ended`.
 */
export async function revokeKey(node: NodeContext, key: Uint8Array): Promise<number> {
  const { chain } = node
  const row = () => chain.tables().keys.get({ key })
  const before = row()
  if (before !== undefined && before.until <= chain.hour) return before.until
  demandAdmin(node)
  const payload = transactionPayload("revoke-key/1", chain.hour + goodFor, { key })
  const signature = node.keys.sign("admin", "revoked", chain.chainId, payload)
  await chain.submit(envelopeOf(payload, signature), "revoke-key")
  return row()?.until ?? chain.hour
}

/** Keys that this node signed with for a use before, and that the ledger still takes. */
export function liveFormer(node: NodeContext, use: string): readonly Uint8Array[] {
  return formerKeys(node.work).flatMap((one) => (one.use === use && isLive(node, one.key) ? [one.key] : []))
}

/** Keys in force for this organization that this node neither has nor ever had: somebody's own, or a thief's. */
export function foreignKeys(node: NodeContext): readonly Uint8Array[] {
  const { keys, work, chain, config } = node
  const own = new Set(ledgerUses(node).map((use) => toHex(keyId(keys.publicKey(use)))))
  for (const [, seed] of work.rows<Uint8Array>("desk-keys")) own.add(toHex(keyId(publicKeyOf(seed))))
  for (const { key } of formerKeys(work)) own.add(toHex(key))
  return [...chain.tables().keys.rows()].flatMap(([{ key }, row]) =>
    row.org === config.organization && isLive(node, key) && !own.has(toHex(key)) ? [key] : [],
  )
}
