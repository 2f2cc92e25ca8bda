/**
 * Steps A2 to D3: may this line be paid at all? Every gate runs for every line, so that all reasons are found, but the
 * earliest one is the reason given. No money is counted here; a limit only sets units aside.
 */

import { matching, stuck } from "../adjudicate/choose.ts"
import { LineFacts } from "../adjudicate/facts.ts"
import { type LineState, pend, type Run, record, refuse } from "../adjudicate/state.ts"
import { leafOf } from "../plan.ts"
import { checkOrder } from "../share/order.ts"
import { checkBundle } from "./gates-bundle.ts"
import { checkDuplicate, checkReplacement, checkTimely } from "./gates-claim.ts"
import { checkCode } from "./gates-code.ts"
import { checkClaimData, checkEligibility, checkOtherPayer } from "./gates-data.ts"
import { checkAddOn, checkGlobal, checkUnits, checkWastage } from "./gates-edit.ts"
import { checkAuthorization, checkLimits, checkWaiting } from "./gates-limit.ts"
import { checkProvider } from "./gates-provider.ts"
import { billedCode, gateIndex } from "./gates-tables.ts"

/** Step D1's first half: the one leaf that holds the code. Found first of all, since clauses speak of categories. */
export function findCategory(run: Run, state: LineState): void {
  const leaf = leafOf(run.plan, billedCode(state.line), state.line.from)
  if (leaf !== "no-table" && leaf !== "no-row") {
    state.leaf = leaf
    if (state.facts instanceof LineFacts) state.facts.leaf = leaf
  }
}

/** A void asks for nothing and is judged by nothing but what it is about: it gives money back. */
const isVoid = ({ claim }: Run) => claim.frequency === 8

/** Steps A2 and B1 to B5 for one line. They are the claim's own: all lines pass them before any comes to C1. */
export function passClaimGates(run: Run, state: LineState): void {
  if (isVoid(run)) {
    checkReplacement(run, state)
    return
  }
  const index = gateIndex(run.plan)
  checkClaimData(run, state, index)
  checkEligibility(run, state)
  checkOtherPayer(run, state)
  checkOrder(run, state)
  checkTimely(run, state)
  checkDuplicate(run, state)
  checkReplacement(run, state)
}

/** Steps C1 to D3 for one line, in the order C1 C2 D1 C3 C4 C5 D2 D3. */
export function passGates(run: Run, state: LineState): void {
  if (isVoid(run)) return
  const index = gateIndex(run.plan)
  checkCode(run, state, index)
  checkProvider(run, state, index)
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

/** D1: is the line a benefit of this plan? */
function checkCover(run: Run, state: LineState): void {
  const at = { line: state.line.number, step: "D1", formula: "category" } as const
  if (run.trace !== undefined)
    record(run.trace, undefined, at, [["code", billedCode(state.line)]], [["category", state.leaf?.name ?? ""]])
  if (state.leaf === undefined) {
    if (leafOf(run.plan, billedCode(state.line), state.line.from) === "no-table")
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
