/**
 * Deterministic CBOR (RFC 8949 section 4.2.1) of arrays, unsigned integers, byte strings and ASCII text: all that
 * payloads, state rows and digests use. Maps, tags, floats, simple values and negative numbers do not exist here.
 * `cborg` writes the same bytes and is the oracle in the tests.
 */
import { assert } from "./assert.ts"

export type Value = number | bigint | Uint8Array | string | readonly Value[]

/** The bytes are not the one canonical encoding of what was asked for. Caught at the border, shown as `bad-encoding`. */
export class EncodingError extends Error {
  override readonly name = "EncodingError"
}

const maxInteger = Number.MAX_SAFE_INTEGER

/** Reads one canonical item after another. Every method throws `EncodingError` and consumes nothing it did not check. */
export class Reader {
  readonly bytes: Uint8Array
  offset: number
  readonly end: number

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes
    this.offset = offset
    this.end = end
  }

  #head(major: number): number {
    if (this.offset >= this.end) throw new EncodingError("Cannot read CBOR: the bytes end too soon")
    const first = this.bytes[this.offset++]!
    if (first >> 5 !== major) throw new EncodingError("Cannot read CBOR: another type was expected")
    const info = first & 31
    if (info < 24) return info
    if (info > 27) throw new EncodingError("Cannot read CBOR: indefinite or reserved length")
    const width = 1 << (info - 24)
    if (this.offset + width > this.end) throw new EncodingError("Cannot read CBOR: the bytes end too soon")
    let value = 0
    for (let i = 0; i < width; i++) value = value * 256 + this.bytes[this.offset + i]!
    this.offset += width
    const least = width === 1 ? 24 : width === 2 ? 0x100 : width === 4 ? 0x10000 : 0x100000000
    if (value < least || value > maxInteger)
      throw new EncodingError("Cannot read CBOR: not the shortest form, or too large")
    return value
  }

  /** The major type of the next item, 0 to 7. */
  peek(): number {
    if (this.offset >= this.end) throw new EncodingError("Cannot read CBOR: the bytes end too soon")
    return this.bytes[this.offset]! >> 5
  }

  uint(): number {
    return this.#head(0)
  }

  /** A byte string, as a view of the same memory. With `length`, exactly that long. */
  byteString(length?: number): Uint8Array {
    const size = this.#head(2)
    if (length !== undefined && size !== length)
      throw new EncodingError("Cannot read CBOR: byte string of another length")
    if (this.offset + size > this.end) throw new EncodingError("Cannot read CBOR: the bytes end too soon")
    const value = this.bytes.subarray(this.offset, this.offset + size)
    this.offset += size
    return value
  }

  text(): string {
    const size = this.#head(3)
    if (this.offset + size > this.end) throw new EncodingError("Cannot read CBOR: the bytes end too soon")
    let value = ""
    for (let i = 0; i < size; i++) {
      const code = this.bytes[this.offset + i]!
      if (code > 126 || code < 32) throw new EncodingError("Cannot read CBOR: text that is not printable ASCII")
      value += String.fromCharCode(code)
    }
    this.offset += size
    return value
  }

  /** The number of items of an array. With `length`, exactly that many. */
  array(length?: number): number {
    const size = this.#head(4)
    if (length !== undefined && size !== length) throw new EncodingError("Cannot read CBOR: array of another length")
    if (size > this.end - this.offset) throw new EncodingError("Cannot read CBOR: the bytes end too soon")
    return size
  }

  value(depth = 0): Value {
    if (depth > 32) throw new EncodingError("Cannot read CBOR: nested too deep")
    switch (this.peek()) {
      case 0:
        return this.uint()
      case 2:
        return this.byteString()
      case 3:
        return this.text()
      case 4: {
        const length = this.array()
        const items: Value[] = []
        for (let i = 0; i < length; i++) items.push(this.value(depth + 1))
        return items
      }
      default:
        throw new EncodingError("Cannot read CBOR: a type that is not used here")
    }
  }

  done(): void {
    if (this.offset !== this.end) throw new EncodingError("Cannot read CBOR: bytes after the end")
  }
}

/** Buffers of finished writers, to be written over: most rows and payloads are short and many. */
const spare: Uint8Array[] = []
const spareBytes = 4096
const mostSpare = 8
const nothing = new Uint8Array(0)

/** Where `finishTogether` puts bytes side by side: an allocation of its own costs each more than its copy. */
const blockBytes = 1 << 16
let block = nothing
let blockUsed = 0

/** Writes canonical items into a buffer that grows. */
export class Writer {
  #bytes = spare.pop() ?? new Uint8Array(spareBytes)
  #length = 0

  #grow(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more))
    bytes.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = bytes
  }

  #head(major: number, value: number): void {
    this.#grow(9)
    const bytes = this.#bytes
    const top = major << 5
    if (value < 24) bytes[this.#length++] = top | value
    else if (value < 0x100) {
      bytes[this.#length++] = top | 24
      bytes[this.#length++] = value
    } else if (value < 0x10000) {
      bytes[this.#length++] = top | 25
      bytes[this.#length++] = value >> 8
      bytes[this.#length++] = value & 255
    } else {
      const wide = value >= 0x100000000
      bytes[this.#length++] = top | (wide ? 27 : 26)
      if (wide) this.#word(Math.floor(value / 0x100000000))
      this.#word(value >>> 0)
    }
  }

  #word(value: number): void {
    const bytes = this.#bytes
    bytes[this.#length++] = value >>> 24
    bytes[this.#length++] = (value >>> 16) & 255
    bytes[this.#length++] = (value >>> 8) & 255
    bytes[this.#length++] = value & 255
  }

  uint(value: number | bigint): void {
    const number = Number(value)
    assert(number >= 0 && number <= maxInteger && Number.isInteger(number), "an integer to encode is 0 to 2^53 - 1")
    this.#head(0, number)
  }

  byteString(value: Uint8Array): void {
    this.#head(2, value.length)
    this.raw(value)
  }

  text(value: string): void {
    this.#head(3, value.length)
    this.#grow(value.length)
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i)
      assert(code >= 32 && code <= 126, "text to encode is printable ASCII")
      this.#bytes[this.#length++] = code
    }
  }

  array(length: number): void {
    this.#head(4, length)
  }

  /** Bytes that are CBOR already. */
  raw(value: Uint8Array): void {
    this.#grow(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  value(value: Value): void {
    if (typeof value === "number" || typeof value === "bigint") this.uint(value)
    else if (typeof value === "string") this.text(value)
    else if (value instanceof Uint8Array) this.byteString(value)
    else {
      this.array(value.length)
      for (const item of value) this.value(item)
    }
  }

  /** A copy of what was written; the writer begins anew. */
  finish(): Uint8Array {
    const written = this.#bytes.slice(0, this.#length)
    this.#release()
    return written
  }

  /** As `finish`, in memory shared with others: for bytes that are soon forgotten, since one that is kept keeps all. */
  finishTogether(): Uint8Array {
    const length = this.#length
    if (length > blockBytes / 8) return this.finish()
    if (blockUsed + length > block.length) {
      block = new Uint8Array(blockBytes)
      blockUsed = 0
    }
    const written = block.subarray(blockUsed, blockUsed + length)
    written.set(this.#bytes.subarray(0, length))
    blockUsed += length
    this.#release()
    return written
  }

  /** Hands what was written to `read` as a view, which is not to be kept; the writer begins anew. */
  finishInto<T>(read: (written: Uint8Array) => T): T {
    const result = read(this.#bytes.subarray(0, this.#length))
    this.#release()
    return result
  }

  #release(): void {
    if (this.#bytes.length === spareBytes && spare.length < mostSpare) {
      spare.push(this.#bytes)
      this.#bytes = nothing
    }
    this.#length = 0
  }
}

export function encode(value: Value): Uint8Array {
  const writer = new Writer()
  writer.value(value)
  return writer.finish()
}

/** @throws EncodingError unless `bytes` are the canonical encoding of exactly one value. */
export function decode(bytes: Uint8Array): Value {
  const reader = new Reader(bytes)
  const value = reader.value()
  reader.done()
  return value
}
