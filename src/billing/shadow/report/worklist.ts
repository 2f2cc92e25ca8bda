/** `worklist.csv`: one row for each thing to be done; and `matches.csv`: which answer was given to which claim, by what. */
import { formatDate } from "../../../base/time.ts"
import { decimalText } from "../../../formats/amount.ts"
import { differenceOf, type WorkRow } from "../judge/work-row.ts"
import type { Account, MatchedAnswer } from "../match/account.ts"
import { csvRow } from "./csv.ts"

export const worklistColumns = [
  ...["claim id", "payer control number", "line control number", "date", "code", "charge", "expected"],
  ...["source of the expectation", "paid", "difference", "CARC", "RARC", "group", "class", "deadline", "next action"],
] as const

const dateText = (day: number | undefined) => (day === undefined ? "" : formatDate(day))
const moneyText = (amount: bigint | undefined) => (amount === undefined ? "" : decimalText(amount))

/** The file in pieces, so that a long worklist never stands in memory as one text. */
export function* worklistCsv(rows: readonly WorkRow[]): Generator<string> {
  yield csvRow(worklistColumns)
  for (const row of rows) {
    yield csvRow([
      ...[row.control, row.payerControl, row.lineControl, dateText(row.on), row.code, decimalText(row.charge)],
      ...[moneyText(row.expected), row.source, decimalText(row.paid), moneyText(differenceOf(row))],
      ...[row.adjustment?.carc ?? "", row.remarks.join(" "), row.adjustment?.group ?? "", row.class],
      ...[dateText(row.deadline), row.action],
    ])
  }
}

const matchColumns = [
  ...["remittance file", "line", "payment", "payment date", "claim id", "payer control number", "status", "kind"],
  ...["charge", "paid", "matched by", "claim file", "lines matched by"],
] as const

/** One row for each answer of a payer; `claimFile` is the number of the file that holds its claim, 0 for none. */
export function* matchesCsv(
  matches: readonly MatchedAnswer[],
  claimFile: (match: MatchedAnswer) => number,
): Generator<string> {
  yield csvRow(matchColumns)
  for (const match of matches) {
    const { answer } = match
    const { payment } = answer
    const file = claimFile(match)
    // Lines of an answer that no claim fits were held against nothing but themselves.
    const known = file === 0 ? [] : match.lines
    const lines = known.map(({ to, rule }) => (to < 0 ? "no line" : `${to + 1}: ${rule}`))
    yield csvRow([
      ...[String(payment.file), String(answer.at), payment.trace, dateText(payment.day), answer.control],
      ...[answer.payerControl, answer.status, match.kind, decimalText(answer.charge), decimalText(answer.paid)],
      ...[match.rule, file === 0 ? "" : String(file), lines.join("; ")],
    ])
  }
}

/** Which file holds the claim of each answer. */
export function claimFiles(accounts: readonly Account[]): (match: MatchedAnswer) => number {
  const files = new Map<MatchedAnswer, number>()
  for (const { answers, claim } of accounts) for (const match of answers) files.set(match, claim.place.file)
  return (match) => files.get(match) ?? 0
}
