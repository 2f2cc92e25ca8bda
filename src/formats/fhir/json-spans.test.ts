import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import fc from "fast-check"
import { isRefusal } from "../answer.ts"
import { type JsonSpan, readJson } from "./json-spans.ts"

const suite = new URL("../../../../shared/data/vectors/jsontestsuite.ndjson", import.meta.url)
const utf8 = (text: string) => new Uint8Array(Buffer.from(text, "utf8"))

interface Vector {
  readonly name: string
  readonly expect: "reject" | "accept" | "either" | "transform"
  readonly base64: string
}

function plain(node: JsonSpan): unknown {
  switch (node.kind) {
    case "object":
      return Object.fromEntries([...node.members].map(([key, value]) => [key, plain(value)]))
    case "array":
      return node.items.map(plain)
    case "number":
      return Number(node.text)
    case "string":
      return node.text
    case "boolean":
      return node.value
    case "null":
      return null
  }
}

test("JSONTestSuite: every must-fail is refused, every must-pass is read", (t) => {
  if (!existsSync(suite)) return t.skip("../shared is absent")
  const counts = { accept: 0, reject: 0, either: 0, transform: 0 }
  for (const line of readFileSync(suite, "utf8").trim().split("\n")) {
    const vector = JSON.parse(line) as Vector
    const result = readJson(new Uint8Array(Buffer.from(vector.base64, "base64")))
    counts[vector.expect]++
    if (vector.expect === "reject") assert.ok(isRefusal(result), vector.name)
    // The suite accepts duplicate keys; two readers would take two different members, so they are refused here.
    const expectsRefusal = vector.name.includes("duplicated_key")
    if (vector.expect === "accept" && expectsRefusal)
      assert.equal(isRefusal(result) && result.code, "json-duplicate-key")
    else if (vector.expect === "accept") assert.ok(!isRefusal(result), vector.name)
  }
  t.diagnostic(JSON.stringify(counts))
  assert.deepEqual(counts, { accept: 28, reject: 75, either: 13, transform: 10 })
})

test("what JSON.stringify writes is read to the same value, and every span is a value of its own", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const bytes = utf8(text)
      const node = readJson(bytes)
      if (isRefusal(node)) return assert.match(node.code, /json-(duplicate-key|too-deep)/)
      assert.deepEqual(plain(node), JSON.parse(text))
      for (const part of node.kind === "array" ? node.items : []) {
        const own = readJson(bytes.subarray(part.start, part.end))
        assert.ok(!isRefusal(own))
        assert.deepEqual(plain(own), plain(part))
      }
    }),
  )
})

test("decimals stay text", () => {
  const node = readJson(utf8("[1.00, 5.28E+3, -0.0, 12345678901234567890.10]"))
  assert.ok(!isRefusal(node) && node.kind === "array")
  assert.deepEqual(
    node.items.map((item) => item.kind === "number" && item.text),
    ["1.00", "5.28E+3", "-0.0", "12345678901234567890.10"],
  )
})

test("a refusal says where", () => {
  const rows: readonly (readonly [string | Uint8Array, string, string])[] = [
    ['{"a":1,\n "a":2}', "json-duplicate-key", "byte 9, line 2, column 2"],
    ['{"a":[1,2', "json-cut-off", "byte 9, line 1, column 10"],
    ['{"a":"\\ud800"}', "json-syntax", "byte 6, line 1, column 7"],
    ["[".repeat(100), "json-too-deep", "byte 65, line 1, column 66"],
    [new Uint8Array([0x5b, 0x22, 0xc0, 0x80, 0x22, 0x5d]), "json-not-utf8", "byte 2, line 1, column 3"],
    ["[1] x", "json-syntax", "byte 4, line 1, column 5"],
    ["", "json-cut-off", "byte 0, line 1, column 1"],
  ]
  for (const [input, code, at] of rows) {
    const result = readJson(typeof input === "string" ? utf8(input) : input)
    assert.ok(isRefusal(result))
    assert.deepEqual({ code: result.code, at: result.at }, { code, at })
    assert.notEqual(result.remedy, "")
  }
})
