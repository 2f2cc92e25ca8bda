/** A line that shows a finding: as one JSON object that can be run again, and as the beginning of one sentence. */
import { formatMoney } from "../../../base/money.ts"
import { civilDate, formatDate } from "../../../base/time.ts"
import { type FactName, facts } from "../../language/expression.ts"
import { ageOn } from "../../language/when.ts"
import type { Plan } from "../../plan.ts"
import type { Hit } from "./prover.ts"

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
]

export function dateInWords(day: number): string {
  const { year, month, day: inMonth } = civilDate(day)
  return `${inMonth} ${months[month - 1]} ${year}`
}

type Shown = string | boolean | readonly string[] | undefined

/** A fact as it is written in a witness: amounts and counts in digits, dates as 2026-01-01, undefined when absent. */
function shown({ example }: Hit, name: FactName): Shown {
  const { numbers, texts, lists, bools, lacking, code } = example
  if (lacking.has(name)) return undefined
  if (name === "code") return code
  if (facts[name] === "list") return lists.get(name) ?? []
  if (facts[name] === "bool") return bools.get(name) ?? false
  if (facts[name] === "string") return texts.get(name)
  const value = numbers.get(name)
  if (value === undefined) return undefined
  return facts[name] === "date" ? formatDate(Number(value)) : String(value)
}

const ofMember: readonly FactName[] = [
  "born",
  "sex",
  "relation",
  "coverFrom",
  "coverTo",
  "enrolled",
  "members",
  "selfOnly",
  "flags",
  "rank",
  "otherCover",
]
const ofProvider: readonly FactName[] = ["provider", "specialty", "providerKind", "contract", "level"]
const ofClaim: readonly FactName[] = [
  "frequency",
  "billType",
  "drg",
  "received",
  "admitted",
  "discharged",
  "inpatient",
  "emergency",
  "accident",
  "workRelated",
  "visitType",
  "assurance",
  "clean",
]
const ofLine: readonly FactName[] = [
  "codeSystem",
  "units",
  "unitsMilli",
  "place",
  "revenue",
  "diagnoses",
  "to",
  "days",
  "drug",
  "supply",
  "drugTier",
  "tooth",
  "surfaces",
]

function group(hit: Hit, names: readonly FactName[], wanted: ReadonlySet<FactName>): Record<string, Shown> {
  const found: Record<string, Shown> = {}
  for (const name of names) {
    if (!wanted.has(name)) continue
    const value = shown(hit, name)
    const isUsual = value === undefined || value === false || (Array.isArray(value) && value.length === 0)
    if (!isUsual) found[name] = value
  }
  return found
}

/** The line with every fact that some clause of the plan reads. */
export function witnessFields(hit: Hit, mentioned: ReadonlySet<FactName>): object {
  const wanted = new Set([...mentioned, ...hit.example.chosen])
  const { cell, example } = hit
  const claim = group(hit, ofClaim, wanted)
  const line = group(hit, ofLine, wanted)
  const on = formatDate(Number(example.numbers.get("from")))
  if (line["to"] === on) delete line["to"]
  const provider = group(hit, ofProvider, new Set([...wanted, ...example.texts.keys()]))
  return {
    on,
    member: group(hit, ofMember, wanted),
    line: {
      code: example.code,
      modifiers: example.lists.get("modifiers") ?? [],
      charge: String(example.numbers.get("charge")),
      ...line,
    },
    tier: cell.tier,
    claim: cell.claim,
    ...(Object.keys(claim).length === 0 ? {} : { facts: claim }),
    ...(Object.keys(provider).length === 0 ? {} : { provider }),
    ...(example.decisions.size === 0 ? {} : { decisions: Object.fromEntries(example.decisions) }),
  }
}

/** `A child of 7`, `A woman of 40`, `A member`. */
function person(hit: Hit): string {
  const { numbers, texts, chosen } = hit.example
  const [born, from] = [numbers.get("born"), numbers.get("from")]
  const age = chosen.has("born") && born !== undefined && from !== undefined ? ageOn(Number(born), Number(from)) : -1
  const grown = chosen.has("sex") ? ({ F: "woman", M: "man" }[texts.get("sex") ?? ""] ?? "member") : "member"
  if (age < 0) return `A ${grown}`
  return age < 18 ? `A child of ${age}` : `A ${grown} of ${age}`
}

/** Facts that the sentence says in words of their own. */
const told: ReadonlySet<FactName> = new Set(["born", "code", "from", "provider"])

/** `A child of 7 with E10 (exam) in tier in on 1 January 2026`, and what else of the line matters. */
export function lineInWords(plan: Plan, hit: Hit): string {
  const { cell, example } = hit
  const { tiers, claims } = plan.front
  const category = cell.stray ? "in no category" : cell.leaf.name
  const tier = tiers.length > 1 ? ` in tier ${cell.tier}` : ""
  const kind = claims.length > 1 ? ` on a ${cell.claim} claim` : ""
  const more: string[] = []
  for (const name of example.chosen) {
    const amount = facts[name] === "amount" ? example.numbers.get(name) : undefined
    const value = amount === undefined ? shown(hit, name) : formatMoney(amount, plan.front.currency.exponent)
    if (told.has(name) || (name === "sex" && person(hit) !== "A member")) continue
    if (value === undefined) more.push(`no ${name}`)
    else if (value === true) more.push(name)
    else if (typeof value === "string") more.push(`${name} ${value}`)
    else if (typeof value === "object" && value.length > 0) more.push(`${name} ${value.join(" ")}`)
  }
  for (const [clause, holds] of example.decisions) more.push(`${clause} decided ${holds ? "yes" : "no"}`)
  const rest = more.length === 0 ? "" : ` (${more.join(", ")})`
  const day = dateInWords(Number(example.numbers.get("from")))
  return `${person(hit)} with ${example.code} (${category})${tier}${kind} on ${day}${rest}`
}
