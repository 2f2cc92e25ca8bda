/**
 * The receipt as JSON, for people and for tools without CBOR: the same content with the same names, byte strings in
 * lower-case hex, what is absent as null. It reads back only if it is printed exactly like this.
 */
import { fromUtf8, toUtf8 } from "#crypto"
import { equalBytes, fromHex, toHex } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import { decodeReceipt, encodeReceipt, mostReceiptBytes, type Receipt } from "./receipt.ts"

type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json }

/** The only fields that are text; every other string is a byte string in hex. */
const textFields: ReadonlySet<string> = new Set(["format", "chainId", "table"])

function toJson(value: unknown): Json {
  if (value === undefined) return null
  if (value instanceof Uint8Array) return toHex(value)
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, toJson(inner)]))
  return value as Json
}

function fromJson(json: Json, field: string): unknown {
  if (json === null) return undefined
  if (typeof json === "string") return textFields.has(field) ? json : fromHex(json)
  if (Array.isArray(json)) return json.map((item: Json) => fromJson(item, field))
  if (typeof json === "object")
    return Object.fromEntries(Object.entries(json).map(([name, inner]) => [name, fromJson(inner, name)]))
  return json
}

function print(receipt: Receipt): Uint8Array {
  return toUtf8(`${JSON.stringify({ format: "receipt/1", ...(toJson(receipt) as object) }, undefined, 1)}\n`)
}

/** UTF-8, ending in a line feed. */
export function receiptToJson(receipt: Receipt): Uint8Array {
  // By way of the canonical form, so that fields stand in its order whoever made the value.
  return print(decodeReceipt(encodeReceipt(receipt)))
}

/** @throws EncodingError unless `bytes` are exactly what `receiptToJson` prints. */
export function receiptFromJson(bytes: Uint8Array): Receipt {
  if (bytes.length > 3 * mostReceiptBytes) throw new EncodingError("Cannot read receipt: too large")
  const text = fromUtf8(bytes)
  if (text === undefined) throw new EncodingError("Cannot read receipt: not UTF-8")
  let receipt: Receipt
  try {
    const { format: _, ...fields } = fromJson(JSON.parse(text) as Json, "") as Receipt & { format: unknown }
    // The encoder asserts what a decoder would refuse, and this value is a stranger's: any error is a bad encoding.
    receipt = decodeReceipt(encodeReceipt(fields))
  } catch {
    const cut = !text.trimEnd().endsWith("}")
    throw new EncodingError(`Cannot read receipt: ${cut ? "the bytes end too soon" : "not its JSON form"}`)
  }
  if (!equalBytes(print(receipt), bytes)) throw new EncodingError("Cannot read receipt: not its canonical JSON form")
  return receipt
}
