/**
 * CMS's file of procedure-to-procedure edits (NCCI PTP): tab-delimited, some lines of notice and heading first, then
 * column 1, column 2, a mark for pairs older than 1996, effective and deletion date, modifier indicator, rationale.
 */
import { refuse } from "../../base/refusal.ts"
import { formatDate } from "../../base/time.ts"
import { type Answer, answer } from "../answer.ts"
import { linesOf, type PublishedTable, publishedDate, TableBuilder } from "./published-table.ts"

const code = /^[0-9A-Z]{5}$/

/** Columns `column-1`, `column-2`, `indicator`, `valid-from`, `valid-until` of the effect `bundle`. */
export function loadNcciPairs(bytes: Uint8Array): Answer<PublishedTable> {
  return answer(() => {
    const builder = new TableBuilder(2)
    for (const [index, text] of linesOf(bytes).entries()) {
      const cells = text.split(text.includes("\t") ? "\t" : ",").map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"))
      const [first = "", second = "", , effective = "", deleted = "", indicator = ""] = cells
      if (!code.test(first) || !code.test(second)) {
        if (text.trim() !== "") builder.leave("no pair of codes")
        continue
      }
      const line = index + 1
      const from = publishedDate(effective)
      const last = deleted === "*" || deleted === "" ? undefined : publishedDate(deleted)
      if (from === undefined || (last === undefined && deleted !== "*" && deleted !== "")) {
        refuse("table-date", "Cannot load the pairs: a date does not exist", `line ${line}`, "Fetch the file again.")
      }
      if (!/^[019]$/.test(indicator)) {
        const what = "Cannot load the pairs: the modifier indicator is not 0, 1 or 9"
        refuse("table-cell", what, `line ${line}, column 6`, "Fetch the file again.")
      }
      // The day of deletion is the last one on which the pair held; our spans end before their last day.
      const until = last === undefined ? "" : formatDate(last + 1)
      if (last !== undefined && last < from) builder.leave("deleted before it took effect")
      else builder.add([first, second, indicator, formatDate(from), until], line)
    }
    return builder.table(["column-1", "column-2"], ["indicator", "valid-from", "valid-until"])
  })
}
