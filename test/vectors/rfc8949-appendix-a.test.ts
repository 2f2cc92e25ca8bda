/** RFC 8949 appendix A: what belongs to our subset reads and writes the same bytes; all else is refused. */
import assert from "node:assert/strict"
import { toHex } from "../../src/base/bytes.ts"
import { decode, EncodingError, encode, type Value } from "../../src/base/cbor.ts"
import { fromHexText, vectorJson, vectorTest } from "./published.ts"

interface Example {
  hex: string
  roundtrip: boolean
  decoded?: unknown
  diagnostic?: string
}

/** Whether a decoded example is made of arrays, unsigned integers up to 2^53 - 1, byte strings and printable ASCII. */
function isOurs({ decoded, diagnostic, hex, roundtrip }: Example): boolean {
  const ours = (value: unknown): boolean =>
    (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) ||
    (typeof value === "string" && /^[ -~]*$/.test(value)) ||
    (Array.isArray(value) && value.every(ours))
  const isFloat = /^f[9ab]/.test(hex)
  return roundtrip && !isFloat && (diagnostic === undefined ? ours(decoded) : /^h'[0-9a-f]*'$/.test(diagnostic))
}

vectorTest("CBOR examples", "cbor-appendix-a.json", (context) => {
  const seen = { read: 0, refused: 0 }
  for (const example of vectorJson<Example[]>("cbor-appendix-a.json")) {
    const bytes = fromHexText(example.hex)
    if (!isOurs(example)) {
      assert.throws(() => decode(bytes), EncodingError, example.hex)
      seen.refused++
      continue
    }
    const value = decode(bytes)
    const wanted = example.diagnostic === undefined ? example.decoded : fromHexText(example.diagnostic.slice(2, -1))
    assert.deepEqual(value, wanted)
    assert.equal(toHex(encode(wanted as Value)), example.hex)
    seen.read++
  }
  context.diagnostic(JSON.stringify(seen))
  assert.equal(seen.read + seen.refused, 41)
  assert.ok(seen.read >= 9)
})
