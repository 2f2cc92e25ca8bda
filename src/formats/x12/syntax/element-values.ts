/**
 * Elements of X12 segments as values: amounts, units, days, and the refusal of an element that is none. One set for each
 * kind of file, since the refusal names what was being read.
 */
import { refuse } from "../../../base/refusal.ts"
import { dayNumber, daysInMonth } from "../../../base/time.ts"
import { scaledInteger } from "../../amount.ts"
import { element, placeIn, type X12Segment } from "./syntax.ts"

/** Amounts beyond this many minor units are refused: they are nobody's bill. */
const mostMinor = 10n ** 15n

/** `20260414` as a day number; undefined for a date that does not exist. */
export function dayOf(text: string): number | undefined {
  if (!/^\d{8}$/.test(text)) return undefined
  const all = Number(text)
  const [year, month, day] = [Math.floor(all / 10_000), Math.floor(all / 100) % 100, all % 100]
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  return dayNumber(year, month, day)
}

/** Reads the elements of one kind of file: `837`, `835`. Every function refuses what it cannot read. */
export class ElementValues {
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  bad(segment: X12Segment, number: number, what: string): never {
    return refuse(
      "x12-element",
      `Cannot read the ${this.#file}: ${what}`,
      placeIn(segment, number),
      "Correct the element.",
    )
  }

  /** The segment, or a refusal that names it. */
  need(segment: X12Segment | undefined, name: string, near: X12Segment): X12Segment {
    if (segment !== undefined) return segment
    const what = `Cannot read the ${this.#file}: the ${name} segment is missing`
    return refuse("x12-missing-segment", what, `after ${placeIn(near)}`, "Ask the sender for a corrected file.")
  }

  /** Minor units; may be negative. An empty element is undefined. */
  amount(segment: X12Segment, number: number): bigint | undefined {
    const text = element(segment, number)
    return text === "" ? undefined : this.amountOf(text, segment, number)
  }

  amountOf(text: string, segment: X12Segment, number: number): bigint {
    const amount = scaledInteger(text, 2)
    if (amount === undefined) this.bad(segment, number, "an amount is not a decimal of whole cents")
    if (amount > mostMinor || amount < -mostMinor) this.bad(segment, number, "an amount is out of range")
    return amount
  }

  /** Minor units of what is charged: present and not negative. */
  charge(segment: X12Segment, number: number): bigint {
    const amount = this.amountOf(element(segment, number), segment, number)
    if (amount < 0n) this.bad(segment, number, "a charge is negative")
    return amount
  }

  /** Thousandths; may be negative. An empty element is undefined. */
  quantity(segment: X12Segment, number: number): bigint | undefined {
    const text = element(segment, number)
    if (text === "") return undefined
    const quantity = scaledInteger(text, 3)
    if (quantity === undefined || quantity > mostMinor || quantity < -mostMinor) {
      this.bad(segment, number, "a quantity is not a number of thousandths")
    }
    return quantity
  }

  day(text: string, segment: X12Segment, number: number): number {
    const day = dayOf(text)
    if (day === undefined) this.bad(segment, number, "a date does not exist")
    return day
  }

  /** One day, or two with a hyphen between. */
  range(text: string, segment: X12Segment, number: number): { from: number; to: number } {
    const [start = "", end = start] = text.split("-")
    const from = this.day(start, segment, number)
    const to = end === start ? from : this.day(end, segment, number)
    if (to < from) this.bad(segment, number, "a period ends before it starts")
    return { from, to }
  }
}
