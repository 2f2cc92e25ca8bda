/**
 * Which adjustment reason and remark codes are in force, from the list as X12 publishes it (CSV: code, description, start,
 * last modified, stop). The descriptions are not kept: what a member reads are our own words.
 */
import { refuse } from "../../base/refusal.ts"
import type { CodeDates } from "../../plan/check/check-codes.ts"
import { parseCsv } from "../../plan/language/tables.ts"
import { type Answer, answer } from "../answer.ts"
import { linesOf, publishedDate } from "./published-table.ts"

const wordOf = (cell: string) => cell.toLowerCase().replace(/[^a-z]/g, "")

/** The codes with the days on which they may be used. A stop date is the first day on which it may not. */
export function loadReasonCodes(bytes: Uint8Array): Answer<ReadonlyMap<string, CodeDates>> {
  return answer(() => {
    const [header, ...records] = parseCsv(`${linesOf(bytes).join("\n")}\n`) ?? []
    const at = (name: RegExp) => header?.findIndex((cell) => name.test(wordOf(cell))) ?? -1
    const [codeAt, startAt, stopAt] = [at(/^code$/), at(/^(start|effective)/), at(/^(stop|deactivation|end)/)]
    if (codeAt < 0) {
      refuse("table-heading", "Cannot load the codes: no column is called code", "line 1", "Name the columns.")
    }
    const codes = new Map<string, CodeDates>()
    for (const [index, row] of records.entries()) {
      const code = row[codeAt]?.trim() ?? ""
      if (code === "") continue
      const dateAt = (column: number) => {
        const text = column < 0 ? "" : (row[column]?.trim() ?? "")
        const day = text === "" ? undefined : publishedDate(text)
        if (text === "" || day !== undefined) return day
        const what = "Cannot load the codes: a date does not exist"
        return refuse("table-date", what, `line ${index + 2}`, "Write it as 2026-03-01 or 03/01/2026.")
      }
      if (!/^[A-Z]{0,2}\d{1,4}$/.test(code) || codes.has(code)) {
        refuse(
          "table-cell",
          "Cannot load the codes: a code is none, or stands twice",
          `line ${index + 2}`,
          "Correct it.",
        )
      }
      const [from, until] = [dateAt(startAt), dateAt(stopAt)]
      codes.set(code, { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) })
    }
    if (codes.size > 0) return codes
    return refuse("table-empty", "Cannot load the codes: the list is empty", "line 2", "Fetch the file again.")
  })
}
