/**
 * `conflict`: two rules of a kind of which exactly one may win, and a line that meets both with nothing to choose between
 * them. It is searched for among all lines and run by the evaluator; what only the search finds is `not-proved`.
 */
import { formatMoney } from "../../base/money.ts"
import { formatDate } from "../../base/time.ts"
import { exactWords } from "../booklet/exact-words.ts"
import { exclusive, type Kind } from "../language/effects.ts"
import type { Report } from "../language/finding.ts"
import type { LegLine } from "../leg.ts"
import type { Category } from "../parts.ts"
import { type Plan, type Rule, rulesOfKind } from "../plan.ts"
import { type Cell, coverOf, lineKinds, rulesIn } from "./cells.ts"
import { guardsNeverMeet } from "./check-rules.ts"
import { all, type Formula } from "./search/formula.ts"
import { type Goals, gateKinds } from "./search/goals.ts"
import type { Hit, Prover, Question } from "./search/prover.ts"
import { replay, type Setting } from "./search/replay.ts"
import { dateInWords, lineInWords, witnessFields } from "./search/sentence.ts"

const nameOf = (rule: Rule) => `${rule.clause.number}/${rule.kind}`

/** Decided for lines whether or not they turn out to be a benefit. */
export const beforeCover: ReadonlySet<Kind> = new Set(["timely", "duplicate", "network"])

/** Conflicts told of one kind; whoever settles these finds the rest. */
const mostTold = 120
/** Lines run by the evaluator for one pair. */
const mostReplays = 48

/** The line comes as far as the rules of a kind. */
export function reached(goals: Goals, kind: Kind, prover: Prover, cell: Cell): Formula {
  if (kind === "timely" || kind === "duplicate" || kind === "age" || kind === "emergency") return goals.ownRisk
  if (kind === "network") return all([goals.admitted, goals.noEmergencyTier])
  return all([goals.covered, goals.tier(prover.tierByTable(cell)), goals.admitted])
}

export function questionFor(
  kind: Kind,
  prover: Prover,
  cell: Cell,
  formula: (goals: Goals) => Formula,
  alsoKinds: readonly Kind[] = [],
): Question {
  return {
    kinds: [...new Set([kind, ...alsoKinds, ...gateKinds(prover.plan)])],
    byTier: !beforeCover.has(kind),
    formula: (goals) => all([formula(goals), reached(goals, kind, prover, cell)]),
  }
}

/** How the line may have to stand for rules of the kind to be asked at all; the plainest first. */
export function settingsFor(plan: Plan, kind: Kind): readonly Setting[] {
  const spent = rulesOfKind(plan, "first").map(({ effect }) => effect.bucket.clause.number)
  const settings: Setting[] = [{}]
  if (spent.length > 0) settings.push({ spent })
  if (kind === "cob") settings.push({ afterOthers: true }, { afterOthers: true, spent })
  if (kind === "multiple" || kind === "bilateral") settings.push({ twice: true })
  return settings
}

interface Pair {
  readonly a: Rule
  readonly b: Rule
  told: boolean
  /** A search found a line, or gave up, and the evaluator has not confirmed it. */
  open: boolean
  replays: number
}

/** Whether one of two rules takes the other's place wherever both apply. */
function isSettled(a: Rule, b: Rule, leaf: Category): boolean {
  if (a.exceptionTo.has(b.index) || b.exceptionTo.has(a.index)) return true
  const [x, y] = [a.guard.reach[leaf.index]!, b.guard.reach[leaf.index]!]
  return (x > y && b.guard.when === undefined) || (y > x && a.guard.when === undefined)
}

class Conflicts {
  readonly #prover: Prover
  readonly #report: Report
  readonly #pairs = new Map<string, Pair>()

  constructor(prover: Prover, report: Report) {
    this.#prover = prover
    this.#report = report
  }

  #pair(a: Rule, b: Rule): Pair {
    const mark = `${a.index} ${b.index}`
    const pair = this.#pairs.get(mark) ?? { a, b, told: false, open: false, replays: 0 }
    this.#pairs.set(mark, pair)
    return pair
  }

  check(kind: Kind, cells: readonly Cell[]): void {
    const seen = new Set<string>()
    const { plan } = this.#prover
    let told = 0
    for (const cell of cells) {
      if (!beforeCover.has(kind) && coverOf(plan, cell) === undefined) continue
      const rules = rulesIn(plan, kind, cell)
      if (rules.length < 2) continue
      const mark = this.#prover.signature(
        cell,
        questionFor(kind, this.#prover, cell, () => () => 0),
      )
      if (seen.has(mark)) continue
      let open = false
      for (const [i, a] of rules.entries()) {
        for (const b of rules.slice(i + 1)) {
          if (told >= mostTold || isSettled(a, b, cell.leaf)) continue
          const pair = this.#pair(a, b)
          if (pair.told || pair.replays >= mostReplays) continue
          this.#search(pair, cell)
          if (pair.told) told++
          else if (pair.open) open = true
        }
      }
      // What the evaluator did not confirm here it may confirm for another code.
      if (!open) seen.add(mark)
    }
  }

  #search(pair: Pair, cell: Cell): void {
    const { a, b } = pair
    const prover = this.#prover
    const settings = settingsFor(prover.plan, a.kind)
    let found: { readonly hit: Hit; readonly setting: Setting } | undefined
    const question = questionFor(a.kind, prover, cell, (goals) => all([goals.wins(a), goals.wins(b)]))
    const outcome = prover.ask(cell, question, (hit) => {
      pair.open = true
      if (hit === undefined) return ++pair.replays >= mostReplays
      for (const setting of settings) {
        pair.replays++
        if (!conflicts(prover.plan, hit, setting, a, b)) continue
        found = { hit, setting }
        return true
      }
      return pair.replays >= mostReplays
    })
    if (outcome === "gave-up") pair.open = true
    if (found === undefined) return
    pair.told = true
    addConflict(prover, pair, found.hit, found.setting, this.#report)
  }

  /** What was found and not confirmed. */
  tellOpen(): void {
    for (const { a, b, told, open } of this.#pairs.values()) {
      if (told || !open) continue
      this.#report.clause = b.clause.number
      const message = `It is not proved that no line meets both ${nameOf(a)} and ${nameOf(b)}.`
      const remedy = `Make one an exception to the other, or part their conditions. A line that meets both waits.`
      this.#report.add("not-proved", b.at, message, remedy, { code: "not-proved", rules: [nameOf(a), nameOf(b)] })
    }
  }
}

function conflicts(plan: Plan, hit: Hit, setting: Setting, a: Rule, b: Rule): boolean {
  const outcome = replay(plan, hit.example, hit.cell, setting)
  if (outcome === undefined || outcome.leg.lines[0]!.status !== "pended") return false
  return outcome.leg.findings.some(({ line, code, missing }) => {
    const names = missing.split(" ")
    return line === 1 && code === "clause-conflict" && names.includes(nameOf(a)) && names.includes(nameOf(b))
  })
}

const moneyWords: Partial<Record<Kind, readonly [does: string, things: string]>> = {
  copay: ["owe", "copays"],
  deductible: ["owe", "deductibles"],
  coinsurance: ["owe", "coinsurances"],
  allowance: ["owe", "shares above the allowance"],
  outOfPocket: ["owe", "sums in all"],
  allow: ["be allowed", "amounts"],
}

/**
 * The plan in which only one of the rules that conflict speaks, and for coinsurance the deductible is met.
 */
function onlyOne(plan: Plan, keep: Rule, other: Rule, leaf: Category): Plan {
  const stays = (rule: Rule) =>
    rule.kind === "deductible" && keep.kind === "coinsurance"
      ? false
      : rule.kind === keep.kind
        ? rule === keep
        : rule.clause !== other.clause || moneyWords[rule.kind] === undefined
  const byLeaf = plan.byLeaf.map((index, i) => {
    if (i !== leaf.index) return index
    const kept = Object.entries(index).map(([kind, rules]) => [kind, rules.filter(stays)] as const)
    return Object.fromEntries(kept) as unknown as typeof index
  })
  return { ...plan, byLeaf }
}

function moneyOf(line: LegLine, { clause, kind }: Rule): bigint {
  if (kind === "allow") return line.allowed
  if (kind === "outOfPocket") return line.patient
  let total = 0n
  for (const item of line.adjustments) {
    if (item.group === "PR" && item.clause === clause.number && item.kind === kind) total += item.amount
  }
  return total
}

/** What one of the two would charge by itself; undefined when the line waits or is refused for something else. */
function chargedBy(plan: Plan, keep: Rule, other: Rule, hit: Hit, setting: Setting): bigint | undefined {
  const outcome = replay(onlyOne(plan, keep, other, hit.cell.leaf), hit.example, hit.cell, setting)
  const line = outcome?.leg.lines[0]
  return line === undefined || line.status !== "paid" ? undefined : moneyOf(line, keep)
}

/** `would owe two different copays: 30.00 by 5.1 and 0.00 by 5.6` */
function inMoney(plan: Plan, a: Rule, b: Rule, hit: Hit, setting: Setting): string | undefined {
  const words = moneyWords[a.kind]
  const first = words && chargedBy(plan, a, b, hit, setting)
  const second = words && chargedBy(plan, b, a, hit, setting)
  if (words === undefined || first === undefined || second === undefined) return undefined
  const money = (amount: bigint) => formatMoney(amount, plan.front.currency.exponent)
  const [does, things] = words
  const two = first === second ? `two ${things}` : `two different ${things}`
  return `would ${does} ${two}: ${money(first)} by ${a.clause.number} and ${money(second)} by ${b.clause.number}`
}

function addConflict(prover: Prover, { a, b }: Pair, hit: Hit, setting: Setting, report: Report): void {
  const { plan, mentioned } = prover
  const day = Number(hit.example.numbers.get("from"))
  const both = `“${exactWords(plan, a, day)}” by ${a.clause.number} and “${exactWords(plan, b, day)}” by ${b.clause.number}`
  const what = inMoney(plan, a, b, hit, setting) ?? `meets two ${a.kind} rules: ${both}`
  const message = `${lineInWords(plan, hit)} ${what}.`
  // Who has a condition speaks of fewer lines, and is more likely meant as the exception.
  const [special, usual] = b.guard.when === undefined && a.guard.when !== undefined ? [a, b] : [b, a]
  const [narrow, wide] = [special.clause.number, usual.clause.number]
  const remedy = `Write exceptionTo: ${wide} in the rule of ${narrow}, or the other way round.`
  report.clause = b.clause.number
  const fields = witnessFields(hit, mentioned)
  const rules = [nameOf(a), nameOf(b)]
  report.add("conflict", b.at, message, remedy, { code: "conflict", rules, ...fields, says: `${message} ${remedy}` })
}

/** Of what no line decides there is one rule at a time: nobody is asked which of two it is. */
function checkOffLine(plan: Plan, report: Report): void {
  for (const kind of ["interest", "trueUp"] as const) {
    const rules = plan.byKind[kind].filter(({ guard }) => guard.when === undefined && guard.listed === undefined)
    for (const [i, a] of rules.entries()) {
      for (const b of rules.slice(i + 1)) {
        if (a.exceptionTo.has(b.index) || b.exceptionTo.has(a.index) || guardsNeverMeet(a.guard, b.guard, plan))
          continue
        const day = a.guard.from > b.guard.from ? a.guard.from : b.guard.from
        const message = `On ${dateInWords(day)} the plan has two ${kind} rules, ${a.clause.number} and ${b.clause.number}.`
        const remedy = `Make ${b.clause.number} an exception to ${a.clause.number}, or part their dates.`
        const witness = {
          code: "conflict",
          rules: [nameOf(a), nameOf(b)],
          on: formatDate(day),
          says: `${message} ${remedy}`,
        }
        report.clause = b.clause.number
        report.add("conflict", b.at, message, remedy, witness)
      }
    }
  }
}

/** Every exclusive kind, in every cell; `strays` are the cells of lines that are in no category. */
export function checkConflicts(prover: Prover, cells: readonly Cell[], strays: readonly Cell[], report: Report): void {
  const conflicts = new Conflicts(prover, report)
  for (const kind of lineKinds) {
    if (!exclusive[kind] || prover.plan.byKind[kind].length < 2) continue
    conflicts.check(kind, beforeCover.has(kind) ? [...cells, ...strays] : cells)
  }
  conflicts.tellOpen()
  checkOffLine(prover.plan, report)
  report.clause = undefined
}
