/**
 * The desk of an organization's own keys: rotate one, end one as of this block hour, run the whole drill, see where it
 * stands. Every organization has it.
 */

import { publicKeyOf } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { keyId } from "../../base/envelope.ts"
import { refuse } from "../../base/refusal.ts"
import { certificateOf } from "../certificate.ts"
import type { NodeContext } from "../context.ts"
import type { Fields, Operations } from "../desk.ts"
import { boardKeyOperations, deskKeyOperations, ownKeyOperations } from "./desk-keys.ts"
import { lastDrill, reportOf, runDrill } from "./drill.ts"
import { type DrillUse, drillUses } from "./drill-steps.ts"
import { isLive, type LedgerUse, ledgerUses, revokeKey, rotateUse } from "./ledger-keys.ts"
import { nextNotice, tellOrganizations } from "./notices.ts"

const usualPatienceMs = 5000
const mostPatienceMs = 45_000

function useOf(node: NodeContext, fields: Fields): LedgerUse {
  const uses = ledgerUses(node)
  const use = uses.find((known) => known === fields.text("use"))
  return use ?? refuse("key-use", "Cannot change key: not a ledger key of this organization", "use", uses.join(", "))
}

function lostUses(node: NodeContext, fields: Fields): readonly DrillUse[] {
  if (!fields.has("compromised")) return []
  const known = drillUses(node)
  const words = fields.codes("compromised", { most: 64 })
  if (words.includes("all")) return known
  return words.map((word) => {
    const use = known.find((one) => one === word)
    const remedy = `One of ${known.join(", ")}, or all`
    return use ?? refuse("key-use", "Cannot run drill: no such key here", "compromised", remedy)
  })
}

function patienceOf(fields: Fields): number {
  return fields.has("patienceMs") ? fields.integer("patienceMs", { most: mostPatienceMs }) : usualPatienceMs
}

async function rotateOne(node: NodeContext, fields: Fields): Promise<unknown> {
  const use = useOf(node, fields)
  const { old, next, from } = await rotateUse(node, use)
  const until = node.chain.tables().keys.get({ key: old })?.until
  if (use !== "operate") return { use, old, next, from, until }
  // By this key the others know the node: they are told of its successor.
  await node.mail.signAnew()
  const untold = await tellOrganizations(node, await nextNotice(node.work), patienceOf(fields))
  return { use, old, next, from, until, untold }
}

/** By use: the key that is in use here; by `key`: any of this organization, as one of an earlier rotation. */
async function revokeOne(node: NodeContext, fields: Fields): Promise<unknown> {
  const key = fields.has("key") ? fields.bytes("key", 33) : keyId(node.keys.publicKey(useOf(node, fields)))
  return { key, until: await revokeKey(node, key) }
}

function listOwn(node: NodeContext): unknown {
  const { keys, chain } = node
  return {
    keys: ledgerUses(node).map((use) => {
      const key = keyId(keys.publicKey(use))
      const row = chain.tables().keys.get({ key })
      return { use, key, from: row?.from, until: row?.until, live: isLive(node, key) }
    }),
  }
}

export function keyOperations(node: NodeContext): Operations {
  const { config, keys, work } = node
  const everybody: Operations = {
    "rotate-key": (fields) => rotateOne(node, fields),
    "revoke-key": (fields) => revokeOne(node, fields),
    "own-keys": async () => listOwn(node),
    "rotate-keys": async (fields) => {
      const order = { compromised: lostUses(node, fields), patienceMs: patienceOf(fields), anew: fields.flag("anew") }
      const pin = config.tls === true ? () => toHex(certificateOf(keys.seed("transport")).pin) : () => undefined
      return { ...(await runDrill(node, order)), pin: pin() }
    },
    "key-drill": async () => {
      const last = lastDrill(work)
      return last === undefined ? {} : reportOf(node, last)
    },
    /** For the members' vote: what `replace-admin` is to name when the admin key is lost. */
    "new-admin-key": async () => ({ key: toHex(keyId(publicKeyOf(await keys.prepare(work, "admin")))) }),
    ...ownKeyOperations(node),
  }
  if (config.kind === "provider") return { ...everybody, ...deskKeyOperations(node) }
  return config.kind === "licence-board" ? { ...everybody, ...boardKeyOperations(node) } : everybody
}
