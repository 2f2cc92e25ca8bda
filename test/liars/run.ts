/** Tells every lie to both systems: `node test/liars/run.ts [--json] [--write]`. Without PostgreSQL only to one. */
import { readFileSync, writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { noBaseline, tellBaseline } from "./baseline/run.ts"
import { difference, type Told } from "./claims.ts"
import { consortiumCells, noConsortium } from "./countersign/consortium-cells.ts"
import { tellCountersign } from "./countersign/run.ts"
import { type Cell, consortiumLies, lies } from "./lies.ts"
import { pageOf } from "./page.ts"
import { page, type Run, sourcesDigest, together, writeRun } from "./recorded.ts"

const { values } = parseArgs({ options: { json: { type: "boolean" }, write: { type: "boolean" } } })
const say = (text: string) => process.stderr.write(`${text}\n`)

function printed(told: readonly Told[]): string {
  const line = ({ actor, id, countersign, baseline, ...rest }: Told) => {
    const by = difference({ actor, id, countersign, baseline, ...rest })
    return `${actor.padEnd(10)} ${id.padEnd(22)} ${countersign.verdict.padEnd(10)} ${baseline.verdict.padEnd(10)} ${by > 0 ? "+" : by < 0 ? "-" : ""}`
  }
  return told.map(line).join("\n")
}

async function consortium(): Promise<Readonly<Record<string, Cell | string>>> {
  const cells: Record<string, Cell | string> = {}
  for (const { id } of consortiumLies) cells[id] = (await consortiumCells[id]?.()) ?? `not run: ${noConsortium}`
  return cells
}

async function main(): Promise<number> {
  const start = performance.now()
  const countersign = await tellCountersign((id) => say(`countersign  ${id}`))
  const absent = noBaseline()
  if (absent !== undefined) {
    say(`skipped: the baseline's half. ${absent}`)
    const cells = Object.fromEntries(countersign)
    process.stdout.write(`${JSON.stringify({ countersign: cells, baseline: `skipped: ${absent}` }, undefined, 2)}\n`)
    return values.write ? 1 : 0
  }
  const { cells: baseline, version } = await tellBaseline((id) => say(`baseline     ${id}`))
  const told = together(countersign, baseline)
  const seconds = Math.ceil((performance.now() - start) / 1000)
  const run: Run = { sources: sourcesDigest(), postgres: version, seconds, told }
  const four = await consortium()
  const notRun = Object.values(four).filter((cell) => typeof cell === "string").length
  say(
    `${lies.length} lies told to both in ${seconds} s; ${notRun} of ${consortiumLies.length} not run: ${noConsortium}`,
  )
  if (values.write) {
    writeRun(run)
    writeFileSync(page, pageOf(run))
    say(`written: ${page}, ${readFileSync(page, "utf8").split("\n").length} lines`)
  }
  const out = values.json ? JSON.stringify({ ...run, consortium: four }, undefined, 2) : printed(told)
  process.stdout.write(`${out}\n`)
  return 0
}

process.exitCode = await main()
