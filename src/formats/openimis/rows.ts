/**
 * Reads tables of an openIMIS database given as CSV files, column names as in its schema. Only the columns that say what
 * a product pays are read; a cell that is no number where one belongs is refused with table, line and column.
 */
import { fromUtf8 } from "#crypto"
import { refuse } from "../../base/refusal.ts"
import { parseDate } from "../../base/time.ts"
import { parseCsv } from "../../plan/language/tables.ts"
import { minorUnits } from "../amount.ts"

/** One row of a table; an empty cell is undefined. Amounts are in hundredths of the scheme's money. */
export class SchemeRow {
  readonly #cells: ReadonlyMap<string, string>
  readonly #at: string

  constructor(cells: ReadonlyMap<string, string>, at: string) {
    this.#cells = cells
    this.#at = at
  }

  #wrong(column: string, what: string): never {
    return refuse("scheme-cell", `Cannot read scheme: ${what}`, `${this.#at}, ${column}`, "Export the table again")
  }

  optional(column: string): string | undefined {
    const text = this.#cells.get(column)?.trim()
    return text === "" || text === "NULL" ? undefined : text
  }

  text(column: string): string {
    return this.optional(column) ?? this.#wrong(column, "the cell is empty")
  }

  amount(column: string): bigint | undefined {
    const text = this.optional(column)
    if (text === undefined) return undefined
    const amount = minorUnits(text)
    return amount === undefined || amount < 0n ? this.#wrong(column, "this is no amount") : amount
  }

  /** A sum that is nothing when it is zero: openIMIS writes both. */
  limit(column: string): bigint | undefined {
    const amount = this.amount(column)
    return amount === 0n ? undefined : amount
  }

  count(column: string): bigint | undefined {
    const text = this.optional(column)
    if (text === undefined) return undefined
    if (!/^\d{1,6}$/.test(text)) return this.#wrong(column, "this is no count")
    return text === "0" ? undefined : BigInt(text)
  }

  /** A day number; times of day are left off. */
  day(column: string): number {
    const day = parseDate(this.text(column).slice(0, 10))
    return day ?? this.#wrong(column, "this is no date")
  }
}

/** The rows of a table. @throws Refused when the bytes are no CSV, or a row has another number of cells. */
export function readSchemeTable(bytes: Uint8Array, file: string): readonly SchemeRow[] {
  const text = fromUtf8(bytes)
  const [header, ...records] = (text === undefined ? undefined : parseCsv(text)) ?? []
  if (header === undefined)
    return refuse("scheme-file", "Cannot read scheme: this is no CSV", file, "Export the table again")
  return records.map((cells, i) => {
    const at = `${file}, line ${i + 2}`
    if (cells.length !== header.length)
      return refuse(
        "scheme-file",
        "Cannot read scheme: a row has another number of cells",
        at,
        "Export the table again",
      )
    return new SchemeRow(new Map(header.map((name, column) => [name, cells[column]!])), at)
  })
}

/** Rows in force: openIMIS keeps each older state of a row beside it. */
export const inForce = (rows: readonly SchemeRow[]): readonly SchemeRow[] =>
  rows.filter((row) => row.optional("ValidityTo") === undefined)
