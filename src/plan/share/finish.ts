/** Step G2 and the end of a paid line: its adjustments in order of steps, its benefit, and what it posts. */
import { divide, minimum } from "../../base/money.ts"
import { stuck, winner } from "../adjudicate/choose.ts"
import { adjust, codeOf, type LineState, pend, type RuleOf, type Run, record, roomFor } from "../adjudicate/state.ts"
import type { ClaimLine } from "../claim.ts"
import { noteLine } from "../gates/gates-claim.ts"
import { noteGlobal } from "../gates/gates-edit.ts"
import { countedOnce } from "../gates/gates-limit.ts"
import type { Adjustment } from "../leg.ts"
import type { Bucket } from "../parts.ts"
import { type Plan, type Rule, rulesOfKind, valueOn } from "../plan.ts"
import { isPackaged, payableChargeOf } from "../price/claim-rate.ts"
import { noteCare } from "../price/comanage.ts"
import { addContractPart, priceBeyond } from "../price/price.ts"
import { coinsuranceBefore, coinsuranceTaken } from "./coinsurance.ts"
import type { Paid, Prior } from "./coordinate.ts"
import { countedSum, type LineRules, type Posting, type Share } from "./line-share.ts"
import { copayDay, copayDays } from "./share-rules.ts"

/** The member's parts as adjustments; N16 marks those the out-of-pocket maximum cut. */
function shareAdjustments(rules: LineRules, share: Share): Adjustment[] {
  const list: Adjustment[] = []
  const add = (part: "copay" | "deductible" | "coinsurance", carc: string) => {
    const rule = rules.share[part]?.rule
    if (rule === undefined || share[part] === 0n) return
    const code = codeOf(rule, { group: "PR", carc })
    adjust(list, rule, { ...code, rarc: share.capped?.includes(part) ? [...code.rarc, "N16"] : code.rarc }, share[part])
  }
  add("copay", "3")
  add("deductible", "1")
  add("coinsurance", "2")
  return list
}

/** As the first payer: contract, cuts of the price, the member's share, ceilings. */
function adjustAsPrimary(state: LineState, run: Run, rules: LineRules, paid: Paid): void {
  const priced = state.adjustments.splice(0)
  if (isPackaged(state)) adjust(state.adjustments, state.allowRule, { group: "CO", carc: "97" }, state.payableCharge)
  else addContractPart(state, state.payableCharge - state.full)
  state.adjustments.push(...priced, ...shareAdjustments(rules, paid.shared.share), ...state.cuts)
  if (state.full > state.payableCharge) keepWithinCharge(state)
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

/**
 * Where the plan pays more than was charged, what ceilings and cheaper services leave to the member may be more than the
 * charge: that part is the contract's, under the same reason.
 */
function keepWithinCharge(state: LineState): void {
  let over = -payableChargeOf(state)
  for (const item of state.adjustments) if (item.group === "PR") over += item.amount
  for (let i = state.adjustments.length - 1; i >= 0 && over > 0n; i--) {
    const item = state.adjustments[i]!
    if (item.group !== "PR" || isShare(item.kind)) continue
    const cut = minimum(over, item.amount)
    const rest = { ...item, amount: item.amount - cut }
    state.adjustments.splice(i, 1, ...(rest.amount === 0n ? [] : [rest]), { ...item, group: "CO", amount: cut })
    over -= cut
  }
}

const isShare = (kind: string) =>
  kind === "copay" || kind === "deductible" || kind === "coinsurance" || kind === "first"

/** As a later payer: what the patient still owes under the old codes, and all else as the earlier payers' doing. */
function adjustAsSecondary(state: LineState, rules: LineRules, paid: Paid, prior: Prior): void {
  const owed = prior.line.left - paid.pay
  const parts = shareAdjustments(rules, prior.shown)
  let rest = owed - prior.shown.copay - prior.shown.deductible - prior.shown.coinsurance
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
  const held = minimum(pay, divide(pay * percent, 10000n, run.plan.front.rounding))
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

/** Buckets of limits that other clauses may fill between a line's gates and its posting. */
const contested = new WeakMap<Plan, ReadonlySet<Bucket>>()

function contestedBuckets(plan: Plan): ReadonlySet<Bucket> {
  let found = contested.get(plan)
  if (found === undefined) {
    const firsts = rulesOfKind(plan, "first").map(({ effect }) => effect.bucket)
    const days = rulesOfKind(plan, "copay").map(({ effect }) => effect.terms?.bucket)
    const also = plan.buckets.flatMap(({ alsoCounts }) => alsoCounts)
    found = new Set([...firsts, ...days, ...also].filter((bucket) => bucket !== undefined))
    contested.set(plan, found)
  }
  return found
}

/** What the gates set aside of a count must still be there: another clause may have taken from the same bucket since. */
function keepsUses(run: Run, state: LineState): boolean {
  if (state.uses.length === 0) return true
  const buckets = contestedBuckets(run.plan)
  if (buckets.size === 0) return true
  for (const { rule, quantity } of state.uses) {
    const { bucket } = rule.effect
    const room = buckets.has(bucket) ? roomFor(run, state, bucket, true) : quantity
    if (typeof room === "bigint" && room >= quantity) continue
    pend(run, state, "D3", rule, "clause-conflict", bucket.name)
    return false
  }
  return true
}

/** Gives a line its adjustments and benefit, and posts it; nothing can pend it after the withholding is known. */
export function finishLine(
  run: Run,
  state: LineState,
  rules: LineRules,
  paid: Paid,
  allowance: readonly Posting[],
): void {
  if (!keepsUses(run, state)) return
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

/** Buckets that a line has posted to, each with its amount: a bucket counts a line once, however many clauses name it. */
class Poster {
  readonly #run: Run
  readonly #line: ClaimLine
  readonly #buckets: Bucket[] = []
  readonly #amounts: bigint[] = []
  #hasOthers = false

  constructor(run: Run, line: ClaimLine) {
    this.#run = run
    this.#line = line
  }

  post(rule: Rule, step: string, bucket: Bucket, amount: bigint, allotted = false): void {
    if (this.#buckets.includes(bucket)) return
    this.#buckets.push(bucket)
    this.#amounts.push(amount)
    if (bucket.alsoCounts.length > 0) this.#hasOthers = true
    const { ledger, trace } = this.#run
    ledger.post(bucket, this.#line, amount, allotted)
    if (trace === undefined || amount === 0n) return
    const at = { line: this.#line.number, step, formula: "post" } as const
    record(trace, rule, at, [["bucket", bucket.clause.number]], [["amount", amount]])
  }

  /** The buckets that count together with those posted to. */
  postOthers(): void {
    if (!this.#hasOthers) return
    const [buckets, amounts] = [this.#buckets, this.#amounts]
    for (let i = 0; i < buckets.length; i++) this.#run.ledger.postAlso(buckets[i]!, this.#line, amounts[i]!, buckets)
  }
}

function postLine(run: Run, state: LineState, rules: LineRules, paid: Paid, allowance: readonly Posting[]): void {
  const { prior } = paid
  const share = prior?.rule.effect.posts === "owed" ? prior.owed : paid.shared.share
  const poster = new Poster(run, state.line)
  const { deductible, first, copay } = rules.share
  if (deductible !== undefined) poster.post(deductible.rule, "F2", deductible.terms, share.deductible)
  if (rules.cap !== undefined) poster.post(rules.cap, "F4", rules.cap.effect.bucket, countedSum(share, share.counted))
  for (const { bucket, amount, rule } of allowance) poster.post(rule, "E2", bucket, amount)
  for (const { bucket, rule } of paid.shared.postings) poster.post(rule, "F5", bucket, paid.posted, true)
  if (first !== undefined) poster.post(first, "F1", first.effect.bucket, 1n, true)
  for (const use of state.uses) poster.post(use.rule, "D3", use.rule.effect.bucket, use.quantity, true)
  const { banded } = paid.shared.share
  if (banded !== undefined) poster.post(banded.rule, "F3", banded.bucket, banded.amount)
  if (copay?.terms.bucket !== undefined && share.copay > 0n)
    poster.post(copay.rule, "F1", copay.terms.bucket, copayDays(run, state, copay.terms))
  poster.postOthers()
  noteShare(run, state, rules, paid, share)
  noteCare(run, state)
  noteLine(run, state)
  noteGlobal(run, state)
}

/** The events by which later lines know what this visit has already paid and counted. */
function noteShare(run: Run, state: LineState, rules: LineRules, paid: Paid, share: Share): void {
  const { provider } = run.provider
  const day = state.line.from
  const { clamped } = paid.shared.share
  if (clamped !== undefined) {
    const clause = clamped.rule.clause.number
    const parts = [
      [coinsuranceTaken, share.coinsurance],
      [coinsuranceBefore, clamped.before],
    ] as const
    for (const [owner, quantity] of parts)
      if (quantity > 0n) run.ledger.note({ clause, owner, day, provider, quantity })
  }
  for (const { rule } of state.uses) {
    const owner = countedOnce(state.line, rule.effect.per)
    if (owner !== undefined) run.ledger.note({ clause: rule.clause.number, owner, day, provider, quantity: 1n })
  }
  const { copay } = rules.share
  if (copay === undefined || share.copay === 0n) return
  const once = copayDay(run, state, copay.terms)
  const { number } = copay.rule.clause
  if (once !== undefined)
    run.ledger.note({ clause: number, owner: "copay", day: once, provider, quantity: share.copay })
}
