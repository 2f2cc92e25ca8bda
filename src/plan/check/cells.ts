/**
 * The finitely many situations in which the guards of a plan's rules cannot change: a leaf, a network tier, a kind of
 * claim and a stretch of days. `plan check` searches the lines of each.
 */
import { type Kind, kinds } from "../language/effects.ts"
import type { Category, ClaimKind, Day } from "../parts.ts"
import { admits, leafOf, type Plan, type Rule } from "../plan.ts"
import { tell } from "./tell.ts"

export interface Cell {
  readonly leaf: Category
  /** Every code of the leaf in this stretch; there is at least one. */
  readonly codes: readonly string[]
  readonly tier: string
  readonly claim: ClaimKind
  /** First day of the stretch, and the first after it. */
  readonly day: Day
  readonly until: Day
  /** For lines whose codes are in no category: `leaf` is then the root. */
  readonly stray: boolean
}

/** Steps before the tier is known: a rule of these kinds that asks for a tier meets no line. */
const beforeTier: ReadonlySet<Kind> = new Set(["timely", "duplicate", "age", "emergency", "network"])

/** Kinds that no line chooses: they are declared once, or act on what was paid. */
export const offLine: ReadonlySet<Kind> = new Set(["define", "bucket", "interest", "bonus", "trueUp"])
export const lineKinds: readonly Kind[] = kinds.filter((kind) => !offLine.has(kind))

/** Kinds that have their say before a line's category counts, also about lines that are in none. */
export const strayKinds: ReadonlySet<Kind> = new Set([...beforeTier, "refer"])

/** Cells times rules; a plan of a hundred rules has a few hundred thousand. Beyond it, nothing is worked through. */
const mostWork = 1_000_000
/** Codes times the stretches of days they are sorted in. */
const mostCodes = 1_000_000

/** The days on which something begins or ends, first to last, within the plan's own. */
function cutsOf(plan: Plan): readonly Day[] {
  const { from, until } = plan.front.effective
  const cuts = new Set([from])
  const cut = (day: Day) => {
    if (day > from && day < until) cuts.add(day)
  }
  for (const { guard } of plan.rules) [guard.from, guard.until].map(cut)
  for (const { values } of plan.numbers.values()) for (const value of values) cut(value.from)
  for (const spans of plan.leaves.values()) for (const span of spans) [span.from, span.until].map(cut)
  for (const { editions } of [...plan.sets.values(), ...plan.tables.values()]) {
    for (const edition of editions) [edition.from, edition.until].map(cut)
  }
  return [...cuts].sort((a, b) => a - b)
}

function codesByLeaf(plan: Plan, day: Day): ReadonlyMap<Category, readonly string[]> {
  const found = new Map<Category, string[]>()
  for (const [code, spans] of plan.leaves) {
    const span = spans.find(({ from, until }) => from <= day && day < until)
    if (span === undefined) continue
    const codes = found.get(span.leaf)
    if (codes === undefined) found.set(span.leaf, [code])
    else codes.push(code)
  }
  return found
}

/** Undefined when there are too many. A leaf without a code on a day has no cell: no line can be in it. */
export function cellsOf(plan: Plan): readonly Cell[] | undefined {
  const { tiers, claims } = plan.front
  const cuts = cutsOf(plan)
  const most = plan.categories.length * tiers.length * claims.length * cuts.length
  if (most * plan.rules.length > mostWork || cuts.length * plan.leaves.size > mostCodes) return undefined
  const cells: Cell[] = []
  for (const [i, day] of cuts.entries()) {
    const until = cuts[i + 1] ?? plan.front.effective.until
    for (const [leaf, codes] of codesByLeaf(plan, day)) {
      for (const tier of tiers) {
        for (const claim of claims) cells.push({ leaf, codes, tier, claim, day, until, stray: false })
      }
    }
  }
  return cells
}

/** The same for lines whose codes no table has: `named` are those that conditions speak of. */
export function strayCells(plan: Plan, cells: readonly Cell[], named: Iterable<string>): readonly Cell[] {
  const root = plan.categories[0]!
  const seen = new Set<string>()
  const found: Cell[] = []
  for (const cell of cells) {
    const mark = `${cell.day} ${cell.tier} ${cell.claim}`
    if (seen.has(mark)) continue
    seen.add(mark)
    let unknown = "NONE"
    while (plan.leaves.has(unknown)) unknown += "E"
    const codes = [unknown, ...named].filter((code) => typeof leafOf(plan, code, cell.day) === "string")
    found.push({ ...cell, leaf: root, codes, stray: true })
  }
  return found
}

/** What a line's step knows of the tier when it asks a rule of this kind. */
export const tierFor = (kind: Kind, cell: Cell): string | undefined => (beforeTier.has(kind) ? undefined : cell.tier)

export function reaches(rule: Rule, cell: Cell): boolean {
  if (rule.guard.reach[cell.leaf.index] === 0) return false
  return admits(rule.guard, cell.day, cell.claim, tierFor(rule.kind, cell))
}

/** Whether every line of the cell meets the rule: its guards hold and nothing else is asked. */
export function always(rule: Rule, cell: Cell): boolean {
  return rule.guard.when === undefined && rule.clause.discretion === undefined && reaches(rule, cell)
}

/** Whether a line of the cell can meet the rule, as far as kind, tier, category and code tell. */
export function possible(rule: Rule, cell: Cell): boolean {
  if (!reaches(rule, cell)) return false
  const { when } = rule.guard
  if (when === undefined) return true
  const codes = when.facts.includes("code") ? cell.codes : cell.codes.slice(0, 1)
  const { claim, day, leaf } = cell
  return codes.some((code) => tell(when.expr, { code, claim, day, leaf, tier: tierFor(rule.kind, cell) }) !== false)
}

/** Rules of a kind that reach a cell, in clause order. */
export function rulesIn(plan: Plan, kind: Kind, cell: Cell): readonly Rule[] {
  return plan.byLeaf[cell.leaf.index]![kind].filter((rule) => reaches(rule, cell))
}

/** The clause that makes a cell's lines a benefit, unless another always takes them out. */
export function coverOf(plan: Plan, cell: Cell): Rule | undefined {
  const covers = rulesIn(plan, "cover", cell).filter((rule) => possible(rule, cell))
  const excluded = rulesIn(plan, "exclude", cell).some(
    (rule) => always(rule, cell) && !covers.some((cover) => cover.exceptionTo.has(rule.index)),
  )
  return excluded ? undefined : covers[0]
}
