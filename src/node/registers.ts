/** What the ledger's registers say, as the check of a bundle wants it: read from this node's own copy. */
import { toHex } from "../base/bytes.ts"
import type { RegisterView } from "../verify/register-view.ts"
import type { NodeContext } from "./context.ts"

/** The registers that are public: keys, practitioners, plans. */
export function registersOf({ chain }: NodeContext): RegisterView {
  const tables = chain.tables()
  const keys = new Map([...tables.keys.rows()].map(([{ key }, row]) => [toHex(key), row]))
  const practitioners = new Map(
    [...tables.practitioners.rows()].map(([{ practitioner }, row]) => [toHex(practitioner), row]),
  )
  const plans = new Map([...tables.plans.rows()].map(([{ plan }, row]) => [toHex(plan), row]))
  return { ...chain.names, keys, practitioners, plans }
}
