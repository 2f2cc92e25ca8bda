/** One clause added to a worked plan at a time: what each effect does to a line of known money. */
import { deepEqual, equal, ok } from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { planNamed } from "../../../test/plan-files.ts"
import { parseDate } from "../../base/time.ts"
import { type Claim, type ClaimLine, type Member, plainClaim, plainLine, plainMember, plainProvider } from "../claim.ts"
import { determine } from "../determine.ts"
import { type InputValues, inputOf, priorLegOf } from "../input.ts"
import { decodeLeg, encodeLeg, type Leg } from "../leg.ts"
import type { Plan } from "../plan.ts"
import { firstSnapshot } from "../snapshot.ts"
import { adjudicate } from "./adjudicate.ts"

const day = parseDate("2026-06-10")!
const year = parseDate("2026-01-01")!

/** The copay plan with one more clause, 3.1, and the numbers it names. */
function planWith(rule: string, numbers = "", change: (text: string) => string = (text) => text): Plan {
  const block = numbers === "" ? "" : `\`\`\`numbers\n{ from: 2026-01-01, source: test, ${numbers} }\n\`\`\`\n`
  const clause = `## 3 More\n${block}### 3.1 One more\nThis clause says one more thing.\n\n    ${rule}\n`
  return planNamed("silver-classic", (text) => change(text.replace("## 7 Time limits", `${clause}## 7 Time limits`)))
}

const andClause = (rule: string) => (text: string) =>
  text.replace("## 7 Time limits", `### 3.2 And more\nThis clause says yet more.\n\n    ${rule}\n## 7 Time limits`)

interface Given extends Partial<InputValues> {
  readonly member?: Member
  readonly onLine?: Partial<ClaimLine>
  readonly onClaim?: Partial<Claim>
}

function snapshotOf(plan: Plan) {
  const period = { from: year, to: year + 364 }
  const member = new Uint8Array(32)
  return firstSnapshot({ payer: "oscar", member, plan: plan.digest, period, facts: plainMember, expiry: 0 })
}

function run(plan: Plan, code: string, charge: bigint, given: Given = {}): Leg {
  const { onLine, onClaim, ...values } = given
  const line = { ...plainLine(1, code, charge, day), ...onLine }
  return adjudicate(
    inputOf({
      plan,
      claim: { ...plainClaim([line], day), ...onClaim },
      member: plainMember,
      provider: plainProvider("clinic"),
      snapshot: snapshotOf(plan),
      on: day,
      ...values,
    }),
  ).leg
}

/** The line in one string: status, benefit, adjustments. */
function told(leg: Leg): string {
  const [line] = leg.lines
  const codes = line!.adjustments.map(({ group, carc, amount }) => `${group}-${carc} ${amount}`)
  return [line!.status, line!.benefit, ...codes].join(" ")
}

test("withhold: held from the benefit, the member's share unchanged", () => {
  const plan = planWith("{ for: [primary], withhold: { percent: kept, pool: quality } }", "kept: 2 %")
  equal(told(run(plan, "PCP", 14_000n)), "paid 11760 PR-3 2000 CO-104 240")
})

test("capitate: no benefit, the copay stays if the clause says so", () => {
  const kept = planWith("{ for: [primary], capitate: { copay: yes } }")
  equal(told(run(kept, "PCP", 14_000n)), "encounter 0 PR-3 2000 CO-24 12000")
  const gone = planWith("{ for: [primary], capitate: { copay: no } }")
  equal(told(run(gone, "PCP", 14_000n)), "encounter 0 CO-24 14000")
})

test("authorize: denied, or less benefit, without one in force", () => {
  const deny = planWith("{ for: [primary], authorize: { covers: code, else: deny } }")
  const authorization = { covers: "PCP", from: day, until: day, provider: undefined, unitsMilli: 1000 }
  const withOne = (change: Partial<typeof authorization>) =>
    told(run(deny, "PCP", 14_000n, { authorizations: [{ ...authorization, ...change }] }))
  equal(told(run(deny, "PCP", 14_000n)), "denied 0 CO-197 14000")
  equal(withOne({}), "paid 12000 PR-3 2000")
  equal(withOne({ until: day - 1 }), "denied 0 CO-302 14000")
  equal(withOne({ unitsMilli: 999 }), "denied 0 CO-198 14000")
  const reduce = planWith("{ for: [primary], authorize: { covers: code, else: reduce, reduction: cut } }", "cut: 50 %")
  equal(told(run(reduce, "PCP", 14_000n)), "paid 6000 PR-3 2000 PR-197 6000")
})

test("wait: by whole months from enrolment, pended while nobody says when that was", () => {
  const plan = planWith("{ for: [primary], wait: { for: waiting, from: enrolled } }", "waiting: 3 months")
  const enrolled = (date: string) => ({ member: { ...plainMember, enrolled: parseDate(date) } })
  equal(told(run(plan, "PCP", 14_000n)), "pended 0")
  equal(told(run(plan, "PCP", 14_000n, enrolled("2026-03-11"))), "denied 0 PR-179 14000")
  equal(told(run(plan, "PCP", 14_000n, enrolled("2026-03-10"))), "paid 12000 PR-3 2000")
})

test("exclude: with notice the member owes, without it the provider; a cover clause can be its exception", () => {
  const plan = planWith("{ for: [primary], exclude: { notice: required } }")
  equal(told(run(plan, "PCP", 14_000n)), "denied 0 CO-96 14000")
  equal(told(run(plan, "PCP", 14_000n, { notices: [{ clause: "3.1", line: 1 }] })), "denied 0 PR-96 14000")
  const cover = "{ for: [primary], when: accident, exceptionTo: 3.1, cover: yes }"
  const excepted = planWith("{ for: [primary], exclude: { notice: none } }", "", andClause(cover))
  equal(told(run(excepted, "PCP", 14_000n)), "denied 0 PR-96 14000")
  equal(told(run(excepted, "PCP", 14_000n, { onClaim: { accident: true } })), "paid 12000 PR-3 2000")
})

test("waive: the parts named become nothing", () => {
  const plan = planWith('{ for: [primary], when: "visitType == \\"referral\\"", waive: { parts: [copay] } }')
  equal(told(run(plan, "PCP", 14_000n, { onClaim: { visitType: "referral" } })), "paid 14000")
  equal(told(run(plan, "PCP", 14_000n, { onClaim: { visitType: "normal" } })), "paid 12000 PR-3 2000")
  equal(told(run(plan, "PCP", 14_000n)), "pended 0")
})

const limit = (name: string, most: string) =>
  `limit: { bucket: ${name}, per: unit }, bucket: { name: ${name}, measure: count, person: ${most}, period: year }`

const countsOf = (leg: Leg) =>
  leg.differences.buckets.filter(({ clause }) => clause.startsWith("3")).map(({ change }) => change)

test("limit: units within the room are paid, the rest is the member's at the plan's price", () => {
  const plan = planWith(`{ for: [primary], ${limit("visits", "three")} }`, "three: 3 visits")
  const leg = run(plan, "PCP", 10_001n, { onLine: { unitsMilli: 5000 } })
  equal(told(leg), "paid 4000 PR-3 2000 PR-119 4001")
  deepEqual(countsOf(leg), [3n])
  const twoUnits = (number: number) => ({ ...plainLine(number, "PCP", 4_000n, day), unitsMilli: 2000 })
  const both = run(plan, "PCP", 0n, { onClaim: { lines: [twoUnits(1), twoUnits(2)] } })
  deepEqual(
    both.lines.map(({ benefit, patient }) => [benefit, patient]),
    [
      [2_000n, 2_000n],
      [2_000n, 2_000n],
    ],
  )
  const assurance = { tier: "patient", allotments: [{ clause: "3.1", most: 0n }] } as const
  equal(told(run(plan, "PCP", 10_001n, { assurance })), "denied 0 PR-119 10001")
})

test("two limits on one line: the narrower one decides, and both count what was paid", () => {
  const narrow = andClause(`{ for: [primary], ${limit("narrow", "two")} }`)
  const plan = planWith(`{ for: [primary], ${limit("wide", "four")} }`, "four: 4 units, two: 2 units", narrow)
  const leg = run(plan, "PCP", 10_000n, { onLine: { unitsMilli: 5000 } })
  equal(told(leg), "paid 2000 PR-3 2000 PR-119 2000 PR-119 4000")
  deepEqual(countsOf(leg), [2n, 2n])
})

test("buckets that count together, and two clauses on one bucket, never overdraw", () => {
  const sum =
    "bucket: { name: sum, measure: benefit, person: all, period: year }, ceiling: { bucket: sum, excess: member }"
  const again = andClause("{ for: [primary], ceiling: { bucket: sum, excess: provider } }")
  const plan = planWith(`{ for: [primary], ${sum} }`, "all: 50.00 USD", again)
  const leg = run(plan, "PCP", 14_000n)
  equal(told(leg), "paid 5000 PR-3 2000 PR-119 7000")
  deepEqual(countsOf(leg), [5_000n])
  const together = planNamed("silver-classic", (text) =>
    text.replace(
      "person: ded, family: ded-fam, familyRule: embedded, period: year }",
      "person: ded, family: ded-fam, familyRule: embedded, period: year, alsoCounts: [most-you-pay] }",
    ),
  )
  const nearly = {
    ...snapshotOf(together),
    buckets: [{ clause: "2.2", owner: "person", periodStart: year, met: 910_000n, limit: 920_000n }],
  }
  equal(told(run(together, "EDF", 14_000n, { snapshot: nearly })), "paid 4000 PR-1 10000")
})

test("a line that pends late gives its units back to the next", () => {
  const plan = planWith(`{ for: [primary], ${limit("visits", "one")} }`, "one: 1 visit", (text) =>
    text.replace("for: [primary], copay", 'for: [primary], when: "place != \\"elsewhere\\"", copay'),
  )
  const lines = [plainLine(1, "PCP", 5_000n, day), { ...plainLine(2, "PCP", 5_000n, day), place: "office" }]
  const leg = run(plan, "PCP", 0n, { onClaim: { lines } })
  deepEqual(
    leg.lines.map(({ status }) => status),
    ["pended", "paid"],
  )
})

test("units, age and referral", () => {
  const units = planWith("{ for: [primary], units: { most: most-units } }", "most-units: 2 units")
  equal(told(run(units, "PCP", 100n, { onLine: { unitsMilli: 2001 } })), "denied 0 CO-151 100")
  const age = planWith("{ for: [primary], age: { from: grown } }", "grown: 18 years")
  const born = (date: string) => ({ member: { ...plainMember, born: parseDate(date) } })
  equal(told(run(age, "PCP", 10_000n, born("2008-06-11"))), "denied 0 CO-6 10000")
  equal(told(run(age, "PCP", 10_000n, born("2008-06-10"))), "paid 8000 PR-3 2000")
  const refer = planWith("{ for: [primary], refer: { from: family-doctor } }")
  equal(told(run(refer, "PCP", 10_000n)), "denied 0 CO-288 10000")
  const referral = { from: "family-doctor", to: undefined, visits: 2, used: 1 }
  equal(told(run(refer, "PCP", 10_000n, { referrals: [referral] })), "paid 8000 PR-3 2000")
  equal(told(run(refer, "PCP", 10_000n, { referrals: [{ ...referral, used: 2 }] })), "denied 0 CO-287 10000")
})

test("cover dates, other payers and replacements need no clause", () => {
  const plan = planNamed("silver-classic")
  const member = (part: Partial<Member>) => ({ member: { ...plainMember, ...part } })
  equal(told(run(plan, "PCP", 100n, member({ coverFrom: day + 1 }))), "denied 0 PR-26 100")
  equal(told(run(plan, "PCP", 100n, member({ coverTo: day - 1 }))), "denied 0 PR-27 100")
  equal(told(run(plan, "PCP", 100n, member({ rank: 2 }))), "denied 0 CO-22 100")
  equal(told(run(plan, "PCP", 100n, { onClaim: { frequency: 7 } })), "denied 0 CO-16 100")
  const replaced = { frequency: 7, original: "s", originalReceived: day - 181 }
  equal(told(run(plan, "PCP", 100n, { onClaim: replaced })), "denied 0 CO-29 100")
})

test("sums that no encoding holds pend, and a whole claim of the largest lines still adds up", () => {
  const plan = planNamed("silver-classic")
  const most = 10n ** 12n
  equal(run(plan, "PCP", most + 1n).findings[0]!.code, "overflow")
  const lines = Array.from({ length: 999 }, (_, i) => plainLine(i + 1, "SPC", most, day))
  const leg = run(plan, "SPC", 0n, { onClaim: { lines } })
  equal(leg.totals.charge, 999n * most)
  deepEqual(decodeLeg(encodeLeg(leg)).totals, leg.totals)
})

test("bands of coinsurance run on each line alone, or on the sum a bucket keeps", () => {
  const bands = "bands: [[first-band, low], [above, high]]"
  const numbers = "first-band: 100.00 USD, low: 10 %, high: 20 %"
  const change = (text: string) => text.replace("deductible: deductible,", "deductible: none,")
  const alone = planWith(`{ for: [equipment], coinsurance: { ${bands} } }`, numbers, change)
  equal(told(run(alone, "DME", 15_005n)), "paid 13004 PR-2 2001")
  const bucket = "bucket: { name: band, measure: allowed, person: first-band, period: year }"
  const kept = planWith(`{ for: [equipment], coinsurance: { ${bands}, bucket: band }, ${bucket} }`, numbers, change)
  const two = { lines: [plainLine(1, "DME", 6_000n, day), plainLine(2, "DME", 6_000n, day)] }
  const leg = run(kept, "DME", 0n, { onClaim: two })
  deepEqual(
    leg.lines.map(({ patient }) => patient),
    [600n, 400n + 400n],
  )
  deepEqual(countsOf(leg), [10_000n])
})

const methods = ["standard", "carve-out", "maintenance", "medicare"] as const
const secondPlans = methods.map((method) => planWith(`{ cob: { method: ${method} } }`))

test("coordination by each method, on a line of 1,000.00 of which another paid 300.00 and left 700.00", () => {
  const reasons = [{ carc: "1", amount: 70_000n }]
  const prior = { number: 1, allowed: 100_000n, paid: 30_000n, left: 70_000n, reasons }
  const legs = [{ payer: "other", on: day, lines: [prior] }]
  const paid = (code: string) => secondPlans.map((plan) => told(run(plan, code, 100_000n, { legs })))
  const withCopay = "paid 64000 PR-3 6000 OA-23 30000"
  deepEqual(paid("SPC"), ["paid 70000 OA-23 30000", withCopay, withCopay, "paid 70000 OA-23 30000"])
  const allOwed = "paid 0 PR-1 70000 OA-23 30000"
  deepEqual(paid("EDF"), [allOwed, allOwed, allOwed, allOwed])
  const unbalanced = [{ payer: "other", on: day, lines: [{ ...prior, left: 70_001n }] }]
  equal(run(secondPlans[0]!, "SPC", 100_000n, { legs: unbalanced }).findings[0]!.code, "prior-unbalanced")
  equal(run(planNamed("silver-classic"), "SPC", 100_000n, { legs }).findings[0]!.code, "prior-missing")
})

test("two payers of one statement: what they pay, write off and leave adds up to the charge", () => {
  const salts = { legs: [new Uint8Array(32), new Uint8Array(32).fill(1)], trace: new Uint8Array(32) }
  const first = planNamed("silver-classic")
  const codes = ["SPC", "EDF", "RAD", "PCP", "DME", "X1"]
  const line = fc.record({ code: fc.constantFrom(...codes), charge: fc.bigInt(0n, 900_000n) })
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), fc.constantFrom(...secondPlans), (items, second) => {
      const lines = items.map(({ code, charge }, i) => plainLine(i + 1, code, charge, day))
      const inputOn = (plan: Plan, rank: number) =>
        inputOf({
          ...{ plan, claim: plainClaim(lines, day), member: { ...plainMember, rank } },
          ...{ provider: plainProvider("clinic"), snapshot: snapshotOf(plan), on: day },
        })
      const { legs, determination } = determine([inputOn(first, 1), inputOn(second, 2)], salts, { trace: false })
      const [one, two] = legs.map(({ leg }) => leg)
      const prior = priorLegOf(one!, day)
      for (const { number, benefit, patient } of two!.lines) {
        const left = prior.lines.find((other) => other.number === number)!.left
        ok(benefit + patient === left, "the second payer and the patient share what the first left")
      }
      equal(determination.patient, two!.totals.patient)
      const { byCode, benefit, charge } = one!.totals
      const writtenOff = byCode.reduce((sum, { group, amount }) => (group === "PR" ? sum : sum + amount), 0n)
      equal(benefit + two!.totals.benefit + determination.patient + writtenOff, charge)
    }),
    { numRuns: 100 },
  )
})
