/**
 * The protobuf that CometBFT hashes and signs, written field by field. Only writing is needed: what nodes store and
 * receipts carry is CBOR, and its protobuf is made again from it wherever a hash or a signature is checked.
 */
import { toUtf8 } from "#crypto"
import { concat } from "../bytes.ts"

/** The bytes of one message, field by field in ascending number. Zero and empty fields are left out, as proto3 does. */
export type Message = Uint8Array

const none = new Uint8Array(0)

/** Base-128, least significant group first; negative numbers as their 64-bit two's complement. */
function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value))
  const out: number[] = []
  while (rest >= 128n) {
    out.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  out.push(Number(rest))
  return Uint8Array.from(out)
}

const wireVarint = 0
const wireFixed64 = 1
const wireBytes = 2

function tag(field: number, wireType: number): Uint8Array {
  return varint(field * 8 + wireType)
}

export function varintField(field: number, value: number | bigint): Message {
  return BigInt(value) === 0n ? none : concat(tag(field, wireVarint), varint(value))
}

/** `sfixed64`: eight bytes, little-endian. */
export function fixed64Field(field: number, value: number): Message {
  if (value === 0) return none
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true)
  return concat(tag(field, wireFixed64), bytes)
}

export function bytesField(field: number, value: Uint8Array): Message {
  return value.length === 0 ? none : messageField(field, value)
}

export function textField(field: number, value: string): Message {
  return bytesField(field, toUtf8(value))
}

/** An embedded message is written even when it is empty. */
export function messageField(field: number, value: Message): Message {
  return concat(tag(field, wireBytes), varint(value.length), value)
}

/** A message with its length before it: the form that is signed. */
export function delimited(message: Message): Uint8Array {
  return concat(varint(message.length), message)
}
