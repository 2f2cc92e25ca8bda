/**
 * `countersign adjudicate CLAIM.837 --plan FILE`: decides the claims of a file as a payer would, without a ledger, a node
 * or a network, and gives the papers: explanation for the member, 835 for the provider, FHIR, or everything as JSON.
 */
import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { formatMoney } from "../../base/money.ts"
import { refuse } from "../../base/refusal.ts"
import type { DecidedClaim } from "../../billing/decide-claim.ts"
import { eobOf } from "../../billing/eob.ts"
import { eobPage } from "../../billing/eob-page.ts"
import { eobText } from "../../billing/eob-text.ts"
import type { Plan } from "../../plan/plan.ts"
import type { Command } from "../command.ts"
import { Screen } from "../screen.ts"
import { type DecidedFile, decideFile } from "./decide.ts"
import { fhirPapers, remittancePapers } from "./papers.ts"
import { stepValue } from "./trace.ts"

const usage =
  "adjudicate CLAIM.837 --plan FILE [--members FILE] [--papers FILE] [--claim N] [--as eob|html|835|fhir|json] [--out FILE]"

const eobFor = (plan: Plan, { sent, input, outcome }: DecidedClaim) =>
  eobOf({
    plan,
    claim: input.claim.value,
    outcome,
    snapshot: input.snapshot.value,
    control: sent.control,
    provider: input.provider.value.provider,
  })

function answerOf(plan: Plan, { claims, refused }: DecidedFile) {
  return {
    plan: plan.digest,
    refused,
    claims: claims.map(({ position, decided: { sent, outcome } }) => ({
      claim: position,
      control: sent.control,
      totals: outcome.leg.totals,
      lines: outcome.leg.lines,
      findings: outcome.leg.findings,
      trace: outcome.trace.map(stepValue),
    })),
  }
}

type Paper = "eob" | "html" | "835" | "fhir" | "json"
const paperNames: readonly string[] = ["eob", "html", "835", "fhir", "json"]

/** The paper's text; `json` is what the command answers anyway. */
function paperOf(as: Paper, file: DecidedFile): string | undefined {
  const { plan, claims } = file
  const decided = claims.map((one) => one.decided)
  switch (as) {
    case "eob":
      return decided.map((one) => eobText(eobFor(plan, one))).join("\n\n")
    case "html":
      if (decided.length === 1) return eobPage(eobFor(plan, decided[0]!))
      return refuse("arguments", "Cannot make the page: several claims", "--claim", "Name one claim: --claim N")
    case "835":
      return remittancePapers(plan, decided)
    case "fhir":
      return fhirPapers(plan, decided)
    case "json":
      return undefined
  }
}

function saySums(screen: Screen, { plan, claims, refused }: DecidedFile): void {
  const { exponent } = plan.front.currency
  const sum = (part: (one: DecidedClaim) => bigint) => claims.reduce((total, { decided }) => total + part(decided), 0n)
  const paid = formatMoney(
    sum((one) => one.outcome.leg.totals.benefit),
    exponent,
  )
  const owed = formatMoney(
    sum((one) => one.outcome.leg.totals.patient),
    exponent,
  )
  const waiting = claims.flatMap(({ decided }) => decided.outcome.leg.lines).filter((line) => line.status === "pended")
  const parts = [
    claims.length === 1 ? "1 claim" : `${claims.length} claims`,
    `the plan pays ${paid}`,
    `patients pay ${owed}`,
  ]
  if (waiting.length > 0) parts.push(`${waiting.length} lines wait`)
  if (refused > 0) parts.push(`${refused} claims could not be read`)
  screen.say(parts.join(", "))
}

export const adjudicateCommand: Command = {
  summary: "Decides the claims of an 837 file under a plan, with every paper",
  usage,
  async run(args, screen) {
    const text = { type: "string" } as const
    const options = {
      plan: text,
      members: text,
      claim: text,
      received: text,
      papers: text,
      on: text,
      as: text,
      out: text,
    }
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options })
    const [file, ...more] = positionals
    const { plan, members, claim, received, papers, on, as = "eob", out } = values
    if (file === undefined || more.length > 0 || !paperNames.includes(as)) {
      return refuse("arguments", "Cannot decide the claim: one file and one paper", "arguments", `countersign ${usage}`)
    }
    // A paper for machines goes out alone, so that it can be sent on as it is.
    const aside = as === "eob" || out !== undefined ? screen : new Screen(process.stderr)
    const decided = decideFile({ file, plan, members, claim, received, papers, on }, aside)
    const paper = paperOf(as as Paper, decided)
    if (paper !== undefined && out !== undefined) {
      writeFileSync(out, paper, { mode: 0o600 })
      screen.say(`Written to ${out}, readable by you alone`)
    } else if (paper !== undefined) screen.say(paper.trimEnd())
    saySums(aside, decided)
    return { value: answerOf(decided.plan, decided), failed: decided.refused > 0 }
  },
}
