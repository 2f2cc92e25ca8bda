/** Steps H1 to K1: interest and bonus beside a payment, how a claim stands, what a payment comes to, and corrections. */
import { deepEqual, equal, ok, throws } from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { day, inputFor, type LineText, planOf, snapshotFor, visitDay, year } from "../../../test/plan-text.ts"
import { adjudicate } from "../adjudicate/adjudicate.ts"
import { priorLegOf } from "../input.ts"
import type { EffectOf } from "../language/effects.ts"
import { type Plan, rulesOfKind } from "../plan.ts"
import { spreadOverLines } from "../share/prior-claim.ts"
import { nextSnapshot } from "../snapshot.ts"
import { bonusOn } from "./bonus.ts"
import { limitsOf, negated, replace, reverse, trueUp, trueUpEnds } from "./corrections.ts"
import { interestOn, interestRow } from "./interest.ts"
import { outcomeCodes, settle } from "./settle.ts"

const services = { csv: "code,category,rate\nA,exam,100.00\nB,test,50.00\nS,surgery,112.19\n" }
const base = ["{ define: { table: services }, cover: yes }", "{ allow: { schedule: services, lesser: yes } }"]

function planWith(rules: readonly string[], numbers: string, tables = {}): Plan {
  return planOf({ clauses: [...base, ...rules], numbers, tables: { services, ...tables } })
}

const interestNumbers =
  "thirty: 30 days, hour-days: 72 hours, a-month: 1 month, medicare: 4.625 %/year, jersey: 10 %/year, illinois: 9 %/year, dollar: 1.00 USD, sixty: 60 days, four-months: 120 days, first: 18 %/year, second: 24 %/year, third: 30 %/year"
const quarters = {
  csv: "from,rate\n2019-01-01,6.16\n2019-04-01,6.02\n2019-07-01,5.5\n2019-10-01,5.36\n2020-01-01,5.03\n",
}

function interestRule(fields: string): EffectOf<"interest"> {
  const plan = planWith([`{ interest: { ${fields} } }`], interestNumbers, { quarters })
  return rulesOfKind(plan, "interest")[0]!.effect
}

const received = visitDay
const paidAfter = (days: number, paid = 133_798n) => ({ paid, received, clean: received, paidOn: received + days })

/** Formulas and rates as the payment rules of several payers and states print them. */
const interestRows: readonly (readonly [name: string, fields: string, days: number, paid: bigint, expected: bigint])[] =
  [
    [
      "Medicare: 12 days late at 4.625 %",
      "due: thirty, clock: clean, rate: medicare, dayCount: 365",
      42,
      133_798n,
      203n,
    ],
    ["Medicare: day 29 is in time", "due: thirty, clock: clean, rate: medicare, dayCount: 365", 29, 133_798n, 0n],
    ["Medicare: day 30 is in time", "due: thirty, clock: clean, rate: medicare, dayCount: 365", 30, 133_798n, 0n],
    [
      "Medicare: day 31 is the first of interest",
      "due: thirty, clock: clean, rate: medicare, dayCount: 365",
      31,
      133_798n,
      17n,
    ],
    ["New Jersey: 10 % simple", "due: thirty, clock: received, rate: jersey, dayCount: 365", 95, 100_000n, 1_781n],
    [
      "Illinois: under a dollar nothing",
      "due: thirty, clock: clean, rate: illinois, dayCount: 365, least: dollar",
      70,
      10_000n,
      0n,
    ],
    [
      "Illinois: a dollar and more",
      "due: thirty, clock: clean, rate: illinois, dayCount: 365, least: dollar",
      71,
      10_000n,
      101n,
    ],
    ["a year of 360 days", "due: thirty, clock: clean, rate: illinois, dayCount: 360", 66, 10_000n, 90n],
    ["hours are whole days", "due: hour-days, clock: clean, rate: illinois, dayCount: 365", 6, 1_000_000n, 740n],
    ["months by the calendar", "due: a-month, clock: clean, rate: illinois, dayCount: 365", 31, 1_000_000n, 247n],
    // 30 days at 1.5 % a month, 60 at 2 %, 10 at 2.5 %, each as a yearly rate over 360 days.
    [
      "District of Columbia: bands from the day of receipt",
      "due: thirty, clock: received, bands: [[sixty, first], [four-months, second], [above, third]], dayCount: 360",
      130,
      100_000n,
      1_500n + 4_000n + 833n,
    ],
    [
      "and only the first band",
      "due: thirty, clock: received, bands: [[sixty, first], [four-months, second], [above, third]], dayCount: 360",
      60,
      100_000n,
      1_500n,
    ],
  ]

for (const [name, fields, days, paid, expected] of interestRows) {
  test(`H1, interest, ${name}`, () => {
    equal(interestOn(interestRule(fields), paidAfter(days, paid), "half-up"), expected)
  })
}

test("H1, interest, Texas: the rate of the quarter in which it is paid", () => {
  const csv = quarters.csv.replaceAll("2019", "2026").replace("2020", "2027")
  const plan = planWith(
    ["{ interest: { due: sixty, clock: received, table: quarters, dayCount: 365 } }"],
    interestNumbers,
    {
      quarters: { csv },
    },
  )
  const { effect } = rulesOfKind(plan, "interest")[0]!
  const on = (paidOn: string) =>
    interestOn(effect, { paid: 100_000n, received: day(paidOn) - 90, clean: undefined, paidOn: day(paidOn) }, "half-up")
  deepEqual(["2026-03-31", "2026-04-01", "2026-07-01", "2026-12-31"].map(on), [506n, 495n, 452n, 441n])
  equal(on("2027-01-01"), undefined, "no edition of the table on that day")
})

test("H1, interest without a clean day is not guessed, and is a row that adds to the payment", () => {
  const rule = interestRule("due: thirty, clock: clean, rate: medicare, dayCount: 365")
  equal(interestOn(rule, { ...paidAfter(42), clean: undefined }, "half-up"), undefined)
  deepEqual(interestRow(203n, "claim-1"), { code: "L6", reference: "claim-1", amount: -203n })
})

test("H1, bonus: the highest row the signed result reaches pays its share of what was held", () => {
  const pool = { csv: "least,share\n97.5,120\n90,100\n0,0\n80,50\n" }
  const plan = planWith(["{ bonus: { pool: quality, measure: pressure, table: pool } }"], interestNumbers, { pool })
  const { effect } = rulesOfKind(plan, "bonus")[0]!
  const report = {
    ...{ measure: "pressure", pool: "quality", provider: "clinic", held: 24_001n },
    ...{ digest: new Uint8Array(32), result: 9_000n },
  }
  const amount = (result: bigint) => bonusOn(plan, effect, { ...report, result }, visitDay)!.amount
  deepEqual([7_999n, 8_000n, 8_999n, 9_000n, 9_750n].map(amount), [0n, -12_001n, -12_001n, -24_001n, -28_801n])
  deepEqual(bonusOn(plan, effect, report, visitDay), { code: "BN", reference: "quality", amount: -24_001n })
  equal(bonusOn(plan, effect, { ...report, measure: "sugar" }, visitDay), undefined)
  equal(bonusOn(plan, effect, report, year + 365), undefined)
})

const shared = [
  "{ deductible: ded, bucket: { name: ded, measure: share, person: ded-sum, period: year } }",
  "{ coinsurance: { member: fifth } }",
  "{ outOfPocket: { bucket: most, counts: [deductible, coinsurance] }, bucket: { name: most, measure: share, person: most-sum, period: year } }",
  "{ trueUp: { parts: [deductible, outOfPocket], within: thirty } }",
  '{ for: [test], when: "place == \\"11\\"", exclude: { notice: none } }',
]
const sharedNumbers = "ded-sum: 120.00 USD, most-sum: 2500.00 USD, fifth: 20 %, thirty: 30 days"
const plan = planWith(shared, sharedNumbers)
const legOf = (lines: readonly LineText[], more = {}) => adjudicate(inputFor(plan, { lines, ...more })).leg
const exam = { code: "A", charge: 12_000n }
const pending = { code: "B", charge: 5_000n }
const unknown = { code: "Z", charge: 5_000n }
const unprocessable = { code: "A", charge: 5_000n, unitsMilli: 0 }

test("I1: status of the claim and outcome in FHIR's words", () => {
  const codes = (lines: readonly LineText[], place: Parameters<typeof outcomeCodes>[1]) =>
    Object.values(outcomeCodes(legOf(lines), place))
  deepEqual(codes([exam], { rank: 1 }), ["1", "complete"])
  deepEqual(codes([exam, pending], { rank: 2 }), ["2", "partial"])
  deepEqual(codes([exam, unknown], { rank: 4 }), ["3", "complete"])
  deepEqual(codes([unknown], { rank: 1 }), ["4", "complete"])
  deepEqual(codes([unprocessable], { rank: 1 }), ["4", "error"])
  deepEqual(codes([pending], { rank: 1 }), [undefined, "queued"])
  deepEqual(codes([exam], { rank: 1, isForwarded: true }), ["19", "complete"])
  deepEqual(codes([exam], { rank: 3, isForwarded: true }), ["21", "complete"])
  deepEqual(codes([exam], { rank: 1, isReversal: true }), ["22", "complete"])
  deepEqual(codes([exam], { rank: 1, isQuote: true }), ["25", "complete"])
})

test("J1: a payment is its claims less its rows, and what is below zero is carried forward", () => {
  const rows = [interestRow(203n, "c1"), { code: "BN", reference: "quality", amount: -1_000n }]
  deepEqual(settle({ benefits: [10_000n, 5_000n], rows }, "r"), { claims: 15_000n, rows, paid: 16_203n, carried: 0n })
  const taken = { code: "WO", reference: "c0", amount: 20_000n }
  const carried = settle({ benefits: [10_000n, -1_000n], rows: [taken] }, "r")
  deepEqual([carried.claims, carried.paid, carried.carried], [9_000n, 0n, 11_000n])
  deepEqual(carried.rows, [taken, { code: "FB", reference: "r", amount: -11_000n }])
})

const statement = (n: number) => new Uint8Array(32).fill(n)
const step = { expiry: 0, limitOf: limitsOf(plan, visitDay) }

test("K1, void: a determination and its void are nothing, and the accumulators are what they were", () => {
  const snapshot = snapshotFor(plan)
  const leg = legOf([exam, unknown, pending])
  const taken = reverse(leg)
  equal(taken.benefit + leg.totals.benefit, 0n)
  equal(taken.patient + leg.totals.patient, 0n)
  equal(taken.charge + leg.totals.charge, 0n)
  for (const line of taken.lines) {
    const own = leg.lines.find(({ number }) => number === line.number)!
    equal(
      line.charge,
      line.adjustments.reduce((sum, { amount }) => sum + amount, line.benefit),
    )
    for (const [i, item] of own.adjustments.entries()) equal(item.amount + line.adjustments[i]!.amount, 0n)
  }
  deepEqual(
    taken.lines.map(({ number }) => number),
    [1, 2],
  )
  const visit = { statement: statement(1), differences: leg.differences }
  const next = nextSnapshot(snapshot, { visits: [visit], ...step })
  ok(next.buckets.some(({ met }) => met > 0n))
  const undone = nextSnapshot(next, { visits: [], voids: [visit], ...step })
  ok(undone.buckets.every(({ met }) => met === 0n))
  deepEqual(undone.events, [])
  deepEqual(taken.differences, negated(leg.differences))
})

test("K1, replacement: on the old snapshot, and on no other", () => {
  const first = inputFor(plan, { lines: [exam, { code: "B", charge: 5_000n, place: "22" }] })
  const old = adjudicate(first).leg
  const lines = [{ code: "B", charge: 5_000n, place: "22" }]
  const claim = { frequency: 7, original: "old", originalReceived: visitDay + 5 }
  // 120.00 of deductible: 100.00 on the exam, 20.00 on the test, then a fifth of 30.00.
  deepEqual([old.totals.benefit, old.totals.patient], [2_400n, 12_600n])
  const { benefit, patient, outcome } = replace(old, inputFor(plan, { lines, claim }))
  deepEqual([benefit, patient], [-2_400n, -7_600n])
  deepEqual(outcome.leg.totals.patient, 5_000n)
  const moved = snapshotFor(plan, { sequence: 1 })
  throws(() => replace(old, inputFor(plan, { lines, claim, snapshot: moved })))
})

test("K1, true-up: two injections on one snapshot, the second is owed 83.50 back", () => {
  const { effect } = rulesOfKind(plan, "trueUp")[0]!
  const visits = [1, 2].map((n) => {
    const input = inputFor(plan, { lines: [{ code: "S", charge: 45_000n }] })
    return { input, leg: adjudicate(input).leg, statement: statement(n) }
  })
  deepEqual(
    visits.map(({ leg }) => leg.totals.patient),
    [11_219n, 11_219n],
  )
  deepEqual(
    trueUp(visits, effect).map(({ credit }) => credit),
    [0n, 8_350n],
  )
  equal(trueUpEnds(effect, visitDay), visitDay + 30)
  const only = { ...effect, parts: ["outOfPocket"] as const }
  deepEqual(
    trueUp(visits, only).map(({ credit }) => credit),
    [0n, 0n],
  )
})

test("G1: amounts of a whole claim are put on its lines by charge, to the cent, or refused", () => {
  const reasons = [
    { carc: "1", amount: 3_000n },
    { carc: "2", amount: 998n },
  ]
  const claim = { allowed: 10_000n, paid: 6_001n, left: 3_998n, reasons }
  const lines = spreadOverLines(claim, [3_333n, 3_333n, 3_333n])!
  deepEqual(
    lines.map(({ allowed, paid, left }) => [allowed, paid, left]),
    [
      [3_334n, 2_001n, 1_332n],
      [3_333n, 2_000n, 1_333n],
      [3_333n, 2_000n, 1_333n],
    ],
  )
  deepEqual(lines[2]!.reasons, [
    { carc: "1", amount: 335n },
    { carc: "2", amount: 998n },
  ])
  equal(spreadOverLines(claim, [3_333n, 3_333n, 3_332n]), undefined, "more was decided than charged")
  equal(spreadOverLines({ ...claim, left: 3_997n }, [90_000n]), undefined, "the reasons are not what was left")
})

const added = (amounts: readonly bigint[]) => amounts.reduce((sum, amount) => sum + amount, 0n)

test("G1: whatever is spread over lines fits each of them and adds up", () => {
  const amount = fc.bigInt(0n, 10_000_000n)
  fc.assert(
    fc.property(fc.array(amount, { minLength: 1, maxLength: 9 }), amount, amount, (charges, paid, left) => {
      const claim = { allowed: paid + left, paid, left, reasons: [{ carc: "2", amount: left }] }
      const spread = spreadOverLines(claim, charges)
      equal(spread !== undefined, paid + left <= added(charges))
      if (spread === undefined) return
      for (const [i, line] of spread.entries()) {
        ok(line.paid >= 0n && line.left >= 0n && line.paid + line.left <= charges[i]!)
        equal(line.left, added(line.reasons.map((reason) => reason.amount)))
      }
      equal(added(spread.map((line) => line.paid)), paid)
      equal(added(spread.map((line) => line.left)), left)
    }),
  )
})

test("G1: the next payer reads a claim's one rate as amounts of its lines", () => {
  const rates = planOf({
    clauses: [base[0]!, "{ allow: { case: drgs, level: claim, lesser: no } }", "{ coinsurance: { member: fifth } }"],
    numbers: sharedNumbers,
    tables: { services, drgs: { csv: "drg,rate\n470,100.00\n" } },
  })
  const lines = [1_000n, 3_000n, 6_000n].map((charge) => ({ code: "B", charge }))
  const { leg } = adjudicate(inputFor(rates, { lines, claim: { drg: "470" } }))
  deepEqual(
    leg.lines.map(({ benefit, patient }) => [benefit, patient]),
    [
      [8_000n, 2_000n],
      [0n, 0n],
      [0n, 0n],
    ],
  )
  deepEqual(
    priorLegOf(leg, visitDay).lines.map(({ paid, left, reasons }) => [paid, left, reasons.length]),
    [
      [800n, 200n, 1],
      [2_400n, 600n, 1],
      [4_800n, 1_200n, 1],
    ],
  )
})
