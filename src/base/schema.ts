/**
 * Positional schemas: one value describes how a field is read and written. A struct is the fields of a CBOR array in
 * wire order; decoding is strict, so whatever decodes encodes back to the same bytes.
 */
import { assert } from "./assert.ts"
import { EncodingError, Reader, Writer } from "./cbor.ts"
import { isScalar } from "./edwards.ts"

export interface Codec<T> {
  read(reader: Reader): T
  write(writer: Writer, value: T): void
  /** The codecs of what is inside, by field name; `item` for a list or an optional value. For listing schemas. */
  readonly inside?: Readonly<Record<string, Codec<unknown>>>
}
export type Decoded<C> = C extends Codec<infer T> ? T : never

function bad(what: string): never {
  throw new EncodingError(`Cannot read CBOR: ${what}`)
}

/** An unsigned integer in a closed range. */
export function uint(least = 0, most = Number.MAX_SAFE_INTEGER): Codec<number> {
  return {
    read(reader) {
      const value = reader.uint()
      return value < least || value > most ? bad("an integer out of range") : value
    },
    write(writer, value) {
      assert(value >= least && value <= most, "an integer to encode is in its range")
      writer.uint(value)
    },
  }
}

export const maxAmount = 10n ** 15n

function amountUpTo(most: number): Codec<bigint> {
  return {
    read(reader) {
      const value = reader.uint()
      return value > most ? bad("an amount out of range") : BigInt(value)
    },
    write: (writer, value) => writer.uint(value),
  }
}
/** Minor units, 0 to 10^15, as `bigint`. */
export const amount = amountUpTo(Number(maxAmount))
/** A running sum of amounts, up to 2^53 − 1. */
export const sum = amountUpTo(Number.MAX_SAFE_INTEGER)

export function fixedBytes(length: number): Codec<Uint8Array> {
  return {
    read: (reader) => reader.byteString(length),
    write(writer, value) {
      assert(value.length === length, "a byte string to encode has its length")
      writer.byteString(value)
    },
  }
}

export function bytes(least: number, most: number): Codec<Uint8Array> {
  return {
    read(reader) {
      const value = reader.byteString()
      return value.length < least || value.length > most ? bad("a byte string of another length") : value
    },
    write: (writer, value) => writer.byteString(value),
  }
}

/** Digest, salt, commitment, handle, public key without its tag, or point. */
export const b32 = fixedBytes(32)
/** Key-type tag ‖ public key. */
export const key = fixedBytes(33)
export const org = uint(1, 65535)
export const hour = uint()

/** A ristretto255 scalar, little-endian, below the group order. */
export const scalar: Codec<Uint8Array> = {
  read(reader) {
    const value = reader.byteString(32)
    return isScalar(value) ? value : bad("a scalar above the group order")
  },
  write: b32.write,
}

/** `[a-z0-9-]{1,40}`: the only text beside `type`. */
export const name: Codec<string> = {
  read(reader) {
    const value = reader.text()
    return /^[a-z0-9-]{1,40}$/.test(value) ? value : bad("a name of another form")
  },
  write: (writer, value) => writer.text(value),
}

export const text: Codec<string> = { read: (reader) => reader.text(), write: (writer, value) => writer.text(value) }

/** Absent is the empty byte string. Not for byte strings that may be empty themselves. */
export function opt<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    inside: { item: codec },
    read(reader) {
      if (reader.bytes[reader.offset] === 0x40 && reader.offset < reader.end) {
        reader.offset++
        return undefined
      }
      return codec.read(reader)
    },
    write(writer, value) {
      if (value === undefined) writer.byteString(new Uint8Array(0))
      else codec.write(writer, value)
    },
  }
}

export function list<T>(codec: Codec<T>, least = 0, most = 65536): Codec<readonly T[]> {
  return {
    inside: { item: codec },
    read(reader) {
      const length = reader.array()
      if (length < least || length > most) bad("a list of another length")
      const items: T[] = []
      for (let i = 0; i < length; i++) items.push(codec.read(reader))
      return items
    },
    write(writer, items) {
      assert(items.length >= least && items.length <= most, "a list to encode has its length")
      writer.array(items.length)
      for (const item of items) codec.write(writer, item)
    },
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the field codecs differ in type; Struct below gives each its own back.
type AnyCodec = Codec<any>
export type Struct<F extends Readonly<Record<string, AnyCodec>>> = { readonly [K in keyof F]: Decoded<F[K]> }

export interface StructCodec<T> extends Codec<T> {
  readonly size: number
  /** The fields alone, without the array around them: a payload's body stands beside type and expiry. */
  readFields(reader: Reader): T
  writeFields(writer: Writer, value: T): void
}

/** The named fields of a CBOR array, in wire order. */
export function struct<F extends Readonly<Record<string, AnyCodec>>>(fields: F): StructCodec<Struct<F>> {
  const names = Object.keys(fields)
  const codecs = names.map((field) => fields[field]!)
  const readFields = (reader: Reader) => {
    const value: Record<string, unknown> = {}
    for (let i = 0; i < names.length; i++) value[names[i]!] = codecs[i]!.read(reader)
    return value as Struct<F>
  }
  const writeFields = (writer: Writer, value: Struct<F>) => {
    for (let i = 0; i < names.length; i++) codecs[i]!.write(writer, value[names[i]!])
  }
  return {
    size: names.length,
    inside: fields,
    readFields,
    writeFields,
    read(reader) {
      reader.array(names.length)
      return readFields(reader)
    },
    write(writer, value) {
      writer.array(names.length)
      writeFields(writer, value)
    },
  }
}

export function decodeAs<T>(codec: Codec<T>, encoded: Uint8Array): T {
  const reader = new Reader(encoded)
  const value = codec.read(reader)
  reader.done()
  return value
}

export function encodeAs<T>(codec: Codec<T>, value: T): Uint8Array {
  const writer = new Writer()
  codec.write(writer, value)
  return writer.finish()
}
