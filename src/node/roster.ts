/** The CSV files of `countersign roster`: every line is read before anything is done, each fault by line and column. */
import { type Refusal, Refused, refuse } from "../base/refusal.ts"
import { parseDate } from "../base/time.ts"
import { isOnLadder } from "../ledger/limits.ts"
import { parseCsv } from "../plan/language/tables.ts"

export interface LicenceLine {
  readonly line: number
  readonly licence: string
  /** The practitioner's own key with its key-type tag, 33 bytes in hex. */
  readonly key: string
  readonly status: LicenceStatus
  /** Days since 1970 from which the line holds; undefined: at once. */
  readonly from: number | undefined
}

export const licenceStatuses = ["active", "suspended", "ended"] as const
export type LicenceStatus = (typeof licenceStatuses)[number]

export interface MemberLine {
  readonly line: number
  /** The payer's own opaque number: no name, nothing of a person. */
  readonly member: string
  readonly plan: string
  readonly cap: string
  readonly facts: Readonly<Record<string, string>>
  readonly left: readonly { readonly bucket: string; readonly left: string }[]
}

export type Roster =
  | { readonly of: "licences"; readonly lines: readonly LicenceLine[] }
  | { readonly of: "members"; readonly lines: readonly MemberLine[] }

const licenceColumns = ["licence", "key", "status", "from"] as const
const memberColumns = ["member", "plan", "cap", "born", "sex", "coverFrom", "coverTo", "enrolled", "left"] as const
const factColumns = ["born", "sex", "coverFrom", "coverTo", "enrolled"] as const
const mostLines = 1_000_000

/** Thrown in place of `Refused` so that a report can name every bad line, not the first alone. */
export class BadLines extends Refused {
  readonly lines: readonly Refusal[]

  constructor(lines: readonly Refusal[]) {
    const [first] = lines
    super({ ...first!, message: `${first!.message}${lines.length > 1 ? ` (and ${lines.length - 1} more lines)` : ""}` })
    this.lines = lines
  }
}

interface Cell {
  readonly text: string
  readonly at: string
}

type Cells = (column: string) => Cell

function wrong(code: string, state: string, { at }: Cell, remedy: string): never {
  return refuse(code, `Cannot read roster: ${state}`, at, remedy)
}

function code(cell: Cell): string {
  return /^[!-~]{1,64}$/.test(cell.text) ? cell.text : wrong("roster-line", "a code is expected", cell, "1 to 64 signs")
}

function dateOrNone(cell: Cell): number | undefined {
  if (cell.text === "") return undefined
  return parseDate(cell.text) ?? wrong("roster-line", "a date that exists is expected", cell, "As 2026-04-14")
}

function licenceLine(line: number, cells: Cells): LicenceLine {
  const key = cells("key")
  if (!/^01[0-9a-f]{64}$/.test(key.text))
    wrong("roster-line", "a practitioner's public key is expected", key, "66 hex digits, as `countersign practitioner`")
  const given = cells("status")
  const status = licenceStatuses.find((word) => word === given.text)
  if (status === undefined)
    return wrong("roster-line", "a status is expected", given, `One of ${licenceStatuses.join(", ")}`)
  return { line, licence: code(cells("licence")), key: key.text, status, from: dateOrNone(cells("from")) }
}

function capOf(cell: Cell): string {
  if (/^\d{1,16}$/.test(cell.text) && isOnLadder(BigInt(cell.text))) return cell.text
  return wrong("roster-line", "a cap on the ladder is expected", cell, "1, 2 or 5 times a power of ten, minor units")
}

function leftOf(cell: Cell): MemberLine["left"] {
  if (cell.text === "") return []
  return cell.text.split(";").map((part) => {
    const [, bucket, left] = /^([^:;]{1,64}):(\d{1,16})$/.exec(part.trim()) ?? []
    if (bucket === undefined || left === undefined)
      return wrong(
        "roster-line",
        "what is left of a bucket is expected",
        cell,
        "As deductible:20000;out-of-pocket:500000",
      )
    return { bucket, left }
  })
}

function memberLine(line: number, cells: Cells): MemberLine {
  const plan = cells("plan")
  if (!/^[0-9a-f]{64}$/.test(plan.text)) wrong("roster-line", "a plan's digest is expected", plan, "64 hex digits")
  const facts = factColumns.flatMap((name): readonly (readonly [string, string])[] => {
    const cell = cells(name)
    if (cell.text === "") return []
    if (name === "sex") code(cell)
    else dateOrNone(cell)
    return [[name, cell.text]]
  })
  return {
    line,
    member: code(cells("member")),
    plan: plan.text,
    cap: capOf(cells("cap")),
    facts: Object.fromEntries(facts),
    left: leftOf(cells("left")),
  }
}

/** Reads every line, or throws `BadLines` with each that is wrong. */
function readLines<T>(
  rows: readonly (readonly string[])[],
  columns: readonly string[],
  { read, keyOf }: { read(line: number, cells: Cells): T; keyOf(line: T): string },
): readonly T[] {
  const [header = [], ...body] = rows
  const bad: Refusal[] = []
  const seen = new Map<string, number>()
  const good = body.flatMap((row, i) => {
    const line = i + 2
    if (row.length === 1 && row[0] === "") return []
    try {
      if (row.length !== header.length)
        refuse(
          "roster-line",
          `Cannot read roster: ${header.length} columns are expected`,
          `line ${line}`,
          "Fix the line",
        )
      const cells: Cells = (column) => {
        const place = header.indexOf(column)
        const at = `line ${line}, column ${place < 0 ? columns.indexOf(column) + 1 : place + 1} (${column})`
        return { text: (row[place] ?? "").trim(), at }
      }
      const value = read(line, cells)
      const before = seen.get(keyOf(value))
      if (before !== undefined)
        refuse("roster-twice", `Cannot read roster: line ${before} has the same number`, `line ${line}`, "Keep one")
      seen.set(keyOf(value), line)
      return [value]
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      bad.push(error.refusal)
      return []
    }
  })
  if (bad.length > 0) throw new BadLines(bad)
  return good
}

/** Which roster it is stands in the first line. @throws Refused, as `BadLines` where lines are wrong. */
export function readRoster(text: string, at: string): Roster {
  const rows = parseCsv(text.replace(/^\ufeff/, ""))
  if (rows === undefined) return refuse("roster-csv", "Cannot read roster: a quote is left open", at, "Write it as CSV")
  const [header = []] = rows
  const of = header.includes("licence") ? "licences" : header.includes("member") ? "members" : undefined
  const columns: readonly string[] = of === "licences" ? licenceColumns : memberColumns
  const required = of === "licences" ? ["licence", "key", "status"] : ["member", "plan", "cap"]
  const strange = header.find((name, i) => !columns.includes(name) || header.indexOf(name) !== i)
  const missing = required.find((name) => !header.includes(name))
  if (of === undefined || strange !== undefined || missing !== undefined)
    return refuse(
      "roster-header",
      `Cannot read roster: the first line names ${strange === undefined ? "too few" : "other"} columns`,
      "line 1",
      `${licenceColumns.join(",")} or ${memberColumns.join(",")}`,
    )
  if (rows.length > mostLines) refuse("roster-csv", `Cannot read roster: over ${mostLines} lines`, at, "Split the file")
  if (of === "licences")
    return { of, lines: readLines(rows, columns, { read: licenceLine, keyOf: ({ licence }) => licence }) }
  return { of, lines: readLines(rows, columns, { read: memberLine, keyOf: ({ member }) => member }) }
}
