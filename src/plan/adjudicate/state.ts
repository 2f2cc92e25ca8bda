/**
 * One adjudication while it runs: the lines with what has been decided of each so far. A line goes from open to one of
 * pended, denied, held, paid, encounter; the earliest refusal or gap is the one that counts, later ones are findings.
 */
import type { Claim, ClaimLine, Member, Provider } from "../claim.ts"
import type { Formula } from "../formulas.ts"
import type { AdjudicationInput } from "../input.ts"
import type { EffectOf, Kind } from "../language/effects.ts"
import type { FactSource } from "../language/expression.ts"
import type { Adjustment, Finding, FindingCode, Group, LineStatus } from "../leg.ts"
import type { Bucket, Category } from "../parts.ts"
import type { Plan, Rule } from "../plan.ts"
import type { Gap, Ledger } from "../share/room.ts"
import type { Named, Step, Trace } from "../trace.ts"

/** The rule of a kind, as it stands in a plan. */
export type RuleOf<K extends Kind> = Rule<EffectOf<K>>

export interface Refusal {
  readonly step: string
  readonly rule: Rule | undefined
  readonly group: Group
  readonly carc: string
  readonly rarc: readonly string[]
}

export interface LineState {
  readonly line: ClaimLine
  readonly facts: FactSource
  leaf: Category | undefined
  tier: string | undefined
  status: LineStatus | "open"
  /** Step, clause and kind that decided the outcome, once something did. */
  shown: { step: string; clause: string; kind: string }
  refusal: Refusal | undefined
  /** Adjustments beside those of the refusal, in order of steps. */
  readonly adjustments: Adjustment[]
  /** Of those, what a lost authorization and the ceilings took off the benefit: they stand after the member's share. */
  cuts: Adjustment[]
  /** Part of the line's charge and units that a limit leaves payable; the rest is `beyond`. */
  payableCharge: bigint
  payableUnitsMilli: bigint
  beyond: { readonly charge: bigint; readonly unitsMilli: bigint; readonly rule: RuleOf<"limit"> }[]
  /** Counts that this line uses up if it is paid. */
  readonly uses: { readonly rule: RuleOf<"limit">; readonly quantity: bigint }[]
  /** The clauses by which later claims will know this line, once it is paid. */
  duplicateRule: RuleOf<"duplicate"> | undefined
  globalRule: RuleOf<"global"> | undefined
  lifts: ReadonlySet<string>
  /** Basis points that a missing authorization takes off the benefit. */
  reduction: { readonly rule: RuleOf<"authorize">; readonly points: bigint } | undefined
  capitated: RuleOf<"capitate"> | undefined
  allowRule: RuleOf<"allow"> | undefined
  /** The line of the first side, when this one is the second of a pair. */
  pairOf: LineState | undefined
  /** The lines that one rate of the whole claim pays for, this one among them; the first carries the rate. */
  claimGroup: readonly LineState[] | undefined
  /** What a later payer pays of a claim's one rate on this line, once the first line has been shared out. */
  claimPay: bigint | undefined
  /** The part of a surgery's care that this line bills, for the days after it to look back on. */
  care: Care | undefined
  price: bigint
  full: bigint
  allowed: bigint
  benefit: bigint
}

/** A part of one surgery's care: which part of which surgery, and how much of the whole it takes. */
export interface Care {
  readonly rule: RuleOf<"comanage">
  /** The name under which later claims find it. */
  readonly owner: string
  /** The surgery's day, or the first day of care when no surgery is known yet. */
  readonly day: number
  /** Share in basis points times days. */
  readonly quantity: bigint
}

export interface Run {
  readonly input: AdjudicationInput
  readonly plan: Plan
  readonly claim: Claim
  readonly member: Member
  readonly provider: Provider
  readonly lines: readonly LineState[]
  readonly ledger: Ledger
  readonly trace: Trace
  readonly findings: Finding[]
}

/** Writes one step of the trace; call it only when there is a trace, so that nothing is built for nobody. */
export function record(
  trace: Step[],
  rule: Rule | undefined,
  at: { readonly line: number; readonly step: string; readonly formula: Formula },
  inputs: Named,
  output: Named,
): void {
  const clause = rule === undefined ? "" : rule.clause.number
  const kind = rule === undefined ? "" : rule.kind
  trace.push({ clause, kind, line: at.line, step: at.step, inputs, formula: at.formula, output })
}

/** Something is missing: the line waits, moves no money and no bucket. */
export function pend(
  run: Run,
  state: LineState,
  step: string,
  rule: Rule | undefined,
  code: FindingCode,
  missing: string,
): void {
  const clause = rule?.clause.number ?? ""
  run.findings.push({ line: state.line.number, step, clause, code, missing })
  const at = { line: state.line.number, step, formula: "pend" } as const
  if (run.trace !== undefined) record(run.trace, rule, at, [["missing", missing]], [["code", code]])
  if (state.status !== "open") return
  state.status = "pended"
  state.shown = { step, clause, kind: rule?.kind ?? "" }
}

/** The plan does not pay the line. `codes` of the effect replace the usual ones. */
export function refuse(
  run: Run,
  state: LineState,
  step: string,
  rule: Rule | undefined,
  usual: { readonly group: Group; readonly carc: string; readonly rarc?: readonly string[] },
): void {
  const { group, carc, rarc } = rule === undefined ? { rarc: [], ...usual } : codeOf(rule, usual)
  const clause = rule?.clause.number ?? ""
  const output: Named = [["adjustment", `${group}-${carc}`]]
  if (run.trace !== undefined)
    record(
      run.trace,
      rule,
      { line: state.line.number, step, formula: "refuse" },
      [["charge", state.line.charge]],
      output,
    )
  if (state.status !== "open") {
    const missing = `${group}-${carc}`
    run.findings.push({ line: state.line.number, step, clause, code: "also-refused", missing })
    return
  }
  state.status = "denied"
  state.shown = { step, clause, kind: rule?.kind ?? "" }
  state.refusal = { step, rule, group, carc, rarc }
}

/** What is left of a bucket for a line; a bucket of other network tiers has nothing to say to it. */
export function roomFor(run: Run, state: LineState, bucket: Bucket, useAllotment = false): bigint | Gap {
  const inTier = bucket.tiers === undefined || (state.tier !== undefined && bucket.tiers.includes(state.tier))
  return inTier ? run.ledger.room(bucket, state.line, useAllotment) : { missing: `tier of ${bucket.name}` }
}

/** The room of a bucket, with a step in the trace; undefined when the line was pended. */
export function readRoom(
  run: Run,
  state: LineState,
  step: string,
  rule: Rule,
  bucket: Bucket,
  allotted = false,
): bigint | undefined {
  const room = roomFor(run, state, bucket, allotted)
  if (typeof room !== "bigint") {
    pend(run, state, step, rule, "missing-fact", room.missing)
    return undefined
  }
  if (run.trace !== undefined) {
    const at = { line: state.line.number, step, formula: "room" } as const
    record(run.trace, rule, at, [["bucket", bucket.clause.number]], [["room", room]])
  }
  return room
}

/** Adds an adjustment to a list, when it is not zero. */
export function adjust(
  list: Adjustment[],
  rule: Rule | undefined,
  code: { readonly group: Group; readonly carc: string; readonly rarc?: readonly string[] },
  amount: bigint,
): void {
  if (amount === 0n) return
  const clause = rule === undefined ? "" : rule.clause.number
  const kind = rule === undefined ? "" : rule.kind
  list.push({ group: code.group, carc: code.carc, rarc: code.rarc ?? [], amount, clause, kind })
}

/** The effect's own codes where the plan gives them, else the usual ones. */
export function codeOf(
  rule: Rule,
  usual: { readonly group: Group; readonly carc: string; readonly rarc?: readonly string[] },
): { readonly group: Group; readonly carc: string; readonly rarc: readonly string[] } {
  const own = rule.effect.codes
  if (own === undefined) return { group: usual.group, carc: usual.carc, rarc: usual.rarc ?? [] }
  return { group: own.group, carc: own.carc, rarc: own.rarc === undefined ? [] : [own.rarc] }
}
