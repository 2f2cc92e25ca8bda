/**
 * The outer syntax of an X12 file: interchanges, groups, transactions, segments. `node-x12` splits segments and compares
 * counts and control numbers; this file turns its findings into refusals with a place, and adds what it lets pass:
 * cut-off files, text between interchanges, masked samples. The only importer of `node-x12`, which needs Node.
 */
import x12 from "node-x12"
import { fromUtf8 } from "#crypto"
import { refuse } from "../../base/refusal.ts"

export interface X12Segment {
  readonly tag: string
  /** `elements[0]` is the first after the tag: SV102 is `elements[1]`. Read them with `element`. */
  readonly elements: readonly string[]
  /** Line in the file, from 1. */
  readonly line: number
}

export interface X12Transaction {
  /** `837`, `835`, … */
  readonly set: string
  readonly control: string
  /** Implementation guide: ST03, or GS08 where the transaction does not say. */
  readonly guide: string
  /** The first is ST, the last is SE. */
  readonly segments: readonly X12Segment[]
}

export interface X12Interchange {
  readonly control: string
  /** Separates the parts of a composite element: ISA16. */
  readonly component: string
  readonly transactions: readonly X12Transaction[]
}

/** SV102 is `element(segment, 2)`; an absent or empty element is the empty text. */
export function element(segment: X12Segment | undefined, number: number): string {
  return segment?.elements[number - 1]?.trim() ?? ""
}

/** Where something stands, in X12's own way of naming it: `SV102, line 34`. */
export function placeIn(segment: X12Segment, number?: number): string {
  const name = number === undefined ? segment.tag : segment.tag + String(number).padStart(2, "0")
  return `${name}, line ${segment.line}`
}

const fix = "Ask the sender for a corrected file."

/** All interchanges of a file. @throws Refused, which the readers turn into a returned refusal. */
export function readInterchanges(bytes: Uint8Array): readonly X12Interchange[] {
  const decoded = fromUtf8(bytes)
  if (decoded === undefined) refuse("x12-encoding", "Cannot read X12: it is not ASCII or UTF-8", "line 1", fix)
  const text = decoded.replace(/^\uFEFF/, "")
  const interchanges: X12Interchange[] = []
  let offset = skipSpace(text, 0)
  do {
    const separators = readSeparators(text, offset)
    const end = endOfInterchange(text, offset, separators)
    interchanges.push(readInterchange(text.slice(offset, end), lineOf(text, offset), separators))
    offset = skipSpace(text, end)
  } while (offset < text.length)
  return interchanges
}

function skipSpace(text: string, offset: number): number {
  let at = offset
  while (at < text.length && /\s/.test(text[at]!)) at++
  return at
}

function lineOf(text: string, offset: number): number {
  let line = 1
  for (let i = 0; i < offset; i++) if (text[i] === "\n") line++
  return line
}

interface Separators {
  readonly element: string
  readonly component: string
  readonly terminator: string
}

/** Offsets of the sixteen element separators in the fixed-width ISA segment. */
const isaSeparators = [3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103]

function readSeparators(text: string, offset: number): Separators {
  const place = `ISA, line ${lineOf(text, offset)}`
  if (!text.startsWith("ISA", offset)) {
    refuse("x12-no-isa", "Cannot read X12: no ISA segment where one has to begin", place, fix)
  }
  const isa = text.slice(offset, offset + 106)
  if (isa.length < 106) refuse("x12-truncated", "Cannot read X12: the file ends within ISA", place, fix)
  const separators = { element: isa[3]!, component: isa[104]!, terminator: isa[105]! }
  const { element: e, component: c, terminator: t } = separators
  const fixed = isaSeparators.every((at) => isa[at] === e)
  if (!fixed || new Set([e, c, t]).size !== 3 || /[A-Za-z0-9]/.test(e + c + t)) {
    refuse("x12-isa-layout", "Cannot read X12: ISA's elements are not of their fixed widths", place, fix)
  }
  return separators
}

/** The offset after IEA's terminator. Another ISA, or the end, before it means that the interchange is cut off. */
function endOfInterchange(text: string, offset: number, separators: Separators): number {
  let start = offset
  for (;;) {
    const end = text.indexOf(separators.terminator, start)
    const segment = (end < 0 ? text.slice(start) : text.slice(start, end)).trim()
    const isNext = start > offset && segment.startsWith(`ISA${separators.element}`)
    if (end < 0 || isNext) {
      const place = `line ${lineOf(text, start)}`
      refuse("x12-truncated", "Cannot read X12: the interchange ends without its IEA segment", place, fix)
    }
    if (segment.startsWith(`IEA${separators.element}`)) return end + 1
    start = end + 1
  }
}

/** Samples whose letters are X and digits 9 keep the shape of traffic, but their sums and numbers mean nothing. */
function refuseMasked(text: string, line: number, separators: Separators): void {
  const first = text.split(separators.terminator, 2)
  const version = first[0]?.split(separators.element)[12]
  const guide = first[1]?.split(separators.element)[8]
  if (version === "99999" || /^9{4,}X9+X9*$/.test(guide?.trim() ?? "")) {
    const what = "Cannot read X12: the file is masked (letters made X, digits made 9)"
    refuse("x12-masked", what, `ISA12, line ${line}`, "Send the original file.")
  }
}

/** The parser gives a segment without elements those of its neighbour, so none reaches it. */
function refuseShapeless(text: string, firstLine: number, separators: Separators): void {
  let line = firstLine
  for (const raw of text.split(separators.terminator).slice(0, -1)) {
    const segment = raw.trimStart()
    line += raw.length - raw.replaceAll("\n", "").length
    const tag = segment.slice(0, segment.indexOf(separators.element))
    if (!/^[A-Z][A-Z0-9]{1,2}$/.test(tag)) structure("a segment has no tag or no elements", `line ${line}`)
  }
}

function readInterchange(text: string, firstLine: number, separators: Separators): X12Interchange {
  refuseMasked(text, firstLine, separators)
  refuseShapeless(text, firstLine, separators)
  const parser = new x12.X12Parser(false)
  const parsed = parse(parser, text, firstLine)
  for (const found of parser.diagnostics) refuseDiagnostic(found, firstLine)
  const segmentOf = (segment: x12.X12Segment): X12Segment => ({
    tag: segment.tag,
    elements: segment.elements.map((one) => one.value),
    line: firstLine + (segment.range.start?.line ?? 0),
  })
  const transactions: X12Transaction[] = []
  for (const group of parsed.functionalGroups) {
    for (const transaction of group.transactions) {
      if (transaction.trailer === undefined) structure("a transaction has no SE segment", `line ${firstLine}`)
      const body = transaction.segments.map(segmentOf)
      const segments = [segmentOf(transaction.header), ...body, segmentOf(transaction.trailer)]
      const [header] = segments
      const guide = element(header, 3) === "" ? group.header.valueOf(8) : element(header, 3)
      transactions.push({ set: element(header, 1), control: element(header, 2), guide: guide ?? "", segments })
    }
    if (group.trailer === undefined) structure("a group has no GE segment", `line ${firstLine}`)
  }
  return { control: parsed.header.valueOf(13) ?? "", component: separators.component, transactions }
}

function structure(what: string, place: string): never {
  return refuse("x12-structure", `Cannot read X12: ${what}`, place, fix)
}

function parse(parser: x12.X12Parser, text: string, firstLine: number): x12.X12Interchange {
  try {
    return parser.parse(text) as x12.X12Interchange
  } catch {
    // Without strictness the parser throws only on segments that have no place: ST before GS, a segment without elements.
    return structure("its segments are not nested as X12 asks", `line ${firstLine}`)
  }
}

function refuseDiagnostic(found: x12.X12Parser["diagnostics"][number], firstLine: number): never {
  const line = firstLine + (found.range?.start?.line ?? 0)
  const named = /in (SE|GE|IEA)0([12]) \((\d*)\).*\((\d*)\)/.exec(found.message)
  if (named === null) return structure("its segments are not nested as X12 asks", `line ${line}`)
  const [, tag, number, said, counted] = named
  const place = `${tag}0${number}, line ${line}`
  if (number === "2") {
    const what = `Cannot read X12: the control number in ${tag}02 is not that of its header`
    return refuse("x12-control-number", what, place, fix)
  }
  return refuse("x12-count", `Cannot read X12: ${tag}01 says ${said}, there are ${counted}`, place, fix)
}
