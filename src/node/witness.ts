/**
 * An independent organization as witness: keeps a sealed bundle at a silent payer's disposal, attests on the ledger
 * since when, and rules where two parties disagree.
 */
import { sha256 } from "#crypto"
import { toHex } from "../base/bytes.ts"
import { refuse } from "../base/refusal.ts"
import type { NodeContext } from "./context.ts"
import type { Operations } from "./desk.ts"
import { envelopeOf, payloadOf, readPayload } from "./payload.ts"

export function witnessOperations(node: NodeContext): Operations {
  const { chain, keys, work } = node
  return {
    /** Takes the sealed bundle in, posts it to the payer, and attests the delivery. */
    deliver: async (fields) => {
      const sealed = fields.bytes("sealed")
      const [visit, provider, leg] = [fields.bytes("visit", 32), fields.organization("provider"), fields.integer("leg")]
      const payer = chain.tables().visits.get({ V: visit, provider })?.legs[leg]?.payer
      if (payer === undefined)
        return refuse("leg-unknown", "Cannot deliver: the visit has no such leg", "leg", "Hold first")
      const [statement, bundle] = [fields.bytes("statement", 32), sha256(sealed)]
      await work.put("delivered", toHex(bundle), sealed)
      await node.mail.send(payer, "bundle", { statement, sealed, registers: undefined }, visit)
      const payload = payloadOf("deliver/1", chain.hour + 12, visit, provider, leg, statement, bundle)
      const envelope = envelopeOf(payload, keys.sign("witness", "delivered", chain.chainId, payload))
      return { height: (await chain.submit(envelope, "deliver")).height, bundle: toHex(bundle) }
    },
    /** One panel member's signature on a ruling; whoever gathers the others submits it. */
    rule: async (fields) => {
      const payload = fields.bytes("payload")
      readPayload(payload, "rule/1", "refund/1")
      return keys.sign("witness", "ruled", chain.chainId, payload)
    },
  }
}
