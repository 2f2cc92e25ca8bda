/**
 * Steps A2 to D3: may this line be paid at all? Every gate runs for every line, so that all reasons are found, but the
 * earliest one is the reason given. No money is counted here; a limit only sets units aside.
 */

import { matching, stuck, winner } from "./choose.ts"
import { LineFacts } from "./facts.ts"
import {
  ageOn,
  checkClaimLine,
  checkDuplicate,
  checkEligibility,
  checkOtherPayer,
  checkReplacement,
  checkTimely,
} from "./gates-claim.ts"
import { checkAddOn, checkBundle, checkGlobal, checkUnits, checkWastage } from "./gates-edit.ts"
import { checkAuthorization, checkLimits, checkWaiting } from "./gates-limit.ts"
import { leafOf, rowOn, valueOn } from "./plan.ts"
import { type LineState, pend, type Run, record, refuse } from "./state.ts"

/** Step D1's first half: the one leaf that holds the code. Found first of all, since clauses speak of categories. */
export function findCategory(run: Run, state: LineState): void {
  const leaf = leafOf(run.plan, state.line.code, state.line.from)
  if (leaf !== "no-table" && leaf !== "no-row") {
    state.leaf = leaf
    if (state.facts instanceof LineFacts) state.facts.leaf = leaf
  }
}

/** Steps A2 to D3 for one line. */
export function passGates(run: Run, state: LineState): void {
  checkClaimLine(run, state)
  checkEligibility(run, state)
  checkOtherPayer(run, state)
  checkTimely(run, state)
  checkDuplicate(run, state)
  checkReplacement(run, state)
  checkAge(run, state)
  findEmergency(run, state)
  findTier(run, state)
  checkReferral(run, state)
  checkCover(run, state)
  checkBundle(run, state)
  checkGlobal(run, state)
  checkAddOn(run, state)
  checkUnits(run, state)
  checkWastage(run, state)
  checkAuthorization(run, state)
  checkWaiting(run, state)
  checkLimits(run, state)
}

/** C1: ages and sex that a clause asks for. */
function checkAge(run: Run, state: LineState): void {
  const rules = matching(run, state, "C1", "age")
  if (rules === stuck) return
  const { member } = run
  for (const rule of rules) {
    const { from, to, sex } = rule.effect
    if (from !== undefined || to !== undefined) {
      if (member.born === undefined) {
        pend(run, state, "C1", rule, "missing-fact", "born")
        continue
      }
      const years = BigInt(ageOn(member.born, state.line.from))
      const [least, most] = [from && valueOn(from, state.line.from), to && valueOn(to, state.line.from)]
      if ((least !== undefined && years < least) || (most !== undefined && years >= most))
        refuse(run, state, "C1", rule, { group: "CO", carc: "6" })
    }
    if (sex === undefined) continue
    if (member.sex === undefined) pend(run, state, "C1", rule, "missing-fact", "sex")
    else if (member.sex !== sex) refuse(run, state, "C1", rule, { group: "CO", carc: "7" })
  }
}

/** C2: the gates that an emergency opens, and the tier it is paid as. */
function findEmergency(run: Run, state: LineState): void {
  const rules = matching(run, state, "C2", "emergency")
  if (rules === stuck || rules.length === 0) return
  const lifts = new Set<string>()
  for (const rule of rules) {
    for (const gate of rule.effect.lifts) lifts.add(gate)
    if (rule.effect.payAs !== undefined && rule.effect.lifts.includes("network")) setTier(state, rule.effect.payAs)
    const at = { line: state.line.number, step: "C2", formula: "clause" } as const
    if (run.trace !== undefined) record(run.trace, rule, at, [], [["lifts", rule.effect.lifts.join(" ")]])
  }
  state.lifts = lifts
}

function setTier(state: LineState, tier: string): void {
  state.tier = tier
  if (state.facts instanceof LineFacts) state.facts.tier = tier
}

/** C2: the network tier, from the clauses, the provider tables, or because there is only one. */
function findTier(run: Run, state: LineState): void {
  if (state.tier !== undefined) return
  const rule = winner(run, state, "C2", "network")
  if (rule === stuck) return
  if (rule !== undefined) {
    if (rule.effect.tier === "notCovered") refuse(run, state, "C2", rule, { group: "CO", carc: "242" })
    else setTier(state, rule.effect.tier)
  } else {
    const tier = tierByTable(run, state)
    if (tier !== undefined) setTier(state, tier)
    else if (run.plan.front.tiers.length === 1) setTier(state, run.plan.front.tiers[0]!)
    else pend(run, state, "C2", undefined, "missing-fact", "tier")
  }
  if (run.trace === undefined || state.tier === undefined) return
  const at = { line: state.line.number, step: "C2", formula: "tier" } as const
  record(run.trace, rule, at, [["provider", run.provider.provider]], [["tier", state.tier]])
}

function tierByTable(run: Run, state: LineState): string | undefined {
  for (const { table, by } of run.plan.networks) {
    const key = by === "provider" ? run.provider.provider : run.provider.contract
    const row = key === undefined ? undefined : rowOn(table, key, state.line.from)
    if (row !== undefined && row !== "no-table") {
      const tier = row.cells["tier"]
      if (tier !== undefined && run.plan.front.tiers.includes(tier)) return tier
    }
  }
  return undefined
}

/** C2: a referral where a clause asks for one. */
function checkReferral(run: Run, state: LineState): void {
  const rules = matching(run, state, "C2", "refer")
  if (rules === stuck || state.lifts.has("refer")) return
  for (const rule of rules) {
    const fits = run.input.referrals.value.filter(
      (referral) =>
        referral.from === rule.effect.from && (referral.to === undefined || referral.to === run.provider.provider),
    )
    if (fits.length === 0) refuse(run, state, "C2", rule, { group: "CO", carc: "288" })
    else if (fits.every((referral) => referral.used >= referral.visits))
      refuse(run, state, "C2", rule, { group: "CO", carc: "287" })
  }
}

/** D1: is the line a benefit of this plan? */
function checkCover(run: Run, state: LineState): void {
  const at = { line: state.line.number, step: "D1", formula: "category" } as const
  if (run.trace !== undefined)
    record(run.trace, undefined, at, [["code", state.line.code]], [["category", state.leaf?.name ?? ""]])
  if (state.leaf === undefined) {
    if (leafOf(run.plan, state.line.code, state.line.from) === "no-table")
      pend(run, state, "D1", undefined, "no-table", "category")
    else refuse(run, state, "D1", undefined, { group: "PR", carc: "204" })
    return
  }
  const covers = matching(run, state, "D1", "cover")
  const excludes = matching(run, state, "D1", "exclude")
  if (covers === stuck || excludes === stuck) return
  const excluded = excludes.find((rule) => !covers.some((cover) => cover.exceptionTo.has(rule.index)))
  if (excluded !== undefined) {
    const noticed =
      excluded.effect.notice === "none" ||
      run.input.notices.value.some(
        ({ clause, line }) => clause === excluded.clause.number && line === state.line.number,
      )
    refuse(run, state, "D1", excluded, { group: noticed ? "PR" : "CO", carc: "96", rarc: ["N130"] })
  } else if (covers[0] === undefined) {
    refuse(run, state, "D1", undefined, { group: "PR", carc: "204" })
  } else {
    if (run.trace !== undefined) record(run.trace, covers[0], { ...at, formula: "cover" }, [], [["covered", 1]])
    if (state.status === "open") state.shown = { step: "D1", clause: covers[0].clause.number, kind: "cover" }
  }
}
