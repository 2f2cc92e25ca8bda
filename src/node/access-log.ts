/**
 * Who looked: every read of a sealed entry leaves a salted line. The root of each hour's lines is anchored on the
 * ledger, so that a line taken out or changed afterwards shows.
 */
import { randomBytes } from "node:crypto"
import { toUtf8 } from "#crypto"
import { toHex } from "../base/bytes.ts"
import { closePage, type LogLine, type LogPage, makeLine, verifyAccessLog } from "../record/access-log.ts"
import type { Read } from "../record/vault.ts"
import type { NodeContext } from "./context.ts"
import type { Operations } from "./desk.ts"
import { envelopeOf, payloadOf } from "./payload.ts"
import type { Work } from "./work.ts"

interface StoredLine {
  readonly hour: number
  readonly line: LogLine
}

const lines = "access-log"
const pages = "access-pages"
const orderOf = (sequence: number) => String(sequence).padStart(15, "0")

export class AccessLog {
  readonly #work: Work
  readonly #hour: () => number
  #next: number

  constructor(work: Work, hour: () => number) {
    this.#work = work
    this.#hour = hour
    this.#next = work.rows(lines).length
  }

  /** Keeps the line on disk before it resolves. */
  async record({ time, who, purpose, digest }: Read): Promise<void> {
    const sequence = this.#next++
    const line = makeLine(
      { sequence, time, who: toUtf8(who), digest, purpose: toUtf8(purpose) },
      new Uint8Array(randomBytes(32)),
    )
    await this.#work.put(lines, orderOf(sequence), { hour: this.#hour(), line } satisfies StoredLine)
  }

  /** The pages as kept now: of a closed hour its leaves at closing, and its lines as they stand. */
  pages(): readonly LogPage[] {
    const stored = this.#work.rows<StoredLine>(lines).map(([, row]) => row)
    return this.#work.rows<LogPage>(pages).map(([, page]) => ({
      ...page,
      lines: stored.filter(({ hour }) => hour === page.hour).map(({ line }) => line),
    }))
  }

  async close(hour: number): Promise<Uint8Array> {
    const stored = this.#work.rows<StoredLine>(lines).map(([, row]) => row)
    const { page, root } = closePage(
      hour,
      stored.filter((row) => row.hour === hour).map(({ line }) => line),
    )
    await this.#work.put(pages, orderOf(hour), page)
    return root
  }
}

/** Anchoring an hour, and holding the log against what is anchored. */
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
        roots.map((row) => (anchored !== undefined && row.hour === anchored.hour ? { ...row, root: anchored.root } : row)),
      )
      return finding === undefined ? { good: true } : { good: false, ...finding }
    },
  }
}
