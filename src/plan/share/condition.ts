/** Which of a plan's conditions a line belongs to: the owner of limits that run for one illness. */
import type { ClaimLine } from "../claim.ts"
import { type Plan, rowOn, rulesOfKind } from "../plan.ts"

/**
 * The condition of the first diagnosis the line points to that a table of conditions names. Undefined when none is in a
 * table: whose limit that would be is not known.
 */
export function conditionOf(plan: Plan, line: ClaimLine): string | undefined {
  for (const diagnosis of line.diagnoses) {
    for (const { effect } of rulesOfKind(plan, "define")) {
      if (effect.what !== "condition" || effect.table === undefined) continue
      const row = rowOn(effect.table, diagnosis, line.from)
      const name = row === undefined || row === "no-table" ? undefined : row.cells["condition"]
      if (name !== undefined && name !== "") return name
    }
  }
  return undefined
}
