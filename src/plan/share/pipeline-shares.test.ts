/**
 * Steps F1 to F3: copay, deductible, coinsurance. For each outcome a clause, a claim and what comes out.
 */
import { one, type Row, row, testRows, two } from "../../../test/money-table.ts"
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

testRows(firstSteps)
