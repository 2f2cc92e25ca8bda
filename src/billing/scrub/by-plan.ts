/**
 * The payer's own published plan as a scrubber: the claim is decided as the payer would, and what would be refused for a
 * reason that the practice can mend is said beforehand, with the clause and the remedy.
 */
import { isRefusal } from "../../formats/answer.ts"
import { reasonText, remarkText } from "../../plan/explain/reasons.ts"
import type { Adjustment, LegLine } from "../../plan/leg.ts"
import type { Plan } from "../../plan/plan.ts"
import { decideClaim } from "../decide-claim.ts"
import type { MemberList } from "../members.ts"
import { ClaimReport, type ScrubbedClaim, type ScrubFinding } from "./finding.ts"

/** What to do, by reason. Reasons that no better claim can mend (limits, cover that ended) are not said. */
const fixes: Readonly<Record<string, string>> = {
  "4": "Correct the modifier, or add the one that the clause asks for.",
  "5": "Correct the place of service or the type of bill.",
  "6": "Correct the birth date or the code.",
  "7": "Correct the patient's sex or the code.",
  "9": "Correct the birth date or the diagnosis.",
  "10": "Correct the patient's sex or the diagnosis.",
  "11": "Point to a diagnosis for which the service is done.",
  "14": "Correct the birth date or the day of service.",
  "16": "Add what is missing.",
  "18": "Take the second line out, or mark it as a repeat.",
  "22": "Send the claim to the first payer, and add its answer.",
  "29": "Send what shows that the claim went out in time.",
  "31": "Correct the member's number: the payer's list has nobody of it and this birth date.",
  "97": "Mark it as separate (25, 59) if it was, else take it out.",
  "107": "Add the main service to the claim.",
  "146": "Use a diagnosis code in force on the day.",
  "151": "Correct the units; the clause names the most.",
  "181": "Use a code in force on the day of service.",
  "182": "Use a modifier in force on the day of service.",
  "197": "Ask for the permission, and put its number in REF*G1.",
  "198": "Ask for the permission of the rest.",
  "199": "Correct the revenue code or the procedure.",
  "222": "Correct the units; the contract names the most.",
  "236": "Mark it as separate (59) if it was, else take it out.",
  "284": "Put the number of the right permission in REF*G1.",
  "288": "Ask for the referral, and put its number in REF*9F.",
  "302": "Ask for the permission for the right days.",
  B15: "Add the main service to the claim.",
}

function say(line: LegLine, reason: Adjustment, fix: string, hasNumber: boolean, report: ClaimReport): void {
  const isPermission = ["197", "198", "284", "288", "302"].includes(reason.carc)
  // Whether a number that the claim names is good, only the payer knows.
  if (isPermission && hasNumber) return
  const words = [reasonText(reason.carc) ?? "", ...reason.rarc.map((code) => remarkText(code) ?? "")]
  const says = `${words.filter((text) => text !== "").join(". ")}. (${reason.group}-${reason.carc})`
  const at = reason.clause === "" ? `step ${line.shown.step}` : `clause ${reason.clause}`
  report.error(isPermission ? "authorization" : "plan", at, says, fix)
}

/** What the plan would refuse or leave open for lack of a fact. */
export function checkByPlan(
  plan: Plan,
  members: MemberList | undefined,
  { claim, position }: ScrubbedClaim,
  received: number,
): readonly ScrubFinding[] {
  const decided = decideClaim(plan, claim, { members, received, trace: false })
  if (isRefusal(decided)) {
    const report = new ClaimReport(position)
    report.error("plan", decided.at, decided.message, decided.remedy)
    return report.findings
  }
  const { leg } = decided.outcome
  return leg.lines.flatMap((line) => {
    const own = decided.read.lineOf.get(line.number)?.number ?? line.number
    const report = new ClaimReport(position, own)
    const reason = line.status === "denied" ? line.adjustments.findLast((one) => one.carc !== "45") : undefined
    const fix = reason === undefined ? undefined : fixes[reason.carc]
    const isReferral = reason?.carc === "288"
    const numbers = isReferral ? decided.read.referrals : decided.read.authorizations
    if (reason !== undefined && fix !== undefined) say(line, reason, fix, numbers.length > 0, report)
    if (line.status === "pended") {
      for (const finding of leg.findings) {
        if (finding.line !== line.number || finding.code !== "missing-fact") continue
        const says = `The plan needs a fact that the claim does not give: ${finding.missing}.`
        report.error(
          "plan",
          finding.clause === "" ? `step ${finding.step}` : `clause ${finding.clause}`,
          says,
          "Add it.",
        )
      }
    }
    return report.findings
  })
}
