/**
 * The transactions of one file, read as a stream, and what each gives. Nothing is handed over before the file has ended:
 * the counts of a group or an interchange, known only at its end, may refuse what was read before.
 */
import type { Refusal } from "../../../base/refusal.ts"
import { refusalOf, type X12Finding } from "../../../formats/x12/syntax/finding.ts"
import type { X12Segment } from "../../../formats/x12/syntax/segment.ts"
import { RefusedRanges } from "../../../formats/x12/syntax/transaction-splitter.ts"
import { type OpenUnits, type TransactionHeader, X12Stream } from "../../../formats/x12/syntax/transactions.ts"

export interface FileProblem {
  readonly file: number
  readonly refusal: Refusal
  /** What was left out: a file's part, a transaction, one claim. */
  readonly what: "interchange or group" | "transaction" | "claim"
  /** Nothing is wrong with the file: it was left out because its content was already there. */
  readonly isNote: boolean
}

/** Tells what could not be read; the rest of the file goes on. */
export type TellProblem = (refusal: Refusal, what: FileProblem["what"]) => void

interface Given<T> {
  readonly ordinal: number
  readonly value: T
}

export class FileTransactions<T> {
  readonly #file: number
  readonly #read: (header: TransactionHeader, segments: readonly X12Segment[], tell: TellProblem) => T | undefined
  readonly #stream: X12Stream
  readonly #problems: FileProblem[] = []
  readonly #refused = new RefusedRanges()
  #given: Given<T>[] = []
  #segments: X12Segment[] = []

  /** `file` is its number from 1; `read` is called for each transaction that is sound by itself. */
  constructor(
    file: number,
    read: (header: TransactionHeader, segments: readonly X12Segment[], tell: TellProblem) => T | undefined,
  ) {
    this.#file = file
    this.#read = read
    const refused = this.#refused
    this.#stream = new X12Stream({
      interchange: () => refused.interchange(),
      group: () => refused.group(),
      transaction: () => {
        refused.transaction()
        this.#segments = []
      },
      segment: (segment) => this.#segments.push(segment),
      finding: (finding, open) => this.#finding(finding, open),
      transactionEnd: (header) => this.#take(header),
      groupEnd: () => refused.groupEnd(),
      interchangeEnd: () => refused.interchangeEnd(),
    })
  }

  push(chunk: Uint8Array): void {
    this.#stream.push(chunk)
  }

  /** What the transactions gave that nothing around them refuses, in file order. */
  end(): { readonly values: readonly T[]; readonly problems: readonly FileProblem[] } {
    this.#stream.end()
    const values = this.#given.flatMap(({ ordinal, value }) => (this.#refused.has(ordinal) ? [] : [value]))
    this.#given = []
    return { values, problems: this.#problems }
  }

  #finding(finding: X12Finding, open: OpenUnits): void {
    if (!finding.isRefused) return
    const isOuter = finding.level === "interchange" || finding.level === "group"
    this.#tell(refusalOf(finding), isOuter ? "interchange or group" : "transaction")
    this.#refused.finding(finding, open)
  }

  #tell(refusal: Refusal, what: FileProblem["what"]): void {
    this.#problems.push({ file: this.#file, refusal, what, isNote: false })
  }

  #take(header: TransactionHeader): void {
    const segments = this.#segments
    this.#segments = []
    if (this.#refused.transactionEnd(header)) return
    const value = this.#read(header, segments, (refusal, what) => this.#tell(refusal, what))
    if (value !== undefined) this.#given.push({ ordinal: header.ordinal, value })
  }
}

/** The refusal of a transaction that is of none of the wanted sets. */
export function otherSet({ set, line }: TransactionHeader, wanted: string): Refusal {
  const name = /^\d{3}$/.test(set) ? `a transaction is an ${set}` : "a transaction has no set number"
  return {
    code: "x12-other-set",
    message: `Cannot use the file: ${name}, not ${wanted}`,
    at: `ST01, line ${line}`,
    remedy: "Leave the file out",
  }
}
