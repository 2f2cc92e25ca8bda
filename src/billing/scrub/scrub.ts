/**
 * The scrubber: every claim of a file is looked through before it is sent. Rules of the format and of plain sense need
 * nothing; a payer's published plan, a table of diagnoses and a list of members make it see as the payer will.
 */
import type { Claim837 } from "../../formats/x12/claim/claim-837.ts"
import type { Plan } from "../../plan/plan.ts"
import type { MemberList } from "../members.ts"
import { checkByPlan } from "./by-plan.ts"
import { checkDates } from "./dates.ts"
import { checkDiagnoses } from "./diagnoses.ts"
import { ClaimReport, type ScrubbedClaim, type ScrubFinding } from "./finding.ts"
import { checkHabits } from "./habits.ts"
import { checkIdentity } from "./identity.ts"
import { checkLines, sameService } from "./lines.ts"

export interface ScrubOptions {
  /** Day number of today. */
  readonly on: number
  readonly plan?: Plan
  readonly members?: MemberList
  /** ICD-10-CM codes in force, without dots. */
  readonly diagnoses?: ReadonlySet<string>
}

/** Claims that repeat each other in one file. */
export function checkDoubles(claims: readonly ScrubbedClaim[]): readonly ScrubFinding[] {
  const [controls, services] = [new Map<string, number>(), new Map<string, number>()]
  return claims.flatMap(({ claim, position }) => {
    const report = new ClaimReport(position)
    const isNew = claim.frequency === 1
    const other = controls.get(claim.control)
    if (other !== undefined) {
      const says = `The claim has the number of claim ${other} of those given.`
      report.error("duplicate-claim", "CLM01", says, "Give each claim a number of its own, or take one out.")
    }
    controls.set(claim.control, position)
    const born = (claim.patient ?? claim.subscriber).born ?? ""
    const who = `${claim.billing.id}|${claim.subscriber.id}|${born}|${claim.payer.id}|${claim.rank}`
    const key = `${who}|${claim.lines.map(sameService).sort().join(";")}`
    const twin = services.get(key)
    if (isNew && twin !== undefined && other === undefined) {
      const fix = "Take one out; a correction is a claim of frequency 7."
      report.error("duplicate-claim", "CLM", `The claim bills what claim ${twin} of those given bills.`, fix)
    }
    if (isNew) services.set(key, position)
    return report.findings
  })
}

/** One claim by itself. */
export function checkOne(one: ScrubbedClaim, options: ScrubOptions): readonly ScrubFinding[] {
  const { claim, position } = one
  const report = new ClaimReport(position)
  checkIdentity(claim, options.on, report)
  checkDiagnoses(claim, options.diagnoses, report)
  const { plan, members } = options
  const byPlan = plan === undefined ? [] : checkByPlan(plan, members, one, options.on)
  return [...report.findings, ...checkDates(claim, position, options.on), ...checkLines(claim, position), ...byPlan]
}

/** Findings in the order of claims and lines; `claims` are those of one file, or of one day. */
export function scrub(
  claims: readonly { readonly position: number; readonly claim: Claim837 }[],
  options: ScrubOptions,
): readonly ScrubFinding[] {
  const found = [...claims.flatMap((one) => checkOne(one, options)), ...checkDoubles(claims), ...checkHabits(claims)]
  return found.sort((a, b) => a.claim - b.claim || (a.line ?? 0) - (b.line ?? 0))
}
