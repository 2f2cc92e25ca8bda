/**
 * Steps F4 and F5: the most a member pays, and ceilings. For each outcome a clause, a claim and what comes out.
 */
import { one, type Row, row, table, testRows, two } from "../../../test/money-table.ts"
import { visitDay, year } from "../../../test/plan-text.ts"

const statement = new Uint8Array(32)

const met = (clause: string, owner: string, amount: bigint, periodStart = year) => ({
  ...{ clause, owner, periodStart, met: amount, limit: 10n ** 9n },
})

const event = (clause: string, owner: string, on: number, quantity: bigint, provider = "clinic") => ({
  ...{ clause, owner, day: on, provider, quantity, statement },
})

const both = "ten: 10.00 USD, fifty: 50.00 USD, eighty: 80.00 USD, half: 50 %"

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

testRows(ceilings)
