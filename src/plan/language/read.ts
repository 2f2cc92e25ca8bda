/**
 * From the bytes of a published plan and its tables to a `Plan`, or to the findings that say why not. A plan is only
 * built when nothing refuses it; `checkPlan` then finds what reading alone does not show.
 */
import { digest } from "../../base/digest.ts"
import type { Plan, Rule } from "../plan.ts"
import { readDocument, readText } from "./document.ts"
import { type Kind, kinds } from "./effects.ts"
import { type Finding, Report } from "./finding.ts"
import { readFront } from "./front.ts"
import { Names, readNumbers } from "./names.ts"
import { readRules } from "./rules.ts"
import { namesOfTables, readTables } from "./tables.ts"
import { readYaml } from "./yaml.ts"

export type ReadPlan = { readonly plan: Plan } | { readonly findings: readonly Finding[] }

function indexByKind(rules: readonly Rule[]): Readonly<Record<Kind, readonly Rule[]>> {
  const index = {} as Record<Kind, Rule[]>
  for (const kind of kinds) index[kind] = []
  for (const rule of rules) index[rule.kind].push(rule)
  return index
}

/**
 * `tables` holds the CSV files by table name (or `name@version`, where a plan names several editions). The same bytes
 * give the same plan everywhere.
 */
export function readPlan(bytes: Uint8Array, tables: ReadonlyMap<string, Uint8Array>): ReadPlan {
  const report = new Report()
  const plan = report.attempt(() => build(bytes, tables, report))
  if (plan !== undefined && !report.refused) return { plan }
  return { findings: report.sorted() }
}

function build(bytes: Uint8Array, files: ReadonlyMap<string, Uint8Array>, report: Report): Plan {
  const document = readDocument(readText(bytes, report), report)
  const { front, tables: nodes } = readFront(readYaml(document.front.text, document.front, report), report)
  const tables = readTables(nodes, files, report)
  const names = new Names(front, tables, report)
  for (const name of namesOfTables(nodes))
    if (!tables.has(name)) names.unread.add(`table ${name}`).add("every category")
  for (const block of document.numbers) {
    report.attempt(() => readNumbers(readYaml(block.text, block, report), names))
  }
  const { rules, ...set } = readRules(document.clauses, names)
  const byLeaf = set.categories.map((leaf) => indexByKind(rules.filter((rule) => rule.guard.reach[leaf.index] !== 0)))
  return {
    digest: digest("plan", bytes),
    bytes,
    front,
    numbers: names.numbers,
    tables,
    sets: names.sets,
    rules,
    byLeaf,
    byKind: indexByKind(rules),
    ...set,
  }
}
