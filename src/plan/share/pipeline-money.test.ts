/**
 * Steps F1 to G2: who bears what the plan allows. For each outcome of each step a clause, a claim and what comes out.
 */
import { one, type Row, row, table, testRows, two } from "../../../test/money-table.ts"
import { type Situation, visitDay, year } from "../../../test/plan-text.ts"

const statement = new Uint8Array(32)
const met = (clause: string, owner: string, amount: bigint, periodStart = year) => ({
  ...{ clause, owner, periodStart, met: amount, limit: 10n ** 9n },
})
const counted = (clause: string, owner: string, used: bigint, periodStart = year) => ({
  ...{ clause, owner, periodStart, used, allotted: 0n },
})
const event = (clause: string, owner: string, on: number, quantity: bigint, provider = "clinic") => ({
  ...{ clause, owner, day: on, provider, quantity, statement },
})

const visitCopay = "{ copay: { amount: ten, per: visit } }"
const ten = "ten: 10.00 USD"
const deductible = (limits: string, more = "") =>
  `{ deductible: ded, bucket: { name: ded, measure: share, ${limits}, period: year${more} } }`
const both = "ten: 10.00 USD, fifty: 50.00 USD, eighty: 80.00 USD, half: 50 %"
const fifth = "fifth: 20 %, five: 5.00 USD, eight: 8.00 USD"
const dailyCopay = "{ copay: { amount: ten, per: day, maxDays: most-days, bucket: days } }"
const dayBucket = (period: string) => `{ bucket: { name: days, measure: count, person: most-days, period: ${period} } }`
const inpatient: Situation["claim"] = {
  kind: "institutional",
  inpatient: true,
  admitted: visitDay,
  discharged: visitDay + 6,
}

const firstSteps: readonly Row[] = [
  row("F1", "a copay once a visit, on the first line it meets", {
    rules: [visitCopay],
    numbers: ten,
    given: two(["A", 10_000n], ["B", 5_000n]),
    lines: ["paid 9000 PR-3 1000", "paid 5000"],
    trace: [
      [1, "F1", 21, "2.3"],
      [2, "F1", 21, "2.3"],
    ],
  }),
  row("F1", "what a smaller line leaves of a copay is not carried over", {
    rules: [visitCopay],
    numbers: ten,
    given: two(["F", 400n], ["A", 10_000n]),
    lines: ["paid 0 PR-3 400", "paid 10000"],
    trace: [[1, "F1", 21, "2.3"]],
  }),
  row("F1", "a visit of that day was paid for by an earlier claim of the same provider; another provider's was not", {
    rules: [visitCopay],
    numbers: ten,
    given: { ...one("A", 10_000n), snapshot: { events: [event("2.3", "copay", visitDay, 1_000n)] } },
    lines: ["paid 10000"],
    trace: [[1, "F1", 21, "2.3"]],
  }),
  row("F1", "another provider on that day is another visit", {
    rules: [visitCopay],
    numbers: ten,
    given: { ...one("A", 10_000n), snapshot: { events: [event("2.3", "copay", visitDay, 1_000n, "other")] } },
    lines: ["paid 9000 PR-3 1000"],
    trace: [[1, "F1", 21, "2.3"]],
  }),
  row("F1", "a copay for each service and each prescription", {
    rules: [
      "{ copay: { amount: ten, per: service } }",
      "{ for: [medicine], copay: { amount: ten, per: prescription } }",
    ],
    numbers: ten,
    given: { lines: ["A", "A", "M", "M"].map((code) => ({ code, charge: 10_000n })) },
    lines: ["paid 9000 PR-3 1000", "paid 9000 PR-3 1000", "paid 9000 PR-3 1000", "paid 9000 PR-3 1000"],
    trace: [[4, "F1", 21, "2.4"]],
  }),
  row("F1", "a copay once a stay", {
    rules: ["{ copay: { amount: ten, per: stay } }"],
    numbers: ten,
    given: {
      lines: [
        { code: "R", charge: 90_000n, to: visitDay + 2 },
        { code: "R", charge: 90_000n, from: visitDay + 3, to: visitDay + 5 },
      ],
      claim: inpatient,
    },
    lines: ["paid 89000 PR-3 1000", "paid 90000"],
    trace: [[2, "F1", 21, "2.3"]],
  }),
  row("F1", "a copay a stay without an admission waits", {
    rules: ["{ copay: { amount: ten, per: stay } }"],
    numbers: ten,
    given: one("R", 90_000n),
    lines: ["pended 0"],
    trace: [[1, "F1", 6, "2.3"]],
    findings: ["missing-fact admitted"],
  }),
  row("F1", "a copay a day, for at most so many days of the stay", {
    rules: [dailyCopay, dayBucket("stay")],
    numbers: `${ten}, most-days: 5 days`,
    given: {
      lines: [
        { code: "R", charge: 90_000n, to: visitDay + 2 },
        { code: "R", charge: 90_000n, from: visitDay + 3, to: visitDay + 5 },
      ],
      claim: inpatient,
    },
    lines: ["paid 87000 PR-3 3000", "paid 88000 PR-3 2000"],
    trace: [[2, "F1", 40, "2.3"]],
  }),
  row("F1", "days of an earlier claim of the year count", {
    rules: [dailyCopay, dayBucket("year")],
    numbers: `${ten}, most-days: 5 days`,
    given: {
      lines: [{ code: "R", charge: 90_000n, to: visitDay + 2 }],
      snapshot: { counts: [counted("2.4", "person", 4n)] },
    },
    lines: ["paid 89000 PR-3 1000"],
    trace: [[1, "F1", 21, "2.3"]],
    moves: [["2.4", "person", 1n]],
  }),
  row("F1", "the most days less those used, where the bucket holds more", {
    rules: [
      "{ copay: { amount: ten, per: day, maxDays: most-days, bucket: days } }",
      "{ bucket: { name: days, measure: count, person: all-days, period: year } }",
    ],
    numbers: `${ten}, most-days: 3 days, all-days: 9 days`,
    given: {
      lines: [{ code: "R", charge: 90_000n, to: visitDay + 4 }],
      snapshot: { counts: [counted("2.4", "person", 2n)] },
    },
    lines: ["paid 89000 PR-3 1000"],
    trace: [[1, "F1", 21, "2.3"]],
  }),
  row("F1", "before the deductible, and after it", {
    rules: [
      "{ copay: { amount: ten, per: service } }",
      "{ for: [test], copay: { amount: ten, per: service, order: after } }",
      deductible("person: fifty"),
    ],
    numbers: both,
    given: { ...two(["B", 4_500n], ["A", 10_000n]), snapshot: { buckets: [met("2.5", "person", 500n)] } },
    // 45.00 owed to the deductible first: nothing is left for the copay.
    lines: ["paid 0 PR-1 4500", "paid 9000 PR-3 1000"],
    trace: [[1, "F2", 22, "2.5"]],
  }),
  row("F1", "the first visits are free while the count has room", {
    rules: [
      visitCopay,
      "{ for: [exam], first: { bucket: visits, share: { copay: none, deductible: none, coinsurance: none } }, bucket: { name: visits, measure: count, person: three, period: year } }",
    ],
    numbers: `${ten}, three: 3 visits`,
    given: { ...two(["A", 10_000n], ["A", 9_000n]), snapshot: { counts: [counted("2.4", "person", 2n)] } },
    lines: ["paid 10000", "paid 8000 PR-3 1000"],
    trace: [[1, "F1", 20, "2.4"]],
    moves: [["2.4", "person", 1n]],
  }),
  row("F1", "what is waived is not asked", {
    rules: [visitCopay, deductible("person: fifty"), "{ when: emergency, waive: { parts: [copay, deductible] } }"],
    numbers: both,
    given: { ...one("A", 10_000n), claim: { emergency: true } },
    lines: ["paid 10000"],
    trace: [[1, "I1", 41, ""]],
  }),
  row("F2", "what is left of the deductible, not more", {
    rules: [deductible("person: fifty")],
    numbers: both,
    given: { ...one("A", 10_000n), snapshot: { buckets: [met("2.3", "person", 3_000n)] } },
    lines: ["paid 8000 PR-1 2000"],
    trace: [
      [1, "F2", 20, "2.3"],
      [1, "F2", 22, "2.3"],
    ],
    moves: [["2.3", "person", 2_000n]],
  }),
  row("F2", "none wins over the rule for all", {
    rules: [deductible("person: fifty"), "{ for: [test], deductible: none }"],
    numbers: both,
    given: two(["A", 3_000n], ["B", 3_000n]),
    lines: ["paid 0 PR-1 3000", "paid 3000"],
    trace: [[2, "F2", 4, "2.4"]],
  }),
  row("F2", "embedded: the person's own limit, and the family's when it is nearer", {
    rules: [deductible("person: fifty, family: eighty, familyRule: embedded")],
    numbers: both,
    given: { ...one("A", 10_000n), snapshot: { buckets: [met("2.3", "family", 7_000n)] } },
    lines: ["paid 9000 PR-1 1000"],
    trace: [[1, "F2", 22, "2.3"]],
    moves: [
      ["2.3", "family", 1_000n],
      ["2.3", "person", 1_000n],
    ],
  }),
  row("F2", "aggregate: the family's sum alone; alone in the cover, the person's", {
    rules: [deductible("person: fifty, family: eighty, familyRule: aggregate")],
    numbers: both,
    given: one("A", 10_000n),
    lines: ["paid 2000 PR-1 8000"],
    trace: [[1, "F2", 22, "2.3"]],
  }),
  row("F2", "aggregate, alone in the cover", {
    rules: [deductible("person: fifty, family: eighty, familyRule: aggregate")],
    numbers: both,
    given: { ...one("A", 10_000n), member: { selfOnly: true } },
    lines: ["paid 5000 PR-1 5000"],
    trace: [[1, "F2", 22, "2.3"]],
  }),
  row("F2", "a separate deductible for medicines", {
    rules: [
      deductible("person: fifty"),
      "{ for: [medicine], deductible: drugs, bucket: { name: drugs, measure: share, person: ten, period: year } }",
    ],
    numbers: both,
    given: two(["M", 10_000n], ["A", 10_000n]),
    lines: ["paid 9000 PR-1 1000", "paid 5000 PR-1 5000"],
    trace: [[1, "F2", 22, "2.4"]],
    moves: [
      ["2.3", "person", 5_000n],
      ["2.4", "person", 1_000n],
    ],
  }),
  row("F2", "a second tier whose money fills the first tier's bucket, too", {
    rules: [
      "{ network: { tier: out } }",
      "{ tiers: [in], deductible: inner, bucket: { name: inner, measure: share, person: fifty, period: year } }",
      "{ tiers: [out], deductible: outer, bucket: { name: outer, measure: share, person: eighty, period: year, tiers: [out], alsoCounts: [inner] } }",
    ],
    front: { tiers: "[in, out]" },
    numbers: both,
    given: one("A", 10_000n),
    lines: ["paid 2000 PR-1 8000"],
    trace: [[1, "F2", 22, "2.5"]],
    moves: [
      ["2.4", "person", 5_000n],
      ["2.5", "person", 8_000n],
    ],
  }),
  row("F3", "a percentage of what is left, rounded once, half up", {
    rules: ["{ coinsurance: { member: fifth } }"],
    numbers: fifth,
    given: two(["F", 103n], ["F", 102n]),
    lines: ["paid 82 PR-2 21", "paid 82 PR-2 20"],
    trace: [[1, "F3", 23, "2.3"]],
  }),
  row("F3", "at least and at most, never above what is left", {
    rules: ["{ coinsurance: { member: fifth, atLeast: five, atMost: eight } }"],
    numbers: fifth,
    given: { lines: [1_000n, 3_000n, 10_000n, 300n].map((charge) => ({ code: "F", charge })) },
    lines: ["paid 500 PR-2 500", "paid 2400 PR-2 600", "paid 9200 PR-2 800", "paid 0 PR-2 300"],
    trace: [[3, "F3", 23, "2.3"]],
  }),
  row("F3", "the least and the most of a visit, over its lines and an earlier claim", {
    rules: ["{ coinsurance: { member: fifth, atLeast: five, atMost: eight, per: visit } }"],
    numbers: fifth,
    given: {
      lines: [1_000n, 1_000n, 1_000n, 3_000n].map((charge) => ({ code: "F", charge })),
      snapshot: { events: [event("2.3", "coinsurance", visitDay - 1, 800n)] },
    },
    // 2.00 raised to 5.00; 4.00 and 6.00 in all: nothing, then 1.00; 12.00 is above 8.00: 2.00 more.
    lines: ["paid 500 PR-2 500", "paid 1000", "paid 900 PR-2 100", "paid 2800 PR-2 200"],
    trace: [[4, "F3", 29, "2.3"]],
  }),
  row("F3", "the most of a day counts for each day of the line", {
    rules: ["{ coinsurance: { member: fifth, atMost: eight, per: day } }"],
    numbers: fifth,
    given: { lines: [{ code: "R", charge: 90_000n, to: visitDay + 2 }] },
    lines: ["paid 87600 PR-2 2400"],
    trace: [[1, "F3", 29, "2.3"]],
  }),
  row("F3", "and the least, too", {
    rules: ["{ coinsurance: { member: fifth, atLeast: five, per: day } }"],
    numbers: fifth,
    given: { lines: [{ code: "R", charge: 4_000n, to: visitDay + 2 }] },
    lines: ["paid 2500 PR-2 1500"],
    trace: [[1, "F3", 29, "2.3"]],
  }),
  row("F3", "bands of a period's sum, kept in a bucket", {
    rules: [
      "{ coinsurance: { bands: [[fifty, fifth], [above, none-of-it]], bucket: band }, bucket: { name: band, measure: allowed, person: fifty, period: year } }",
    ],
    numbers: `${fifth}, fifty: 50.00 USD, none-of-it: 0 %`,
    given: { ...two(["F", 1_500n], ["F", 2_501n]), snapshot: { buckets: [met("2.3", "person", 2_000n)] } },
    lines: ["paid 1200 PR-2 300", "paid 2201 PR-2 300"],
    trace: [[2, "F3", 28, "2.3"]],
    moves: [["2.3", "person", 3_000n]],
  }),
  row("F4", "what is over the most moves to the plan: coinsurance first, then deductible, then copay", {
    rules: [
      visitCopay,
      deductible("person: fifty"),
      "{ coinsurance: { member: half } }",
      "{ outOfPocket: { bucket: most, counts: [copay, deductible, coinsurance] }, bucket: { name: most, measure: share, person: eighty, period: year } }",
    ],
    numbers: both,
    given: { ...two(["A", 10_000n], ["B", 5_000n]), snapshot: { buckets: [met("2.6", "person", 4_000n)] } },
    lines: ["paid 6000 PR-3 1000 PR-1 N16 3000", "paid 5000"],
    trace: [[1, "F4", 24, "2.6"]],
    moves: [
      ["2.4", "person", 3_000n],
      ["2.6", "person", 4_000n],
    ],
  }),
  row("F4", "a bucket that another counts to is filled once by a line that posts to both", {
    rules: [
      deductible("person: fifty", ", alsoCounts: [most]"),
      "{ outOfPocket: { bucket: most, counts: [deductible] }, bucket: { name: most, measure: share, person: eighty, period: year } }",
    ],
    numbers: both,
    given: one("A", 10_000n),
    lines: ["paid 5000 PR-1 5000"],
    trace: [[1, "F4", 40, "2.4"]],
    moves: [
      ["2.3", "person", 5_000n],
      ["2.4", "person", 5_000n],
    ],
  }),
  row("F4", "parts that the most does not count stay with the member", {
    rules: [
      visitCopay,
      "{ coinsurance: { member: half } }",
      "{ outOfPocket: { bucket: most, counts: [coinsurance] }, bucket: { name: most, measure: share, person: ten, period: year } }",
    ],
    numbers: both,
    given: one("A", 10_000n),
    lines: ["paid 8000 PR-3 1000 PR-2 N16 1000"],
    trace: [[1, "F4", 24, "2.5"]],
    moves: [["2.5", "person", 1_000n]],
  }),
]

const sum = (owners: string, more = "", period = "year") =>
  `{ ceiling: { bucket: sum, excess: member }, bucket: { name: sum, measure: benefit, ${owners}, period: ${period}${more} } }`
const illness = { illnesses: table("diagnosis,condition\nH251,cataract\nE119,diabetes\n") }
const illnessClauses = ["{ define: { condition: illnesses } }", sum("condition: fifty")]

const ceilings: readonly Row[] = [
  row("F5", "a person's sum: what is above it is the member's", {
    rules: [sum("person: fifty")],
    numbers: both,
    given: { ...two(["A", 10_000n], ["B", 5_000n]), snapshot: { buckets: [met("2.3", "person", 1_000n)] } },
    lines: ["paid 4000 PR-119 6000", "paid 0 PR-119 5000"],
    trace: [
      [1, "F5", 20, "2.3"],
      [1, "F5", 27, "2.3"],
    ],
    moves: [["2.3", "person", 4_000n]],
  }),
  row("F5", "the provider bears what is above", {
    rules: [sum("person: fifty").replace("excess: member", "excess: provider")],
    numbers: both,
    given: one("A", 10_000n),
    lines: ["paid 5000 CO-119 5000"],
    trace: [[1, "F5", 27, "2.3"]],
  }),
  row("F5", "a sum for life", {
    rules: [sum("person: fifty", "", "ever")],
    numbers: both,
    given: { ...one("A", 10_000n), snapshot: { buckets: [met("2.3", "person", 4_999n, 0)] } },
    lines: ["paid 1 PR-35 9999"],
    trace: [[1, "F5", 27, "2.3"]],
  }),
  row("F5", "a family's sum that grows with its members, up to a most", {
    rules: [sum("family: fifty", ", grow: { each: ten, above: four, atMost: seventy }")],
    numbers: `${both}, four: 4 members, seventy: 65.00 USD`,
    given: { ...one("A", 10_000n), member: { members: 5 } },
    lines: ["paid 6000 PR-119 4000"],
    trace: [[1, "F5", 27, "2.3"]],
  }),
  row("F5", "and not beyond that most", {
    rules: [sum("family: fifty", ", grow: { each: ten, above: four, atMost: seventy }")],
    numbers: `${both}, four: 4 members, seventy: 65.00 USD`,
    given: { ...one("A", 10_000n), member: { members: 9 } },
    lines: ["paid 6500 PR-119 3500"],
    trace: [[1, "F5", 27, "2.3"]],
    moves: [["2.3", "family", 6_500n]],
  }),
  row("F5", "a sum for one treatment", {
    rules: [sum("treatment: fifty", "", "ever")],
    numbers: both,
    given: {
      ...one("A", 10_000n),
      claim: { treatment: "T7" },
      snapshot: { buckets: [met("2.3", "treatment T7", 2_000n, 0), met("2.3", "treatment T8", 5_000n, 0)] },
    },
    lines: ["paid 3000 PR-119 7000"],
    trace: [[1, "F5", 27, "2.3"]],
    moves: [["2.3", "treatment T7", 3_000n]],
  }),
  row("F5", "a sum for one treatment when the claim names none", {
    rules: [sum("treatment: fifty", "", "ever")],
    numbers: both,
    given: one("A", 10_000n),
    lines: ["pended 0"],
    trace: [[1, "F5", 6, "2.3"]],
    findings: ["missing-fact treatment"],
  }),
  row("F5", "a sum for each condition: the first diagnosis that the table names is its owner", {
    rules: illnessClauses,
    numbers: both,
    tables: illness,
    given: {
      lines: [["H251"], ["Z000", "E119"], ["H251"]].map((diagnoses) => ({ code: "B", charge: 4_000n, diagnoses })),
      snapshot: { buckets: [met("2.4", "condition diabetes", 4_500n)] },
    },
    lines: ["paid 4000", "paid 500 PR-119 3500", "paid 1000 PR-119 3000"],
    trace: [[2, "F5", 27, "2.4"]],
    moves: [
      ["2.4", "condition cataract", 5_000n],
      ["2.4", "condition diabetes", 500n],
    ],
  }),
  row("F5", "a diagnosis of no condition", {
    rules: illnessClauses,
    numbers: both,
    tables: illness,
    given: one("B", 4_000n, { diagnoses: ["Z000"] }),
    lines: ["pended 0"],
    trace: [[1, "F5", 6, "2.4"]],
    findings: ["missing-fact condition"],
  }),
  row("F5", "person, family and category at once: each cuts what the one before left, and all count what is paid", {
    rules: [
      sum("person: eighty, family: eighty"),
      "{ for: [exam], ceiling: { bucket: exams, excess: provider }, bucket: { name: exams, measure: benefit, person: fifty, period: year } }",
    ],
    numbers: both,
    given: { ...one("A", 10_000n), snapshot: { buckets: [met("2.3", "family", 1_000n)] } },
    lines: ["paid 5000 PR-119 3000 CO-119 2000"],
    trace: [
      [1, "F5", 27, "2.3"],
      [1, "F5", 27, "2.4"],
    ],
    moves: [
      ["2.3", "family", 5_000n],
      ["2.3", "person", 5_000n],
      ["2.4", "person", 5_000n],
    ],
  }),
  row("F5", "a sum that rolls: what was paid ninety days ago no longer counts", {
    rules: [sum("person: fifty", "", "ninety-days")],
    numbers: both,
    given: {
      ...one("A", 10_000n),
      snapshot: {
        events: [event("2.3", "person", visitDay - 90, 3_000n), event("2.3", "person", visitDay - 89, 1_000n)],
      },
    },
    lines: ["paid 4000 PR-119 6000"],
    trace: [[1, "F5", 27, "2.3"]],
    moves: [],
  }),
  row("F5", "what the visit's voucher set aside is what the line may use", {
    rules: [sum("person: fifty")],
    numbers: both,
    given: {
      ...one("A", 10_000n),
      values: { assurance: { tier: "patient", allotments: [{ clause: "2.3", most: 1_200n }] } },
    },
    lines: ["paid 1200 PR-119 8800"],
    trace: [[1, "F5", 27, "2.3"]],
  }),
  row("F5", "without an authorization part of the benefit is lost, outside every bucket", {
    rules: [
      "{ authorize: { covers: code, else: reduce, reduction: half } }",
      "{ outOfPocket: { bucket: most, counts: [copay] }, bucket: { name: most, measure: share, person: ten, period: year } }",
    ],
    numbers: both,
    given: one("A", 9_999n),
    lines: ["paid 4999 PR-197 5000"],
    trace: [[1, "F5", 26, "2.3"]],
    moves: [],
  }),
  row("F5", "what is not covered is the member's only with a signed notice", {
    rules: ["{ for: [exam], exclude: { notice: required } }"],
    given: one("A", 12_000n),
    lines: ["denied 0 CO-96 N130 12000"],
    trace: [[1, "D1", 5, "2.3"]],
  }),
  row("F5", "with the notice she owes the plan's price, the rest is the contract's", {
    rules: ["{ for: [exam], exclude: { notice: required } }"],
    given: { ...one("A", 12_000n), values: { notices: [{ clause: "2.3", line: 1 }] } },
    lines: ["denied 0 CO-45 2000 PR-96 N130 10000"],
    trace: [[1, "D1", 5, "2.3"]],
  }),
]

/** Earlier payers as they answer: of each line what they allowed, paid and left, all of it as coinsurance. */
const prior = (...lines: readonly (readonly [allowed: bigint, paid: bigint, left: bigint])[]) => ({
  payer: "first-payer",
  on: visitDay,
  lines: lines.map(([allowed, paid, left], i) => ({
    ...{ number: i + 1, allowed, paid, left },
    reasons: left === 0n ? [] : [{ carc: "2", amount: left }],
  })),
})
const after = (...legs: readonly ReturnType<typeof prior>[]): Partial<Situation> => ({
  values: { legs },
  member: { rank: legs.length + 1 },
})
const cob = (method: string, more = "") => `{ cob: { method: ${method}${more} } }`
const shareHalf = "{ coinsurance: { member: half } }"
const payers = table("own,other,first\nself,spouse,own\nspouse,spouse,other\n*,accident,other\n", "own", "other")
const ordered = (
  member: NonNullable<Situation["member"]>,
  legs: readonly ReturnType<typeof prior>[],
  charge = 10_000n,
): Situation => ({
  ...one("A", charge),
  ...{ member, values: { legs } },
})

const laterSteps: readonly Row[] = [
  row("G1", "standard: no more than alone, than was left, than allowed less paid", {
    rules: [cob("standard"), shareHalf],
    numbers: both,
    given: {
      lines: [1, 2, 3].map(() => ({ code: "A", charge: 12_000n })),
      ...after(prior([10_000n, 2_000n, 8_000n], [10_000n, 9_000n, 1_000n], [12_000n, 9_500n, 2_500n])),
    },
    lines: ["paid 5000 PR-2 3000 OA-23 4000", "paid 1000 OA-23 11000", "paid 500 PR-2 2000 OA-23 9500"],
    trace: [[3, "G1", 30, "2.3"]],
  }),
  row("G1", "carve-out: what it would have paid alone, less what was paid", {
    rules: [cob("carve-out"), shareHalf],
    numbers: both,
    given: {
      lines: [1, 2].map(() => ({ code: "A", charge: 12_000n })),
      ...after(prior([10_000n, 2_000n, 8_000n], [10_000n, 9_000n, 1_000n])),
    },
    lines: ["paid 3000 PR-2 5000 OA-23 4000", "paid 0 PR-2 1000 OA-23 11000"],
    trace: [[1, "G1", 31, "2.3"]],
  }),
  row("G1", "maintenance of benefits: the share is taken of what the first payer left of the allowed amount", {
    rules: [cob("maintenance"), shareHalf],
    numbers: both,
    given: { ...one("A", 12_000n), ...after(prior([10_000n, 2_000n, 8_000n])) },
    lines: ["paid 4000 PR-2 4000 OA-23 4000"],
    trace: [[1, "G1", 32, "2.3"]],
  }),
  row("G1", "medicare: the least of four sums", {
    rules: [cob("medicare"), shareHalf],
    numbers: both,
    given: { ...one("A", 17_500n), ...after(prior([15_000n, 12_000n, 3_000n])) },
    lines: ["paid 3000 OA-23 14500"],
    trace: [[1, "G1", 33, "2.3"]],
  }),
  row("G1", "what buckets count: by default what she still owes, coinsurance giving way first", {
    rules: [
      cob("standard"),
      deductible("person: fifty"),
      "{ coinsurance: { member: half } }",
      "{ outOfPocket: { bucket: most, counts: [deductible, coinsurance] }, bucket: { name: most, measure: share, person: hundred, period: year } }",
    ],
    numbers: `${both}, hundred: 100.00 USD`,
    given: { ...one("A", 12_000n), ...after(prior([10_000n, 2_000n, 8_000n])) },
    // Alone: 50.00 to the deductible, 25.00 coinsurance, 25.00 paid. 80.00 were left, so 55.00 remain with her.
    lines: ["paid 2500 PR-1 5000 PR-2 500 OA-23 4000"],
    trace: [[1, "G1", 30, "2.3"]],
    moves: [
      ["2.4", "person", 5_000n],
      ["2.6", "person", 5_500n],
    ],
  }),
  row("G1", "or her own share as if this payer were the first", {
    rules: [
      cob("standard", ", posts: own"),
      deductible("person: fifty"),
      "{ coinsurance: { member: half } }",
      "{ outOfPocket: { bucket: most, counts: [deductible, coinsurance] }, bucket: { name: most, measure: share, person: hundred, period: year } }",
    ],
    numbers: `${both}, hundred: 100.00 USD`,
    given: { ...one("A", 12_000n), ...after(prior([10_000n, 2_000n, 8_000n])) },
    lines: ["paid 2500 PR-1 5000 PR-2 500 OA-23 4000"],
    trace: [[1, "G1", 30, "2.3"]],
    moves: [
      ["2.4", "person", 5_000n],
      ["2.6", "person", 7_500n],
    ],
  }),
  row("G1", "a line this payer refuses: she owes what was left, under the refusal's code", {
    rules: [cob("standard"), "{ for: [exam], exclude: { notice: none } }"],
    given: { ...one("A", 12_000n), ...after(prior([10_000n, 7_000n, 3_000n])) },
    lines: ["denied 0 PR-96 N130 3000 OA-23 9000"],
    trace: [[1, "D1", 5, "2.4"]],
  }),
  row("G1", "two earlier payers: paid together, left by the last", {
    rules: [cob("standard")],
    given: {
      ...one("A", 12_000n),
      ...after(prior([10_000n, 5_000n, 5_000n]), prior([10_000n, 3_000n, 2_000n])),
    },
    lines: ["paid 2000 OA-23 10000"],
    trace: [[1, "G1", 30, "2.3"]],
  }),
  row("G1", "an answer without this line, and one whose sums do not hold", {
    rules: [cob("standard")],
    given: { ...two(["A", 12_000n], ["B", 6_000n]), ...after(prior([10_000n, 9_000n, 3_001n])) },
    lines: ["pended 0", "pended 0"],
    trace: [[1, "G1", 6, "2.3"]],
    findings: ["prior-unbalanced paid and left", "prior-missing line"],
  }),
  row("G1", "a claim's one rate after another payer: what is paid is spread as the lines were left", {
    rules: [cob("standard")],
    allow: "{ allow: { case: drgs, level: claim, lesser: yes } }",
    tables: { drgs: table("drg,rate\n470,100.00\n") },
    given: {
      ...two(["R", 8_000n], ["M", 7_000n]),
      claim: { ...inpatient, drg: "470" },
      ...after(prior([6_000n, 3_000n, 3_000n], [6_000n, 2_000n, 4_000n])),
    },
    // Allowed 100.00 less 50.00 paid before: 30.00 on the first line, 20.00 on the second.
    lines: ["paid 3000 OA-23 5000", "paid 2000 PR-2 2000 OA-23 3000"],
    trace: [
      [1, "G1", 30, "2.3"],
      [2, "G1", 39, "2.2"],
    ],
  }),
  row("G1", "and its ceilings count all of it; maintenance of benefits looks at what all its lines were paid", {
    rules: [cob("maintenance"), shareHalf, sum("person: fifty")],
    allow: "{ allow: { case: drgs, level: claim, lesser: yes } }",
    numbers: both,
    tables: { drgs: table("drg,rate\n470,100.00\n") },
    given: {
      ...two(["R", 8_000n], ["M", 7_000n]),
      claim: { ...inpatient, drg: "470" },
      ...after(prior([6_000n, 3_000n, 1_000n], [6_000n, 1_000n, 5_000n])),
    },
    // 100.00 less 40.00 paid: of 60.00 she bears half, 30.00 are paid: 10.00 and 20.00.
    lines: ["paid 1000 OA-23 7000", "paid 2000 PR-2 3000 OA-23 2000"],
    trace: [[1, "G1", 32, "2.3"]],
    moves: [["2.5", "person", 3_000n]],
  }),
  row("B2", "second by the table and by what has been paid, sent as first: it waits", {
    rules: [cob("standard", ", order: payers")],
    tables: { payers },
    given: ordered({ relation: "spouse", otherCover: ["spouse"], rank: 1 }, [prior([10_000n, 9_000n, 1_000n])]),
    lines: ["pended 0"],
    trace: [[1, "B2", 6, "2.3"]],
    findings: ["prior-order rank 2"],
  }),
  row("B2", "the order of payers: first by the table, and paid first", {
    rules: [cob("standard", ", order: payers")],
    tables: { payers },
    given: ordered({ relation: "self", otherCover: ["spouse"] }, []),
    lines: ["paid 10000"],
    trace: [[1, "B2", 38, "2.3"]],
  }),
  row("B2", "second by the table, and nobody has answered: 22", {
    rules: [cob("standard", ", order: payers")],
    tables: { payers },
    given: ordered({ relation: "spouse", otherCover: ["spouse"] }, []),
    lines: ["denied 0 CO-22 MA04 10000"],
    trace: [[1, "B2", 5, "2.3"]],
  }),
  row("B2", "first by the table, and another has paid: it waits", {
    rules: [cob("standard", ", order: payers")],
    tables: { payers },
    given: ordered({ relation: "self", otherCover: ["spouse"], rank: 2 }, [prior([10_000n, 9_000n, 1_000n])]),
    lines: ["pended 0"],
    trace: [[1, "B2", 6, "2.3"]],
    findings: ["prior-order rank 1"],
  }),
  row("B2", "second by the table after the first: coordinated", {
    rules: [cob("standard", ", order: payers")],
    tables: { payers },
    given: ordered({ relation: "spouse", otherCover: ["spouse"], rank: 2 }, [prior([10_000n, 9_000n, 1_000n])]),
    lines: ["paid 1000 OA-23 9000"],
    trace: [[1, "B2", 38, "2.3"]],
  }),
  row("B2", "a cover that no row knows", {
    rules: [cob("standard", ", order: payers")],
    tables: { payers },
    given: ordered({ relation: "child", otherCover: ["accident", "spouse"] }, []),
    lines: ["pended 0"],
    trace: [[1, "B2", 6, "2.3"]],
    findings: ["missing-fact otherCover"],
  }),
  row("G2", "withheld for a programme, the member's share unchanged", {
    rules: [shareHalf, "{ withhold: { percent: two, pool: quality } }"],
    numbers: `${both}, two: 2 %`,
    given: one("A", 3_125n),
    // Half of 31.25 is 15.625; 15.62 are left to pay, of which 0.31 stay.
    lines: ["paid 1531 PR-2 1563 CO-104 31"],
    trace: [[1, "G2", 34, "2.4"]],
  }),
  row("G2", "under a law's own code", {
    rules: ['{ withhold: { percent: two, pool: federal, codes: { group: CO, carc: "253" } } }'],
    numbers: "two: 2 %",
    given: one("A", 10_000n),
    lines: ["paid 9800 CO-253 200"],
    trace: [[1, "G2", 34, "2.3"]],
  }),
  row("G2", "from what a later payer pays", {
    rules: [cob("standard"), "{ withhold: { percent: two, pool: quality } }"],
    numbers: "two: 2 %",
    given: { ...one("A", 12_000n), ...after(prior([10_000n, 9_000n, 1_000n])) },
    lines: ["paid 980 OA-23 11000 CO-104 20"],
    trace: [[1, "G2", 34, "2.4"]],
  }),
]

testRows([...firstSteps, ...ceilings, ...laterSteps])
