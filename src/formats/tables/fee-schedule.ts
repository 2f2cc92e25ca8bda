/**
 * A fee schedule as CSV with a heading: OPPS Addendum B as CMS publishes it, or any list with a code and a rate. Rates may
 * be finer than a cent and stay as they are written.
 */
import { refuse } from "../../base/refusal.ts"
import { parseCsv } from "../../plan/language/tables.ts"
import { type Answer, answer } from "../answer.ts"
import { linesOf, type PublishedTable, TableBuilder } from "./published-table.ts"

const named = (header: readonly string[], names: readonly string[]) =>
  header.findIndex((cell) => names.includes(cell.toLowerCase().replace(/[^a-z]/g, "")))

const codeNames = ["hcpcscode", "hcpcs", "code", "procedurecode", "hcpcscptcode"]
const rateNames = ["paymentrate", "rate", "fee", "amount", "payment"]
const statusNames = ["statusindicator", "si", "status"]

/** A rate without its dollar sign and its separators; undefined when there is none, or none a plan could hold. */
function rateIn(text: string): string | undefined {
  const plain = text.trim().replace(/^\$/, "").trim().replaceAll(",", "")
  return /^\d{1,12}(\.\d{1,6})?$/.test(plain) ? plain : undefined
}

/** Columns `code`, `rate` and, where the file has one, `status`. Codes without a rate are counted and left out. */
export function loadFeeSchedule(bytes: Uint8Array): Answer<PublishedTable> {
  return answer(() => {
    const records = parseCsv(`${linesOf(bytes).join("\n")}\n`)
    if (records === undefined) refuse("table-csv", "Cannot load the fees: it is no CSV", "line 1", "Save it as CSV.")
    // CMS puts a title and a notice above the heading.
    const top = records.findIndex((row) => named(row, codeNames) >= 0 && named(row, rateNames) >= 0)
    if (top < 0) {
      const what = "Cannot load the fees: no line names a column for the code and one for the rate"
      refuse("table-heading", what, "line 1", "Name the columns code and rate.")
    }
    const header = records[top]!
    const [codeAt, rateAt, statusAt] = [codeNames, rateNames, statusNames].map((names) => named(header, names))
    const builder = new TableBuilder(1)
    for (const [index, row] of records.entries()) {
      if (index <= top) continue
      const code = row[codeAt!]?.trim() ?? ""
      if (code === "") continue
      if (!/^[0-9A-Z.-]{1,20}$/.test(code)) {
        builder.leave("no code")
        continue
      }
      const text = row[rateAt!]?.trim() ?? ""
      const rate = rateIn(text)
      if (rate === undefined && text !== "" && text !== ".") {
        refuse("table-cell", "Cannot load the fees: a rate is no amount", `line ${index + 1}`, "Correct the rate.")
      }
      if (rate === undefined) builder.leave("no rate")
      else builder.add(statusAt! < 0 ? [code, rate] : [code, rate, row[statusAt!]?.trim() ?? ""], index + 1)
    }
    return builder.table(["code"], statusAt! < 0 ? ["rate"] : ["rate", "status"])
  })
}
