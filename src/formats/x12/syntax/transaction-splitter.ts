/** Whole transactions out of a stream, one at a time, and which of a file's transactions are refused. */
import type { X12Finding } from "./finding.ts"
import type { X12Segment } from "./segment.ts"
import { type OpenUnits, type TransactionHeader, X12Stream } from "./transactions.ts"

export interface SplitTransaction {
  readonly header: TransactionHeader
  /** The first is ST, the last is SE unless a finding says that there is none. */
  readonly segments: readonly X12Segment[]
  /** About this transaction; what is wrong with its group or interchange is known only after their ends. */
  readonly findings: readonly X12Finding[]
}

/** Gives the transactions that each chunk finishes. Holds one transaction. */
export class TransactionSplitter {
  readonly #stream: X12Stream
  /** What is wrong outside the transactions given, in file order; grows only with what is wrong. */
  readonly findings: X12Finding[] = []
  #done: SplitTransaction[] = []
  #segments: X12Segment[] = []
  #own: X12Finding[] = []

  constructor() {
    this.#stream = new X12Stream({
      segment: (segment) => this.#segments.push(segment),
      finding: (finding, open) => this.#finding(finding, open),
      transactionEnd: (header) => this.#end(header),
    })
  }

  push(chunk: Uint8Array): readonly SplitTransaction[] {
    this.#stream.push(chunk)
    return this.#take()
  }

  end(): readonly SplitTransaction[] {
    this.#stream.end()
    return this.#take()
  }

  #finding(finding: X12Finding, open: OpenUnits): void {
    const isOwn = open.transaction !== undefined && finding.level !== "group" && finding.level !== "interchange"
    if (isOwn) this.#own.push(finding)
    else this.findings.push(finding)
  }

  #end(header: TransactionHeader): void {
    this.#done.push({ header, segments: this.#segments, findings: this.#own })
    this.#segments = []
    this.#own = []
  }

  #take(): readonly SplitTransaction[] {
    const done = this.#done
    this.#done = []
    return done
  }
}

/**
 * Which transactions of a stream are refused by their own envelope, or with their group or interchange. Remembers ranges of
 * ordinals, so it grows only with what is refused; complete when the stream has ended.
 */
export class RefusedRanges {
  readonly #ranges: { readonly from: number; readonly to: number }[] = []
  readonly #refused = { transaction: false, group: false, interchange: false }
  #count = 0
  #groupFrom = 0
  #interchangeFrom = 0

  /** How many transactions have begun. */
  get count(): number {
    return this.#count
  }

  has(ordinal: number): boolean {
    return this.#ranges.some(({ from, to }) => ordinal >= from && ordinal < to)
  }

  interchange(): void {
    this.#interchangeFrom = this.#count
  }

  group(): void {
    this.#groupFrom = this.#count
  }

  transaction(): void {
    this.#count++
  }

  finding(finding: X12Finding, open: OpenUnits): void {
    if (!finding.isRefused || open.interchange === undefined) return
    if (finding.level === "interchange" || finding.level === "group") this.#refused[finding.level] = true
    else this.#refused.transaction = true
  }

  /** Whether the transaction that ends here is refused by itself. */
  transactionEnd({ ordinal }: TransactionHeader): boolean {
    return this.#close("transaction", ordinal, ordinal + 1)
  }

  groupEnd(): void {
    this.#close("group", this.#groupFrom, this.#count)
  }

  interchangeEnd(): void {
    this.#close("interchange", this.#interchangeFrom, this.#count)
  }

  #close(level: "transaction" | "group" | "interchange", from: number, to: number): boolean {
    const isRefused = this.#refused[level]
    if (isRefused) this.#ranges.push({ from, to })
    this.#refused[level] = false
    return isRefused
  }
}

/** The first reading of a file that is read twice: what is wrong in it, and which of its transactions are refused. */
export class RefusedTransactions {
  readonly #stream: X12Stream
  readonly #refused = new RefusedRanges()
  /** What is wrong in the file, in file order. */
  readonly findings: X12Finding[] = []

  constructor() {
    const refused = this.#refused
    this.#stream = new X12Stream({
      interchange: () => refused.interchange(),
      group: () => refused.group(),
      transaction: () => refused.transaction(),
      finding: (finding, open) => {
        this.findings.push(finding)
        refused.finding(finding, open)
      },
      transactionEnd: (header) => void refused.transactionEnd(header),
      groupEnd: () => refused.groupEnd(),
      interchangeEnd: () => refused.interchangeEnd(),
    })
  }

  push(chunk: Uint8Array): void {
    this.#stream.push(chunk)
  }

  end(): void {
    this.#stream.end()
  }

  /** How many transactions the file has. */
  get count(): number {
    return this.#refused.count
  }

  has(ordinal: number): boolean {
    return this.#refused.has(ordinal)
  }
}
