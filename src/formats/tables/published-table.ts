/**
 * A publisher's reference file as a plan's table: which codes, which numbers, from when to when. Texts stay behind, since
 * most of them are licensed; a plan names the resulting CSV by its digest.
 */
import { fromUtf8, sha256, toUtf8 } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { refuse } from "../../base/refusal.ts"
import { formatDate, parseDate } from "../../base/time.ts"

export interface PublishedTable {
  /** Columns that together name a row. */
  readonly key: readonly string[]
  readonly columns: readonly string[]
  /** Cells in the order of `key`, then `columns`. */
  readonly rows: readonly (readonly string[])[]
  /** Lines of the file that gave no row, by why. */
  readonly left: ReadonlyMap<string, number>
}

/** How an edition is cited. */
export interface Edition {
  readonly name: string
  readonly version: string
  /** Day numbers, half-open. */
  readonly from: number
  readonly until: number
  /** Who published it; `invented` where nobody did. */
  readonly source: string
}

const cell = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** The table as the CSV that stands in `plans/tables/`. */
export function tableCsv(table: PublishedTable): Uint8Array {
  const lines = [[...table.key, ...table.columns], ...table.rows].map((row) => row.map(cell).join(","))
  return toUtf8(`${lines.join("\n")}\n`)
}

/** The line of front matter that names the CSV. */
export function tableDeclaration(table: PublishedTable, csv: Uint8Array, edition: Edition): string {
  const key = table.key.length === 1 ? table.key[0] : `[${table.key.join(", ")}]`
  const parts = [
    `name: ${edition.name}`,
    `version: "${edition.version}"`,
    `key: ${key}`,
    `columns: [${table.columns.join(", ")}]`,
    `from: ${formatDate(edition.from)}`,
    `until: ${formatDate(edition.until)}`,
    `source: "${edition.source}"`,
    `sha256: "${toHex(sha256(csv))}"`,
  ]
  return `{ ${parts.join(", ")} }`
}

/** Gathers rows and counts what is left out; a key that comes twice is refused with its line. */
export class TableBuilder {
  readonly #rows = new Map<string, readonly string[]>()
  readonly #left = new Map<string, number>()
  readonly #width: number

  /** @param width how many cells of a row are its key */
  constructor(width: number) {
    this.#width = width
  }

  add(row: readonly string[], line: number): void {
    const key = row.slice(0, this.#width).join("|")
    if (this.#rows.has(key)) {
      const what = "Cannot load the table: one code stands twice"
      refuse("table-twice", what, `line ${line}`, "Load one edition, and one kind of provider, at a time.")
    }
    this.#rows.set(key, row)
  }

  leave(why: string): void {
    this.#left.set(why, (this.#left.get(why) ?? 0) + 1)
  }

  table(key: readonly string[], columns: readonly string[]): PublishedTable {
    if (this.#rows.size === 0) {
      refuse("table-empty", "Cannot load the table: no line of it is a row", "line 1", "Check the kind of the file.")
    }
    return { key, columns, rows: [...this.#rows.values()], left: this.#left }
  }
}

/** The file's lines without line ends. @throws Refused unless it is ASCII or UTF-8. */
export function linesOf(bytes: Uint8Array): readonly string[] {
  const text = fromUtf8(bytes)
  if (text === undefined) {
    refuse("table-encoding", "Cannot load the table: it is not ASCII or UTF-8", "line 1", "Save it as text or CSV.")
  }
  return text.replace(/^\uFEFF/, "").split(/\r?\n/)
}

/** A date as publishers write it: 20260401, 2026-04-01, 04/01/2026. Undefined when there is no such day. */
export function publishedDate(text: string): number | undefined {
  const compact = /^(\d{4})(\d{2})(\d{2})$/.exec(text)
  if (compact !== null) return parseDate(`${compact[1]}-${compact[2]}-${compact[3]}`)
  const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text)
  if (american === null) return parseDate(text)
  return parseDate(`${american[3]}-${american[1]!.padStart(2, "0")}-${american[2]!.padStart(2, "0")}`)
}
