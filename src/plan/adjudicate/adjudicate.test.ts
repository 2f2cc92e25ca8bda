/** The worked plans to the cent, line by line, and what has to hold for every determination. */

import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { casesOf, planNamed, planNames } from "../../../test/plan-files.ts"
import { parseDate } from "../../base/time.ts"
import { runCase } from "../cases/run-case.ts"
import { type ClaimLine, plainClaim, plainLine, plainMember, plainProvider } from "../claim.ts"
import { determine } from "../determine.ts"
import { explain, explainLine } from "../explain/explain.ts"
import { reasonText, remarkText } from "../explain/reasons.ts"
import { type AdjudicationInput, type InputValues, inputOf } from "../input.ts"
import { decodeDetermination, decodeLeg, encodeLeg, type LegLine } from "../leg.ts"
import { addMonths, rulesOfKind } from "../plan.ts"
import { limitsOf, negated, replace, trueUp } from "../settle/corrections.ts"
import { interestOn } from "../settle/interest.ts"
import { firstSnapshot, nextSnapshot, type Snapshot } from "../snapshot.ts"
import {
  decodeSteps,
  decodeTrace,
  encodeStep,
  encodeTrace,
  firstDifference,
  stepProof,
  stepSalt,
  traceRoot,
  verifyStep,
} from "../trace.ts"
import { adjudicate } from "./adjudicate.ts"

const plan = planNamed("eye-sample")
const visitDay = parseDate("2026-04-14")!
const newYear = parseDate("2026-01-01")!

function line(number: number, code: string, charge: bigint, modifiers: readonly string[] = [], units = 1): ClaimLine {
  return { ...plainLine(number, code, charge, visitDay), modifiers, unitsMilli: units * 1000, facts: [number] }
}

const standardLines = [
  line(1, "E10", 21_000n, ["25"]),
  line(2, "T20", 12_500n, ["50"]),
  line(3, "S30", 45_000n, ["LT"]),
  line(4, "J0178", 220_000n, ["JZ"], 2),
]

const emptySnapshot = firstSnapshot({
  payer: "sample-mutual",
  member: new Uint8Array(32),
  plan: plan.digest,
  period: { from: newYear, to: newYear + 364 },
  facts: plainMember,
  expiry: 0,
})

function snapshotWith(deductibleLeft: bigint, mostLeft: bigint): Snapshot {
  const row = (clause: string, limit: bigint, left: bigint) => ({
    ...{ clause, owner: "person", periodStart: newYear },
    ...{ met: limit - left, limit },
  })
  return { ...emptySnapshot, buckets: [row("5.2", 24_000n, deductibleLeft), row("5.4", 250_000n, mostLeft)] }
}

const standardSnapshot = snapshotWith(12_000n, 41_260n)

function inputWith(lines: readonly ClaimLine[], values: Partial<InputValues> = {}): AdjudicationInput {
  return inputOf({
    plan,
    claim: plainClaim(lines, visitDay),
    member: plainMember,
    provider: plainProvider("clinic"),
    snapshot: standardSnapshot,
    on: visitDay,
    ...values,
  })
}

const codesOf = (item: LegLine) =>
  item.adjustments.map(({ group, carc, amount, rarc }) => [`${group}-${carc}`, amount, ...rarc].join(" "))

for (const name of planNames) {
  const worked = planNamed(name)
  for (const item of casesOf(name, worked)) {
    test(`${name}, ${item.name}: plan and patient to the cent, with the clauses named`, () => {
      const result = runCase(worked, item)
      deepEqual({ plan: result.plan, patient: result.patient }, { plan: item.plan, patient: item.patient })
      for (const clause of item.clauses) ok(result.clauses.includes(clause), `clause ${clause} takes part`)
    })
  }
}

test("the standard visit, line by line", () => {
  const { leg } = adjudicate(inputWith(standardLines))
  deepEqual(leg.lines.map(codesOf), [
    ["CO-45 7665", "PR-3 3000"],
    ["CO-45 8373", "PR-1 4127"],
    ["CO-45 33781", "PR-1 7873", "PR-2 669"],
    ["CO-45 73623", "PR-2 25591 N16"],
  ])
  deepEqual(
    leg.lines.map(({ benefit }) => benefit),
    [10_335n, 0n, 2_677n, 120_786n],
  )
  const { charge, allowed, benefit, patient } = leg.totals
  deepEqual([charge, allowed, benefit, patient], [298_500n, 175_058n, 133_798n, 41_260n])
  deepEqual(leg.findings, [])
})

test("an audit removes the exam line: 133.35 comes back and the patient owes the same, because of the cap", () => {
  const { leg: old } = adjudicate(inputWith(standardLines))
  const claim = {
    ...plainClaim(standardLines.slice(1), visitDay),
    frequency: 7,
    original: "first",
    originalReceived: visitDay,
  }
  const { benefit, patient, outcome } = replace(old, inputWith([], { claim }))
  equal(benefit, -13_335n)
  equal(patient, 0n)
  deepEqual([outcome.leg.totals.benefit, outcome.leg.totals.patient], [120_463n, 41_260n])
  const cap = outcome.trace.findLast((step) => step.formula === "cap")!
  deepEqual(cap.output[0], ["over", 684n])
})

test("the cap is explained by the clause, the cut and the lines before it", () => {
  const claim = plainClaim(standardLines, visitDay)
  const outcome = adjudicate(inputWith(standardLines))
  const sentences = explainLine(plan, claim, outcome, 4)
  ok(
    sentences.includes("5.4: 255.91 of 292.75, because 156.69 of your 412.60 was already taken by lines 1 to 3."),
    sentences.join("\n"),
  )
  equal(explain(plan, claim, outcome).at(-1), "The plan pays 1,337.98. You pay 412.60.")
})

test("every code that a line shows has plain words", () => {
  for (const name of planNames) {
    const worked = planNamed(name)
    for (const item of casesOf(name, worked)) {
      for (const { adjustments } of runCase(worked, item).outcome.leg.lines) {
        for (const { carc, rarc } of adjustments) {
          ok(reasonText(carc) !== undefined, carc)
          for (const remark of rarc) ok(remarkText(remark) !== undefined, remark)
        }
      }
    }
  }
})

test("a leg and a determination decode to themselves, and the trace does not change the leg", () => {
  const input = inputWith(standardLines)
  const { leg } = adjudicate(input)
  const bytes = encodeLeg(leg)
  deepEqual(decodeLeg(bytes), leg)
  deepEqual(encodeLeg(adjudicate(input, { trace: false }).leg), bytes)
  const salts = { legs: [new Uint8Array(32).fill(1)], trace: new Uint8Array(32).fill(2) }
  const determined = determine([input], salts)
  deepEqual(decodeDetermination(determined.bytes), determined.determination)
  equal(determined.determination.patient, 41_260n)
  deepEqual(determine([inputWith(standardLines)], salts).digest, determined.digest)
  notDeepEqual(determine([inputWith(standardLines.slice(1))], salts).digest, determined.digest)
})

test("two traces part at the first step that differs", () => {
  const salt = new Uint8Array(32).fill(9)
  const one = adjudicate(inputWith(standardLines)).trace
  const other = adjudicate(inputWith(standardLines, { snapshot: snapshotWith(12_000n, 41_259n) })).trace
  equal(firstDifference(one, one), undefined)
  const at = firstDifference(one, other)!
  deepEqual([one[at]!.clause, one[at]!.formula], ["5.4", "room"])
  notDeepEqual(traceRoot(one, salt), traceRoot(other, salt))
  const place = { salt: stepSalt(salt, at), index: at, size: one.length, proof: stepProof(one, salt, at) }
  ok(verifyStep(traceRoot(one, salt), one[at]!, place))
  ok(!verifyStep(traceRoot(one, salt), other[at]!, place))
  const bytes = encodeTrace(one)
  deepEqual(encodeTrace(decodeTrace(bytes)), bytes)
  deepEqual(decodeSteps(one.map(encodeStep)), decodeTrace(bytes))
  deepEqual(traceRoot(decodeTrace(bytes), salt), traceRoot(one, salt))
})

test("a fact that a clause needs and nobody gave pends its line alone", () => {
  const needy = planNamed("eye-sample", (text) =>
    text.replace(
      "for: [test, procedure, medicine], coinsurance",
      'for: [test], when: "age(born, from) > 3", coinsurance',
    ),
  )
  const { leg } = adjudicate(inputWith(standardLines, { plan: needy }))
  deepEqual(
    leg.lines.map(({ status }) => status),
    ["paid", "pended", "paid", "paid"],
  )
  deepEqual(leg.findings, [{ line: 2, step: "F3", clause: "5.3", code: "missing-fact", missing: "born" }])
  equal(leg.lines[1]!.benefit + leg.lines[1]!.patient, 0n)
})

test("a clause that waits for a decision pends, applies on yes, and does not on no", () => {
  const discretion =
    "{ for: [procedure], exclude: { notice: none }, discretion: { by: medical-director, kind: payer, within: glasses-months, criteria: 2.1, judges: [need], default: covered, review: 7.1 } }"
  const careful = planNamed("eye-sample", (text) =>
    text.replace(
      "## 5 What you pay",
      `### 2.4 Need\nWe do not pay for a procedure that nobody needs.\n\n    ${discretion}\n## 5 What you pay`,
    ),
  )
  const decided = (answer: number | undefined) => {
    const decisions = [{ clause: "2.4", line: 3, answer: answer!, by: "director", on: visitDay, evidence: undefined }]
    const values = answer === undefined ? { plan: careful } : { plan: careful, decisions }
    return adjudicate(inputWith(standardLines, values)).leg.lines[2]!.status
  }
  deepEqual([decided(undefined), decided(1), decided(0)], ["pended", "denied", "paid"])
  // The director has 24 months; then the clause's default stands, and the trace says by which day.
  const later = (plan: typeof careful, on: number) => adjudicate(inputWith(standardLines, { plan, on }))
  const last = addMonths(visitDay, 24)
  deepEqual(later(careful, last).leg.lines[2]!.status, "pended")
  const { leg, trace } = later(careful, last + 1)
  deepEqual(leg.lines[2]!.status, "paid")
  equal(trace.filter(({ formula, clause }) => formula === "expired" && clause === "2.4").length, 1)
  const strict = planNamed("eye-sample", (text) =>
    text.replace(
      "## 5 What you pay",
      `### 2.4 Need\nWe do not pay for a procedure that nobody needs.\n\n    ${discretion.replace("default: covered", "default: notCovered")}\n## 5 What you pay`,
    ),
  )
  deepEqual(later(strict, last + 1).leg.lines[2]!.status, "denied")
})

test("without the patient's signature a large claim is held and a small one paid after the wait", () => {
  const silent = { tier: "silent", allotments: [] } as const
  const statuses = (lines: readonly ClaimLine[], on: number) =>
    adjudicate(inputWith(lines, { assurance: silent, on })).leg.lines.map(({ status }) => status)
  deepEqual(statuses(standardLines.slice(0, 1), visitDay + 29), ["held"])
  deepEqual(statuses(standardLines.slice(0, 1), visitDay + 30), ["paid"])
  deepEqual(statuses(standardLines, visitDay + 30), ["held", "held", "held", "held"])
})

test("the same fact billed twice is a duplicate, now and in a later claim; another fact is not", () => {
  const twice = [line(1, "T25", 9_000n), { ...line(2, "T25", 9_000n), facts: [1] }, line(3, "T25", 9_000n)]
  const { leg } = adjudicate(inputWith(twice))
  deepEqual(
    leg.lines.map(({ status }) => status),
    ["paid", "denied", "paid"],
  )
  deepEqual(codesOf(leg.lines[1]!), ["OA-18 9000"])
  const statement = new Uint8Array(32).fill(3)
  const next = nextSnapshot(standardSnapshot, {
    visits: [{ statement, differences: leg.differences }],
    expiry: 0,
    limitOf: limitsOf(plan, visitDay),
  })
  deepEqual(codesOf(adjudicate(inputWith(twice.slice(0, 1), { snapshot: next })).leg.lines[0]!), ["OA-18 9000"])
  const undone = nextSnapshot(next, {
    visits: [],
    voids: [{ statement, differences: leg.differences }],
    expiry: 0,
    limitOf: limitsOf(plan, visitDay),
  })
  deepEqual([undone.buckets, undone.events], [standardSnapshot.buckets, []])
  equal(negated(leg.differences)[0]!.change, -leg.differences.buckets[0]!.change)
})

test("two injections on one snapshot: the second is owed 83.50 back, and its buckets with it", () => {
  const snapshot = snapshotWith(12_000n, 250_000n)
  const visits = [1, 2].map((number) => {
    const input = inputWith([line(1, "S30", 45_000n, [number === 1 ? "LT" : "RT"])], { snapshot })
    return { input, leg: adjudicate(input).leg, statement: new Uint8Array(32).fill(number) }
  })
  deepEqual(
    visits.map(({ leg }) => leg.totals.patient),
    [11_219n, 11_219n],
  )
  const [first, second] = trueUp(visits)
  equal(first!.credit, 0n)
  equal(second!.credit, 8_350n)
  deepEqual(
    second!.corrections.map(({ clause, change }) => [clause, change]),
    [
      ["5.2", -10_438n],
      ["5.4", -8_350n],
    ],
  )
})

test("interest: 1,337.98 twelve days late at 4.625 % a year is 2.03", () => {
  const late = planNamed("eye-sample", (text) =>
    text.concat(
      "### 7.2 When we pay late\n```numbers\n{ from: 2026-01-01, source: test, pay-days: 30 days, late-rate: 4.625 %/year }\n```\nWhen we pay late we pay interest.\n\n    interest: { due: pay-days, clock: clean, rate: late-rate, dayCount: 365 }\n",
    ),
  )
  const { effect } = rulesOfKind(late, "interest")[0]!
  const payment = { paid: 133_798n, received: visitDay, clean: visitDay, paidOn: visitDay + 42 }
  equal(interestOn(effect, payment, "half-up"), 203n)
  equal(interestOn(effect, { ...payment, paidOn: visitDay + 30 }, "half-up"), 0n)
  equal(interestOn(effect, { ...payment, clean: undefined }, "half-up"), undefined)
})

test("a line without a rate, a code without a group, a day outside the plan", () => {
  const odd = [line(1, "X99", 500n), { ...line(2, "T20", 500n), from: newYear - 1, to: newYear - 1 }]
  const { leg } = adjudicate(inputWith(odd))
  deepEqual([leg.lines[0]!.status, codesOf(leg.lines[0]!)], ["denied", ["PR-204 500"]])
  equal(leg.lines[1]!.status, "pended")
})

const generatedLine = fc.record({
  code: fc.constantFrom("E10", "T20", "T25", "S30", "J0178", "F50", "L60", "X1"),
  modifiers: fc.uniqueArray(fc.constantFrom("25", "50", "LT", "RT", "JZ", "JW", "24"), { maxLength: 3 }),
  unitsMilli: fc.integer({ min: 0, max: 5000 }),
  charge: fc.bigInt(0n, 500_000n),
  day: fc.integer({ min: -3, max: 360 }),
  nights: fc.integer({ min: -1, max: 3 }),
})

test("quote is payment, and the same input gives the same bytes", () => {
  fc.assert(
    fc.property(
      fc.array(generatedLine, { minLength: 1, maxLength: 6 }),
      fc.bigInt(0n, 24_000n),
      fc.bigInt(0n, 250_000n),
      (items, deductibleLeft, mostLeft) => {
        const lines = items.map(({ day, nights, ...item }, i) => ({
          ...line(i + 1, item.code, item.charge, item.modifiers),
          unitsMilli: item.unitsMilli,
          from: newYear + day,
          to: newYear + day + nights,
        }))
        const snapshot = snapshotWith(deductibleLeft, mostLeft)
        const claim = plainClaim(lines, newYear + 362)
        const paid = adjudicate(inputWith([], { snapshot, claim }))
        const quoted = adjudicate(inputWith([], { snapshot, claim: { ...claim, use: "quote" } }))
        deepEqual(quoted.leg.lines, paid.leg.lines)
        deepEqual(quoted.trace, paid.trace)
        deepEqual(encodeLeg(adjudicate(inputWith([], { snapshot, claim })).leg), encodeLeg(paid.leg))
        for (const { clause, change } of paid.leg.differences.buckets) {
          ok(change <= (clause === "5.2" ? deductibleLeft : mostLeft) || lines.some(({ from }) => from < newYear))
        }
      },
    ),
    { numRuns: 150 },
  )
})
