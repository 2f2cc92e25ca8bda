/** Anchoring an hour of the access log on the ledger, and holding the log against what is anchored. */
import { toHex } from "../base/bytes.ts"
import { verifyAccessLog } from "../record/access-log.ts"
import { orderOf } from "./access-log.ts"
import type { NodeContext } from "./context.ts"
import type { Operations } from "./desk.ts"
import { envelopeOf, payloadOf } from "./payload.ts"

export function accessLogOperations(node: NodeContext): Operations {
  const { chain, config, keys, log, work } = node
  const key = { org: config.organization }
  return {
    /** Closes the hour that is running and anchors its root. */
    "anchor-log": async () => {
      const { hour } = chain
      const root = await log.close(hour)
      const previous = chain.tables().logs.get(key)?.root ?? new Uint8Array(32)
      const payload = payloadOf("anchor-log/1", hour + 12, config.organization, hour, root, previous)
      const envelope = envelopeOf(payload, keys.sign("operate", "anchored", chain.chainId, payload))
      const { height } = await chain.submit(envelope, "anchor-log")
      await work.put("anchored", orderOf(hour), root)
      return { height, hour, root: toHex(root) }
    },
    /** The newest anchored root is the ledger's, earlier ones are this node's own memory of what it anchored. */
    "check-log": async () => {
      const anchored = chain.tables().logs.get(key)
      const roots = work.rows<Uint8Array>("anchored").map(([hour, root]) => ({ hour: Number(hour), root }))
      const finding = verifyAccessLog(
        log.pages(),
        roots.map((row) =>
          anchored !== undefined && row.hour === anchored.hour ? { ...row, root: anchored.root } : row,
        ),
      )
      return finding === undefined ? { good: true } : { good: false, ...finding }
    },
  }
}
