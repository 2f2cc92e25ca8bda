/** `cap-order`: limits that contradict one another on some day: person and family, deductible and cap, tier and tier. */
import { formatDate } from "../../base/time.ts"
import type { Kind } from "../language/effects.ts"
import type { Report } from "../language/finding.ts"
import type { Bucket, Day, NamedNumber } from "../parts.ts"
import { beats, type Plan, type Rule, rulesOfKind, valueOn } from "../plan.ts"
import { always, type Cell, coverOf, possible, rulesIn } from "./cells.ts"
import { declarationOf } from "./check-buckets.ts"

const limit = (number: NamedNumber | undefined, day: Day) => (number === undefined ? undefined : valueOn(number, day))
const above = (a: bigint | undefined, b: bigint | undefined) => a !== undefined && b !== undefined && a > b

/** The days on which a value of these numbers begins, and the first of the span, while it lasts. */
function daysOf(numbers: readonly (NamedNumber | undefined)[], from: Day, until: Day): readonly Day[] {
  const days = numbers.flatMap((number) => number?.values.map((value) => value.from) ?? [])
  return [...new Set([from, ...days])].filter((day) => day >= from && day < until).sort((a, b) => a - b)
}

/** One bucket against itself, on every day on which one of its limits changes. */
export function checkOwners(plan: Plan, report: Report): void {
  const { effective } = plan.front
  for (const bucket of plan.buckets) {
    const { person, family, grow } = bucket
    const declared = declarationOf(plan, bucket)
    report.clause = bucket.clause.number
    const days = daysOf([person, family, grow?.atMost], effective.from, effective.until)
    const wrong = days.find((day) => above(limit(person, day), limit(family, day)))
    if (wrong !== undefined) {
      const message = `${bucket.name}: on ${formatDate(wrong)} one person's limit is above the family's.`
      report.add("cap-order", declared.at, message, "Check both numbers.")
    }
    const shrinks = days.find((day) => above(limit(family, day), limit(grow?.atMost, day)))
    if (shrinks === undefined) continue
    const message = `${bucket.name}: on ${formatDate(shrinks)} the family's limit is above the most it may grow to.`
    report.add("cap-order", declared.at, message, "Check both numbers.")
  }
  report.clause = undefined
}

function isBelow(cap: Bucket, deductible: Bucket, day: Day): boolean {
  if (cap.period.kind !== deductible.period.kind) return false
  return (["person", "family"] as const).some((owner) => above(limit(deductible[owner], day), limit(cap[owner], day)))
}

/** A cap below a deductible of the same line; told once a cap, at its bucket. */
function checkCaps(plan: Plan, cells: readonly Cell[], report: Report): void {
  const told = new Set<Bucket>()
  for (const cell of cells) {
    const caps = rulesIn(plan, "outOfPocket", cell).filter((rule) => possible(rule, cell))
    const deductibles = rulesIn(plan, "deductible", cell).filter((rule) => possible(rule, cell))
    for (const cap of caps) {
      for (const { effect } of deductibles) {
        if (cap.effect.kind !== "outOfPocket" || effect.kind !== "deductible" || effect.bucket === undefined) continue
        const { bucket } = cap.effect
        if (told.has(bucket) || !isBelow(bucket, effect.bucket, cell.day)) continue
        told.add(bucket)
        report.clause = bucket.clause.number
        const message = `${bucket.name} is below the deductible ${effect.bucket.name} on ${formatDate(cell.day)}.`
        report.add("cap-order", declarationOf(plan, bucket).at, message, "Check both numbers.")
      }
    }
  }
}

/** The one rule that surely decides a kind in a cell. */
function decider(plan: Plan, kind: Kind, cell: Cell): Rule | undefined {
  const rules = rulesIn(plan, kind, cell).filter((rule) => possible(rule, cell))
  if (!rules.every((rule) => always(rule, cell))) return undefined
  const best = rules.filter((rule) => !rules.some((other) => other !== rule && beats(other, rule, cell.leaf)))
  return best.length === 1 ? best[0] : undefined
}

/** What a member pays under a rule, with the measure in which two such figures compare. */
function figureOf({ effect }: Rule, day: Day): { readonly measure: string; readonly value: bigint } | undefined {
  const found = (measure: string, number: NamedNumber | undefined) => {
    const value = limit(number, day)
    return value === undefined ? undefined : { measure, value }
  }
  const ofBucket = (bucket: Bucket) => {
    const owner = bucket.person === undefined ? "family" : "person"
    return found(`${owner} ${bucket.period.kind}`, bucket[owner])
  }
  if (effect.kind === "copay") return effect.terms && found(effect.terms.per, effect.terms.amount)
  if (effect.kind === "coinsurance") return effect.terms && found("member", effect.terms.member)
  if (effect.kind === "deductible") return effect.bucket && ofBucket(effect.bucket)
  return effect.kind === "outOfPocket" ? ofBucket(effect.bucket) : undefined
}

const ladders = ["copay", "deductible", "coinsurance", "outOfPocket"] as const

/** A better tier that costs the member more than the next that asks for the same part. */
function checkLadders(plan: Plan, cells: readonly Cell[], report: Report): void {
  const told = new Set<string>()
  const { tiers } = plan.front
  if (tiers.length < 2) return
  for (const better of cells) {
    const worse = tiers.slice(tiers.indexOf(better.tier) + 1)
    if (worse.length === 0 || coverOf(plan, better) === undefined) continue
    for (const kind of ladders) {
      const a = decider(plan, kind, better)
      const mine = a && figureOf(a, better.day)
      if (a === undefined || mine === undefined) continue
      const step = nextStep(plan, kind, better, worse)
      if (step === undefined || step.rule === a || told.has(`${a.index} ${step.rule.index}`)) continue
      if (mine.measure !== step.measure || mine.value <= step.value) continue
      told.add(`${a.index} ${step.rule.index}`)
      report.clause = a.clause.number
      const message = `On ${formatDate(better.day)} the ${kind} of tier ${better.tier} is above that of tier ${step.tier} in ${step.rule.clause.number}.`
      report.add("cap-order", a.at, message, "Check both numbers, or the order of the tiers.")
    }
  }
}

/** The first of the tiers in which a rule surely asks for a part, and what it asks. */
function nextStep(plan: Plan, kind: Kind, cell: Cell, tiers: readonly string[]) {
  for (const tier of tiers) {
    const rule = decider(plan, kind, { ...cell, tier })
    const figure = rule && figureOf(rule, cell.day)
    if (rule !== undefined && figure !== undefined) return { rule, tier, ...figure }
  }
  return undefined
}

/** Caps against deductibles and tier against tier, cell by cell. */
export function checkOrder(plan: Plan, cells: readonly Cell[], report: Report): void {
  if (rulesOfKind(plan, "outOfPocket").length > 0) checkCaps(plan, cells, report)
  checkLadders(plan, cells, report)
  report.clause = undefined
}
