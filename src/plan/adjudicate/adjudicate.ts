/**
 * One claim under one plan becomes one payer's determination. Pure and total: no clock, no chance, integers only; the
 * same input gives the same bytes at the clinic, at the payer and in the wallet. A quote is the same call.
 *
 *   gates A2 to D3, line by line  →  prices E1 to E3 over all lines  →  shares F1 to G2, line by line  →  I1
 */
import { assert } from "../../base/assert.ts"
import type { ClaimLine } from "../claim.ts"
import { findCategory, passClaimGates, passGates } from "../gates/gates.ts"
import { endOf } from "../gates/gates-claim.ts"
import { type AdjudicationInput, digestOfInputs } from "../input.ts"
import type { Finding, Leg } from "../leg.ts"
import { priceClaims } from "../price/claim-rate.ts"
import { priceLine } from "../price/price.ts"
import { rankProcedures } from "../price/rank.ts"
import { Ledger } from "../share/room.ts"
import { shareLine } from "../share/share.ts"
import type { Step } from "../trace.ts"
import { stuck, winner } from "./choose.ts"
import { LineFacts } from "./facts.ts"
import { outcomeOf } from "./outcome.ts"
import { type LineState, type Run, record, refuse } from "./state.ts"

/** One payer's answer. `trace` is empty unless it was asked for. */
export interface Outcome {
  readonly leg: Leg
  readonly trace: readonly Step[]
}

function openLine(input: AdjudicationInput, line: ClaimLine): LineState {
  return {
    line,
    facts: new LineFacts(input, line),
    leaf: undefined,
    tier: undefined,
    status: "open",
    shown: { step: "", clause: "", kind: "" },
    refusal: undefined,
    adjustments: [],
    cuts: [],
    payableCharge: line.charge,
    payableUnitsMilli: BigInt(line.unitsMilli),
    beyond: [],
    uses: [],
    duplicateRule: undefined,
    globalRule: undefined,
    lifts: noLifts,
    reduction: undefined,
    capitated: undefined,
    allowRule: undefined,
    pairOf: undefined,
    claimGroup: undefined,
    claimPay: undefined,
    care: undefined,
    price: 0n,
    full: 0n,
    allowed: 0n,
    benefit: 0n,
  }
}
const noLifts: ReadonlySet<string> = new Set()

/** Determines a claim for one payer. `trace: false` leaves the steps out; the leg is the same. */
export function adjudicate(input: AdjudicationInput, options: { readonly trace?: boolean } = {}): Outcome {
  const late = new Map<number, LatePend>()
  // A line that pends after its gates gave up units and a rank that others could have had: the rest are judged again
  // without it. Each round pends one line more, so this ends.
  for (;;) {
    const run = start(input, options.trace ?? true)
    const known = late.size
    runOnce(run, late)
    if (late.size > known) continue
    const trace = run.trace ?? []
    return { leg: outcomeOf(run, digestOfInputs(input)), trace }
  }
}

function start(input: AdjudicationInput, traced: boolean): Run {
  return {
    input,
    plan: input.plan,
    claim: input.claim.value,
    member: input.member.value,
    provider: input.provider.value,
    lines: input.claim.value.lines.map((line) => openLine(input, line)),
    ledger: new Ledger(input),
    trace: traced ? [] : undefined,
    findings: [],
  }
}

/** Why a line waits that had passed its gates, with the kind of the effect that lacked something. */
interface LatePend {
  readonly finding: Finding
  readonly kind: string
}

/** A line that an earlier round found to wait does so from the start. */
function pendFromStart(run: Run, state: LineState, { finding, kind }: LatePend): void {
  const { step, clause, code, missing } = finding
  state.status = "pended"
  state.shown = { step, clause, kind }
  run.findings.push(finding)
  const { number } = state.line
  run.trace?.push({
    clause,
    kind,
    line: number,
    step,
    formula: "pend",
    inputs: [["missing", missing]],
    output: [["code", code]],
  })
}

function runOnce(run: Run, late: Map<number, LatePend>): void {
  for (const state of run.lines) findCategory(run, state)
  for (const state of run.lines) {
    const pended = late.get(state.line.number)
    if (pended !== undefined) pendFromStart(run, state, pended)
    passClaimGates(run, state)
  }
  for (const state of run.lines) passGates(run, state)
  for (const state of run.lines) {
    if (state.status === "open" || (state.refusal?.group === "PR" && state.leaf !== undefined)) priceLine(run, state)
  }
  priceClaims(run)
  rankProcedures(run)
  holdUnsigned(run)
  for (const state of run.lines) if (state.status === "open") shareLine(run, state)
  for (const state of run.lines) {
    assert(state.status !== "open", "every line is decided")
    if (state.status !== "pended" || late.has(state.line.number)) continue
    const shown = run.findings.find(
      (finding) =>
        finding.line === state.line.number && finding.step === state.shown.step && finding.code !== "also-refused",
    )
    if (shown !== undefined && shown.step > "D9")
      late.set(state.line.number, { finding: shown, kind: state.shown.kind })
  }
}

/** A3: without the patient's own word the whole claim may have to wait, above all when it is large. */
function holdUnsigned(run: Run): void {
  const first = run.lines.find((state) => state.status === "open")
  if (first === undefined) return
  const rule = winner(run, first, "A3", "assurance")
  if (rule === stuck || rule === undefined) return
  const policy = run.plan.front.assurance[run.input.assurance.value.tier]
  if (policy.does === "pays") return
  let allowed = 0n
  for (const state of run.lines) if (state.status === "open") allowed += state.allowed
  if (policy.does === "wait") {
    const waited = run.input.on.value >= endOf(run.claim.clean ?? run.claim.received, policy.wait)
    if (waited && allowed <= policy.upTo) return
  }
  for (const state of run.lines) {
    if (state.status !== "open") continue
    if (policy.does === "never") {
      refuse(run, state, "A3", rule, { group: "CO", carc: "16", rarc: ["MA75"] })
      continue
    }
    state.status = "held"
    state.shown = { step: "A3", clause: rule.clause.number, kind: rule.kind }
    const at = { line: state.line.number, step: "A3", formula: "hold" } as const
    if (run.trace !== undefined)
      record(
        run.trace,
        rule,
        at,
        [
          ["allowed", allowed],
          ["most", policy.upTo],
        ],
        [["held", 1]],
      )
  }
}
