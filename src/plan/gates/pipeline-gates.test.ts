/**
 * Steps A2 to D3 of the pipeline, one row an outcome, in the order of the source. One plan holds every gate: a group of
 * services for each clause, a code for each column. A row says what is sent and what becomes of each line.
 */
import { deepEqual, equal, ok } from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { codes, day, dental, determined, line, one, type Row, told } from "../../../test/gates-plan.ts"
import { claimRows } from "../../../test/gates-rows-claim.ts"
import { lineRows } from "../../../test/gates-rows-line.ts"
import { reasonText, remarkText } from "../explain/reasons.ts"

const rows: readonly Row[] = [...claimRows, ...lineRows]

for (const [step, what, sent, expected] of rows) {
  test(`${step}: ${what}`, () => {
    const outcome = determined(sent)
    equal(told(outcome), expected)
    for (const { number, status, shown } of outcome.leg.lines) {
      if (status === "paid") continue
      const formula = status === "denied" ? "refuse" : status === "held" ? "hold" : "pend"
      const found = outcome.trace.some((item) => {
        const same = item.line === number && item.step === shown.step && item.clause === shown.clause
        return same && item.formula === formula
      })
      ok(found, `the trace of line ${number} has its ${formula} at ${shown.step}`)
    }
  })
}

/** The codes of the reference's list, step by step, that a plan without codes of its own gives. */
const reference: Readonly<Record<string, string>> = {
  A2: "16 M51 M50 M52 M53 M76 M77 MA30 MA40 MA63 MA130 N37 N75 N208 N318",
  A3: "16 MA75",
  B1: "26 27 31 32 177 200 239 N61",
  B2: "19 20 21 22 109 MA04 MA92 N4 N418",
  B3: "29",
  B4: "18 B13 N522",
  B5: "16 125 M47 MA30 MA67 MA130 N34 N142",
  C1: "4 5 6 7 9 10 11 14 16 146 181 182 199",
  C2: "8 170 185 206 207 208 242 287 288 299 B7",
  C3: "97 236 M144 N19",
  C4: "107 N122",
  C5: "4 16 151 222 N362 N822",
  D1: "49 50 55 96 204 N130 N428",
  D2: "15 197 198 284 296 302 N54",
  D3: "119 149 179 B1",
}

test("every step of the reference's list has its rows, and every code of a step is given by one of them", () => {
  const given = new Map<string, Set<string>>()
  for (const [step, , sent] of rows) {
    const of = given.get(step) ?? new Set()
    given.set(step, of)
    for (const { shown, adjustments } of determined(sent).leg.lines) {
      if (shown.step !== step) continue
      for (const { carc, rarc } of adjustments) for (const code of [carc, ...rarc]) of.add(code)
    }
  }
  deepEqual([...given.keys()], Object.keys(reference), "the rows stand in the order of the steps")
  for (const [step, wanted] of Object.entries(reference))
    for (const code of wanted.split(" ")) ok(given.get(step)!.has(code), `${step} gives ${code}`)
})

test("every code that a row shows has plain words", () => {
  for (const [step, what, sent] of rows) {
    for (const { adjustments } of determined(sent).leg.lines) {
      for (const { carc, rarc } of adjustments) {
        ok(reasonText(carc) !== undefined, `${step} ${what}: ${carc}`)
        for (const code of rarc) ok(remarkText(code) !== undefined, `${step} ${what}: ${code}`)
      }
    }
  }
})

test("a line that is not paid moves no bucket, whatever stopped it", () => {
  for (const [step, what, sent] of rows) {
    const { leg } = determined(sent)
    if (leg.lines.some(({ status }) => status === "paid")) continue
    deepEqual(leg.differences, { buckets: [], events: [] }, `${step} ${what}`)
  }
})

test("a charge of nothing, where one is needed, leaves a finding, since it can leave no adjustment", () => {
  const { leg } = determined(one("NEEDY", { diagnoses: ["H401"], place: "11", charge: 0n }))
  deepEqual(leg.findings, [{ line: 1, step: "A2", clause: "1.1", code: "missing-fact", missing: "charge" }])
})

test("the earliest reason is shown, and what later gates find is kept in the order of the steps", () => {
  const sent = {
    ...one("WAITED", { modifiers: ["ZZ"] }),
    claim: { received: day + 91 },
    member: { coverFrom: day + 1, enrolled: day },
  }
  const { leg } = determined(sent)
  equal(told({ leg, trace: [] }), "denied PR-26, B1")
  deepEqual(
    leg.findings.map(({ step, clause, missing }) => [step, clause, missing]),
    [
      ["B3", "1.7", "CO-29"],
      ["C1", "1.3", "CO-182"],
      ["D3", "1.32", "PR-179"],
    ],
  )
})

test("all lines pass the claim's own gates before any comes to the others", () => {
  const { trace } = determined({ lines: [line("CUT"), line("EXAM"), line("PLAIN")] })
  const steps = trace.filter(({ step }) => step < "E").map(({ step }) => step[0] === "B")
  equal(steps.lastIndexOf(true) + 1, steps.indexOf(false))
})

const anyLine = fc.record({
  // An add-on that goes with any service is changed by any line beside it.
  code: fc.constantFrom(...Object.keys(codes).filter((code) => code !== "ANY")),
  unitsMilli: fc.constantFrom(500, 1000, 2000, 3000),
  modifiers: fc.constantFrom([], ["25"], ["59"], ["LT"], ["JW"]),
  offset: fc.integer({ min: 0, max: 3 }),
  tooth: fc.constantFrom(undefined, "1", "3"),
})
const linesOf = (items: readonly { readonly code: string; readonly offset: number }[]) =>
  items.map(({ offset, ...item }) => ({ ...item, from: day + offset, to: day + offset }))
const dentist = { ...dental, received: day + 9 }

test("a pended line has no money and says what it lacks, and no count is overdrawn", () => {
  fc.assert(
    fc.property(fc.array(anyLine, { minLength: 1, maxLength: 6 }), (items) => {
      const { leg } = determined({ lines: linesOf(items), claim: dentist })
      for (const { clause, change } of leg.differences.buckets) ok(change <= 2n, `${clause} ${change}`)
      for (const { status, adjustments, benefit, patient, number } of leg.lines) {
        if (status !== "pended") continue
        deepEqual([adjustments.length, benefit, patient], [0, 0n, 0n])
        ok(leg.findings.some((item) => item.line === number && item.code !== "also-refused"))
      }
    }),
    { numRuns: 150 },
  )
})

test("a line that pends, wherever it stands, leaves all others as they are without it", () => {
  const pending = fc.constantFrom(line("HOME"), line("BLUR"), line("COUNTED", { unitsMilli: 500 }))
  fc.assert(
    fc.property(fc.array(anyLine, { minLength: 1, maxLength: 5 }), fc.nat(5), pending, (items, at, extra) => {
      const lines = linesOf(items)
      const place = Math.min(at, lines.length)
      const without = determined({ lines, claim: dentist }).leg
      const within = determined({ lines: [...lines.slice(0, place), extra, ...lines.slice(place)], claim: dentist }).leg
      equal(within.lines[place]!.status, "pended")
      const others = within.lines.filter((_, i) => i !== place)
      deepEqual(
        others.map((item, i) => ({ ...item, number: i + 1 })),
        without.lines,
      )
      deepEqual(within.differences, without.differences)
    }),
    { numRuns: 150 },
  )
})
