/**
 * Reads proto3. Stricter than the standard asks: groups are refused as well as field number 0. Byte strings come out as copies, so that what is kept never holds a whole block.
 */
import { AbciFault } from "./abci-fault.ts"

export const wireVarint = 0
export const wireFixed64 = 1
export const wireBytes = 2
export const wireFixed32 = 5

/**
 * Replaces what is not UTF-8 instead of throwing: some texts come from strangers (a query's path), and an exception
 * would stop the node.
 */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })

export class WireReader {
  readonly #bytes: Uint8Array
  /** Where the message that is being read ends. */
  #end: number
  #at = 0
  #low = 0
  #high = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#end = bytes.length
  }

  /** Whether the message that is being read has ended. */
  get done(): boolean {
    return this.#at === this.#end
  }

  /** A field's number times eight plus its wire type. */
  tag(): number {
    this.#readVarint()
    const tag = this.#low
    if (this.#high !== 0 || tag < 8) throw new AbciFault("a field has no valid number")
    return tag
  }

  /** An `int64` or `int32`. Exact within ±(2^53 - 1); beyond, only its being beyond is. */
  signed(): number {
    this.#readVarint()
    return (this.#high | 0) * 2 ** 32 + this.#low
  }

  /** A `uint64` or `uint32`, exact as `signed`. */
  unsigned(): number {
    this.#readVarint()
    return this.#high * 2 ** 32 + this.#low
  }

  bool(): boolean {
    this.#readVarint()
    return this.#low !== 0 || this.#high !== 0
  }

  /** A copy. */
  bytes(): Uint8Array {
    const length = this.#length()
    this.#at += length
    return this.#bytes.slice(this.#at - length, this.#at)
  }

  text(): string {
    const length = this.#length()
    this.#at += length
    return utf8.decode(this.#bytes.subarray(this.#at - length, this.#at))
  }

  /** Reads an embedded message with `read`, which sees its end as the end. */
  embedded<T>(read: (reader: WireReader) => T): T {
    const length = this.#length()
    const outerEnd = this.#end
    this.#end = this.#at + length
    const value = read(this)
    this.#end = outerEnd
    return value
  }

  /** Passes over a field that is not known. */
  skip(wireType: number): void {
    if (wireType === wireVarint) this.#readVarint()
    else if (wireType === wireBytes) this.#pass(this.#length())
    else if (wireType === wireFixed64) this.#pass(8)
    else if (wireType === wireFixed32) this.#pass(4)
    else throw new AbciFault("a field has a wire type that proto3 does not know")
  }

  #pass(length: number): void {
    if (length > this.#end - this.#at) throw new AbciFault("a message ends too early")
    this.#at += length
  }

  #length(): number {
    this.#readVarint()
    if (this.#high !== 0 || this.#low > this.#end - this.#at) throw new AbciFault("a message ends too early")
    return this.#low
  }

  /** Into two halves of 32 bits, both unsigned. */
  #readVarint(): void {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at === this.#end) throw new AbciFault("a message ends too early")
      const byte = this.#bytes[this.#at++]!
      const digit = byte & 127
      if (shift < 28) low |= digit << shift
      else if (shift === 28) {
        low |= digit << 28
        high = digit >> 4
      } else if (shift < 63) high |= digit << (shift - 32)
      else if (digit > 1) break
      else high |= digit << 31
      if (byte >= 128) continue
      this.#low = low >>> 0
      this.#high = high >>> 0
      return
    }
    throw new AbciFault("a number has more than 64 bits")
  }
}
