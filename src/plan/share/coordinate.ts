/** Step G1: coordination with payers who decided before. Never more than they left to the patient. */
import { assert } from "../../base/assert.ts"
import { maximum, minimum } from "../../base/money.ts"
import { stuck, winner } from "../adjudicate/choose.ts"
import { type LineState, pend, type RuleOf, type Run, record } from "../adjudicate/state.ts"
import type { PriorLine } from "../input.ts"
import { carriesClaim, chargeOf, isPackaged, spreadPay } from "../price/claim-rate.ts"
import type { Share, Shared } from "./line-share.ts"

/** What the plan pays for a line, and as whom. */
export interface Paid {
  readonly pay: bigint
  /** What ceilings count: `pay`, or that of all lines whose rate this one carries. */
  readonly posted: bigint
  readonly base: bigint
  readonly shared: Shared
  /** Present when others paid before. */
  readonly prior: Prior | undefined
}

/** What earlier payers left, and how the member's share of that is posted and shown on the line. */
export interface Prior {
  readonly rule: RuleOf<"cob">
  readonly line: PriorLine
  readonly owed: Share
  /** The same, save on a line that carries the rate of others: there the part of this line. */
  readonly shown: Share
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

/** Earlier payers' answer to the lines that one rate pays for, as one; undefined when a line has none. */
function priorOfClaim(run: Run, state: LineState): PriorLine | undefined {
  const sum = { number: state.line.number, allowed: 0n, paid: 0n, left: 0n, reasons: [] as PriorLine["reasons"] }
  for (const other of state.claimGroup!) {
    const line = priorLineOf(run, other.line.number)
    if (line === undefined) return undefined
    sum.allowed += line.allowed
    sum.paid += line.paid
    sum.left += line.left
    sum.reasons = [...sum.reasons, ...line.reasons]
  }
  return sum
}

/** Whether the figures of a line, and of all lines it carries the rate of, hold together. */
function areBalanced(run: Run, state: LineState): boolean {
  const lines = carriesClaim(state) ? state.claimGroup! : [state]
  return lines.every(({ line }) => {
    const prior = priorLineOf(run, line.number)
    return prior !== undefined && isBalanced(prior, line.charge)
  })
}

/** G1 for one line; undefined when it was pended. `again` shares out another base (maintenance of benefits). */
export function coordinate(
  run: Run,
  state: LineState,
  base: bigint,
  shared: Shared,
  again: (base: bigint) => Shared | undefined,
): Paid | undefined {
  const alone = { pay: shared.own, posted: shared.own, base, shared, prior: undefined }
  if (run.input.legs.value.length === 0) return alone
  const rule = winner(run, state, "G1", "cob")
  if (rule === stuck) return undefined
  const line = priorLineOf(run, state.line.number)
  const whole = carriesClaim(state) ? priorOfClaim(run, state) : line
  if (rule === undefined || line === undefined || whole === undefined) {
    pend(run, state, "G1", rule, "prior-missing", rule === undefined ? "cob" : "line")
    return undefined
  }
  if (!areBalanced(run, state)) {
    pend(run, state, "G1", rule, "prior-unbalanced", "paid and left")
    return undefined
  }
  if (isPackaged(state)) {
    const none = { ...shared.share, copay: 0n, deductible: 0n, coinsurance: 0n }
    return { ...alone, pay: state.claimPay ?? 0n, posted: 0n, prior: { rule, line, owed: none, shown: none } }
  }
  const unpaid = maximum(0n, state.allowed - whole.paid)
  const second = rule.effect.method === "maintenance" ? again(minimum(base, unpaid)) : shared
  if (second === undefined) return undefined
  const pay = payAsSecondary(run, state, rule, whole, second.own)
  assert(pay >= 0n && pay <= whole.left, "a later payer pays no more than was left to the patient")
  const owed = cutTo(second.share, whole.left - pay)
  if (whole === line) return { pay, posted: pay, base, shared: second, prior: { rule, line, owed, shown: owed } }
  spreadPay(run, state, pay, (other) => priorLineOf(run, other.line.number)!.left)
  const own = state.claimPay!
  const shown = cutTo(owed, line.left - own)
  return { pay: own, posted: pay, base, shared: second, prior: { rule, line, owed, shown } }
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
      const most = minimum(above(chargeOf(state)), above(maximum(state.allowed, line.allowed)))
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
