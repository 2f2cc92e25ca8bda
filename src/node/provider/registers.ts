/**
 * Which rows of the ledger a bundle is checked by: the keys of everybody who signed for an organization, the licence of
 * whoever performed, the plan, and the visit itself. They travel with the bundle, proven, to readers who have no copy.
 */
import { digest } from "../../base/digest.ts"
import { decodeEnvelope } from "../../base/envelope.ts"
import { Fault } from "../../base/fault.ts"
import { encodeAs } from "../../base/schema.ts"
import { decodePayload } from "../../ledger/envelopes.ts"
import { schemas } from "../../ledger/rows.ts"
import type { Tables } from "../../ledger/state.ts"
import { factsBody, factsStatementType } from "../../ledger/visit/2-record.ts"
import { decodeBundle } from "../../verify/bundle.ts"
import type { RowName } from "../chain.ts"
import type { NodeContext } from "../context.ts"

/** The rows for one of this node's own bundles, as far as the ledger has them. */
function rowsFor(bytes: Uint8Array, tables: Tables): readonly RowName[] {
  const { factsStatement, visitStatement, voucher, snapshot, plan, provider } = decodeBundle(bytes)
  const { V } = decodePayload(factsStatementType, factsBody, decodeEnvelope(factsStatement).payload).body
  const rows = new Map<string, RowName>()
  const add = ({ table, key }: RowName) => rows.set(`${table} ${key}`, { table, key })
  for (const envelope of [factsStatement, visitStatement, voucher, snapshot]) {
    for (const { key } of decodeEnvelope(envelope).signatures) {
      // The patient's own one-time key is in no register.
      const row = tables.keys.get({ key })
      if (row === undefined) continue
      add({ table: "keys", key: encodeAs(schemas.keys.key, { key }) })
      const { practitioner } = row
      if (practitioner !== undefined)
        add({ table: "practitioners", key: encodeAs(schemas.practitioners.key, { practitioner }) })
    }
  }
  add({ table: "plans", key: encodeAs(schemas.plans.key, { plan: digest("plan", plan) }) })
  add({ table: "visits", key: encodeAs(schemas.visits.key, { V, provider }) })
  return [...rows.values()]
}

/**
 * The proof that goes with a bundle. Undefined when the ledger moves too fast to make one: the bundle goes all the same,
 * and its reader says what it could not check.
 */
export async function registersFor(node: NodeContext, bundle: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return await node.chain.registerProof(rowsFor(bundle, node.chain.tables()))
  } catch (error) {
    if (error instanceof Fault && error.retryable) return undefined
    throw error
  }
}
