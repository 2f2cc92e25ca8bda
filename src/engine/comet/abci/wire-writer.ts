/**
 * Writes proto3 into one growing buffer. `base/chain/wire.ts` makes an array a field, which suits the few small messages
 * that are hashed; an answer to FinalizeBlock has tens of thousands of fields.
 */
import { wireBytes, wireVarint } from "./wire-reader.ts"

const utf8 = new TextEncoder()

export class WireWriter {
  #bytes = new Uint8Array(256)
  #at = 0

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at)
  }

  /** A whole number within ±(2^53 - 1); a negative one as its 64-bit two's complement. Zero is written too. */
  varintField(field: number, value: number): void {
    this.#room(20)
    this.#varint(field * 8 + wireVarint)
    this.#varint(value)
  }

  /** Empty bytes are written too. */
  bytesField(field: number, value: Uint8Array): void {
    this.#room(20 + value.length)
    this.#varint(field * 8 + wireBytes)
    this.#varint(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  textField(field: number, value: string): void {
    this.bytesField(field, utf8.encode(value))
  }

  /** An embedded message, whatever `write` writes. */
  messageField(field: number, write: () => void): void {
    this.#room(20)
    this.#varint(field * 8 + wireBytes)
    const start = ++this.#at
    write()
    const length = this.#at - start
    const digits = lengthDigits(length)
    this.#room(digits)
    // One byte was left for the length; a longer message makes way for more.
    if (digits > 1) this.#bytes.copyWithin(start + digits - 1, start, this.#at)
    this.#at = start - 1
    this.#varint(length)
    this.#at += length
  }

  /** `uint32` numbers in one field. */
  packedField(field: number, values: readonly number[]): void {
    this.messageField(field, () => {
      for (const value of values) {
        this.#room(10)
        this.#varint(value)
      }
    })
  }

  #room(length: number): void {
    if (this.#at + length <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + length))
    grown.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = grown
  }

  #varint(value: number): void {
    // Two halves of 32 bits; rounding down makes them the two's complement of a negative number.
    let high = Math.floor(value / 2 ** 32)
    let low = value - high * 2 ** 32
    high >>>= 0
    while (high > 0 || low >= 128) {
      this.#bytes[this.#at++] = (low & 127) | 128
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    this.#bytes[this.#at++] = low
  }
}

function lengthDigits(length: number): number {
  let digits = 1
  for (let rest = length; rest >= 128; rest = Math.floor(rest / 128)) digits++
  return digits
}
