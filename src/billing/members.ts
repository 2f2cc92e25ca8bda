/**
 * A payer's or a biller's own list of members, as CSV: who is covered from when to when, and what of each bucket is met.
 * One row a person; the people of one family share the subscriber's number and are told apart by their birth dates.
 * The first line names the columns; only `member` is required, and an empty cell is a fact that is not known.
 */
import { fromUtf8 } from "#crypto"
import { refuse } from "../base/refusal.ts"
import { parseDate } from "../base/time.ts"
import { type Answer, answer } from "../formats/answer.ts"
import { type CaseBucket, parseBuckets } from "../plan/cases/cases.ts"
import { type Member, plainMember } from "../plan/claim.ts"
import { parseCsv } from "../plan/language/tables.ts"
import type { Plan } from "../plan/plan.ts"

export interface ListedMember {
  /** The subscriber's number with the payer: NM109 of an 837. */
  readonly id: string
  readonly member: Member
  /** What is left or used of the plan's buckets, as `.cases` write it. */
  readonly buckets: readonly CaseBucket[]
}

export interface MemberList {
  /** The person of this number; several share one, so the birth date decides. Undefined: nobody, or nobody alone. */
  find(id: string, born: number | undefined): ListedMember | undefined
  readonly size: number
}

export const memberColumns = [
  ...["member", "born", "sex", "relation", "coverFrom", "coverTo", "enrolled", "members", "selfOnly", "flags", "rank"],
  ...["otherCover", "buckets"],
] as const
type Column = (typeof memberColumns)[number]

interface Row {
  readonly line: number
  cell(column: Column): string
}

function bad(row: Row, column: Column, what: string, remedy: string): never {
  return refuse("members-cell", `Cannot read the members: ${what}`, `line ${row.line}, column ${column}`, remedy)
}

function dateIn(row: Row, column: Column): number | undefined {
  const text = row.cell(column)
  if (text === "") return undefined
  return parseDate(text) ?? bad(row, column, "a date does not exist", "Write it as 2026-04-14.")
}

function countIn(row: Row, column: Column, least: number, most: number): number | undefined {
  const text = row.cell(column)
  if (text === "") return undefined
  const value = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  return bad(row, column, "a number is out of range", `Write ${least} to ${most}.`)
}

function listIn(row: Row, column: Column): readonly string[] {
  const words = row.cell(column).split(" ")
  const found = words.filter((word) => word !== "")
  if (found.some((word) => !/^[!-~]{1,100}$/.test(word))) bad(row, column, "a word is not plain ASCII", "Correct it.")
  return found
}

function wordIn(row: Row, column: Column): string | undefined {
  const [word, more] = listIn(row, column)
  return more === undefined ? word : bad(row, column, "more than one word", "Write one word.")
}

function memberOf(row: Row, plan: Plan): ListedMember {
  const id = row.cell("member")
  if (!/^[!-~]{1,80}$/.test(id)) bad(row, "member", "a member's number is missing", "Write it as on the card.")
  const alone = row.cell("selfOnly")
  if (!/^(|yes|no)$/.test(alone)) bad(row, "selfOnly", "it is neither yes nor no", "Write yes or no.")
  const buckets = parseBuckets(row.cell("buckets"), plan)
  if ("code" in buckets) return bad(row, "buckets", "a bucket is not one of the plan's, or no amount", buckets.remedy)
  const enrolled = dateIn(row, "enrolled")
  const member: Member = {
    ...plainMember,
    born: dateIn(row, "born"),
    sex: wordIn(row, "sex"),
    relation: wordIn(row, "relation"),
    coverFrom: dateIn(row, "coverFrom") ?? enrolled,
    coverTo: dateIn(row, "coverTo"),
    enrolled,
    members: countIn(row, "members", 1, 99),
    selfOnly: alone === "yes",
    flags: listIn(row, "flags"),
    rank: countIn(row, "rank", 1, 9) ?? 1,
    otherCover: listIn(row, "otherCover"),
  }
  return { id, member, buckets }
}

function columnsOf(header: readonly string[]): ReadonlyMap<Column, number> {
  const columns = new Map<Column, number>()
  for (const [index, name] of header.entries()) {
    const column = memberColumns.find((known) => known === name.trim())
    if (column === undefined || columns.has(column)) {
      const remedy = `The columns are ${memberColumns.join(", ")}.`
      refuse("members-column", "Cannot read the members: a column is unknown or twice there", "line 1", remedy)
    }
    columns.set(column, index)
  }
  if (columns.has("member")) return columns
  return refuse("members-column", "Cannot read the members: there is no column member", "line 1", "Name it.")
}

/** The list, or the refusal that names line and column; never the cell's content. */
export function readMembers(bytes: Uint8Array, plan: Plan): Answer<MemberList> {
  return answer(() => {
    const text = fromUtf8(bytes)?.replace(/^\uFEFF/, "")
    const [header, ...records] = (text === undefined ? undefined : parseCsv(text)) ?? []
    if (header === undefined) {
      refuse("members-csv", "Cannot read the members: the file is no UTF-8 CSV", "line 1", "Save it as CSV.")
    }
    const columns = columnsOf(header)
    const people = new Map<string, ListedMember[]>()
    for (const [index, record] of records.entries()) {
      if (record.length === 1 && record[0] === "") continue
      const line = index + 2
      if (record.length !== header.length) {
        refuse(
          "members-csv",
          "Cannot read the members: a line has too few or too many cells",
          `line ${line}`,
          "Fill it.",
        )
      }
      const cell = (column: Column) => record[columns.get(column) ?? -1]?.trim() ?? ""
      const one = memberOf({ line, cell }, plan)
      people.set(one.id, [...(people.get(one.id) ?? []), one])
    }
    return {
      size: [...people.values()].reduce((sum, family) => sum + family.length, 0),
      find(id, born) {
        const family = people.get(id) ?? []
        if (family.length === 1 && (born === undefined || family[0]!.member.born === undefined)) return family[0]
        const same = family.filter((one) => one.member.born === born)
        return same.length === 1 ? same[0] : undefined
      },
    }
  })
}
