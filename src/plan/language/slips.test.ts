/** The slips that an author of a first plan makes: one finding each, at its place, with a remedy that mends it. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { sha256, toUtf8 } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { checkDocument } from "../check/check.ts"

const root = new URL("../../../", import.meta.url)
const sample = readFileSync(new URL("plans/eye-sample.md", root), "utf8")
const files = new Map<string, Uint8Array>([
  ["eye-services", new Uint8Array(readFileSync(new URL("plans/tables/eye-services.csv", root)))],
])
const findingsOf = (text: string, given = files) => checkDocument(toUtf8(text), given)

/** Text replaced, the line where the finding stands, what its remedy says. */
const slips: readonly (readonly [name: string, from: string, to: string, at: string, remedy: RegExp])[] = [
  ["a rule without indent", "    { for: [exam], copay", "{ for: [exam], copay", "{ for: [exam], copay", /four spaces/],
  [
    "a rule indented by two",
    "    { for: [exam], copay",
    "  { for: [exam], copay",
    "{ for: [exam], copay",
    /four spaces/,
  ],
  ["a tab", "    { for: [exam], copay", "\t{ for: [exam], copay", "\t{ for: [exam]", /spaces in its place/],
  [
    "line ends of Windows",
    "# Sample Eye Plan 2026\n",
    "# Sample Eye Plan 2026\r\n",
    "# Sample Eye Plan 2026",
    /not CRLF/,
  ],
  ["a mark before the first line", "---\nlanguage", "\ufeff---\nlanguage", "---", /without a byte order mark/],
  ["an open bracket", "{ for: [exam], copay", "{ for: [exam, copay", "copay", /Close each|comma/],
  ["fields of the front matter", "version: 1\n", "", "language: plan/1", /Add what is missing/],
]

for (const [name, from, to, at, remedy] of slips) {
  test(`${name} is one finding at its place`, () => {
    assert.ok(sample.includes(from))
    const text = sample.replace(from, to)
    const [finding, ...more] = findingsOf(text)
    assert.deepEqual(more, [])
    assert.match(finding!.remedy, remedy)
    assert.ok(text.split("\n")[finding!.line - 1]!.includes(at), JSON.stringify(finding))
  })
}

test("what names something that could not be read is no second finding", () => {
  const number = findingsOf(sample.replace("exam-copay: 30.00 USD", "exam-copay: 30.00"))
  assert.deepEqual(
    number.map(({ code }) => code),
    ["number-type"],
  )
  const bucket = findingsOf(sample.replace(/(name: deductible,[^}]*period: )year/, "$1week"))
  assert.deepEqual(
    bucket.map(({ code, message }) => [code, message]),
    [["unknown-name", "There is no period “week”."]],
  )
})

test("another table than the digest says is told with its own digest, and once", () => {
  const [[name, bytes]] = [...files] as [[string, Uint8Array]]
  const other = toUtf8(`${new TextDecoder().decode(bytes)}\n`)
  const findings = findingsOf(sample, new Map([...files, [name, other]]))
  assert.equal(findings.length, 1)
  assert.ok(findings[0]!.remedy.includes(toHex(sha256(other))))
})
