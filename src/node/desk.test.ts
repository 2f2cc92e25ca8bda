/** Goal: a field that is not as it should be is refused by its name and its place, and what stood in it is not told. */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { type Refusal, Refused } from "../base/refusal.ts"
import { Fields } from "./desk.ts"

function refusalOf(read: () => unknown): Refusal {
  try {
    read()
  } catch (error) {
    if (error instanceof Refused) return error.refusal
    throw error
  }
  return assert.fail("it was taken")
}

test("bytes of a field: lower-case hex of any size, an even number of letters", () => {
  const of = (value: unknown) => new Fields({ value }).bytes("value")
  assert.deepEqual(of("00ff"), Uint8Array.of(0, 255))
  assert.deepEqual(of(""), new Uint8Array(0))
  const large = 7 * 1024 * 1024
  assert.equal(of("ab".repeat(large)).length, large)
  for (const bad of ["0", "0F", "0g", "00\n", 5, undefined]) assert.throws(() => of(bad), Refused)
  assert.throws(() => new Fields({ value: "00" }).bytes("value", 2), Refused)
})

type Reader = "text" | "code" | "codes" | "integer" | "integers" | "amount" | "bytes" | "list" | "object" | "objects"
const wrong: Readonly<Record<Reader, readonly unknown[]>> = {
  text: [undefined, null, 5, true, [], {}],
  code: [undefined, 5, "", "é", "a\nb", "\u0000", "x".repeat(129)],
  codes: [undefined, "LT", [5], ["LT", ""], [["LT"]]],
  integer: [undefined, "5", -1, 1.5, Number.NaN, 2 ** 53, Infinity],
  integers: [undefined, 5, [-1], ["1"], [0, 1.5], [null]],
  amount: [undefined, 5, "", "-1", "1.00", "1e3", " 1", "12345678901234567"],
  bytes: [undefined, 5, "0", "FF", "0x00"],
  list: [undefined, {}, "a"],
  object: [undefined, null, 5, "a", []],
  objects: [undefined, {}, [5], [null], [[]]],
}
for (const [reader, values] of Object.entries(wrong) as [Reader, readonly unknown[]][]) {
  test(`${reader}: what is not one is refused with the field's place`, () => {
    for (const value of values) {
      const fields = new Fields({ outer: { charge: value } }).object("outer")
      const refusal = refusalOf(() => fields[reader]("charge"))
      assert.equal(refusal.code, "field")
      assert.match(refusal.at, /^body\.outer\.charge(\[\d+\])?$/)
      assert.notEqual(refusal.remedy, "")
    }
  })
}

test("each item of a list is named by its place", () => {
  const items = new Fields({ lines: [{ code: "a" }, { code: 5 }] }).objects("lines")
  assert.equal(items[0]!.code("code"), "a")
  assert.equal(refusalOf(() => items[1]!.code("code")).at, "body.lines[1].code")
})

test("good values come through as they are", () => {
  const fields = new Fields({
    code: "J0178",
    n: 0,
    few: true,
    sum: "0012",
    codes: ["LT", "25"],
    facts: [0, 3],
    no: null,
  })
  assert.equal(fields.code("code"), "J0178")
  assert.equal(fields.integer("n"), 0)
  assert.equal(fields.flag("few"), true)
  assert.equal(fields.flag("code"), false)
  assert.equal(fields.amount("sum"), 12n)
  assert.deepEqual(fields.codes("codes"), ["LT", "25"])
  assert.deepEqual(fields.integers("facts"), [0, 3])
  assert.deepEqual([fields.has("no"), fields.has("absent"), fields.has("n")], [false, false, true])
})

test("no refusal holds what was sent", () => {
  const canary = "canary-81b7"
  const values = fc.oneof(
    fc.constant(canary),
    fc.constant([canary, { a: canary }, 5]),
    fc.constant({ [canary]: canary }),
    fc.string().map((text) => `\u00e9${canary}${text}`),
  )
  const readers = fc.constantFrom(...(Object.keys(wrong) as Reader[]))
  fc.assert(
    fc.property(values, readers, (value, reader) => {
      try {
        new Fields({ field: value })[reader]("field")
      } catch (error) {
        assert.ok(error instanceof Refused)
        assert.ok(!JSON.stringify(error.refusal).includes(canary))
      }
    }),
  )
})
