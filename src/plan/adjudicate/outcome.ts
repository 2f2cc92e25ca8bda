/** Step I1: the lines as a leg, with totals, and the invariants that hold for every determination ever made. */
import { assert } from "../../base/assert.ts"
import type { Adjustment, Group, Leg, LegLine, LegTotals } from "../leg.ts"
import { chargeOf } from "../price/claim-rate.ts"
import { addContractPart } from "../price/price.ts"
import { isBalanced, priorLineOf } from "../share/coordinate.ts"
import { adjust, type LineState, type Run, record } from "./state.ts"

/** A refused line: the whole charge is an adjustment; where the member owes it, the contract's part comes off first. */
function finishRefused(run: Run, state: LineState): void {
  const { refusal, line } = state
  assert(refusal !== undefined, "a denied line has its reason")
  const { rule, group, carc, rarc } = refusal
  state.adjustments.length = 0
  state.allowed = 0n
  const prior = run.input.legs.value.length === 0 ? undefined : priorLineOf(run, line.number)
  if (prior !== undefined && isBalanced(prior, line.charge)) {
    adjust(state.adjustments, rule, { group: "PR", carc, rarc }, prior.left)
    adjust(state.adjustments, rule, { group: "OA", carc: "23" }, line.charge - prior.left)
    return
  }
  const priced = group === "PR" && state.allowRule !== undefined && state.claimGroup === undefined
  const owed = priced && state.full < line.charge ? state.full : line.charge
  addContractPart(state, line.charge - owed)
  adjust(state.adjustments, rule, { group, carc, rarc }, owed)
}

function sumOf(adjustments: readonly Adjustment[], group?: Group): bigint {
  let sum = 0n
  for (const item of adjustments) if (group === undefined || item.group === group) sum += item.amount
  return sum
}

function lineOf(run: Run, state: LineState): LegLine {
  if (state.status === "denied") finishRefused(run, state)
  assert(state.status !== "open", "every line is decided")
  const decided = state.status !== "pended" && state.status !== "held"
  const adjustments = decided ? state.adjustments : []
  const { number } = state.line
  const category = state.leaf?.name ?? ""
  const allowed = decided ? state.allowed : 0n
  const patient = sumOf(adjustments, "PR")
  const { status, benefit, shown } = state
  const line = { number, status, category, tier: state.tier ?? "", allowed, adjustments, benefit, patient, shown }
  if (decided) assertLine(run, state, line)
  if (run.trace !== undefined) {
    const inputs = [
      ["charge", state.line.charge],
      ["allowed", allowed],
    ] as const
    record(run.trace, undefined, { line: number, step: "I1", formula: "outcome" }, inputs, [
      ["benefit", benefit],
      ["patient", patient],
    ])
  }
  return line
}

/** Invariants 1, 2 and 5 of the language page. */
function assertLine(run: Run, state: LineState, line: LegLine): void {
  const { charge } = state.line
  assert(charge === sumOf(line.adjustments) + line.benefit, "a line's charge is its adjustments and its benefit")
  for (const item of line.adjustments) assert(item.amount > 0n || item.carc === "94", "an adjustment is positive")
  assert(line.benefit >= 0n, "a benefit is never negative")
  assert(line.patient <= chargeOf(state), "a patient owes no more than was charged")
  const primary = run.input.legs.value.length === 0
  if (primary && line.status === "paid" && state.beyond.length === 0) {
    // Beside what the plan allows is the part of a dearer service that the member chose, and what a provider without a
    // contract asks above the price where the clause leaves that to her.
    const beside = line.adjustments.reduce((sum, { group, kind, amount }) => {
      return kind === "alternate" || (kind === "allow" && group === "PR") ? sum + amount : sum
    }, 0n)
    assert(line.patient <= line.allowed + beside, "a patient owes no more than the plan allows")
  }
  if (line.status === "denied" || line.status === "encounter")
    assert(line.benefit === 0n, "what is not paid has no benefit")
}

interface CodeTotal {
  readonly group: Group
  readonly carc: string
  amount: bigint
}

function totalOf(totals: readonly CodeTotal[], group: Group, carc: string): CodeTotal | undefined {
  for (const total of totals) if (total.carc === carc && total.group === group) return total
  return undefined
}

function totalsOf(run: Run, lines: readonly LegLine[]): LegTotals {
  let [charge, allowed, benefit, patient] = [0n, 0n, 0n, 0n]
  const byCode: CodeTotal[] = []
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!
    if (line.status === "pended" || line.status === "held") continue
    charge += run.lines[i]!.line.charge
    allowed += line.allowed
    benefit += line.benefit
    patient += line.patient
    for (const { group, carc, amount } of line.adjustments) {
      const total = totalOf(byCode, group, carc)
      if (total === undefined) byCode.push({ group, carc, amount })
      else total.amount += amount
    }
  }
  byCode.sort((a, b) => (a.group < b.group || (a.group === b.group && a.carc < b.carc) ? -1 : 1))
  let adjusted = 0n
  for (const { amount } of byCode) adjusted += amount
  assert(charge === adjusted + benefit, "the totals balance as the lines do")
  return { charge, allowed, benefit, patient, byCode }
}

/** The finished leg of a run. */
export function outcomeOf(run: Run, inputs: Uint8Array): Leg {
  const lines = run.lines.map((state) => lineOf(run, state))
  return {
    evaluator: run.plan.front.language,
    payer: run.plan.front.payer,
    plan: run.plan.digest,
    snapshot: run.input.snapshot.digest,
    inputs,
    lines,
    totals: totalsOf(run, lines),
    differences: run.ledger.differences(run.plan.buckets),
    findings: run.findings,
  }
}
