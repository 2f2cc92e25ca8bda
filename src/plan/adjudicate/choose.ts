/**
 * Which clauses speak about a line. Guards first, then `when`; a condition that cannot be told, two clauses that neither
 * beats, or a decision not yet taken pend the line: nothing is guessed.
 */
import type { Kind } from "../language/effects.ts"
import type { Discretion } from "../parts.ts"
import { addMonths, admits, beats, type Rule, rulesFor, valueOn } from "../plan.ts"
import { type LineState, pend, type RuleOf, type Run, record } from "./state.ts"

/** The line was pended while choosing. */
export const stuck = Symbol("the line is pended")
const noRules: readonly never[] = []

/** Whether a rule's guard holds for a line; its leaf is already reached. */
function applies(run: Run, state: LineState, step: string, rule: Rule): boolean | typeof stuck {
  if (!admits(rule.guard, state.line.from, run.claim.kind, state.tier)) return false
  if (rule.guard.when !== undefined) {
    const answer = rule.guard.when.test(state.facts)
    if (typeof answer !== "boolean") {
      pend(run, state, step, rule, answer.code, answer.missing)
      return stuck
    }
    if (!answer) return false
  }
  if (rule.clause.discretion === undefined) return true
  for (const decision of run.input.decisions.value) {
    if (decision.clause === rule.clause.number && decision.line === state.line.number) return decision.answer === 1
  }
  const byDefault = afterDeadline(run, state, step, rule, rule.clause.discretion)
  if (byDefault !== undefined) return byDefault
  pend(run, state, step, rule, "undecided", rule.clause.discretion.by)
  return stuck
}

/**
 * What stands when nobody decided in time: whether the rule applies, for clauses that cover or exclude; undefined before
 * the deadline, and for clauses of which “covered” says nothing.
 */
function afterDeadline(run: Run, state: LineState, step: string, rule: Rule, discretion: Discretion) {
  if (rule.kind !== "cover" && rule.kind !== "exclude") return undefined
  const from = run.claim.clean ?? run.claim.received
  const count = valueOn(discretion.within, from)
  if (count === undefined) return undefined
  const { unit } = discretion.within
  const days = unit === "hours" ? Number(count) / 24 : Number(count)
  const last = unit === "months" ? addMonths(from, Number(count)) : from + Math.floor(days)
  const on = run.input.on.value
  if (on <= last) return undefined
  const isCovered = discretion.byDefault === "covered"
  if (run.trace !== undefined) {
    const inputs = [
      ["from", Math.max(0, from)],
      ["last", Math.max(0, last)],
      ["on", Math.max(0, on)],
    ] as const
    record(run.trace, rule, { line: state.line.number, step, formula: "expired" }, inputs, [
      ["covered", isCovered ? 1 : 0],
    ])
  }
  return rule.kind === "cover" ? isCovered : !isCovered
}

/** All rules of a kind that apply, in clause order, without those that a matching exception beats. */
export function matching<K extends Kind>(
  run: Run,
  state: LineState,
  step: string,
  kind: K,
): readonly RuleOf<K>[] | typeof stuck {
  const rules = rulesFor(run.plan, kind, state.leaf ?? run.plan.categories[0]!)
  if (rules.length === 0) return noRules
  let found: RuleOf<K>[] | undefined
  for (const rule of rules) {
    const answer = applies(run, state, step, rule as Rule)
    if (answer === stuck) return stuck
    if (!answer) continue
    if (found === undefined) found = [rule]
    else found.push(rule)
  }
  if (found === undefined) return noRules
  if (found.length === 1) return found
  const all = found
  return all.filter((rule) => !all.some((other) => other.exceptionTo.has(rule.index)))
}

/** The one rule of an exclusive kind that wins, undefined when none applies. */
export function winner<K extends Kind>(
  run: Run,
  state: LineState,
  step: string,
  kind: K,
): RuleOf<K> | undefined | typeof stuck {
  const rules = rulesFor(run.plan, kind, state.leaf ?? run.plan.categories[0]!)
  if (rules.length === 0) return undefined
  // Most kinds have one rule for a line: it needs no list.
  if (rules.length === 1) {
    const answer = applies(run, state, step, rules[0] as Rule)
    return answer === true ? rules[0] : answer === stuck ? stuck : undefined
  }
  const found = matching(run, state, step, kind)
  if (found === stuck || found.length < 2) return found === stuck ? stuck : found[0]
  const leaf = state.leaf ?? run.plan.categories[0]!
  const best = found.filter(
    (rule) => !found.some((other) => other !== rule && beats(other as Rule, rule as Rule, leaf)),
  )
  if (best.length === 1) return best[0]
  const names = (best.length === 0 ? found : best).map((rule) => `${rule.clause.number}/${rule.kind}`)
  pend(run, state, step, (best[0] ?? found[0]) as Rule, "clause-conflict", names.join(" "))
  return stuck
}
