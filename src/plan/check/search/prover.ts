/**
 * Asks questions of a plan, cell by cell: is there a line for which a formula about rules holds? Cells in which nothing
 * that the question looks at differs are asked once. All questions of one check share one budget.
 */

import type { Kind } from "../../language/effects.ts"
import { type Expr, type FactName, facts } from "../../language/expression.ts"
import { editionOn, type Plan, type Rule, rowOn, rulesOfKind } from "../../plan.ts"
import type { Cell } from "../cells.ts"
import { rulesIn } from "../cells.ts"
import { type Example, exampleOf, type Usual } from "./example.ts"
import { Effort, type Formula, type Outcome, search } from "./formula.ts"
import { Goals } from "./goals.ts"
import { Problem, type Situation } from "./problem.ts"

/** Steps of all searches of one check, some seconds at most; a plan of a hundred clauses takes about a fiftieth. */
const mostSteps = 5_000_000
/** Things asked of a line that cost one step. */
const askedInStep = 12

/** Facts that every claim has, or that count as no where they are not said. */
const never: readonly FactName[] = [
  "code",
  "modifiers",
  "unitsMilli",
  "charge",
  "diagnoses",
  "from",
  "to",
  "days",
  "surfaces",
  "category",
  "tier",
  "kind",
  "frequency",
  "received",
  "inpatient",
  "emergency",
  "accident",
  "workRelated",
  "assurance",
  "selfOnly",
  "flags",
  "provider",
  "rank",
  "otherCover",
]
const neverLacking: ReadonlySet<FactName> = new Set(never)

/** What of a cell a condition looks at, one bit each. */
const looksAt = { leaf: 1, tier: 2, claim: 4, day: 8, code: 16 } as const

function partsOf(expr: Expr): readonly Expr[] {
  const parts: Expr[] = []
  if ("operand" in expr) parts.push(expr.operand)
  if ("left" in expr) parts.push(expr.left)
  if ("right" in expr) parts.push(expr.right)
  if ("prefix" in expr) parts.push(expr.prefix)
  if ("items" in expr) parts.push(...expr.items)
  return parts
}

function looks(expr: Expr): number {
  let found = 0
  if (expr.node === "is") found = looksAt.leaf
  if (expr.node === "number" || expr.node === "diagnosisIn") found = looksAt.day
  if (expr.node === "codeIn") found = looksAt.code | looksAt.day | looksAt.leaf
  if (expr.node === "fact") {
    if (expr.name === "code") found = looksAt.code | looksAt.leaf
    if (expr.name === "category") found = looksAt.leaf
    if (expr.name === "tier") found = looksAt.tier
    if (expr.name === "kind") found = looksAt.claim
    if (facts[expr.name] === "date") found = looksAt.day
  }
  return partsOf(expr).reduce((all, part) => all | looks(part), found)
}

function visit(expr: Expr, look: (expr: Expr) => void): void {
  look(expr)
  for (const part of partsOf(expr)) visit(part, look)
}

const usualTexts: readonly (readonly [FactName, string])[] = [
  ["codeSystem", "HC"],
  ["place", "11"],
  ["revenue", "0300"],
  ["drug", "00000000000"],
  ["drugTier", "generic"],
  ["tooth", "1"],
  ["billType", "111"],
  ["drg", "001"],
  ["visitType", "normal"],
  ["sex", "F"],
  ["relation", "self"],
  ["specialty", "general"],
  ["providerKind", "practice"],
  ["contract", "standard"],
  ["level", "centre"],
]

export interface Hit {
  readonly cell: Cell
  readonly example: Example
}

export interface Question {
  /** Rules of these kinds, and nothing else, bear on the answer. */
  readonly kinds: readonly Kind[]
  /** It turns on the cell's tier even where no rule looks at it. */
  readonly byTier?: boolean
  /** A fact that the claim may lack, besides those that some condition asks `has` for; `none`: it has them all. */
  readonly mayLack?: FactName | "none"
  readonly formula: (goals: Goals) => Formula
}

export class Prover {
  readonly plan: Plan
  readonly effort = new Effort(mostSteps)
  readonly #mayLack = new Set<FactName>()
  readonly #mentioned = new Set<FactName>()
  readonly #looks = new Map<Rule, number>()
  readonly #keys = new Map<number, ReadonlyMap<FactName, readonly string[]>>()

  constructor(plan: Plan) {
    this.plan = plan
    for (const rule of plan.rules) {
      const { when } = rule.guard
      if (when === undefined) continue
      for (const name of when.facts) this.#mentioned.add(name)
      this.#looks.set(rule, looks(when.expr))
      visit(when.expr, (expr) => {
        if (expr.node === "has" && !neverLacking.has(expr.name)) this.#mayLack.add(expr.name)
        if (expr.node === "has") this.#mentioned.add(expr.name)
      })
    }
    if (rulesOfKind(plan, "age").length > 0) this.#mentioned.add("born").add("sex")
  }

  /** Facts that some clause reads. */
  get mentioned(): ReadonlySet<FactName> {
    return this.#mentioned
  }

  /** Texts of conditions, and codes of sets, that may stand for a code which no table of categories has. */
  get namedCodes(): ReadonlySet<string> {
    const found = new Set<string>()
    for (const { guard } of this.plan.rules) {
      if (guard.when === undefined || !guard.when.facts.includes("code")) continue
      visit(guard.when.expr, (expr) => {
        if (expr.node === "literal" && expr.type === "string") found.add(expr.value as string)
        if (expr.node !== "codeIn") return
        for (const { codes } of expr.set.editions) for (const code of codes) found.add(code)
      })
    }
    return found
  }

  /** Equal for cells in which a question has the same answer. */
  signature(cell: Cell, { kinds, byTier = false }: Question): string {
    let seen = 0
    const parts: string[] = []
    for (const kind of kinds) {
      for (const rule of rulesIn(this.plan, kind, cell)) {
        parts.push(`${rule.index}:${rule.guard.reach[cell.leaf.index]}`)
        seen |= this.#looks.get(rule) ?? 0
        if (kind === "age" || kind === "wastage") seen |= looksAt.day
      }
    }
    if (byTier || (seen & looksAt.tier) !== 0) parts.push(`tier ${cell.tier}`)
    if (byTier && this.plan.networks.length > 0) seen |= looksAt.day
    if ((seen & looksAt.leaf) !== 0 || cell.stray) parts.push(`leaf ${cell.leaf.index}`)
    if ((seen & looksAt.claim) !== 0) parts.push(`claim ${cell.claim}`)
    if ((seen & (looksAt.day | looksAt.code)) !== 0) parts.push(`day ${cell.day}`)
    return parts.join(" ")
  }

  #situation(cell: Cell, also: FactName | "none" | undefined): Situation {
    const leaf = cell.stray ? undefined : cell.leaf
    const mayLack = also === undefined ? this.#mayLack : new Set(also === "none" ? [] : [...this.#mayLack, also])
    return { cell, leaf, mayLack, keys: this.#keysOn(cell) }
  }

  /** One provider and one contract for every tier that a table gives on the day. */
  #keysOn({ day }: Cell): ReadonlyMap<FactName, readonly string[]> {
    const known = this.#keys.get(day)
    if (known !== undefined) return known
    const keys = new Map<FactName, string[]>()
    for (const { table, by } of this.plan.networks) {
      const tiers = new Set<string>()
      for (const row of editionOn(table, day)?.rows.values() ?? []) {
        const tier = row.cells["tier"] ?? ""
        if (tiers.has(tier)) continue
        tiers.add(tier)
        keys.set(by, [...(keys.get(by) ?? []), row.key])
      }
    }
    this.#keys.set(day, keys)
    return keys
  }

  /** A provider or contract whose table gives the cell's tier. */
  #keyOfTier({ day, tier }: Cell): readonly [FactName, string] | undefined {
    for (const { table, by } of this.plan.networks) {
      for (const key of this.#keysOn({ day } as Cell).get(by) ?? []) {
        const row = rowOn(table, key, day)
        if (row !== undefined && row !== "no-table" && row.cells["tier"] === tier) return [by, key]
      }
    }
    return undefined
  }

  /** Whether a line can be in the cell's tier without a clause that says so. */
  tierByTable(cell: Cell): boolean {
    return this.plan.front.tiers.length === 1 || this.#keyOfTier(cell) !== undefined
  }

  /** What an example says where the search left it open. */
  usual(cell: Cell): Usual {
    const texts = new Map(usualTexts.filter(([name]) => this.#mentioned.has(name)))
    const key = this.#keyOfTier(cell)
    if (key !== undefined) texts.set(...key)
    const priced = cell.codes.slice(0, 100).find((code) => this.#priceOf(code, cell) !== undefined)
    const code = priced ?? cell.codes[0]!
    const price = this.#priceOf(code, cell) ?? 0n
    let charge = 100n * 10n ** BigInt(this.plan.front.currency.exponent)
    while (charge < price) charge *= 2n
    return { code, charge, texts, mentioned: this.#mentioned }
  }

  /** The rate of a code in minor units, rounded up. */
  #priceOf(code: string, cell: Cell): bigint | undefined {
    for (const { effect } of rulesOfKind(this.plan, "allow")) {
      const row = effect.schedule && rowOn(effect.schedule, code, cell.day)
      if (row === undefined || row === "no-table" || row.rate === undefined) continue
      if (row.rate === "charge") return 0n
      const { integer, scale } = row.rate
      const minor = integer * 10n ** BigInt(this.plan.front.currency.exponent)
      return minor / 10n ** BigInt(scale) + 1n
    }
    return undefined
  }

  /** Asks one cell; `accept` is given each line found, or undefined where no figures were, until it takes one. */
  ask(cell: Cell, question: Question, accept: (hit: Hit | undefined) => boolean): Outcome {
    if (this.effort.isSpent) return "spent"
    const problem = new Problem(this.#situation(cell, question.mayLack))
    const formula = question.formula(new Goals(this.plan, problem))
    const sizes = problem.seal()
    this.effort.spend(20 + 4 * problem.size)
    return search(formula, sizes, 1 + Math.ceil(problem.size / askedInStep), this.effort, (choices) => {
      this.effort.spend(200)
      const example = exampleOf(problem, choices, this.usual(cell))
      return accept(example && { cell, example })
    })
  }
}
