/** The scalars of a plan document, each read from its text: amounts, percentages, durations, counts, rates, periods. */
import { assert } from "../../base/assert.ts"
import { parseMoney } from "../../base/money.ts"
import type { Duration, Period, Rate, Unit } from "../parts.ts"

const largest = 2n ** 63n - 1n

const inLanguage: Readonly<Record<string, Unit>> = {
  day: "days",
  month: "months",
  hour: "hours",
  year: "years",
  visit: "visits",
  unit: "units",
  item: "items",
  member: "members",
  tooth: "teeth",
  service: "services",
  teeth: "teeth",
}

export interface Quantity {
  readonly unit: Unit
  readonly value: bigint
}

/** `decimal("4.625", 4)` is 46250n; undefined for more decimals than `places` or anything but digits. */
function decimal(text: string, places: number): bigint | undefined {
  const match = /^(0|[1-9]\d{0,17})(?:\.(\d+))?$/.exec(text)
  if (match === null || (match[2]?.length ?? 0) > places) return undefined
  return BigInt(match[1]! + (match[2] ?? "").padEnd(places, "0"))
}

/** A value with its unit, `30.00 USD`, `20 %`, `4.625 %/year`, `90 days`; or why it is none. */
export function parseQuantity(
  text: string,
  currency: { readonly code: string; readonly exponent: number },
): Quantity | string {
  const match = /^([0-9.]+) (\S+)$/.exec(text)
  if (match === null) return `“${text}” is not a number, one space and a unit`
  const [, digits, unit] = match
  assert(digits !== undefined && unit !== undefined, "both groups of a matched quantity are there")
  const quantity = ofUnit(digits, unit, currency)
  if (typeof quantity !== "string" && quantity.value > largest) return `${text} is too large`
  return quantity
}

function ofUnit(digits: string, unit: string, currency: { code: string; exponent: number }): Quantity | string {
  if (unit === currency.code) {
    const value = /^(0|[1-9]\d*)(\.|$)/.test(digits) ? parseMoney(digits, currency.exponent) : undefined
    return value === undefined
      ? `an amount in ${unit} has exactly ${currency.exponent} decimals and no leading zero`
      : { unit: "amount", value }
  }
  if (unit === "%") {
    const value = decimal(digits, 2)
    return value === undefined ? "a percentage has at most two decimals" : { unit: "percent", value }
  }
  if (unit === "%/year") {
    const value = decimal(digits, 4)
    return value === undefined ? "a yearly rate has at most four decimals" : { unit: "perYear", value }
  }
  const known = inLanguage[unit.replace(/s$/, "")]
  if (known === undefined || !Object.hasOwn(inLanguage, unit.replace(/s$/, ""))) {
    return `“${unit}” is neither ${currency.code}, %, %/year nor a unit that can be counted`
  }
  const value = decimal(digits, 0)
  return value === undefined ? `${unit} are counted in whole numbers` : { unit: known, value }
}

/** A percentage of at most two decimals, as tables write it, in basis points. */
export const parsePercent = (text: string): bigint | undefined => decimal(text, 2)

export function parseDuration(text: string): Duration | undefined {
  const match = /^([1-9]\d{0,5}) (day|month|hour)s?$/.exec(text)
  return match === null ? undefined : { count: Number(match[1]), unit: `${match[2]}s` as Duration["unit"] }
}

/** A table's rate, exact to six decimals. */
export function parseRate(text: string): Rate | undefined {
  const match = /^(\d{1,15})(?:\.(\d{1,6}))?$/.exec(text)
  return match === null ? undefined : { integer: BigInt(match[1]! + (match[2] ?? "")), scale: match[2]?.length ?? 0 }
}

export function parsePeriod(name: string, text: string): Period | undefined {
  switch (text) {
    case "calendar":
    case "cover-year":
    case "lifetime":
    case "stay":
    case "visit":
    case "day":
      return { name, kind: text }
  }
  const fixed = /^fixed (0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.exec(text)
  if (fixed !== null) return { name, kind: "fixed", month: Number(fixed[1]), day: Number(fixed[2]) }
  const rolling = /^rolling ([1-9]\d{0,4}) (months|days)$/.exec(text)
  if (rolling === null) return undefined
  return { name, kind: "rolling", count: Number(rolling[1]), unit: rolling[2] as "months" | "days" }
}
