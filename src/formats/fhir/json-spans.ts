/**
 * A strict JSON scanner (RFC 8259) that remembers where everything stood. FHIR resources are kept and signed byte for
 * byte as received, so a reader needs the exact byte range of each one, and numbers as their text: parsing and writing
 * JSON again would change decimals. Duplicate keys, lone surrogates and deep nesting are refused, since two readers
 * could understand them in two ways.
 */
import { fromUtf8 } from "#crypto"
import { refuse } from "../../base/refusal.ts"
import { type Answer, answer } from "../answer.ts"

/** A value and its byte range: `bytes.subarray(start, end)` is the value as received. */
export type JsonSpan = { readonly start: number; readonly end: number } & (
  | { readonly kind: "object"; readonly members: ReadonlyMap<string, JsonSpan> }
  | { readonly kind: "array"; readonly items: readonly JsonSpan[] }
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "null" }
)

export const maxJsonDepth = 64
export const maxJsonBytes = 64 * 1024 * 1024

/** The one JSON value that `bytes` hold, with the place of each part. A leading byte order mark is skipped. */
export function readJson(bytes: Uint8Array): Answer<JsonSpan> {
  return answer(() => {
    if (bytes.length > maxJsonBytes) {
      refuse("json-too-large", `Cannot read JSON: it is over ${maxJsonBytes} bytes`, "byte 0", "Split the file.")
    }
    const fault = utf8Fault(bytes)
    if (fault !== undefined) {
      refuse("json-not-utf8", "Cannot read JSON: it is not UTF-8", placeOf(bytes, fault), "Send the file as UTF-8.")
    }
    const scanner = new Scanner(bytes)
    return scanner.document()
  })
}

/** `byte 41, line 3, column 7`; line and column count from 1, columns in bytes. */
export function placeOf(bytes: Uint8Array, offset: number): string {
  let line = 1
  let lineStart = 0
  for (let i = 0; i < offset && i < bytes.length; i++) {
    if (bytes[i] === 0x0a) {
      line++
      lineStart = i + 1
    }
  }
  return `byte ${offset}, line ${line}, column ${offset - lineStart + 1}`
}

/** Offset of the first byte that is not well-formed UTF-8 (Unicode table 3-7); undefined when all is. */
function utf8Fault(bytes: Uint8Array): number | undefined {
  let i = 0
  while (i < bytes.length) {
    const first = bytes[i]!
    if (first < 0x80) {
      i++
      continue
    }
    const length = first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : first <= 0xf4 ? 4 : 0
    if (length === 0 || first < 0xc2 || i + length > bytes.length) return i
    const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
    const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
    if (bytes[i + 1]! < least || bytes[i + 1]! > most) return i
    for (let k = 2; k < length; k++) if (bytes[i + k]! >> 6 !== 2) return i
    i += length
  }
  return undefined
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
}

class Scanner {
  readonly bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  }

  document(): JsonSpan {
    this.space()
    const value = this.value(0)
    this.space()
    if (this.at < this.bytes.length) this.bad("something follows the end of the value")
    return value
  }

  bad(what: string, at = this.at): never {
    refuse("json-syntax", `Cannot read JSON: ${what}`, placeOf(this.bytes, at), "Correct the file and send it again.")
  }

  cutOff(): never {
    const place = placeOf(this.bytes, this.bytes.length)
    refuse("json-cut-off", "Cannot read JSON: the file ends too soon", place, "Fetch the whole file and send it again.")
  }

  space(): void {
    for (;;) {
      const byte = this.bytes[this.at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return
      this.at++
    }
  }

  /** The byte here, which has to be there. */
  peek(): number {
    if (this.at >= this.bytes.length) this.cutOff()
    return this.bytes[this.at]!
  }

  value(depth: number): JsonSpan {
    if (depth > maxJsonDepth) {
      const place = placeOf(this.bytes, this.at)
      refuse("json-too-deep", `Cannot read JSON: nested over ${maxJsonDepth} deep`, place, "Flatten the file.")
    }
    const start = this.at
    const byte = this.peek()
    if (byte === 0x7b) return { kind: "object", members: this.members(depth), start, end: this.at }
    if (byte === 0x5b) return { kind: "array", items: this.items(depth), start, end: this.at }
    if (byte === 0x22) return { kind: "string", text: this.string(), start, end: this.at }
    if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) {
      return { kind: "number", text: this.number(), start, end: this.at }
    }
    if (byte === 0x74) return { kind: "boolean", value: this.word("true", true), start, end: this.at }
    if (byte === 0x66) return { kind: "boolean", value: this.word("false", false), start, end: this.at }
    if (byte === 0x6e) {
      this.word("null", undefined)
      return { kind: "null", start, end: this.at }
    }
    return this.bad("no value begins here")
  }

  word<T>(word: string, value: T): T {
    for (let i = 0; i < word.length; i++) {
      if (this.peek() !== word.charCodeAt(i)) this.bad(`the word here is not ${word}`)
      this.at++
    }
    return value
  }

  members(depth: number): ReadonlyMap<string, JsonSpan> {
    const members = new Map<string, JsonSpan>()
    this.at++
    this.space()
    if (this.peek() === 0x7d) {
      this.at++
      return members
    }
    for (;;) {
      const place = this.at
      if (this.peek() !== 0x22) this.bad("a member's name is not a string")
      const key = this.string()
      if (members.has(key)) {
        const where = placeOf(this.bytes, place)
        refuse("json-duplicate-key", "Cannot read JSON: one object names a member twice", where, "Keep one of the two.")
      }
      this.space()
      if (this.peek() !== 0x3a) this.bad("a colon is missing after a member's name")
      this.at++
      this.space()
      members.set(key, this.value(depth + 1))
      if (this.endsList(0x7d)) return members
    }
  }

  items(depth: number): readonly JsonSpan[] {
    const items: JsonSpan[] = []
    this.at++
    this.space()
    if (this.peek() === 0x5d) {
      this.at++
      return items
    }
    for (;;) {
      items.push(this.value(depth + 1))
      if (this.endsList(0x5d)) return items
    }
  }

  /** After an item: true at the closing bracket, false after a comma. */
  endsList(close: number): boolean {
    this.space()
    const byte = this.peek()
    if (byte !== close && byte !== 0x2c) this.bad("a comma or a closing bracket is missing")
    this.at++
    this.space()
    return byte === close
  }

  number(): string {
    const start = this.at
    if (this.bytes[this.at] === 0x2d) this.at++
    if (this.peek() === 0x30) this.at++
    else this.digits()
    if (this.bytes[this.at] === 0x2e) {
      this.at++
      this.digits()
    }
    if (this.bytes[this.at] === 0x65 || this.bytes[this.at] === 0x45) {
      this.at++
      if (this.bytes[this.at] === 0x2b || this.bytes[this.at] === 0x2d) this.at++
      this.digits()
    }
    return ascii(this.bytes, start, this.at)
  }

  digits(): void {
    const start = this.at
    while (this.bytes[this.at]! >= 0x30 && this.bytes[this.at]! <= 0x39) this.at++
    if (this.at === start) {
      this.peek()
      this.bad("a number lacks a digit")
    }
  }

  string(): string {
    this.at++
    let text = ""
    let plain = this.at
    for (;;) {
      const byte = this.peek()
      if (byte < 0x20) this.bad("a string holds a control character")
      if (byte !== 0x22 && byte !== 0x5c) {
        this.at++
        continue
      }
      text += textOf(this.bytes, plain, this.at)
      this.at++
      if (byte === 0x22) return text
      text += this.escape()
      plain = this.at
    }
  }

  escape(): string {
    const start = this.at - 1
    const letter = String.fromCharCode(this.peek())
    this.at++
    const simple = escapes[letter]
    if (simple !== undefined) return simple
    if (letter !== "u") this.bad("an escape is not one of JSON's", start)
    const unit = this.hex4()
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit)
    // Half a character has no UTF-8 form: readers disagree on it, so it is refused.
    if (unit > 0xdbff || this.bytes[this.at] !== 0x5c || this.bytes[this.at + 1] !== 0x75) {
      this.bad("an escape is half a character", start)
    }
    this.at += 2
    const low = this.hex4()
    if (low < 0xdc00 || low > 0xdfff) this.bad("an escape is half a character", start)
    return String.fromCharCode(unit, low)
  }

  hex4(): number {
    let value = 0
    for (let i = 0; i < 4; i++) {
      const digit = "0123456789abcdef".indexOf(String.fromCharCode(this.peek()).toLowerCase())
      if (digit < 0) this.bad("an escape lacks a hex digit")
      value = value * 16 + digit
      this.at++
    }
    return value
  }
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  let text = ""
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!)
  return text
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  // The whole file is known to be UTF-8. Short strings are mostly ASCII, where a loop beats the decoder's set-up.
  if (end - start > 20) return fromUtf8(bytes.subarray(start, end))!
  for (let i = start; i < end; i++) if (bytes[i]! >= 0x80) return fromUtf8(bytes.subarray(start, end))!
  return ascii(bytes, start, end)
}
