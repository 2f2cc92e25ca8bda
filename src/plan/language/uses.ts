/** Which numbers, tables and buckets the rules of a plan name: found by walking the effects themselves. */

import type { Bucket, NamedNumber, TableSeries } from "../parts.ts"
import type { Plan, Rule } from "../plan.ts"
import type { Expr } from "./expression.ts"

export interface Uses {
  readonly numbers: readonly { readonly number: NamedNumber; readonly rule: Rule }[]
  readonly tables: readonly { readonly table: TableSeries; readonly rule: Rule }[]
  /** Buckets that an effect or another bucket reads or fills. */
  readonly buckets: ReadonlySet<Bucket>
  /** The same, each with the rule that names it; a bucket that others also count to is named by theirs. */
  readonly bucketUses: readonly { readonly bucket: Bucket; readonly rule: Rule }[]
}

interface Found {
  readonly numbers: { number: NamedNumber; rule: Rule }[]
  readonly tables: { table: TableSeries; rule: Rule }[]
  readonly buckets: Set<Bucket>
  readonly bucketUses: { bucket: Bucket; rule: Rule }[]
}

/** Effects hold plain objects of few shapes; a category, a set or a clause in them names nothing further. */
function walk(value: unknown, rule: Rule, found: Found): void {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return
  if (Array.isArray(value)) {
    for (const item of value) walk(item, rule, found)
  } else if ("unit" in value && "values" in value) {
    found.numbers.push({ number: value as NamedNumber, rule })
  } else if ("rows" in value || "path" in value || "codes" in value || "sentence" in value) {
    return
  } else if ("name" in value && "editions" in value) {
    const editions = (value as TableSeries).editions
    if (editions.every((edition) => "rows" in edition)) found.tables.push({ table: value as TableSeries, rule })
  } else if ("measure" in value && "familyRule" in value) {
    found.buckets.add(value as unknown as Bucket)
    found.bucketUses.push({ bucket: value as unknown as Bucket, rule })
  } else {
    for (const item of Object.values(value)) walk(item, rule, found)
  }
}

function walkBucket(bucket: Bucket, rule: Rule, found: Found): void {
  const { person, family, treatment, condition, grow, alsoCounts } = bucket
  for (const part of [person, family, treatment, condition, grow]) walk(part, rule, found)
  for (const other of alsoCounts) found.buckets.add(other)
}

function walkCondition(expr: Expr, rule: Rule, found: Found): void {
  if (expr.node === "number") found.numbers.push({ number: expr.number, rule })
  if ("operand" in expr) walkCondition(expr.operand, rule, found)
  if ("left" in expr) walkCondition(expr.left, rule, found)
  if ("right" in expr) walkCondition(expr.right, rule, found)
  if ("prefix" in expr) walkCondition(expr.prefix, rule, found)
}

export function usesOf(plan: Plan): Uses {
  const found: Found = { numbers: [], tables: [], buckets: new Set(), bucketUses: [] }
  for (const rule of plan.rules) {
    const { effect, guard, clause } = rule
    if (effect.kind === "bucket") walkBucket(effect.bucket, rule, found)
    else for (const [name, value] of Object.entries(effect)) if (name !== "codes") walk(value, rule, found)
    if (guard.when !== undefined) walkCondition(guard.when.expr, rule, found)
    walk(clause.discretion?.within, rule, found)
  }
  return found
}
