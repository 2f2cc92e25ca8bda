import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { parseCsv } from "../../plan/language/tables.ts"
import { freeShare, type LimitPhrase, parseLimitPhrase, parseLimits, parseSharePhrase, type Share } from "./phrases.ts"
import { filedDollars } from "./rounding.ts"

const file = new URL("../../../../shared/data/plans-sbc/bcs_puf_phrase_vocabulary.csv", import.meta.url)

const share = (fields: Partial<Share>): Share => ({ ...freeShare, ...fields })

const said: readonly (readonly [string, Share])[] = [
  ["$250 Copay after deductible", share({ copay: 25_000n, deductible: "after" })],
  ["$1,000 Copay before deductible", share({ copay: 100_000n, deductible: "before" })],
  ["$500 Copay per Stay after deductible", share({ copay: 50_000n, per: "stay", deductible: "after" })],
  ["$750 Copay per Day", share({ copay: 75_000n, per: "day" })],
  ["No Charge", share({})],
  ["No Charge after deductible", share({ deductible: "after" })],
  ["20% Coinsurance after deductible", share({ coinsurance: 2000n, deductible: "after" })],
  ["100%", share({ coinsurance: 10_000n })],
  [
    "$0 after deductible (first 3 visit(s) at $0)",
    share({ copay: 0n, deductible: "after", first: { visits: 3n, copay: 0n } }),
  ],
  [
    "50% after deductible (cost share applies, up to $125 per script)",
    share({ coinsurance: 5000n, deductible: "after", atMost: 12_500n }),
  ],
  [
    "$330 / visit; Copayment is waived if admitted to hospital as inpatient",
    share({ copay: 33_000n, per: "visit", waivedIfAdmitted: true }),
  ],
  ["$350 / day up to 5 days", share({ copay: 35_000n, per: "day", maxDays: 5n })],
  ["20% coinsurance up to $250 / prescription", share({ coinsurance: 2000n, atMost: 25_000n })],
  ["$87.50", share({ copay: 8750n })],
]

test("a phrase says copay, part, what it is for, and the side of the deductible", () => {
  for (const [text, meaning] of said) assert.deepEqual(parseSharePhrase(text), meaning, text)
  assert.deepEqual(parseSharePhrase("Not Applicable"), { kind: "notApplicable" })
  assert.deepEqual(parseSharePhrase("Not covered"), { kind: "notCovered" })
})

test("a phrase with a word we do not understand is not read at all", () => {
  for (const text of [
    "",
    "$",
    "20",
    "$20 or so",
    "120%",
    "$20 Copay after the moon",
    "Copay",
    "$20%",
    "20% of the charge",
  ])
    assert.equal(parseSharePhrase(text), undefined, text)
  for (const text of [
    "",
    "Visit(s) per Year",
    "1.5 Visit(s) per Year",
    "1.0 Visit(s) per Blue Moon",
    "1.0 Cow(s) per Year",
  ])
    assert.equal(parseLimitPhrase(text), undefined, text)
})

test("a limit says how many, of what, in which span of the plan language", () => {
  const cases: readonly (readonly [string, LimitPhrase])[] = [
    ["30.0 Visit(s) per Year", { count: 30n, unit: "visits", period: "calendar", owner: "person" }],
    ["1.0 Visit(s) per 6 Months", { count: 1n, unit: "visits", period: "rolling 6 months", owner: "person" }],
    ["1.0 Item(s) per 3 Years", { count: 1n, unit: "items", period: "rolling 36 months", owner: "person" }],
    ["3000.0 Dollars per Episode", { count: 300_000n, unit: "dollars", period: "lifetime", owner: "treatment" }],
    ["60.0 Days per benefit period", { count: 60n, unit: "days", period: "cover-year", owner: "person" }],
    ["20.0 Hours per Week", { count: 20n, unit: "hours", period: "rolling 7 days", owner: "person" }],
  ]
  for (const [text, meaning] of cases) assert.deepEqual(parseLimitPhrase(text), meaning, text)
})

test("family texts: a sum a person within the family's, or one sum for all", () => {
  assert.deepEqual(parseLimits("$2500 per person / $5000 per group"), {
    person: 250_000n,
    family: 500_000n,
    rule: "embedded",
  })
  assert.deepEqual(parseLimits("$5000 per person / $5000 per group"), {
    person: 500_000n,
    family: 500_000n,
    rule: "aggregate",
  })
  assert.deepEqual(parseLimits("$3,300 / $6,600 Integrated with Medical"), {
    person: 330_000n,
    family: 660_000n,
    rule: "embedded",
  })
  assert.equal(parseLimits("$2500"), undefined)
})

test("every phrase of the public vocabulary is read", (t) => {
  if (!existsSync(file)) return t.skip("../shared is absent")
  const rows = parseCsv(readFileSync(file, "utf8"))!.slice(1)
  const unread = rows.filter(
    ([kind, text]) => (kind === "limit" ? parseLimitPhrase(text!) : parseSharePhrase(text!)) === undefined,
  )
  assert.deepEqual(unread, [])
  t.diagnostic(`${rows.length} phrases`)
  assert.ok(rows.length > 250)
})

test("filed figures: hundreds from 100 up, tens below, half up; a deductible met in full as it stands", () => {
  const dollars = [
    [0n, 0n],
    [499n, 0n],
    [500n, 10n],
    [9_499n, 90n],
    [9_999n, 100n],
    [10_000n, 100n],
    [14_999n, 100n],
    [15_000n, 200n],
    [193_400n, 1900n],
  ] as const
  for (const [amount, filed] of dollars) assert.equal(filedDollars(amount), filed)
  assert.deepEqual(
    [filedDollars(75_000n), filedDollars(75_000n, 75_000n), filedDollars(15_000n, 15_000n)],
    [800n, 750n, 150n],
  )
})
