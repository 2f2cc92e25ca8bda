/** Runs the cases beside a plan: a case whose money or clauses differ refuses the plan. */
import { formatMoney } from "../base/money.ts"
import type { PlanCase } from "./cases.ts"
import { type Finding, Report } from "./finding.ts"
import type { Plan } from "./plan.ts"
import { runCase } from "./run-case.ts"

/** One finding a difference, placed in the `.cases` file. */
export function checkCases(plan: Plan, cases: readonly PlanCase[]): readonly Finding[] {
  const report = new Report()
  const { code, exponent } = plan.front.currency
  const money = (amount: bigint) => `${formatMoney(amount, exponent)} ${code}`
  for (const item of cases) {
    const result = runCase(plan, item)
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
  return report.sorted().map((finding) => ({ ...finding, file: "cases" }))
}
