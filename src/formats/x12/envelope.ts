/** Writing X12: segments as text with their separators, one transaction inside its ISA, GS and ST envelopes. */
import { assert } from "../../base/assert.ts"
import { formatDate } from "../../base/time.ts"

/** Who sends to whom, when, under which numbers. */
export interface Envelope {
  /** Interchange ids, at most 15 characters of ISA's mutually defined qualifier ZZ. */
  readonly sender: string
  readonly receiver: string
  /** ISA13 and GS06: 1 to 999,999,999, never used twice by one sender. */
  readonly control: number
  /** Day number, and minutes since midnight. */
  readonly day: number
  readonly minute: number
  readonly isTest?: boolean
}

/** One segment: tag and elements; an element that is a list is a composite. */
export type OutSegment = readonly [tag: string, ...elements: readonly (string | readonly string[])[]]

/** `20260414`. */
export const x12Date = (day: number): string => formatDate(day).replaceAll("-", "")

/** Free text (a name) in X12's extended character set: accents go, separators and the rest become spaces. */
export function freeText(text: string, longest: number): string {
  const plain = text.normalize("NFD").replace(/[\u0300-\u036f]/g, "")
  return plain
    .replace(/[^ !"&'()+,\-./;?=%@[\]_{}<>$#A-Za-z0-9]/g, " ")
    .trim()
    .slice(0, longest)
}

function segmentText([tag, ...elements]: OutSegment): string {
  const texts = elements.map((element) => {
    const parts = typeof element === "string" ? [element] : element
    for (const part of parts) assert(/^[^*:^~\r\n]*$/.test(part), "an element holds no separator")
    return parts.join(":").replace(/:+$/, "")
  })
  while (texts.at(-1) === "") texts.pop()
  return [tag, ...texts].join("*")
}

/** The whole file: `~` ends a segment, `*` an element, `:` parts a composite; one segment a line. */
export function envelop(
  envelope: Envelope,
  kind: { set: string; group: string; guide: string },
  body: readonly OutSegment[],
): string {
  const { sender, receiver, control, day, minute, isTest = false } = envelope
  assert(sender.length <= 15 && receiver.length <= 15, "interchange ids fit ISA's fixed width")
  assert(Number.isInteger(control) && control > 0 && control <= 999_999_999, "a control number has nine digits")
  const date = x12Date(day)
  const two = (value: number) => String(value).padStart(2, "0")
  const time = two(Math.floor(minute / 60)) + two(minute % 60)
  const isa = [
    ...["ISA", "00", " ".repeat(10), "00", " ".repeat(10), "ZZ", sender.padEnd(15), "ZZ", receiver.padEnd(15)],
    ...[date.slice(2), time, "^", "00501", String(control).padStart(9, "0"), "0", isTest ? "T" : "P", ":"],
  ].join("*")
  const transaction = [["ST", kind.set, "0001", ...(kind.set === "837" ? [kind.guide] : [])] as OutSegment, ...body]
  const lines = [
    isa,
    segmentText(["GS", kind.group, sender, receiver, date, time, String(control), "X", kind.guide]),
    ...transaction.map(segmentText),
    segmentText(["SE", String(transaction.length + 1), "0001"]),
    segmentText(["GE", "1", String(control)]),
    segmentText(["IEA", "1", String(control).padStart(9, "0")]),
  ]
  return lines.map((line) => `${line}~\n`).join("")
}

/**
 * Qualifier of a procedure code: what an 837 said, HC for the form of a HCPCS Level II code, else ER (codes of a
 * jurisdiction), which is where a plan's own codes belong.
 */
export function codeQualifier(code: string, codeSystem: string | undefined): string {
  if (codeSystem !== undefined && /^(AD|ER|HC|HP|IV|N4|N6|NU|UI|WK)$/.test(codeSystem)) return codeSystem
  return /^[A-Z]\d{4}$/.test(code) ? "HC" : "ER"
}

/** Thousandths as X12's decimal: 2500 is `2.5`. */
export function x12Units(milli: number): string {
  const part = milli % 1000
  const whole = String(Math.floor(milli / 1000))
  return part === 0 ? whole : `${whole}.${String(part).padStart(3, "0").replace(/0+$/, "")}`
}
