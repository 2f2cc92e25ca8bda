/**
 * `conflict`, `dead` and `shadowed` where guards alone decide. A conflict is told only of rules without a condition that
 * nothing beats, dead and shadowed only of what holds in every cell: none of them needs a line to be tried.
 */
import { formatDate } from "../base/time.ts"
import { always, type Cell, coverOf, lineKinds, offLine, possible, reaches, rulesIn } from "./cells.ts"
import { exclusive } from "./effects.ts"
import { exactWords } from "./exact-words.ts"
import type { Report } from "./finding.ts"
import { beats, type Plan, type Rule } from "./plan.ts"

const nameOf = (rule: Rule) => `${rule.clause.number}/${rule.kind}`

/** Of rules that all conflict with one another in a cell; whoever settles these finds the rest. */
const mostTold = 16

/** Pairs of rules that every line of the cell meets, that nothing beats and that do not beat one another. */
function undecided(rules: readonly Rule[], cell: Cell): readonly (readonly [Rule, Rule])[] {
  const sure = rules.filter((rule) => always(rule, cell))
  if (sure.length < 2) return []
  const kept = sure.filter((rule) => !sure.some((other) => other.exceptionTo.has(rule.index)))
  const best = kept.filter((rule) => !kept.some((other) => other !== rule && beats(other, rule, cell.leaf)))
  const left = best.length === 0 ? kept : best
  const open = left.filter((rule) => {
    const rivals = rules.filter((other) => !sure.includes(other) && beats(other, rule, cell.leaf))
    return rivals.length === 0
  })
  if (open.length > mostTold) open.length = mostTold
  return open.flatMap((a, i) => open.slice(i + 1).map((b) => [a, b] as const))
}

/** Enough for a line to have a price and a share in any currency; a conflict does not depend on it. */
const witnessCharge = "10000"

function addConflict(plan: Plan, a: Rule, b: Rule, cell: Cell, report: Report): void {
  const on = formatDate(cell.day)
  const [first, second] = [exactWords(plan, a, cell.day), exactWords(plan, b, cell.day)]
  const line = `A line ${cell.codes[0]} on ${on}, tier ${cell.tier}, ${cell.claim} claim`
  const remedy = `Make ${b.clause.number} an exception to ${a.clause.number}, or the other way round.`
  const says = `${line}, meets two ${a.kind} rules: “${first}” by ${a.clause.number} and “${second}” by ${b.clause.number}.`
  report.clause = b.clause.number
  report.add("conflict", b.at, says, remedy, {
    code: "conflict",
    rules: [nameOf(a), nameOf(b)],
    on,
    member: {},
    line: { code: cell.codes[0], modifiers: [], charge: witnessCharge },
    tier: cell.tier,
    claim: cell.claim,
    says: `${says} ${remedy}`,
  })
}

/** Decided for lines whether or not they turn out to be a benefit. */
const beforeCover: ReadonlySet<string> = new Set(["timely", "duplicate", "network"])

export function checkConflicts(plan: Plan, cells: readonly Cell[], report: Report): void {
  const told = new Set<string>()
  const kinds = lineKinds.filter((kind) => exclusive[kind] && plan.byKind[kind].length > 1)
  for (const cell of cells) {
    const covered = coverOf(plan, cell) !== undefined
    for (const kind of kinds) {
      if (!covered && !beforeCover.has(kind)) continue
      for (const [a, b] of undecided(rulesIn(plan, kind, cell), cell)) {
        const mark = `${a.index} ${b.index}`
        if (told.has(mark)) continue
        told.add(mark)
        addConflict(plan, a, b, cell, report)
      }
    }
  }
  report.clause = undefined
}

/** Why no line at all can meet a rule; undefined when one might. */
function whyDead(plan: Plan, rule: Rule, cells: readonly Cell[]): string | undefined {
  const { guard } = rule
  const { from, until } = plan.front.effective
  if (guard.from >= until || guard.until <= from) return "its dates lie outside the plan's"
  if (guard.claims !== undefined && !plan.front.claims.some((kind) => guard.claims!.has(kind))) {
    return "the plan takes no claim of its kinds"
  }
  if (guard.tiers?.size === 0) return "it lists no tier"
  if (offLine.has(rule.kind) || plan.leaves.size === 0) return undefined
  const inReach = cells.filter((cell) => guard.reach[cell.leaf.index] !== 0)
  if (inReach.length === 0) return "no code of the plan's tables is in its categories"
  const reached = inReach.filter((cell) => reaches(rule, cell))
  if (reached.length === 0) {
    const early = guard.tiers !== undefined
    return early ? "it asks for a tier that is not known yet, or not on its days" : "no code is there on its days"
  }
  if (reached.some((cell) => possible(rule, cell))) return undefined
  return "its condition is true for no code, category, tier and kind of claim that it can meet"
}

/** The rules that take a rule's place in a cell whatever the line says. */
function masters(plan: Plan, rule: Rule, cell: Cell): readonly Rule[] {
  const rivals = rulesIn(plan, rule.kind, cell).filter((other) => other !== rule)
  const stays = (other: Rule) =>
    !rivals.some((third) => third.exceptionTo.has(other.index) && !third.exceptionTo.has(rule.index))
  const wins = (other: Rule) =>
    exclusive[rule.kind] ? beats(other, rule, cell.leaf) : other.exceptionTo.has(rule.index)
  const found = rivals.filter((other) => always(other, cell) && wins(other) && stays(other))
  if (rule.kind === "exclude") {
    const covers = rulesIn(plan, "cover", cell)
    const kept = covers.filter((cover) => !covers.some((other) => other.exceptionTo.has(cover.index)))
    found.push(...kept.filter((cover) => always(cover, cell) && cover.exceptionTo.has(rule.index)))
  }
  if (rule.kind === "cover") {
    const covers = rulesIn(plan, "cover", cell)
    const unexcused = (exclude: Rule) => !covers.some((cover) => cover.exceptionTo.has(exclude.index))
    const excludes = rulesIn(plan, "exclude", cell)
    const kept = excludes.filter((one) => !excludes.some((other) => other.exceptionTo.has(one.index)))
    found.push(...kept.filter((exclude) => always(exclude, cell) && unexcused(exclude)))
  }
  return found
}

function shadows(plan: Plan, rule: Rule, cells: readonly Cell[]): ReadonlySet<Rule> | undefined {
  const found = new Set<Rule>()
  for (const cell of cells) {
    if (!possible(rule, cell)) continue
    const over = masters(plan, rule, cell)
    if (over.length === 0) return undefined
    found.add(over[0]!)
  }
  return found.size === 0 ? undefined : found
}

/** `dead`, once a clause and reason, and `shadowed`. */
export function checkIdle(plan: Plan, cells: readonly Cell[], report: Report): void {
  const told = new Set<string>()
  for (const rule of plan.rules) {
    report.clause = rule.clause.number
    const why = rule.kind === "define" || rule.kind === "bucket" ? undefined : whyDead(plan, rule, cells)
    if (why !== undefined) {
      const mark = `${rule.clause.number} ${why}`
      if (told.has(mark)) continue
      told.add(mark)
      const at = why.startsWith("its condition") ? rule.guard.when!.at : rule.at
      report.add("dead", at, `${nameOf(rule)} never applies: ${why}.`, "Correct its guard, or take it out.")
      continue
    }
    const over = offLine.has(rule.kind) ? undefined : shadows(plan, rule, cells)
    if (over === undefined) continue
    const message = `${nameOf(rule)} never wins: ${[...over].map(nameOf).join(" and ")} always goes before it.`
    report.add("shadowed", rule.at, message, "Narrow what goes before it, or take it out.")
  }
  report.clause = undefined
}
