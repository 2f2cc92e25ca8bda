/** The front matter of a plan document: who publishes what, for which days, in which money. */
import type { Rounding } from "../../base/money.ts"
import type { AssuranceTier, ClaimKind, Duration, Period } from "../parts.ts"
import type { AssurancePolicy, Front } from "../plan.ts"
import { Fields } from "./fields.ts"
import type { Place, Report } from "./finding.ts"
import { parseDuration, parsePeriod, parseQuantity } from "./values.ts"
import type { YamlNode } from "./yaml.ts"

export const claimKinds: readonly ClaimKind[] = ["professional", "institutional", "dental", "drug"]
const roundings: readonly Rounding[] = ["half-up", "half-even", "up", "down"]
const series = /^[a-z0-9-]{1,40}$/

export interface FrontMatter {
  readonly front: Front
  /** The `tables` field as written. */
  readonly tables: readonly YamlNode[]
  readonly at: Place
}

function seriesName(fields: Fields, name: string): string {
  const text = fields.text(name)
  if (series.test(text)) return text
  return fields.wrong(fields.need(name), `${name} is a series name.`, "Use up to 40 of a-z, 0-9 and -.")
}

function wholeNumber(fields: Fields, name: string, least: number, most: number): number {
  const text = fields.text(name)
  const value = /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : -1
  if (value >= least && value <= most) return value
  return fields.wrong(fields.need(name), `${name} is a whole number from ${least} to ${most}.`, "Write it in digits.")
}

function duration(fields: Fields, name: string): Duration {
  const parsed = parseDuration(fields.text(name))
  if (parsed !== undefined) return parsed
  return fields.wrong(fields.need(name), `${name} is a duration.`, "Write it as 365 days, 12 months or 72 hours.")
}

function policy(fields: Fields, tier: AssuranceTier, currency: Front["currency"]): AssurancePolicy {
  const node = fields.need(tier)
  if (node.type === "text") {
    const does = fields.choiceOf(node, tier, ["pays", "never"] as const)
    return { does }
  }
  const inner = fields.map(tier)
  const wait = duration(inner, "wait")
  const upTo = parseQuantity(inner.text("upTo"), currency)
  if (typeof upTo === "string" || upTo.unit !== "amount") {
    return inner.wrong(
      inner.need("upTo"),
      typeof upTo === "string" ? `upTo: ${upTo}.` : "upTo is an amount.",
      "Write 500.00 USD.",
    )
  }
  inner.done()
  return { does: "wait", wait, upTo: upTo.value }
}

function readPeriods(fields: Fields): ReadonlyMap<string, Period> {
  const inner = fields.map("periods")
  const periods = new Map<string, Period>()
  for (const name of inner.keys) {
    const period = parsePeriod(name, inner.text(name))
    if (period === undefined) {
      const remedy = "Write calendar, cover-year, fixed 07-01, rolling 24 months, lifetime, stay, visit or day."
      return inner.wrong(inner.need(name), `${name} is no span of time.`, remedy)
    }
    periods.set(name, period)
  }
  return periods
}

function names(fields: Fields, name: string): readonly string[] {
  const found = fields.texts(name)
  if (found.length === 0 || new Set(found).size !== found.length) {
    fields.wrong(fields.need(name), `${name} names nothing, or something twice.`, "Name each once.")
  }
  return found
}

function readCurrency(fields: Fields): Front["currency"] {
  const inner = fields.map("currency")
  const code = inner.text("code")
  if (!/^[A-Z]{3}$/.test(code)) inner.wrong(inner.need("code"), "This is no ISO 4217 code.", "Write USD.")
  const exponent = wholeNumber(inner, "exponent", 0, 4)
  inner.done()
  return { code, exponent }
}

function readEffective(fields: Fields): Front["effective"] {
  const inner = fields.map("effective")
  const [from, until] = [inner.date("from"), inner.date("until")]
  if (until <= from) inner.wrong(inner.need("until"), "The plan ends before it begins.", "Put until after from.")
  inner.done()
  return { from, until }
}

const required: readonly string[] = [
  ...["language", "plan", "version", "title", "payer", "currency", "effective"],
  ...["periods", "tiers", "windows", "assurance"],
]

/** @throws Stop at the first field that is missing or wrong. */
export function readFront(node: YamlNode, report: Report): FrontMatter {
  const fields = new Fields(node, "the front matter", report, "front-matter")
  const absent = required.filter((name) => !fields.has(name))
  if (absent.length > 0) {
    const message = `The front matter lacks ${absent.join(", ")}.`
    fields.wrong(fields.at, message, "Add what is missing; the plans in the folder plans/ show how it is written.")
  }
  const language = fields.choice("language", ["plan/1"] as const)
  const currency = readCurrency(fields)
  const windows = fields.map("windows")
  const assurance = fields.map("assurance")
  const front: Front = {
    language,
    plan: seriesName(fields, "plan"),
    version: wholeNumber(fields, "version", 1, 1_000_000),
    title: fields.text("title"),
    payer: seriesName(fields, "payer"),
    currency,
    rounding: fields.choice("rounding", roundings, "half-up"),
    effective: readEffective(fields),
    periods: readPeriods(fields),
    tiers: names(fields, "tiers"),
    claims: fields.has("claims") ? fields.choices("claims", claimKinds) : claimKinds,
    flags: fields.has("flags") ? names(fields, "flags") : [],
    windows: {
      claim: duration(windows, "claim"),
      correction: duration(windows, "correction"),
      lookBack: duration(windows, "lookBack"),
      answer: duration(windows, "answer"),
    },
    assurance: {
      patient: policy(assurance, "patient", currency),
      proxy: policy(assurance, "proxy", currency),
      attested: policy(assurance, "attested", currency),
      silent: policy(assurance, "silent", currency),
    },
  }
  windows.done()
  assurance.done()
  const tables = fields.has("tables") ? fields.items("tables") : []
  fields.done()
  return { front, tables, at: fields.at }
}
