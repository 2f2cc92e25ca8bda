/**
 * What a member pays for one group of services in one tier, told from the rules alone: which rule of each kind decides
 * when nothing special is the case, and which rules may decide otherwise.
 */

import { always, type Cell, coverOf, possible, reaches, rulesIn, tierFor } from "../check/cells.ts"
import { tell } from "../check/tell.ts"
import type { CoinsuranceTerms, CopayTerms, EffectOf, Kind, Part } from "../language/effects.ts"
import type { Bucket, Category, Day } from "../parts.ts"
import { beats, type Plan, type Rule } from "../plan.ts"
import { categoryWords, numberWords } from "./booklet-words.ts"

/** Whether a rule holds for every line of the cell: it asks nothing, or its condition is true for each code. */
export function isCertain(rule: Rule, cell: Cell): boolean {
  if (always(rule, cell)) return true
  const { when } = rule.guard
  if (when === undefined || rule.clause.discretion !== undefined || !reaches(rule, cell)) return false
  const { claim, day, leaf } = cell
  return cell.codes.every(
    (code) => tell(when.expr, { code, claim, day, leaf, tier: tierFor(rule.kind, cell) }) === true,
  )
}

export interface Decided<K extends Kind> {
  /** The rule that decides when no condition holds; undefined when there is none, or two that neither beats. */
  readonly rule: Rule<EffectOf<K>> | undefined
  /** Rules that win under conditions. */
  readonly others: readonly Rule<EffectOf<K>>[]
}

/** The rules of an exclusive kind for a cell. */
export function decidedBy<K extends Kind>(plan: Plan, kind: K, cell: Cell): Decided<K> {
  const rules = rulesIn(plan, kind, cell).filter((rule) => possible(rule, cell)) as unknown as Rule<EffectOf<K>>[]
  const certain = rules.filter((rule) => isCertain(rule, cell))
  const best = certain.filter((rule) => !certain.some((other) => other !== rule && beats(other, rule, cell.leaf)))
  const rule = best.length === 1 ? best[0] : undefined
  const others = rules.filter(
    (other) => !certain.includes(other) && (rule === undefined || !beats(rule, other, cell.leaf)),
  )
  return { rule, others }
}

/** Rules of a kind of which all that match apply. */
export function applying<K extends Kind>(plan: Plan, kind: K, cell: Cell): readonly Rule<EffectOf<K>>[] {
  return rulesIn(plan, kind, cell).filter((rule) => possible(rule, cell)) as unknown as Rule<EffectOf<K>>[]
}

const periods: Readonly<Record<string, string>> = {
  calendar: "in a calendar year",
  "cover-year": "in a year of cover",
  lifetime: "in your lifetime",
  stay: "for one stay",
  visit: "for one visit",
  day: "for one day",
}

/** How long a bucket's limit runs: `in a calendar year`, `in any 24 months`. */
export function periodWords({ period }: Bucket): string {
  if (period.kind === "rolling") return `in any ${period.count} ${period.unit}`
  if (period.kind === "fixed") return `in a year that begins on day ${period.day} of month ${period.month}`
  return periods[period.kind] ?? `for one ${period.kind}`
}

/** A bucket's limits: `$2,700.00 a person, $5,400.00 a family in a calendar year`. */
export function limitWords(plan: Plan, bucket: Bucket, day: Day): string {
  const owners = (["person", "family", "treatment", "condition"] as const).flatMap((owner) =>
    bucket[owner] === undefined ? [] : [`${numberWords(plan, bucket[owner], day)} a ${owner}`],
  )
  const { grow } = bucket
  const grows =
    grow === undefined
      ? []
      : [
          `${numberWords(plan, grow.each, day)} more for each member above ${numberWords(plan, grow.above, day)}` +
            (grow.atMost === undefined ? "" : `, never above ${numberWords(plan, grow.atMost, day)}`),
        ]
  const limits = [...owners, ...grows].join(", ")
  // A treatment ends by itself: a period beside it says nothing more.
  const endless = bucket.period.kind === "lifetime" && bucket.person === undefined && bucket.family === undefined
  return endless ? limits : `${limits} ${periodWords(bucket)}`
}

/** A plan's one deductible is called so, however its author named the bucket; of several, each by its name. */
function deductibleWords(plan: Plan, bucket: Bucket): string {
  const all = new Set(plan.byKind.deductible.flatMap(({ effect }) => (effect as EffectOf<"deductible">).bucket ?? []))
  return all.size === 1 ? "the deductible" : bucketWords(bucket)
}

/** A bucket's name in words; the usual one is called “the deductible”. */
export const bucketWords = ({ name }: Bucket): string => `the ${name.replaceAll("-", " ")}`

export function copayWords(plan: Plan, terms: CopayTerms, day: Day): string {
  const days = terms.maxDays === undefined ? "" : `, for at most ${numberWords(plan, terms.maxDays, day)}`
  return `${numberWords(plan, terms.amount, day)} a ${terms.per}${days}`
}

export function coinsuranceWords(plan: Plan, terms: CoinsuranceTerms, day: Day): string {
  const bands = terms.bands?.map(({ upTo, member }) => {
    const share = numberWords(plan, member, day)
    return upTo === undefined ? `${share} above` : `${share} to ${numberWords(plan, upTo, day)}`
  })
  const share = bands?.join(", ") ?? (terms.member === undefined ? "" : numberWords(plan, terms.member, day))
  const least = terms.atLeast === undefined ? "" : `, at least ${numberWords(plan, terms.atLeast, day)}`
  const most = terms.atMost === undefined ? "" : `, at most ${numberWords(plan, terms.atMost, day)}`
  return `${share}${least}${most}`
}

interface Shares {
  readonly copay: CopayTerms | undefined
  readonly deductible: Bucket | undefined
  readonly coinsurance: CoinsuranceTerms | undefined
}

/** `$30.00 a visit`; `the deductible, then 20 %`; `nothing`. */
function sharesWords(plan: Plan, { copay, deductible, coinsurance }: Shares, day: Day): string {
  const first = copay === undefined ? [] : [copayWords(plan, copay, day)]
  const pool = deductible === undefined ? [] : [deductibleWords(plan, deductible)]
  const rest = coinsurance === undefined ? [] : [coinsuranceWords(plan, coinsurance, day)]
  const parts = copay?.order === "after" ? [...pool, ...first, ...rest] : [...first, ...pool, ...rest]
  if (parts.length === 0) return "nothing"
  const ends = deductible !== undefined && parts.at(-1) === pool[0]
  return [...parts, ...(ends ? ["nothing"] : [])].join(", then ")
}

export interface CellShare {
  readonly isCovered: boolean
  /** What the member pays, without clause numbers. */
  readonly words: string
  /** The rules that say so. */
  readonly rules: readonly Rule[]
  /** Rules that say otherwise under conditions. */
  readonly others: readonly Rule[]
  readonly deductible: Bucket | undefined
  readonly copay: CopayTerms | undefined
  readonly coinsurance: CoinsuranceTerms | undefined
}

const sharing = ["copay", "deductible", "coinsurance", "first", "allowance"] as const

/** The member's share of a cell's lines. */
export function shareOf(plan: Plan, cell: Cell): CellShare {
  const cover = coverOf(plan, cell)
  const none = { deductible: undefined, copay: undefined, coinsurance: undefined }
  if (cover === undefined) return { isCovered: false, words: "not covered", rules: [], others: [], ...none }
  const found = sharing.map((kind) => decidedBy(plan, kind, cell))
  const ruleOf = <K extends Kind>(kind: K) =>
    found[sharing.indexOf(kind as never)]?.rule as Rule<EffectOf<K>> | undefined
  const waives = applying(plan, "waive", cell)
  const waived = waives.filter((rule) => isCertain(rule, cell))
  const has = (part: Part) => !waived.some(({ effect }) => effect.parts.includes(part))
  const shares: Shares = {
    copay: has("copay") ? ruleOf("copay")?.effect.terms : undefined,
    deductible: has("deductible") ? ruleOf("deductible")?.effect.bucket : undefined,
    coinsurance: has("coinsurance") ? ruleOf("coinsurance")?.effect.terms : undefined,
  }
  const words = [sharesWords(plan, shares, cell.day)]
  const first = ruleOf("first")
  if (first !== undefined) {
    const { bucket } = first.effect
    const count = numberWords(plan, bucket.person ?? bucket.family ?? bucket.treatment!, cell.day)
    words.unshift(`first ${count} ${periodWords(bucket)}: ${sharesWords(plan, first.effect, cell.day)}; then`)
  }
  const allowance = ruleOf("allowance")
  if (allowance !== undefined) {
    const { bucket, overage } = allowance.effect
    words.push(
      `up to ${limitWords(plan, bucket, cell.day)}; above that ${numberWords(plan, overage, cell.day)} of the rest`,
    )
  }
  const rules = [...found.flatMap(({ rule }) => rule ?? []), ...waived]
  return {
    isCovered: true,
    words: words.join(" "),
    rules: rules.length === 0 ? [cover] : rules,
    others: [...found.flatMap(({ others }) => others), ...waives.filter((rule) => !waived.includes(rule))],
    ...shares,
  }
}

/** One group of services in one tier on one kind of claim, with what the member pays. */
export interface Surveyed extends Cell {
  readonly share: CellShare
  /** Whether a limit on what the member pays reaches it. */
  readonly caps: boolean
}

/** The clauses of rules, each once, in the order of the plan: `5.2, 5.3`. */
export function clausesWords(rules: readonly Rule[]): string {
  const sorted = [...rules].sort((a, b) => a.index - b.index)
  return [...new Set(sorted.map(({ clause }) => clause.number))].join(", ")
}

/** Every leaf that has a code on the day, with its codes. */
export function leavesOn(plan: Plan, day: Day): ReadonlyMap<Category, readonly string[]> {
  const found = new Map<Category, string[]>()
  for (const [code, spans] of plan.leaves) {
    const span = spans.find(({ from, until }) => from <= day && day < until)
    if (span === undefined) continue
    const codes = found.get(span.leaf)
    if (codes === undefined) found.set(span.leaf, [code])
    else codes.push(code)
  }
  return found
}

export const leafWords = ({ name }: Category): string => categoryWords(name)

/** Whether a rule speaks of most groups of services: then a summary says it once and not at each. */
export function isWide(plan: Plan, { guard }: Rule): boolean {
  const leaves = plan.categories.filter(({ isLeaf, index }) => isLeaf && index !== 0)
  const reached = leaves.filter(({ index }) => guard.reach[index] !== 0).length
  return leaves.length > 2 && 2 * reached > leaves.length
}
