/** The steps of a determination on a screen and as values: what was read, by which clause, what came out. */
import { formatMoney } from "../../base/money.ts"
import { formatDate } from "../../base/time.ts"
import { formulas } from "../../plan/formulas.ts"
import type { Plan } from "../../plan/plan.ts"
import type { Named, Step } from "../../plan/trace.ts"
import type { Screen } from "../screen.ts"

const pairs = (named: Named) => Object.fromEntries(named.map(([name, value]) => [name, value]))

export function stepValue({ clause, kind, line, step, inputs, formula, output }: Step) {
  const meaning = formulas[formula][1]
  return { clause, kind, line, step, formula, meaning, inputs: pairs(inputs), output: pairs(output) }
}

const days: ReadonlySet<string> = new Set(["from", "last", "received", "on", "day"])
/** Basis points, whatever the formula calls them. */
const percents: ReadonlySet<string> = new Set([
  ...["member", "factor", "reduction", "withhold", "sides", "share", "surgery", "after", "before", "percent"],
])

function plainDecimal(value: bigint, scale: number): string {
  const text = formatMoney(value, scale)
  return scale === 0 ? text : text.replace(/\.?0+$/, "")
}

/** A step's values as a person reads them: money with its decimals, days as dates, shares in percent. */
function wordsOf(plan: Plan, { clause }: Step, named: Named): string {
  const isCount = plan.buckets.some((bucket) => bucket.clause.number === clause && bucket.measure === "count")
  const scale = named.find(([name]) => name === "scale")?.[1]
  const one = (name: string, value: Named[number][1]): string => {
    if (name === "rate" && scale !== undefined) return plainDecimal(BigInt(value as bigint), Number(scale))
    if (name === "unitsMilli") return plainDecimal(BigInt(value as bigint), 3)
    if (typeof value === "number") return days.has(name) && value > 1000 ? formatDate(value) : String(value)
    if (typeof value !== "bigint") return String(value)
    if (percents.has(name)) return `${plainDecimal(value, 2)} %`
    return isCount ? String(value) : formatMoney(value, plan.front.currency.exponent)
  }
  const shown = named.filter(([name]) => name !== "scale")
  return shown.map(([name, value]) => `${name === "unitsMilli" ? "units" : name} ${one(name, value)}`).join(", ")
}

/** `F3  5.3 Your part after that: left 1,377.23, member 20 % → coinsurance 275.45`, and the formula below it. */
export function sayStep(screen: Screen, plan: Plan, step: Step): void {
  const title = plan.clauses.find((one) => one.number === step.clause)?.title
  const by = title === undefined ? "the facts" : `${step.clause} ${title}`
  const inputs = wordsOf(plan, step, step.inputs)
  screen.line(`${step.step}  ${by}: ${inputs === "" ? "" : `${inputs} → `}${wordsOf(plan, step, step.output)}`)
  screen.quiet(`      ${formulas[step.formula][1]}`)
}
