/**
 * Who looked: every read of a sealed entry leaves a salted line. The root of each hour's lines is anchored on the
 * ledger, so that a line taken out or changed afterwards shows.
 */
import { randomBytes } from "node:crypto"
import { toUtf8 } from "#crypto"
import { closePage, type LogLine, type LogPage, makeLine } from "../record/access-log.ts"
import type { Read } from "../record/vault.ts"
import type { Work } from "./work.ts"

interface StoredLine {
  readonly hour: number
  readonly line: LogLine
}

const lines = "access-log"
const pages = "access-pages"
export const orderOf = (sequence: number) => String(sequence).padStart(15, "0")

export class AccessLog {
  readonly #work: Work
  readonly #hour: () => number
  #next: number
  /** The last hour whose page is closed; what is read after that belongs to the next. */
  #closed: number

  constructor(work: Work, hour: () => number) {
    this.#work = work
    this.#hour = hour
    this.#next = work.rows(lines).length
    this.#closed = Number(work.rows(pages).at(-1)?.[0] ?? 0)
  }

  /** Keeps the line on disk before it resolves. */
  async record({ time, who, purpose, digest }: Read): Promise<void> {
    const sequence = this.#next++
    const line = makeLine(
      { sequence, time, who: toUtf8(who), digest, purpose: toUtf8(purpose) },
      new Uint8Array(randomBytes(32)),
    )
    await this.#work.put(lines, orderOf(sequence), { hour: this.#page(), line } satisfies StoredLine)
  }

  #page(): number {
    return Math.max(this.#hour(), this.#closed + 1)
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
    this.#closed = Math.max(this.#closed, hour)
    return root
  }
}
