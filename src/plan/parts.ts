/**
 * What a plan is made of, before any rule: dated numbers, tables, categories, buckets, clauses. Everything is resolved
 * when the plan is read; rules and effects hold these values themselves.
 */

/** Days since 1970-01-01. */
export type Day = number

export type ClaimKind = "professional" | "institutional" | "dental" | "drug"
export type AssuranceTier = "patient" | "proxy" | "attested" | "silent"

/** `30.00 USD` is amount, `20 %` percent in basis points, `4.625 %/year` parts per million; the rest are whole counts. */
export type Unit =
  | "amount"
  | "percent"
  | "perYear"
  | "days"
  | "months"
  | "hours"
  | "visits"
  | "units"
  | "items"
  | "members"
  | "teeth"
  | "services"
  | "years"

export interface DatedValue {
  readonly from: Day
  readonly value: bigint
  readonly source: string
}

/** A number of the plan. `values` ascend by `from`; a later one replaces the earlier. */
export interface NamedNumber {
  readonly name: string
  readonly unit: Unit
  readonly values: readonly DatedValue[]
  readonly line: number
  readonly column: number
}

export interface Duration {
  readonly count: number
  readonly unit: "days" | "months" | "hours"
}

/** How long a bucket's count runs before it starts again. */
export type Period =
  | { readonly name: string; readonly kind: "calendar" | "cover-year" | "lifetime" | "stay" | "visit" | "day" }
  | { readonly name: string; readonly kind: "fixed"; readonly month: number; readonly day: number }
  | { readonly name: string; readonly kind: "rolling"; readonly count: number; readonly unit: "months" | "days" }

/** A rate finer than a cent: `731.885` is (731885, 3). */
export interface Rate {
  readonly integer: bigint
  readonly scale: number
}

export interface Row {
  readonly key: string
  /** By column; an empty cell is the empty text. */
  readonly cells: Readonly<Record<string, string>>
  /** Column `rate`: a number, `charge` for "whatever is charged", undefined when the cell or column is not there. */
  readonly rate: Rate | "charge" | undefined
  /** Column `global` and `bilateral` where they hold a whole number. */
  readonly global: number | undefined
  readonly bilateral: number | undefined
}

/** One edition of a table, in force from `from` up to but not including `until`. */
export interface Table {
  readonly name: string
  readonly version: string
  /** The columns that key a row; more than one are joined by `|`. */
  readonly key: readonly string[]
  readonly columns: readonly string[]
  readonly from: Day
  readonly until: Day
  readonly source: string
  /** Of the CSV's bytes. */
  readonly sha256: Uint8Array
  readonly rows: ReadonlyMap<string, Row>
}

/** All editions of a table, ascending, never overlapping. */
export interface TableSeries {
  readonly name: string
  readonly editions: readonly Table[]
}

/** A set of codes; which are in it depends on the day. */
export interface CodeSet {
  readonly name: string
  readonly editions: readonly { readonly from: Day; readonly until: Day; readonly codes: ReadonlySet<string> }[]
}

/** A node of the category tree. The root has index 0, depth 0 and the empty name. */
export interface Category {
  readonly index: number
  readonly name: string
  readonly depth: number
  readonly isLeaf: boolean
  /** From the root to this category itself. */
  readonly path: readonly Category[]
}

export interface Bucket {
  /** Place in `plan.buckets`. */
  readonly index: number
  readonly name: string
  readonly clause: Clause
  readonly measure: "share" | "benefit" | "count" | "allowed"
  readonly person: NamedNumber | undefined
  readonly family: NamedNumber | undefined
  readonly treatment: NamedNumber | undefined
  readonly condition: NamedNumber | undefined
  readonly familyRule: "embedded" | "aggregate"
  readonly grow:
    | { readonly each: NamedNumber; readonly above: NamedNumber; readonly atMost: NamedNumber | undefined }
    | undefined
  readonly period: Period
  readonly tiers: readonly string[] | undefined
  readonly alsoCounts: readonly Bucket[]
}

/** A decision the plan leaves to a person: the rule pends until it is signed. */
export interface Discretion {
  readonly by: string
  readonly kind: string
  readonly within: NamedNumber
  readonly criteria: string
  readonly judges: readonly string[]
  readonly byDefault: string
  readonly review: string
}

export interface Clause {
  /** `5.2`. */
  readonly number: string
  readonly parts: readonly number[]
  readonly title: string
  readonly chapter: string
  /** The member's sentence as written, numbers in braces. */
  readonly sentence: string
  /** Place in the document, from 1: of the heading, of the sentence and of the rule block. */
  readonly line: number
  readonly sentenceLine: number
  readonly ruleLine: number
  readonly column: number
  /** The rule in canonical form: two rules are the same when this is. Empty for a clause without a rule. */
  readonly rule: string
  readonly discretion: Discretion | undefined
}
