/**
 * Tells every lie to both systems: `node test/liars/run.ts [--json] [--write]`. Without PostgreSQL only to one, without
 * CometBFT to no four validators; then nothing is written.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { noBaseline, tellBaseline } from "./baseline/run.ts"
import { difference, type Told } from "./claims.ts"
import { consortiumCells, noConsortium } from "./countersign/consortium-cells.ts"
import { tellCountersign } from "./countersign/run.ts"
import { type Cell, consortiumLies, lies } from "./lies.ts"
import { pageOf } from "./page.ts"
import { type Cells, page, type Run, sourcesDigest, together, writeRun } from "./recorded.ts"

const { values } = parseArgs({ options: { json: { type: "boolean" }, write: { type: "boolean" } } })
const say = (text: string) => process.stderr.write(`${text}\n`)

function printed(told: readonly Told[]): string {
  const line = ({ actor, id, countersign, baseline, ...rest }: Told) => {
    const by = difference({ actor, id, countersign, baseline, ...rest })
    return `${actor.padEnd(10)} ${id.padEnd(22)} ${countersign.verdict.padEnd(10)} ${baseline.verdict.padEnd(10)} ${by > 0 ? "+" : by < 0 ? "-" : ""}`
  }
  return told.map(line).join("\n")
}

/** One network after another: the machine shall hold one at a time. */
async function consortium(): Promise<Cells> {
  const cells = new Map<string, Cell>()
  for (const { id } of consortiumLies) {
    const absent = noConsortium(id)
    if (absent === undefined) cells.set(id, await consortiumCells[id]!())
    say(`consortium   ${id}${absent === undefined ? "" : `: skipped: ${absent}`}`)
  }
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
  const four = await consortium()
  const seconds = Math.ceil((performance.now() - start) / 1000)
  const run: Run = { sources: sourcesDigest(), postgres: version, seconds, told, consortium: four }
  const notRun = consortiumLies.length - four.size
  say(`${lies.length} lies told to both, ${four.size} to four validators, in ${seconds} s`)
  if (values.write && notRun > 0) return 1
  if (values.write) {
    writeRun(run)
    writeFileSync(page, pageOf(run))
    say(`written: ${page}, ${readFileSync(page, "utf8").split("\n").length} lines`)
  }
  const out = values.json
    ? JSON.stringify({ ...run, consortium: Object.fromEntries(four) }, undefined, 2)
    : printed(told)
  process.stdout.write(`${out}\n`)
  return 0
}

process.exitCode = await main()
