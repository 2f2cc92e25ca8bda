/** Gates D2 and D3: prior authorization, waiting times, and counted limits, which set units aside for the line. */
import { matching, stuck } from "../adjudicate/choose.ts"
import { type LineState, pend, type RuleOf, type Run, record, refuse, roomFor } from "../adjudicate/state.ts"
import type { ClaimLine } from "../claim.ts"
import type { Authorization } from "../input.ts"
import type { Bucket, NamedNumber } from "../parts.ts"
import { addMonths, valueOn } from "../plan.ts"
import { conditionOf } from "../share/condition.ts"
import { isRolling, startOfPeriod } from "../share/room.ts"
import { billedCode } from "./gates-tables.ts"

/** Why no authorization lets the line through, with the remark where it says something else than the claim. */
interface Fault {
  readonly carc: string
  readonly rarc: readonly string[]
}
const differs = ["N54"]

/** Whether an authorization is for a line: by its code, or by a category that holds it. */
function isFor(item: Authorization, line: LineState, covers: "code" | "category"): boolean {
  if (covers === "code") return item.covers === billedCode(line.line)
  const path = line.leaf?.path ?? []
  return path.some((category) => category.depth > 0 && category.name === item.covers)
}

const isHeld = (run: Run, item: Authorization) => item.provider === undefined || item.provider === run.provider.provider

/** Units of this line and of those before it that draw on the same authorization. */
function drawnFrom(run: Run, item: Authorization, state: LineState, covers: "code" | "category"): number {
  let drawn = 0
  for (const other of run.lines) {
    const draws = other === state || (other.status === "open" && isFor(item, other, covers))
    if (draws && other.line.from >= item.from && other.line.to <= item.until) drawn += other.line.unitsMilli
    if (other === state) break
  }
  return drawn
}

function authorizationFault(run: Run, state: LineState, rule: RuleOf<"authorize">): Fault | undefined {
  const { covers } = rule.effect
  const { from, to } = state.line
  const all = run.input.authorizations.value
  const named = all.filter((item) => isFor(item, state, covers))
  if (named.length === 0) {
    // One that is in force here and now and that no line of the claim is about was meant for this service.
    const stray = all.some(
      (item) =>
        item.from <= from &&
        to <= item.until &&
        isHeld(run, item) &&
        !run.lines.some((line) => isFor(item, line, "code") || isFor(item, line, "category")),
    )
    return stray ? { carc: "284", rarc: differs } : { carc: "197", rarc: [] }
  }
  const sound = named.filter((item) => item.unitsMilli > 0)
  if (sound.length === 0) return { carc: "15", rarc: [] }
  const held = sound.filter((item) => isHeld(run, item))
  if (held.length === 0) return { carc: "296", rarc: differs }
  const inTime = held.filter((item) => item.from <= from && to <= item.until)
  if (inTime.length > 0)
    return inTime.some((item) => drawnFrom(run, item, state, covers) <= item.unitsMilli)
      ? undefined
      : { carc: "198", rarc: differs }
  return held.some((item) => to > item.until) ? { carc: "302", rarc: [] } : { carc: "15", rarc: differs }
}

/** D2: an authorization in force, or less benefit without it. */
export function checkAuthorization(run: Run, state: LineState): void {
  const rules = matching(run, state, "D2", "authorize")
  if (rules === stuck || state.lifts.has("authorize")) return
  for (const rule of rules) {
    const fault = authorizationFault(run, state, rule)
    if (fault === undefined) continue
    if (rule.effect.otherwise === "deny") {
      refuse(run, state, "D2", rule, { group: "CO", ...fault })
      continue
    }
    const points = rule.effect.reduction && valueOn(rule.effect.reduction, state.line.from)
    if (points === undefined) pend(run, state, "D2", rule, "missing-fact", rule.effect.reduction?.name ?? "reduction")
    else state.reduction ??= { rule, points }
  }
}

function waitEnds(start: number, lasts: NamedNumber, count: bigint): number {
  return lasts.unit === "months" ? addMonths(start, Number(count)) : start + Number(count)
}

/** D3: no benefit before the waiting time is over. */
export function checkWaiting(run: Run, state: LineState): void {
  const rules = matching(run, state, "D3", "wait")
  if (rules === stuck || state.lifts.has("wait")) return
  for (const rule of rules) {
    const { lasts, from } = rule.effect
    const [start, count] = [run.member[from], valueOn(lasts, state.line.from)]
    if (start === undefined || count === undefined)
      pend(run, state, "D3", rule, "missing-fact", start === undefined ? from : lasts.name)
    else if (state.line.from < waitEnds(start, lasts, count))
      refuse(run, state, "D3", rule, { group: "PR", carc: "179" })
  }
}

/** How much of a limit the line needs; undefined when its units are no whole number, or it names no tooth. */
function quantityOf(state: LineState, rule: RuleOf<"limit">): bigint | undefined {
  switch (rule.effect.per) {
    case "visit":
      return 1n
    case "tooth":
      return state.line.tooth === undefined ? undefined : 1n
    case "day":
      return BigInt(Math.max(1, state.line.to - state.line.from + 1))
    default:
      return state.payableUnitsMilli % 1000n === 0n ? state.payableUnitsMilli / 1000n : undefined
  }
}

const countsUnits = (rule: RuleOf<"limit">) => rule.effect.per === "unit" || rule.effect.per === "item"

/** Whether two lines draw on one period of a bucket. Spans that roll overlap; they are taken as one. */
function samePeriod(run: Run, bucket: Bucket, a: LineState, b: LineState): boolean {
  if (bucket.condition !== undefined && conditionOf(run.plan, a.line) !== conditionOf(run.plan, b.line)) return false
  if (isRolling(bucket) || a.line.from === b.line.from) return true
  const facts = { coverFrom: run.member.coverFrom, admitted: run.claim.admitted }
  return startOfPeriod(bucket, a.line.from, facts) === startOfPeriod(bucket, b.line.from, facts)
}

/** Units that earlier lines of the claim set aside under the same bucket. */
function setAside(run: Run, state: LineState, rule: RuleOf<"limit">): bigint {
  let total = 0n
  for (const other of run.lines) {
    if (other === state) break
    if (other.status !== "open" || !samePeriod(run, rule.effect.bucket, state, other)) continue
    for (const use of other.uses) {
      const { bucket } = use.rule.effect
      if (bucket === rule.effect.bucket || bucket.alsoCounts.includes(rule.effect.bucket)) total += use.quantity
    }
  }
  return total
}

/** What counts once a day and provider: the visit, or each tooth; undefined for what counts line by line. */
export function countedOnce(line: ClaimLine, per: RuleOf<"limit">["effect"]["per"]): string | undefined {
  if (per === "visit") return "visit"
  return per === "tooth" && line.tooth !== undefined ? `tooth ${line.tooth}` : undefined
}

/** Whether an earlier line or claim already counted this visit or tooth: the same day, provider and clause. */
function isCounted(run: Run, state: LineState, rule: RuleOf<"limit">): boolean {
  const { per, bucket } = rule.effect
  const once = countedOnce(state.line, per)
  if (once === undefined) return false
  for (const other of run.lines) {
    if (other === state) break
    if (other.status !== "open" || other.line.from !== state.line.from || countedOnce(other.line, per) !== once)
      continue
    if (other.uses.some((use) => use.rule.effect.bucket === bucket)) return true
  }
  return run.ledger.has(rule.clause.number, once, state.line.from)
}

/** D3: counted limits. Units within the room are payable, units beyond are priced for the member alone. */
export function checkLimits(run: Run, state: LineState): void {
  const rules = matching(run, state, "D3", "limit")
  if (rules === stuck) return
  for (const rule of rules) {
    if (isCounted(run, state, rule)) continue
    const quantity = quantityOf(state, rule)
    const read = roomFor(run, state, rule.effect.bucket, true)
    if (quantity === undefined || typeof read !== "bigint") {
      const own = rule.effect.per === "tooth" ? "tooth" : "units"
      pend(run, state, "D3", rule, "missing-fact", typeof read === "bigint" ? own : read.missing)
      continue
    }
    const aside = setAside(run, state, rule)
    const room = read > aside ? read - aside : 0n
    const within = quantity < room ? quantity : room
    if (run.trace !== undefined)
      record(
        run.trace,
        rule,
        { line: state.line.number, step: "D3", formula: "room" },
        [["needed", quantity]],
        [["room", room]],
      )
    takeUnits(run, state, rule, quantity, within)
  }
}

function takeUnits(run: Run, state: LineState, rule: RuleOf<"limit">, quantity: bigint, within: bigint): void {
  if (within === 0n) {
    const visit = rule.effect.per === "visit"
    const carc = rule.effect.bucket.period.kind === "lifetime" ? "149" : visit ? "B1" : "119"
    refuse(run, state, "D3", rule, { group: "PR", carc })
    return
  }
  state.uses.push({ rule, quantity: within })
  if (within === quantity || state.status !== "open") return
  // A second limit splits what the first one left, and the first then uses no more than that.
  for (let i = 0; i < state.uses.length; i++) {
    const use = state.uses[i]!
    if (countsUnits(use.rule) && use.quantity > within) state.uses[i] = { ...use, quantity: within }
  }
  const charge = (state.payableCharge * within) / quantity
  const unitsMilli = (state.payableUnitsMilli * within) / quantity
  const beyond = { charge: state.payableCharge - charge, unitsMilli: state.payableUnitsMilli - unitsMilli, rule }
  state.beyond.push(beyond)
  state.payableCharge = charge
  state.payableUnitsMilli = unitsMilli
  if (run.trace === undefined) return
  const inputs = [
    ["within", within],
    ["units", quantity],
  ] as const
  record(run.trace, rule, { line: state.line.number, step: "D3", formula: "split" }, inputs, [["charge", charge]])
}
