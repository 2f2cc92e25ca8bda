/** The figures of the summary, each from accounts and rows alone; sums agree with the remittances to the cent. */

import type { ShadowFindings } from "../books.ts"
import { claimLevelPaid, isPrediction } from "../intake/answered.ts"
import { payerLabel } from "../intake/payer.ts"
import { denialReason } from "../judge/denials.ts"
import { isSettledElsewhere } from "../judge/judge.ts"
import { differenceOf, isProven, type WorkClass, type WorkRow, workClasses } from "../judge/work-row.ts"
import { type Account, isInFiles, netPaid } from "../match/account.ts"

export interface DaysToCash {
  readonly payer: string
  readonly claims: number
  readonly median: number
  readonly p90: number
  /** From the day of sending; undefined where no interchange says it. */
  readonly medianSinceSent: number | undefined
}

export interface Bucket {
  readonly label: string
  readonly claims: number
  readonly charge: bigint
}

export interface DenialCount {
  readonly carc: string
  readonly words: string
  readonly lines: number
  readonly charge: bigint
  readonly fixable: boolean
}

export interface Credit {
  readonly control: string
  readonly amount: bigint
}

export interface Figures {
  readonly claims: number
  readonly answeredClaims: number
  readonly answers: number
  readonly matchedAnswers: number
  readonly lines: number
  readonly matchedLines: number
  readonly byRule: readonly (readonly [rule: string, count: number])[]
  readonly proven: bigint
  readonly provenLines: number
  /** Of the proven: on lines that also left cost share to the patient, part of it may be the patient's. */
  readonly provenShared: bigint
  readonly hinted: bigint
  readonly hintedLines: number
  readonly byClass: ReadonlyMap<WorkClass, { readonly rows: number; readonly difference: bigint }>
  readonly days: readonly DaysToCash[]
  readonly ageing: readonly Bucket[]
  readonly denials: readonly DenialCount[]
  readonly credits: readonly Credit[]
  readonly creditTotal: bigint
  /** Σ BPR02, Σ CLP04, and Σ PLB; of the claims' money, what went to matched and to unmatched claims. */
  readonly money: {
    readonly payments: bigint
    readonly claims: bigint
    readonly providerLevel: bigint
    readonly matched: bigint
    readonly unmatched: bigint
  }
}

export function figuresOf(findings: ShadowFindings): Figures {
  const { accounts, matches, rows, payments } = findings
  const sent = accounts.filter(isInFiles)
  const proven = rows.filter(isProven)
  const hinted = rows.filter((row) => row.class === "underpaid" && row.by === "inferred")
  const sum = (some: readonly WorkRow[]) => some.reduce((all, row) => all + (differenceOf(row) ?? 0n), 0n)
  const credits = creditsOf(accounts)
  const answeredLines = matches.flatMap(({ lines }) => lines)
  return {
    claims: sent.length,
    answeredClaims: sent.filter(({ answers }) => answers.length > 0).length,
    answers: matches.length,
    matchedAnswers: matches.filter(({ rule }) => rule !== "no claim in the files").length,
    lines: answeredLines.length,
    matchedLines: matches
      .filter(({ rule }) => rule !== "no claim in the files")
      .reduce((count, { lines }) => count + lines.filter(({ to }) => to >= 0).length, 0),
    byRule: counted(matches.map(({ rule }) => rule)),
    proven: sum(proven),
    provenLines: proven.length,
    provenShared: sum(proven.filter(({ share }) => share > 0n)),
    hinted: sum(hinted),
    hintedLines: hinted.length,
    byClass: new Map(
      workClasses.map((name) => {
        const own = rows.filter((row) => row.class === name)
        return [name, { rows: own.length, difference: sum(own) }] as const
      }),
    ),
    days: daysOf(sent),
    ageing: ageingOf(rows, findings.on),
    denials: denialsOf(rows),
    credits,
    creditTotal: credits.reduce((all, { amount }) => all + amount, 0n),
    money: {
      payments: payments.reduce((all, { payment }) => all + payment.paid, 0n),
      claims: payments.reduce((all, { claimsPaid }) => all + claimsPaid, 0n),
      providerLevel: payments.reduce((all, { providerLevel }) => all + providerLevel, 0n),
      matched: sent.reduce((all, account) => all + netPaid(account), 0n),
      unmatched: accounts.filter((one) => !isInFiles(one)).reduce((all, account) => all + netPaid(account), 0n),
    },
  }
}

function counted(names: readonly string[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1))
}

/** The value at a share of the sorted values: the smallest that at least this share does not exceed. */
export function nearestRank(sorted: readonly number[], percent: number): number {
  const rank = Math.ceil((sorted.length * percent) / 100)
  return sorted[Math.max(rank, 1) - 1] ?? 0
}

/** From the last day of service (and from sending) to the first payment above zero, a claim at a time. */
function daysOf(accounts: readonly Account[]): readonly DaysToCash[] {
  const byPayer = new Map<string, { days: number[]; sinceSent: number[] }>()
  for (const { claim, answers } of accounts) {
    const first = answers.find(({ answer, kind }) => kind === "answer" && answer.paid > 0n)?.answer.payment
    if (first?.day === undefined) continue
    const payer = payerLabel(first.payer)
    const own = byPayer.get(payer) ?? { days: [], sinceSent: [] }
    own.days.push(Math.max(0, first.day - claim.to))
    if (claim.sent !== undefined && claim.sent <= first.day) own.sinceSent.push(first.day - claim.sent)
    byPayer.set(payer, own)
  }
  const ascending = (values: number[]) => values.sort((a, b) => a - b)
  return [...byPayer]
    .map(([payer, { days, sinceSent }]) => ({
      payer,
      claims: days.length,
      median: nearestRank(ascending(days), 50),
      p90: nearestRank(days, 90),
      medianSinceSent: sinceSent.length === 0 ? undefined : nearestRank(ascending(sinceSent), 50),
    }))
    .sort((a, b) => b.claims - a.claims || (a.payer < b.payer ? -1 : 1))
}

const ages = [
  ["0 to 30 days", 0],
  ["31 to 60 days", 31],
  ["61 to 90 days", 61],
  ["91 to 120 days", 91],
  ["over 120 days", 121],
] as const

/** Unanswered claims by the days since the last day of service. */
function ageingOf(rows: readonly WorkRow[], on: number): readonly Bucket[] {
  const claims = ages.map(() => new Set<Account>())
  const charges = ages.map(() => 0n)
  for (const row of rows) {
    if (row.class !== "unanswered" || row.account === undefined) continue
    const age = Math.max(0, on - row.account.claim.to)
    const index = ages.findLastIndex(([, from]) => age >= from)
    claims[index]!.add(row.account)
    charges[index]! += row.charge
  }
  return ages.map(([label], index) => ({ label, claims: claims[index]!.size, charge: charges[index]! }))
}

function denialsOf(rows: readonly WorkRow[]): readonly DenialCount[] {
  const byCode = new Map<string, { lines: number; charge: bigint; fixable: boolean }>()
  for (const row of rows) {
    if (row.class !== "fixable denial" && row.class !== "final denial") continue
    const carc = row.adjustment?.carc ?? ""
    const own = byCode.get(carc) ?? { lines: 0, charge: 0n, fixable: row.class === "fixable denial" }
    own.lines++
    own.charge += row.charge
    byCode.set(carc, own)
  }
  return [...byCode]
    .map(([carc, own]) => ({ carc, words: denialReason(carc).words, ...own }))
    .sort((a, b) => b.lines - a.lines || (a.carc < b.carc ? -1 : 1))
}

/** Patients who paid more than the last payer left to them; claims that nobody has decided yet tell nothing. */
function creditsOf(accounts: readonly Account[]): readonly Credit[] {
  const credits: Credit[] = []
  for (const account of accounts) {
    const { claim, answers } = account
    if (claim.patientPaid === 0n || isSettledElsewhere(account)) continue
    const last = answers.findLast(({ kind, answer }) => kind === "answer" && !isPrediction(answer))?.answer
    const isReversed = answers.at(-1)?.kind === "reversal"
    // A denied claim may still be corrected: what the patient owes is open.
    if (last === undefined || isReversed || last.status === "4" || last.patient >= claim.patientPaid) continue
    credits.push({ control: claim.control, amount: claim.patientPaid - last.patient })
  }
  return credits.sort((a, b) => (a.amount < b.amount ? 1 : a.amount > b.amount ? -1 : a.control < b.control ? -1 : 1))
}

/** Money that answers gave to claims as a whole, beside their lines. */
export function besideLines(findings: ShadowFindings): bigint {
  return findings.matches.reduce((sum, { answer }) => sum + claimLevelPaid(answer), 0n)
}
