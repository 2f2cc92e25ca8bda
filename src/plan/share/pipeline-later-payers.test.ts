/**
 * Steps G1, G2 and B2's order: what is left by earlier payers, and what is withheld. For each outcome a clause, a claim and
 * what comes out.
 */
import { one, type Row, row, table, testRows, two } from "../../../test/money-table.ts"
import { type Situation, visitDay } from "../../../test/plan-text.ts"

const deductible = (limits: string, more = "") =>
  `{ deductible: ded, bucket: { name: ded, measure: share, ${limits}, period: year${more} } }`

const both = "ten: 10.00 USD, fifty: 50.00 USD, eighty: 80.00 USD, half: 50 %"

const inpatient: Situation["claim"] = {
  kind: "institutional",
  inpatient: true,
  admitted: visitDay,
  discharged: visitDay + 6,
}

const sum = (owners: string, more = "", period = "year") =>
  `{ ceiling: { bucket: sum, excess: member }, bucket: { name: sum, measure: benefit, ${owners}, period: ${period}${more} } }`

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

testRows(laterSteps)
