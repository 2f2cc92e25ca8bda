/** The clauses that an explanation of benefits quotes: the member's sentence with its numbers filled in for the day. */
import { formatMoney } from "../../base/money.ts"
import type { Clause, NamedNumber } from "../../plan/parts.ts"
import type { Plan } from "../../plan/plan.ts"

/** A number of the plan as a member reads it on a day: `30.00 USD`, `20 %`, `24 months`. */
export function numberInWords(plan: Plan, number: NamedNumber, day: number): string {
  const value = number.values.findLast((dated) => dated.from <= day)?.value ?? number.values[0]?.value
  if (value === undefined) return number.name
  const decimals = (digits: number) => formatMoney(value, digits).replace(/\.?0+$/, "")
  const { code, exponent } = plan.front.currency
  if (number.unit === "amount") return `${formatMoney(value, exponent)} ${code}`
  if (number.unit === "percent") return `${decimals(2)} %`
  if (number.unit === "perYear") return `${decimals(4)} %/year`
  return `${value} ${number.unit}`
}

/** `5.2 The deductible: For tests, procedures and medicines you first pay 240.00 USD each calendar year.` */
export function quoteClause(plan: Plan, clause: Clause, day: number): string {
  const sentence = clause.sentence.replace(/\{([a-z][a-z0-9-]*)\}/g, (braced, name: string) => {
    const number = plan.numbers.get(name)
    return number === undefined ? braced : numberInWords(plan, number, day)
  })
  return `${clause.number} ${clause.title}: ${sentence}`
}
