/**
 * Practitioners at this clinic: each has a desk key, bound on the ledger to the person the licence board enrolled. The
 * person's own key stays with the person, who engages the desk key with one signature.
 */
import { randomBytes } from "node:crypto"
import { publicKeyOf } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { keyId } from "../../base/envelope.ts"
import { refuse } from "../../base/refusal.ts"
import { roles } from "../../ledger/roles.ts"
import { openEnd } from "../../ledger/rows.ts"
import type { NodeContext } from "../context.ts"
import type { Fields, Operations } from "../desk.ts"
import { signWith } from "../keys.ts"
import { envelopeOf, payloadOf, readPayload, sameBytes } from "../payload.ts"

const collection = "desk-keys"
/** Made, but not yet on the ledger: the key in use stays until its successor is registered. */
const prepared = "desk-keys-prepared"

/** The seed of a practitioner's desk key here. */
export function deskKey(node: NodeContext, practitioner: Uint8Array): Uint8Array {
  const seed = node.work.get<Uint8Array>(collection, toHex(practitioner))
  return (
    seed ??
    refuse("desk-key", "Cannot sign: this practitioner has no desk key here", "practitioner", "Engage one first")
  )
}

/** First half: a fresh desk key's registration, for the practitioner to sign as engaged. */
async function prepareDeskKey(node: NodeContext, fields: Fields): Promise<unknown> {
  const practitioner = fields.bytes("practitioner", 32)
  const seed = new Uint8Array(randomBytes(32))
  await node.work.put(prepared, toHex(practitioner), seed)
  const { hour } = node.chain
  const until = fields.has("hours") ? hour + fields.integer("hours") : openEnd
  const key = keyId(publicKeyOf(seed))
  const payload = payloadOf(
    "register-key/1",
    hour + 12,
    node.config.organization,
    key,
    roles.perform,
    practitioner,
    hour,
    until,
  )
  return { payload: toHex(payload) }
}

async function registerDeskKey(node: NodeContext, fields: Fields): Promise<unknown> {
  const payload = fields.bytes("payload")
  const practitioner = fields.bytes("practitioner", 32)
  const seed = node.work.get<Uint8Array>(prepared, toHex(practitioner))
  const { chainId } = node.chain
  const [organization, key] = readPayload(payload, "register-key/1")
  if (seed === undefined || organization !== node.config.organization || !sameBytes(key, keyId(publicKeyOf(seed)))) {
    return refuse("payload-other", "Cannot register key: not the desk key prepared here", "payload", "Prepare it first")
  }
  const envelope = envelopeOf(
    payload,
    node.keys.sign("admin", "registered", chainId, payload),
    signWith(seed, "possessed", chainId, payload),
    { header: fields.bytes("header"), signature: fields.bytes("signature", 64) },
  )
  const { height } = await node.chain.submit(envelope, "register-key")
  await node.work.put(collection, toHex(practitioner), seed)
  await node.work.remove(prepared, toHex(practitioner))
  return { height }
}

export function practitionerOperations(node: NodeContext): Operations {
  return {
    "prepare-desk-key": (fields) => prepareDeskKey(node, fields),
    "register-desk-key": (fields) => registerDeskKey(node, fields),
  }
}
