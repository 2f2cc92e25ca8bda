/** An explanation of benefits as plain text, for a terminal, a letter or a screen reader. */
import { formatMoney } from "../base/money.ts"
import type { Eob, EobLimit } from "./eob.ts"

const widest = 96

function wrap(text: string, indent: string): readonly string[] {
  const rows: string[] = []
  let row = indent
  for (const word of text.split(" ")) {
    if (row.length + 1 + word.length > widest && row !== indent) {
      rows.push(row)
      row = indent
    }
    row += row === indent ? word : ` ${word}`
  }
  return [...rows, row]
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    row
      .map((cell, column) => (column < 3 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join("  ")
      .trimEnd(),
  )
}

/** `240.00 of 240.00 used`, or `2 of 6 used`. */
export function limitText({ used, limit, isCount }: EobLimit, exponent: number): string {
  // Counts are kept in thousandths where units are, in whole numbers where visits are.
  const text = (value: bigint) => (isCount ? String(value) : formatMoney(value, exponent))
  return `${text(used)} of ${text(limit)} used`
}

/** The whole explanation, lines ended by LF. */
export function eobText(eob: Eob): string {
  const money = (amount: bigint) => formatMoney(amount, eob.exponent)
  const rows = eob.lines.map(({ number, code, from, charge, money: decided }) => [
    String(number),
    code,
    from,
    money(charge),
    ...(decided === undefined
      ? ["", "not decided", ""]
      : [money(decided.allowed), money(decided.benefit), money(decided.patient)]),
  ])
  const head = ["line", "service", "day", "charged", "plan allows", "plan pays", "you pay"]
  const sums = ["", "", "", money(eob.charge + eob.open), "", money(eob.benefit), money(eob.patient)]
  const rest = eob.beside === 0n ? "" : ` Nobody may ask you for the other ${money(eob.beside)}.`
  const waits = eob.open === 0n ? "" : ` ${money(eob.open)} of the charge is not decided yet.`
  return [
    `${eob.title}: this is not a bill`,
    eob.plan,
    `Claim ${eob.control}, provider ${eob.provider}. Amounts in ${eob.currency}.`,
    "",
    ...table([head, ...rows, sums]),
    "",
    ...wrap(`The plan pays ${money(eob.benefit)}. You pay ${money(eob.patient)}.${rest}${waits}`, ""),
    ...eob.lines.flatMap((line) => [
      "",
      `Line ${line.number}, ${line.code}, ${money(line.charge)}`,
      ...line.sentences.flatMap((sentence) => wrap(sentence, "  ")),
      ...(line.advice === undefined ? [] : wrap(`What you can do: ${line.advice}`, "  ")),
    ]),
    ...(eob.limits.length === 0 ? [] : ["", "Your limits after this claim"]),
    ...eob.limits.flatMap((one) =>
      wrap(`${one.clause} ${one.title}, ${one.whose}: ${limitText(one, eob.exponent)}`, "  "),
    ),
    "",
    "What your plan says",
    ...eob.clauses.flatMap((clause) => wrap(clause, "  ")),
    "",
    ...eob.closing.flatMap((sentence) => wrap(sentence, "")),
    "",
  ].join("\n")
}
