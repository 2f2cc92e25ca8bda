/** Our values as JSON: money and other big integers as decimal strings, bytes as lower-case hex. */
import { toHex } from "./bytes.ts"

export function toJson(value: unknown, indent = 2): string {
  return JSON.stringify(
    value,
    (_key, item: unknown) => {
      if (typeof item === "bigint") return item.toString()
      if (item instanceof Uint8Array) return toHex(item)
      if (item instanceof Map) return Object.fromEntries(item)
      return item
    },
    indent,
  )
}
