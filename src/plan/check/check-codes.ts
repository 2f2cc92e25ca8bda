/** `codes-invalid`: adjustment codes that a clause states and that the loaded table does not have on its dates. */
import { formatDate } from "../../base/time.ts"
import { knownReasons, knownRemarks } from "../explain/reasons.ts"
import type { Codes } from "../language/effects.ts"
import type { Place, Report } from "../language/finding.ts"
import type { Day } from "../parts.ts"
import type { Plan, Rule } from "../plan.ts"

/** When a code may be used: day numbers, half-open; a bound that is absent is open. */
export interface CodeDates {
  readonly from?: Day
  readonly until?: Day
}

export interface ReasonDates extends CodeDates {
  /** The groups a reason may stand with; all when absent. */
  readonly groups?: readonly Codes["group"][]
}

/** Claim adjustment reason codes and remark codes in force, as an operator loads them. */
export interface CodeTable {
  readonly reasons: ReadonlyMap<string, ReasonDates>
  readonly remarks: ReadonlyMap<string, CodeDates>
}

/** Deductible, coinsurance and copay are always the patient's. */
const patientOnly: ReadonlySet<string> = new Set(["1", "2", "3"])

/** The codes the product itself gives or has words for, without dates: what holds where no table is loaded. */
export const ownCodes: CodeTable = {
  reasons: new Map(knownReasons.map((code) => [code, patientOnly.has(code) ? { groups: ["PR"] } : {}] as const)),
  remarks: new Map(knownRemarks.map((code) => [code, {}] as const)),
}

/** The product's own codes with published lists in the place of its own; what is always the patient's stays so. */
export function loadedCodes(reasons?: CodeTable["remarks"], remarks?: CodeTable["remarks"]): CodeTable {
  const withGroups = ([code, dates]: readonly [string, CodeDates]) =>
    [code, patientOnly.has(code) ? { ...dates, groups: ["PR"] as const } : dates] as const
  return {
    reasons: reasons === undefined ? ownCodes.reasons : new Map([...reasons].map(withGroups)),
    remarks: remarks ?? ownCodes.remarks,
  }
}

/** The first day of the rule on which the code is not in force. */
function firstGap({ guard }: Rule, dates: CodeDates): Day | undefined {
  if (dates.from !== undefined && dates.from > guard.from) return guard.from
  if (dates.until !== undefined && dates.until < guard.until) return dates.until > guard.from ? dates.until : guard.from
  return undefined
}

export function checkCodes(plan: Plan, table: CodeTable, report: Report): void {
  for (const rule of plan.rules) {
    const { codes } = rule.effect
    if (codes === undefined) continue
    report.clause = rule.clause.number
    const check = (what: string, code: string, dates: CodeDates | undefined, at: Place) => {
      const gap = dates === undefined ? undefined : firstGap(rule, dates)
      if (dates !== undefined && gap === undefined) return
      const when = gap === undefined ? "" : ` on ${formatDate(gap)}`
      const message = `${what} ${code} is not in the table of codes${when}.`
      report.add("codes-invalid", at, message, "Name a code in force, or load the edition that has it.")
    }
    const reason = table.reasons.get(codes.carc)
    check("Reason", codes.carc, reason, codes.places.carc)
    if (codes.rarc !== undefined) check("Remark", codes.rarc, table.remarks.get(codes.rarc), codes.places.rarc)
    if (reason?.groups !== undefined && !reason.groups.includes(codes.group)) {
      const message = `Reason ${codes.carc} does not stand with group ${codes.group}.`
      report.add("codes-invalid", codes.places.group, message, `Write group: ${reason.groups.join(" or ")}.`)
    }
  }
  report.clause = undefined
}
