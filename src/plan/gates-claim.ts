/** Gates A2 to B5: is the claim complete, for a covered member, to the right payer, in time, and not paid already? */
import { civilDate } from "../base/time.ts"
import { stuck, winner } from "./choose.ts"
import type { ClaimLine } from "./claim.ts"
import type { DuplicateField } from "./effects.ts"
import type { Duration } from "./parts.ts"
import { addMonths } from "./plan.ts"
import { type LineState, pend, type RuleOf, type Run, record, refuse } from "./state.ts"

/** Whole years; they change on the birthday, for 29 February on 1 March of other years. */
export function ageOn(born: number, day: number): number {
  const [birth, now] = [civilDate(born), civilDate(day)]
  const had = now.month > birth.month || (now.month === birth.month && now.day >= birth.day)
  return now.year - birth.year - (had ? 0 : 1)
}

/** The last day of a span of time that starts on `from`. */
export function endOf(from: number, window: Duration): number {
  if (window.unit === "months") return addMonths(from, window.count)
  return from + (window.unit === "days" ? window.count : Math.floor(window.count / 24))
}

/** So that the sums of 999 lines stay below what the encoding of an amount holds. */
const maxCharge = 10n ** 12n

/** A2: data without which no line can be judged. */
export function checkClaimLine(run: Run, state: LineState): void {
  const { line } = state
  const lacks = (rarc: string) => refuse(run, state, "A2", undefined, { group: "CO", carc: "16", rarc: [rarc] })
  if (line.code === "") lacks("M51")
  if (line.unitsMilli === 0) lacks("M53")
  if (line.to < line.from) lacks("M52")
  if (line.charge > maxCharge) pend(run, state, "A2", undefined, "overflow", "charge")
  const { effective } = run.plan.front
  if (line.from < effective.from || line.from >= effective.until) pend(run, state, "A2", undefined, "no-table", "plan")
}

/** B1: cover on each day of service, as far as the payer's facts give dates. */
export function checkEligibility(run: Run, state: LineState): void {
  const { coverFrom, coverTo } = run.member
  if (coverFrom !== undefined && state.line.from < coverFrom)
    refuse(run, state, "B1", undefined, { group: "PR", carc: "26" })
  if (coverTo !== undefined && state.line.to > coverTo) refuse(run, state, "B1", undefined, { group: "PR", carc: "27" })
}

/** B2: an earlier payer must have decided first. */
export function checkOtherPayer(run: Run, state: LineState): void {
  if (run.claim.workRelated) refuse(run, state, "B2", undefined, { group: "CO", carc: "19" })
  if (run.member.rank > 1 + run.input.legs.value.length)
    refuse(run, state, "B2", undefined, { group: "CO", carc: "22", rarc: ["MA04"] })
}

/** B3: timely filing. A replacement runs on the original's receipt. */
export function checkTimely(run: Run, state: LineState): void {
  const rule = winner(run, state, "B3", "timely")
  if (rule === stuck || rule === undefined) return
  const from = timelyFrom(run, state, rule)
  if (typeof from === "string") {
    pend(run, state, "B3", rule, "missing-fact", from)
    return
  }
  const replaces = run.claim.frequency === 7
  const last = endOf(from, replaces ? rule.effect.correction : rule.effect.window)
  const late = run.claim.received > last
  if (run.trace !== undefined) {
    const dayOf = (day: number) => Math.max(0, day)
    const inputs = [
      ["from", dayOf(from)],
      ["last", dayOf(last)],
      ["received", dayOf(run.claim.received)],
    ] as const
    record(run.trace, rule, { line: state.line.number, step: "B3", formula: "deadline" }, inputs, [
      ["late", late ? 1 : 0],
    ])
  }
  if (late) refuse(run, state, "B3", rule, { group: "CO", carc: "29" })
}

function timelyFrom(run: Run, state: LineState, rule: RuleOf<"timely">): number | string {
  if (run.claim.frequency === 7) return run.claim.originalReceived ?? "originalReceived"
  switch (rule.effect.from) {
    case "service":
      return state.line.to
    case "discharge":
      return run.claim.discharged ?? "discharged"
    case "priorPayer": {
      const legs = run.input.legs.value
      return legs[legs.length - 1]?.on ?? "priorPayer"
    }
  }
}

function fieldOf(run: Run, line: ClaimLine, field: DuplicateField): string {
  switch (field) {
    case "provider":
      return run.provider.provider
    case "modifiers":
      return line.modifiers.join(" ")
    case "units":
      return String(line.unitsMilli)
    case "charge":
    case "from":
    case "to":
    case "code":
      return String(line[field])
    case "place":
    case "tooth":
      return line[field] ?? ""
  }
}

function isSame(a: ClaimLine, b: ClaimLine, field: DuplicateField): boolean {
  switch (field) {
    case "provider":
      return true
    case "modifiers":
      return a.modifiers.length === b.modifiers.length && a.modifiers.every((item, i) => item === b.modifiers[i])
    case "units":
      return a.unitsMilli === b.unitsMilli
    default:
      return a[field] === b[field]
  }
}

function sameFields(a: ClaimLine, b: ClaimLine, fields: readonly DuplicateField[]): boolean {
  for (const field of fields) if (!isSame(a, b, field)) return false
  return true
}

/** How a snapshot remembers a line: the fields that make another one its duplicate. */
export function duplicateOwner(run: Run, line: ClaimLine, rule: RuleOf<"duplicate">): string {
  let owner = "line "
  const { same } = rule.effect
  for (let i = 0; i < same.length; i++) owner += (i === 0 ? "" : "|") + fieldOf(run, line, same[i]!)
  return owner
}

/** Two lines of one claim are about one service only when they cite the same fact: therapy twice a day is two facts. */
const shareFact = (a: ClaimLine, b: ClaimLine) => a.facts.length > 0 && a.facts.some((fact) => b.facts.includes(fact))

/** B4: the same service twice, in this claim or counted in the snapshot. */
export function checkDuplicate(run: Run, state: LineState): void {
  const rule = winner(run, state, "B4", "duplicate")
  if (rule === stuck || rule === undefined) return
  state.duplicateRule = rule
  const { same, possible } = rule.effect
  for (const other of run.lines) {
    if (other === state) break
    if (!shareFact(state.line, other.line)) continue
    if (sameFields(state.line, other.line, same)) {
      refuse(run, state, "B4", rule, { group: "OA", carc: "18" })
      return
    }
    if (possible !== undefined && sameFields(state.line, other.line, possible)) {
      pend(run, state, "B4", rule, "possible-duplicate", `line ${other.line.number}`)
      return
    }
  }
  if (run.input.snapshot.value.events.length === 0) return
  if (run.ledger.remembers(rule.clause.number, duplicateOwner(run, state.line, rule)))
    refuse(run, state, "B4", rule, { group: "OA", carc: "18" })
}

/** The event by which a later claim will know this line, once it is paid. */
export function noteLine(run: Run, state: LineState): void {
  const rule = state.duplicateRule
  if (rule === undefined) return
  const { provider } = run.provider
  const owner = duplicateOwner(run, state.line, rule)
  run.ledger.note({ clause: rule.clause.number, owner, day: state.line.from, provider, quantity: 1n })
}

/** B5: a replacement or a void names what it is about. A void is undone from its own record, never judged again. */
export function checkReplacement(run: Run, state: LineState): void {
  const { frequency, original } = run.claim
  if (frequency !== 7 && frequency !== 8) return
  if (original === undefined) refuse(run, state, "B5", undefined, { group: "CO", carc: "16", rarc: ["M47"] })
  else if (frequency === 8) pend(run, state, "B5", undefined, "not-run", "void")
}
