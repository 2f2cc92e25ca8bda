/** Reads the effects between payer and provider: rates, edits, coordination, what is held back and added. */

import { parseDate } from "../../base/time.ts"
import type { NamedNumber, Row, TableSeries } from "../parts.ts"
import type { Readers } from "./effect-readers.ts"
import type { EffectOf, Interest, Kind } from "./effects.ts"
import type { Fields } from "./fields.ts"
import type { Names } from "./names.ts"
import { parsePercent } from "./values.ts"

type PayerKind = Exclude<
  Kind,
  | "define"
  | "bucket"
  | "cover"
  | "copay"
  | "deductible"
  | "coinsurance"
  | "exclude"
  | "network"
  | "assurance"
  | "timely"
  | "duplicate"
  | "age"
  | "wait"
  | "limit"
  | "allowance"
  | "first"
  | "waive"
  | "outOfPocket"
  | "ceiling"
  | "emergency"
>

const modifier = /^[A-Z0-9]{2}$/

function modifierOf(text: string, fields: Fields, name: string): string {
  if (modifier.test(text)) return text
  return fields.wrong(fields.need(name), `“${text}” is no modifier.`, 'Write its two letters or digits, as in "25".')
}

function modifiers(fields: Fields, name: string): readonly string[] {
  if (!fields.has(name)) return []
  return fields.texts(name).map((text) => modifierOf(text, fields, name))
}

function either(fields: Fields, ...choices: readonly string[]): void {
  if (choices.filter((name) => fields.has(name)).length === 1) return
  fields.wrong(fields.at, `${fields.what} takes exactly one of ${choices.join(", ")}.`, "Keep one of them.")
}

/** The rows of every edition of a table. */
function* rowsOf(table: TableSeries): Generator<Row> {
  for (const edition of table.editions) yield* edition.rows.values()
}

/** A table whose column, and with `keyed` whose key, is percentages as `16` or `62.5`. */
function percentTable(fields: Fields, name: string, column: string, names: Names, keyed = false): TableSeries {
  const table = names.tableWith(fields, name, column)
  for (const row of rowsOf(table)) {
    const cell = row.cells[column] ?? ""
    const wrong =
      parsePercent(cell) === undefined ? cell : keyed && parsePercent(row.key) === undefined ? row.key : undefined
    if (wrong === undefined) continue
    fields.report.stop("type", fields.need(name), `Table ${table.name}: “${wrong}” is no percentage.`, "Write 62.5.")
  }
  return table
}

/** The order of payers: keyed by how the member is covered here and elsewhere, column `first` says own or other. */
function orderTable(fields: Fields, names: Names): TableSeries {
  const table = names.tableWith(fields, "order", "first")
  const wrong = (message: string) => fields.report.stop("type", fields.need("order"), message, "Correct the table.")
  for (const edition of table.editions)
    if (edition.key.length !== 2) wrong(`Table ${table.name} needs two key columns.`)
  for (const { cells } of rowsOf(table))
    if (cells["first"] !== "own" && cells["first"] !== "other") wrong(`Table ${table.name}: first is own or other.`)
  return table
}

/** Yearly rates in percent, keyed by the day from which they hold. */
function rateTable(fields: Fields, names: Names): TableSeries {
  const table = names.tableWith(fields, "table", "rate")
  for (const { key, rate } of rowsOf(table)) {
    if (parseDate(key) !== undefined && rate !== undefined && rate !== "charge") continue
    const message = `Table ${table.name}: “${key}” is no day with a rate.`
    fields.report.stop("type", fields.need("table"), message, "Key each rate by the day from which it holds.")
  }
  return table
}

function wholeDays(fields: Fields, names: Names): NamedNumber {
  const number = names.number(fields, "days", "duration")
  if (number.unit === "days") return number
  return names.report.stop("number-type", fields.need("days"), `${number.name} is not in days.`, "Count it in days.")
}

function factorShare(fields: Fields, name: string, names: Names) {
  const inner = fields.map(name)
  const share = {
    modifier: modifierOf(inner.text("modifier"), inner, "modifier"),
    share: names.number(inner, "share", "percent"),
  }
  inner.done()
  return share
}

function dayCount(fields: Fields): number {
  return Number(fields.choice("dayCount", ["360", "365"] as const))
}

function interestBands(fields: Fields, names: Names): Interest["bands"] {
  if (!fields.has("bands")) return undefined
  return fields.items("bands").map((item) => {
    const [upTo, rate] = item.type === "list" ? item.items : []
    if (upTo === undefined || rate === undefined) return fields.wrong(item, "A band is [up to, rate].", "Write it so.")
    const last = upTo.type === "text" && upTo.text === "above"
    return { upTo: last ? undefined : names.numberOf(upTo, "duration"), rate: names.numberOf(rate, "perYear") }
  })
}

const readers: Readers<PayerKind> = {
  bundle: (fields, names) => {
    either(fields, "line", "table")
    const byTable = fields.has("table")
    return {
      line: byTable ? undefined : names.category(fields, "line"),
      into: byTable ? undefined : names.category(fields, "into"),
      within: fields.choice("within", ["line", "day", "stay"] as const),
      unless: modifiers(fields, "unless"),
      table: byTable ? names.tableWith(fields, "table", "column-1", "column-2", "indicator") : undefined,
    }
  },
  addOn: (fields, names) => ({ table: names.table(fields, "table") }),
  units: (fields, names) => {
    either(fields, "most", "table")
    return {
      most: names.optionalNumber(fields, "most", "count"),
      table: fields.has("table") ? names.tableWith(fields, "table", "most", "indicator") : undefined,
    }
  },
  wastage: (fields, names) => ({
    waste: modifierOf(fields.text("waste"), fields, "waste"),
    none: modifierOf(fields.text("none"), fields, "none"),
    table: names.optionalTable(fields, "table"),
  }),
  global: (fields, names) => ({
    table: names.tableWith(fields, "table", "global"),
    unless: modifiers(fields, "unless"),
  }),
  comanage: (fields, names) => ({
    surgery: factorShare(fields, "surgery", names),
    after: factorShare(fields, "after", names),
    before: fields.has("before") ? factorShare(fields, "before", names) : undefined,
    days: fields.has("days") ? wholeDays(fields, names) : undefined,
  }),
  authorize: (fields, names) => {
    const otherwise = fields.choice("else", ["deny", "reduce"] as const)
    if (fields.has("reduction") !== (otherwise === "reduce")) {
      fields.wrong(fields.at, "A reduction belongs to else: reduce, and to it alone.", "Add or remove reduction.")
    }
    return {
      covers: fields.choice("covers", ["code", "category"] as const),
      otherwise,
      reduction: names.optionalNumber(fields, "reduction", "percent"),
    }
  },
  refer: (fields, names) => ({
    from: fields.text("from"),
    visits: names.optionalNumber(fields, "visits", "count"),
  }),
  capitate: (fields) => ({
    contract: fields.optionalText("contract"),
    copay: fields.choice("copay", ["yes", "no"] as const, "no") === "yes",
  }),
  allow: (fields, names) => {
    either(fields, "schedule", "ofCharge", "case", "perDiem")
    return {
      schedule: fields.has("schedule") ? names.tableWith(fields, "schedule", "rate") : undefined,
      percent: names.optionalNumber(fields, "percent", "percent"),
      ofCharge: names.optionalNumber(fields, "ofCharge", "percent"),
      case: fields.has("case") ? names.tableWith(fields, "case", "rate") : undefined,
      perDiem: names.optionalNumber(fields, "perDiem", "amount"),
      level: fields.choice("level", ["line", "claim"] as const, "line"),
      modifiers: fields.has("modifiers") ? percentTable(fields, "modifiers", "factor", names) : undefined,
      lesser: fields.choice("lesser", ["yes", "no"] as const) === "yes",
      atMost: names.optionalNumber(fields, "atMost", "amount"),
    }
  },
  bilateral: (fields, names) => ({ table: names.tableWith(fields, "table", "bilateral") }),
  multiple: (fields, names) => {
    const isTechnical = fields.has("part") && fields.text("part") === "technical"
    if (isTechnical) names.tableWith(fields, "table", "technical")
    const ranks = fields.items("ranks").map((item) => names.numberOf(item, "percent"))
    if (ranks.length === 0) fields.wrong(fields.need("ranks"), "ranks names no factor.", "Name at least the first.")
    return {
      table: names.optionalTable(fields, "table"),
      ranks,
      beyond: fields.choice("beyond", ["last", "pend"] as const),
      part: fields.choice("part", ["all", "technical"] as const, "all"),
      base: fields.optionalText("base"),
    }
  },
  alternate: (fields) => ({
    as: fields.text("as"),
    owes: fields.choice("owes", ["member", "provider"] as const),
  }),
  cob: (fields, names) => ({
    method: fields.choice("method", ["standard", "carve-out", "maintenance", "medicare"] as const),
    posts: fields.choice("posts", ["owed", "own"] as const, "owed"),
    order: fields.has("order") ? orderTable(fields, names) : undefined,
  }),
  withhold: (fields, names) => ({ percent: names.number(fields, "percent", "percent"), pool: fields.text("pool") }),
  bonus: (fields, names) => ({
    pool: fields.text("pool"),
    measure: fields.text("measure"),
    table: percentTable(fields, "table", "share", names, true),
  }),
  interest: (fields, names) => {
    either(fields, "rate", "table", "bands")
    return {
      due: names.number(fields, "due", "duration"),
      clock: fields.choice("clock", ["received", "clean"] as const),
      rate: names.optionalNumber(fields, "rate", "perYear"),
      table: fields.has("table") ? rateTable(fields, names) : undefined,
      dayCount: dayCount(fields),
      least: names.optionalNumber(fields, "least", "amount"),
      bands: interestBands(fields, names),
    }
  },
  trueUp: (fields, names) => ({
    parts: fields.choices("parts", ["deductible", "outOfPocket"] as const),
    within: names.number(fields, "within", "duration"),
  }),
}

/** @throws Stop with a finding at the field that is wrong. */
export function readPayerEffect(
  kind: Kind,
  fields: Fields,
  names: Names,
): Omit<EffectOf<Kind>, "kind" | "on" | "codes"> {
  return readers[kind as PayerKind](fields, names)
}
