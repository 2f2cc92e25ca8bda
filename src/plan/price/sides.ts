/** Step E2, both sides of the body: one line with modifier 50, or two lines of one code and day, right and left. */
import { stuck, winner } from "../adjudicate/choose.ts"
import { type LineState, pend, type RuleOf, type Run } from "../adjudicate/state.ts"
import { billedCode } from "../gates/gates-tables.ts"
import { rowOn } from "../plan.ts"

const has = (state: LineState, modifier: string) => state.line.modifiers.includes(modifier)

/** An earlier line with the same code and day on the other side of the body, not yet the first of a pair. */
function firstSide(run: Run, state: LineState): LineState | undefined {
  const other = has(state, "RT") ? "LT" : has(state, "LT") ? "RT" : undefined
  if (other === undefined) return undefined
  for (const line of run.lines) {
    if (line === state) return undefined
    const same = billedCode(line.line) === billedCode(state.line) && line.line.from === state.line.from
    const taken = run.lines.some((second) => second.pairOf === line)
    if (same && has(line, other) && line.status === "open" && line.pairOf === undefined && !taken) return line
  }
  return undefined
}

const sidesByIndicator: readonly bigint[] = [10000n, 15000n, 10000n, 20000n]

export interface Sides {
  /** Basis points for both sides of the body. */
  readonly sides: bigint
  /** The first side's line, when this is the second of a pair. */
  readonly first: LineState | undefined
  readonly rule: RuleOf<"bilateral"> | undefined
}
const one: Sides = { sides: 10000n, first: undefined, rule: undefined }

/** The factor for both sides; `stuck` when the line was pended. */
export function sidesOf(run: Run, state: LineState): Sides | typeof stuck {
  const rule = winner(run, state, "E2", "bilateral")
  if (rule === stuck || rule === undefined) return rule === stuck ? stuck : one
  const row = rowOn(rule.effect.table, billedCode(state.line), state.line.from)
  if (row === "no-table") {
    pend(run, state, "E2", rule, "no-table", rule.effect.table.name)
    return stuck
  }
  const both = row?.bilateral === undefined ? undefined : sidesByIndicator[row.bilateral]
  if (both === undefined) return one
  if (has(state, "50")) return { sides: both, first: undefined, rule }
  const first = firstSide(run, state)
  return first === undefined ? one : { sides: both, first, rule }
}
