/**
 * `countersign table KIND FILE …`: a publisher's reference file becomes a plan's table. Writes the CSV and prints the line
 * of front matter that names it; texts of the file are left behind.
 */
import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { refuse } from "../base/refusal.ts"
import { parseDate } from "../base/time.ts"
import { type Answer, orRefuse } from "../formats/answer.ts"
import { loadDiagnosisCodes } from "../formats/tables/diagnosis-codes.ts"
import { loadFeeSchedule } from "../formats/tables/fee-schedule.ts"
import { loadNcciPairs } from "../formats/tables/ncci-pairs.ts"
import { type PublishedTable, tableCsv, tableDeclaration } from "../formats/tables/published-table.ts"
import { loadUnitLimits } from "../formats/tables/unit-limits.ts"
import type { Command } from "./command.ts"
import { readMaybeGzipped } from "./input-file.ts"

const loaders: Readonly<Record<string, (bytes: Uint8Array) => Answer<PublishedTable>>> = {
  "ncci-pairs": loadNcciPairs,
  "unit-limits": loadUnitLimits,
  "fee-schedule": loadFeeSchedule,
  "diagnosis-codes": loadDiagnosisCodes,
}

const usage = "table KIND FILE --name NAME --from DATE --until DATE --source TEXT [--edition TEXT] [--out FILE]"

function dayOf(text: string | undefined, name: string): number {
  const day = text === undefined ? undefined : parseDate(text)
  return (
    day ?? refuse("arguments", `Cannot load the table: --${name} is no date`, `--${name}`, "Write it as 2026-04-01.")
  )
}

export const tableCommand: Command = {
  summary: "Turns a published code list, fee schedule or edit file into a plan's table",
  usage,
  async run(args, screen) {
    const text = { type: "string" } as const
    const options = { name: text, from: text, until: text, source: text, edition: text, out: text }
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options })
    const [kind = "", path, ...more] = positionals
    const load = Object.hasOwn(loaders, kind) ? loaders[kind] : undefined
    if (load === undefined || path === undefined || more.length > 0) {
      const known = Object.keys(loaders).join(", ")
      return refuse("arguments", `Cannot load the table: KIND is one of ${known}`, "arguments", `countersign ${usage}`)
    }
    const { name = kind, source } = values
    if (!/^[a-z][a-z0-9-]{0,39}$/.test(name) || source === undefined || !/^[^"\n]{1,200}$/.test(source)) {
      return refuse(
        "arguments",
        "Cannot load the table: it needs --name in small letters and --source",
        "arguments",
        usage,
      )
    }
    const [from, until] = [dayOf(values.from, "from"), dayOf(values.until, "until")]
    const table = orRefuse(load(readMaybeGzipped(path)))
    const csv = tableCsv(table)
    const edition = { name, version: values.edition ?? values.from!, from, until, source }
    const declaration = tableDeclaration(table, csv, edition)
    const left = [...table.left].map(([why, count]) => `${count} lines left out: ${why}`)
    screen.say(`${table.rows.length} rows`)
    for (const line of left) screen.line(line)
    if (values.out !== undefined) {
      writeFileSync(values.out, csv)
      screen.say(`Written to ${values.out}. Put it in tables/ beside the plan as ${name}.csv, and in its front matter:`)
    }
    screen.say(declaration)
    return { value: { rows: table.rows.length, left: Object.fromEntries(table.left), declaration } }
  },
}
