/**
 * Keys of people. A practitioner's desk key at a clinic is the clinic's to rotate and to revoke; the person's own key is
 * rotated by itself, and revoked by itself or by the board that enrolled the person. Own keys never lie in a node: their
 * holder signs elsewhere and the desk hands it in.
 */
import { randomBytes } from "node:crypto"
import { publicKeyOf } from "#crypto"
import { fromHex, toHex } from "../../base/bytes.ts"
import { keyId } from "../../base/envelope.ts"
import { refuse } from "../../base/refusal.ts"
import { transactionPayload } from "../../ledger/bodies.ts"
import type { NodeContext } from "../context.ts"
import type { Fields, Operations } from "../desk.ts"
import { type FormerKey, type KeySignature, signWith } from "../keys.ts"
import { envelopeOf, readPayload } from "../payload.ts"
import { bringIn, type KeyChange, revokeKey } from "./ledger-keys.ts"

/** As `provider/practitioners.ts` keeps them: practitioner id in hex → seed. */
const deskKeys = "desk-keys"
const coming = "desk-keys-next"
const goodFor = 12

/** The practitioners who have a desk key here. */
export function practitionersHere({ work }: NodeContext): readonly Uint8Array[] {
  return work.rows(deskKeys).map(([id]) => fromHex(id))
}

function deskSeed({ work }: NodeContext, id: string): Uint8Array {
  const seed = work.get<Uint8Array>(deskKeys, id)
  const remedy = "Engage the practitioner first"
  return seed ?? refuse("desk-key", "Cannot change key: this practitioner has no desk key here", "practitioner", remedy)
}

/** The desk key that a practitioner has here, with its key-type tag. */
export function deskKeyOf(node: NodeContext, practitioner: Uint8Array): Uint8Array {
  return keyId(publicKeyOf(deskSeed(node, toHex(practitioner))))
}

async function nextSeed({ work }: NodeContext, id: string): Promise<Uint8Array> {
  const known = work.get<Uint8Array>(coming, id)
  if (known !== undefined) return known
  const seed = new Uint8Array(randomBytes(32))
  await work.put(coming, id, seed)
  return seed
}

/** The key that is to take its place: made once, on disk only. */
export async function nextDeskKey(node: NodeContext, practitioner: Uint8Array): Promise<Uint8Array> {
  return keyId(publicKeyOf(await nextSeed(node, toHex(practitioner))))
}

/** Gives a practitioner a new desk key here. @throws Refused with the ledger's code, `desk-key` where there is none. */
export async function rotateDeskKey(node: NodeContext, practitioner: Uint8Array): Promise<KeyChange> {
  const { work, chain } = node
  const id = toHex(practitioner)
  const old = deskKeyOf(node, practitioner)
  const seed = await nextSeed(node, id)
  const next = keyId(publicKeyOf(seed))
  await bringIn(node, { old, next, possess: (payload) => signWith(seed, "possessed", chain.chainId, payload) })
  const former: FormerKey = { key: old, use: `desk ${id}`, until: chain.hour }
  await Promise.all([
    work.put(deskKeys, id, seed),
    work.remove(coming, id),
    work.put("keys-former", toHex(old), former),
  ])
  return { old, next, from: chain.tables().keys.get({ key: next })?.from ?? chain.hour }
}

/** Desk operations of whoever employs practitioners. */
export function deskKeyOperations(node: NodeContext): Operations {
  return {
    "rotate-desk-key": (fields) => rotateDeskKey(node, fields.bytes("practitioner", 32)),
    "revoke-desk-key": async (fields) => {
      const key = deskKeyOf(node, fields.bytes("practitioner", 32))
      return { key, until: await revokeKey(node, key) }
    },
  }
}

const signatureOf = (fields: Fields): KeySignature => ({
  header: fields.bytes("header"),
  signature: fields.bytes("signature", 64),
})

function ownRow({ chain }: NodeContext, practitioner: Uint8Array) {
  const row = chain.tables().practitioners.get({ practitioner })
  const remedy = "Check the id"
  return (
    row ?? refuse("practitioner-unknown", "Cannot change key: nobody of this id is enrolled", "practitioner", remedy)
  )
}

/** At any desk: the two halves of a practitioner's own rotation. The ledger looks at who signed. */
export function ownKeyOperations(node: NodeContext): Operations {
  const { chain } = node
  return {
    /** First half: what the old key signs as registered, and the new one as possessed. */
    "prepare-own-key": async (fields) => {
      const old = ownRow(node, fields.bytes("practitioner", 32)).key
      const payload = transactionPayload("rotate-key/1", chain.hour + goodFor, { old, new: fields.bytes("key", 33) })
      return { payload: toHex(payload), old }
    },
    "rotate-own-key": async (fields) => {
      const payload = fields.bytes("payload")
      readPayload(payload, "rotate-key/1")
      const registered = signatureOf(fields.object("registered"))
      const envelope = envelopeOf(payload, registered, signatureOf(fields.object("possessed")))
      return { height: (await chain.submit(envelope, "rotate-key")).height }
    },
  }
}

/** At a licence board's desk: ends the own key of a practitioner whom it enrolled, as of this block hour. */
export function boardKeyOperations(node: NodeContext): Operations {
  const { chain, keys } = node
  return {
    "revoke-practitioner-key": async (fields) => {
      const { key } = ownRow(node, fields.bytes("practitioner", 32))
      const payload = transactionPayload("revoke-key/1", chain.hour + goodFor, { key })
      const signature = keys.sign("enrol", "revoked", chain.chainId, payload)
      const { height } = await chain.submit(envelopeOf(payload, signature), "revoke-key")
      return { height, key, until: chain.tables().keys.get({ key })?.until ?? chain.hour }
    },
  }
}
