/**
 * `plan review`: shows every clause whose sentence or rule moved since the last review, sentence beside exact words, and
 * pins the two together in `NAME.reviewed`. From then on `plan check` says `drift` when one of them moves alone.
 */
import { writeFileSync } from "node:fs"
import { filledSentence } from "../../plan/booklet/booklet-words.ts"
import { exactLines } from "../../plan/booklet/exact-words.ts"
import { checkPlan, reviewOf } from "../../plan/check/check.ts"
import type { CommandResult } from "../command.ts"
import type { Screen } from "../screen.ts"
import { besidePath, mustReadPlan, textBeside } from "./files.ts"

export function reviewPlan(path: string, screen: Screen): CommandResult {
  const { plan } = mustReadPlan(path)
  const day = plan.front.effective.from
  const before = textBeside(path, ".reviewed")
  const known = new Set(before?.split("\n"))
  const after = reviewOf(plan)
  const rows = after.split("\n")
  const moved = plan.clauses.filter((_, index) => !known.has(rows[index]!))
  for (const clause of moved) {
    screen.heading(`${clause.number} ${clause.title}`)
    screen.line(filledSentence(plan, clause.sentence, day))
    for (const line of exactLines(plan, clause, day)) screen.line(`= ${line}`, 4)
  }
  const reviewed = before === undefined ? {} : { reviewed: before }
  const drifted = checkPlan(plan, reviewed).filter(({ code }) => code === "drift")
  for (const { clause, message } of drifted) screen.say(`${screen.bad("alone")}    ${clause}: ${message}`)
  const file = besidePath(path, ".reviewed")
  if (after !== before) writeFileSync(file, after)
  screen.say(
    moved.length === 0
      ? `Nothing moved since the last review of ${plan.clauses.length} clauses`
      : `Pinned ${moved.length} of ${plan.clauses.length} clauses in ${file}; read each pair above before you commit it`,
  )
  const value = {
    file,
    clauses: plan.clauses.length,
    moved: moved.map(({ number }) => number),
    alone: drifted.map(({ clause }) => clause),
  }
  return { value }
}
