/** What a published plan allows for the lines of a claim: the same adjudicator that pays, asked without accumulators. */
import { isRefusal } from "../../../formats/answer.ts"
import type { Claim837 } from "../../../formats/x12/claim/claim-837.ts"
import type { LegLine } from "../../../plan/leg.ts"
import type { Plan } from "../../../plan/plan.ts"
import { decideClaim } from "../../decide-claim.ts"
import { plainKey } from "../intake/payer.ts"
import type { PlannedLine } from "../intake/sent.ts"

/** The key by which the plan's payer is known in claims. */
export function planKey(plan: Plan, planPayer: string): string {
  return plainKey(planPayer === "" ? plan.front.payer : planPayer)
}

/** By place in the claim's lines; undefined where the plan is not in force. Allowed amounts need no accumulators. */
export function plannedLines(plan: Plan, claim: Claim837): readonly (PlannedLine | undefined)[] {
  const { from, until } = plan.front.effective
  const inForce = claim.lines.map((line) => line.from >= from && line.from < until)
  if (!inForce.includes(true)) return []
  const decided = decideClaim(plan, claim, { members: undefined, trace: false })
  if (isRefusal(decided)) return claim.lines.map(() => cannot(decided.code))
  const { leg } = decided.outcome
  return claim.lines.map((line, index) => {
    if (inForce[index] !== true) return undefined
    const own = leg.lines.filter(({ number }) => decided.read.lineOf.get(number) === line)
    const missing = leg.findings.find(({ line: number }) => decided.read.lineOf.get(number) === line)
    return plannedLine(own, missing?.missing ?? "a fact")
  })
}

const cannot = (reason: string): PlannedLine => ({ says: "not-checkable", allowed: 0n, clause: "", reason })

function plannedLine(lines: readonly LegLine[], missing: string): PlannedLine {
  if (lines.length === 0 || lines.some(({ status }) => status === "pended" || status === "held")) return cannot(missing)
  const allowed = lines.reduce((sum, line) => sum + (line.status === "denied" ? 0n : line.allowed), 0n)
  const [first] = lines
  if (lines.every(({ status }) => status === "denied"))
    return { says: "denies", allowed: 0n, clause: first!.shown.clause, reason: "" }
  const priced = first!.adjustments.find(({ kind }) => kind === "allow")
  return { says: "allows", allowed, clause: priced?.clause ?? first!.shown.clause, reason: "" }
}
