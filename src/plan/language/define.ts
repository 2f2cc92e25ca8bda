/** Chapter 1 of a plan: the words, code sets, categories, networks and buckets that other clauses name. */

import type { Bucket, Category, Clause, CodeSet, NamedNumber, TableSeries } from "../parts.ts"
import type { CategoryBuilder } from "./categories.ts"
import { Fields } from "./fields.ts"
import type { Place } from "./finding.ts"
import type { Names } from "./names.ts"
import type { YamlNode } from "./yaml.ts"

export interface Definition {
  readonly what: "term" | "codes" | "category" | "categories" | "network" | "condition"
  readonly name: string | undefined
  readonly meaning: string | undefined
  readonly table: TableSeries | undefined
  readonly set: CodeSet | undefined
  readonly category: Category | undefined
  readonly by: "provider" | "contract" | undefined
}

const nothing: Definition = {
  what: "term",
  name: undefined,
  meaning: undefined,
  table: undefined,
  set: undefined,
  category: undefined,
  by: undefined,
}

function buildSet(name: string, series: TableSeries, fields: Fields): CodeSet {
  const column = fields.optionalText("column")
  const where = fields.has("where") ? fields.map("where") : undefined
  const conditions = where === undefined ? [] : where.keys.map((key) => [key, where.text(key)] as const)
  const editions = series.editions.map((edition) => {
    for (const needed of [...(column === undefined ? [] : [column]), ...conditions.map(([key]) => key)]) {
      if (edition.columns.includes(needed)) continue
      fields.report.stop(
        "type",
        fields.at,
        `Table ${series.name} has no column “${needed}”.`,
        "Name one of its columns.",
      )
    }
    const codes = new Set<string>()
    for (const row of edition.rows.values()) {
      if (conditions.some(([key, value]) => row.cells[key] !== value)) continue
      const code = column === undefined ? row.key : row.cells[column]!
      if (code !== "") codes.add(code)
    }
    return { from: edition.from, until: edition.until, codes }
  })
  return { name, editions }
}

/**
 * First pass over a `define`: sets and categories are declared before anything may name them. The category itself is
 * filled in by `definedCategory` once the tree is built.
 */
export function readDefine(node: YamlNode, names: Names, tree: CategoryBuilder): Definition {
  const fields = new Fields(node, "define", names.report)
  const definition = readKind(fields, names, tree)
  fields.node("on")
  fields.node("codes")
  fields.done()
  return definition
}

function readKind(fields: Fields, names: Names, tree: CategoryBuilder): Definition {
  if (fields.has("term")) {
    return { ...nothing, what: "term", name: fields.text("term"), meaning: fields.optionalText("meaning") }
  }
  if (fields.has("category")) return readCategory(fields, names, tree)
  if (fields.has("codes")) {
    const name = fields.text("codes")
    const table = names.table(fields, "table")
    if (names.sets.has(name)) fields.wrong(fields.keyOf("codes"), `The set ${name} is defined twice.`, "Keep one.")
    const set = buildSet(name, table, fields)
    names.sets.set(name, set)
    return { ...nothing, what: "codes", name, table, set }
  }
  if (fields.has("network")) {
    const by = fields.choice("by", ["provider", "contract"] as const, "provider")
    return { ...nothing, what: "network", table: names.tableWith(fields, "network", "tier"), by }
  }
  if (fields.has("condition")) {
    return { ...nothing, what: "condition", table: names.tableWith(fields, "condition", "condition") }
  }
  const table = names.tableWith(fields, "table", "category")
  tree.addTable(table, fields.keyOf("table"))
  return { ...nothing, what: "categories", table }
}

function readCategory(fields: Fields, names: Names, tree: CategoryBuilder): Definition {
  const name = fields.text("category")
  const at: Place = fields.keyOf("category")
  const under = fields.optionalText("under") ?? ""
  const setName = fields.optionalText("codes")
  tree.declare(name, under, at)
  if (setName === undefined) return { ...nothing, what: "category", name }
  const set = names.sets.get(setName)
  if (set === undefined) {
    return names.report.stop("unknown-name", fields.need("codes"), `There is no set “${setName}”.`, "Define it before.")
  }
  tree.addSet(set, name)
  return { ...nothing, what: "category", name, set }
}

const owners = ["person", "family", "treatment", "condition"] as const

/** A bucket, without its `alsoCounts`, which may name buckets that come later. */
export function readBucket(node: YamlNode, clause: Clause, index: number, names: Names): Bucket {
  const fields = new Fields(node, "bucket", names.report)
  const measure = fields.choice("measure", ["share", "benefit", "count", "allowed"] as const)
  const wanted = measure === "count" ? "count" : "amount"
  const limits: Partial<Record<(typeof owners)[number], NamedNumber>> = {}
  for (const owner of owners) {
    const limit = names.optionalNumber(fields, owner, wanted)
    if (limit !== undefined) limits[owner] = limit
  }
  if (Object.keys(limits).length === 0) {
    fields.wrong(
      fields.at,
      "The bucket belongs to nobody.",
      "Give it a limit for person, family, treatment or condition.",
    )
  }
  const grow = fields.has("grow") ? readGrow(fields.map("grow"), names, wanted) : undefined
  if (grow !== undefined && limits.family === undefined) {
    fields.wrong(fields.keyOf("grow"), "Only a family's limit can grow with its members.", "Give family a limit.")
  }
  const periodName = fields.text("period")
  const period = names.front.periods.get(periodName)
  if (period === undefined) {
    return names.report.stop(
      "unknown-name",
      fields.need("period"),
      `There is no period “${periodName}”.`,
      "Declare it.",
    )
  }
  const bucket: Bucket = {
    index,
    name: fields.text("name"),
    clause,
    measure,
    person: limits.person,
    family: limits.family,
    treatment: limits.treatment,
    condition: limits.condition,
    familyRule: fields.choice("familyRule", ["embedded", "aggregate"] as const, "embedded"),
    grow,
    period,
    tiers: fields.has("tiers") ? fields.items("tiers").map((tier) => names.tierOf(tier)) : undefined,
    alsoCounts: [],
  }
  fields.node("alsoCounts")
  fields.node("on")
  fields.node("codes")
  fields.done()
  return bucket
}

function readGrow(fields: Fields, names: Names, wanted: "amount" | "count"): Bucket["grow"] {
  const grow = {
    each: names.number(fields, "each", wanted),
    above: names.number(fields, "above", "count"),
    atMost: names.optionalNumber(fields, "atMost", wanted),
  }
  fields.done()
  return grow
}

/** Joins buckets once all of them exist. */
export function joinBuckets(node: YamlNode, bucket: Bucket, names: Names): void {
  const fields = new Fields(node, "bucket", names.report)
  if (!fields.has("alsoCounts")) return
  for (const item of fields.items("alsoCounts")) {
    const other = names.bucketOf(item, bucket.measure)
    if (other === bucket) fields.wrong(item, "A bucket cannot also count to itself.", "Take it out.")
    ;(bucket.alsoCounts as Bucket[]).push(other)
  }
}
