/**
 * Step B2, the order of payers: a table's rows say, for how this member is covered here and how elsewhere, who pays
 * first. The rank the claim was sent under is checked against them; nobody pays out of turn.
 */
import { stuck, winner } from "../adjudicate/choose.ts"
import { type LineState, pend, type RuleOf, type Run, record, refuse } from "../adjudicate/state.ts"
import type { TableSeries } from "../parts.ts"
import { rowOn } from "../plan.ts"

/** Whether the other cover comes first; what is missing when no row tells. `*` stands for every relation. */
function isOtherFirst(
  table: TableSeries,
  relation: string | undefined,
  other: string,
  day: number,
): boolean | "no-table" | undefined {
  for (const own of relation === undefined ? ["*"] : [relation, "*"]) {
    const row = rowOn(table, `${own}|${other}`, day)
    if (row === "no-table") return row
    if (row !== undefined) return row.cells["first"] === "other"
  }
  return undefined
}

/** This payer's place by the table, from 1; undefined when the line was pended. */
function rankByTable(run: Run, state: LineState, rule: RuleOf<"cob">, table: TableSeries): number | undefined {
  let rank = 1
  for (const other of run.member.otherCover) {
    const first = isOtherFirst(table, run.member.relation, other, state.line.from)
    if (first === "no-table" || first === undefined) {
      const isUnknown = first === undefined && run.member.relation === undefined
      const missing = first === "no-table" ? table.name : isUnknown ? "relation" : "otherCover"
      pend(run, state, "B2", rule, first ?? "missing-fact", missing)
      return undefined
    }
    if (first) rank++
  }
  return rank
}

/** B2: refuses a claim whose turn has not come, and pends one whose papers tell another order than the table. */
export function checkOrder(run: Run, state: LineState): void {
  if (run.plan.byKind.cob.length === 0) return
  const rule = winner(run, state, "B2", "cob")
  if (rule === stuck || rule?.effect.order === undefined) return
  const rank = rankByTable(run, state, rule, rule.effect.order)
  if (rank === undefined) return
  const place = 1 + run.input.legs.value.length
  const stated = run.member.rank
  if (run.trace !== undefined) {
    const at = { line: state.line.number, step: "B2", formula: "order" } as const
    const inputs = [
      ["stated", stated],
      ["place", place],
    ] as const
    record(run.trace, rule, at, inputs, [["rank", rank]])
  }
  // A member of a later rank whose earlier payers are silent is refused by that fact alone.
  if (stated > place) return
  if (rank > place) refuse(run, state, "B2", rule, { group: "CO", carc: "22", rarc: ["MA04"] })
  else if (rank < place || stated !== rank) pend(run, state, "B2", rule, "prior-order", `rank ${rank}`)
}
