/**
 * Gates A2, B1 and B2: is the claim complete, is the member covered on each day of service, and is this the payer who
 * decides now? The facts decide; only what a line with a certain code has to carry is said by the plan's tables.
 */

import { type LineState, pend, type Run, refuse } from "../adjudicate/state.ts"
import type { Claim } from "../claim.ts"
import type { Rule } from "../plan.ts"
import { billedCode, codeFactsOf, type GateIndex, isAsked, type Need } from "./gates-tables.ts"

/** So that the sums of 999 lines stay below what the encoding of an amount holds. */
const maxCharge = 10n ** 12n

/** A2: a claim that nobody can process ends here, and no appeal helps: a new one has to be sent. */
const unprocessable = "MA130"

function refuseData(run: Run, state: LineState, rule: Rule | undefined, ...rarc: readonly string[]): void {
  refuse(run, state, "A2", rule, { group: "CO", carc: "16", rarc })
}

/** A2: data without which no line can be judged. */
export function checkClaimData(run: Run, state: LineState, index: GateIndex): void {
  const { line } = state
  const { kind, inpatient, admitted, discharged } = run.claim
  if (inpatient && admitted === undefined) refuseData(run, state, undefined, "MA40", unprocessable)
  if (admitted !== undefined && discharged !== undefined && discharged < admitted)
    refuseData(run, state, undefined, "N318", unprocessable)
  if (billedCode(line) === "") refuseData(run, state, undefined, missingCode[kind])
  if (line.unitsMilli === 0) refuseData(run, state, undefined, "M53")
  if (line.to < line.from) refuseData(run, state, undefined, "M52")
  if (line.charge > maxCharge) pend(run, state, "A2", undefined, "overflow", "charge")
  if (index.codes.length > 0) checkNeeds(run, state, index)
  const { from, until } = run.plan.front.effective
  // A stay is judged by its admission day: one that began under another version is that version's.
  const first = inpatient && admitted !== undefined && admitted < line.from ? admitted : line.from
  if (first < from || line.from >= until) pend(run, state, "A2", undefined, "no-table", "plan")
}

const missingCode: Readonly<Record<Claim["kind"], string>> = {
  professional: "M51",
  dental: "M51",
  institutional: "M50",
  drug: "M119",
}

/** A2: what the plan's table says that a line with this code carries. */
function checkNeeds(run: Run, state: LineState, index: GateIndex): void {
  const found = codeFactsOf(index, billedCode(state.line), state.line.from)
  if (found === undefined) return
  const { facts, rule } = found
  if (facts.wrong !== undefined) pend(run, state, "A2", rule, "no-table", `${facts.table} ${facts.wrong}`)
  for (const need of facts.needs) {
    if (!isAsked(need, run.claim.kind) || !isMissing(run, state, need)) continue
    // An adjustment of nothing is none, so that only the finding can say what such a line lacks.
    if (need === "charge") {
      const at = { line: state.line.number, step: "A2", clause: rule.clause.number }
      run.findings.push({ ...at, code: "missing-fact", missing: "charge" })
    }
    refuseData(run, state, rule, remarkFor(need, run.claim))
  }
}

function isMissing(run: Run, { line }: LineState, need: Need): boolean {
  switch (need) {
    case "diagnosis":
      return line.diagnoses.length === 0
    case "surfaces":
      return line.surfaces.length === 0
    case "charge":
      return line.charge === 0n
    case "bill-type":
      return run.claim.billType === undefined
    case "drg":
      return run.claim.inpatient && run.claim.drg === undefined
    default:
      return line[need] === undefined
  }
}

/** A hospital's first diagnosis is the principal one, and it is that which is missing. */
function remarkFor(need: Need, { kind }: Claim): string {
  if (need === "diagnosis") return kind === "institutional" ? "MA63" : "M76"
  return remarks[need]
}
const remarks: Readonly<Record<Exclude<Need, "diagnosis">, string>> = {
  place: "M77",
  charge: "M79",
  revenue: "M50",
  "bill-type": "MA30",
  drg: "N208",
  drug: "M119",
  tooth: "N37",
  surfaces: "N75",
}

const self: ReadonlySet<string> = new Set(["self", "subscriber", "18"])

/** B1: cover on each day of service, as far as the payer's facts give dates. */
export function checkEligibility(run: Run, state: LineState): void {
  const { coverFrom, coverTo, relation, selfOnly } = run.member
  const { from, to } = state.line
  const not = (carc: string) => refuse(run, state, "B1", undefined, { group: "PR", carc })
  // A cover that ends before it begins never was: so a payer writes one that it took back.
  if (coverFrom !== undefined && coverTo !== undefined && coverTo < coverFrom) not("31")
  else if (coverFrom !== undefined && from < coverFrom && to < coverFrom) not("26")
  else if (coverTo !== undefined && from > coverTo && to > coverTo) not("27")
  else if ((coverFrom !== undefined && from < coverFrom) || (coverTo !== undefined && to > coverTo))
    refuse(run, state, "B1", undefined, { group: "CO", carc: "239", rarc: ["N61"] })
  if (selfOnly && relation !== undefined && !self.has(relation)) not("32")
  if (isFlagged(run, "lapsed")) not("200")
  if (isFlagged(run, "ineligible")) not("177")
}

/** A flag decides by itself only where the plan names it among those it reads. */
function isFlagged(run: Run, flag: string): boolean {
  return run.member.flags.includes(flag) && run.plan.front.flags.includes(flag)
}

const noFault: ReadonlySet<string> = new Set(["auto", "no-fault", "AM"])
const liability: ReadonlySet<string> = new Set(["liability", "LM"])

/** B2: the right payer for this kind of claim, and the earlier payers' answers. */
export function checkOtherPayer(run: Run, state: LineState): void {
  const { claim, member } = run
  if (!run.plan.front.claims.includes(claim.kind))
    refuse(run, state, "B2", undefined, { group: "CO", carc: "109", rarc: ["N418"] })
  const answered = run.input.legs.value.length
  if (answered === 0) {
    const other = (carc: string) => refuse(run, state, "B2", undefined, { group: "CO", carc })
    if (claim.workRelated) other("19")
    else if (claim.accident && member.otherCover.some((kind) => liability.has(kind))) other("20")
    else if (claim.accident && member.otherCover.some((kind) => noFault.has(kind))) other("21")
  }
  if (member.rank > 1 + answered) {
    const rarc = member.otherCover.length === 0 ? "MA92" : answered === 0 ? "MA04" : "N4"
    refuse(run, state, "B2", undefined, { group: "CO", carc: "22", rarc: [rarc] })
  }
}
