/** Gates B3 to B5: is the claim in time, is the service not paid already, and what does it replace or take back? */
import { toHex } from "../../base/bytes.ts"
import { stuck, winner } from "../adjudicate/choose.ts"
import { type LineState, pend, type RuleOf, type Run, record, refuse } from "../adjudicate/state.ts"
import type { ClaimLine } from "../claim.ts"
import type { Decision } from "../input.ts"
import type { DuplicateField } from "../language/effects.ts"
import type { Duration } from "../parts.ts"
import { addMonths } from "../plan.ts"
import { billedCode } from "./gates-tables.ts"

/** The last day of a span of time that starts on `from`. */
export function endOf(from: number, window: Duration): number {
  if (window.unit === "months") return addMonths(from, window.count)
  return from + (window.unit === "days" ? window.count : Math.floor(window.count / 24))
}

/** B3: timely filing. A replacement runs on the original's receipt, and the original has to have come in time itself. */
export function checkTimely(run: Run, state: LineState): void {
  // A replacement that names nothing is step B5's.
  if (run.claim.frequency === 7 && run.claim.original === undefined) return
  const rule = winner(run, state, "B3", "timely")
  if (rule === stuck || rule === undefined) return
  const from = timelyFrom(run, state, rule)
  const { originalReceived, received, frequency } = run.claim
  const missing = typeof from === "string" ? from : originalReceived === undefined ? "originalReceived" : undefined
  if (typeof from === "string" || (frequency === 7 && missing !== undefined)) {
    pend(run, state, "B3", rule, "missing-fact", missing ?? "")
    return
  }
  const { window, correction } = rule.effect
  let late = false
  if (frequency === 7 && originalReceived !== undefined) {
    late = isLate(run, state, rule, { from, window, received: originalReceived })
    if (!late) late = isLate(run, state, rule, { from: originalReceived, window: correction, received })
  } else late = isLate(run, state, rule, { from, window, received })
  if (late) refuse(run, state, "B3", rule, { group: "CO", carc: "29" })
}

function isLate(
  run: Run,
  state: LineState,
  rule: RuleOf<"timely">,
  span: { readonly from: number; readonly window: Duration; readonly received: number },
): boolean {
  const last = endOf(span.from, span.window)
  const late = span.received > last
  if (run.trace === undefined) return late
  const dayOf = (day: number) => Math.max(0, day)
  const inputs = [
    ["from", dayOf(span.from)],
    ["last", dayOf(last)],
    ["received", dayOf(span.received)],
  ] as const
  const at = { line: state.line.number, step: "B3", formula: "deadline" } as const
  record(run.trace, rule, at, inputs, [["late", late ? 1 : 0]])
  return late
}

/** The day from which the window runs; the name of the fact that would say so when it is absent. */
function timelyFrom(run: Run, state: LineState, rule: RuleOf<"timely">): number | string {
  const { claim, member } = run
  switch (rule.effect.from) {
    case "service":
      return state.line.to
    case "discharge":
      // A claim that is about no stay has no discharge: its service ends with its last day.
      if (claim.discharged === undefined && !claim.inpatient && claim.admitted === undefined) return state.line.to
      return claim.discharged ?? "discharged"
    case "priorPayer": {
      const legs = run.input.legs.value
      // The first payer waits for nobody.
      if (legs.length === 0 && member.rank === 1) return state.line.to
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
    case "code":
      return billedCode(line)
    case "charge":
    case "from":
    case "to":
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
    case "code":
      return billedCode(a) === billedCode(b)
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

/** What a signed decision says of a line under a clause: 1 the clause applies, 0 it does not; undefined when none does. */
export function decisionOn(run: Run, clause: string, line: number): Decision | undefined {
  for (const decision of run.input.decisions.value)
    if (decision.clause === clause && decision.line === line) return decision
  return undefined
}

/** B4: the same service twice, in this claim or counted in the snapshot. A signed decision settles what may be one. */
export function checkDuplicate(run: Run, state: LineState): void {
  const rule = winner(run, state, "B4", "duplicate")
  if (rule === stuck || rule === undefined) return
  state.duplicateRule = rule
  const decided = decisionOn(run, rule.clause.number, state.line.number)?.answer
  if (decided === 0) return
  const possible = decided === 1 ? undefined : rule.effect.possible
  const answer = decided === 1 ? "same" : compareToLines(run, state, rule, possible)
  if (answer === "same") refuse(run, state, "B4", rule, { group: "OA", carc: "18" })
  else if (answer === "new") compareToHistory(run, state, rule, possible)
}

type Fields = readonly DuplicateField[] | undefined

/** Whether an earlier line of the claim is the same; one that may be the same pends the line. */
function compareToLines(
  run: Run,
  state: LineState,
  rule: RuleOf<"duplicate">,
  possible: Fields,
): "same" | "possible" | "new" {
  for (const other of run.lines) {
    if (other === state) break
    if (!shareFact(state.line, other.line)) continue
    if (sameFields(state.line, other.line, rule.effect.same)) return "same"
    if (possible !== undefined && sameFields(state.line, other.line, possible)) {
      pend(run, state, "B4", rule, "possible-duplicate", `line ${other.line.number}`)
      return "possible"
    }
  }
  return "new"
}

/** Against what earlier claims were paid for, as the snapshot has it. */
function compareToHistory(run: Run, state: LineState, rule: RuleOf<"duplicate">, possible: Fields): void {
  const { events } = run.input.snapshot.value
  if (events.length === 0) return
  const owner = duplicateOwner(run, state.line, rule)
  if (run.ledger.remembers(rule.clause.number, owner)) {
    // A replacement that repeats what another claim was paid for is no second claim: the service was paid before.
    if (run.claim.frequency === 7) refuse(run, state, "B4", rule, { group: "OA", carc: "B13" })
    // A copy that an earlier payer passed on comes with that payer's answer.
    else if (run.input.legs.value.length > 0)
      refuse(run, state, "B4", rule, { group: "OA", carc: "18", rarc: ["N522"] })
    else refuse(run, state, "B4", rule, { group: "OA", carc: "18" })
    return
  }
  if (possible === undefined) return
  const { same } = rule.effect
  const places = possible.map((field) => same.indexOf(field))
  const own = owner.slice("line ".length).split("|")
  if (places.includes(-1) || own.length !== same.length) return
  for (const event of events) {
    if (event.clause !== rule.clause.number || !event.owner.startsWith("line ")) continue
    const parts = event.owner.slice("line ".length).split("|")
    if (parts.length !== same.length || places.some((at) => parts[at] !== own[at])) continue
    pend(run, state, "B4", rule, "possible-duplicate", `statement ${toHex(event.statement.subarray(0, 4))}`)
    return
  }
}

/** The event by which a later claim will know this line, once it is paid. */
export function noteLine(run: Run, state: LineState): void {
  const rule = state.duplicateRule
  if (rule === undefined) return
  const { provider } = run.provider
  const owner = duplicateOwner(run, state.line, rule)
  run.ledger.note({ clause: rule.clause.number, owner, day: state.line.from, provider, quantity: 1n })
}

/** Frequencies of a bill: 1 original, 7 replacement, 8 void; a hospital also sends interim bills and late charges. */
const frequencies: readonly number[] = [1, 7, 8]
const hospitalFrequencies: readonly number[] = [1, 2, 3, 4, 5, 7, 8, 9]

/** B5: a replacement or a void names what it is about. The claims it may be about are the payer's own: it signs facts. */
export function checkReplacement(run: Run, state: LineState): void {
  const { frequency, kind, original, originalReceived } = run.claim
  const wrong = (...rarc: readonly string[]) => refuse(run, state, "B5", undefined, { group: "CO", carc: "16", rarc })
  const isHospital = kind === "institutional"
  if (!(isHospital ? hospitalFrequencies : frequencies).includes(frequency)) wrong(isHospital ? "MA30" : "N34", "MA130")
  if (isHospital && !fitsBillType(run.claim.billType, frequency)) wrong("MA30", "MA130")
  if (frequency !== 7 && frequency !== 8) return
  if (original === undefined) wrong("M47")
  else if (decisionOn(run, "B5", 0)?.answer === 0) wrong("N142")
  else if (frequency === 8) {
    // A void is a replacement by nothing: what the original posted is taken back from its own record, step K1.
    refuse(run, state, "B5", undefined, { group: "CO", carc: "125", rarc: ["MA67"] })
  } else if (originalReceived === undefined && state.status === "open") {
    pend(run, state, "B5", undefined, "missing-fact", "originalReceived")
  }
}

/** A whole type of bill (three digits, or four with a leading zero) ends with the frequency. */
function fitsBillType(billType: string | undefined, frequency: number): boolean {
  const whole = billType === undefined ? undefined : /^0?\d\d(\d)$/.exec(billType)
  return whole === undefined || whole === null || Number(whole[1]) === frequency
}
