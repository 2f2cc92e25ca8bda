/**
 * Step E2, co-management: one surgery whose care several providers share. Each bills the surgery's code with the
 * modifier of its part; the part after it counts the days cared for, the line's own first to last day. The shares taken
 * of one surgery are kept as events, so that together they never come to more than the whole.
 */
import { divide, minimum } from "../../base/money.ts"
import { stuck, winner } from "../adjudicate/choose.ts"
import { adjust, type Care, codeOf, type LineState, pend, type RuleOf, type Run, record } from "../adjudicate/state.ts"
import { billedCode } from "../gates/gates-tables.ts"
import type { Comanage } from "../language/effects.ts"
import { valueOn } from "../plan.ts"
import type { Event } from "../snapshot.ts"

/** `whole`: billed without any of the modifiers. `after` names no surgery of its own: it belongs to one before it. */
type PartOfCare = "surgery" | "before" | "after" | "whole"

/** Wholes make room for parts and the other way round; two wholes are two surgeries. */
const excludes = (a: string, b: string) => a !== "whole" || b !== "whole"

const wholeShare = 10000n

function partOf(effect: Comanage, modifiers: readonly string[]): PartOfCare {
  if (modifiers.includes(effect.surgery.modifier)) return "surgery"
  if (modifiers.includes(effect.after.modifier)) return "after"
  return effect.before !== undefined && modifiers.includes(effect.before.modifier) ? "before" : "whole"
}

/** The side of the body is part of what a surgery is: two eyes are two surgeries. */
function nameOf({ line }: LineState): string {
  const side = line.modifiers.find((modifier) => modifier === "LT" || modifier === "RT") ?? ""
  return `care ${billedCode(line)}${side === "" ? "" : `-${side}`}`
}

/** What other lines of this surgery took: paid ones by their events, those of this claim by their place before it. */
function* takenOf(run: Run, state: LineState, rule: RuleOf<"comanage">): Generator<Event> {
  const name = nameOf(state)
  for (const event of run.ledger.eventsOf(rule.clause.number)) if (event.owner.startsWith(`${name} `)) yield event
  for (const other of run.lines) {
    if (other === state) return
    const { care } = other
    if (other.status !== "open" || care === undefined || care.rule !== rule) continue
    const { provider } = run.provider
    if (care.owner.startsWith(`${name} `))
      yield { clause: rule.clause.number, owner: care.owner, day: care.day, provider, quantity: care.quantity }
  }
}

/** The latest surgery on or before a day, no longer ago than its days of care. */
function surgeryBefore(taken: readonly Event[], day: number, days: number): number | undefined {
  let found: number | undefined
  for (const { owner, day: on } of taken) {
    if (owner.endsWith(" after") || owner.endsWith(" after?") || on > day || day - on > days) continue
    if (found === undefined || on > found) found = on
  }
  return found
}

/** What is already taken of the surgery of a day. Care whose surgery was not known then counts when it fits. */
function takenOn(taken: readonly Event[], part: PartOfCare, day: number, known: boolean, days: number): bigint {
  let sum = 0n
  for (const event of taken) {
    const other = event.owner.slice(event.owner.lastIndexOf(" ") + 1)
    const loose = other === "after?" || !known
    const sameSurgery = loose ? Math.abs(event.day - day) <= days : event.day === day
    if (sameSurgery && excludes(part, other)) sum += event.quantity
  }
  return sum
}

/** What one part may take of a surgery: the plan's share of it, times days. Undefined when the line was pended. */
function shareOf(
  run: Run,
  state: LineState,
  rule: RuleOf<"comanage">,
  part: PartOfCare,
): { quantity: bigint; days: bigint } | undefined {
  const { effect } = rule
  const day = state.line.from
  const number = part === "whole" ? undefined : effect[part]?.share
  const share = number === undefined ? wholeShare : valueOn(number, day)
  const days = effect.days === undefined ? 1n : valueOn(effect.days, day)
  if (share === undefined || days === undefined || days === 0n) {
    pend(run, state, "E2", rule, "missing-fact", (share === undefined ? number : effect.days)?.name ?? "days")
    return undefined
  }
  const cared = part === "after" && effect.days !== undefined ? BigInt(state.line.to - day + 1) : days
  return { quantity: share * minimum(cared, days), days }
}

/** E2: takes the part of the allowed amount that this line's share of the care is. */
export function shareCare(run: Run, state: LineState): void {
  const rule = winner(run, state, "E2", "comanage")
  if (rule === stuck || rule === undefined) return
  const part = partOf(rule.effect, state.line.modifiers)
  const wanted = shareOf(run, state, rule, part)
  if (wanted === undefined) return
  const taken = [...takenOf(run, state, rule)]
  const span = Number(wanted.days)
  const surgery = part === "after" ? surgeryBefore(taken, state.line.from, span) : state.line.from
  const day = surgery ?? state.line.from
  const all = wholeShare * wanted.days
  const room = all - minimum(all, takenOn(taken, part, day, surgery !== undefined, span))
  const quantity = minimum(wanted.quantity, room)
  const owner = `${nameOf(state)} ${surgery === undefined ? "after?" : part}`
  state.care = { rule, owner, day, quantity }
  if (quantity === all) return
  // Each provider charges for his own part: the share is of the whole price, and the charge bounds what it comes to.
  const whole = state.allowed === state.full && state.price > state.full ? state.price : state.allowed
  const allowed = minimum(state.allowed, divide(whole * quantity, all, run.plan.front.rounding))
  if (run.trace !== undefined) {
    const inputs = [
      ["full", state.allowed],
      ["price", whole],
      ["share", wanted.quantity],
      ["room", room],
      ["days", wanted.days],
    ] as const
    record(run.trace, rule, { line: state.line.number, step: "E2", formula: "care" }, inputs, [["allowed", allowed]])
  }
  adjust(state.adjustments, rule, codeOf(rule, { group: "CO", carc: "59" }), state.allowed - allowed)
  state.allowed = allowed
}

/** The event by which later claims know what was taken of this surgery. */
export function noteCare(run: Run, { care }: { readonly care: Care | undefined }): void {
  if (care === undefined || care.quantity === 0n) return
  const { rule, owner, day, quantity } = care
  run.ledger.note({ clause: rule.clause.number, owner, day, provider: run.provider.provider, quantity })
}
