/** Everything a rule may name, and the lookups that refuse a name nobody declared. */

import type { Bucket, Category, CodeSet, NamedNumber, TableSeries, Unit } from "../parts.ts"
import type { Front } from "../plan.ts"
import { Fields } from "./fields.ts"
import { type Report, Stop } from "./finding.ts"
import { parseQuantity } from "./values.ts"
import type { TextNode, YamlNode } from "./yaml.ts"

/** Units that a field takes; `count` is any whole number of things. */
export type Wanted = "amount" | "percent" | "perYear" | "duration" | "count"

const durations: ReadonlySet<Unit> = new Set(["days", "months", "hours"])

function fits(unit: Unit, wanted: Wanted): boolean {
  if (wanted === "duration") return durations.has(unit)
  if (wanted === "count") return unit !== "amount" && unit !== "percent" && unit !== "perYear"
  return unit === wanted
}

export class Names {
  readonly report: Report
  readonly front: Front
  readonly numbers = new Map<string, NamedNumber>()
  readonly buckets = new Map<string, Bucket>()
  readonly sets = new Map<string, CodeSet>()
  readonly categories = new Map<string, Category>()
  readonly clauses = new Set<string>()
  /** What is declared and could not be read, as `number ded`: naming it is no second fault. */
  readonly unread = new Set<string>()
  readonly #tables: ReadonlyMap<string, TableSeries>

  constructor(front: Front, tables: ReadonlyMap<string, TableSeries>, report: Report) {
    this.report = report
    this.front = front
    this.#tables = tables
  }

  get flags(): readonly string[] {
    return this.front.flags
  }

  #unknown(node: YamlNode, what: string): never {
    const isUnread = node.type === "text" && this.unread.has(`${what} ${node.text}`)
    // Which groups a table would have given is not known without it.
    const isLost = what === "category" && this.unread.has("every category")
    if (isUnread || isLost) throw new Stop("names what could not be read")
    const name = node.type === "text" ? `“${node.text}”` : "this"
    return this.report.stop("unknown-name", node, `There is no ${what} ${name}.`, `Declare it, or correct the name.`)
  }

  #find<T>(node: YamlNode, what: string, known: ReadonlyMap<string, T>): T {
    return (node.type === "text" ? known.get(node.text) : undefined) ?? this.#unknown(node, what)
  }

  numberOf(node: YamlNode, wanted: Wanted): NamedNumber {
    if (node.type === "text" && /^\d/.test(node.text)) return this.#digit(node)
    const number = this.#find(node, "number", this.numbers)
    if (!fits(number.unit, wanted)) {
      const message = `${number.name} is counted in ${number.unit}; a number of kind ${wanted} is wanted here.`
      this.report.stop("number-type", node, message, "Name another number, or correct its unit.")
    }
    return number
  }

  #digit(node: TextNode): never {
    const known = typeof parseQuantity(node.text, this.front.currency) !== "string"
    const message = `The ${known ? "number" : "value"} “${node.text}” stands in a rule without a name.`
    return this.report.stop("digit-in-text", node, message, "Name it in the numbers block and write that name here.")
  }

  number(fields: Fields, name: string, wanted: Wanted): NamedNumber {
    return this.numberOf(fields.need(name), wanted)
  }

  optionalNumber(fields: Fields, name: string, wanted: Wanted): NamedNumber | undefined {
    return fields.has(name) ? this.number(fields, name, wanted) : undefined
  }

  tableOf(node: YamlNode): TableSeries {
    return this.#find(node, "table", this.#tables)
  }

  table(fields: Fields, name: string): TableSeries {
    return this.tableOf(fields.need(name))
  }

  optionalTable(fields: Fields, name: string): TableSeries | undefined {
    return fields.has(name) ? this.table(fields, name) : undefined
  }

  /** A table every edition of which has the columns. */
  tableWith(fields: Fields, name: string, ...columns: readonly string[]): TableSeries {
    const series = this.table(fields, name)
    for (const edition of series.editions) {
      for (const column of columns) {
        if (edition.columns.includes(column) || edition.key.includes(column)) continue
        const message = `Table ${series.name}, version ${edition.version}, has no column “${column}”.`
        this.report.stop("type", fields.need(name), message, "Name the column in the front matter, or another table.")
      }
    }
    return series
  }

  bucketOf(node: YamlNode, ...measures: readonly Bucket["measure"][]): Bucket {
    const bucket = this.#find(node, "bucket", this.buckets)
    if (measures.includes(bucket.measure)) return bucket
    const message = `Bucket ${bucket.name} measures ${bucket.measure}; here it has to be ${measures.join(" or ")}.`
    return this.report.stop("bucket-mixed", node, message, "Use another bucket, or correct its measure.")
  }

  bucket(fields: Fields, name: string, ...measures: readonly Bucket["measure"][]): Bucket {
    return this.bucketOf(fields.need(name), ...measures)
  }

  categoryOf(node: YamlNode): Category {
    return this.#find(node, "category", this.categories)
  }

  category(fields: Fields, name: string): Category {
    return this.categoryOf(fields.need(name))
  }

  optionalCategories(fields: Fields, name: string): readonly Category[] | undefined {
    return fields.has(name) ? fields.items(name).map((item) => this.categoryOf(item)) : undefined
  }

  tier(fields: Fields, name: string): string {
    return this.tierOf(fields.need(name))
  }

  tierOf(node: YamlNode): string {
    const found = this.front.tiers.find((tier) => node.type === "text" && tier === node.text)
    return found ?? this.#unknown(node, "tier")
  }
}

const numberName = /^[a-z][a-z0-9-]{0,39}$/

function datedNumber(name: TextNode, value: YamlNode, block: Fields, names: Names): NamedNumber {
  const { report } = names
  const rows = value.type === "list" ? value.items : [value]
  if (rows.length === 0)
    report.stop("number-type", value, `${name.text} has no value.`, "Write [[value, from, source]].")
  let unit: Unit | undefined
  const values = rows.map((row, index) => {
    const cells = row.type === "list" ? row.items : [row]
    const [quantityNode, fromNode, sourceNode] = cells
    if (cells.length > 3 || quantityNode?.type !== "text") {
      return report.stop("number-type", row, "A value is [value, from, source].", "Write it so.")
    }
    const quantity = parseQuantity(quantityNode.text, names.front.currency)
    if (typeof quantity === "string") {
      return report.stop("number-type", quantityNode, `${name.text}: ${quantity}.`, "Write 30.00 USD, 20 %, 90 days.")
    }
    unit ??= quantity.unit
    if (unit !== quantity.unit) {
      report.stop("number-type", quantityNode, `${name.text} changes its unit.`, "Give a number one unit.")
    }
    const from = fromNode === undefined ? block.date("from") : block.dateOf(fromNode, "from")
    const source = sourceNode === undefined ? block.optionalText("source") : block.textOf(sourceNode, "source")
    if (source === undefined) {
      report.stop("no-source", index === 0 ? name : row, `${name.text} has no source.`, "Say where it comes from.")
    }
    return { from, value: quantity.value, source: source ?? "" }
  })
  for (const [index, dated] of values.entries()) {
    if (index > 0 && dated.from <= values[index - 1]!.from) {
      report.stop("number-type", rows[index]!, `${name.text} is not in order of dates.`, "Put the earliest first.")
    }
  }
  return { name: name.text, unit: unit!, values, line: name.line, column: name.column }
}

/** Adds the numbers of one block. */
export function readNumbers(node: YamlNode, names: Names): void {
  const { report } = names
  const fields = new Fields(node, "the numbers block", report)
  if (fields.has("from")) fields.date("from")
  if (node.type !== "map") return
  for (const { key, value } of node.entries) {
    if (key.text === "from" || key.text === "source") continue
    const read = report.attempt(() => {
      if (!numberName.test(key.text)) report.stop("syntax", key, "A number's name is of a-z, 0-9 and -.", "Rename it.")
      if (names.numbers.has(key.text)) {
        report.stop("canon", key, `${key.text} is declared twice.`, "Give it all its dates in one place.")
      }
      names.numbers.set(key.text, datedNumber(key, value, fields, names))
      return true
    })
    if (read === undefined) names.unread.add(`number ${key.text}`)
  }
}
