/**
 * `dead`, `shadowed` and `exception-idle`: rules that no line can meet, that always give way to others, and exceptions to
 * what they never meet. Each is said only when the search has tried every line there can be.
 */

import { exclusive } from "../language/effects.ts"
import type { Report } from "../language/finding.ts"
import { beats, type Guard, type Plan, type Rule } from "../plan.ts"
import { always, type Cell, offLine, possible, reaches, rulesIn, strayKinds } from "./cells.ts"
import { all, type Formula, fails, yes } from "./search/formula.ts"
import type { Goals } from "./search/goals.ts"
import type { Prover, Question } from "./search/prover.ts"

const nameOf = (rule: Rule) => `${rule.clause.number}/${rule.kind}`

/** The cells of a plan: those of its categories, and those of lines that are in none. */
export interface Cells {
  readonly cells: readonly Cell[]
  readonly strays: readonly Cell[]
}

/** The cells whose lines a rule is asked about. */
function cellsFor({ cells, strays }: Cells, ...rules: readonly Rule[]): readonly Cell[] {
  const every = rules.every(({ kind }) => strayKinds.has(kind)) ? [...cells, ...strays] : cells
  return every.filter((cell) => rules.every((rule) => reaches(rule, cell)))
}

/** `spent`: nothing is left for any search, which is said once for the whole plan. */
type Answer = "never" | "sometimes" | "open" | "spent"

/** Whether a formula holds for a line of some cell; cells that the question cannot tell apart are asked once. */
function everHolds(prover: Prover, cells: readonly Cell[], question: Question): Answer {
  const seen = new Set<string>()
  let open = false
  for (const cell of cells) {
    const mark = prover.signature(cell, question)
    if (seen.has(mark)) continue
    seen.add(mark)
    const outcome = prover.ask(cell, question, () => true)
    if (outcome === "found") return "sometimes"
    if (outcome === "spent") return "spent"
    if (outcome === "gave-up") open = true
  }
  return open ? "open" : "never"
}

const orFails =
  (formula: Formula): Formula =>
  (choices) => {
    const value = formula(choices)
    return value === fails ? yes : value
  }

/** Whether a rule's condition can hold, or fails for want of what no claim can give. */
function canApply(prover: Prover, rule: Rule, cells: readonly Cell[]): Answer {
  const kinds = [rule.kind]
  const holds = everHolds(prover, cells, { kinds, formula: (goals) => goals.applies(rule) })
  if (holds !== "never") return holds
  return everHolds(prover, cells, { kinds, mayLack: "none", formula: (goals) => orFails(goals.applies(rule)) })
}

function addOpen(rule: Rule, report: Report): void {
  const message = `The search gave up on the condition of ${nameOf(rule)}; that a line meets it is not proved.`
  report.add("not-proved", rule.guard.when?.at ?? rule.at, message, "Write the condition with fewer alternatives.")
}

/** Why no line at all can meet a rule; undefined when one might. */
function whyDead(prover: Prover, rule: Rule, all: Cells, report: Report): string | undefined {
  const { plan } = prover
  const { guard } = rule
  const { from, until } = plan.front.effective
  if (guard.from >= until || guard.until <= from) return "its dates lie outside the plan's"
  if (guard.claims !== undefined && !plan.front.claims.some((kind) => guard.claims!.has(kind))) {
    return "the plan takes no claim of its kinds"
  }
  if (guard.tiers?.size === 0) return "it lists no tier"
  if (offLine.has(rule.kind) || plan.leaves.size === 0) return undefined
  if (!all.cells.some((cell) => guard.reach[cell.leaf.index] !== 0))
    return "no code of the plan's tables is in its categories"
  const reached = cellsFor(all, rule)
  if (reached.length === 0) {
    const early = guard.tiers !== undefined
    return early ? "it asks for a tier that is not known yet, or not on its days" : "no code is there on its days"
  }
  if (guard.when === undefined) return undefined
  const answer = canApply(prover, rule, reached)
  if (answer === "open") addOpen(rule, report)
  if (answer !== "never") return undefined
  if (reached.some((cell) => possible(rule, cell))) return "its condition contradicts itself"
  return "its condition is true for no code, category, tier and kind of claim that it can meet"
}

/** A rule has a say: it wins, or where several may act it stays; a cover is not taken back by an exclusion. */
function hasSay(goals: Goals, rule: Rule): Formula {
  if (rule.kind === "exclude") return goals.excludes(rule)
  if (rule.kind === "cover") return all([goals.stays(rule), goals.included])
  return exclusive[rule.kind] ? goals.wins(rule) : goals.stays(rule)
}

/** The rules that can take a rule's place in a cell, those that always do before the others. */
function masters(plan: Plan, rule: Rule, cell: Cell): readonly Rule[] {
  const wins = (other: Rule) =>
    exclusive[rule.kind] ? beats(other, rule, cell.leaf) : other.exceptionTo.has(rule.index)
  const found = rulesIn(plan, rule.kind, cell).filter((other) => other !== rule && wins(other))
  if (rule.kind === "exclude") {
    found.push(...rulesIn(plan, "cover", cell).filter((cover) => cover.exceptionTo.has(rule.index)))
  }
  if (rule.kind === "cover") found.push(...rulesIn(plan, "exclude", cell))
  const sure = found.filter((other) => always(other, cell))
  return sure.length > 0 ? sure.slice(0, 1) : found
}

function shadows(prover: Prover, rule: Rule, cells: Cells, report: Report): readonly Rule[] | undefined {
  const mine = cellsFor(cells, rule)
  const rivals = new Set(mine.flatMap((cell) => masters(prover.plan, rule, cell)))
  if (rivals.size === 0) return undefined
  const kinds = rule.kind === "cover" || rule.kind === "exclude" ? (["cover", "exclude"] as const) : [rule.kind]
  const answer = everHolds(prover, mine, { kinds, formula: (goals) => hasSay(goals, rule) })
  if (answer === "open") addOpen(rule, report)
  return answer === "never" ? [...rivals] : undefined
}

const mostNamed = 4

/** `dead`, once a clause and reason, and `shadowed`; returns the dead. */
export function checkIdle(prover: Prover, all: Cells, report: Report): ReadonlySet<Rule> {
  const told = new Set<string>()
  const dead = new Set<Rule>()
  for (const rule of prover.plan.rules) {
    report.clause = rule.clause.number
    const why = rule.kind === "define" || rule.kind === "bucket" ? undefined : whyDead(prover, rule, all, report)
    if (why !== undefined) {
      dead.add(rule)
      const mark = `${rule.clause.number} ${why}`
      if (told.has(mark)) continue
      told.add(mark)
      const at = why.startsWith("its condition") ? rule.guard.when!.at : rule.at
      report.add("dead", at, `${nameOf(rule)} never applies: ${why}.`, "Correct its guard, or take it out.")
      continue
    }
    if (offLine.has(rule.kind) || all.cells.length === 0) continue
    const over = shadows(prover, rule, all, report)
    if (over === undefined) continue
    const named = over.slice(0, mostNamed).map(nameOf).join(" and ")
    const message = `${nameOf(rule)} never wins: ${named} always ${over.length === 1 ? "goes" : "go"} before it.`
    report.add("shadowed", rule.at, message, "Narrow what goes before it, or take it out.")
  }
  report.clause = undefined
  return dead
}

function disjoint<T>(a: ReadonlySet<T> | undefined, b: ReadonlySet<T> | undefined): boolean {
  return a !== undefined && b !== undefined && ![...a].some((value) => b.has(value))
}

/** Whether no line can meet both guards, told without their conditions. */
export function guardsNeverMeet(a: Guard, b: Guard, plan: Plan): boolean {
  if (a.until <= b.from || b.until <= a.from || disjoint(a.tiers, b.tiers) || disjoint(a.claims, b.claims)) return true
  return !plan.categories.some(({ index, isLeaf }) => isLeaf && a.reach[index] !== 0 && b.reach[index] !== 0)
}

function neverMeet(prover: Prover, a: Rule, b: Rule, cells: Cells): boolean {
  if (guardsNeverMeet(a.guard, b.guard, prover.plan)) return true
  if (offLine.has(a.kind) || (a.guard.when === undefined && b.guard.when === undefined)) return false
  const both = cellsFor(cells, a, b)
  if (both.length === 0) return false
  const formula = (goals: Goals) => orFails(all([goals.applies(a), goals.applies(b)]))
  return everHolds(prover, both, { kinds: [...new Set([a.kind, b.kind])], formula }) === "never"
}

/** `exception-idle`, for exceptions as they are written and not those that follow over a third clause or a dead one. */
export function checkExceptions(prover: Prover, cells: Cells, dead: ReadonlySet<Rule>, report: Report): void {
  const { rules } = prover.plan
  for (const rule of rules) {
    for (const index of rule.exceptionTo) {
      if ([...rule.exceptionTo].some((other) => rules[other]!.exceptionTo.has(index))) continue
      const other = rules[index]!
      if (dead.has(rule) || dead.has(other)) continue
      if (!neverMeet(prover, rule, other, cells)) continue
      report.clause = rule.clause.number
      const message = `${nameOf(rule)} is an exception to ${nameOf(other)}, but no line meets both.`
      const at = { line: rule.clause.ruleLine, column: 5 }
      report.add("exception-idle", at, message, "Take out exceptionTo, or correct a guard.")
    }
  }
  report.clause = undefined
}
