/** The report of a file in short: what it is, how much of it is read, and every defect as one row with its place. */

import { placeOf, type X12Finding } from "../syntax/finding.ts"
import type { FileReport, InterchangeReport, TransactionReport } from "./check-file.ts"

/** One defect, for people. */
export interface DefectRow {
  readonly code: string
  readonly isRefused: boolean
  /** A sentence without its full stop. */
  readonly message: string
  /** `SV102, line 34 in loop 2400`. */
  readonly at: string
  readonly remedy: string
}

export interface FileSummary {
  /** Kinds of its transactions, `TA1` where there is none but a TA1; empty where nothing can be told. */
  readonly kinds: readonly string[]
  readonly guides: readonly string[]
  readonly interchanges: number
  readonly groups: number
  readonly transactions: number
  readonly segments: number
  readonly claims: number
  /** Of `transactions`. */
  readonly readTransactions: number
  /** Claims that are read, of `claims`: none of a transaction that is refused. */
  readonly readClaims: number
  /** Whether all of it is read. */
  readonly isRead: boolean
  readonly defects: readonly DefectRow[]
  /** Defects left out because there are too many. */
  readonly more: number
}

const acknowledgements: ReadonlySet<string> = new Set(["999", "277CA"])
const isRefusing = (finding: X12Finding) => finding.isRefused

/**
 * An acknowledgement carries nothing that is paid, and none may be sent about it: an odd envelope does not refuse it.
 */
function isAcknowledgement({ groups, answers }: InterchangeReport): boolean {
  const transactions = groups.flatMap((group) => group.transactions)
  return answers + transactions.length > 0 && transactions.every(({ kind }) => acknowledgements.has(kind))
}

/** Whether the interchange, or this part of it, is refused by its own envelope. */
export function isEnvelopeRefused(interchange: InterchangeReport, findings: readonly X12Finding[]): boolean {
  return findings.some(isRefusing) && !isAcknowledgement(interchange)
}

function row(finding: X12Finding, isRefused: boolean): DefectRow {
  const { code, message, remedy } = finding
  return { code, isRefused, message, at: placeOf(finding), remedy }
}

function claimRows({ refusedClaims }: TransactionReport): readonly DefectRow[] {
  return refusedClaims.map(({ number, line, refusal }) => {
    const message = `claim ${number} (line ${line}): ${refusal.message.replace(/^Cannot read [^:]*: /, "")}`
    return { code: refusal.code, isRefused: true, message, at: refusal.at, remedy: refusal.remedy }
  })
}

/** The defect to name when there is room for one: that the file is masked, else the first that refuses. */
export function mainDefect({ defects }: FileSummary): DefectRow | undefined {
  const refusing = defects.filter(({ isRefused }) => isRefused)
  return refusing.find(({ code }) => code === "x12-masked") ?? refusing[0]
}

const different = (texts: readonly string[]) => [...new Set(texts)].sort()

export function summaryOf(report: FileReport): FileSummary {
  const defects: DefectRow[] = report.findings.map((finding) => row(finding, finding.isRefused))
  const all: TransactionReport[] = []
  let [readTransactions, readClaims, groups] = [0, 0, 0]
  for (const interchange of report.interchanges) {
    const isSpared = isAcknowledgement(interchange)
    const tell = (finding: X12Finding) => defects.push(row(finding, finding.isRefused && !isSpared))
    const isOut = isEnvelopeRefused(interchange, interchange.findings)
    interchange.findings.forEach(tell)
    for (const group of interchange.groups) {
      groups++
      group.findings.forEach(tell)
      const isGroupOut = isOut || isEnvelopeRefused(interchange, group.findings)
      for (const transaction of group.transactions) {
        all.push(transaction)
        const { findings, isRefused, claims, refusedClaimCount } = transaction
        defects.push(...findings.map(({ finding }) => row(finding, finding.isRefused)), ...claimRows(transaction))
        const isTaken = !isGroupOut && !findings.some(({ finding }) => finding.isRefused)
        if (isTaken) readClaims += claims - refusedClaimCount
        if (isTaken && !isRefused) readTransactions++
      }
    }
  }
  const answers = report.interchanges.reduce((sum, one) => sum + one.answers, 0)
  const kinds = different(all.map(({ kind }) => kind))
  return {
    kinds: kinds.length === 0 && answers > 0 ? ["TA1"] : kinds,
    guides: different(all.map(({ header }) => header.guide)),
    ...{ interchanges: report.interchanges.length, groups, transactions: all.length },
    segments: all.reduce((sum, { segments }) => sum + segments, 0),
    claims: all.reduce((sum, { claims }) => sum + claims, 0),
    ...{ readTransactions, readClaims },
    isRead: defects.every(({ isRefused }) => !isRefused),
    defects,
    more: all.reduce((sum, { more }) => sum + more, 0),
  }
}
