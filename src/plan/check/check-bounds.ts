/** `unbounded`: what a plan with a cap asks of the member and lets count in no `outOfPocket`. */

import type { Part } from "../language/effects.ts"
import type { Report } from "../language/finding.ts"
import type { NamedNumber } from "../parts.ts"
import { type Plan, type Rule, rulesOfKind } from "../plan.ts"
import { possible, rulesIn } from "./cells.ts"
import { type Covered, Gaps, placeText, shares, witnessOf } from "./check-cover.ts"

const isZero = (number: NamedNumber) => number.values.every(({ value }) => value === 0n)

/** The parts of a share that a rule can ask of the member. */
function askedBy({ effect }: Rule): readonly Part[] {
  const parts: Part[] = []
  const copay = effect.kind === "copay" ? effect.terms : effect.kind === "first" ? effect.copay : undefined
  const coinsurance =
    effect.kind === "coinsurance" ? effect.terms : effect.kind === "first" ? effect.coinsurance : undefined
  const bucket = effect.kind === "deductible" ? effect.bucket : effect.kind === "first" ? effect.deductible : undefined
  if (copay !== undefined && !isZero(copay.amount)) parts.push("copay")
  if (bucket !== undefined) parts.push("deductible")
  if (coinsurance !== undefined && !(coinsurance.member !== undefined && isZero(coinsurance.member))) {
    parts.push("coinsurance")
  }
  return parts
}

/**
 * What a plan that has a cap forgot to cap; a plan without any `outOfPocket` promises none. A deductible has a limit of
 * its own, so it is told of only where no cap at all reaches the leaf.
 */
export function checkBounds(plan: Plan, covered: readonly Covered[], report: Report): void {
  if (rulesOfKind(plan, "outOfPocket").length === 0) return
  const gaps = new Gaps()
  for (const { cell } of covered) {
    const caps = rulesIn(plan, "outOfPocket", cell).filter((rule) => possible(rule, cell))
    const counted = new Set<Part>(caps.flatMap(({ effect }) => (effect.kind === "outOfPocket" ? effect.counts : [])))
    if (caps.length > 0) counted.add("deductible")
    for (const kind of [...shares, "first"] as const) {
      for (const rule of rulesIn(plan, kind, cell)) {
        if (possible(rule, cell) && askedBy(rule).some((part) => !counted.has(part))) gaps.add(rule, cell)
      }
    }
  }
  for (const { rule, cells } of gaps.all()) {
    report.clause = rule.clause.number
    const what = `${rule.clause.number}/${rule.kind}`
    const message = `What ${what} asks for ${placeText(plan, cells)} counts in no outOfPocket.`
    const remedy = "Let an outOfPocket reach and count it, or tell the member that nothing caps it."
    report.add("unbounded", rule.at, message, remedy, witnessOf("unbounded", rule, cells[0]!, message))
  }
  report.clause = undefined
}
