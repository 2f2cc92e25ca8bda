/**
 * “In exact words”: the line under a member's sentence that is made from the rule itself, so that a reader can hold the
 * two against each other. It says everything the rule does, in the rule's own terms, with the figures of one day.
 */
import { formatMoney } from "../../base/money.ts"
import { formatDate } from "../../base/time.ts"
import type { CoinsuranceTerms, CopayTerms, Effect, EffectOf, Kind } from "../language/effects.ts"
import type { Bucket, Clause, Day, Duration, NamedNumber, TableSeries } from "../parts.ts"
import { type Plan, type Rule, valueOn } from "../plan.ts"
import { tableWords, valueWords } from "./booklet-words.ts"

class Wording {
  readonly #plan: Plan
  readonly #day: Day

  constructor(plan: Plan, day: Day) {
    this.#plan = plan
    this.#day = day
  }

  number(number: NamedNumber | undefined): string {
    if (number === undefined) return "nothing"
    const value = valueOn(number, this.#day)
    if (value === undefined) return `${number.name} (no value on that day)`
    const { code, exponent } = this.#plan.front.currency
    if (number.unit === "amount") return `${formatMoney(value, exponent)} ${code}`
    if (number.unit === "percent") return `${trimmed(value, 2)} %`
    if (number.unit === "perYear") return `${trimmed(value, 4)} % a year`
    return value === 1n ? valueWords(value, number.unit, this.#plan.front.currency) : `${value} ${number.unit}`
  }

  numbers(numbers: readonly NamedNumber[]): string {
    return numbers.map((number) => this.number(number)).join(", ")
  }

  /** A table by name, with “(invented)” beside it where its figures are. */
  table(series: TableSeries | undefined): string {
    return series === undefined ? "" : tableWords(series, this.#day)
  }

  bucket(bucket: Bucket): string {
    const owners = (["person", "family", "treatment", "condition"] as const).flatMap((owner) =>
      bucket[owner] === undefined ? [] : [`${this.number(bucket[owner])} for each ${owner}`],
    )
    const { grow } = bucket
    const grows =
      grow && `; the family's grows by ${this.number(grow.each)} for each member above ${this.number(grow.above)}`
    const most = grow?.atMost && `, never above ${this.number(grow.atMost)}`
    const also =
      bucket.alsoCounts.length > 0 ? `; also counts to ${bucket.alsoCounts.map(({ name }) => name).join(", ")}` : ""
    const rule = bucket.family === undefined ? "" : `, family limit ${bucket.familyRule}`
    const tiers = bucket.tiers === undefined ? "" : `, tiers ${bucket.tiers.join(", ")}`
    return `${bucket.name} adds up ${bucket.measure}: ${owners.join(", ")}${rule}, ${period(bucket)}${tiers}${grows ?? ""}${most ?? ""}${also}`
  }

  copay(terms: CopayTerms | undefined): string {
    if (terms === undefined) return "no copay"
    const days = terms.maxDays === undefined ? "" : `, for at most ${this.number(terms.maxDays)}`
    const bucket = terms.bucket === undefined ? "" : `, days counted in ${terms.bucket.name}`
    return `copay ${this.number(terms.amount)} each ${terms.per}, ${terms.order} the deductible${days}${bucket}`
  }

  coinsurance(terms: CoinsuranceTerms | undefined): string {
    if (terms === undefined) return "no coinsurance"
    const bands = terms.bands?.map(({ upTo, member }) =>
      upTo === undefined ? `${this.number(member)} above` : `${this.number(member)} up to ${this.number(upTo)}`,
    )
    const least = terms.atLeast === undefined ? "" : `, at least ${this.number(terms.atLeast)}`
    const most = terms.atMost === undefined ? "" : `, at most ${this.number(terms.atMost)}`
    const per = terms.per === undefined ? "" : ` each ${terms.per}`
    const kept = terms.bucket === undefined ? "" : `, on the sum in ${terms.bucket.name}`
    return `coinsurance: the member ${bands?.join(", ") ?? this.number(terms.member)}${kept}${least}${most}${per}`
  }
}

const trimmed = (value: bigint, places: number) => formatMoney(value, places).replace(/\.?0+$/, "")
const deductible = (bucket: Bucket | undefined) =>
  bucket === undefined ? "no deductible" : `deductible, counted in ${bucket.name}`
const duration = ({ count, unit }: Duration) => `${count} ${unit}`
const optional = (text: string, value: string | undefined) => (value === undefined ? "" : `${text}${value}`)

function byTable(text: string, { table }: { readonly table: TableSeries | undefined }, words: Wording): string {
  return table === undefined ? "" : `${text}${words.table(table)}`
}

function period({ period: span }: Bucket): string {
  if (span.kind === "rolling") return `rolling over ${span.count} ${span.unit}`
  if (span.kind === "fixed") return `each year from month ${span.month}, day ${span.day}`
  return (
    { calendar: "each calendar year", "cover-year": "each year of cover" }[span.kind as string] ?? `each ${span.kind}`
  )
}

function unlessText(modifiers: readonly string[]): string {
  return modifiers.length === 0 ? "" : ` unless marked ${modifiers.join(", ")}`
}

type Sayings = { readonly [K in Kind]: (effect: EffectOf<K>, words: Wording) => string }

const sayings: Sayings = {
  define: (e, words) =>
    `defines ${e.what}${optional(" ", e.name)}${byTable(" by table ", e, words)}${optional(": ", e.meaning)}`,
  bucket: (e, words) => words.bucket(e.bucket),
  cover: () => "covered",
  exclude: (e) => `not covered; the member owes ${e.notice === "required" ? "only with a signed notice" : "it"}`,
  network: (e) => (e.tier === "notCovered" ? "outside the network, not covered" : `tier ${e.tier}`),
  assurance: () => "pays, waits or never pays by whose word there is for the visit, as the table of assurance says",
  timely: (e) =>
    `claims arrive within ${duration(e.window)} of ${e.from}, replacements ${duration(e.correction)} later`,
  duplicate: (e) =>
    `not paid again when equal in ${e.same.join(", ")}${e.possible ? `; waits when equal in ${e.possible.join(", ")}` : ""}`,
  age: (e, words) =>
    `only${e.from ? ` from ${words.number(e.from)}` : ""}${e.to ? ` below ${words.number(e.to)}` : ""} of age${optional(", sex ", e.sex)}`,
  bundle: (e, words) =>
    `${e.line?.name ?? "a line"} is part of ${e.into?.name ?? "another"} on one ${e.within}${unlessText(e.unless)}${byTable(", by table ", e, words)}`,
  addOn: (e, words) => `an add-on is paid only with its primary of table ${words.table(e.table)}`,
  units: (e, words) =>
    `at most ${e.most ? words.number(e.most) : `the units of table ${words.table(e.table)}`}, else the whole line is refused`,
  wastage: (e, words) =>
    `exactly one of ${e.waste} (some thrown away) and ${e.none} (none) is stated${byTable(", table ", e, words)}`,
  global: (e, words) =>
    `follow-up inside the days of table ${words.table(e.table)} is part of the surgery${unlessText(e.unless)}`,
  comanage: (e, words) => {
    const part = (what: string, { modifier, share }: typeof e.after) => `${words.number(share)} ${what} (${modifier})`
    const before = e.before === undefined ? [] : [part("for the care before", e.before)]
    const days = e.days === undefined ? "" : `, by the days of ${words.number(e.days)} that each gives`
    const parts = [...before, part("for the surgery", e.surgery), part("for the care after", e.after)]
    return `when two share it, of the price: ${parts.join(", ")}${days}`
  },
  authorize: (e, words) =>
    `needs an authorization for its ${e.covers}, else ${e.otherwise === "deny" ? "refused" : `the benefit is less by ${words.number(e.reduction)}`}`,
  refer: (e, words) => `needs a referral from ${e.from}${e.visits ? ` for at most ${words.number(e.visits)}` : ""}`,
  wait: (e, words) => `not before ${words.number(e.lasts)} after ${e.from}`,
  limit: (e) => `counts each ${e.per} in ${e.bucket.name}; beyond its room the member pays`,
  capitate: (e) => `paid by capitation${optional(" ", e.contract)}, the copay ${e.copay ? "stays" : "falls away"}`,
  allow: (e, words) => {
    const rate = e.ofCharge
      ? `${words.number(e.ofCharge)} of the charge`
      : e.perDiem
        ? `${words.number(e.perDiem)} a day`
        : undefined
    const table = `the rate of table ${words.table(e.schedule ?? e.case)}`
    const percent = e.percent ? `${words.number(e.percent)} of ` : ""
    const most = e.atMost ? `, at most ${words.number(e.atMost)}` : ""
    const factors = byTable(", factors of table ", { table: e.modifiers }, words)
    return `allowed for each ${e.level}: ${rate ?? percent + table}${e.lesser ? ", or the charge if less" : ""}${most}${factors}`
  },
  bilateral: (e, words) => `both sides of the body are priced by table ${words.table(e.table)}`,
  multiple: (e, words) =>
    `of several on a day, by what is allowed, larger first: ${words.numbers(e.ranks)}, beyond ${e.beyond === "last" ? "as the last" : "a person decides"}; ${e.part === "all" ? "the whole" : "the technical part"}${optional(", less the base ", e.base)}${byTable(", table ", e, words)}`,
  alternate: (e) => `paid as ${e.as}, the ${e.owes} bears the difference`,
  allowance: (e, words) =>
    `allowed up to the room of ${e.bucket.name}; of the rest the member pays ${words.number(e.overage)}`,
  copay: (e, words) => words.copay(e.terms),
  deductible: (e) => deductible(e.bucket),
  coinsurance: (e, words) => words.coinsurance(e.terms),
  first: (e, words) =>
    `while ${e.bucket.name} has room: ${words.copay(e.copay)}, ${deductible(e.deductible)}, ${words.coinsurance(e.coinsurance)}`,
  waive: (e) => `no ${e.parts.join(", no ")}`,
  outOfPocket: (e) => `${e.counts.join(", ")} together never exceed ${e.bucket.name}; the plan pays the excess`,
  ceiling: (e) => `the plan pays at most the room of ${e.bucket.name}; the ${e.excess} bears the excess`,
  emergency: (e) => `lifts ${e.lifts.join(", ")}${optional(" and pays as tier ", e.payAs)}`,
  cob: (e, words) =>
    `after another payer: ${e.method}, buckets take what is ${e.posts}${byTable(", order by table ", { table: e.order }, words)}`,
  withhold: (e, words) => `${words.number(e.percent)} of the benefit is held back in pool ${e.pool}`,
  bonus: (e, words) => `pool ${e.pool} is paid out by ${e.measure} and table ${words.table(e.table)}, to no line`,
  interest: (e, words) => {
    const bands = e.bands?.map(
      (band) => `${words.number(band.rate)}${band.upTo ? ` up to ${words.number(band.upTo)}` : " above"}`,
    )
    const rate = bands?.join(", ") ?? (e.rate ? words.number(e.rate) : `the rate of table ${words.table(e.table)}`)
    const least = e.least ? `, none below ${words.number(e.least)}` : ""
    const clock = e.clock === "clean" ? "all facts are there" : "the claim is received"
    return `interest from ${words.number(e.due)} after ${clock}: ${rate}, a year of ${e.dayCount} days${least}`
  },
  trueUp: (e, words) => `${e.parts.join(" and ")} of overlapping visits are credited within ${words.number(e.within)}`,
}

function guardText(rule: Rule, plan: Plan): string {
  const { guard, effect } = rule
  const listed = (categories: typeof effect.on) => categories?.map(({ name }) => name).join(", ")
  const parts = [optional("for ", listed(guard.listed)), optional("only ", listed(effect.on))]
  if (guard.tiers !== undefined) parts.push(`in tier ${[...guard.tiers].join(", ")}`)
  if (guard.claims !== undefined) parts.push(`on claims ${[...guard.claims].join(", ")}`)
  if (guard.from !== plan.front.effective.from) parts.push(`from ${formatDate(guard.from)}`)
  if (guard.until !== plan.front.effective.until) parts.push(`until ${formatDate(guard.until)}`)
  if (guard.when !== undefined) parts.push(`when ${guard.when.source}`)
  const over = [...rule.exceptionTo].map((index) => plan.rules[index]!)
  if (over.length > 0) parts.push(`before ${over.map(({ clause, kind }) => `${clause.number}/${kind}`).join(", ")}`)
  return parts.filter((part) => part !== "").join(", ")
}

function saidText(plan: Plan, rule: Rule, day: Day): string {
  const say = sayings[rule.kind] as (effect: Effect, words: Wording) => string
  const { codes } = rule.effect
  const coded = codes === undefined ? "" : `; code ${codes.group}-${codes.carc}${optional(" ", codes.rarc)}`
  return `${say(rule.effect, new Wording(plan, day))}${coded}`
}

/** One rule in exact words, with the figures of a day: `for exam: copay 30.00 USD each visit, before the deductible`. */
export function exactWords(plan: Plan, rule: Rule, day: Day): string {
  const guard = guardText(rule, plan)
  return `${guard === "" ? "" : `${guard}: `}${saidText(plan, rule, day)}`
}

/** All rules of a clause in exact words; those under one guard share a line. Empty for a clause without a rule. */
export function exactLines(plan: Plan, clause: Clause, day: Day): readonly string[] {
  const lines = new Map<string, string[]>()
  for (const rule of plan.rules) {
    if (rule.clause !== clause) continue
    const guard = guardText(rule, plan)
    const said = saidText(plan, rule, day)
    const line = lines.get(guard)
    if (line === undefined) lines.set(guard, [said])
    else line.push(said)
  }
  return [...lines].map(([guard, said]) => `${guard === "" ? "" : `${guard}: `}${said.join("; ")}`)
}
