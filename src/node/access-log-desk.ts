/** Anchoring an hour of the access log on the ledger, and holding the log against what is anchored. */
import { toHex } from "../base/bytes.ts"
import { protocolAt } from "../ledger/protocol.ts"
import { type LogPage, verifyAccessLog } from "../record/access-log.ts"
import { orderOf } from "./access-log.ts"
import type { NodeContext } from "./context.ts"
import type { Operations } from "./desk.ts"
import { envelopeOf, payloadOf } from "./payload.ts"

/** Lines of the whole log, from its first page to that of an hour. */
function linesUpTo(pages: readonly LogPage[], hour: number): number {
  return pages.reduce((sum, page) => (page.hour <= hour ? sum + page.lines.length : sum), 0)
}

export function accessLogOperations(node: NodeContext): Operations {
  const { chain, config, keys, log, work } = node
  const key = { org: config.organization }
  return {
    /** Closes the hour that is running and anchors its root. */
    "anchor-log": async () => {
      const { hour } = chain
      const root = await log.close(hour)
      const previous = chain.tables().logs.get(key)?.root ?? new Uint8Array(32)
      const fields = [config.organization, hour, root, previous] as const
      // The version of the next block: the anchor cannot stand in an earlier one.
      const counted = protocolAt(chain.tables(), chain.height + 1) >= 2
      const payload = counted
        ? payloadOf("anchor-log/2", hour + 12, ...fields, linesUpTo(log.pages(), hour))
        : payloadOf("anchor-log/1", hour + 12, ...fields)
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
      if (finding !== undefined) return { good: false, ...finding }
      // Pages cut off at the end, and this node's memory with them, leave roots that agree: the ledger knows the count.
      const short = anchored?.lines !== undefined && linesUpTo(log.pages(), anchored.hour) < anchored.lines
      return short ? { good: false, hour: anchored.hour, line: undefined, problem: "missing" } : { good: true }
    },
  }
}
