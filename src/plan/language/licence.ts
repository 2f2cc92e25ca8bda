/**
 * `table-licence`: texts of code systems that may not be copied. CPT codes (five digits, or four and F, T, U or M) and CDT
 * codes (D and four digits) may stand in a table, with rates, categories and figures of the plan's own; their
 * descriptions may not. Since nobody can tell a licensed wording from another by looking, any wording beside such a code
 * is refused: a column named as a description, or a cell of three words or more. A category of several words is
 * therefore written with hyphens (`primary-care-visit`). Codes are looked for in columns whose name says that they hold
 * procedures, so that a rate, a postcode, a provider or a diagnosis (ICD-10 has codes shaped like CDT's) is never taken
 * for one. The whole file is read, also columns that the plan does not name, for the whole file is published.
 */

const licensed = /^(?:\d{5}|\d{4}[FTUM]|D\d{4})$/
const otherKey = /provider|contract|npi|diagnos|icd|drug|ndc|zip|post|rate|amount|price|charge|fee|date/i
const codeColumn = /code|cpt|cdt|hcpcs|procedure|service|item|column-\d|primary|add-?on/i
const textColumn = /desc|text|title|label|name|term|nomenclature|wording|meaning|long|short/i
const word = /\p{L}{2,}/gu

export interface LicensedText {
  /** In the file, from 1. */
  readonly line: number
  readonly column: string
  readonly code: string
}

const isWording = (column: string, cell: string) => {
  const words = cell.match(word)?.length ?? 0
  return words >= 3 || (words > 0 && textColumn.test(column))
}

/** The first wording beside a licensed code; `key` are the key columns, `records` the file with its header. */
export function licensedText(
  records: readonly (readonly string[])[],
  key: readonly string[],
): LicensedText | undefined {
  const header = records[0] ?? []
  const isCode = header.map((column) => !otherKey.test(column) && (key.includes(column) || codeColumn.test(column)))
  for (const [index, record] of records.entries()) {
    if (index === 0) continue
    const code = record.find((cell, i) => isCode[i] === true && licensed.test(cell.trim()))
    if (code === undefined) continue
    const at = record.findIndex((cell, i) => isWording(header[i] ?? "", cell))
    if (at >= 0) return { line: index + 1, column: header[at] ?? "", code }
  }
  return undefined
}
