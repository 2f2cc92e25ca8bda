/**
 * Steps E2 (allowances) and F1 to G2 of one line, in claim order: the member's copay, deductible and coinsurance, the
 * most she pays, the plan's ceilings, earlier payers, what is withheld. Each line posts before the next begins.
 */
import { assert } from "../../base/assert.ts"
import { divide, maximum, minimum } from "../../base/money.ts"
import { matching, stuck, winner } from "../adjudicate/choose.ts"
import { adjust, codeOf, type LineState, pend, type RuleOf, type Run, readRoom, record } from "../adjudicate/state.ts"
import type { Part } from "../language/effects.ts"
import { valueOn } from "../plan.ts"
import { payableChargeOf } from "../price/claim-rate.ts"
import { takeCoinsurance } from "./coinsurance.ts"
import { coordinate } from "./coordinate.ts"
import { finishLine } from "./finish.ts"
import { countedSum, type LineRules, type Posting, type Share, type Shared } from "./line-share.ts"
import { copayDue, type ShareRules, shareRules } from "./share-rules.ts"

/** E2, allowances: what is above the sum of a bucket is shared between member and provider. */
function takeAllowance(run: Run, state: LineState, postings: Posting[]): bigint | undefined {
  const rule = winner(run, state, "E2", "allowance")
  if (rule === stuck) return undefined
  if (rule === undefined) return state.allowed
  const room = readRoom(run, state, "E2", rule, rule.effect.bucket)
  const percent = valueOn(rule.effect.overage, state.line.from)
  if (percent === undefined) pend(run, state, "E2", rule, "missing-fact", rule.effect.overage.name)
  if (room === undefined || percent === undefined) return undefined
  const base = minimum(state.allowed, room)
  const overage = state.allowed - base
  const owed = minimum(overage, divide(overage * percent, 10000n, run.plan.front.rounding))
  adjust(state.adjustments, rule, codeOf(rule, { group: "PR", carc: "119" }), owed)
  adjust(state.adjustments, rule, { group: "CO", carc: "45" }, overage - owed)
  postings.push({ rule, bucket: rule.effect.bucket, amount: base })
  if (run.trace !== undefined) {
    const at = { line: state.line.number, step: "E2" } as const
    const allowed = state.allowed
    record(
      run.trace,
      rule,
      { ...at, formula: "base" },
      [
        ["allowed", allowed],
        ["room", room],
      ],
      [["base", base]],
    )
    const inputs = [
      ["overage", overage],
      ["member", percent],
    ] as const
    record(run.trace, rule, { ...at, formula: "overage" }, inputs, [["owed", owed]])
  }
  return base
}

const noParts: readonly Part[] = []

/** F1 to F3 on a base: copay, deductible, coinsurance. Undefined when the line was pended. */
export function shareOut(run: Run, state: LineState, rules: ShareRules, base: bigint): Share | undefined {
  const share: Share = {
    copay: 0n,
    deductible: 0n,
    coinsurance: 0n,
    own: 0n,
    counted: noParts,
    capped: undefined,
    banded: undefined,
    clamped: undefined,
  }
  const due = copayDue(run, state, rules)
  if (due === undefined) return undefined
  const after = rules.copay?.terms.order === "after"
  if (!after) takeCopay(run, state, rules, share, base, due)
  if (!takeDeductible(run, state, rules, share, base)) return undefined
  if (after) takeCopay(run, state, rules, share, base, due)
  return takeCoinsurance(run, state, rules, share, base) ? share : undefined
}

function takeCopay(run: Run, state: LineState, rules: ShareRules, share: Share, base: bigint, due: bigint): void {
  if (rules.copay === undefined) return
  const left = base - share.deductible
  share.copay = minimum(left, due)
  if (run.trace === undefined) return
  const at = { line: state.line.number, step: "F1", formula: "copay" } as const
  record(
    run.trace,
    rules.copay.rule,
    at,
    [
      ["left", left],
      ["due", due],
    ],
    [["copay", share.copay]],
  )
}

function takeDeductible(run: Run, state: LineState, rules: ShareRules, share: Share, base: bigint): boolean {
  if (rules.deductible === undefined) return true
  const { rule, terms: bucket } = rules.deductible
  const room = readRoom(run, state, "F2", rule, bucket)
  if (room === undefined) return false
  const left = base - share.copay
  share.deductible = minimum(left, room)
  if (run.trace !== undefined) {
    const at = { line: state.line.number, step: "F2", formula: "deductible" } as const
    record(
      run.trace,
      rule,
      at,
      [
        ["left", left],
        ["room", room],
      ],
      [["deductible", share.deductible]],
    )
  }
  return true
}

/** F4: the most the member pays. What is over it moves to the plan: coinsurance first, then deductible, then copay. */
function capShare(run: Run, state: LineState, rule: RuleOf<"outOfPocket">, share: Share): Share | undefined {
  const room = readRoom(run, state, "F4", rule, rule.effect.bucket)
  if (room === undefined) return undefined
  const counted = rule.effect.counts
  const before = countedSum(share, counted)
  let over = maximum(0n, before - room)
  const cut = over
  for (const part of ["coinsurance", "deductible", "copay"] as const) {
    if (!counted.includes(part)) continue
    const off = minimum(over, share[part])
    if (off > 0n) (share.capped ??= []).push(part)
    share[part] -= off
    over -= off
  }
  assert(over === 0n, "the cap takes no more than the parts it counts")
  if (run.trace !== undefined) {
    const at = { line: state.line.number, step: "F4", formula: "cap" } as const
    const output = [
      ["over", cut],
      ["copay", share.copay],
      ["deductible", share.deductible],
      ["coinsurance", share.coinsurance],
    ] as const
    record(
      run.trace,
      rule,
      at,
      [
        ["counted", before],
        ["room", room],
      ],
      output,
    )
  }
  share.counted = counted
  return share
}

/** F5: the plan's ceilings, each in clause order; what is above is the member's or the provider's. */
function applyCeilings(
  run: Run,
  state: LineState,
  own: bigint,
  ceilings: readonly RuleOf<"ceiling">[],
  postings: Posting[],
): bigint | undefined {
  let left = own
  for (const rule of ceilings) {
    const { bucket, excess } = rule.effect
    const room = readRoom(run, state, "F5", rule, bucket, true)
    if (room === undefined) return undefined
    const cut = maximum(0n, left - room)
    if (run.trace !== undefined) {
      const at = { line: state.line.number, step: "F5", formula: "ceiling" } as const
      record(
        run.trace,
        rule,
        at,
        [
          ["benefit", left],
          ["room", room],
        ],
        [["cut", cut]],
      )
    }
    left -= cut
    const lifetime = bucket.period.kind === "lifetime" && bucket.treatment === undefined
    const usual =
      excess === "provider"
        ? ({ group: "CO", carc: "119" } as const)
        : ({ group: "PR", carc: lifetime ? "35" : "119" } as const)
    adjust(state.cuts, rule, codeOf(rule, usual), cut)
  }
  for (const rule of ceilings) postings.push({ rule, bucket: rule.effect.bucket, amount: left })
  return left
}

/** F1 to F5 on one base; undefined when the line was pended. */
function shareBase(run: Run, state: LineState, rules: LineRules, base: bigint): Shared | undefined {
  state.cuts = []
  const postings: Posting[] = []
  const parts = state.capitated === undefined ? rules.share : capitatedRules(state, rules.share)
  // Where the plan pays more than was charged, nobody shares in what was not charged.
  let share = shareOut(run, state, parts, minimum(base, payableChargeOf(state)))
  if (share !== undefined && rules.cap !== undefined) share = capShare(run, state, rules.cap, share)
  if (share === undefined) return undefined
  share.own = base - share.copay - share.deductible - share.coinsurance
  if (run.trace !== undefined) {
    const { copay, deductible, coinsurance } = share
    const inputs = [
      ["base", base],
      ["copay", copay],
      ["deductible", deductible],
      ["coinsurance", coinsurance],
    ] as const
    record(run.trace, undefined, { line: state.line.number, step: "F5", formula: "own" }, inputs, [
      ["benefit", share.own],
    ])
  }
  if (state.capitated !== undefined) return { share, own: 0n, postings }
  const own = applyCeilings(run, state, reduceBenefit(run, state, share.own), rules.ceilings, postings)
  return own === undefined ? undefined : { share, own, postings }
}

/** F1 to G2 for one open line: fills its adjustments and benefit, then posts to the buckets. */
export function shareLine(run: Run, state: LineState): void {
  const share = shareRules(run, state)
  const cap = winner(run, state, "F4", "outOfPocket")
  const ceilings = matching(run, state, "F5", "ceiling")
  if (share === undefined || cap === stuck || ceilings === stuck) return
  const rules = { share, cap, ceilings }
  const allowance: Posting[] = []
  const base = takeAllowance(run, state, allowance)
  if (base === undefined) return
  const shared = shareBase(run, state, rules, base)
  if (shared === undefined) return
  const paid = coordinate(run, state, base, shared, (other) => shareBase(run, state, rules, other))
  if (paid !== undefined) finishLine(run, state, rules, paid, allowance)
}

function capitatedRules(state: LineState, rules: ShareRules): ShareRules {
  const none = { copay: undefined, deductible: undefined, coinsurance: undefined, first: undefined }
  return state.capitated!.effect.copay ? { ...none, copay: rules.copay } : none
}

/** D2, `else: reduce`: part of the benefit is lost without an authorization, outside every bucket. */
function reduceBenefit(run: Run, state: LineState, own: bigint): bigint {
  if (state.reduction === undefined) return own
  const { rule, points } = state.reduction
  const cut = minimum(own, divide(own * points, 10000n, run.plan.front.rounding))
  adjust(state.cuts, rule, codeOf(rule, { group: "PR", carc: "197" }), cut)
  if (run.trace !== undefined) {
    const at = { line: state.line.number, step: "F5", formula: "reduce" } as const
    record(
      run.trace,
      rule,
      at,
      [
        ["benefit", own],
        ["reduction", points],
      ],
      [["cut", cut]],
    )
  }
  return own - cut
}
