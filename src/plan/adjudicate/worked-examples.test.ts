/**
 * Sixteen worked examples as others print them, from shared/data/plans-sbc: each is a published plan of its own and a
 * claim, determined by `adjudicate`, and compared with what is printed, to the cent. Differences stand in this file.
 */
import { deepEqual, equal } from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { inputFor, planOf, type Situation, visitDay, year } from "../../../test/plan-text.ts"
import { formatMoney, parseMoney } from "../../base/money.ts"
import type { PriorLeg } from "../input.ts"
import { limitsOf } from "../settle/corrections.ts"
import { nextSnapshot, type Snapshot } from "../snapshot.ts"
import { adjudicate, type Outcome } from "./adjudicate.ts"

const file = new URL("../../../../shared/data/plans-sbc/worked_examples.json", import.meta.url)

/** Inputs are named as the file names them. */
type Inputs = Readonly<Record<string, unknown>>
const num = (inputs: Inputs, name: string) => inputs[name] as number
const sum = (inputs: Inputs, name: string) => cents(num(inputs, name))

interface Example {
  readonly id: string
  readonly inputs: Inputs
  readonly expected_printed: Readonly<Record<string, unknown>>
  readonly expected_derived_by_us?: Readonly<Record<string, unknown>>
}

/** Where ours is another figure than the printed one: key, ours, and why. */
const differences: Readonly<Record<string, readonly [key: string, ours: bigint, why: string]>> = {
  "mom-13-2-1": ["plan_pays", 32_063n, "80.158 is rounded half up to 80.16, so 320.63 is paid; the book rounds up"],
}

/** An amount as JSON has it, in cents. */
const cents = (value: number): bigint => parseMoney(value.toFixed(2))!
const money = (amount: bigint) => `${formatMoney(amount).replaceAll(",", "")} USD`
const percent = (value: number) => `${Number((value * 1).toFixed(2))} %`

const covered = "{ define: { table: services }, cover: yes }"
const atRate = "{ allow: { schedule: services, lesser: yes } }"
const inCharges = { csv: "code,category,rate\nX,care,charge\n" }
const inRates = (...rates: readonly (readonly [code: string, rate: string])[]) => ({
  csv: `code,category,rate\n${rates.map(([code, rate]) => `${code},care,${rate}\n`).join("")}`,
})

interface Design {
  readonly rules: readonly string[]
  readonly numbers?: string
  readonly services?: { readonly csv: string }
}

function determine({ rules, numbers, services }: Design, situation: Situation): Outcome {
  const plan = planOf({
    clauses: [covered, atRate, ...rules],
    tables: { services: services ?? inCharges },
    ...(numbers === undefined ? {} : { numbers }),
  })
  return adjudicate(inputFor(plan, situation))
}

const line = (charge: bigint, code = "X", modifiers: readonly string[] = []) => ({
  code,
  charge,
  modifiers: [...modifiers],
})
const lines = (...items: Situation["lines"]): Situation => ({ lines: items })
const deductible = "{ deductible: ded, bucket: { name: ded, measure: share, person: ded-sum, period: year } }"
const coinsurance = "{ coinsurance: { member: part } }"
const most =
  "{ outOfPocket: { bucket: most, counts: [copay, deductible, coinsurance] }, bucket: { name: most, measure: share, person: most-sum, period: year } }"
const met = (clause: string, amount: bigint): Partial<Snapshot> => ({
  buckets: [{ clause, owner: "person", periodStart: year, met: amount, limit: amount }],
})
const adjusted = ({ leg }: Outcome, carc: string) => leg.totals.byCode.find((code) => code.carc === carc)?.amount ?? 0n
const traced = ({ trace }: Outcome, formula: string, name: string): bigint => {
  const step = trace.find((item) => item.formula === formula)!
  return BigInt([...step.inputs, ...step.output].find(([key]) => key === name)![1] as bigint)
}

const after = (allowed: bigint, paid: bigint, left: bigint): Partial<Situation> => {
  const reasons = [{ carc: "2", amount: left }]
  const legs: PriorLeg[] = [{ payer: "first", on: visitDay, lines: [{ number: 1, allowed, paid, left, reasons }] }]
  return { member: { rank: 2 }, values: { legs } }
}

/** What Medicare pays after another payer, with the sums it compares. */
function medicareSecond(allowed: number, charge: number, before: number, paid: number, left: number) {
  const outcome = determine(
    {
      rules: [coinsurance, "{ cob: { method: medicare } }"],
      numbers: "part: 20 %",
      services: inRates(["X", allowed.toFixed(2)]),
    },
    { ...lines(line(cents(charge))), ...after(cents(before), cents(paid), cents(left)) },
  )
  return {
    own: traced(outcome, "medicare", "own"),
    pays: outcome.leg.totals.benefit,
    aboveCharge: cents(charge) - traced(outcome, "medicare", "paid"),
    aboveAllowed: cents(Math.max(before, allowed)) - traced(outcome, "medicare", "paid"),
  }
}

/** A family in which each person owes a sum in turn; the family's bucket travels with the person's. */
function familyOwes(person: number, family: number, shares: readonly number[]): readonly bigint[] {
  const plan = planOf({
    clauses: [
      covered,
      atRate,
      coinsurance,
      "{ outOfPocket: { bucket: most, counts: [coinsurance] }, bucket: { name: most, measure: share, person: alone, family: together, familyRule: embedded, period: year } }",
    ],
    numbers: `part: 100 %, alone: ${money(cents(person))}, together: ${money(cents(family))}`,
    tables: { services: inCharges },
  })
  let snapshot: Snapshot | undefined
  return shares.map((share, i) => {
    const input = inputFor(plan, { lines: [line(cents(share))], ...(snapshot === undefined ? {} : { snapshot }) })
    const { leg } = adjudicate(input)
    const next = nextSnapshot(input.snapshot.value, {
      visits: [{ statement: new Uint8Array(32).fill(i + 1), differences: leg.differences }],
      expiry: 0,
      limitOf: limitsOf(plan, visitDay),
    })
    snapshot = { ...next, buckets: next.buckets.filter(({ owner }) => owner === "family") }
    return leg.totals.patient
  })
}

const examples: Readonly<Record<string, (inputs: Inputs) => Readonly<Record<string, unknown>>>> = {
  "msp-cfr-411-33-b": (i) => {
    // Nobody's contract bound the first payer's patient: all of the charge that was not paid is left.
    const sums = medicareSecond(
      num(i, "medicare_fee_schedule"),
      num(i, "charge"),
      num(i, "primary_allowed"),
      num(i, "primary_paid"),
      55,
    )
    return {
      calc1_charge_minus_primary_paid: sums.aboveCharge,
      calc2_medicare_as_primary: sums.own,
      calc3_higher_allowed_minus_primary_paid: sums.aboveAllowed,
      medicare_pays: sums.pays,
    }
  },
  "msp-noridian-dme-1": (i) => {
    const sums = medicareSecond(
      num(i, "medicare_allowed"),
      num(i, "charge"),
      num(i, "primary_allowed"),
      num(i, "primary_paid"),
      100,
    )
    return {
      medicare_as_primary: sums.own,
      higher_allowed_minus_primary_paid: sums.aboveAllowed,
      medicare_pays: sums.pays,
    }
  },
  "mom-13-2-1": (i) => {
    const numbers = `ded-sum: ${money(sum(i, "deductible"))}, part: ${percent(100 - num(i, "plan_pays_pct"))}`
    const { leg } = determine(
      { rules: [deductible, coinsurance], numbers },
      lines(line(cents((i["claims"] as number[])[0]!))),
    )
    return { plan_pays: leg.totals.benefit }
  },
  "bcbsil-xray": (i) => {
    const numbers = `ded-sum: ${money(sum(i, "deductible"))}, part: ${percent(num(i, "member_coinsurance_pct"))}, most-sum: ${money(sum(i, "oop_max"))}`
    const snapshot = met("2.3", sum(i, "deductible_met"))
    const { leg } = determine(
      { rules: [deductible, coinsurance, most], numbers },
      { ...lines(line(sum(i, "allowed"))), snapshot },
    )
    return { plan_pays: leg.totals.benefit, member_pays: leg.totals.patient }
  },
  "bcbsil-max": (i) => {
    const limit =
      "{ ceiling: { bucket: each, excess: member }, bucket: { name: each, measure: benefit, person: most-sum, period: visit } }"
    const numbers = `most-sum: ${money(sum(i, "plan_limit_per_service"))}`
    const { leg } = determine({ rules: [limit], numbers }, lines(line(sum(i, "charge"))))
    return { member_excess: leg.totals.patient }
  },
  "stl-david": (i) => {
    const family = (name: string, limit: string) =>
      `bucket: { name: ${name}, measure: share, family: ${limit}, familyRule: aggregate, period: year }`
    const rules = [
      `{ deductible: ded, ${family("ded", "ded-sum")} }`,
      coinsurance,
      `{ outOfPocket: { bucket: most, counts: [deductible, coinsurance] }, ${family("most", "most-sum")} }`,
    ]
    const numbers = `ded-sum: ${money(sum(i, "deductible_family"))}, part: ${percent(num(i, "member_coinsurance_pct"))}, most-sum: ${money(sum(i, "oop_max_family"))}`
    const outcome = determine({ rules, numbers }, lines(line(sum(i, "charge"))))
    return {
      member_pays: outcome.leg.totals.patient,
      member_coinsurance: adjusted(outcome, "2"),
      plan_pays: outcome.leg.totals.benefit,
    }
  },
  "healthcaregov-12000": (i) => {
    const numbers = `ded-sum: ${money(sum(i, "deductible"))}, part: ${percent(num(i, "member_coinsurance_pct"))}, most-sum: ${money(sum(i, "oop_max"))}`
    const outcome = determine({ rules: [deductible, coinsurance, most], numbers }, lines(line(sum(i, "allowed"))))
    return {
      member_deductible: adjusted(outcome, "1"),
      member_coinsurance: adjusted(outcome, "2"),
      member_pays: outcome.leg.totals.patient,
    }
  },
  "healthcaregov-copay-met": (i) => ({ member_pays: copayAfter(i) }),
  "healthcaregov-copay-unmet": (i) => ({ member_pays: copayAfter(i) }),
  "helpbetter-mri": (i) => {
    const numbers = `ded-sum: ${money(sum(i, "deductible_remaining"))}, part: ${percent(num(i, "member_coinsurance_pct"))}`
    const services = inRates(["X", num(i, "allowed").toFixed(2)])
    const outcome = determine(
      { rules: [deductible, coinsurance], numbers, services },
      lines(line(sum(i, "list_price"))),
    )
    return {
      contractual_discount: adjusted(outcome, "45"),
      member_pays: outcome.leg.totals.patient,
      plan_pays: outcome.leg.totals.benefit,
    }
  },
  "stoploss-24850": (i) => {
    const [[edge, first], [, last]] = i["plan_pays_pct_bands"] as [[number, number], [null, number]]
    const bands =
      "{ coinsurance: { bands: [[edge, part], [above, rest]], bucket: band }, bucket: { name: band, measure: allowed, person: edge, period: year } }"
    const numbers = `ded-sum: ${money(sum(i, "deductible"))}, edge: ${money(cents(edge))}, part: ${percent(100 - first)}, rest: ${percent(100 - last)}`
    const { leg } = determine({ rules: [deductible, bands], numbers }, lines(line(sum(i, "claim"))))
    return { plan_pays: leg.totals.benefit, member_pays: leg.totals.patient }
  },
  "cob-maintenance-of-benefits": (i) => {
    const paid = sum(i, "primary_paid")
    const allowed = sum(i, "contracted_fee")
    const outcome = determine(
      {
        rules: [coinsurance, "{ cob: { method: maintenance } }"],
        numbers: `part: ${percent(100 - num(i, "secondary_pays_pct"))}`,
        services: inRates(["X", num(i, "contracted_fee").toFixed(2)]),
      },
      { ...lines(line(sum(i, "ucr_fee"))), ...after(allowed, paid, allowed - paid) },
    )
    const { benefit, patient, charge } = outcome.leg.totals
    return { secondary_pays: benefit, patient, write_off: charge - paid - benefit - patient }
  },
  "endoscopy-52204-ny": (i) => {
    const items = i["lines"] as readonly { code: string; fee: number }[]
    const [code, base] = [items[0]!.code, i["endoscopic_base_code"] as string]
    const rule = `{ multiple: { on: [care], ranks: [whole], beyond: last, base: "${base}" } }`
    const services = inRates([code, items[0]!.fee.toFixed(2)], [base, num(i, "base_fee").toFixed(2)])
    const billed = items.map((item) => line(cents(item.fee), item.code))
    const { leg } = determine({ rules: [rule], numbers: "whole: 100 %", services }, lines(...billed))
    return { allowed: leg.lines.map(({ allowed }) => allowed) }
  },
  "bilateral-indicator-0": (i) => {
    const billed = (i["lines"] as readonly { modifier: string; charge: number }[]).map((item) =>
      line(cents(item.charge), "X", [item.modifier]),
    )
    const services = { csv: `code,category,rate,bilateral\nX,care,${i["fee_schedule"]},${i["bilateral_indicator"]}\n` }
    const { leg } = determine({ rules: ["{ bilateral: { table: services } }"], services }, lines(...billed))
    return { allowed_total: leg.totals.allowed }
  },
  "mppr-ophth-92083-92134": (i) => {
    const [first, second] = i["codes"] as readonly string[]
    const technical = [num(i, "technical_first"), num(i, "technical_second")] as readonly number[]
    // The page gives one sum of both interpreting parts: it stands on the first line.
    const rates = [num(i, "professional_total") + technical[0]!, technical[1]!]
    const rows = [first, second].map(
      (code, at) => `${code},care,${rates[at]!.toFixed(2)},${technical[at]!.toFixed(2)}\n`,
    )
    const services = { csv: `code,category,rate,technical\n${rows.join("")}` }
    const rule = "{ multiple: { table: services, ranks: [whole, later], beyond: last, part: technical } }"
    const numbers = `whole: 100 %, later: ${percent(num(i, "second_technical_pct"))}`
    const billed = [first, second].map((code) => line(100_000n, code))
    const { leg } = determine({ rules: [rule], numbers, services }, lines(...billed))
    return { formula: leg.totals.allowed, total: leg.totals.allowed }
  },
  "oop-embedded-faq-xxvii": (i) => {
    const owes = familyOwes(
      num(i, "self_only_limit"),
      num(i, "family_limit"),
      i["cost_sharing_before_limits"] as number[],
    )
    return {
      individual_1_pays: owes[0],
      plan_bears_for_individual_1: cents((i["cost_sharing_before_limits"] as number[])[0]!) - owes[0]!,
      family_total_cap: owes.reduce((sum, amount) => sum + amount, 0n),
    }
  },
}

function copayAfter(i: Inputs): bigint {
  const numbers = `ded-sum: 500.00 USD, copay: ${money(sum(i, "copay"))}`
  const rules = [deductible, "{ copay: { amount: copay, per: service, order: after } }"]
  const snapshot = i["deductible_met"] ? met("2.3", 50_000n) : {}
  return determine({ rules, numbers }, { ...lines(line(sum(i, "allowed"))), snapshot }).leg.totals.patient
}

/** A printed figure in cents; a printed formula of addends and one product is worked out, then rounded. */
function printedOf(value: unknown): unknown {
  if (typeof value === "number") return cents(value)
  if (Array.isArray(value)) return value.map((item) => printedOf(item))
  const [, a, b, f, c] = /^\$([\d.]+) \+ \$([\d.]+) \+ \(([\d.]+) x \$([\d.]+)\)$/.exec(String(value))!
  return cents(Number(a) + Number(b) + Number(f) * Number(c))
}

test("the worked examples to the cent", async (t) => {
  if (!existsSync(file)) return t.skip("../shared is absent")
  const known = JSON.parse(readFileSync(file, "utf8")) as readonly Example[]
  deepEqual(
    known.map(({ id }) => id),
    Object.keys(examples),
    "every example has its plan",
  )
  equal(known.length, 16)
  for (const { id, inputs, expected_printed: printed, expected_derived_by_us: derived } of known) {
    await t.test(id, () => {
      const ours = examples[id]!(inputs)
      const difference = differences[id]
      for (const [key, value] of Object.entries(printed)) {
        if (difference?.[0] === key) {
          equal(ours[key], difference[1], difference[2])
          equal(ours[key] === printedOf(value), false, "a difference that is none")
        } else deepEqual(ours[key], printedOf(value), key)
      }
      // Where the printed answer was cut off the folder's own derivation stands in for it.
      for (const [key, value] of Object.entries(derived ?? {})) deepEqual(ours[key], printedOf(value), key)
    })
  }
})
