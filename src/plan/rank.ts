/** Step E3: several procedures of one provider on one day; the largest is allowed in full, the others in part. */
import { divide } from "../base/money.ts"
import { stuck, winner } from "./choose.ts"
import { rowOn, valueOn } from "./plan.ts"
import { adjust, codeOf, type LineState, pend, type RuleOf, type Run, record } from "./state.ts"

interface Ranked {
  readonly rule: RuleOf<"multiple">
  readonly day: number
  readonly lines: LineState[]
}

function groupLines(run: Run): readonly Ranked[] {
  const groups: Ranked[] = []
  for (const state of run.lines) {
    if (state.status !== "open") continue
    const rule = winner(run, state, "E3", "multiple")
    if (rule === stuck || rule === undefined) continue
    if (rule.effect.part === "technical" || rule.effect.base !== undefined) {
      pend(run, state, "E3", rule, "not-run", "multiple by part or base")
      continue
    }
    const { table } = rule.effect
    const row = table === undefined ? undefined : rowOn(table, state.line.code, state.line.from)
    if (row === "no-table") pend(run, state, "E3", rule, "no-table", table!.name)
    else if (table === undefined || row !== undefined) {
      const group = groups.find((other) => other.rule === rule && other.day === state.line.from)
      if (group === undefined) groups.push({ rule, day: state.line.from, lines: [state] })
      else group.lines.push(state)
    }
  }
  return groups
}

/** Ranks the surviving lines by what is allowed, larger first, ties by their place in the claim. */
export function rankProcedures(run: Run): void {
  for (const { rule, lines } of groupLines(run)) {
    const ranked = lines.slice().sort((a, b) => (a.allowed < b.allowed ? 1 : a.allowed > b.allowed ? -1 : 0))
    for (let rank = 0; rank < ranked.length; rank++) applyRank(run, rule, ranked[rank]!, rank)
  }
}

function applyRank(run: Run, rule: RuleOf<"multiple">, state: LineState, rank: number): void {
  const { ranks, beyond } = rule.effect
  if (rank >= ranks.length && beyond === "pend") {
    pend(run, state, "E3", rule, "undecided", `rank ${rank + 1}`)
    return
  }
  const number = ranks[Math.min(rank, ranks.length - 1)]!
  const factor = valueOn(number, state.line.from)
  if (factor === undefined) {
    pend(run, state, "E3", rule, "missing-fact", number.name)
    return
  }
  const allowed = divide(state.allowed * factor, 10000n, run.plan.front.rounding)
  if (run.trace !== undefined) {
    const at = { line: state.line.number, step: "E3", formula: "factor" } as const
    const inputs = [
      ["rank", rank + 1],
      ["full", state.allowed],
      ["factor", factor],
    ] as const
    record(run.trace, rule, at, inputs, [["allowed", allowed]])
  }
  adjust(state.adjustments, rule, codeOf(rule, { group: "CO", carc: "59" }), state.allowed - allowed)
  state.allowed = allowed
}
