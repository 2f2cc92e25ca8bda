/**
 * CMS's file of medically unlikely edits (MUE), CSV: code, units, adjudication indicator with its words, rationale. One
 * file a kind of provider. Some limits are kept confidential by CMS and stand in no file.
 */
import { refuse } from "../../base/refusal.ts"
import { parseCsv } from "../../plan/language/tables.ts"
import { type Answer, answer } from "../answer.ts"
import { linesOf, type PublishedTable, TableBuilder } from "./published-table.ts"

/** Columns `code`, `most`, `indicator` of the effect `units`: 1 a line, 2 a day, 3 a day unless evidence is shown. */
export function loadUnitLimits(bytes: Uint8Array): Answer<PublishedTable> {
  return answer(() => {
    const records = parseCsv(`${linesOf(bytes).join("\n")}\n`)
    if (records === undefined) refuse("table-csv", "Cannot load the limits: it is no CSV", "line 1", "Save it as CSV.")
    const builder = new TableBuilder(1)
    for (const [index, [code = "", most = "", words = ""]] of records.entries()) {
      if (!/^[0-9A-Z]{5}$/.test(code.trim())) {
        if (code.trim() !== "") builder.leave("no code")
        continue
      }
      const indicator = /^[123]/.exec(words.trim())?.[0]
      if (indicator === undefined || !/^\d{1,9}$/.test(most.trim())) {
        const what = "Cannot load the limits: the number or its indicator (1, 2, 3) is missing"
        refuse("table-cell", what, `line ${index + 1}`, "Fetch the file again.")
      }
      builder.add([code.trim(), most.trim(), indicator], index + 1)
    }
    return builder.table(["code"], ["most", "indicator"])
  })
}
