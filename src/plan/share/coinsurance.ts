/**
 * Step F3: the member's share of what is left of a line. One percentage or bands of a running sum, rounded once, then
 * held between the least and the most for a service, a visit or a day.
 */
import { divide, maximum, minimum } from "../../base/money.ts"
import { type LineState, pend, type Run, readRoom, record } from "../adjudicate/state.ts"
import type { CoinsuranceTerms } from "../language/effects.ts"
import { type Rule, valueOn } from "../plan.ts"
import type { Share } from "./line-share.ts"
import type { ShareRules } from "./share-rules.ts"

/** Names of the events by which a later line of the visit knows what was taken, and what it was before the clamp. */
export const coinsuranceTaken = "coinsurance"
export const coinsuranceBefore = "coinsurance before"

/** F3 on what copay and deductible left; false when the line was pended. */
export function takeCoinsurance(run: Run, state: LineState, rules: ShareRules, share: Share, base: bigint): boolean {
  if (rules.coinsurance === undefined) return true
  const { rule, terms } = rules.coinsurance
  const left = base - share.copay - share.deductible
  const before =
    terms.bands === undefined ? byPercent(run, state, rule, terms, left) : byBands(run, state, rule, terms, left, share)
  if (before === undefined) return false
  const coinsurance = clamp(run, state, rule, terms, before, share)
  if (coinsurance === undefined) return false
  share.coinsurance = minimum(coinsurance, left)
  if (run.trace === undefined) return true
  const at = { line: state.line.number, step: "F3" } as const
  if (terms.bands === undefined) {
    const inputs = [
      ["left", left],
      ["member", valueOn(terms.member!, state.line.from)!],
    ] as const
    record(run.trace, rule, { ...at, formula: "coinsurance" }, inputs, [["coinsurance", share.coinsurance]])
  } else {
    const inputs = [
      ["left", left],
      ["before", before],
    ] as const
    record(run.trace, rule, { ...at, formula: "bands" }, inputs, [["coinsurance", share.coinsurance]])
  }
  return true
}

function byPercent(run: Run, state: LineState, rule: Rule, terms: CoinsuranceTerms, left: bigint): bigint | undefined {
  const member = terms.member && valueOn(terms.member, state.line.from)
  if (member === undefined) {
    pend(run, state, "F3", rule, "missing-fact", terms.member?.name ?? "member")
    return undefined
  }
  return divide(left * member, 10000n, run.plan.front.rounding)
}

/** The sum so far decides in which bands the line lies; without a bucket each line begins at nothing. */
function byBands(
  run: Run,
  state: LineState,
  rule: Rule,
  terms: CoinsuranceTerms,
  left: bigint,
  share: Share,
): bigint | undefined {
  let start = 0n
  if (terms.bucket !== undefined) {
    const room = readRoom(run, state, "F3", rule, terms.bucket)
    const used = room === undefined ? undefined : run.ledger.used(terms.bucket, state.line)
    if (room === undefined || typeof used !== "bigint") return undefined
    start = used
    share.banded = { rule, bucket: terms.bucket, amount: minimum(left, room) }
  }
  let points = 0n
  let from = start
  const end = start + left
  for (const { upTo, member } of terms.bands!) {
    const percent = valueOn(member, state.line.from)
    const edge = upTo === undefined ? end : valueOn(upTo, state.line.from)
    if (percent === undefined || edge === undefined) {
      pend(run, state, "F3", rule, "missing-fact", percent === undefined ? member.name : upTo!.name)
      return undefined
    }
    const to = minimum(end, edge)
    if (to <= from) continue
    points += (to - from) * percent
    from = to
  }
  return divide(points, 10000n, run.plan.front.rounding)
}

/** Least and most: of this line, or of the visit or the day as it stands after this line. */
function clamp(
  run: Run,
  state: LineState,
  rule: Rule,
  terms: CoinsuranceTerms,
  before: bigint,
  share: Share,
): bigint | undefined {
  const { atLeast, atMost, per } = terms
  const [least, most] = [atLeast && valueOn(atLeast, state.line.from), atMost && valueOn(atMost, state.line.from)]
  const unknown = atLeast !== undefined && least === undefined ? atLeast : most === undefined ? atMost : undefined
  if (unknown !== undefined) {
    pend(run, state, "F3", rule, "missing-fact", unknown.name)
    return undefined
  }
  const times = per === "day" ? BigInt(Math.max(1, state.line.to - state.line.from + 1)) : 1n
  const within = (amount: bigint) => {
    const raised = least === undefined ? amount : maximum(amount, least * times)
    return most === undefined ? raised : minimum(raised, most * times)
  }
  if (per !== "visit" && per !== "day") return within(before)
  const { number } = rule.clause
  const [taken, sum] = [coinsuranceTaken, coinsuranceBefore].map((owner) =>
    run.ledger.total(number, owner, state.line.from),
  ) as [bigint, bigint]
  share.clamped = { rule, before }
  const due = maximum(0n, within(sum + before) - taken)
  if (run.trace !== undefined) {
    const inputs = [
      ["sum", sum + before],
      ["taken", taken],
    ] as const
    record(run.trace, rule, { line: state.line.number, step: "F3", formula: "clamp" }, inputs, [["due", due]])
  }
  return due
}
