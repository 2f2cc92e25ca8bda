/**
 * Valid ICD-10-CM codes out of the files NCHS and CMS publish: the list of codes (code, spaces, title), the order file
 * (number, code, header mark, titles at fixed columns), or an equivalence mapping whose first column is the code.
 */
import { type Answer, answer } from "../answer.ts"
import { linesOf, type PublishedTable, TableBuilder } from "./published-table.ts"

const code = /^[A-Z]\d[0-9A-Z][0-9A-Z]{0,4}$/

/** One column, `code`, without dots. Headings of the order file are not codes to bill and are left out. */
export function loadDiagnosisCodes(bytes: Uint8Array): Answer<PublishedTable> {
  return answer(() => {
    const builder = new TableBuilder(1)
    const seen = new Set<string>()
    for (const [index, text] of linesOf(bytes).entries()) {
      if (text.trim() === "") continue
      const order = /^\d{5} ([A-Z]\d[0-9A-Z][0-9A-Z ]{4}) ([01]) /.exec(text)
      const found = (order?.[1] ?? text.split(/[\s,]/, 1)[0]!).trim().replaceAll(".", "")
      if (!code.test(found)) builder.leave("no code")
      else if (order?.[2] === "0") builder.leave("a heading")
      else if (seen.has(found)) builder.leave("the same code again")
      else builder.add([found], index + 1)
      seen.add(found)
    }
    return builder.table(["code"], [])
  })
}
