/**
 * The key with which an organization signs blocks. It is set by ballot, in two proposals one after the other: the old
 * key loses its power, then the new one gets it. So no two keys of one organization are ever counted together, and a
 * stolen one goes first. Only when the ledger has the new key does this node sign with it, from its next start on.
 */
import { publicKeyOf } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { keyId } from "../../base/envelope.ts"
import type { Tables } from "../../ledger/state.ts"
import { constitutionOperations } from "../constitution-desk.ts"
import type { NodeContext } from "../context.ts"
import { Fields } from "../desk.ts"
import type { KeyRing } from "../keys.ts"
import type { Work } from "../work.ts"

/** What the new key is to have, kept while neither key stands in the set. */
interface Change {
  readonly power: number
}

const collection = "validator-change"
const id = "power"

export interface ValidatorStep {
  readonly old: Uint8Array
  readonly next: Uint8Array
  readonly done: boolean
  /** What others have to vote on; in hex. */
  readonly proposal?: string
  readonly note?: string
}

/** Takes the prepared key into use where the ledger has it. Before the engine starts. */
export async function takeValidatorKey(
  tables: Pick<Tables, "validators">,
  organization: number,
  { work, keys }: { readonly work: Work; readonly keys: KeyRing },
): Promise<void> {
  const next = keys.prepared(work, "validator")
  if (next === undefined) return
  const row = tables.validators.get({ key: keyId(publicKeyOf(next)) })
  if (row?.org !== organization) return
  await keys.promote(work, "validator", 0)
  await work.remove(collection, id)
}

async function propose(
  node: NodeContext,
  key: Uint8Array,
  power: number,
): Promise<{ proposal: string; enacted: boolean }> {
  const fields = { organization: node.config.organization, key: toHex(key), power }
  const operation = constitutionOperations(node)["propose"]!
  return (await operation(new Fields({ action: "set-validator", fields }))) as { proposal: string; enacted: boolean }
}

/** Goes as far as the ledger is: called again after each vote, it goes on. */
export async function rotateValidator(node: NodeContext): Promise<ValidatorStep> {
  const { keys, work, chain, config } = node
  const old = keyId(keys.publicKey("validator"))
  const next = keyId(publicKeyOf(await keys.prepare(work, "validator")))
  const validators = () => chain.tables().validators
  const standing = validators().get({ key: old })
  const power = standing?.power ?? work.get<Change>(collection, id)?.power
  if (power === undefined) {
    await keys.promote(work, "validator", 0)
    return { old, next, done: true, note: "it had no vote" }
  }
  if (standing !== undefined && [...validators().rows()].length === 1)
    return { old, next, done: false, note: "the only validator: its key changes by countersign move alone" }
  await work.put(collection, id, { power } satisfies Change)
  const removal = standing === undefined ? undefined : await propose(node, old, 0)
  if (removal?.enacted === false)
    return { old, next, done: false, proposal: removal.proposal, note: "others vote: the old key loses its power" }
  const addition = validators().get({ key: next }) === undefined ? await propose(node, next, power) : undefined
  if (addition?.enacted === false)
    return { old, next, done: false, proposal: addition.proposal, note: "others vote: the new key gets its power" }
  await takeValidatorKey(chain.tables(), config.organization, { work, keys })
  return { old, next, done: true, note: "restart the node: its CometBFT signs with the new key then" }
}
