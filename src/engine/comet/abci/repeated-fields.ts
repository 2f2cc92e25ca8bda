/** The fields that a message carries any number of times. */
import { assert } from "../../../base/assert.ts"
import { AbciFault } from "./abci-fault.ts"
import type { Field, MessageCodec } from "./fields.ts"
import { type WireReader, wireBytes, wireVarint } from "./wire-reader.ts"
import type { WireWriter } from "./wire-writer.ts"

function repeated<T>(
  number: number,
  read: (reader: WireReader) => T,
  write: (writer: WireWriter, value: T) => void,
): Field<readonly T[]> {
  return {
    number,
    repeated: true,
    absent: () => [],
    read(reader, wireType, before) {
      if (wireType !== wireBytes) throw new AbciFault("a field has another wire type than its own")
      // The list was made by the first occurrence and is nobody else's yet.
      const list = (before ?? []) as T[]
      list.push(read(reader))
      return list
    },
    write(writer, values) {
      for (const value of values) write(writer, value)
    },
  }
}

export function byteStrings(number: number): Field<readonly Uint8Array[]> {
  return repeated(
    number,
    (reader) => reader.bytes(),
    (writer, value) => writer.bytesField(number, value),
  )
}

export function texts(number: number): Field<readonly string[]> {
  return repeated(
    number,
    (reader) => reader.text(),
    (writer, value) => writer.textField(number, value),
  )
}

export function messages<T>(number: number, codec: MessageCodec<T>): Field<readonly T[]> {
  return repeated(
    number,
    (reader) => reader.embedded(codec.read),
    (writer, value) => writer.messageField(number, () => codec.write(writer, value)),
  )
}

/** Written packed; read packed or one by one, as proto3 asks. */
export function uint32s(number: number): Field<readonly number[]> {
  const one = (reader: WireReader) => {
    const value = reader.unsigned()
    if (value >= 2 ** 32) throw new AbciFault("a number is out of range")
    return value
  }
  return {
    number,
    repeated: true,
    absent: () => [],
    read(reader, wireType, before) {
      const list = (before ?? []) as number[]
      if (wireType === wireVarint) list.push(one(reader))
      else if (wireType !== wireBytes) throw new AbciFault("a field has another wire type than its own")
      else
        reader.embedded(() => {
          while (!reader.done) list.push(one(reader))
        })
      return list
    },
    write(writer, values) {
      for (const value of values) {
        assert(Number.isInteger(value) && value >= 0 && value < 2 ** 32, "a number to encode is in its range")
      }
      if (values.length > 0) writer.packedField(number, values)
    },
  }
}
