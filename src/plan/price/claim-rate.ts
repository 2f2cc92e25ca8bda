/**
 * Step E2, rates of a whole claim: a case or a stay has one price, which stands on the first line it pays for; the other
 * lines are allowed nothing of their own. A later payer's answer is spread over the lines as the earlier ones left them.
 */
import { minimum } from "../../base/money.ts"
import { stuck, winner } from "../adjudicate/choose.ts"
import { type LineState, pend, type RuleOf, type Run, record } from "../adjudicate/state.ts"
import { billedCode } from "../gates/gates-tables.ts"
import { priceWith } from "./tariff.ts"

/** A line of the claim that this rule might still pay for later: with it open, the rate would be paid twice. */
function waitingLine(run: Run, rule: RuleOf<"allow">): LineState | undefined {
  return run.lines.find((state) => {
    if (state.status !== "pended") return false
    const own = winner(run, state, "E2", "allow")
    return own === stuck || own === rule
  })
}

/** Prices the lines whose winning `allow` speaks of the whole claim. */
export function priceClaims(run: Run): void {
  for (const first of run.lines) {
    const rule = first.allowRule
    if (first.status !== "open" || rule?.effect.level !== "claim" || first.claimGroup !== undefined) continue
    const group = run.lines.filter((state) => state.status === "open" && state.allowRule === rule)
    const waiting = waitingLine(run, rule)
    if (waiting !== undefined) {
      for (const state of group) pend(run, state, "E2", rule, "missing-fact", `line ${waiting.line.number}`)
      continue
    }
    priceGroup(run, rule, first, group)
  }
}

function priceGroup(run: Run, rule: RuleOf<"allow">, first: LineState, group: readonly LineState[]): void {
  let charge = 0n
  for (const state of group) charge += state.payableCharge
  const quantity = { charge, unitsMilli: first.payableUnitsMilli, sides: 10000n }
  const priced = priceWith(run, first, rule, billedCode(first.line), quantity)
  if ("missing" in priced) {
    for (const state of group) pend(run, state, "E2", rule, priced.code, priced.missing)
    return
  }
  for (const state of group) state.claimGroup = group
  first.price = priced.price
  first.full = priced.full
  first.allowed = priced.full
  if (run.trace === undefined) return
  const at = { line: first.line.number, step: "E2" } as const
  record(run.trace, rule, { ...at, formula: "price" }, [["lines", group.length]], [["price", priced.price]])
  const inputs = [
    ["charge", charge],
    ["price", priced.price],
  ] as const
  record(run.trace, rule, { ...at, formula: "full" }, inputs, [["full", priced.full]])
  for (const state of group) {
    const other = { line: state.line.number, step: "E2", formula: "packaged" } as const
    if (state !== first) record(run.trace, rule, other, [["first", first.line.number]], [["allowed", 0]])
  }
}

/** Whether another line of its claim carries this line's rate. */
export const isPackaged = (state: LineState): boolean => state.claimGroup !== undefined && state.claimGroup[0] !== state

/** Whether this line carries the rate of others, too. */
export const carriesClaim = (state: LineState): boolean =>
  state.claimGroup !== undefined && state.claimGroup[0] === state

/** The charge that a line's money stands for: its own, or that of all lines whose rate it carries. */
export function chargeOf(state: LineState): bigint {
  if (!carriesClaim(state)) return state.line.charge
  let charge = 0n
  for (const other of state.claimGroup!) charge += other.line.charge
  return charge
}

/** The same of the part that no limit set aside. */
export function payableChargeOf(state: LineState): bigint {
  if (!carriesClaim(state)) return state.payableCharge
  let charge = 0n
  for (const other of state.claimGroup!) charge += other.payableCharge
  return charge
}

/** Spreads what a later payer pays of a claim's rate: each line takes what was left of it, in claim order. */
export function spreadPay(run: Run, state: LineState, pay: bigint, leftOf: (state: LineState) => bigint): void {
  let rest = pay
  for (const other of state.claimGroup!) {
    const part = minimum(rest, leftOf(other))
    other.claimPay = part
    rest -= part
    if (run.trace === undefined) continue
    const at = { line: other.line.number, step: "G1", formula: "spread" } as const
    const inputs = [
      ["left", leftOf(other)],
      ["rest", rest + part],
    ] as const
    record(run.trace, other.allowRule, at, inputs, [["pay", part]])
  }
}
