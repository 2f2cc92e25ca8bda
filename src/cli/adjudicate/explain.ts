/**
 * `countersign explain CLAIM.837 LINE --plan FILE`: one line of a claim in sentences, clause first, then every step that
 * led there, with what it read and what came out. The answer to a biller's or a patient's question about that line.
 */
import { parseArgs } from "node:util"
import { refuse } from "../../base/refusal.ts"
import { formatDate } from "../../base/time.ts"
import { citedIn } from "../../billing/eob.ts"
import { quoteClause } from "../../formats/fhir/clause-notes.ts"
import { explainLine } from "../../plan/explain/explain.ts"
import type { Command } from "../command.ts"
import { decideFile } from "./decide.ts"
import { sayStep, stepValue } from "./trace.ts"

const usage = "explain CLAIM.837 LINE --plan FILE [--members FILE] [--papers FILE] [--claim N]"

export const explainCommand: Command = {
  summary: "Why one line of a claim is paid as it is: clauses, then every step",
  usage,
  async run(args, screen) {
    const text = { type: "string" } as const
    const options = { plan: text, members: text, claim: text, received: text, papers: text, on: text }
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options })
    const [file, number, ...more] = positionals
    if (file === undefined || number === undefined || more.length > 0) {
      return refuse("arguments", "Cannot explain: a file and a line are expected", "arguments", `countersign ${usage}`)
    }
    const { plan, members, claim, received, papers, on } = values
    const decided = decideFile({ file, plan, members, claim: claim ?? "1", received, papers, on }, screen)
    const { sent, input, outcome } = decided.claims[0]!.decided
    const line = outcome.leg.lines.find((one) => String(one.number) === number)
    if (line === undefined) {
      const known = outcome.leg.lines.map((one) => one.number).join(", ")
      return refuse("line-unknown", "Cannot explain: the claim has no line of this number", "LINE", `It has ${known}.`)
    }
    const from = input.claim.value.lines.find((one) => one.number === line.number)!.from
    const sentences = explainLine(decided.plan, input.claim.value, outcome, line.number)
    const cited = citedIn(sentences)
    const clauses = decided.plan.clauses
      .filter((one) => cited.has(one.number))
      .map((one) => quoteClause(decided.plan, one, from))
    const steps = outcome.trace.filter((step) => step.line === line.number || step.line === 0)
    screen.heading(`Claim ${sent.control}, line ${line.number}, ${formatDate(from)}`)
    for (const sentence of sentences) screen.line(sentence)
    screen.heading("What the plan says")
    for (const clause of clauses) screen.line(clause)
    screen.heading("Step by step")
    for (const step of steps) sayStep(screen, decided.plan, step)
    return { value: { control: sent.control, line, sentences, clauses, steps: steps.map(stepValue) } }
  },
}
