/** `balance.txt`: the four balancing rules file by file, each failure with its place, and every amount at provider level. */
import { formatMoney } from "../../../base/money.ts"
import { formatDate } from "../../../base/time.ts"
import type { BalancedPayment } from "../intake/intake.ts"
import { payerLabel } from "../intake/payer.ts"
import type { TiedAmount } from "../match/provider-level.ts"

const rules = [
  ["line", "charge less adjustments of the line is what is paid for it (SVC02 − CAS = SVC03)"],
  ["claim", "charge less adjustments of claim and lines is what is paid for it (CLP03 − CAS = CLP04)"],
  ["payment", "claims less provider level is the payment (sum of CLP04 − sum of PLB = BPR02)"],
  ["patient", "what the member owes is the adjustments of group PR (CLP05 = sum of CAS PR)"],
] as const

/** X12's name for the rule in our words. */
const nameOf = (rule: string) => (rule === "patient" ? "member" : rule)

/** The page in pieces. `files` are the names as given, by file number from 1. */
export function* balanceText(
  payments: readonly BalancedPayment[],
  amounts: readonly TiedAmount[],
  files: readonly string[],
): Generator<string> {
  yield "Balance of the remittances (835)\n\nThe four rules:\n"
  for (const [rule, words] of rules) yield `  ${nameOf(rule).padEnd(8)} ${words}\n`
  const bad = payments.filter(({ imbalances }) => imbalances.length > 0).length
  const tied = amounts.filter(({ tie }) => tie !== undefined).length
  yield `\n${payments.length} payments, ${bad} out of balance; ${amounts.length} amounts at provider level, ${tied} tied, ${amounts.length - tied} untied.\n`
  const byPayment = new Map<unknown, TiedAmount[]>()
  for (const one of amounts) byPayment.set(one.item.payment, [...(byPayment.get(one.item.payment) ?? []), one])
  let file = 0
  for (const one of payments) {
    const { payment } = one
    if (payment.file !== file) yield `\nFile ${payment.file}: ${files[payment.file - 1] ?? ""}\n`
    file = payment.file
    yield* paymentText(one, byPayment.get(payment) ?? [])
  }
}

function* paymentText(one: BalancedPayment, amounts: readonly TiedAmount[]): Generator<string> {
  const { payment, claims, lines, claimsPaid, providerLevel, imbalances } = one
  const on = payment.day === undefined ? "without a date" : formatDate(payment.day)
  yield `  Payment ${payment.trace} of ${on} by ${payerLabel(payment.payer)} (ST, line ${payment.at}): ${formatMoney(payment.paid)}\n`
  yield `    ${claims} claims, ${lines} lines; claims ${formatMoney(claimsPaid)} less provider level ${formatMoney(providerLevel)}\n`
  for (const [rule] of rules) {
    const failed = imbalances.filter((item) => item.rule === rule)
    yield `    ${nameOf(rule).padEnd(8)} ${failed.length === 0 ? "balances" : `FAILS at ${failed.length}`}\n`
    for (const { at, expected, found } of failed) {
      yield `      ${at}: expected ${formatMoney(expected)}, found ${formatMoney(found)}, off by ${formatMoney(found - expected)}\n`
    }
  }
  for (const { at, expected, found } of imbalances.filter(({ rule }) => rule === "interest")) {
    yield `    interest ${at}: PLB L6 says ${formatMoney(expected)}, the claims (AMT*I) ${formatMoney(found)}\n`
  }
  for (const tied of amounts) yield amountText(tied)
}

function amountText({ item, words, tie, untied, account }: TiedAmount): string {
  const effect = item.amount < 0n ? "adds to the payment" : "reduces the payment"
  const claim = account === undefined ? "" : `, claim ${account.claim.control}`
  const bond = tie === undefined ? `UNTIED: ${untied}` : `tied by ${tie}${claim}`
  const reference = item.reference === "" ? "" : ` ${item.reference}`
  const size = item.amount < 0n ? -item.amount : item.amount
  return `    PLB, line ${item.at}: ${item.code}${reference}, ${words}; ${effect} by ${formatMoney(size)}; ${bond}\n`
}
