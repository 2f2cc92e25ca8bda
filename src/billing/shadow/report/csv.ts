/**
 * CSV that a spreadsheet opens without running anything: RFC 4180 quoting and line ends, and a leading apostrophe before
 * a text that a spreadsheet would take for a formula. Plain numbers stay numbers, a minus sign before one included.
 */
const number = /^-?\d+(\.\d+)?$/
const formula = /^[=+\-@\t\r]/

export function csvCell(text: string): string {
  const safe = formula.test(text) && !number.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** One record with its line end. */
export function csvRow(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`
}
