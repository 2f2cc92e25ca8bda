/**
 * Calendar arithmetic on the proleptic Gregorian calendar in UTC, on integers alone. A *day number* counts days
 * since 1970-01-01, an *hour* whole hours since then, a *month* is year × 12 + month − 1.
 */

/** Day number of a civil date (Howard Hinnant's days_from_civil). */
export function dayNumber(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146097 + dayOfEra - 719468
}

export interface CivilDate {
  readonly year: number
  readonly month: number
  readonly day: number
}

export function civilDate(dayNumberSince1970: number): CivilDate {
  const z = dayNumberSince1970 + 719468
  const era = Math.floor(z / 146097)
  const dayOfEra = z - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const mp = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * mp + 2) / 5) + 1
  const month = mp < 10 ? mp + 3 : mp - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

export function daysInMonth(year: number, month: number): number {
  return dayNumber(month === 12 ? year + 1 : year, month === 12 ? 1 : month + 1, 1) - dayNumber(year, month, 1)
}

/** `2026-04-14` as a day number; undefined for a date that does not exist. */
export function parseDate(text: string): number | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (match === null) return undefined
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  return dayNumber(year, month, day)
}

const pad = (value: number, width = 2) => String(value).padStart(width, "0")

export function formatDate(day: number): string {
  const date = civilDate(day)
  return `${pad(date.year, 4)}-${pad(date.month)}-${pad(date.day)}`
}

export function monthOfDay(day: number): number {
  const date = civilDate(day)
  return date.year * 12 + date.month - 1
}

/** The first hour of a month given as year × 12 + month − 1. */
export function firstHourOfMonth(month: number): number {
  return dayNumber(Math.floor(month / 12), (month % 12) + 1, 1) * 24
}

export function monthOfHour(hour: number): number {
  return monthOfDay(Math.floor(hour / 24))
}

/** Whether an hour is the first of some month: the only hours at which vouchers and statements expire. */
export function isFirstHourOfMonth(hour: number): boolean {
  return hour % 24 === 0 && civilDate(hour / 24).day === 1
}
