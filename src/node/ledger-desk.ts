/** Looking at the ledger and handing in what others signed: every organization's desk has this. */
import { toHex } from "../base/bytes.ts"
import type { NodeContext } from "./context.ts"
import type { Operations } from "./desk.ts"
import { readPayload } from "./payload.ts"

export function ledgerOperations(node: NodeContext): Operations {
  const { chain, keys } = node
  return {
    account: async (fields) => chain.tables().accounts.get({ org: fields.organization("organization") }) ?? {},
    clock: async () => ({ height: chain.height, seconds: chain.seconds, hour: chain.hour, running: chain.runningHour }),
    visit: async (fields) =>
      chain.tables().visits.get({ V: fields.bytes("visit", 32), provider: fields.organization("provider") }) ?? {},
    /** A transaction as it is, with nothing added. */
    submit: async (fields) => ({ height: (await chain.submit(fields.bytes("transaction"), "transaction")).height }),
    receipt: async (fields) => ({ receipt: toHex(await chain.receipt(fields.bytes("transaction"))) }),
    anchor: async () => ({ anchor: toHex(chain.anchorBytes()) }),
    /** `submitted`: this organization brings in what others signed, as `elapse` and `expire` want. */
    "sign-submitted": async (fields) => {
      const payload = fields.bytes("payload")
      readPayload(payload, "elapse/1", "expire/1")
      return keys.sign("operate", "submitted", chain.chainId, payload)
    },
  }
}
