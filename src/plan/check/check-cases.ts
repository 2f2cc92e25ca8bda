/** Runs the cases beside a plan: a case whose money or clauses differ refuses it, a clause none touches is a warning. */
import { formatMoney } from "../../base/money.ts"
import type { PlanCase } from "../cases/cases.ts"
import { type CaseResult, runCase } from "../cases/run-case.ts"
import type { Kind } from "../language/effects.ts"
import { type Finding, Report } from "../language/finding.ts"
import type { Plan } from "../plan.ts"

/** Kinds that leave no mark in a determination that a case could show. */
const unseen: ReadonlySet<Kind> = new Set(["define", "bucket", "assurance", "interest", "bonus", "trueUp"])

/** Clauses whose rule took part in no case, whatever the cases list; each at the first effect that might have. */
function untouched(plan: Plan, touched: ReadonlySet<string>): readonly Finding[] {
  const report = new Report()
  for (const clause of plan.clauses) {
    const acts = plan.rules.find((rule) => rule.clause === clause && !unseen.has(rule.kind))
    if (acts === undefined || touched.has(clause.number)) continue
    report.clause = clause.number
    report.add("case-missing", acts.at, `No case touches clause ${clause.number}.`, "Add a case that it decides.")
  }
  return report.sorted()
}

function failures(plan: Plan, item: PlanCase, result: CaseResult): readonly string[] {
  const found: string[] = []
  const { code, exponent } = plan.front.currency
  const money = (amount: bigint) => `${formatMoney(amount, exponent)} ${code}`
  for (const { code: kind, missing } of result.outcome.leg.findings) {
    if (kind !== "also-refused") found.push(`a line waits for ${missing} (${kind}).`)
  }
  if (result.plan !== item.plan) {
    found.push(`the plan pays ${money(result.plan)}, the case says ${money(item.plan)}.`)
  }
  if (result.patient !== item.patient) {
    found.push(`the patient pays ${money(result.patient)}, the case says ${money(item.patient)}.`)
  }
  const absent = item.clauses.filter((clause) => !result.clauses.includes(clause))
  if (absent.length > 0) found.push(`clause ${absent.join(" and ")} took no part.`)
  return found
}

/** `missing`: clauses no case touches, placed in the plan. `failing`: one finding a difference, in the `.cases` file. */
export function checkCases(
  plan: Plan,
  cases: readonly PlanCase[],
): { readonly missing: readonly Finding[]; readonly failing: readonly Finding[] } {
  const report = new Report()
  const touched = new Set<string>()
  for (const item of cases) {
    const result = runCase(plan, item)
    for (const clause of result.clauses) touched.add(clause)
    for (const message of failures(plan, item, result)) {
      const remedy = "Correct the case, or the clause that decides it."
      report.add("case-fails", { line: item.line, column: 1 }, `“${item.name}”: ${message}`, remedy)
    }
  }
  const failing = report.sorted().map((finding) => ({ ...finding, file: "cases" }))
  return { missing: untouched(plan, touched), failing }
}
