/** Step G2 and the end of a paid line: its adjustments in order of steps, its benefit, and what it posts. */
import { divide, minimum } from "../base/money.ts"
import { stuck, winner } from "./choose.ts"
import type { Paid } from "./coordinate.ts"
import { noteLine } from "./gates-claim.ts"
import { noteGlobal } from "./gates-edit.ts"
import type { Adjustment } from "./leg.ts"
import { countedSum, type LineRules, type Posting, type Share } from "./line-share.ts"
import type { Bucket } from "./parts.ts"
import { type Rule, valueOn } from "./plan.ts"
import { addContractPart, priceBeyond } from "./price.ts"
import { copayDay, copayDays } from "./share-rules.ts"
import { adjust, codeOf, type LineState, pend, type RuleOf, type Run, record } from "./state.ts"

/** The member's parts as adjustments; N16 marks those the out-of-pocket maximum cut. */
function shareAdjustments(rules: LineRules, share: Share): Adjustment[] {
  const list: Adjustment[] = []
  const add = (part: "copay" | "deductible" | "coinsurance", carc: string) => {
    const rule = rules.share[part]?.rule
    if (rule === undefined) return
    const code = codeOf(rule, { group: "PR", carc })
    adjust(list, rule, { ...code, rarc: share.capped.has(part) ? [...code.rarc, "N16"] : code.rarc }, share[part])
  }
  add("copay", "3")
  add("deductible", "1")
  add("coinsurance", "2")
  return list
}

/** As the first payer: contract, cuts of the price, the member's share, ceilings. */
function adjustAsPrimary(state: LineState, run: Run, rules: LineRules, paid: Paid): void {
  const priced = state.adjustments.splice(0)
  addContractPart(state, state.payableCharge - state.full)
  state.adjustments.push(...priced, ...shareAdjustments(rules, paid.shared.share), ...state.cuts)
  if (state.capitated !== undefined) {
    const { copay } = paid.shared.share
    const code = codeOf(state.capitated, { group: "CO", carc: "24" })
    adjust(state.adjustments, state.capitated, code, paid.base - copay)
  }
  for (const { charge, unitsMilli, rule } of state.beyond) {
    const owed = priceBeyond(run, state, charge, unitsMilli)
    addContractPart(state, charge - owed)
    const lifetime = rule.effect.bucket.period.kind === "lifetime"
    adjust(state.adjustments, rule, codeOf(rule, { group: "PR", carc: lifetime ? "149" : "119" }), owed)
  }
}

/** As a later payer: what the patient still owes under the old codes, and all else as the earlier payers' doing. */
function adjustAsSecondary(state: LineState, rules: LineRules, paid: Paid, prior: NonNullable<Paid["prior"]>): void {
  const owed = prior.line.left - paid.pay
  const parts = shareAdjustments(rules, prior.owed)
  let rest = owed - prior.owed.copay - prior.owed.deductible - prior.owed.coinsurance
  for (const reason of prior.line.reasons) {
    const amount = minimum(rest, reason.amount)
    adjust(parts, prior.rule, { group: "PR", carc: reason.carc }, amount)
    rest -= amount
  }
  adjust(parts, prior.rule, codeOf(prior.rule, { group: "OA", carc: "23" }), state.line.charge - owed - paid.pay)
  state.adjustments.splice(0, state.adjustments.length, ...parts)
}

/** G2: a part held back for a programme; undefined when the line was pended. */
function withheld(
  run: Run,
  state: LineState,
  pay: bigint,
): { rule: RuleOf<"withhold"> | undefined; held: bigint } | undefined {
  const rule = winner(run, state, "G2", "withhold")
  if (rule === stuck) return undefined
  if (rule === undefined) return { rule, held: 0n }
  const percent = valueOn(rule.effect.percent, state.line.from)
  if (percent === undefined) {
    pend(run, state, "G2", rule, "missing-fact", rule.effect.percent.name)
    return undefined
  }
  const held = divide(pay * percent, 10000n, run.plan.front.rounding)
  if (run.trace !== undefined) {
    const at = { line: state.line.number, step: "G2", formula: "withhold" } as const
    record(
      run.trace,
      rule,
      at,
      [
        ["pay", pay],
        ["withhold", percent],
      ],
      [["held", held]],
    )
  }
  return { rule, held }
}

/** Gives a line its adjustments and benefit, and posts it; nothing can pend it after the withholding is known. */
export function finishLine(
  run: Run,
  state: LineState,
  rules: LineRules,
  paid: Paid,
  allowance: readonly Posting[],
): void {
  const withholding = withheld(run, state, paid.pay)
  if (withholding === undefined) return
  if (paid.prior === undefined) adjustAsPrimary(state, run, rules, paid)
  else adjustAsSecondary(state, rules, paid, paid.prior)
  const { rule, held } = withholding
  if (rule !== undefined) adjust(state.adjustments, rule, codeOf(rule, { group: "CO", carc: "104" }), held)
  state.benefit = paid.pay - held
  state.status = state.capitated === undefined ? "paid" : "encounter"
  postLine(run, state, rules, paid, allowance)
}

function postLine(run: Run, state: LineState, rules: LineRules, paid: Paid, allowance: readonly Posting[]): void {
  const day = state.line.from
  const { prior } = paid
  const share = prior?.rule.effect.posts === "owed" ? prior.owed : paid.shared.share
  // A bucket counts a line once, however many clauses name it.
  const buckets: Bucket[] = []
  const amounts: bigint[] = []
  const post = (rule: Rule, step: string, bucket: Bucket, amount: bigint, allotted = false) => {
    if (buckets.includes(bucket)) return
    buckets.push(bucket)
    amounts.push(amount)
    run.ledger.post(bucket, day, amount, allotted)
    if (run.trace === undefined || amount === 0n) return
    const at = { line: state.line.number, step, formula: "post" } as const
    record(run.trace, rule, at, [["bucket", bucket.clause.number]], [["amount", amount]])
  }
  const { deductible, first, copay } = rules.share
  if (deductible !== undefined) post(deductible.rule, "F2", deductible.terms, share.deductible)
  if (rules.cap !== undefined) post(rules.cap, "F4", rules.cap.effect.bucket, countedSum(share, share.counted))
  for (const { bucket, amount, rule } of allowance) post(rule, "E2", bucket, amount)
  for (const { bucket, rule } of paid.shared.postings) post(rule, "F5", bucket, paid.pay, true)
  if (first !== undefined) post(first, "F1", first.effect.bucket, 1n, true)
  for (const use of state.uses) post(use.rule, "D3", use.rule.effect.bucket, use.quantity, true)
  const { provider } = run.provider
  for (const { rule } of state.uses) {
    if (rule.effect.per === "visit")
      run.ledger.note({ clause: rule.clause.number, owner: "visit", day, provider, quantity: 1n })
  }
  if (copay !== undefined && share.copay > 0n) {
    if (copay.terms.bucket !== undefined) post(copay.rule, "F1", copay.terms.bucket, copayDays(run, state, copay.terms))
    const once = copayDay(run, state, copay.terms)
    if (once !== undefined)
      run.ledger.note({ clause: copay.rule.clause.number, owner: "copay", day: once, provider, quantity: share.copay })
  }
  for (let i = 0; i < buckets.length; i++) run.ledger.postAlso(buckets[i]!, day, amounts[i]!)
  noteLine(run, state)
  noteGlobal(run, state)
}
