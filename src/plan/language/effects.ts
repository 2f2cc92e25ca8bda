/**
 * The closed set of effects a clause may have. Names are already resolved: an effect holds the number, bucket, table or
 * category itself, so that adjudicating looks nothing up by name. A field left out of the document is undefined here.
 */

import type { Bucket, Category, CodeSet, Duration, NamedNumber, TableSeries } from "../parts.ts"
import type { Place } from "./finding.ts"

/** Adjustment codes that replace an effect's own. */
export interface Codes {
  readonly group: "PR" | "CO" | "OA" | "PI"
  readonly carc: string
  readonly rarc: string | undefined
  /** Where each stands in the document. */
  readonly places: { readonly group: Place; readonly carc: Place; readonly rarc: Place }
}

/** Fields every effect has. */
interface Common<Kind extends string> {
  readonly kind: Kind
  /** The effect's own narrowing; already part of the rule's leaves. */
  readonly on: readonly Category[] | undefined
  readonly codes: Codes | undefined
}

export type Part = "copay" | "deductible" | "coinsurance"

/** `none` in the document is `terms: undefined`. */
export interface CopayTerms {
  readonly amount: NamedNumber
  readonly per: "visit" | "day" | "service" | "stay" | "prescription"
  readonly order: "before" | "after"
  readonly maxDays: NamedNumber | undefined
  readonly bucket: Bucket | undefined
}

export interface CoinsuranceTerms {
  /** Basis points; undefined only with `bands`. */
  readonly member: NamedNumber | undefined
  readonly atLeast: NamedNumber | undefined
  readonly atMost: NamedNumber | undefined
  readonly per: "service" | "prescription" | "day" | "visit" | undefined
  /** `upTo` undefined in the last band. */
  readonly bands: readonly { readonly upTo: NamedNumber | undefined; readonly member: NamedNumber }[] | undefined
  /** Keeps the sum that the bands run on; undefined when each line runs through the bands for itself. */
  readonly bucket: Bucket | undefined
}

export interface Define extends Common<"define"> {
  readonly what: "term" | "codes" | "category" | "categories" | "network" | "condition"
  readonly name: string | undefined
  readonly meaning: string | undefined
  readonly table: TableSeries | undefined
  readonly set: CodeSet | undefined
  readonly category: Category | undefined
  /** `network`: the column that keys the table. */
  readonly by: "provider" | "contract" | undefined
}
export interface BucketEffect extends Common<"bucket"> {
  readonly bucket: Bucket
}
export interface Cover extends Common<"cover"> {}
export interface Exclude extends Common<"exclude"> {
  readonly notice: "none" | "required"
}
export interface Network extends Common<"network"> {
  readonly tier: string | "notCovered"
}
export interface Assurance extends Common<"assurance"> {}
export interface Timely extends Common<"timely"> {
  readonly window: Duration
  readonly correction: Duration
  readonly from: "service" | "discharge" | "priorPayer"
}
export type DuplicateField = "provider" | "from" | "to" | "code" | "modifiers" | "units" | "charge" | "place" | "tooth"
export interface Duplicate extends Common<"duplicate"> {
  readonly same: readonly DuplicateField[]
  readonly possible: readonly DuplicateField[] | undefined
}
export interface Age extends Common<"age"> {
  /** Years, half-open: allowed when from ≤ age < to. */
  readonly from: NamedNumber | undefined
  readonly to: NamedNumber | undefined
  readonly sex: string | undefined
}
export interface Bundle extends Common<"bundle"> {
  /** Both undefined when a table gives the pairs. */
  readonly line: Category | undefined
  readonly into: Category | undefined
  readonly within: "line" | "day" | "stay"
  readonly unless: readonly string[]
  readonly table: TableSeries | undefined
}
export interface AddOn extends Common<"addOn"> {
  readonly table: TableSeries
}
export interface Units extends Common<"units"> {
  readonly most: NamedNumber | undefined
  readonly table: TableSeries | undefined
}
export interface Wastage extends Common<"wastage"> {
  readonly waste: string
  readonly none: string
  readonly table: TableSeries | undefined
}
export interface Global extends Common<"global"> {
  readonly table: TableSeries
  readonly unless: readonly string[]
}
export interface Comanage extends Common<"comanage"> {
  /** Share in basis points of the line that carries each modifier. */
  readonly surgery: { readonly modifier: string; readonly share: NamedNumber }
  readonly after: { readonly modifier: string; readonly share: NamedNumber }
  readonly before: { readonly modifier: string; readonly share: NamedNumber } | undefined
  readonly days: NamedNumber | undefined
}
export interface Authorize extends Common<"authorize"> {
  readonly covers: "code" | "category"
  readonly otherwise: "deny" | "reduce"
  readonly reduction: NamedNumber | undefined
}
export interface Refer extends Common<"refer"> {
  readonly from: string
  readonly visits: NamedNumber | undefined
}
export interface Wait extends Common<"wait"> {
  readonly lasts: NamedNumber
  readonly from: "enrolled" | "coverFrom"
}
export interface Limit extends Common<"limit"> {
  readonly bucket: Bucket
  readonly per: "visit" | "unit" | "day" | "item" | "tooth"
}
export interface Capitate extends Common<"capitate"> {
  readonly contract: string | undefined
  readonly copay: boolean
}
export interface Allow extends Common<"allow"> {
  /** Exactly one of schedule, ofCharge, case, perDiem. */
  readonly schedule: TableSeries | undefined
  readonly percent: NamedNumber | undefined
  readonly ofCharge: NamedNumber | undefined
  readonly case: TableSeries | undefined
  readonly perDiem: NamedNumber | undefined
  readonly level: "line" | "claim"
  readonly modifiers: TableSeries | undefined
  readonly lesser: boolean
  readonly atMost: NamedNumber | undefined
}
export interface Bilateral extends Common<"bilateral"> {
  readonly table: TableSeries
}
export interface Multiple extends Common<"multiple"> {
  readonly table: TableSeries | undefined
  /** Factor of the first, second, … by allowed. */
  readonly ranks: readonly NamedNumber[]
  readonly beyond: "last" | "pend"
  readonly part: "all" | "technical"
  readonly base: string | undefined
}
export interface Alternate extends Common<"alternate"> {
  readonly as: string
  readonly owes: "member" | "provider"
}
export interface Allowance extends Common<"allowance"> {
  readonly bucket: Bucket
  readonly overage: NamedNumber
}
export interface Copay extends Common<"copay"> {
  readonly terms: CopayTerms | undefined
}
export interface Deductible extends Common<"deductible"> {
  /** Undefined: `none`. */
  readonly bucket: Bucket | undefined
}
export interface Coinsurance extends Common<"coinsurance"> {
  readonly terms: CoinsuranceTerms | undefined
}
export interface First extends Common<"first"> {
  readonly bucket: Bucket
  readonly copay: CopayTerms | undefined
  readonly deductible: Bucket | undefined
  readonly coinsurance: CoinsuranceTerms | undefined
}
export interface Waive extends Common<"waive"> {
  readonly parts: readonly Part[]
}
export interface OutOfPocket extends Common<"outOfPocket"> {
  readonly bucket: Bucket
  readonly counts: readonly Part[]
}
export interface Ceiling extends Common<"ceiling"> {
  readonly bucket: Bucket
  readonly excess: "member" | "provider"
}
export interface Emergency extends Common<"emergency"> {
  readonly lifts: readonly ("network" | "authorize" | "refer" | "wait")[]
  readonly payAs: string | undefined
}
export interface Cob extends Common<"cob"> {
  readonly method: "standard" | "carve-out" | "maintenance" | "medicare"
  readonly posts: "owed" | "own"
  readonly order: TableSeries | undefined
}
export interface Withhold extends Common<"withhold"> {
  readonly percent: NamedNumber
  readonly pool: string
}
export interface Bonus extends Common<"bonus"> {
  readonly pool: string
  readonly measure: string
  readonly table: TableSeries
}
export interface Interest extends Common<"interest"> {
  readonly due: NamedNumber
  readonly clock: "received" | "clean"
  readonly rate: NamedNumber | undefined
  readonly table: TableSeries | undefined
  readonly dayCount: number
  readonly least: NamedNumber | undefined
  readonly bands: readonly { readonly upTo: NamedNumber | undefined; readonly rate: NamedNumber }[] | undefined
}
export interface TrueUp extends Common<"trueUp"> {
  readonly parts: readonly ("deductible" | "outOfPocket")[]
  readonly within: NamedNumber
}

export type Effect =
  | Define
  | BucketEffect
  | Cover
  | Exclude
  | Network
  | Assurance
  | Timely
  | Duplicate
  | Age
  | Bundle
  | AddOn
  | Units
  | Wastage
  | Global
  | Comanage
  | Authorize
  | Refer
  | Wait
  | Limit
  | Capitate
  | Allow
  | Bilateral
  | Multiple
  | Alternate
  | Allowance
  | Copay
  | Deductible
  | Coinsurance
  | First
  | Waive
  | OutOfPocket
  | Ceiling
  | Emergency
  | Cob
  | Withhold
  | Bonus
  | Interest
  | TrueUp

export type Kind = Effect["kind"]
export type EffectOf<K extends Kind> = Extract<Effect, { readonly kind: K }>

/** Every kind in the order of the language's table; true when exactly one rule of the kind may win for a line. */
export const exclusive: Readonly<Record<Kind, boolean>> = {
  define: true,
  bucket: false,
  cover: false,
  exclude: false,
  network: true,
  assurance: true,
  timely: true,
  duplicate: true,
  age: false,
  bundle: false,
  addOn: false,
  units: false,
  wastage: true,
  global: true,
  comanage: true,
  authorize: false,
  refer: false,
  wait: false,
  limit: false,
  capitate: true,
  allow: true,
  bilateral: true,
  multiple: true,
  alternate: true,
  allowance: true,
  copay: true,
  deductible: true,
  coinsurance: true,
  first: true,
  waive: false,
  outOfPocket: true,
  ceiling: false,
  emergency: false,
  cob: true,
  withhold: true,
  bonus: false,
  interest: true,
  trueUp: true,
}

export const kinds = Object.keys(exclusive) as readonly Kind[]
