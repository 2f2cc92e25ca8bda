/**
 * `countersign recheck`: asks the regulator's own running node to check again what was opened to it, and writes the
 * report. Exit 1 when there is something to report.
 */
import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { Fault } from "../base/fault.ts"
import { toJson } from "../base/json.ts"
import { type Refusal, Refused, refuse } from "../base/refusal.ts"
import { type RecheckReport, reportPage } from "../node/regulator/report.ts"
import type { Command } from "./command.ts"
import type { Screen } from "./screen.ts"

/** So that the token need not stand in a list of processes. */
const tokenVariable = "COUNTERSIGN_DESK"

interface Asking {
  readonly url: string
  readonly desk: string
  readonly from: string | undefined
  readonly to: string | undefined
}

/** The report as the node gives it: amounts are decimal strings. */
async function askNode({ url, desk, from, to }: Asking): Promise<RecheckReport> {
  let response: Response
  let text: string
  try {
    response = await fetch(new URL("/desk/recheck", url), {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${desk}` },
      body: toJson({ from, to }, 0),
    })
    text = await response.text()
  } catch (cause) {
    throw new Fault("Cannot re-check: the node does not answer", { retryable: true, cause })
  }
  const value = JSON.parse(text) as RecheckReport & Refusal
  if (response.ok) return value
  if (response.status === 503) throw new Fault(value.message, { retryable: true })
  throw new Refused({ code: value.code, message: value.message, at: value.at, remedy: value.remedy })
}

/** Readable by its owner alone: it holds amounts of single visits. */
function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    refuse("file-unwritable", `Cannot write report: ${code ?? "the system refuses"}`, path, "Name another file")
  }
}

function show(screen: Screen, report: RecheckReport): void {
  const { visits, deadlines, balances, licences, checkedAt, clean } = report
  const word = clean ? screen.good("NOTHING FOUND") : screen.bad("TO REPORT")
  screen.say(`${word}  ${visits.opened} of ${visits.settled} settled visits opened and checked again`)
  screen.line(`${visits.differing} differ, ${deadlines.findings.length} deadlines missed`)
  screen.line(`${licences.length} practitioners without an active licence`)
  screen.line(balances.findings.length === 0 ? "The ledger's money adds up." : "The ledger's money does not add up.")
  for (const { code, visit, provider } of report.differing)
    screen.line(`${code}  visit ${visit.slice(0, 16)}… at organization ${provider}`)
  screen.quiet(`Checked at height ${checkedAt.height}, header ${checkedAt.headerHash.slice(0, 16)}…`)
  for (const part of report.notChecked) screen.quiet(`Not checked: ${part}`)
}

function urlOf(text: string | undefined): string {
  if (text !== undefined && URL.canParse(text)) return text
  return refuse(
    "arguments",
    "Cannot re-check: no address of the regulator's node",
    "url",
    "--url http://127.0.0.1:PORT",
  )
}

export const recheckCommand: Command = {
  summary: "A regulator checks again what payers opened to it, and writes its report",
  usage: "recheck --url URL --desk TOKEN [--from DATE] [--to DATE] [--out FILE] [--md FILE]",
  async run(args, screen) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        url: { type: "string" },
        desk: { type: "string" },
        from: { type: "string" },
        to: { type: "string" },
        out: { type: "string" },
        md: { type: "string" },
      },
    })
    const url = urlOf(values.url)
    const desk = values.desk ?? process.env[tokenVariable]
    if (desk === undefined)
      return refuse("arguments", "Cannot re-check: no desk token", "desk", `Give --desk or set ${tokenVariable}`)
    const report = await askNode({ url, desk, from: values.from, to: values.to })
    if (values.out !== undefined) write(values.out, `${toJson(report)}\n`)
    if (values.md !== undefined) write(values.md, reportPage(report))
    show(screen, report)
    return { value: report, failed: !report.clean }
  },
}
