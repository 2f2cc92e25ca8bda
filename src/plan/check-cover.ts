/**
 * `uncovered` and `unbounded` where guards alone decide: what is covered has a price, a share where others have one, and
 * a cap on the share. A rule with a condition counts as if it applied; whether it leaves a gap is for a search to say.
 */
import { formatDate } from "../base/time.ts"
import { type Cell, coverOf, possible, rulesIn } from "./cells.ts"
import type { Kind, Part } from "./effects.ts"
import type { Report } from "./finding.ts"
import type { NamedNumber } from "./parts.ts"
import { type Plan, type Rule, rulesOfKind } from "./plan.ts"

interface Gap {
  readonly rule: Rule
  readonly cells: Cell[]
}

/** Gathers cells by rule, so that one mistake is one finding. */
class Gaps {
  readonly #gaps = new Map<number, Gap>()

  add(rule: Rule, cell: Cell): void {
    const gap = this.#gaps.get(rule.index)
    if (gap === undefined) this.#gaps.set(rule.index, { rule, cells: [cell] })
    else gap.cells.push(cell)
  }

  all(): readonly Gap[] {
    return [...this.#gaps.values()]
  }
}

const list = (words: Iterable<string>) => [...new Set(words)].sort().join(", ")

/** `exam, test in tier out on dental claims from 2026-07-01`: what of it is not the whole plan. */
function placeText(plan: Plan, cells: readonly Cell[]): string {
  const { tiers, claims, effective } = plan.front
  const [inTiers, onClaims] = [new Set(cells.map(({ tier }) => tier)), new Set(cells.map(({ claim }) => claim))]
  const tier = inTiers.size < tiers.length ? ` in tier ${list(inTiers)}` : ""
  const claim = onClaims.size < claims.length ? ` on ${list(onClaims)} claims` : ""
  const from = cells[0]!.day > effective.from ? ` from ${formatDate(cells[0]!.day)}` : ""
  return `${list(cells.map(({ leaf }) => leaf.name))}${tier}${claim}${from}`
}

function witnessOf(code: string, rule: Rule, { codes, tier, claim, day }: Cell): object {
  const rules = [`${rule.clause.number}/${rule.kind}`]
  return { code, rules, on: formatDate(day), line: { code: codes[0], modifiers: [] }, tier, claim }
}

const anyOf = (plan: Plan, kinds: readonly Kind[], cell: Cell) =>
  kinds.some((kind) => rulesIn(plan, kind, cell).some((rule) => possible(rule, cell)))

const shares: readonly Kind[] = ["copay", "deductible", "coinsurance"]
const saysShare: readonly Kind[] = [...shares, "first", "waive", "capitate"]

export function checkCovered(plan: Plan, cells: readonly Cell[], report: Report): void {
  const covered = cells.flatMap((cell) => {
    const cover = coverOf(plan, cell)
    return cover === undefined ? [] : [{ cell, cover }]
  })
  const sharedSomewhere = covered.some(({ cell }) => anyOf(plan, shares, cell))
  const [priceless, shareless] = [new Gaps(), new Gaps()]
  for (const { cell, cover } of covered) {
    if (!anyOf(plan, ["allow"], cell)) priceless.add(cover, cell)
    if (sharedSomewhere && !anyOf(plan, saysShare, cell)) shareless.add(cover, cell)
  }
  const tell = (gaps: Gaps, what: string, remedy: string) => {
    for (const { rule, cells: open } of gaps.all()) {
      report.clause = rule.clause.number
      const message = `${rule.clause.number} covers ${placeText(plan, open)}, and no clause says ${what}.`
      report.add("uncovered", rule.at, message, remedy, witnessOf("uncovered", rule, open[0]!))
    }
  }
  tell(priceless, "what is allowed for it", "Add an allow for it, or narrow the cover.")
  tell(shareless, "what the member pays of it", "Give it a share, or say coinsurance: none.")
  checkBounds(plan, covered, report)
}

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
function checkBounds(
  plan: Plan,
  covered: readonly { readonly cell: Cell; readonly cover: Rule }[],
  report: Report,
): void {
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
    report.add("unbounded", rule.at, message, remedy, witnessOf("unbounded", rule, cells[0]!))
  }
  report.clause = undefined
}
