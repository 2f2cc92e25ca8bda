/**
 * A determination in sentences: the clause first, then the amount, in words that a child of twelve can read. The
 * sentences say only what the leg and its trace say; no figure is computed that they do not hold.
 */
import { formatMoney, minimum } from "../../base/money.ts"
import type { Outcome } from "../adjudicate/adjudicate.ts"
import type { Claim } from "../claim.ts"
import type { Adjustment, LegLine } from "../leg.ts"
import type { Plan } from "../plan.ts"
import type { Step } from "../trace.ts"
import { adviceOn } from "./advice.ts"
import { reasonText, remarkText } from "./reasons.ts"

interface Telling {
  readonly exponent: number
  readonly line: LegLine
  readonly charge: bigint
  readonly trace: readonly Step[]
}

/** The whole determination, line after line, then the two sums. */
export function explain(plan: Plan, claim: Claim, outcome: Outcome): readonly string[] {
  const { benefit, patient } = outcome.leg.totals
  const exponent = plan.front.currency.exponent
  const sentences = outcome.leg.lines.flatMap((line) => explainLine(plan, claim, outcome, line.number))
  return [...sentences, `The plan pays ${formatMoney(benefit, exponent)}. You pay ${formatMoney(patient, exponent)}.`]
}

/** Why one line came out as it did; empty when the claim has no such line. */
export function explainLine(plan: Plan, claim: Claim, outcome: Outcome, number: number): readonly string[] {
  const line = outcome.leg.lines.find((item) => item.number === number)
  const claimed = claim.lines.find((item) => item.number === number)
  if (line === undefined || claimed === undefined) return []
  const telling = { exponent: plan.front.currency.exponent, line, charge: claimed.charge, trace: outcome.trace }
  const head = `Line ${number}, ${claimed.code}, ${money(telling, claimed.charge)}.`
  const advice = adviceOn(line, outcome.leg.findings)
  const last = advice === undefined ? [] : [`What you can do: ${advice}`]
  return [head, ...reasonsOf(telling, outcome), ...last]
}

function reasonsOf(telling: Telling, outcome: Outcome): readonly string[] {
  const { line } = telling
  if (line.status === "pended") return pendedText(outcome, line)
  if (line.status === "held") return [`${line.shown.clause}: This waits for your signature.`]
  const parts = line.adjustments.map((item) => adjustmentText(telling, item))
  if (line.status === "denied" || line.status === "encounter") return parts
  return [...parts, `${line.shown.clause}: The plan pays ${money(telling, line.benefit)}.`]
}

function money(telling: Telling, amount: bigint): string {
  return formatMoney(amount, telling.exponent)
}

function cite(clause: string, text: string): string {
  return clause === "" ? text : `${clause}: ${text}`
}

const gaps: Readonly<Record<string, string>> = {
  "missing-fact": "something is not known",
  "no-rate": "there is no price for it",
  "no-table": "a list does not cover that day",
  "clause-conflict": "two clauses speak of it and neither wins",
  undecided: "somebody has to decide it first",
  overflow: "a number is too large",
  "prior-missing": "another payer has to answer first",
  "prior-order": "the payers have not answered in their order",
  "prior-unbalanced": "the other payer's figures do not add up",
  "possible-duplicate": "it looks like a service that was sent before",
  "not-run": "the plan asks for something that is not done by itself",
}

function pendedText(outcome: Outcome, line: LegLine): readonly string[] {
  const own = outcome.leg.findings.filter((item) => item.line === line.number && item.code !== "also-refused")
  return own.map((item) => cite(item.clause, `This waits: ${gaps[item.code] ?? item.code} (${item.missing}).`))
}

/** The value a step gave or took under a name. */
function named(pairs: Step["inputs"], name: string): bigint | undefined {
  const found = pairs.find(([key]) => key === name)?.[1]
  return typeof found === "bigint" ? found : typeof found === "number" ? BigInt(found) : undefined
}

function stepOf(telling: Telling, formula: Step["formula"]): Step | undefined {
  return telling.trace.findLast((step) => step.line === telling.line.number && step.formula === formula)
}

function adjustmentText(telling: Telling, item: Adjustment): string {
  const amount = money(telling, item.amount < 0n ? -item.amount : item.amount)
  const capped = item.rarc.includes("N16") ? cappedText(telling, item) : undefined
  if (capped !== undefined) return capped
  const reason = reasonText(item.carc) ?? `Code ${item.carc}`
  const remarks = item.rarc.map(remarkText).filter((text) => text !== undefined)
  const because = [`${reason}${detailOf(telling, item)}`, ...remarks].join(". ")
  const who = item.group === "PR" ? `You pay ${amount}` : `${amount} is not for you to pay`
  return cite(item.clause, `${who}. ${because}. (${item.group}-${item.carc})`)
}

function detailOf(telling: Telling, item: Adjustment): string {
  if (item.kind === "allow" && item.carc === "45") return `, ${money(telling, telling.charge - item.amount)}`
  if (item.kind === "deductible") {
    const room = named(stepOf(telling, "deductible")?.inputs ?? [], "room")
    return room === undefined ? "" : `; ${money(telling, room)} of it was left`
  }
  if (item.kind === "coinsurance") {
    const inputs = stepOf(telling, "coinsurance")?.inputs ?? []
    const [left, member] = [named(inputs, "left"), named(inputs, "member")]
    if (left === undefined || member === undefined) return ""
    return `: ${formatMoney(member)} % of ${money(telling, left)}`.replace(".00 %", " %")
  }
  return ""
}

/** “5.4: 255.91 of 292.75, because 156.69 of your 412.60 was already taken by lines 1 to 3.” */
function cappedText(telling: Telling, item: Adjustment): string | undefined {
  const cap = stepOf(telling, "cap")
  if (cap === undefined) return undefined
  const caps = telling.trace.filter((step) => step.formula === "cap" && step.clause === cap.clause)
  const start = named(caps[0]!.inputs, "room")
  const room = named(cap.inputs, "room")
  const counted = named(cap.inputs, "counted")
  if (start === undefined || room === undefined || counted === undefined) return undefined
  const over = named(cap.output, "over") ?? 0n
  const whole = item.amount + minimum(over, counted - item.amount)
  const before = caps.filter((step) => step !== cap && step.line < cap.line).map((step) => step.line)
  const taken = `${money(telling, item.amount)} of ${money(telling, whole)}`
  if (before.length === 0 || start === room)
    return cite(cap.clause, `${taken}, because that is all that was left of the most you pay.`)
  const lines = before.length === 1 ? `line ${before[0]}` : `lines ${before[0]} to ${before[before.length - 1]}`
  const used = `${money(telling, start - room)} of your ${money(telling, start)}`
  return cite(cap.clause, `${taken}, because ${used} was already taken by ${lines}.`)
}
