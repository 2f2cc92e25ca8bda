/**
 * `countersign sbc DIR`: encodes filed benefit designs as published plans, runs the federal fracture example through each
 * and lays our figures beside the filed ones. The folder's files are read, never shipped; `--out` writes the documents.
 */
import { writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { parseArgs } from "node:util"
import { formatMoney } from "../base/money.ts"
import { refuse } from "../base/refusal.ts"
import { outcomes, type Shown } from "../formats/sbc/compare.ts"
import { assumption } from "../formats/sbc/design.ts"
import { exampleWords } from "../formats/sbc/example.ts"
import { type EncodedRow, encodeFilings, type FilingBytes, filesOf, filingFiles } from "../formats/sbc/filed-table.ts"
import type { Command, CommandResult } from "./command.ts"
import { readInputFile } from "./input-file.ts"
import { makeFolder } from "./make-folder.ts"
import type { Screen } from "./screen.ts"

const usage = "sbc DIR [--plan ID] [--out DIR]"

/** One letter a stand-in, so that every row says which it rests on. */
const letters = new Map<string, string>(Object.values(assumption).map((words, i) => [words, "ABCDEFGH"[i]!]))

const figures = ({ deductible, copay, coinsurance }: Shown) => `${deductible} / ${copay} / ${coinsurance}`

function difference(ours: Shown, filed: Shown): string {
  const signed = (amount: bigint) => (amount > 0n ? `+${amount}` : String(amount))
  const parts = [ours.deductible - filed.deductible, ours.copay - filed.copay, ours.coinsurance - filed.coinsurance]
  return parts.every((part) => part === 0n) ? "none" : parts.map(signed).join(" / ")
}

const standIns = (row: EncodedRow) => row.design.assumptions.map((words) => letters.get(words) ?? "?").join("")

function cells(row: EncodedRow): readonly string[] {
  const { id, given, example, filed, ours, outcome, why } = row
  const compared =
    filed === undefined ? ["–", figures(ours), "–"] : [figures(filed), figures(ours), difference(ours, filed)]
  return [example === "fracture" ? id : `${id} (${example})`, given, ...compared, standIns(row), outcome, why]
}

function sayTable(rows: readonly EncodedRow[], screen: Screen): void {
  screen.heading("The federal fracture example (2,800): deductible / copay / coinsurance, in dollars as filings round")
  const header = ["plan", "design from", ">filed", ">ours", ">difference", "stand-ins", "outcome", "why"]
  screen.table(header, rows.map(cells))
  screen.heading("For every plan")
  screen.line(`The example is taken as ${exampleWords}.`)
  screen.heading("Stand-ins for what a filing does not say, the same for all plans")
  for (const [words, letter] of letters) screen.line(`${letter}  ${words}`)
}

function countsOf(rows: readonly EncodedRow[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const outcome of [...outcomes, "design only"]) {
    const count = rows.filter((row) => row.outcome === outcome).length
    if (count > 0) counts[outcome] = count
  }
  return counts
}

function sayPlan(row: EncodedRow, screen: Screen): void {
  const { exact, design } = row
  screen.heading("Our figures to the cent")
  screen.line(`deductible ${formatMoney(exact.deductible)}, copay ${formatMoney(exact.copay)}`)
  screen.line(`coinsurance ${formatMoney(exact.coinsurance)}, the plan pays ${formatMoney(exact.benefit)}`)
  screen.heading("What the document leaves out of the filing")
  for (const words of design.unsaid.length === 0 ? ["nothing"] : design.unsaid) screen.line(words)
}

function write(rows: readonly EncodedRow[], folder: string, screen: Screen): void {
  for (const { path, bytes } of rows.flatMap(filesOf)) {
    makeFolder(dirname(join(folder, path)))
    writeFileSync(join(folder, path), bytes)
  }
  screen.say(
    `${rows.length} plans with their cases are in ${folder}. Try: countersign plan check ${join(folder, `${rows[0]!.document.name}.md`)}`,
  )
}

const printedRow = (row: EncodedRow) => ({
  plan: row.id,
  given: row.given,
  example: row.example,
  filed: row.filed === undefined ? null : { ...pick(row.filed) },
  ours: pick(row.ours),
  exact: row.exact,
  outcome: row.outcome,
  why: row.why,
  assumptions: row.design.assumptions,
  unsaid: row.design.unsaid,
  digest: row.plan.digest,
})
const pick = ({ deductible, copay, coinsurance }: Shown): Shown => ({ deductible, copay, coinsurance })

function run(folder: string, id: string | undefined, out: string | undefined, screen: Screen): CommandResult {
  const files = Object.fromEntries(
    Object.entries(filingFiles).map(([name, file]) => [name, readInputFile(join(folder, file))]),
  ) as unknown as FilingBytes
  const all = encodeFilings(files).rows
  const rows = id === undefined ? all : all.filter((row) => row.id === id)
  if (rows[0] === undefined)
    return refuse(
      "plan-unknown",
      "Cannot show plan: the folder has none of this id",
      "--plan",
      "Run without --plan for all ids",
    )
  sayTable(rows, screen)
  if (id !== undefined) sayPlan(rows[0], screen)
  const counts = countsOf(rows)
  screen.say()
  screen.say(
    Object.entries({ plans: rows.length, ...counts })
      .map(([words, count]) => `${count} ${words}`)
      .join(", "),
  )
  if (out !== undefined) write(rows, out, screen)
  return { value: { plans: rows.length, counts, rows: rows.map(printedRow) } }
}

export const sbcCommand: Command = {
  summary: "Encodes filed benefit designs as plans and compares the federal example with the filing",
  usage,
  async run(args, screen) {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { plan: { type: "string" }, out: { type: "string" } },
    })
    const [folder, ...rest] = positionals
    if (folder === undefined || rest.length > 0)
      return refuse("arguments", "Cannot use sbc: one folder is expected", "arguments", `countersign ${usage}`)
    return run(folder, values.plan, values.out, screen)
  },
}
