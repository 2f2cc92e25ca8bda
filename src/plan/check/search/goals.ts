/**
 * What the evaluator makes of rules, as formulas: when a rule applies, when it stays beside its exceptions, when it wins,
 * when a line is a benefit, which tier it has. They follow `choose.ts` and the gates step by step.
 */

import type { Kind } from "../../language/effects.ts"
import { type Plan, type Rule, rulesOfKind, valueOn } from "../../plan.ts"
import { reaches, rulesIn, tierFor } from "../cells.ts"
import { Compiler } from "./compile.ts"
import { all, always, any, type Formula, never, not } from "./formula.ts"
import type { Problem } from "./problem.ts"

type RuleFormula = (rule: Rule) => Formula

function remembered(make: RuleFormula): RuleFormula {
  const known = new Map<number, Formula>()
  return (rule) => {
    const found = known.get(rule.index) ?? make(rule)
    known.set(rule.index, found)
    return found
  }
}

export class Goals {
  readonly #plan: Plan
  readonly #problem: Problem
  readonly #rules = new Map<Kind, readonly Rule[]>()
  readonly applies: RuleFormula = remembered((rule) => this.#applies(rule))
  /** It applies, and no exception to it does. */
  readonly stays: RuleFormula = remembered((rule) => this.#stays(rule))

  constructor(plan: Plan, problem: Problem) {
    this.#plan = plan
    this.#problem = problem
  }

  rules(kind: Kind): readonly Rule[] {
    const known = this.#rules.get(kind)
    if (known !== undefined) return known
    const found = rulesIn(this.#plan, kind, this.#problem.situation.cell)
    this.#rules.set(kind, found)
    return found
  }

  #applies(rule: Rule): Formula {
    const { cell } = this.#problem.situation
    if (!reaches(rule, cell)) return never
    const { when } = rule.guard
    const condition =
      when === undefined ? always : new Compiler(this.#problem, tierFor(rule.kind, cell)).formula(when.expr)
    if (rule.clause.discretion === undefined) return condition
    return all([condition, this.#problem.decision(rule.clause.number)])
  }

  #stays(rule: Rule): Formula {
    const over = this.rules(rule.kind).filter((other) => other.exceptionTo.has(rule.index))
    return all([this.applies(rule), ...over.map((other) => not(this.applies(other)))])
  }

  /** Of an exclusive kind: it stays, and nothing of a narrower category that stays takes its place. */
  wins(rule: Rule): Formula {
    if (rule.guard.when !== undefined) return this.stays(rule)
    const { index } = this.#problem.situation.cell.leaf
    const reach = (each: Rule) => each.guard.reach[index]!
    const narrower = this.rules(rule.kind).filter((other) => reach(other) > reach(rule))
    return all([this.stays(rule), ...narrower.map((other) => not(this.stays(other)))])
  }

  none(kind: Kind): Formula {
    return all(this.rules(kind).map((rule) => not(this.applies(rule))))
  }

  /** A rule that takes a line out of cover, and no cover rule that stays is an exception to it. */
  excludes(rule: Rule): Formula {
    const excuses = this.rules("cover").filter((cover) => cover.exceptionTo.has(rule.index))
    return all([this.stays(rule), ...excuses.map((cover) => not(this.stays(cover)))])
  }

  get included(): Formula {
    return all(this.rules("exclude").map((rule) => not(this.excludes(rule))))
  }

  get covered(): Formula {
    return all([any(this.rules("cover").map((rule) => this.stays(rule))), this.included])
  }

  /** Work accidents are another payer's before anything else is asked. */
  get ownRisk(): Formula {
    return not(this.#problem.bool("workRelated"))
  }

  #lifting(): readonly { readonly rule: Rule; readonly payAs: string }[] {
    return this.rules("emergency").flatMap((rule) => {
      const { effect } = rule
      if (effect.kind !== "emergency" || effect.payAs === undefined || !effect.lifts.includes("network")) return []
      return [{ rule, payAs: effect.payAs }]
    })
  }

  /** No emergency has said the tier, so that the network's clauses are asked. */
  get noEmergencyTier(): Formula {
    return all(this.#lifting().map(({ rule }) => not(this.stays(rule))))
  }

  /** Step C2 comes to the cell's tier. `reachable`: a provider's table row, or the only tier, gives it too. */
  tier(reachable: boolean): Formula {
    const { tier } = this.#problem.situation.cell
    const lifting = this.#lifting()
    const byEmergency = lifting.map(({ rule, payAs }, i) => {
      if (payAs !== tier) return never
      return all([this.stays(rule), ...lifting.slice(i + 1).map((later) => not(this.stays(later.rule)))])
    })
    const networks = this.rules("network")
    const byRule = networks.filter(({ effect }) => effect.kind === "network" && effect.tier === tier)
    const otherwise = reachable ? [this.none("network")] : []
    const usual = all([this.noEmergencyTier, any([...byRule.map((rule) => this.wins(rule)), ...otherwise])])
    return any([...byEmergency, usual])
  }

  /** What the gates ask of a line whatever its kind, so that it is not refused before a rule has its say. */
  get admitted(): Formula {
    const gates: Formula[] = [this.ownRisk]
    for (const rule of this.rules("age")) gates.push(any([not(this.stays(rule)), this.#ofAge(rule)]))
    for (const rule of this.rules("wastage")) gates.push(any([not(this.wins(rule)), this.#marked(rule)]))
    return all(gates)
  }

  #ofAge({ effect }: Rule): Formula {
    if (effect.kind !== "age") return always
    const parts: Formula[] = []
    const years = (number: typeof effect.from) => number && valueOn(number, this.#problem.situation.cell.day)
    const [from, to] = [years(effect.from), years(effect.to)]
    if (from !== undefined) parts.push(not(this.#problem.atMost(age, from - 1n)))
    if (to !== undefined) parts.push(this.#problem.atMost(age, to - 1n))
    if (effect.sex !== undefined) parts.push(this.#problem.isText("sex", effect.sex))
    return all(parts)
  }

  #marked({ effect }: Rule): Formula {
    if (effect.kind !== "wastage") return always
    const [waste, none] = [effect.waste, effect.none].map((mark) => this.#problem.member("modifiers", mark))
    return any([all([waste!, not(none!)]), all([none!, not(waste!)])])
  }
}

const age = {
  constant: 0n,
  terms: [
    { key: "age(born, from)", part: { is: "age" as const, born: "born" as const, on: "from" as const }, factor: 1n },
  ],
}

/** The kinds whose rules decide what a question about a kind asks beside it. */
export const gateKinds = (plan: Plan): readonly Kind[] =>
  (["cover", "exclude", "emergency", "network", "age", "wastage"] as const).filter(
    (kind) => rulesOfKind(plan, kind).length > 0,
  )
