/** Which clauses share out a line: copay, deductible and coinsurance after waivers and first-visit clauses. */
import { maximum, minimum } from "../../base/money.ts"
import { matching, stuck, winner } from "../adjudicate/choose.ts"
import { type LineState, pend, type RuleOf, type Run, record, roomFor } from "../adjudicate/state.ts"
import type { CoinsuranceTerms, CopayTerms } from "../language/effects.ts"
import type { Bucket } from "../parts.ts"
import { type Rule, valueOn } from "../plan.ts"

interface PartRule<T> {
  readonly rule: Rule
  readonly terms: T
}

/** Undefined parts are not asked of the member. */
export interface ShareRules {
  readonly copay: PartRule<CopayTerms> | undefined
  readonly deductible: PartRule<Bucket> | undefined
  readonly coinsurance: PartRule<CoinsuranceTerms> | undefined
  /** The first-visits clause in use; the line takes one of its bucket. */
  readonly first: RuleOf<"first"> | undefined
}

function partOf<T>(rule: Rule | undefined, terms: T | undefined): PartRule<T> | undefined {
  return rule === undefined || terms === undefined ? undefined : { rule, terms }
}

/** F1: the first-visits clause while its bucket has room; `stuck` when the line was pended. */
function firstRule(run: Run, state: LineState): RuleOf<"first"> | undefined | typeof stuck {
  const rule = winner(run, state, "F1", "first")
  if (rule === stuck || rule === undefined) return rule
  const room = roomFor(run, state, rule.effect.bucket, true)
  if (typeof room !== "bigint") {
    pend(run, state, "F1", rule, "missing-fact", room.missing)
    return stuck
  }
  const at = { line: state.line.number, step: "F1", formula: "room" } as const
  if (run.trace !== undefined)
    record(run.trace, rule, at, [["bucket", rule.effect.bucket.clause.number]], [["room", room]])
  return room > 0n ? rule : undefined
}

const stepOf: Readonly<Record<string, string>> = { copay: "F1", deductible: "F2", coinsurance: "F3" }

/** A clause that wins with `none` has decided something too. */
function traceNone(run: Run, state: LineState, rule: Rule | undefined): void {
  if (run.trace === undefined || rule === undefined) return
  const { effect } = rule
  const isNone =
    effect.kind === "deductible" ? effect.bucket === undefined : "terms" in effect && effect.terms === undefined
  const at = { line: state.line.number, step: stepOf[rule.kind] ?? "F1", formula: "clause" } as const
  if (isNone) record(run.trace, rule, at, [], [["share", "none"]])
}

/** The share clauses of a line; undefined when it was pended. */
export function shareRules(run: Run, state: LineState): ShareRules | undefined {
  const first = firstRule(run, state)
  if (first === stuck) return undefined
  if (first !== undefined) {
    const { copay, deductible, coinsurance } = first.effect
    return {
      first,
      copay: partOf<CopayTerms>(first, copay),
      deductible: partOf<Bucket>(first, deductible),
      coinsurance: partOf<CoinsuranceTerms>(first, coinsurance),
    }
  }
  const copay = winner(run, state, "F1", "copay")
  const deductible = winner(run, state, "F2", "deductible")
  const coinsurance = winner(run, state, "F3", "coinsurance")
  const waivers = matching(run, state, "F1", "waive")
  if (copay === stuck || deductible === stuck || coinsurance === stuck || waivers === stuck) return undefined
  for (const rule of [copay, deductible, coinsurance]) traceNone(run, state, rule as Rule | undefined)
  const waiving = { line: state.line.number, step: "F1", formula: "clause" } as const
  for (const rule of waivers) if (run.trace !== undefined) record(run.trace, rule, waiving, [], [["share", "none"]])
  const waived = (part: "copay" | "deductible" | "coinsurance") =>
    waivers.length > 0 && waivers.some((rule) => rule.effect.parts.includes(part))
  return {
    first: undefined,
    copay: waived("copay") ? undefined : partOf<CopayTerms>(copay, copay?.effect.terms),
    deductible: waived("deductible") ? undefined : partOf<Bucket>(deductible, deductible?.effect.bucket),
    coinsurance: waived("coinsurance") ? undefined : partOf<CoinsuranceTerms>(coinsurance, coinsurance?.effect.terms),
  }
}

/** The day that makes a copay due once: the visit's, or the stay's first; undefined for one at every service. */
export function copayDay(run: Run, state: LineState, terms: CopayTerms): number | undefined {
  if (terms.per === "stay") return run.claim.admitted
  return terms.per === "visit" || terms.per === "day" ? state.line.from : undefined
}

/** Days a daily copay is asked for: those of the line, as far as the most and the bucket of days leave some. */
export function copayDays(run: Run, state: LineState, terms: CopayTerms): bigint {
  let days = BigInt(Math.max(1, state.line.to - state.line.from + 1))
  const most = terms.maxDays && valueOn(terms.maxDays, state.line.from)
  const used = terms.bucket && run.ledger.used(terms.bucket, state.line)
  const room = terms.bucket && roomFor(run, state, terms.bucket)
  if (most !== undefined) days = minimum(days, maximum(0n, most - (typeof used === "bigint" ? used : 0n)))
  return typeof room === "bigint" ? minimum(days, room) : days
}

/** F1: the copay a line would owe, before its base limits it; undefined when the line was pended. */
export function copayDue(run: Run, state: LineState, rules: ShareRules): bigint | undefined {
  if (rules.copay === undefined) return 0n
  const { rule, terms } = rules.copay
  const amount = valueOn(terms.amount, state.line.from)
  const room = terms.bucket && roomFor(run, state, terms.bucket)
  const missing =
    amount === undefined
      ? terms.amount.name
      : terms.per === "stay" && run.claim.admitted === undefined
        ? "admitted"
        : room !== undefined && typeof room !== "bigint"
          ? room.missing
          : undefined
  if (missing !== undefined || amount === undefined) {
    pend(run, state, "F1", rule, "missing-fact", missing ?? "amount")
    return undefined
  }
  const day = copayDay(run, state, terms)
  if (day !== undefined && run.ledger.has(rule.clause.number, "copay", day)) return 0n
  return terms.per === "day" ? amount * copayDays(run, state, terms) : amount
}
