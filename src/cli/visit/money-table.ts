/** A determination on the screen: one row a line, each amount with the clause that says so. */
import { formatMoney } from "../../base/money.ts"
import type { ClaimLine } from "../../plan/claim.ts"
import type { Screen } from "../screen.ts"
import type { Priced, PricedLine } from "./journey.ts"

const parts: Readonly<Record<string, string>> = { "1": "deductible", "2": "your part", "3": "copay", "45": "contract" }

/** `copay 30.00 (5.1)`: what the patient owes of a line, by clause. */
function reasons(line: PricedLine): string {
  const owed = line.adjustments.filter(({ group }) => group === "PR")
  if (line.status === "pended") return "waits for a missing fact"
  return owed
    .map(({ carc, amount, clause }) => `${parts[carc] ?? `PR-${carc}`} ${formatMoney(BigInt(amount))} (${clause})`)
    .join(", ")
}

const contract = (line: PricedLine) =>
  line.adjustments.filter(({ group }) => group === "CO").reduce((sum, { amount }) => sum + BigInt(amount), 0n)

export function showPriced(
  screen: Screen,
  priced: Priced,
  lines: readonly ClaimLine[],
  labels: readonly string[],
): void {
  const rows = priced.lines.map((line) => {
    const claimed = lines.find(({ number }) => number === line.number)!
    const label = labels[lines.indexOf(claimed)] ?? claimed.code
    const amounts = [claimed.charge, contract(line), BigInt(line.allowed), BigInt(line.benefit), BigInt(line.patient)]
    return [label.slice(0, 44), ...amounts.map((amount) => formatMoney(amount)), reasons(line)]
  })
  const sum = (of: (line: PricedLine) => bigint) => priced.lines.reduce((total, line) => total + of(line), 0n)
  const allowed = sum((line) => BigInt(line.allowed))
  const totals = [BigInt(priced.charge), sum(contract), allowed, BigInt(priced.plan), BigInt(priced.patient)]
  rows.push(["Together", ...totals.map((amount) => formatMoney(amount)), ""])
  screen.table(["service", ">charge", ">contract", ">allowed", ">plan pays", ">you pay", "because (clause)"], rows)
  const clauses = priced.lines.flatMap(({ adjustments }) =>
    adjustments.filter(({ group }) => group === "CO").map(({ clause }) => clause),
  )
  const by = [...new Set(clauses)].join(", ")
  if (by !== "")
    screen.line(`"contract" is what the clinic gives up by clause ${by}; the plan pays what is left of the allowed.`)
}
