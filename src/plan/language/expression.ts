/**
 * What a `when` is once parsed: a typed tree over a closed list of facts. `when.ts` parses, types and evaluates it; the
 * adjudicator answers its questions through `FactSource`.
 */

import type { Category, CodeSet, Day, NamedNumber } from "../parts.ts"
import type { Place } from "./finding.ts"

/** `amount` is minor units, `date` a day number; both travel as bigint, as `int` does. */
export type FactType = "int" | "string" | "bool" | "date" | "amount" | "list"

export type FactValue = bigint | string | boolean | readonly string[]

/** The closed list of facts a `when` may read, with their types. */
export const facts = {
  code: "string",
  codeSystem: "string",
  modifiers: "list",
  units: "int",
  unitsMilli: "int",
  charge: "amount",
  place: "string",
  revenue: "string",
  diagnoses: "list",
  from: "date",
  to: "date",
  days: "int",
  drug: "string",
  supply: "int",
  drugTier: "string",
  tooth: "string",
  surfaces: "list",
  category: "string",
  tier: "string",
  kind: "string",
  frequency: "string",
  billType: "string",
  drg: "string",
  received: "date",
  admitted: "date",
  discharged: "date",
  inpatient: "bool",
  emergency: "bool",
  accident: "bool",
  workRelated: "bool",
  visitType: "string",
  assurance: "string",
  clean: "date",
  born: "date",
  sex: "string",
  relation: "string",
  coverFrom: "date",
  coverTo: "date",
  enrolled: "date",
  members: "int",
  selfOnly: "bool",
  flags: "list",
  provider: "string",
  specialty: "string",
  providerKind: "string",
  contract: "string",
  level: "string",
  rank: "int",
  otherCover: "list",
} as const satisfies Readonly<Record<string, FactType>>

export type FactName = keyof typeof facts

export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">="

/** One node of a `when`; `type` is what it evaluates to. */
export type Expr =
  | { readonly node: "literal"; readonly type: FactType; readonly value: FactValue }
  | { readonly node: "list"; readonly type: "list"; readonly items: readonly Expr[] }
  | { readonly node: "fact"; readonly type: FactType; readonly name: FactName; readonly at: Place }
  | { readonly node: "not" | "negate"; readonly type: FactType; readonly operand: Expr }
  | { readonly node: "and" | "or"; readonly type: "bool"; readonly left: Expr; readonly right: Expr }
  | {
      readonly node: "compare"
      readonly type: "bool"
      readonly operator: Comparison
      readonly left: Expr
      readonly right: Expr
    }
  | { readonly node: "in"; readonly type: "bool"; readonly left: Expr; readonly right: Expr }
  | {
      readonly node: "arithmetic"
      readonly type: FactType
      readonly operator: "+" | "-" | "*"
      readonly left: Expr
      readonly right: Expr
    }
  | { readonly node: "age" | "days"; readonly type: "int"; readonly left: Expr; readonly right: Expr }
  | { readonly node: "codeIn" | "diagnosisIn"; readonly type: "bool"; readonly set: CodeSet }
  | { readonly node: "hasModifier"; readonly type: "bool"; readonly modifier: string }
  | { readonly node: "startsWith"; readonly type: "bool"; readonly left: Expr; readonly prefix: Expr }
  | { readonly node: "is"; readonly type: "bool"; readonly category: Category }
  | { readonly node: "has"; readonly type: "bool"; readonly name: FactName }
  | { readonly node: "number"; readonly type: FactType; readonly number: NamedNumber }

/** A `when` ready to run. */
export interface Condition {
  readonly source: string
  /** Where the condition begins in the document. */
  readonly at: Place
  readonly expr: Expr
  /** Every fact it can reach. */
  readonly facts: readonly FactName[]
  /** True or false, or why it could not be told: the line is pended with that. */
  readonly test: (source: FactSource) => boolean | WhenFailure
}

/** Why a condition has no value; `missing` names the fact, number, table or sum, never its content. */
export interface WhenFailure {
  readonly code: "missing-fact" | "overflow" | "no-table"
  readonly missing: string
}

/** What the adjudicator tells a condition about one line. */
export interface FactSource {
  /** First day of service: sets and numbers are read on it. */
  readonly day: Day
  /** The line's leaf category, once known: `is` reads it. */
  readonly leaf: Category | undefined
  /** A fact's value in the type of `facts` (dates and amounts as bigint), undefined when the input lacks it. */
  readonly read: (name: FactName) => FactValue | undefined
}
