/**
 * The closed list of findings: each code with a plan that has it and one that just does not. The compiler holds the table
 * to the list, so that no code is without both.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { fromUtf8, sha256, toUtf8 } from "#crypto"
import {
  type Change,
  change,
  clause,
  files,
  find,
  kinds,
  numbers,
  sample,
  whenClause,
} from "../../../test/marked-plan.ts"
import { toHex } from "../../base/bytes.ts"
import { parseCases } from "../cases/cases.ts"
import { type FindingCode, findingCodes } from "../language/finding.ts"
import { readPlan } from "../language/read.ts"
import { type CheckOptions, checkDocument, reviewOf } from "./check.ts"

const root = new URL("../../../", import.meta.url)
const casesText = fromUtf8(new Uint8Array(readFileSync(new URL("plans/eye-sample.cases", root))))!
const read = readPlan(toUtf8(sample), files)
assert.ok("plan" in read)
const { cases } = parseCases(casesText, read.plan)
const reviewed = reviewOf(read.plan)

type Plans = readonly [bad: readonly Change[], good: readonly Change[]]
interface Row {
  readonly plans: Plans
  readonly options?: CheckOptions
  /** One more table of the bad and of the good plan. */
  readonly tables?: readonly [bad: string, good: string]
}

const two = (first: string, second: string): Change =>
  clause(`${first}\n### 6.2 Two\nThis says yet more.\n\n    ${second}`)
const sentence = (text: string): Change => ["and nothing else for it.", text]
const waive = "waive: { parts: [copay] }"
const rule = (text: string) => `{ ${text}, ${waive} }`
const discretion = (fields: string) =>
  `{ discretion: { by: director, kind: payer, within: review-days, criteria: 2.1, judges: [need], ${fields} }, ${waive} }`
const reviewDays = numbers("review-days: 30 days")
const excluded = (carc: string) =>
  clause(`{ when: accident, exclude: { notice: none, codes: { group: CO, carc: "${carc}" } } }`)

const rows: Readonly<Record<FindingCode, Row>> = {
  syntax: { plans: [[["per: visit }", "per: month }"]], [["per: visit }", "per: stay }"]]] },
  "number-type": { plans: [[["your-part: 20 %", "your-part: 20%%"]], [["your-part: 20 %", "your-part: 20.25 %"]]] },
  "front-matter": { plans: [[["version: 1\n", "version: 0\n"]], [["version: 1\n", "version: 2\n"]]] },
  canon: { plans: [[["# Sample", "# \tSample"]], [["# Sample", "#  Sample"]]] },
  "digit-in-text": { plans: [[sentence("and 2 of it.")], [sentence("and `2` of it, as 5.2 says for T20.")]] },
  drift: {
    plans: [[sentence("and nothing more.")], [sentence("and nothing more."), ["per: visit }", "per: service }"]]],
    options: { reviewed },
  },
  "unknown-name": {
    plans: [[["amount: exam-copay", "amount: exam-fee"]], [["amount: exam-copay", "amount: ded"]]],
  },
  type: { plans: [[whenClause("charge > 5 && accident")], [whenClause('charge > number("ded") && accident')]] },
  limits: {
    plans: [
      [whenClause(`accident ${"|| accident ".repeat(130)}`)],
      [whenClause(`accident ${"|| accident ".repeat(120)}`)],
    ],
  },
  "number-gap": {
    plans: [
      [["second: 50 %", "second: [[50 %, 2026-02-01, design]]"]],
      [["second: 50 %", "second: [[50 %, 2026-01-01, design]]"]],
    ],
  },
  "no-source": {
    plans: [
      [["source: plan design, ded", "ded"]],
      [["exam-copay: 30.00 USD", "exam-copay: [[30.00 USD, 2026-01-01, the board]]"]],
    ],
  },
  "table-gap": {
    plans: [
      [['until: 2027-01-01, source: "inv', 'until: 2026-12-31, source: "inv']],
      [['until: 2027-01-01, source: "inv', 'until: 2027-01-02, source: "inv']],
    ],
  },
  "vague-word": { plans: [[sentence("and nothing unusual or usual.")], [sentence("and nothing unusual.")]] },
  "discretion-open": {
    plans: [
      [reviewDays, clause(discretion("default: covered"))],
      [reviewDays, clause(discretion("default: covered, review: 7.1"))],
    ],
  },
  "clause-without-rule": {
    plans: [
      [["## 7 Time limits", "## 6 More\n### 6.1 One more\nThis says one more thing.\n## 7 Time limits"]],
      [clause(rule("when: accident"))],
    ],
  },
  "rule-without-sentence": {
    plans: [[["You pay {exam-copay} for an exam, and nothing else for it.\n", ""]], [sentence("and no more.")]],
  },
  "rule-in-sentence": {
    plans: [
      [["each calendar year.\n\n", "each calendar year.\n"]],
      [["each calendar year.\n\n", "each\ncalendar year.\n\n"]],
    ],
  },
  conflict: {
    plans: [
      [clause("when: age(born, from) < 18\n    for: [exam]\n    copay: none")],
      [clause("when: age(born, from) < 18\n    for: [exam]\n    exceptionTo: 5.1\n    copay: none")],
    ],
  },
  cycle: {
    plans: [
      [two(rule("when: accident, exceptionTo: 6.2"), rule("when: accident, exceptionTo: 6.1"))],
      [two(rule("when: accident"), rule("when: accident && units > 1, exceptionTo: 6.1"))],
    ],
  },
  dead: { plans: [[whenClause("days < 5 && days > 9")], [whenClause("days < 9 && days > 5")]] },
  shadowed: {
    plans: [
      [
        two(
          "{ for: [exam], exceptionTo: 5.1, when: accident, copay: none }",
          "{ for: [exam], exceptionTo: 6.1, when: accident || units > 1, copay: none }",
        ),
      ],
      [
        two(
          "{ for: [exam], exceptionTo: 5.1, when: accident, copay: none }",
          "{ for: [exam], exceptionTo: [5.1, 6.1], when: accident && units > 1, copay: none }",
        ),
      ],
    ],
  },
  uncovered: {
    plans: [
      [
        ["{ cover: yes, allow:", "{ cover: yes }\n### 2.15 Rate\nThe rate.\n\n    { when: units <= 4, allow:"],
        ["### 2.2 An", "### 2.16 An"],
        ["### 2.3 Two", "### 2.17 Two"],
      ],
      [
        [
          "{ cover: yes, allow:",
          "{ cover: yes }\n### 2.15 Rate\nThe rate.\n\n    { when: units <= 4 || units >= 5, allow:",
        ],
        ["### 2.2 An", "### 2.16 An"],
        ["### 2.3 Two", "### 2.17 Two"],
      ],
    ],
  },
  "bucket-idle": {
    plans: [
      [clause(`{ ${waive}, when: accident, bucket: { name: spare, measure: share, person: ded, period: year } }`)],
      [
        clause(
          "{ when: accident, ceiling: { bucket: spare, excess: member }, bucket: { name: spare, measure: benefit, person: ded, period: year } }",
        ),
      ],
    ],
  },
  "bucket-mixed": {
    plans: [
      [["bucket: glasses, overage", "bucket: most-you-pay, overage"]],
      [["name: glasses, measure", "name: glasses, familyRule: embedded, measure"]],
    ],
  },
  "codes-invalid": { plans: [[excluded("999")], [excluded("96")]] },
  "table-licence": {
    plans: [[], []],
    tables: ["code,category,description\n92014,exam,Checkup\n", "code,category,description\nX2014,exam,Checkup\n"],
  },
  "case-fails": { plans: [[["exam-copay: 30.00 USD", "exam-copay: 31.00 USD"]], []], options: { cases } },
  "number-unused": { plans: [[numbers("third: 25 %")], [["nothing else for it.", "nothing else, {second} or not."]]] },
  "exception-idle": {
    plans: [
      [two(rule("when: units < 3"), rule("when: units > 3, exceptionTo: 6.1"))],
      [two(rule("when: units < 4"), rule("when: units > 2, exceptionTo: 6.1"))],
    ],
  },
  "cap-order": { plans: [[["most: 2500.00 USD", "most: 239.99 USD"]], [["most: 2500.00 USD", "most: 240.00 USD"]]] },
  unbounded: {
    plans: [
      [["counts: [copay, deductible, coinsurance]", "counts: [deductible, coinsurance]"]],
      [["counts: [copay, deductible, coinsurance]", "counts: [copay, coinsurance]"]],
    ],
  },
  "missing-fact": {
    plans: [
      [kinds("professional", "institutional"), whenClause('place == "11"')],
      [kinds("professional", "institutional"), whenClause('has(place) && place == "11"')],
    ],
  },
  "case-missing": {
    plans: [[clause(rule("when: accident"))], [["most: 2500.00 USD", "most: 2500.00 USD"]]],
    options: { cases },
  },
  "not-proved": {
    plans: [
      [clause("when: age(born, from) < 18 && days(born, from) > 9000\n    for: [exam]\n    copay: none")],
      [
        clause(
          "when: age(born, from) < 18 && days(born, from) > 9000\n    for: [exam]\n    exceptionTo: 5.1\n    copay: none",
        ),
      ],
    ],
  },
}

function codesOf(changes: readonly Change[], options: CheckOptions, table: string | undefined): readonly string[] {
  if (table === undefined) return find(change(sample, ...changes), options).map(({ code }) => code)
  const digest = toHex(sha256(toUtf8(table)))
  const named = `{ name: more, version: 1, key: code, columns: [category], from: 2026-01-01, until: 2027-01-01, source: invented, sha256: "${digest}" }`
  const text = change(sample, ...changes, ["tables: [{", `tables: [${named}, {`])
  return checkDocument(toUtf8(text), new Map([...files, ["more", toUtf8(table)]]), options).map(({ code }) => code)
}

for (const code of findingCodes) {
  test(`${code}: a plan that has it, and one that just does not`, () => {
    const { plans, options = {}, tables } = rows[code]
    const [bad, good] = plans.map((changes, i) => codesOf(changes, options, tables?.[i]))
    assert.ok(bad!.includes(code), `found ${bad!.join(", ")}`)
    assert.ok(!good!.includes(code), `found ${good!.join(", ")}`)
    if (options.cases === undefined) assert.deepEqual(good, [], "the good plan has no other finding either")
  })
}

const vague =
  "reasonable, customary, usual, necessary, medically necessary, appropriate, adequate, sufficient, suitable, proper, significant, substantial, excessive, typically, generally, normally, usually, certain, some, various, similar, such as, including but not limited to, etc, and so on, as determined, at our discretion, in our opinion, where applicable, if needed, as needed, from time to time, subject to change, promptly, timely, soon, good cause, special, extraordinary, experimental, investigational, cosmetic, urgent, emergency, we may, may be covered, up to"

test("every vague word is one, in any case and over a line's end, and not as part of another word", () => {
  for (const word of vague.split(", ")) {
    const inText = (text: string) =>
      find(change(sample, sentence(`and ${text} more.`))).filter((finding) => finding.code === "vague-word")
    for (const text of [word, word.toUpperCase(), word.replaceAll(" ", "\n")]) {
      assert.equal(inText(text).length, 1, text)
    }
    if (!word.includes(" ")) assert.deepEqual([...inText(`x${word}`), ...inText(`${word}x`)], [], word)
    const judged = change(sample, reviewDays, clause(`${discretion("default: covered, review: 7.1")}`), [
      "This says one more thing.",
      `This ${word} says one more thing.`,
    ])
    assert.deepEqual(find(judged), [], `${word} where somebody named decides`)
  }
})
