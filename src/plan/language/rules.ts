/**
 * From clauses to rules: each effect with its guard, the exceptions between rules, and the indexes by kind and leaf that
 * make adjudicating fast.
 */

import type { Bucket, Category, Clause, Discretion } from "../parts.ts"
import type { Guard, Rule } from "../plan.ts"
import { CategoryBuilder, type CategoryTree } from "./categories.ts"
import { type Definition, joinBuckets, readBucket, readDefine } from "./define.ts"
import type { ClauseText } from "./document.ts"
import { type Effect, type Kind, kinds } from "./effects.ts"
import { Fields } from "./fields.ts"
import type { Place, Report } from "./finding.ts"
import { claimKinds } from "./front.ts"
import type { Names } from "./names.ts"
import { readEffect } from "./read-effects.ts"
import { readWhen } from "./when.ts"
import { canonicalYaml, readYaml, type YamlNode } from "./yaml.ts"

const guards = ["for", "tiers", "claims", "from", "until", "when", "exceptionTo", "discretion"]

/** One clause while it is read. */
interface Draft {
  readonly clause: Clause
  readonly fields: Fields
  readonly kinds: readonly Kind[]
  definition: Definition | undefined
  bucket: Bucket | undefined
}

export interface RuleSet extends CategoryTree {
  readonly clauses: readonly Clause[]
  readonly buckets: readonly Bucket[]
  readonly rules: readonly Rule[]
  readonly networks: readonly {
    readonly table: NonNullable<Definition["table"]>
    readonly by: "provider" | "contract"
  }[]
}

function readDiscretion(fields: Fields, names: Names): Discretion | undefined {
  if (!fields.has("discretion")) return undefined
  const { report } = names
  const inner = new Fields(fields.need("discretion"), "discretion", report, "discretion-open")
  const discretion: Discretion = {
    by: inner.text("by"),
    kind: inner.text("kind"),
    within: names.number(inner, "within", "duration"),
    criteria: inner.text("criteria"),
    judges: inner.texts("judges"),
    byDefault: inner.choice("default", ["covered", "notCovered"] as const),
    review: inner.text("review"),
  }
  for (const name of ["criteria", "review"] as const) {
    if (names.clauses.has(discretion[name])) continue
    report.stop(
      "unknown-name",
      inner.need(name),
      `There is no clause ${discretion[name]}.`,
      "Name a clause of this plan.",
    )
  }
  inner.done()
  return discretion
}

/** The clause with its rule's fields; undefined for a clause without a rule. */
function draft(text: ClauseText, names: Names): { clause: Clause; draft: Draft | undefined } {
  const { report } = names
  const { rule: block, ...rest } = text
  const ruleLine = block?.line ?? text.line
  const bare: Clause = { ...rest, ruleLine, rule: "", discretion: undefined }
  if (block === undefined) return { clause: bare, draft: undefined }
  const node = report.attempt(() => readYaml(block.text, block, report))
  if (node === undefined) return { clause: bare, draft: undefined }
  const fields = report.attempt(() => new Fields(node, `clause ${text.number}`, report))
  if (fields === undefined) return { clause: bare, draft: undefined }
  const discretion = report.attempt(() => readDiscretion(fields, names))
  const clause: Clause = { ...bare, rule: canonicalYaml(node), discretion }
  const present: Kind[] = []
  for (const key of fields.keys) {
    const kind = kinds.find((each) => each === key)
    if (kind !== undefined) present.push(kind)
    else if (!guards.includes(key)) {
      report.add(
        "unknown-name",
        fields.keyOf(key),
        `There is no effect “${key}”.`,
        "Name one of the language's effects.",
      )
    }
  }
  if (present.length === 0) {
    report.add("clause-without-rule", fields.at, `The rule of ${text.number} has no effect.`, "Add an effect.")
  }
  present.sort((a, b) => kinds.indexOf(a) - kinds.indexOf(b))
  return { clause, draft: { clause, fields, kinds: present, definition: undefined, bucket: undefined } }
}

/** Definitions and buckets first: other clauses name them. */
function firstPass(drafts: readonly Draft[], names: Names): { tree: CategoryTree; buckets: readonly Bucket[] } {
  const { report } = names
  const builder = new CategoryBuilder(report)
  const buckets: Bucket[] = []
  for (const each of drafts) {
    report.clause = each.clause.number
    const define = each.kinds.includes("define") ? each.fields.node("define") : undefined
    if (define !== undefined) each.definition = report.attempt(() => readDefine(define, names, builder))
    const node = each.kinds.includes("bucket") ? each.fields.node("bucket") : undefined
    const bucket = node && report.attempt(() => readBucket(node, each.clause, buckets.length, names))
    if (bucket === undefined) {
      const name = node?.type === "map" ? node.entries.find(({ key }) => key.text === "name")?.value : undefined
      if (name?.type === "text") names.unread.add(`bucket ${name.text}`)
      continue
    }
    if (names.buckets.has(bucket.name)) {
      report.add("canon", each.fields.keyOf("bucket"), `Bucket ${bucket.name} is declared twice.`, "Rename one.")
    }
    names.buckets.set(bucket.name, bucket)
    buckets.push(bucket)
    each.bucket = bucket
  }
  report.clause = undefined
  const tree = report.attempt(() => builder.build()) ?? new CategoryBuilder(report).build()
  for (const category of tree.categories) if (category.depth > 0) names.categories.set(category.name, category)
  for (const { bucket, fields, clause } of drafts) {
    report.clause = clause.number
    const node = fields.node("bucket")
    if (bucket !== undefined && node !== undefined) report.attempt(() => joinBuckets(node, bucket, names))
  }
  return { tree, buckets }
}

/** 1 + the depth of the narrowest listed category that holds the leaf; 1 for no list, 0 when none does. */
function depthIn(leaf: Category, listed: readonly Category[] | undefined): number {
  if (listed === undefined) return 1
  let depth = 0
  for (const category of listed) {
    if (leaf.path[category.depth] === category && category.depth + 1 > depth) depth = category.depth + 1
  }
  return depth
}

const placeOf = ({ line, column }: Place): Place => ({ line, column })

interface ClauseGuard {
  readonly listed: readonly Category[] | undefined
  readonly guard: Omit<Guard, "reach" | "listed">
}

function readGuard(fields: Fields, names: Names): ClauseGuard {
  const { effective } = names.front
  const listed = names.optionalCategories(fields, "for")
  const when = fields.has("when") ? fields.need("when") : undefined
  const from = fields.has("from") ? fields.date("from") : effective.from
  const until = fields.has("until") ? fields.date("until") : effective.until
  if (until <= from) fields.wrong(fields.keyOf("until"), "The rule ends before it begins.", "Put until after from.")
  const guard = {
    tiers: fields.has("tiers") ? new Set(fields.items("tiers").map((tier) => names.tierOf(tier))) : undefined,
    claims: fields.has("claims") ? new Set(fields.choices("claims", claimKinds)) : undefined,
    from,
    until,
    when: when === undefined ? undefined : condition(when, fields, names),
  }
  return { listed, guard }
}

function condition(node: YamlNode, fields: Fields, names: Names) {
  const source = fields.textOf(node, "when")
  const column = node.column + (node.type === "text" && node.quoted ? 1 : 0)
  return readWhen(source, { line: node.line, column }, names, names.report)
}

function rulesOf(each: Draft, categories: readonly Category[], first: number, names: Names): readonly Rule[] {
  const { report } = names
  const { fields, clause } = each
  report.clause = clause.number
  const read = report.attempt(() => readGuard(fields, names))
  const rules: Rule[] = []
  for (const kind of each.kinds) {
    const node = fields.need(kind)
    if (kind === "define" && each.definition === undefined) continue
    if (kind === "bucket" && each.bucket === undefined) continue
    const found = report.attempt(() => readEffect(kind, node, names, each))
    if (found === undefined || read === undefined) continue
    const named = found.kind === "define" && found.what === "category" ? names.categories.get(found.name!) : undefined
    const effect: Effect = named === undefined ? found : ({ ...found, category: named } as Effect)
    const reach = new Uint8Array(categories.length)
    for (const leaf of categories) {
      const [byFor, byOn] = [depthIn(leaf, read.listed), depthIn(leaf, effect.on)]
      reach[leaf.index] = byFor === 0 || byOn === 0 ? 0 : Math.max(byFor, byOn)
    }
    const index = first + rules.length
    rules.push({
      index,
      clause,
      kind,
      at: placeOf(fields.keyOf(kind)),
      effect,
      guard: { ...read.guard, listed: read.listed, reach },
      exceptionTo: new Set(),
    })
  }
  return rules
}

/** The rules that `exceptionTo` names: those of the same kind, and for cover also exclude. */
function namedByException(node: YamlNode, rule: Rule, rules: readonly Rule[]): readonly Rule[] {
  const text = node.type === "text" ? node.text : ""
  const [number, kind] = text.split("/")
  return rules.filter((other) => {
    if (other.clause.number !== number || (kind !== undefined && other.kind !== kind)) return false
    return other.kind === rule.kind || (rule.kind === "cover" && other.kind === "exclude")
  })
}

function readExceptions(each: Draft, rules: readonly Rule[], names: Names): void {
  const node = each.fields.node("exceptionTo")
  if (node === undefined) return
  const { report } = names
  report.clause = each.clause.number
  for (const item of node.type === "list" ? node.items : [node]) {
    let any = false
    for (const rule of rules) {
      if (rule.clause !== each.clause) continue
      for (const other of namedByException(item, rule, rules)) {
        any = true
        ;(rule.exceptionTo as Set<number>).add(other.index)
      }
    }
    if (any) continue
    const name = item.type === "text" ? item.text : "this"
    const message = `There is no rule “${name}” of a kind that this clause has.`
    report.add("unknown-name", item, message, "Name a clause, as 5.2, or one of its rules, as 5.2/deductible.")
  }
}

/** Adds what is reached in several steps, and reports circles. */
function closeExceptions(rules: readonly Rule[], places: ReadonlyMap<Clause, Place>, report: Report): void {
  for (const rule of rules) {
    const reached = rule.exceptionTo as Set<number>
    for (const index of reached) for (const next of rules[index]!.exceptionTo) reached.add(next)
    if (!reached.has(rule.index)) continue
    report.clause = rule.clause.number
    const at = places.get(rule.clause) ?? rule.clause
    const message = `${rule.clause.number}/${rule.kind} is, over others, an exception to itself.`
    report.add("cycle", { line: at.line, column: at.column }, message, "Take out one exceptionTo of the circle.")
  }
}

/** Reads every clause's rule. Findings are in the report of `names`; what could not be read is left out. */
export function readRules(texts: readonly ClauseText[], names: Names): RuleSet {
  const { report } = names
  const clauses: Clause[] = []
  const drafts: Draft[] = []
  for (const text of texts) names.clauses.add(text.number)
  for (const text of texts) {
    report.clause = text.number
    const read = draft(text, names)
    clauses.push(read.clause)
    if (read.draft !== undefined) drafts.push(read.draft)
  }
  const { tree, buckets } = firstPass(drafts, names)
  const rules: Rule[] = []
  for (const each of drafts) rules.push(...rulesOf(each, tree.categories, rules.length, names))
  const places = new Map(drafts.map((each) => [each.clause, each.fields.keyOf("exceptionTo")] as const))
  for (const each of drafts) readExceptions(each, rules, names)
  closeExceptions(rules, places, report)
  report.clause = undefined
  const networks = drafts.flatMap(({ definition }) =>
    definition?.what === "network" ? [{ table: definition.table!, by: definition.by! }] : [],
  )
  return { ...tree, clauses, buckets, rules, networks }
}
