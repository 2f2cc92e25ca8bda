/**
 * The tables a plan names: CSV files matched by SHA-256. A file is given under the table's name, or under `name@version`
 * where a plan names several editions of one table.
 */
import { fromUtf8, sha256 } from "#crypto"
import { equalBytes, fromHex, toHex } from "../../base/bytes.ts"
import type { Row, Table, TableSeries } from "../parts.ts"
import { Fields } from "./fields.ts"
import type { Place, Report } from "./finding.ts"
import { licensedText } from "./licence.ts"
import { parseRate } from "./values.ts"
import type { YamlNode } from "./yaml.ts"

/** One record of RFC 4180 CSV a row; undefined when a quote is left open or stands where it must not. */
export function parseCsv(text: string): readonly (readonly string[])[] | undefined {
  const rows: string[][] = []
  let row: string[] = []
  let at = 0
  while (at < text.length) {
    let cell = ""
    if (text[at] === '"') {
      for (;;) {
        const close = text.indexOf('"', at + 1)
        if (close < 0) return undefined
        cell += text.slice(at + 1, close)
        at = close + 1
        if (text[at] !== '"') break
        cell += '"'
      }
    } else {
      const end = /[,\n]/g
      end.lastIndex = at
      const found = end.exec(text)?.index ?? text.length
      cell = text.slice(at, found).replace(/\r$/, "")
      if (cell.includes('"')) return undefined
      at = found
    }
    row.push(cell)
    if (text.startsWith("\r\n", at)) at++
    const next = text[at]
    if (next !== undefined && next !== "," && next !== "\n") return undefined
    at++
    if (next !== ",") {
      rows.push(row)
      row = []
    } else if (at === text.length) row.push("")
  }
  if (row.length > 0) rows.push(row)
  return rows
}

const wholeNumber = (text: string | undefined) =>
  text !== undefined && /^\d{1,4}$/.test(text) ? Number(text) : undefined

interface Declared extends Omit<Table, "rows"> {
  readonly at: Place
}

function declare(node: YamlNode, report: Report): Declared {
  const fields = new Fields(node, "a table", report, "front-matter")
  const hash = fields.text("sha256")
  if (!/^[0-9a-f]{64}$/.test(hash)) {
    fields.wrong(
      fields.need("sha256"),
      "sha256 is 64 hexadecimal digits.",
      `Write what sha256sum tables/${fields.text("name")}.csv prints.`,
    )
  }
  const key = fields.need("key")
  const declared: Declared = {
    name: fields.text("name"),
    version: fields.text("version"),
    key: key.type === "list" ? fields.texts("key") : [fields.text("key")],
    columns: fields.texts("columns"),
    from: fields.date("from"),
    until: fields.date("until"),
    source: fields.text("source"),
    sha256: fromHex(hash),
    at: fields.at,
  }
  if (declared.until <= declared.from)
    fields.wrong(fields.need("until"), "The edition ends before it begins.", "Correct it.")
  fields.done()
  return declared
}

function readRate(declared: Declared, cell: string | undefined, line: number, report: Report): Row["rate"] {
  if (cell === undefined || cell === "") return undefined
  if (cell === "charge") return "charge"
  const rate = parseRate(cell)
  if (rate !== undefined) return rate
  const message = `Table ${declared.name}, line ${line}: “${cell}” is no rate.`
  return report.stop("number-type", declared.at, message, "Write digits, at most six decimals, or charge.")
}

function checkLicence({ name, key, at }: Declared, records: readonly (readonly string[])[], report: Report): void {
  const text = licensedText(records, key)
  if (text === undefined) return
  const message = `Table ${name}, line ${text.line}: column ${text.column} has a text beside the licensed code ${text.code}.`
  report.add("table-licence", at, message, "Leave texts out: name codes only, and categories in one word.")
}

function readRows(declared: Declared, bytes: Uint8Array, report: Report): ReadonlyMap<string, Row> {
  const { at, name } = declared
  const text = fromUtf8(bytes)
  const records = text === undefined ? undefined : parseCsv(text)
  if (records === undefined) return report.stop("syntax", at, `Table ${name} is no UTF-8 CSV.`, "Correct the file.")
  const header = records[0] ?? []
  for (const column of [...declared.key, ...declared.columns]) {
    if (header.includes(column)) continue
    report.stop("front-matter", at, `Table ${name} has no column “${column}”.`, "Name the columns of its first line.")
  }
  checkLicence(declared, records, report)
  const rows = new Map<string, Row>()
  for (const [index, record] of records.entries()) {
    if (index === 0) continue
    const line = index + 1
    if (record.length !== header.length) {
      report.stop("syntax", at, `Table ${name}, line ${line}: wrong number of cells.`, "Fill every column.")
    }
    const cells: Record<string, string> = {}
    for (const column of declared.columns) cells[column] = record[header.indexOf(column)]!
    const key = declared.key.map((column) => record[header.indexOf(column)]!).join("|")
    if (rows.has(key)) report.stop("syntax", at, `Table ${name}, line ${line}: “${key}” stands twice.`, "Keep one row.")
    const rate = readRate(declared, cells["rate"], line, report)
    rows.set(key, {
      key,
      cells,
      rate,
      global: wholeNumber(cells["global"]),
      bilateral: wholeNumber(cells["bilateral"]),
    })
  }
  return rows
}

function readTable(node: YamlNode, files: ReadonlyMap<string, Uint8Array>, report: Report): Table & { at: Place } {
  const declared = declare(node, report)
  const { name, version, at } = declared
  const bytes = files.get(`${name}@${version}`) ?? files.get(name)
  if (bytes === undefined)
    return report.stop(
      "unknown-name",
      at,
      `The file of table ${name} is not here.`,
      `Put it beside the plan: tables/${name}.csv.`,
    )
  const found = sha256(bytes)
  if (!equalBytes(found, declared.sha256)) {
    const message = `Table ${name} is another file than its sha256 says.`
    return report.stop("front-matter", at, message, `Take the right file; this one has ${toHex(found)}.`)
  }
  return { ...declared, rows: readRows(declared, bytes, report) }
}

/** The names that are declared, of tables that could be read and of others. */
export function namesOfTables(nodes: readonly YamlNode[]): readonly string[] {
  const names = nodes.flatMap((node) =>
    node.type === "map" ? node.entries.filter(({ key }) => key.text === "name") : [],
  )
  return names.flatMap(({ value }) => (value.type === "text" ? [value.text] : []))
}

/** Every table of the front matter; those that cannot be read are findings and left out. */
export function readTables(
  nodes: readonly YamlNode[],
  files: ReadonlyMap<string, Uint8Array>,
  report: Report,
): ReadonlyMap<string, TableSeries> {
  const editions = new Map<string, Table[]>()
  for (const node of nodes) {
    const table = report.attempt(() => readTable(node, files, report))
    if (table === undefined) continue
    const { at, ...edition } = table
    const known = editions.get(edition.name) ?? []
    if (known.some((other) => edition.from < other.until && other.from < edition.until)) {
      report.add("front-matter", at, `Two editions of table ${edition.name} are in force at once.`, "Date them apart.")
    }
    editions.set(edition.name, [...known, edition])
  }
  const series = new Map<string, TableSeries>()
  for (const [name, list] of editions) series.set(name, { name, editions: list.sort((a, b) => a.from - b.from) })
  return series
}
