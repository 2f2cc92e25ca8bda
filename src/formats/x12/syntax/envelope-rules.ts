/** What the elements of ISA and GS may hold, with the code by which a TA1 or 999 says that they do not. */
import { parseDate } from "../../../base/time.ts"
import { correctedFile, type FindingLevel, type X12Finding } from "./finding.ts"
import { element, elementName, type X12Segment } from "./segment.ts"

/** CCYYMMDD or YYMMDD (of this century or the last) of a day that exists. */
export function isDateText(text: string): boolean {
  if (!/^(\d{8}|\d{6})$/.test(text)) return false
  const whole = text.length === 8 ? text : `20${text}`
  const last = text.length === 8 ? undefined : `19${text}`
  const exists = (day: string) => parseDate(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`) !== undefined
  return exists(whole) || (last !== undefined && exists(last))
}

/** HHMM, HHMMSS, and tenths or hundredths of a second. */
export function isTimeText(text: string): boolean {
  return /^([01]\d|2[0-3])[0-5]\d([0-5]\d(\d{1,2})?)?$/.test(text)
}

/** Whether ISA05 or ISA07 may hold it. */
export function isPartyQualifier(text: string): boolean {
  return parties.test(text)
}

interface HeaderRule {
  readonly element: number
  readonly answer: string
  /** `ISA15 is neither T nor P`: what follows the element's name. */
  readonly says: string
  readonly isNote?: boolean
  holds(text: string): boolean
}

const parties = /^(01|02|03|04|07|08|09|1\d|20|27|28|29|3\d|A[MS]|HN|N[RS]|SA|SN|ZZ)$/
const interchangeRules: readonly HeaderRule[] = [
  { element: 1, answer: "010", says: "is no authorization qualifier", holds: (text) => /^0[0-6]$/.test(text) },
  { element: 3, answer: "012", says: "is no security qualifier", holds: (text) => /^0[01]$/.test(text) },
  { element: 5, answer: "005", says: "is no qualifier of a sender", holds: isPartyQualifier },
  { element: 6, answer: "006", says: "is empty", holds: (text) => text !== "" },
  { element: 7, answer: "007", says: "is no qualifier of a receiver", holds: isPartyQualifier },
  { element: 8, answer: "008", says: "is empty", holds: (text) => text !== "" },
  { element: 9, answer: "014", says: "is a date that does not exist", holds: (text) => isDateText(text) },
  { element: 10, answer: "015", says: "is a time that does not exist", holds: (text) => isTimeText(text) },
  { element: 12, answer: "017", says: "names no version of X12", holds: (text) => /^00\d{3}$/.test(text) },
  { element: 13, answer: "018", says: "is not nine digits", holds: (text) => /^\d{9}$/.test(text) },
  { element: 14, answer: "019", says: "is neither 0 nor 1", holds: (text) => /^[01]$/.test(text) },
  { element: 15, answer: "020", says: "is neither P nor T", holds: (text) => /^[IPT]$/.test(text) },
]

/** A group that cannot be named cannot be answered by a 999, so TA1 says it of the interchange. */
const groupRules: readonly HeaderRule[] = [
  { element: 1, answer: "024", says: "is no functional code", holds: (text) => /^[A-Z]{2}$/.test(text) },
  { element: 4, answer: "024", says: "is a date that does not exist", isNote: true, holds: (text) => isDateText(text) },
  { element: 5, answer: "024", says: "is a time that does not exist", isNote: true, holds: (text) => isTimeText(text) },
  { element: 6, answer: "024", says: "is no number of one to nine digits", holds: (text) => /^\d{1,9}$/.test(text) },
  { element: 8, answer: "024", says: "names no guide", holds: (text) => /^[A-Z0-9]{1,12}$/.test(text) },
]

const answerRules: readonly HeaderRule[] = [
  { element: 1, answer: "024", says: "is not nine digits", isNote: true, holds: (text) => /^\d{9}$/.test(text) },
  { element: 2, answer: "024", says: "is no date of six digits", isNote: true, holds: (text) => text.length === 6 },
  { element: 4, answer: "024", says: "is neither A, E nor R", holds: (text) => /^[AER]$/.test(text) },
  { element: 5, answer: "024", says: "is no code", isNote: true, holds: (text) => /^\d{3}$/.test(text) },
]

const maskedMessage = "the file is masked (letters made X, digits made 9)"

function broken(segment: X12Segment, rule: HeaderRule, level: FindingLevel): X12Finding {
  return {
    code: "x12-envelope-element",
    level,
    isRefused: rule.isNote !== true,
    message: `${elementName(segment.tag, rule.element)} ${rule.says}`,
    segment: segment.tag,
    element: rule.element,
    line: segment.line,
    answer: rule.answer,
    remedy: correctedFile,
  }
}

function masked(segment: X12Segment, number: number, level: FindingLevel, answer: string): X12Finding {
  const remedy = "Send the original file."
  const place = { segment: segment.tag, element: number, line: segment.line }
  return { code: "x12-masked", level, isRefused: true, message: maskedMessage, ...place, answer, remedy }
}

/** Samples whose letters are X and digits 9 keep the shape of traffic, but their sums and numbers mean nothing. */
export function checkInterchangeHeader(isa: X12Segment): readonly X12Finding[] {
  if (element(isa, 12) === "99999") return [masked(isa, 12, "interchange", "017")]
  const failed = interchangeRules.filter((rule) => !rule.holds(element(isa, rule.element)))
  return failed.map((rule) => broken(isa, rule, "interchange"))
}

export function checkGroupHeader(gs: X12Segment): readonly X12Finding[] {
  if (/^9{4,}X9+X9*$/.test(element(gs, 8))) return [masked(gs, 8, "group", "2")]
  const failed = groupRules.filter((rule) => !rule.holds(element(gs, rule.element)))
  return failed.map((rule) => broken(gs, rule, "interchange"))
}

export function checkAnswer(ta1: X12Segment): readonly X12Finding[] {
  const failed = answerRules.filter((rule) => !rule.holds(element(ta1, rule.element)))
  return failed.map((rule) => broken(ta1, rule, "interchange"))
}

/** GS01 by ST01. */
export const functionalCodes: Readonly<Record<string, string>> = {
  "270": "HS",
  "271": "HB",
  "275": "PI",
  "276": "HR",
  "277": "HN",
  "278": "HI",
  "820": "RA",
  "834": "BE",
  "835": "HP",
  "837": "HC",
  "997": "FA",
  "999": "FA",
}
