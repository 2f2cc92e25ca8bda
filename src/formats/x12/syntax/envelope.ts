/** Writing X12: segments as text with their separators, one transaction inside its ISA, GS and ST envelopes. */
import { assert } from "../../../base/assert.ts"
import { formatDate } from "../../../base/time.ts"

/** Who sends to whom, when, under which numbers. */
export interface Envelope {
  /** Interchange ids, at most 15 characters of ISA's mutually defined qualifier ZZ. */
  readonly sender: string
  readonly receiver: string
  /** ISA05 and ISA07 where the ids are of another kind: 01, 30, … */
  readonly senderQualifier?: string
  readonly receiverQualifier?: string
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

/** What a group holds: ST01, GS01, and the guide of GS08 and ST03. */
export interface OutKind {
  readonly set: string
  readonly group: string
  readonly guide: string
}

/** Transactions whose ST names the guide. The 835 does not. */
const namesGuide: ReadonlySet<string> = new Set(["270", "271", "276", "277", "837", "999"])

/** The whole file: `~` ends a segment, `*` an element, `:` parts a composite; one segment a line. */
export function envelop(envelope: Envelope, kind: OutKind, body: readonly OutSegment[]): string {
  return envelopGroup(envelope, kind, [body])
}

/** The same with several transactions in one group, numbered from 0001. */
export function envelopGroup(envelope: Envelope, kind: OutKind, bodies: readonly (readonly OutSegment[])[]): string {
  const { sender, receiver, control } = envelope
  const { date, time } = stamp(envelope)
  const transactions = bodies.flatMap((body, index) => {
    const number = String(index + 1).padStart(4, "0")
    const st: OutSegment = ["ST", kind.set, number, ...(namesGuide.has(kind.set) ? [kind.guide] : [])]
    return [st, ...body, ["SE", String(body.length + 2), number] as OutSegment]
  })
  return envelopInterchange(envelope, "1", [
    ["GS", kind.group, sender, receiver, date, time, String(control), "X", kind.guide],
    ...transactions,
    ["GE", String(bodies.length), String(control)],
  ])
}

/** An interchange that holds TA1 segments and no group. */
export function envelopAnswers(envelope: Envelope, answers: readonly OutSegment[]): string {
  return envelopInterchange(envelope, "0", answers)
}

const two = (value: number) => String(value).padStart(2, "0")

function stamp({ day, minute }: Envelope): { readonly date: string; readonly time: string } {
  return { date: x12Date(day), time: two(Math.floor(minute / 60)) + two(minute % 60) }
}

function envelopInterchange(envelope: Envelope, groups: string, content: readonly OutSegment[]): string {
  const { sender, receiver, senderQualifier = "ZZ", receiverQualifier = "ZZ", control, isTest = false } = envelope
  assert(sender.length <= 15 && receiver.length <= 15, "interchange ids fit ISA's fixed width")
  assert(senderQualifier.length === 2 && receiverQualifier.length === 2, "qualifiers fit ISA's fixed width")
  assert(Number.isInteger(control) && control > 0 && control <= 999_999_999, "a control number has nine digits")
  const { date, time } = stamp(envelope)
  const number = String(control).padStart(9, "0")
  const isa = [
    ...["ISA", "00", " ".repeat(10), "00", " ".repeat(10)],
    ...[senderQualifier, sender.padEnd(15), receiverQualifier, receiver.padEnd(15)],
    ...[date.slice(2), time, "^", "00501", number, "0", isTest ? "T" : "P", ":"],
  ].join("*")
  const lines = [isa, ...content.map(segmentText), segmentText(["IEA", groups, number])]
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
