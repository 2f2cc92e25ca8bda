/**
 * Steps E1 to E3: what the plan allows. For each outcome of each step a clause, a claim and what comes out.
 */
import { one, type Row, row, table, testRows, two } from "../../../test/money-table.ts"
import { type Situation, visitDay, year } from "../../../test/plan-text.ts"

const stay: Situation["claim"] = {
  kind: "institutional",
  inpatient: true,
  admitted: visitDay,
  discharged: visitDay + 4,
  drg: "470",
}
const drgs = table("drg,rate\n470,12000.00\n", "drg")
const caseRate = "{ allow: { case: drgs, level: claim, lesser: no } }"

const comanage =
  '{ comanage: { surgery: { modifier: "54", share: cut }, after: { modifier: "55", share: later }, before: { modifier: "56", share: earlier }, days: ninety } }'
const shares = "cut: 75 %, later: 15 %, earlier: 10 %, ninety: 90 days"
/** What somebody took of the surgery of the visit's day: percent in basis points, times its 90 days. */
const cared = (part: string, points: bigint) => ({
  ...{ clause: "2.3", owner: `care C ${part}`, day: visitDay, provider: "other", quantity: points * 90n },
  statement: new Uint8Array(32),
})
const used = (clause: string, on: number, quantity: bigint) => ({
  ...{ clause, owner: "person", day: on, provider: "other", quantity },
  statement: new Uint8Array(32),
})

const rows: readonly Row[] = [
  row("E1", "capitation: benefit 0, the copay stays", {
    rules: ["{ capitate: { copay: yes } }", "{ copay: { amount: ten, per: visit } }"],
    numbers: "ten: 10.00 USD",
    given: one("A", 12_000n),
    lines: ["encounter 0 CO-45 2000 PR-3 1000 CO-24 9000"],
    trace: [[1, "F1", 21, "2.4"]],
  }),
  row("E1", "capitation: the copay falls away, nothing is posted to the deductible", {
    rules: [
      "{ capitate: { contract: K1, copay: no } }",
      "{ copay: { amount: ten, per: visit }, deductible: ded, bucket: { name: ded, measure: share, person: ten, period: year } }",
    ],
    numbers: "ten: 10.00 USD",
    given: { ...one("A", 12_000n), provider: { contract: "K1" } },
    lines: ["encounter 0 CO-45 2000 CO-24 10000"],
    trace: [[1, "F5", 25, ""]],
    moves: [],
  }),
  row("E1", "capitation of another contract does nothing", {
    rules: ["{ capitate: { contract: K1, copay: no } }"],
    given: { ...one("A", 12_000n), provider: { contract: "K2" } },
    lines: ["paid 10000 CO-45 2000"],
    trace: [[1, "E2", 10, "2.2"]],
  }),
  row("E2", "a rate finer than a cent is rounded once, after the units", {
    rules: [],
    given: one("M", 220_000n, { unitsMilli: 2000 }),
    lines: ["paid 146377 CO-45 73623"],
    trace: [[1, "E2", 10, "2.2"]],
  }),
  row("E2", "the lesser of the charge", {
    rules: [],
    given: one("A", 9_000n),
    lines: ["paid 9000"],
    trace: [[1, "E2", 11, "2.2"]],
  }),
  row("E2", "not the lesser: 94, negative", {
    rules: [],
    allow: "{ allow: { schedule: services, lesser: no } }",
    given: one("A", 9_000n),
    lines: ["paid 10000 CO-94 -1000"],
    trace: [[1, "E2", 11, "2.2"]],
  }),
  row("E2", "a provider without a contract whose rest the clause leaves to the member: PR-45", {
    // With all of the price hers as well, she owes more than the plan allows, and no more than was charged.
    rules: ["{ deductible: ded, bucket: { name: ded, measure: share, person: first, period: year } }"],
    numbers: "first: 200.00 USD",
    allow: '{ allow: { schedule: services, lesser: yes, codes: { group: PR, carc: "45" } } }',
    given: one("A", 12_000n),
    lines: ["paid 0 PR-45 2000 PR-1 10000"],
    trace: [[1, "E2", 11, "2.2"]],
  }),
  row("E2", "a provider without a contract: PI-45 by the clause's own codes", {
    rules: [],
    allow: '{ allow: { schedule: services, lesser: yes, codes: { group: PI, carc: "45" } } }',
    given: one("A", 12_000n),
    lines: ["paid 10000 PI-45 2000"],
    trace: [[1, "E2", 10, "2.2"]],
  }),
  row("E2", "percent of the rate, never above a sum", {
    rules: [],
    allow: "{ allow: { schedule: services, percent: most-of, lesser: yes, atMost: cap } }",
    numbers: "most-of: 87.5 %, cap: 87.00 USD",
    given: {
      lines: [
        { code: "A", charge: 12_000n },
        { code: "B", charge: 12_000n },
      ],
    },
    lines: ["paid 8700 CO-45 3300", "paid 4375 CO-45 7625"],
    trace: [[1, "E2", 10, "2.2"]],
  }),
  row("E2", "a percentage of the charge", {
    rules: [],
    allow: "{ allow: { ofCharge: most-of, lesser: yes } }",
    numbers: "most-of: 62.5 %",
    given: one("A", 101n),
    lines: ["paid 63 CO-45 38"],
    trace: [[1, "E2", 10, "2.2"]],
  }),
  row("E2", "no rate, no price: the line waits", {
    rules: [],
    allow: "{ allow: { schedule: other, lesser: yes } }",
    tables: { other: table("code,rate\nB,1.00\n") },
    given: one("A", 101n),
    lines: ["pended 0"],
    trace: [[1, "E2", 6, "2.2"]],
    findings: ["no-rate other"],
  }),
  row("E2", "factors of modifiers: assistant 16 %, co-surgeon 62.5 %, both multiply, others say nothing", {
    rules: [],
    allow: "{ allow: { schedule: services, lesser: yes, modifiers: factors } }",
    tables: { factors: table("modifier,factor\n80,16\n62,62.5\n") },
    given: { lines: ["80", "62", "80 62", "24"].map((m) => ({ code: "C", charge: 50_000n, modifiers: m.split(" ") })) },
    lines: ["paid 3200 CO-45 46800", "paid 12500 CO-45 37500", "paid 2000 CO-45 48000", "paid 20000 CO-45 30000"],
    trace: [[3, "E2", 10, "2.2"]],
  }),
  row("E2", "a factor for one code and its modifier", {
    rules: [],
    allow: "{ allow: { schedule: services, lesser: yes, modifiers: factors } }",
    tables: { factors: table("code,modifier,factor\nC,26,40\n", "code", "modifier") },
    given: two(["C", 50_000n, "26"], ["D", 50_000n, "26"]),
    lines: ["paid 8000 CO-45 42000", "paid 15000 CO-45 35000"],
    trace: [[1, "E2", 10, "2.2"]],
  }),
  row("E2", "a case rate on one line, however many units", {
    rules: [],
    allow: "{ allow: { case: drgs, lesser: yes } }",
    tables: { drgs },
    given: { ...one("R", 2_000_000n, { unitsMilli: 5000 }), claim: stay },
    lines: ["paid 1200000 CO-45 800000"],
    trace: [[1, "E2", 10, "2.2"]],
  }),
  row("E2", "a case rate of the claim stands on the first line, the others 0 with 97", {
    rules: ["{ for: [room], deductible: none }"],
    allow: caseRate,
    tables: { drgs },
    given: { ...two(["R", 800_000n], ["M", 700_000n]), claim: stay },
    lines: ["paid 1200000 CO-94 -400000", "paid 0 CO-97 700000"],
    trace: [
      [1, "E2", 10, "2.2"],
      [2, "E2", 36, "2.2"],
    ],
  }),
  row("E2", "the lesser of a claim's rate is that of all its charges; the member's share is of the whole", {
    rules: ["{ coinsurance: { member: half } }"],
    allow: "{ allow: { case: drgs, level: claim, lesser: yes } }",
    numbers: "half: 50 %",
    tables: { drgs },
    given: { ...two(["R", 100_000n], ["M", 700_000n]), claim: stay },
    lines: ["paid 400000 CO-94 -700000 PR-2 400000", "paid 0 CO-97 700000"],
    trace: [[1, "F3", 23, "2.3"]],
  }),
  row("E2", "a claim's rate waits while one of its lines does", {
    rules: ['{ for: [medicine], when: "drug == \\"N1\\"", exclude: { notice: none } }'],
    allow: caseRate,
    tables: { drgs },
    given: { ...two(["R", 800_000n], ["M", 700_000n]), claim: stay },
    lines: ["pended 0", "pended 0"],
    trace: [[1, "E2", 6, "2.2"]],
    findings: ["missing-fact line 2", "missing-fact drug"],
  }),
  row("E2", "a case rate without the case", {
    rules: [],
    allow: caseRate,
    tables: { drgs },
    given: { ...one("R", 800_000n), claim: { ...stay, drg: undefined } },
    lines: ["pended 0"],
    trace: [[1, "E2", 6, "2.2"]],
    findings: ["missing-fact drg"],
  }),
  row("E2", "a daily rate: the line's days; of the claim: the nights of the stay", {
    rules: ["{ for: [room], exceptionTo: 2.2, allow: { perDiem: daily, lesser: yes } }"],
    allow: "{ allow: { perDiem: daily, level: claim, lesser: no } }",
    numbers: "daily: 900.00 USD",
    given: {
      lines: [
        { code: "A", charge: 1_000n },
        { code: "R", charge: 500_000n, to: visitDay + 2 },
        { code: "B", charge: 2_000n },
      ],
      claim: stay,
    },
    lines: ["paid 360000 CO-94 -359000", "paid 270000 CO-45 230000", "paid 0 CO-97 2000"],
    trace: [
      [1, "E2", 10, "2.2"],
      [2, "E2", 10, "2.3"],
    ],
  }),
  row("E2", "both sides by modifier 50: 0 the fee once, 1 one and a half, 2 priced for both, 3 each side", {
    rules: ["{ bilateral: { table: services } }"],
    given: { lines: ["D", "C", "B", "E"].map((code) => ({ code, charge: 90_000n, modifiers: ["50"] })) },
    lines: ["paid 15000 CO-45 75000", "paid 30000 CO-45 60000", "paid 5000 CO-45 85000", "paid 16000 CO-45 74000"],
    trace: [[2, "E2", 10, "2.2"]],
  }),
  row("E2", "both sides on two lines, 0: the second takes what is left of one fee", {
    rules: ["{ bilateral: { table: services } }"],
    given: two(["D", 10_000n, "LT"], ["D", 10_000n, "RT"]),
    lines: ["paid 10000", "paid 5000 CO-45 5000"],
    trace: [[2, "E2", 15, "2.2"]],
  }),
  row("E2", "both sides on two lines, 1: one and a half fees together", {
    rules: ["{ bilateral: { table: services } }"],
    given: two(["C", 50_000n, "RT"], ["C", 50_000n, "LT"]),
    lines: ["paid 20000 CO-45 30000", "paid 10000 CO-45 40000"],
    trace: [[2, "E2", 15, "2.2"]],
  }),
  row("E2", "both sides on two lines, 2: the fee is for both", {
    rules: ["{ bilateral: { table: services } }"],
    given: two(["B", 9_000n, "RT"], ["B", 9_000n, "LT"]),
    lines: ["paid 5000 CO-45 4000", "paid 0 CO-45 9000"],
    trace: [[2, "E2", 15, "2.2"]],
  }),
  row("E2", "both sides on two lines, 3: each in full, never more than was charged", {
    rules: ["{ bilateral: { table: services } }"],
    given: two(["E", 20_000n, "RT"], ["E", 2_000n, "LT"]),
    lines: ["paid 8000 CO-45 12000", "paid 2000"],
    trace: [[2, "E2", 15, "2.2"]],
  }),
  row("E2", "a third line is in no pair", {
    rules: ["{ bilateral: { table: services } }"],
    given: { lines: ["LT", "RT", "LT"].map((side) => ({ code: "D", charge: 20_000n, modifiers: [side] })) },
    lines: ["paid 15000 CO-45 5000", "paid 0 CO-45 20000", "paid 15000 CO-45 5000"],
    trace: [[3, "E2", 10, "2.2"]],
  }),
  row("E2", "one side alone, and two lines of one side, are each a service", {
    rules: ["{ bilateral: { table: services } }"],
    given: two(["C", 50_000n, "RT"], ["C", 50_000n, "RT"]),
    lines: ["paid 20000 CO-45 30000", "paid 20000 CO-45 30000"],
    trace: [[2, "E2", 10, "2.2"]],
  }),
  row("E2", "the cheaper service: the member or the provider bears the difference", {
    rules: [
      "{ for: [crown], alternate: { as: X, owes: member } }",
      "{ for: [procedure], alternate: { as: A, owes: provider } }",
    ],
    given: two(["Y", 10_000n], ["C", 20_000n]),
    lines: ["paid 4000 CO-45 1000 PR-169 5000", "paid 10000 CO-169 10000"],
    trace: [[1, "E2", 11, "2.2"]],
  }),
  row("E2", "a service that is no dearer than its alternate is paid as itself", {
    rules: ["{ for: [filling], alternate: { as: Y, owes: member } }"],
    given: one("X", 10_000n),
    lines: ["paid 4000 CO-45 6000"],
    trace: [[1, "E2", 11, "2.2"]],
  }),
  row("E2", "co-management in one claim: 75 % for the surgery, 15 % for all days after it", {
    rules: [comanage],
    numbers: shares,
    given: {
      lines: [
        { code: "C", charge: 20_000n, modifiers: ["54"] },
        { code: "C", charge: 20_000n, modifiers: ["55"], from: visitDay + 1, to: visitDay + 90 },
      ],
      claim: { received: visitDay + 95 },
    },
    lines: ["paid 15000 CO-59 5000", "paid 3000 CO-59 17000"],
    trace: [
      [1, "E2", 19, "2.3"],
      [2, "E2", 19, "2.3"],
    ],
  }),
  row("E2", "the days cared for: 45 of 90, and what another already took of the surgery", {
    rules: [comanage],
    numbers: shares,
    given: {
      lines: [{ code: "C", charge: 20_000n, modifiers: ["55"], from: visitDay + 30, to: visitDay + 74 }],
      claim: { received: visitDay + 95 },
      snapshot: { events: [cared("surgery", 7500n), cared("before", 1000n), cared("after", 500n)] },
    },
    // 15 % of 45 / 90 is 7.5 %; 75 + 10 + 5 % are taken, so that 10 % are left.
    lines: ["paid 1500 CO-59 18500"],
    trace: [[1, "E2", 19, "2.3"]],
  }),
  row("E2", "shares of one surgery never come to more than the whole", {
    rules: [comanage],
    numbers: shares,
    given: {
      lines: [{ code: "C", charge: 20_000n, modifiers: ["55"], from: visitDay + 1, to: visitDay + 90 }],
      claim: { received: visitDay + 95 },
      snapshot: { events: [cared("surgery", 7500n), cared("before", 1000n), cared("after", 1000n)] },
    },
    lines: ["paid 1000 CO-59 19000"],
    trace: [[1, "E2", 19, "2.3"]],
  }),
  row("E2", "care belongs to the latest surgery before it, not to one that comes after", {
    rules: [comanage],
    numbers: shares,
    given: {
      lines: [{ code: "C", charge: 20_000n, modifiers: ["55"], from: visitDay + 1, to: visitDay + 90 }],
      claim: { received: visitDay + 95 },
      snapshot: { events: [cared("surgery", 7500n), { ...cared("surgery", 10_000n), day: visitDay + 9 }] },
    },
    lines: ["paid 3000 CO-59 17000"],
    trace: [[1, "E2", 19, "2.3"]],
  }),
  row("E2", "care before its surgery is known counts when the surgery comes; another side is another surgery", {
    rules: [comanage],
    numbers: shares,
    given: {
      lines: [
        { code: "C", charge: 20_000n },
        { code: "C", charge: 20_000n, modifiers: ["RT"] },
        { code: "C", charge: 20_000n, modifiers: ["56"] },
      ],
      snapshot: { events: [{ ...cared("after?", 1500n), day: visitDay + 5 }] },
    },
    lines: ["paid 17000 CO-59 3000", "paid 20000", "paid 0 CO-59 20000"],
    trace: [[1, "E2", 19, "2.3"]],
  }),
  row("E2", "an allowance: what is above the sum is shared between member and provider", {
    rules: [
      "{ for: [frames], allowance: { bucket: glasses, overage: most-of }, bucket: { name: glasses, measure: allowed, person: sum, period: two-years } }",
    ],
    numbers: "sum: 150.00 USD, most-of: 80 %",
    given: {
      ...two(["F", 10_000n], ["F", 23_000n]),
      snapshot: { events: [used("2.3", visitDay - 500, 1_000n), used("2.3", year - 600, 9_000n)] },
    },
    lines: ["paid 10000", "paid 4000 PR-119 15200 CO-45 3800"],
    trace: [
      [2, "E2", 16, "2.3"],
      [2, "E2", 17, "2.3"],
    ],
  }),
  row("E3", "several procedures: the largest in full, the next at half, a tie by its place, beyond as the last", {
    rules: ["{ multiple: { on: [procedure], ranks: [whole, half, quarter], beyond: last } }"],
    numbers: "whole: 100 %, half: 50 %, quarter: 25 %",
    given: { lines: ["D", "C", "D", "E"].map((code) => ({ code, charge: 50_000n })) },
    lines: [
      "paid 7500 CO-45 35000 CO-59 7500",
      "paid 20000 CO-45 30000",
      "paid 3750 CO-45 35000 CO-59 11250",
      "paid 2000 CO-45 42000 CO-59 6000",
    ],
    trace: [[3, "E3", 13, "2.3"]],
  }),
  row("E3", "another day is another rank; beyond the last a person decides", {
    rules: ["{ multiple: { on: [procedure], ranks: [whole], beyond: pend } }"],
    numbers: "whole: 100 %",
    given: {
      lines: [
        { code: "C", charge: 20_000n },
        { code: "D", charge: 15_000n, from: visitDay + 1 },
        { code: "E", charge: 8_000n },
      ],
    },
    lines: ["paid 20000", "paid 15000", "pended 0"],
    trace: [[3, "E3", 6, "2.3"]],
    findings: ["undecided rank 2"],
  }),
  row("E3", "the technical part: the larger in full, the other at 80 %, what interprets it in full", {
    rules: ["{ for: [scan], multiple: { table: services, ranks: [whole, most-of], beyond: last, part: technical } }"],
    numbers: "whole: 100 %, most-of: 80 %",
    given: two(["S", 20_000n], ["T", 2_000n]),
    lines: ["paid 11811 CO-45 8189", "paid 1307 CO-45 366 CO-59 327"],
    trace: [[2, "E3", 13, "2.3"]],
  }),
  row("E3", "of the technical part alone, and of the part that interprets it", {
    rules: ["{ for: [scan], multiple: { table: services, ranks: [half], beyond: last, part: technical } }"],
    numbers: "half: 50 %",
    given: { lines: [[], ["TC"], ["26"]].map((modifiers) => ({ code: "S", charge: 11_811n, modifiers })) },
    // 118.11 less half of 61.95 (30.975, so 30.98 stay); all of TC is technical; nothing of 26 is.
    lines: ["paid 8714 CO-59 3097", "paid 5906 CO-59 5905", "paid 11811"],
    trace: [[1, "E3", 14, "2.3"]],
  }),
  row("E3", "a family of endoscopies: after the first, the base service is taken off", {
    rules: ["{ multiple: { table: family, ranks: [whole], beyond: last, base: E } }"],
    numbers: "whole: 100 %",
    tables: { family: table("code,group\nC,1\nD,1\nE,1\n") },
    given: { lines: ["D", "C", "E", "A"].map((code) => ({ code, charge: 50_000n })) },
    lines: [
      "paid 7000 CO-45 35000 CO-59 8000",
      "paid 20000 CO-45 30000",
      "paid 0 CO-45 42000 CO-59 8000",
      "paid 10000 CO-45 40000",
    ],
    trace: [[1, "E3", 37, "2.3"]],
  }),
]

testRows(rows)
