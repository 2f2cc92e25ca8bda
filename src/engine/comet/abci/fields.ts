/** Describes a proto3 message field by field, once for both directions. */
import { assert } from "../../../base/assert.ts"
import { AbciFault } from "./abci-fault.ts"
import { type WireReader, wireBytes, wireVarint } from "./wire-reader.ts"
import type { WireWriter } from "./wire-writer.ts"

/** One field: its number in the message, and how its value is read and written. */
export interface Field<T> {
  readonly number: number
  /** Whether a message may carry it several times. */
  readonly repeated: boolean
  /** What stands for it when the message does not carry it; throws an `AbciFault` when the message must. */
  absent(): T
  /** `before` is what earlier occurrences gave. */
  read(reader: WireReader, wireType: number, before: T | undefined): T
  /** Writes nothing for a value that absence stands for. */
  write(writer: WireWriter, value: T): void
}

export interface MessageCodec<T> {
  /** Reads until the reader is done. Throws an `AbciFault`. */
  read(reader: WireReader): T
  write(writer: WireWriter, value: T): void
  /** A value with what absence stands for in place of what is not given. */
  filled(given: Partial<T>): T
}

export type FieldsOf<T> = { readonly [K in keyof T]-?: Field<T[K]> }

/** A message by its fields. Unknown fields are passed over; one that stands twice though it may not is refused. */
export function message<T>(fields: FieldsOf<T>): MessageCodec<T> {
  const named = Object.entries(fields) as [keyof T, Field<unknown>][]
  named.sort(([, a], [, b]) => a.number - b.number)
  assert(
    named.every(([, { number }], i) => number < 31 && number !== named[i + 1]?.[1].number),
    "fields have their own numbers, which fit a set of bits",
  )
  const byNumber: ([keyof T, Field<unknown>] | undefined)[] = []
  for (const entry of named) byNumber[entry[1].number] = entry
  const fill = (value: Partial<T>): T => {
    for (const [name, field] of named) if (value[name] === undefined) value[name] = field.absent() as T[typeof name]
    return value as T
  }
  return {
    filled: (given) => fill({ ...given }),
    read(reader) {
      const value: Partial<T> = {}
      let seen = 0
      while (!reader.done) {
        const tag = reader.tag()
        const wireType = tag & 7
        const entry = byNumber[tag >>> 3]
        if (entry === undefined) {
          reader.skip(wireType)
          continue
        }
        const [name, field] = entry
        const bit = 1 << field.number
        if ((seen & bit) !== 0 && !field.repeated) throw new AbciFault("a field stands twice")
        seen |= bit
        value[name] = field.read(reader, wireType, value[name]) as T[typeof name]
      }
      return fill(value)
    },
    write(writer, value) {
      for (const [name, field] of named) field.write(writer, value[name])
    },
  }
}

function expectWireType(actual: number, expected: number): void {
  if (actual !== expected) throw new AbciFault("a field has another wire type than its own")
}

interface Range {
  readonly signed: boolean
  readonly min: number
  readonly max: number
  /** What is out of range becomes the nearest in it, instead of being refused. */
  readonly clamp?: true
}

function integer(number: number, { signed, min, max, clamp }: Range): Field<number> {
  return {
    number,
    repeated: false,
    absent: () => 0,
    read(reader, wireType) {
      expectWireType(wireType, wireVarint)
      const value = signed ? reader.signed() : reader.unsigned()
      if (value >= min && value <= max) return value
      if (clamp) return value < min ? min : max
      throw new AbciFault("a number is out of range")
    },
    write(writer, value) {
      assert(Number.isInteger(value) && value >= min && value <= max, "a number to encode is in its range")
      if (value !== 0) writer.varintField(number, value)
    },
  }
}

const { MAX_SAFE_INTEGER } = Number
const signed64 = { signed: true, min: -MAX_SAFE_INTEGER, max: MAX_SAFE_INTEGER }
const unsigned64 = { signed: false, min: 0, max: MAX_SAFE_INTEGER }

export const int64 = (number: number) => integer(number, signed64)
export const uint64 = (number: number) => integer(number, unsigned64)
export const int32 = (number: number) => integer(number, { signed: true, min: -(2 ** 31), max: 2 ** 31 - 1 })
export const uint32 = (number: number) => integer(number, { signed: false, min: 0, max: 2 ** 32 - 1 })
/** For numbers that a stranger chooses: refusing them would let that stranger stop the node. */
export const clampedInt64 = (number: number) => integer(number, { ...signed64, clamp: true })
export const clampedUint64 = (number: number) => integer(number, { ...unsigned64, clamp: true })

export function bool(number: number): Field<boolean> {
  return {
    number,
    repeated: false,
    absent: () => false,
    read(reader, wireType) {
      expectWireType(wireType, wireVarint)
      return reader.bool()
    },
    write(writer, value) {
      if (value) writer.varintField(number, 1)
    },
  }
}

/** Names of an enumeration, by its numbers. Where the name for 0 is undefined the message must carry another. */
export function enumeration<Name extends string>(
  number: number,
  names: readonly [Name | undefined, ...(readonly Name[])],
): Field<Name> {
  const nameOf = (value: number): Name => {
    const name = names[value]
    if (name === undefined) throw new AbciFault("an enumeration's number has no name")
    return name
  }
  return {
    number,
    repeated: false,
    absent: () => nameOf(0),
    read(reader, wireType) {
      expectWireType(wireType, wireVarint)
      return nameOf(reader.unsigned())
    },
    write(writer, value) {
      const index = names.indexOf(value)
      assert(index !== -1, "a name to encode is one of its enumeration")
      if (index !== 0) writer.varintField(number, index)
    },
  }
}

export function bytes(number: number): Field<Uint8Array> {
  return {
    number,
    repeated: false,
    absent: () => new Uint8Array(0),
    read(reader, wireType) {
      expectWireType(wireType, wireBytes)
      return reader.bytes()
    },
    write(writer, value) {
      if (value.length > 0) writer.bytesField(number, value)
    },
  }
}

export function text(number: number): Field<string> {
  return {
    number,
    repeated: false,
    absent: () => "",
    read(reader, wireType) {
      expectWireType(wireType, wireBytes)
      return reader.text()
    },
    write(writer, value) {
      if (value !== "") writer.textField(number, value)
    },
  }
}

/** An embedded message that is always written, as Go's non-nullable ones are; absent, it is an empty one. */
export function embedded<T>(number: number, codec: MessageCodec<T>): Field<T> {
  return {
    number,
    repeated: false,
    absent: () => codec.filled({}),
    read(reader, wireType) {
      expectWireType(wireType, wireBytes)
      return reader.embedded(codec.read)
    },
    write: (writer, value) => writer.messageField(number, () => codec.write(writer, value)),
  }
}

/** An embedded message that may be absent. */
export function optional<T>(number: number, codec: MessageCodec<T>): Field<T | undefined> {
  const present = embedded(number, codec)
  return {
    number,
    repeated: false,
    absent: () => undefined,
    read: (reader, wireType) => present.read(reader, wireType, undefined),
    write(writer, value) {
      if (value !== undefined) present.write(writer, value)
    },
  }
}
