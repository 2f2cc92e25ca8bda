/** Step G1: coordination with payers who decided before. Never more than they left to the patient. */
import { assert } from "../base/assert.ts"
import { maximum, minimum } from "../base/money.ts"
import { stuck, winner } from "./choose.ts"
import type { PriorLine } from "./input.ts"
import type { Share, Shared } from "./line-share.ts"
import { type LineState, pend, type RuleOf, type Run, record } from "./state.ts"

/** What the plan pays for a line, and as whom. */
export interface Paid {
  readonly pay: bigint
  readonly base: bigint
  readonly shared: Shared
  /** Present when others paid before. */
  readonly prior: { readonly rule: RuleOf<"cob">; readonly line: PriorLine; readonly owed: Share } | undefined
}

/** What all earlier payers made of a line: paid together, left by the last, the most that one of them allowed. */
export function priorLineOf(run: Run, number: number): PriorLine | undefined {
  let paid = 0n
  let allowed = 0n
  let last: PriorLine | undefined
  for (const leg of run.input.legs.value) {
    const line = leg.lines.find((other) => other.number === number)
    if (line === undefined) return undefined
    paid += line.paid
    allowed = maximum(allowed, line.allowed)
    last = line
  }
  return last && { ...last, paid, allowed }
}

/** Whether an earlier payer's figures hold together for a line of this charge. */
export function isBalanced(line: PriorLine, charge: bigint): boolean {
  let reasons = 0n
  for (const reason of line.reasons) reasons += reason.amount
  return reasons === line.left && line.paid + line.left <= charge
}

/** G1 for one line; undefined when it was pended. `again` shares out another base (maintenance of benefits). */
export function coordinate(
  run: Run,
  state: LineState,
  base: bigint,
  shared: Shared,
  again: (base: bigint) => Shared | undefined,
): Paid | undefined {
  if (run.input.legs.value.length === 0) return { pay: shared.own, base, shared, prior: undefined }
  const rule = winner(run, state, "G1", "cob")
  if (rule === stuck) return undefined
  const line = priorLineOf(run, state.line.number)
  if (rule === undefined || line === undefined) {
    pend(run, state, "G1", rule, "prior-missing", rule === undefined ? "cob" : "line")
    return undefined
  }
  if (!isBalanced(line, state.line.charge)) {
    pend(run, state, "G1", rule, "prior-unbalanced", "paid and left")
    return undefined
  }
  const unpaid = maximum(0n, state.allowed - line.paid)
  const second = rule.effect.method === "maintenance" ? again(minimum(base, unpaid)) : shared
  if (second === undefined) return undefined
  const pay = payAsSecondary(run, state, rule, line, second.own)
  assert(pay >= 0n && pay <= line.left, "a later payer pays no more than was left to the patient")
  return { pay, base, shared: second, prior: { rule, line, owed: cutTo(second.share, line.left - pay) } }
}

const formulaOf = {
  standard: "standard",
  "carve-out": "carveOut",
  maintenance: "maintenance",
  medicare: "medicare",
} as const

function payAsSecondary(run: Run, state: LineState, rule: RuleOf<"cob">, line: PriorLine, own: bigint): bigint {
  const { paid, left } = line
  const above = (amount: bigint) => maximum(0n, amount - paid)
  let pay: bigint
  switch (rule.effect.method) {
    case "standard":
      pay = minimum(minimum(own, left), above(state.allowed))
      break
    case "carve-out":
      pay = minimum(left, above(own))
      break
    case "maintenance":
      pay = minimum(own, left)
      break
    case "medicare": {
      const most = minimum(above(state.line.charge), above(maximum(state.allowed, line.allowed)))
      pay = minimum(minimum(own, left), most)
    }
  }
  if (run.trace !== undefined) {
    const at = { line: state.line.number, step: "G1", formula: formulaOf[rule.effect.method] } as const
    const inputs = [
      ["own", own],
      ["allowed", state.allowed],
      ["paid", paid],
      ["left", left],
    ] as const
    record(run.trace, rule, at, inputs, [["pay", pay]])
  }
  return pay
}

/** The member's parts cut to what she still owes: coinsurance gives way first. */
function cutTo(share: Share, owed: bigint): Share {
  const copay = minimum(share.copay, owed)
  const deductible = minimum(share.deductible, owed - copay)
  const coinsurance = minimum(share.coinsurance, owed - copay - deductible)
  return { ...share, copay, deductible, coinsurance }
}
