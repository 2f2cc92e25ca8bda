/** The sample plan with one mistake, `«` where a finding has to point: what the tests of `plan check` are written in. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { type CheckOptions, checkDocument } from "../src/plan/check/check.ts"
import type { Finding } from "../src/plan/language/finding.ts"

const root = new URL("../", import.meta.url)
const read = (path: string) => new Uint8Array(readFileSync(new URL(path, root)))

export const sample = readFileSync(new URL("plans/eye-sample.md", root), "utf8")
export const files: ReadonlyMap<string, Uint8Array> = new Map([["eye-services", read("plans/tables/eye-services.csv")]])

export type Change = readonly [from: string, to: string]

/** The text with each change made once, in order; every one has to find its place. */
export function change(text: string, ...changes: readonly Change[]): string {
  let changed = text
  for (const [from, to] of changes) {
    assert.ok(changed.includes(from), `the plan has “${from}”`)
    changed = changed.replace(from, () => to)
  }
  return changed
}

/** One more clause, 6.1 unless said otherwise. */
export const clause = (rule: string, number = "6.1"): Change => [
  "## 7 Time limits",
  `## 6 More ${number}\n### ${number} One more\nThis says one more thing.\n\n    ${rule}\n## 7 Time limits`,
]
/** Clause 6.1 with a condition. */
export const whenClause = (condition: string): Change => clause(`when: ${condition}\n    waive: { parts: [copay] }`)
export const numbers = (text: string): Change => ["second: 50 %", `second: 50 %, ${text}`]
export const kinds = (...claims: readonly string[]): Change => [
  "claims: [professional]",
  `claims: [${claims.join(", ")}]`,
]
export const twoTiers: Change = ["tiers: [in]", "tiers: [in, out]"]
/** Clauses 5.9 and 5.10, which say the tier of everybody, so that lines of both tiers can be. */
export const network: Change = clause(
  '{ network: { tier: out } }\n### 5.10 Near\nThis says who is near.\n\n    { when: has(contract) && contract == "near", exceptionTo: 5.9, network: { tier: in } }',
  "5.9",
)

/** The findings of a marked text without its mark. */
export function find(marked: string, options: CheckOptions = {}): readonly Finding[] {
  return checkDocument(new TextEncoder().encode(marked.replace("«", "")), files, options)
}

export function placeOfMark(text: string): readonly [line: number, column: number] {
  const before = text.slice(0, text.indexOf("«")).split("\n")
  return [before.length, before.at(-1)!.length + 1]
}
