/**
 * Bytes to segments, in pieces of any size: finds each ISA, takes its separators, and hands over every segment up to IEA.
 * Holds at most one unfinished segment and a window of the file. What does not belong to an interchange (text before
 * ISA, a torn ISA, the rest of a cut-off one) is told and skipped up to the next ISA, so one defect hides nothing else.
 */
import { fromUtf8, toUtf8 } from "#crypto"
import { concat } from "../../../base/bytes.ts"
import { correctedFile, type X12Finding } from "./finding.ts"
import type { Separators, X12Segment } from "./segment.ts"

export interface SplitterEvents {
  /** An ISA segment of the right layout. */
  begin(isa: X12Segment, separators: Separators): void
  /** What follows it, IEA being the last. `isText` is false when it is no UTF-8: U+FFFD stands for what is not. */
  segment(segment: X12Segment, isText: boolean): void
  /** The file, or the next ISA, came before IEA. `line` is where. */
  cut(line: number): void
  /** Something is not of an interchange, or `isa` (when its elements can be told apart) begins one that cannot be read. */
  stray(finding: X12Finding, isa?: X12Segment): void
}

/** Longer segments are refused; the longest element X12 knows that is no attachment has 264 characters. */
export const longestSegment = 1 << 20
const window = 1 << 14
const slice = 1 << 16

/** Offsets of the sixteen element separators in the fixed-width ISA segment. */
const isaSeparators = [3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103]
const isaLength = 106
/** Of segments that are shorter, none holds an ISA. */
const shortestIsa = 60
/** TA105 for an ISA element of the wrong width, by element. */
const isaAnswers = "010 011 012 013 005 006 007 008 014 015 016 017 018 019 020 027".split(" ")
const [letterI, letterS, letterA] = [0x49, 0x53, 0x41]

const isSpace = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0x00 || byte === 0x1a
const isAlphanumeric = (byte: number) =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
const latin1 = (bytes: Uint8Array) => {
  let text = ""
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

function hasIsaLayout(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== letterI || bytes[at + 1] !== letterS || bytes[at + 2] !== letterA) return false
  const [separator, component, terminator] = [bytes[at + 3]!, bytes[at + 104]!, bytes[at + 105]!]
  if (!isaSeparators.every((offset) => bytes[at + offset] === separator)) return false
  if (new Set([separator, component, terminator]).size !== 3) return false
  return [separator, component, terminator].every((byte) => byte < 0x80 && !isAlphanumeric(byte))
}

export class SegmentSplitter {
  readonly #events: SplitterEvents
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  #line = 1
  #isFirst = true
  /** Bytes from `#at` on that are known to hold no terminator. */
  #searched = 0
  #separators: Separators | undefined
  /** Told of the text that is being skipped, so that it is told once. */
  #isSkipping = false

  constructor(events: SplitterEvents) {
    this.#events = events
  }

  push(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length; from += slice) {
      const part = chunk.subarray(from, from + slice)
      const rest = this.#bytes.subarray(this.#at)
      this.#bytes = rest.length === 0 ? part : concat(rest, part)
      this.#at = 0
      this.#drain(false)
    }
    // The caller may use its chunk again.
    this.#bytes = this.#bytes.slice(this.#at)
    this.#at = 0
  }

  end(): void {
    this.#drain(true)
    while (this.#separators !== undefined) {
      // An interchange with another terminator may stand in what looks like one endless segment.
      this.#cut()
      this.#drain(true)
    }
  }

  #drain(isLast: boolean): void {
    while (this.#separators === undefined ? this.#seek(isLast) : this.#read(this.#separators)) {
      // Each call moves on by at least a byte.
    }
  }

  #skip(to: number): void {
    for (let i = this.#at; i < to; i++) if (this.#bytes[i] === 0x0a) this.#line++
    this.#at = to
    this.#searched = 0
  }

  /** Moves to the next ISA and opens it. False when more bytes are needed. */
  #seek(isLast: boolean): boolean {
    const bytes = this.#bytes
    if (this.#isFirst && bytes.length - this.#at < 3 && !isLast) return false
    if (this.#isFirst && bytes[this.#at] === 0xef && bytes[this.#at + 1] === 0xbb) this.#at += 3
    this.#isFirst = false
    let start = this.#at
    while (start < bytes.length && isSpace(bytes[start]!)) start++
    this.#skip(start)
    if (start === bytes.length) return false
    const isWhole = bytes.length - start >= isaLength
    if (!isWhole && !isLast) return false
    if (isWhole && hasIsaLayout(bytes, start)) return this.#open(start)
    if (!this.#isSkipping) this.#tell(start, isWhole)
    this.#isSkipping = true
    let next = bytes.indexOf(letterI, start + 1)
    while (next >= 0 && !(bytes[next + 1] === letterS && bytes[next + 2] === letterA)) {
      if (next + 2 >= bytes.length) break
      next = bytes.indexOf(letterI, next + 1)
    }
    this.#skip(next < 0 ? bytes.length : next)
    return next >= 0
  }

  #open(start: number): boolean {
    const text = latin1(this.#bytes.subarray(start, start + isaLength))
    const repetition = text[82]!
    const separators: Separators = {
      element: text[3]!,
      component: text[104]!,
      repetition: /[A-Za-z0-9 ]/.test(repetition) ? undefined : repetition,
      terminator: text[105]!,
    }
    const elements = text.slice(4, 105).split(separators.element)
    this.#events.begin({ tag: "ISA", elements, line: this.#line }, separators)
    this.#separators = separators
    this.#isSkipping = false
    this.#skip(start + isaLength)
    return true
  }

  /** Says what stands where an ISA has to. */
  #tell(start: number, isWhole: boolean): void {
    const text = latin1(this.#bytes.subarray(start, start + 200))
    const base = { level: "interchange", isRefused: true, segment: "ISA", line: this.#line } as const
    if (/^ISA[^A-Za-z0-9]/.test(text)) {
      if (isWhole) this.#tellLayout(text)
      else {
        const message = "the file ends within ISA"
        this.#events.stray({ ...base, code: "x12-truncated", message, answer: "023", remedy: correctedFile })
      }
      return
    }
    const isLower = /^isa[^A-Za-z0-9]/.test(text)
    const what = isLower ? "ISA is written in lower case" : "no ISA segment stands where one has to begin"
    const remedy = isLower
      ? correctedFile
      : "Check that it is an X12 file, which begins with ISA, and not a PDF, a table or a zip."
    this.#events.stray({ ...base, code: "x12-no-isa", message: what, answer: "022", remedy })
  }

  #tellLayout(text: string): void {
    const elements = text.slice(4).split(text[3]!, 16)
    const widths = isaSeparators.map((offset, i) => (isaSeparators[i + 1] ?? 105) - offset - 1)
    const wrong = widths.findIndex((width, i) =>
      i === 15 ? (elements[i] ?? "") === "" : elements[i]?.length !== width,
    )
    const number = wrong < 0 ? 16 : wrong + 1
    const found = elements[number - 1]
    const have = found === undefined ? "is missing" : `has ${found.length} characters`
    const message =
      number === 16
        ? "ISA16 or the segment terminator is no separator"
        : `ISA${String(number).padStart(2, "0")} ${have}`
    const finding: X12Finding = {
      code: "x12-isa-layout",
      level: "interchange",
      isRefused: true,
      message: number === 16 ? message : `${message} instead of ${widths[wrong]}`,
      segment: "ISA",
      element: number,
      line: this.#line,
      answer: isaAnswers[number - 1]!,
      remedy: "Ask the sender for a file whose ISA elements have their fixed widths.",
    }
    this.#events.stray(finding, elements.length === 16 ? { tag: "ISA", elements, line: this.#line } : undefined)
  }

  /** Hands over the whole segments of the next window. False when more bytes are needed. */
  #read(separators: Separators): boolean {
    const terminator = separators.terminator.charCodeAt(0)
    const bytes = this.#bytes
    let stop = bytes.subarray(this.#at, this.#at + window).lastIndexOf(terminator)
    if (stop < 0) stop = bytes.indexOf(terminator, this.#at + this.#searched) - this.#at
    if (stop < 0 || stop > longestSegment) {
      this.#searched = bytes.length - this.#at
      if (this.#searched <= longestSegment) return false
      this.#cut()
      return true
    }
    const whole = bytes.subarray(this.#at, this.#at + stop + 1)
    const text = fromUtf8(whole)
    // Latin-1 keeps every offset; each segment is then decoded by itself.
    const used = this.#split(text ?? latin1(whole), separators, text === undefined)
    this.#at += text === undefined || text.length === whole.length ? used : toUtf8(text.slice(0, used)).length
    this.#searched = 0
    return true
  }

  /** Ends an interchange without its IEA; what is left of its last segment is passed over. */
  #cut(): void {
    this.#events.cut(this.#line)
    this.#separators = undefined
    this.#isSkipping = true
  }

  /** Segments of `text` up to IEA, to the next ISA, or to its end. Answers how much of it is used. */
  #split(text: string, separators: Separators, isBroken: boolean): number {
    let from = 0
    for (let to = text.indexOf(separators.terminator); to >= 0; to = text.indexOf(separators.terminator, from)) {
      let start = from
      for (; start < to; start++) {
        const code = text.charCodeAt(start)
        if (code === 10) this.#line++
        else if (code !== 32 && code !== 13 && code !== 9) break
      }
      const isa = to - start < shortestIsa ? -1 : isaWithin(text, start, to)
      if (isa >= 0) return this.#closeAt(isa)
      if (start < to || separators.terminator.charCodeAt(0) > 13) this.#give(text, start, to, separators, isBroken)
      if (separators.terminator === "\n") this.#line++
      from = to + 1
      if (this.#separators === undefined) return from
    }
    return from
  }

  #closeAt(isa: number): number {
    this.#events.cut(this.#line)
    this.#separators = undefined
    return isa
  }

  #give(text: string, start: number, to: number, separators: Separators, isBroken: boolean): void {
    let end = to
    while (end > start && /\s/.test(text[end - 1]!) && text[end - 1] !== separators.element) end--
    let raw = text.slice(start, end)
    const decoded = isBroken ? decodeLatin1(raw) : raw
    raw = decoded ?? raw.replace(/[\u0080-\u00ff]/g, "\ufffd")
    const elements = raw.split(separators.element)
    const tag = elements.shift()!
    const line = this.#line
    for (let i = raw.indexOf("\n"); i >= 0; i = raw.indexOf("\n", i + 1)) this.#line++
    for (let i = end; i < to; i++) if (text.charCodeAt(i) === 10) this.#line++
    if (tag === "IEA") {
      this.#separators = undefined
      this.#isSkipping = false
    }
    this.#events.segment({ tag, elements, line }, decoded !== undefined)
  }
}

/** The text whose UTF-8 bytes these characters are; undefined when they are none. */
function decodeLatin1(raw: string): string | undefined {
  const bytes = new Uint8Array(raw.length)
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i)
  return fromUtf8(bytes)
}

/**
 * Where, in a long segment, another interchange begins; -1 where none does. It does where an ISA has its layout, and where
 * one stands at the beginning of a line or of the segment, whatever its layout.
 */
function isaWithin(text: string, start: number, to: number): number {
  const raw = text.slice(start, to)
  for (let i = raw.indexOf("ISA"); i >= 0; i = raw.indexOf("ISA", i + 1)) {
    const at = start + i
    const separator = text[at + 3] ?? "A"
    if (/[A-Za-z0-9]/.test(separator)) continue
    if (at === start || text[at - 1] === "\n") return at
    if (isaSeparators.every((offset) => text[at + offset] === separator)) return at
  }
  return -1
}
