/**
 * A practice's books in shadow: takes the content of its files, matches answers to claims, and judges every line. The
 * same files in the same order give the same findings; "today" is an argument.
 */

import { formatDate } from "../../base/time.ts"
import type { AnsweredClaim, Payment } from "./intake/answered.ts"
import type { FileProblem } from "./intake/file-transactions.ts"
import type { BalancedPayment, FileContent } from "./intake/intake.ts"
import type { SentClaim, SentLine } from "./intake/sent.ts"
import { deadlinesOf } from "./judge/deadlines.ts"
import { UsualPrices } from "./judge/inferred.ts"
import { type Court, judge, priceLeg } from "./judge/judge.ts"
import { KnownFacts, paidPlaces } from "./judge/known.ts"
import { Tally } from "./judge/tally.ts"
import { differenceOf, type WorkRow } from "./judge/work-row.ts"
import { type Account, isInFiles, type MatchedAnswer } from "./match/account.ts"
import { decisionsByLine, legsOf } from "./match/decisions.ts"
import { chainAccounts, Matcher } from "./match/match.ts"
import { type ProviderAmount, type TiedAmount, tieAmounts } from "./match/provider-level.ts"
import type { ShadowOptions } from "./options.ts"

export interface ShadowFindings {
  /** "Today" of this run. */
  readonly on: number
  readonly accounts: readonly Account[]
  readonly matches: readonly MatchedAnswer[]
  readonly rows: readonly WorkRow[]
  readonly payments: readonly BalancedPayment[]
  readonly amounts: readonly TiedAmount[]
  readonly problems: readonly FileProblem[]
  readonly tally: Tally
  readonly options: ShadowOptions
}

export class Books {
  /** What the claims say about one another; the intake of each file adds to it. */
  readonly known = new KnownFacts()
  readonly #options: ShadowOptions
  readonly #speaks: (account: Account) => boolean
  readonly #claims: SentClaim[] = []
  readonly #answers: AnsweredClaim[] = []
  readonly #payments: BalancedPayment[] = []
  readonly #amounts: ProviderAmount[] = []
  readonly #problems: FileProblem[] = []
  readonly #seen = new Map<string, Payment>()

  /** `speaks`: whether the plan is that of the account's payer. */
  constructor(options: ShadowOptions, speaks: (account: Account) => boolean = () => false) {
    this.#options = options
    this.#speaks = speaks
  }

  /** Takes a file's content over; a payment that another file already gave is left out and noted. */
  add(content: FileContent): void {
    const repeated = new Set<Payment>()
    for (const one of content.problems) this.#problems.push(one)
    for (const one of content.claims) this.#claims.push(one)
    for (const one of content.payments) {
      const first = this.#seen.get(paymentKey(one))
      if (first === undefined) {
        this.#seen.set(paymentKey(one), one.payment)
        this.#payments.push(one)
      } else {
        repeated.add(one.payment)
        this.#problems.push(repeatedPayment(one.payment, first))
      }
    }
    for (const one of content.answers) if (!repeated.has(one.payment)) this.#answers.push(one)
    for (const one of content.amounts) if (!repeated.has(one.payment)) this.#amounts.push(one)
  }

  /** Matches and judges all that was added. */
  finish(): ShadowFindings {
    const matcher = new Matcher(this.#claims)
    const matches = matcher.take(this.#answers)
    const { accounts } = matcher
    chainAccounts(accounts)
    const tally = new Tally()
    const isPaid = paidPlaces(accounts)
    const on = this.#options.on ?? this.#latest()
    const court: Court = {
      knowledge: { rates: this.#options.rates, usual: learnUsual(accounts) },
      deadlines: deadlinesOf(this.#options, this.#speaks),
      on,
      tolerance: this.#options.tolerance,
      tally,
      firstOf: firstSendings(accounts),
      authorizationFor: (account, line) => this.known.authorizationFor(account, line, isPaid),
    }
    const amounts = tieAmounts(this.#amounts, accounts)
    const rows = accounts.flatMap((account) => judge(account, court))
    for (const tied of amounts) if (tied.isTakeback) rows.push(recoveryRow(tied, court))
    return {
      ...{ on, accounts, matches, amounts, tally },
      rows: rows.sort((a, b) => compareRows(a, b, on)),
      payments: this.#payments,
      problems: this.#problems,
      options: this.#options,
    }
  }

  #latest(): number {
    let latest = 0
    for (const { sent, to } of this.#claims) latest = Math.max(latest, sent ?? 0, to)
    for (const { payment } of this.#payments) latest = Math.max(latest, payment.day ?? 0)
    return latest
  }
}

function paymentKey({ payment, claims, claimsPaid }: BalancedPayment): string {
  const { payer, trace, day, paid } = payment
  return `${payer.key}|${trace}|${day}|${paid}|${claims}|${claimsPaid}`
}

function repeatedPayment({ file, at }: Payment, first: Payment): FileProblem {
  const refusal = {
    code: "shadow-payment-repeated",
    message: `Cannot count a payment twice: the same one is in file ${first.file} at line ${first.at}`,
    at: `ST, line ${at}`,
    remedy: "Nothing to do: it was left out",
  }
  return { file, refusal, what: "transaction", isNote: true }
}

/** Prices of paid lines of first payers; what was denied in part, bundled, or capped by its charge teaches nothing. */
function learnUsual(accounts: readonly Account[]): UsualPrices {
  const usual = new UsualPrices()
  for (const account of accounts) {
    if (account.answers.length === 0) continue
    for (const [index, decisions] of decisionsByLine(account)) {
      const line = account.claim.lines[index]
      if (line === undefined) continue
      const leg = legsOf(decisions)[0]!
      const { current } = leg
      if (current === undefined || leg.takenBack !== undefined || (leg.rank ?? account.claim.rank) > 1) continue
      const { split, allowed } = priceLeg(line, leg, [], account.claim.rank)
      if (split.denied !== 0n || split.duplicate !== 0n || split.priceRule !== 0n || current.changedTo !== "") continue
      if (allowed === undefined || allowed >= line.charge || current.charge !== line.charge) continue
      const { code, modifiers, from: on } = line
      usual.learn({ payer: leg.payer.key, code, modifiers, on }, allowed, line.unitsMilli)
    }
  }
  return usual
}

/** Finds, for a duplicate, where its first sending was answered. The index is built when the first duplicate asks. */
function firstSendings(accounts: readonly Account[]): Court["firstOf"] {
  let index: Map<string, Account[]> | undefined
  const keyOf = (claim: SentClaim, line: SentLine | undefined) =>
    `${claim.member}|${line?.from ?? claim.from}|${line?.code ?? claim.lines[0]?.code ?? ""}`
  return (account, line) => {
    index ??= buildIndex(accounts, keyOf)
    const others = (index.get(keyOf(account.claim, line)) ?? []).filter((other) => other !== account)
    for (const candidate of [account, ...(account.repeats === undefined ? [] : [account.repeats]), ...others]) {
      const real = candidate.answers.find(({ kind }) => kind === "answer")
      if (real === undefined) continue
      const { payment } = real.answer
      const on = payment.day === undefined ? "" : ` of ${formatDate(payment.day)}`
      const which = candidate === account ? "The first sending" : `Claim ${candidate.claim.control}`
      return `${which} was answered in payment ${payment.trace}${on}`
    }
    return undefined
  }
}

function buildIndex(
  accounts: readonly Account[],
  keyOf: (claim: SentClaim, line: SentLine | undefined) => string,
): Map<string, Account[]> {
  const index = new Map<string, Account[]>()
  for (const account of accounts) {
    const { claim } = account
    if (claim.member === "") continue
    for (const key of new Set([keyOf(claim, undefined), ...claim.lines.map((line) => keyOf(claim, line))])) {
      const others = index.get(key)
      if (others === undefined) index.set(key, [account])
      else others.push(account)
    }
  }
  return index
}

/** Money taken at provider level for a claim that no reversal explains. */
function recoveryRow({ item, account, answer, words, tie }: TiedAmount, court: Court): WorkRow {
  const { payment, amount, reference } = item
  return {
    class: "takeback",
    account,
    line: undefined,
    control: account?.claim.control ?? "",
    payer: payment.payer,
    payerControl: answer?.payerControl ?? reference,
    lineControl: "",
    on: account?.claim.from,
    code: "",
    charge: account?.claim.total ?? 0n,
    expected: 0n,
    by: "answer",
    source: `PLB ${item.code} in payment ${payment.trace}: ${words}${tie === undefined ? ", untied" : ""}`,
    paid: -amount,
    adjustment: undefined,
    remarks: [],
    remedy: undefined,
    answer,
    share: 0n,
    allowed: 0n,
    deadline:
      account === undefined ? undefined : court.deadlines.toContest(account, undefined, payment.day ?? court.on),
    action: "Ask the payer which claim it means and why; no reversal explains it",
  }
}

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** What is still open by its deadline first, then what has none, then what has passed; larger amounts before smaller. */
function compareRows(a: WorkRow, b: WorkRow, on: number): number {
  const turn = ({ deadline }: WorkRow) => (deadline === undefined ? 1 : deadline < on ? 2 : 0)
  const weight = (row: WorkRow) => differenceOf(row) ?? row.charge
  const [left, right] = [weight(a), weight(b)]
  return (
    turn(a) - turn(b) ||
    (a.deadline ?? 0) - (b.deadline ?? 0) ||
    (left < right ? 1 : left > right ? -1 : 0) ||
    compareText(a.control, b.control) ||
    (a.line?.number ?? 0) - (b.line?.number ?? 0) ||
    compareText(a.class, b.class)
  )
}

/** Answers that found their claim in the files. */
export function isMatched(account: Account): boolean {
  return isInFiles(account) && account.answers.length > 0
}
