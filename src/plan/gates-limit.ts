/** Gates D2 and D3: prior authorization, waiting times, and counted limits, which set units aside for the line. */
import { matching, stuck } from "./choose.ts"
import type { Authorization } from "./input.ts"
import type { Bucket, NamedNumber } from "./parts.ts"
import { addMonths, isWithin, valueOn } from "./plan.ts"
import { isRolling, startOfPeriod } from "./room.ts"
import { type LineState, pend, type RuleOf, type Run, record, refuse, roomFor } from "./state.ts"

/** Why no authorization lets the line through; undefined when one does. */
function authorizationFault(run: Run, state: LineState, rule: RuleOf<"authorize">): string | undefined {
  const covers = (item: Authorization) =>
    rule.effect.covers === "code"
      ? item.covers === state.line.code
      : run.plan.categories.some(
          (category) => category.name === item.covers && state.leaf !== undefined && isWithin(state.leaf, category),
        )
  const named = run.input.authorizations.value.filter(covers)
  if (named.length === 0) return "197"
  const inTime = named.filter((item) => item.from <= state.line.from && state.line.to <= item.until)
  if (inTime.length === 0) return "302"
  const here = inTime.filter((item) => item.provider === undefined || item.provider === run.provider.provider)
  if (here.length === 0) return "15"
  let used = 0
  for (const other of run.lines) {
    const counts = rule.effect.covers === "code" ? other.line.code === state.line.code : other.leaf === state.leaf
    if (counts) used += other.line.unitsMilli
    if (other === state) break
  }
  return here.some((item) => used <= item.unitsMilli) ? undefined : "198"
}

/** D2: an authorization in force, or less benefit without it. */
export function checkAuthorization(run: Run, state: LineState): void {
  const rules = matching(run, state, "D2", "authorize")
  if (rules === stuck || state.lifts.has("authorize")) return
  for (const rule of rules) {
    const fault = authorizationFault(run, state, rule)
    if (fault === undefined) continue
    if (rule.effect.otherwise === "deny") {
      refuse(run, state, "D2", rule, { group: "CO", carc: fault })
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

/** How much of a limit the line needs; undefined when its units are no whole number. */
function quantityOf(state: LineState, rule: RuleOf<"limit">): bigint | undefined {
  switch (rule.effect.per) {
    case "visit":
    case "tooth":
      return 1n
    case "day":
      return BigInt(state.line.to - state.line.from + 1)
    default:
      return state.payableUnitsMilli % 1000n === 0n ? state.payableUnitsMilli / 1000n : undefined
  }
}

const countsUnits = (rule: RuleOf<"limit">) => rule.effect.per === "unit" || rule.effect.per === "item"

/** Whether two lines draw on one period of a bucket. Spans that roll overlap; they are taken as one. */
function samePeriod(run: Run, bucket: Bucket, a: LineState, b: LineState): boolean {
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
    for (const use of other.uses) if (use.rule.effect.bucket === rule.effect.bucket) total += use.quantity
  }
  return total
}

/** Whether an earlier line already counted this visit: the same day, provider and clause. */
function sameVisit(run: Run, state: LineState, rule: RuleOf<"limit">): boolean {
  if (rule.effect.per !== "visit") return false
  for (const other of run.lines) {
    if (other === state) break
    const counted = other.status === "open" && other.uses.some((use) => use.rule.effect.bucket === rule.effect.bucket)
    if (counted && other.line.from === state.line.from) return true
  }
  return run.ledger.has(rule.clause.number, "visit", state.line.from)
}

/** D3: counted limits. Units within the room are payable, units beyond are priced for the member alone. */
export function checkLimits(run: Run, state: LineState): void {
  const rules = matching(run, state, "D3", "limit")
  if (rules === stuck) return
  for (const rule of rules) {
    if (sameVisit(run, state, rule)) continue
    const quantity = quantityOf(state, rule)
    const read = roomFor(run, state, rule.effect.bucket, true)
    if (quantity === undefined || typeof read !== "bigint") {
      pend(run, state, "D3", rule, "missing-fact", typeof read === "bigint" ? "units" : read.missing)
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
