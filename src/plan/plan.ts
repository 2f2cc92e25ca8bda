/**
 * A published plan as a typed value: what `readPlan` makes from the document and what the adjudicator runs. Everything is
 * resolved and indexed when the plan is read, so that one line costs comparisons of numbers and array reads.
 */
import type { Rounding } from "../base/money.ts"
import { civilDate, dayNumber, daysInMonth } from "../base/time.ts"
import type { Effect, EffectOf, Kind } from "./language/effects.ts"
import type { Condition } from "./language/expression.ts"
import type { Place } from "./language/finding.ts"
import type {
  AssuranceTier,
  Bucket,
  Category,
  ClaimKind,
  Clause,
  CodeSet,
  Day,
  Duration,
  NamedNumber,
  Period,
  Row,
  Table,
  TableSeries,
} from "./parts.ts"

/** When a rule applies. Undefined means: to all. */
export interface Guard {
  /** By category index: 0 when the rule does not reach the leaf, else 1 + the depth of the category that reaches it. */
  readonly reach: Uint8Array
  /** The categories as `for` lists them, for printing. */
  readonly listed: readonly Category[] | undefined
  readonly tiers: ReadonlySet<string> | undefined
  readonly claims: ReadonlySet<ClaimKind> | undefined
  readonly from: Day
  readonly until: Day
  readonly when: Condition | undefined
}

export interface Rule<E extends Effect = Effect> {
  /** Place in `plan.rules`: clause order, then the order of kinds. */
  readonly index: number
  readonly clause: Clause
  readonly kind: E["kind"]
  /** Where the effect begins in the document. */
  readonly at: Place
  readonly effect: E
  readonly guard: Guard
  /** Indexes of the rules this one is, transitively, an exception to. */
  readonly exceptionTo: ReadonlySet<number>
}

/** What each assurance tier does to a claim. */
export type AssurancePolicy =
  | { readonly does: "pays" }
  | { readonly does: "never" }
  | { readonly does: "wait"; readonly wait: Duration; readonly upTo: bigint }

export interface Front {
  readonly language: "plan/1"
  /** The series, `eye-sample`. */
  readonly plan: string
  readonly version: number
  readonly title: string
  readonly payer: string
  readonly currency: { readonly code: string; readonly exponent: number }
  readonly rounding: Rounding
  readonly effective: { readonly from: Day; readonly until: Day }
  readonly periods: ReadonlyMap<string, Period>
  readonly tiers: readonly string[]
  readonly claims: readonly ClaimKind[]
  readonly flags: readonly string[]
  readonly windows: {
    readonly claim: Duration
    readonly correction: Duration
    readonly lookBack: Duration
    readonly answer: Duration
  }
  readonly assurance: Readonly<Record<AssuranceTier, AssurancePolicy>>
}

export interface Plan {
  /** `digest("plan", bytes)`: the plan's identity. */
  readonly digest: Uint8Array
  readonly bytes: Uint8Array
  readonly front: Front
  readonly clauses: readonly Clause[]
  readonly numbers: ReadonlyMap<string, NamedNumber>
  readonly tables: ReadonlyMap<string, TableSeries>
  readonly sets: ReadonlyMap<string, CodeSet>
  /** By index; 0 is the root. */
  readonly categories: readonly Category[]
  readonly buckets: readonly Bucket[]
  readonly rules: readonly Rule[]
  /** Rules by category index and kind, in clause order: ask `rulesFor`. */
  readonly byLeaf: readonly Readonly<Record<Kind, readonly Rule[]>>[]
  readonly byKind: Readonly<Record<Kind, readonly Rule[]>>
  /** Code to leaf, each with the days it holds for: ask `leafOf`. */
  readonly leaves: ReadonlyMap<string, readonly { readonly from: Day; readonly until: Day; readonly leaf: Category }[]>
  /** The days on which all tables of categories have an edition. */
  readonly leavesOn: readonly { readonly from: Day; readonly until: Day }[]
  /** Tier by provider or contract, where a clause defines it by a table. */
  readonly networks: readonly { readonly table: TableSeries; readonly by: "provider" | "contract" }[]
}

/** The value in force on a day, undefined before the first. */
export function valueOn(number: NamedNumber, day: Day): bigint | undefined {
  for (let i = number.values.length - 1; i >= 0; i--) {
    const dated = number.values[i]!
    if (dated.from <= day) return dated.value
  }
  return undefined
}

/** The value of a number by name: for `number("…")`, printing and cases. Effects hold their numbers themselves. */
export function numberOn(plan: Plan, name: string, day: Day): bigint | undefined {
  const number = plan.numbers.get(name)
  return number === undefined ? undefined : valueOn(number, day)
}

export function rulesOfKind<K extends Kind>(plan: Plan, kind: K): readonly Rule<EffectOf<K>>[] {
  return plan.byKind[kind] as unknown as readonly Rule<EffectOf<K>>[]
}

/** Rules of a kind whose `for` and `on` reach the leaf, in clause order; `admits` and `when` are still to be asked. */
export function rulesFor<K extends Kind>(plan: Plan, kind: K, leaf: Category): readonly Rule<EffectOf<K>>[] {
  return plan.byLeaf[leaf.index]![kind] as unknown as readonly Rule<EffectOf<K>>[]
}

/** The guards that cost nothing: dates, kind of claim, tier (undefined while it is not known). `when` comes after. */
export function admits(guard: Guard, day: Day, kind: ClaimKind, tier: string | undefined): boolean {
  if (day < guard.from || day >= guard.until) return false
  if (guard.claims !== undefined && !guard.claims.has(kind)) return false
  return guard.tiers === undefined || (tier !== undefined && guard.tiers.has(tier))
}

/**
 * Whether A wins over B for a line of this leaf: A is an exception to B, or B has no condition and A speaks of a
 * narrower category. A stated exception the other way round takes the second away.
 */
export function beats(a: Rule, b: Rule, leaf: Category): boolean {
  if (a.exceptionTo.has(b.index)) return true
  if (b.guard.when !== undefined || b.exceptionTo.has(a.index)) return false
  return a.guard.reach[leaf.index]! > b.guard.reach[leaf.index]!
}

/** The edition of a table in force on a day. */
export function editionOn(series: TableSeries, day: Day): Table | undefined {
  for (const edition of series.editions) if (day >= edition.from && day < edition.until) return edition
  return undefined
}

/** A row by key on a day; `no-table` when no edition is in force. Keys of several columns are joined by `|`. */
export function rowOn(series: TableSeries, key: string, day: Day): Row | undefined | "no-table" {
  const edition = editionOn(series, day)
  return edition === undefined ? "no-table" : edition.rows.get(key)
}

/** The one leaf of a code on a day, or why it has none: no row in any table, or no edition of a table. */
export function leafOf(plan: Plan, code: string, day: Day): Category | "no-row" | "no-table" {
  const dated = plan.leaves.get(code)
  if (dated !== undefined) for (const entry of dated) if (day >= entry.from && day < entry.until) return entry.leaf
  for (const span of plan.leavesOn) if (day >= span.from && day < span.until) return "no-row"
  return "no-table"
}

/** Whether a category is another or lies under it. */
export function isWithin(category: Category, other: Category): boolean {
  return category.path[other.depth] === other
}

/** Whether a set holds a code on a day; undefined when the set has no edition for it. */
export function setHolds(set: CodeSet, code: string, day: Day): boolean | undefined {
  for (const edition of set.editions) if (day >= edition.from && day < edition.until) return edition.codes.has(code)
  return undefined
}

/** A day moved by whole months, clipped to the last day of the month it lands in. */
export function addMonths(day: Day, months: number): Day {
  const date = civilDate(day)
  const month = date.year * 12 + date.month - 1 + months
  const [year, inYear] = [Math.floor(month / 12), (((month % 12) + 12) % 12) + 1]
  return dayNumber(year, inYear, Math.min(date.day, daysInMonth(year, inYear)))
}

/** The first day of the span a day lies in; undefined for spans that roll, last a stay or a visit, or never end. */
export function periodStart(period: Period, day: Day, coverFrom: Day): Day | undefined {
  const { year } = civilDate(day)
  switch (period.kind) {
    case "calendar":
      return dayNumber(year, 1, 1)
    case "day":
      return day
    case "fixed": {
      const start = dayNumber(year, period.month, Math.min(period.day, daysInMonth(year, period.month)))
      if (start <= day) return start
      return dayNumber(year - 1, period.month, Math.min(period.day, daysInMonth(year - 1, period.month)))
    }
    case "cover-year": {
      const months = (civilDate(day).year - civilDate(coverFrom).year) * 12
      const start = addMonths(coverFrom, months)
      return start <= day ? start : addMonths(coverFrom, months - 12)
    }
    default:
      return undefined
  }
}
