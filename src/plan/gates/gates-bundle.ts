/** Gate C3, pairs: a service that is part of another one of the same line, day or stay. */
import { matching, stuck } from "../adjudicate/choose.ts"
import { type LineState, pend, type RuleOf, type Run, refuse } from "../adjudicate/state.ts"
import type { TableSeries } from "../parts.ts"
import { editionOn, isWithin } from "../plan.ts"
import { billedCode, factsOfRow, pairsOf } from "./gates-tables.ts"

const hasAny = (state: LineState, modifiers: readonly string[]) => {
  for (const modifier of state.line.modifiers) if (modifiers.includes(modifier)) return true
  return false
}

/** Whether a line is a service at all beside others: one that repeats another is not a second one. */
export const counts = (other: LineState): boolean => other.refusal?.step !== "B4"

type Within = RuleOf<"bundle">["effect"]["within"]

/** Whether both stand on one line, day or stay; undefined when nothing says whether two services are of one line. */
function stayTogether(run: Run, a: LineState, b: LineState, within: Within): boolean | undefined {
  const [one, two] = [a.line, b.line]
  if (within === "day") return one.from === two.from
  if (within === "stay") {
    const { admitted, discharged } = run.claim
    if (admitted === undefined) return false
    const inStay = (day: number) => day >= admitted && (discharged === undefined || day <= discharged)
    return inStay(one.from) && inStay(two.from)
  }
  if (one.from !== two.from) return false
  if (one.tooth !== undefined && two.tooth !== undefined) return one.tooth === two.tooth
  if (one.facts.length === 0 || two.facts.length === 0) return undefined
  return one.facts.some((fact) => two.facts.includes(fact))
}

/** C3: what is part of another service is in that one's price. */
export function checkBundle(run: Run, state: LineState): void {
  const rules = matching(run, state, "C3", "bundle")
  if (rules === stuck) return
  for (const rule of rules) {
    if (rule.effect.table !== undefined) checkPairs(run, state, rule, rule.effect.table)
    else checkCategories(run, state, rule)
  }
}

function checkCategories(run: Run, state: LineState, rule: RuleOf<"bundle">): void {
  const { line, into, within, unless } = rule.effect
  if (line === undefined || into === undefined || state.leaf === undefined) return
  if (!isWithin(state.leaf, line) || hasAny(state, unless)) return
  let unsure = false
  for (const other of run.lines) {
    if (other === state || other.leaf === undefined || !isWithin(other.leaf, into) || !counts(other)) continue
    const together = stayTogether(run, state, other, within)
    if (together === true) {
      refuse(run, state, "C3", rule, { group: "CO", carc: "97", rarc: ["N19"] })
      return
    }
    if (together === undefined) unsure = true
  }
  if (unsure) pend(run, state, "C3", rule, "missing-fact", "facts")
}

/** Pairs of an edit table, columns `column-1`, `column-2`, `indicator`: this line is the second of the pair. */
function checkPairs(run: Run, state: LineState, rule: RuleOf<"bundle">, table: TableSeries): void {
  const { within, unless } = rule.effect
  const day = state.line.from
  const edition = editionOn(table, day)
  if (edition === undefined) {
    if (run.lines.length > 1) pend(run, state, "C3", rule, "no-table", table.name)
    return
  }
  const firsts = pairsOf(edition).get(billedCode(state.line))
  if (firsts === undefined) return
  for (const other of run.lines) {
    const row = other === state ? undefined : firsts.get(billedCode(other.line))
    if (row === undefined || !counts(other)) continue
    const together = stayTogether(run, state, other, within)
    if (together === false) continue
    const { indicator } = row.cells
    const { wrong, validFrom, validUntil } = factsOfRow(row, table.name)
    if (wrong !== undefined) {
      pend(run, state, "C3", rule, "no-table", `${table.name} ${wrong}`)
      return
    }
    if ((validFrom !== undefined && day < validFrom) || (validUntil !== undefined && day >= validUntil)) continue
    // 9: the pair was withdrawn. 1: a mark on either line says that both were separate services.
    if (indicator === "9" || (indicator === "1" && (hasAny(state, unless) || hasAny(other, unless)))) continue
    if (together === undefined) pend(run, state, "C3", rule, "missing-fact", "facts")
    else if (indicator === "0" || indicator === "1") refuse(run, state, "C3", rule, { group: "CO", carc: "236" })
    else pend(run, state, "C3", rule, "no-table", `${table.name} indicator`)
    return
  }
}
