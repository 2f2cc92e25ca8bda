/** How a booklet writes figures, days and spans for people: `$30.00`, `20 %`, `24 months`, `1 January 2026`. */
import { formatMoney } from "../../base/money.ts"
import { civilDate } from "../../base/time.ts"
import type { Day, Duration, NamedNumber, TableSeries, Unit } from "../parts.ts"
import { editionOn, type Front, type Plan, valueOn } from "../plan.ts"

type Currency = Front["currency"]

const signs: Readonly<Record<string, string>> = { USD: "$", EUR: "€", GBP: "£" }
const months = [
  ...["January", "February", "March", "April", "May", "June"],
  ...["July", "August", "September", "October", "November", "December"],
] as const

/** Minor units with the currency's sign before them, or its code after: `$1,337.98`, `150,000 UGX`. */
export function amountWords(amount: bigint, { code, exponent }: Currency): string {
  const sign = signs[code]
  const figure = formatMoney(amount < 0n ? -amount : amount, exponent)
  return `${amount < 0n ? "−" : ""}${sign === undefined ? `${figure} ${code}` : `${sign}${figure}`}`
}

const trimmed = (value: bigint, places: number) => formatMoney(value, places).replace(/\.?0+$/, "")

/** A value in its unit, one thing in the singular: `1 visit`, `3 visits`, `12.5 %`. */
export function valueWords(value: bigint, unit: Unit, currency: Currency): string {
  if (unit === "amount") return amountWords(value, currency)
  if (unit === "percent") return `${trimmed(value, 2)} %`
  if (unit === "perYear") return `${trimmed(value, 4)} % a year`
  const one = unit === "teeth" ? "tooth" : unit.replace(/s$/, "")
  return `${formatMoney(value, 0)} ${value === 1n ? one : unit}`
}

/** A number of the plan as it stands on a day. */
export function numberWords(plan: Plan, number: NamedNumber, day: Day): string {
  const value = valueOn(number, day)
  return value === undefined ? `(${number.name}: not yet set)` : valueWords(value, number.unit, plan.front.currency)
}

export const durationWords = ({ count, unit }: Duration): string => `${count} ${count === 1 ? unit.slice(0, -1) : unit}`

/** `14 April 2026`. */
export function dateWords(day: Day): string {
  const date = civilDate(day)
  return `${date.day} ${months[date.month - 1]} ${date.year}`
}

/** A half-open span of days as people write one, both ends included. */
export const spanWords = (from: Day, until: Day): string => `${dateWords(from)} to ${dateWords(until - 1)}`

const namePattern = /\{([a-z][a-z0-9-]*)\}/g

/** The member's sentence, still Markdown, with the day's figures in the place of the names. */
export function filledSentence(plan: Plan, sentence: string, day: Day): string {
  return sentence.replace(namePattern, (braced, name: string) => {
    const number = plan.numbers.get(name)
    return number === undefined ? braced : numberWords(plan, number, day)
  })
}

/** The numbers a text names in braces, each once. */
export function numbersIn(plan: Plan, text: string): readonly NamedNumber[] {
  const names = new Set([...text.matchAll(namePattern)].map((match) => match[1]!))
  return [...names].flatMap((name) => plan.numbers.get(name) ?? [])
}

/** Whether a source says that its figures are made up. */
export const isInvented = (source: string): boolean => /\binvented\b/i.test(source)

/**
 * The source of one row. A table's source may name rows that come from elsewhere: `invented; J0178: OPPS Addendum B`
 * says that all is invented save J0178.
 */
export function sourceOfRow(source: string, key: string): string {
  const parts = source.split(";").map((part) => part.trim())
  const own = parts.find((part) => part.startsWith(`${key}:`))
  if (own !== undefined) return own.slice(key.length + 1).trim()
  return parts.filter((part) => !/^[A-Z0-9.|-]+:/.test(part)).join("; ")
}

/** A table's name, with “(invented)” beside it where the day's edition says so. */
export function tableWords(series: TableSeries, day: Day): string {
  const edition = editionOn(series, day) ?? series.editions[0]
  return edition !== undefined && isInvented(edition.source) ? `${series.name} (invented)` : series.name
}

/** A category as a word for people: `special-test` is “special test”. */
export const categoryWords = (name: string): string => (name === "" ? "everything" : name.replaceAll("-", " "))
