/** Runs the cases beside a plan: a case whose money or clauses differ refuses it, a clause none touches is a warning. */
import { formatMoney } from "../base/money.ts"
import type { PlanCase } from "./cases.ts"
import type { Kind } from "./effects.ts"
import { type Finding, Report } from "./finding.ts"
import type { Plan } from "./plan.ts"
import { runCase } from "./run-case.ts"

/** Kinds that leave no mark in a determination that a case could show. */
const unseen: ReadonlySet<Kind> = new Set(["define", "bucket", "assurance", "interest", "bonus", "trueUp"])

/** A clause whose rule took part in no case, whatever the cases list. Placed at the first effect that might have. */
function checkTouched(plan: Plan, touched: ReadonlySet<string>, report: Report): void {
  for (const clause of plan.clauses) {
    const acts = plan.rules.find((rule) => rule.clause === clause && !unseen.has(rule.kind))
    if (acts === undefined || touched.has(clause.number)) continue
    report.clause = clause.number
    report.add("case-missing", acts.at, `No case touches clause ${clause.number}.`, "Add a case that it decides.")
  }
  report.clause = undefined
}

/** Clauses no case touches, placed in the plan; then one finding a difference, placed in the `.cases` file. */
export function checkCases(plan: Plan, cases: readonly PlanCase[]): readonly Finding[] {
  const report = new Report()
  const { code, exponent } = plan.front.currency
  const money = (amount: bigint) => `${formatMoney(amount, exponent)} ${code}`
  const touched = new Set<string>()
  for (const item of cases) {
    const result = runCase(plan, item)
    for (const clause of result.clauses) touched.add(clause)
    const fail = (message: string) => {
      const remedy = "Correct the case, or the clause that decides it."
      report.add("case-fails", { line: item.line, column: 1 }, `“${item.name}”: ${message}`, remedy)
    }
    for (const { code: kind, missing } of result.outcome.leg.findings) {
      if (kind !== "also-refused") fail(`a line waits for ${missing} (${kind}).`)
    }
    if (result.plan !== item.plan) fail(`the plan pays ${money(result.plan)}, the case says ${money(item.plan)}.`)
    if (result.patient !== item.patient) {
      fail(`the patient pays ${money(result.patient)}, the case says ${money(item.patient)}.`)
    }
    const absent = item.clauses.filter((clause) => !result.clauses.includes(clause))
    if (absent.length > 0) fail(`clause ${absent.join(" and ")} took no part.`)
  }
  const missing = new Report()
  checkTouched(plan, touched, missing)
  return [...missing.sorted(), ...report.sorted().map((finding) => ({ ...finding, file: "cases" }))]
}
