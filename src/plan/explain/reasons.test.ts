import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { formerReasons, otherReasons, otherRemarks } from "./reason-words.ts"
import { knownReasons, knownRemarks, reasonText, remarkText } from "./reasons.ts"

test("each code has one wording, short, without a full stop, and no code stands in two lists", () => {
  const codes = [...knownReasons, ...Object.keys(formerReasons)]
  assert.equal(new Set(codes).size, codes.length)
  for (const code of codes) assert.match(code, /^([1-9]\d{0,2}|[ABDP]\d{1,2})$/)
  for (const code of knownRemarks) assert.match(code, /^(M|MA|N)\d{1,3}$/)
  for (const text of [...codes.map(reasonText), ...knownRemarks.map(remarkText)]) {
    assert.match(text!, /^[A-Z][^.]{5,75}$/)
  }
})

test("a plan may name codes in force, and no former one", () => {
  for (const code of Object.keys(formerReasons)) assert.ok(!knownReasons.includes(code), code)
  assert.equal(reasonText("42"), formerReasons["42"])
  assert.equal(reasonText("999"), undefined)
})

test("the remark codes are those of the public list, save three it lacks and one that is newer", (t) => {
  const path = new URL("../../../../shared/data/codes/pyx12-codes.xml", import.meta.url)
  if (!existsSync(path)) return t.skip("../shared is absent")
  const text = readFileSync(path, "utf8")
  const list = /<id>remark_code<\/id>([\s\S]*?)<\/codeset>/.exec(text)![1]!
  const published = new Set([...list.matchAll(/<code>([^<]*)<\/code>/g)].map((match) => match[1]))
  assert.ok(published.size > 900)
  const lacking = [...knownRemarks, ...Object.keys(otherRemarks)].filter((code) => !published.has(code))
  assert.deepEqual([...new Set(lacking)].sort(), ["MA15", "MA27", "MA39", "N822"])
  assert.ok(Object.keys(otherReasons).length > 150)
})
