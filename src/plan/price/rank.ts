/**
 * Step E3: several procedures of one provider on one day; the largest is allowed in full, the others in part. The factor
 * falls on the whole line, on its technical part, or on what a family's base service has not already paid for.
 */
import { divide, minimum } from "../../base/money.ts"
import { stuck, winner } from "../adjudicate/choose.ts"
import { adjust, codeOf, type LineState, pend, type RuleOf, type Run, record } from "../adjudicate/state.ts"
import { billedCode } from "../gates/gates-tables.ts"
import { parseRate } from "../language/values.ts"
import { rowOn, valueOn } from "../plan.ts"
import { priceAtRate, priceWith } from "./tariff.ts"

interface RankedLine {
  readonly state: LineState
  /** What the factor falls on: all that is allowed, or the technical part of it. */
  readonly part: bigint
}

/** One procedure: a line, or the two lines of its right and left side, which stand in one rank. */
type Procedure = RankedLine[]

interface Ranked {
  readonly rule: RuleOf<"multiple">
  readonly day: number
  readonly procedures: Procedure[]
}

const sizeOf = (procedure: Procedure) => procedure.reduce((sum, { part }) => sum + part, 0n)

/** The part of a line that is ranked: undefined when the line is not in the family, or was pended. */
function partOf(run: Run, state: LineState, rule: RuleOf<"multiple">): bigint | undefined {
  const { table, part } = rule.effect
  const row = table === undefined ? undefined : rowOn(table, billedCode(state.line), state.line.from)
  if (row === "no-table") {
    pend(run, state, "E3", rule, "no-table", table!.name)
    return undefined
  }
  if (table !== undefined && row === undefined) return undefined
  if (part === "all") return state.allowed
  // Modifiers of the language of claims: TC bills the technical part alone, 26 the other one.
  if (state.line.modifiers.includes("26")) return undefined
  if (state.line.modifiers.includes("TC")) return state.allowed
  const rate = parseRate(row?.cells["technical"] ?? "")
  if (rate !== undefined) return minimum(state.allowed, priceAtRate(run, rate, state.payableUnitsMilli))
  pend(run, state, "E3", rule, "no-rate", table?.name ?? "technical")
  return undefined
}

function groupLines(run: Run): readonly Ranked[] {
  const groups: Ranked[] = []
  for (const state of run.lines) {
    if (state.status !== "open" || state.claimGroup !== undefined) continue
    const rule = winner(run, state, "E3", "multiple")
    if (rule === stuck || rule === undefined) continue
    const part = partOf(run, state, rule)
    if (part === undefined) continue
    const group = groups.find((other) => other.rule === rule && other.day === state.line.from)
    if (group === undefined) {
      groups.push({ rule, day: state.line.from, procedures: [[{ state, part }]] })
      continue
    }
    const pair = group.procedures.find(([first]) => state.pairOf !== undefined && first!.state === state.pairOf)
    if (pair === undefined) group.procedures.push([{ state, part }])
    else pair.push({ state, part })
  }
  return groups
}

/** Ranks the surviving procedures by what is ranked of them, larger first, ties by their place in the claim. */
export function rankProcedures(run: Run): void {
  for (const { rule, procedures } of groupLines(run)) {
    const ranked = procedures.length === 1 ? procedures : procedures.slice().sort(bySize)
    for (let rank = 0; rank < ranked.length; rank++) {
      for (const line of ranked[rank]!) applyRank(run, rule, line, rank)
    }
  }
}

function bySize(a: Procedure, b: Procedure): number {
  const [one, other] = [sizeOf(a), sizeOf(b)]
  return one < other ? 1 : one > other ? -1 : 0
}

/** The price of the family's base service, which the first of the family has paid for; undefined when pended. */
function basePrice(run: Run, rule: RuleOf<"multiple">, state: LineState): bigint | undefined {
  const { allowRule, line, payableUnitsMilli: unitsMilli } = state
  const quantity = { charge: line.charge, unitsMilli, sides: 10000n }
  const priced = priceWith(run, state, allowRule!, rule.effect.base!, quantity)
  if (!("missing" in priced)) return priced.price
  pend(run, state, "E3", rule, priced.code, priced.missing)
  return undefined
}

function applyRank(run: Run, rule: RuleOf<"multiple">, { state, part }: RankedLine, rank: number): void {
  const { ranks, beyond, base } = rule.effect
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
  // The family's base is paid once: of a pair, the first side has given it up.
  const paid = base === undefined || rank === 0 || state.pairOf !== undefined ? 0n : basePrice(run, rule, state)
  if (paid === undefined) return
  const full = state.allowed
  const left = part - minimum(part, paid)
  const allowed = full - part + minimum(part, divide(left * factor, 10000n, run.plan.front.rounding))
  if (run.trace !== undefined) {
    const formula = base !== undefined ? "family" : part === full ? "factor" : "rank"
    const inputs = [
      ["rank", rank + 1],
      ["full", full],
      ...(formula === "rank" ? [["part", part] as const] : formula === "family" ? [["base", paid] as const] : []),
      ["factor", factor],
    ] as const
    const at = { line: state.line.number, step: "E3", formula } as const
    record(run.trace, rule, at, inputs, [["allowed", allowed]])
  }
  adjust(state.adjustments, rule, codeOf(rule, { group: "CO", carc: "59" }), full - allowed)
  state.allowed = allowed
}
