/**
 * The tables CMS hands out about Medicare claims (RIF, Research Identifiable Files): pipe separated, columns named by the
 * first line, one row a claim line or a person. Here a table becomes rows whose cells are read by name and exactly; what a
 * cell cannot be is refused with line and column, never with its content.
 */
import { fromUtf8 } from "#crypto"
import { type Refusal, Refused, refuse } from "../../base/refusal.ts"
import { maxAmount } from "../../base/schema.ts"
import { dayNumber, daysInMonth } from "../../base/time.ts"
import { minorUnits, scaledInteger } from "../amount.ts"
import { publishedDate } from "../tables/published-table.ts"

/** What a row of the table is: a person, or a line of one of three kinds of claim. */
export type RifKind = "people" | "professional" | "institutional" | "drug"

export interface RifTable {
  readonly kind: RifKind
  readonly rows: readonly RifRow[]
  /** Rows that are none: another number of cells than the first line names. */
  readonly problems: readonly Refusal[]
}

const months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]

/** `27-OCT-1999`, or a date as other publishers write it. */
function dayIn(text: string): number | undefined {
  const match = /^(\d{1,2})-([A-Za-z]{3})-(\d{4})$/.exec(text)
  if (match === null) return publishedDate(text)
  const [day, month, year] = [Number(match[1]), months.indexOf(match[2]!.toUpperCase()) + 1, Number(match[3])]
  if (month === 0 || day < 1 || day > daysInMonth(year, month)) return undefined
  return dayNumber(year, month, day)
}

/** One row. An empty cell, and a cell of a column that is not there, are absent. */
export class RifRow {
  /** In the file, from 1. */
  readonly line: number
  readonly #cells: readonly string[]
  readonly #columns: ReadonlyMap<string, number>

  constructor(line: number, cells: readonly string[], columns: ReadonlyMap<string, number>) {
    this.line = line
    this.#cells = cells
    this.#columns = columns
  }

  wrong(column: string, what: string, remedy = "Correct the cell"): never {
    return refuse("rif-cell", `Cannot read the claims: ${what}`, `line ${this.line}, column ${column}`, remedy)
  }

  /** The cell as it stands, without blanks around it. */
  cell(column: string): string {
    return this.#cells[this.#columns.get(column) ?? -1]?.trim() ?? ""
  }

  /** A code. */
  code(column: string): string | undefined {
    const text = this.cell(column)
    if (text === "") return undefined
    return /^[!-~]{1,100}$/.test(text) ? text : this.wrong(column, "a code is not plain ASCII")
  }

  /** A code or number of which CMS writes zeros alone where there is none: NPI, NDC. */
  number(column: string): string | undefined {
    const text = this.code(column)
    return text === undefined || /^0+$/.test(text) ? undefined : text
  }

  must<T>(column: string, read: (column: string) => T | undefined): T {
    const value = read.call(this, column)
    if (value !== undefined) return value
    const what = this.#columns.has(column) ? "the cell is empty" : "there is no such column"
    return this.wrong(column, what, "Export the table again")
  }

  day(column: string): number | undefined {
    const text = this.cell(column)
    if (text === "") return undefined
    return dayIn(text) ?? this.wrong(column, "a date does not exist")
  }

  /** Cents; corrections that CMS filed may be below zero. */
  amount(column: string): bigint | undefined {
    const text = this.cell(column)
    if (text === "") return undefined
    const amount = minorUnits(text)
    const isInRange = amount !== undefined && amount <= maxAmount && amount >= -maxAmount
    return isInRange ? amount : this.wrong(column, "this is no amount in dollars and cents")
  }

  /** Cents, not below zero. */
  charge(column: string): bigint | undefined {
    const amount = this.amount(column)
    return amount === undefined || amount >= 0n ? amount : this.wrong(column, "a charge is below zero")
  }

  /** Thousandths of a unit. */
  units(column: string): number | undefined {
    const text = this.cell(column)
    if (text === "") return undefined
    const units = scaledInteger(text, 3)
    if (units === undefined || units < 0n || units > 10n ** 12n)
      return this.wrong(column, "a count of units is out of range")
    return Number(units)
  }

  /** A whole number from 0 to `most`. */
  count(column: string, most: number): number | undefined {
    const text = this.cell(column)
    if (text === "") return undefined
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    return value <= most ? value : this.wrong(column, `this is no whole number up to ${most}`)
  }
}

function headerOf(text: string): readonly string[] {
  const end = text.indexOf("\n")
  const line = end < 0 ? text : text.slice(0, end)
  return line
    .replace(/^\uFEFF/, "")
    .trimEnd()
    .split("|")
}

/** By the columns that only tables of that kind have. */
function kindOf(header: readonly string[]): RifKind | undefined {
  const has = (column: string) => header.includes(column)
  if (!has("BENE_ID")) return undefined
  if (has("PDE_ID")) return "drug"
  if (has("CLM_ID") && has("REV_CNTR")) return "institutional"
  if (has("CLM_ID") && has("LINE_SBMTD_CHRG_AMT")) return "professional"
  return !has("CLM_ID") && has("BENE_BIRTH_DT") ? "people" : undefined
}

/** Whether these first bytes of a file begin a table that `readRifTable` knows. They have to hold the first line. */
export function isRif(start: Uint8Array): boolean {
  let end = 0
  while (end < start.length && start[end] !== 10 && end < 1 << 16) end++
  const text = fromUtf8(start.subarray(0, end))
  return text !== undefined && kindOf(headerOf(text)) !== undefined
}

/** @throws Refused when the bytes are no such table; a row that is none is a problem, and the others go on. */
export function readRifTable(bytes: Uint8Array): RifTable {
  const text = fromUtf8(bytes)
  const header = text === undefined ? [] : headerOf(text)
  const kind = kindOf(header)
  if (text === undefined || kind === undefined)
    refuse("rif-table", "Cannot read the claims: this is no RIF table of claims or people", "line 1", "Leave it out")
  const columns = new Map(header.map((name, index) => [name.trim(), index]))
  if (columns.size !== header.length)
    refuse("rif-table", "Cannot read the claims: a column is there twice", "line 1", "Export the table again")
  const rows: RifRow[] = []
  const problems: Refusal[] = []
  for (const [index, line] of text.split("\n").entries()) {
    const plain = line.endsWith("\r") ? line.slice(0, -1) : line
    if (index === 0 || plain === "") continue
    const cells = plain.split("|")
    // Some of CMS's own samples end a row with a separator.
    if (cells.length === header.length + 1 && cells[header.length] === "") cells.pop()
    if (cells.length === header.length) rows.push(new RifRow(index + 1, cells, columns))
    else problems.push(wrongWidth(index + 1, cells.length, header))
  }
  return { kind, rows, problems }
}

function wrongWidth(line: number, width: number, header: readonly string[]): Refusal {
  const column = width < header.length ? header[width]! : header[header.length - 1]!
  const what = `a row has ${width} cells, the first line ${header.length}`
  return {
    code: "rif-row",
    message: `Cannot read the claims: ${what}`,
    at: `line ${line}, column ${column}`,
    remedy: "Export the table again",
  }
}

/** Runs a reader over one row, or gives the refusal that it left with. */
export function tryRow<T>(read: () => T, problems: Refusal[]): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    problems.push(error.refusal)
    return undefined
  }
}
