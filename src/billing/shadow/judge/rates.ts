/**
 * The practice's contract rates, as CSV: what each payer agreed to allow. Columns `payer, code, modifier, place, from,
 * until, rate` and, if wanted, `units`. An empty payer, place or date stands for any; `until` is the first day on which
 * the rate is no longer in force. `units` is how many units the rate is for (empty is 1), or `line`: for the whole line.
 */
import { fromUtf8 } from "#crypto"
import { divide } from "../../../base/money.ts"
import { refuse } from "../../../base/refusal.ts"
import { parseDate } from "../../../base/time.ts"
import { scaledInteger } from "../../../formats/amount.ts"
import { type Answer, answer } from "../../../formats/answer.ts"
import { parseCsv } from "../../../plan/language/tables.ts"
import { plainKey } from "../intake/payer.ts"

export interface Rate {
  /** Line of the file, from 1. */
  readonly line: number
  /** Letters and digits of the payer's name or id; empty for any payer. */
  readonly payer: string
  readonly code: string
  /** Sorted and joined by a hyphen; `*` for any; empty for none that moves the price. */
  readonly modifier: string
  readonly place: string
  readonly from: number
  readonly until: number
  /** Millionths of the currency's main unit, for `units` units. */
  readonly micros: bigint
  /** Undefined: for the line, whatever its units. */
  readonly units: bigint | undefined
}

/** What is priced: one line of a claim to one payer. */
export interface Priced {
  readonly payers: readonly string[]
  readonly code: string
  /** Joined by a hyphen. */
  readonly modifiers: string
  readonly place: string
  readonly on: number
  readonly unitsMilli: number
}

export interface Rates {
  readonly size: number
  /** The one rate that speaks of the line: the closest payer, modifier and place win. Undefined: none does. */
  find(priced: Priced): Rate | undefined
  /** The modifier without which the contract knows no price of the code on that day; undefined: it knows one, or several. */
  onlyModifier(payers: readonly string[], code: string, on: number): string | undefined
}

const columns = ["payer", "code", "modifier", "place", "from", "until", "rate", "units"] as const
type Column = (typeof columns)[number]

/** Modifiers that say where, who or why without moving a contract's price. */
const informational = new Set(
  (
    "24 25 27 33 57 58 59 76 77 79 91 93 95 E1 E2 E3 E4 FA F1 F2 F3 F4 F5 F6 F7 F8 F9 GA GT GX GY GZ KX LC LD LM LT " +
    "RC RI RT TA T1 T2 T3 T4 T5 T6 T7 T8 T9 XE XP XS XU JZ"
  ).split(" "),
)

const sortedModifiers = (text: string) => text.split("-").filter(Boolean).sort().join("-")

/** What is left of a line's modifiers when those that move no price are taken away. */
function pricingModifiers(modifiers: string): string {
  if (modifiers === "") return ""
  const words = modifiers.split("-").filter((word) => word !== "" && !informational.has(word))
  return words.sort().join("-")
}

/** How closely a rate speaks of a line; undefined when it does not speak of it. */
function closeness(rate: Rate, priced: Priced, modifiers: string, pricing: string): number | undefined {
  if (priced.on < rate.from || priced.on >= rate.until) return undefined
  if (rate.place !== "" && rate.place !== priced.place) return undefined
  const exact = rate.modifier !== "" && rate.modifier === modifiers
  const fits = exact || rate.modifier === "*" || rate.modifier === pricing
  if (!fits) return undefined
  return (rate.payer === "" ? 0 : 8) + (exact ? 4 : rate.modifier === "*" ? 0 : 2) + (rate.place === "" ? 0 : 1)
}

/** The lesser of the charge and the rate times the units; a half cent rounds up. */
export function allowedBy(rate: Rate, charge: bigint, unitsMilli: number): bigint {
  const price =
    rate.units === undefined
      ? divide(rate.micros, 10_000n, "half-up")
      : divide(rate.micros * BigInt(Math.max(unitsMilli, 0)), rate.units * 1_000n * 10_000n, "half-up")
  return price < charge ? price : charge
}

/** The rates, or the refusal that names line and column. Two rates that speak equally of one line are refused. */
export function readRates(bytes: Uint8Array): Answer<Rates> {
  return answer(() => {
    const text = fromUtf8(bytes)?.replace(/^\uFEFF/, "")
    const [header, ...records] = (text === undefined ? undefined : parseCsv(text)) ?? []
    if (header === undefined) return refuse("rates-csv", "Cannot read the rates: no UTF-8 CSV", "line 1", "Save as CSV")
    const places = columnPlaces(header)
    const rates: Rate[] = []
    for (const [index, record] of records.entries()) {
      if (record.every((cell) => cell.trim() === "")) continue
      rates.push(rateOf((column) => record[places.get(column) ?? -1]?.trim() ?? "", index + 2))
    }
    return indexed(rates)
  })
}

function columnPlaces(header: readonly string[]): ReadonlyMap<Column, number> {
  const places = new Map<Column, number>()
  for (const [index, name] of header.entries()) {
    const column = columns.find((known) => known === name.trim().toLowerCase())
    if (column === undefined || places.has(column)) {
      const remedy = `The columns are ${columns.join(", ")}`
      return refuse("rates-column", "Cannot read the rates: a column is unknown or twice there", "line 1", remedy)
    }
    places.set(column, index)
  }
  for (const needed of ["payer", "code", "rate"] as const) {
    if (!places.has(needed))
      return refuse("rates-column", `Cannot read the rates: there is no column ${needed}`, "line 1", "Add it")
  }
  return places
}

function rateOf(cell: (column: Column) => string, line: number): Rate {
  const wrong = (column: Column, remedy: string): never =>
    refuse("rates-cell", `Cannot read the rates: ${column} is not understood`, `line ${line}, column ${column}`, remedy)
  const day = (column: "from" | "until", open: number) =>
    cell(column) === "" ? open : (parseDate(cell(column)) ?? wrong(column, "Write it as 2026-04-14"))
  const code = cell("code").toUpperCase()
  if (!/^[A-Z0-9 ]{1,20}$/.test(code)) wrong("code", "Write the procedure or revenue code")
  const micros = scaledInteger(cell("rate").replaceAll(",", ""), 6)
  if (micros === undefined || micros < 0n) return wrong("rate", "Write an amount such as 92.50")
  const unitsText = cell("units").toLowerCase()
  if (!/^(|line|[1-9]\d{0,5})$/.test(unitsText)) wrong("units", "Write a number of units, or line")
  const units = unitsText === "line" ? undefined : BigInt(unitsText === "" ? "1" : unitsText)
  const modifier = cell("modifier").toUpperCase()
  if (!/^(\*|[A-Z0-9]{0,2}([- ,:][A-Z0-9]{2}){0,3})$/.test(modifier)) wrong("modifier", "Write such as 26 or 26-LT")
  const rate = {
    line,
    payer: cell("payer") === "*" ? "" : plainKey(cell("payer")),
    code: /^0\d{3}$/.test(code) ? `rev ${code}` : code,
    modifier: modifier === "*" ? "*" : sortedModifiers(modifier.replaceAll(/[ ,:]/g, "-")),
    place: cell("place"),
    from: day("from", -1_000_000),
    until: day("until", 10_000_000),
    micros,
    units,
  }
  if (rate.until <= rate.from) wrong("until", "Let the rate end after it begins")
  return rate
}

const keyOf = (payer: string, code: string) => `${payer}|${code}`

function indexed(rates: readonly Rate[]): Rates {
  const index = new Map<string, Rate[]>()
  for (const rate of rates) {
    const key = keyOf(rate.payer, rate.code)
    const others = index.get(key) ?? []
    const clash = others.find(
      (other) =>
        other.modifier === rate.modifier &&
        other.place === rate.place &&
        other.from < rate.until &&
        rate.from < other.until,
    )
    if (clash !== undefined) {
      const place = `lines ${clash.line} and ${rate.line}`
      refuse("rates-clash", "Cannot read the rates: two speak of the same service and days", place, "Keep one")
    }
    others.push(rate)
    index.set(key, others)
  }
  return {
    size: rates.length,
    onlyModifier(payers, code, on) {
      const known = [...payers, ""].flatMap((payer) => index.get(keyOf(payer, code)) ?? [])
      const names = new Set(known.filter(({ from, until }) => on >= from && on < until).map(({ modifier }) => modifier))
      const [only, ...others] = names
      return only === undefined || only === "" || only === "*" || others.length > 0 ? undefined : only
    },
    find(priced) {
      const modifiers = sortedModifiers(priced.modifiers)
      const pricing = pricingModifiers(priced.modifiers)
      let best: Rate | undefined
      let most = -1
      for (const payer of [...priced.payers, ""]) {
        for (const rate of index.get(keyOf(payer, priced.code)) ?? []) {
          const close = closeness(rate, priced, modifiers, pricing)
          if (close !== undefined && close > most) [best, most] = [rate, close]
        }
      }
      return best
    },
  }
}
