/**
 * The fault runner: real processes, harmed while visits settle, and judged afterwards.
 *
 *   node test/network/run.ts [--faults kill,pause,…] [--rounds N] [--seed S] [--rate VISITS] [--json]
 */
import { parseArgs } from "node:util"
import { Screen } from "../../src/cli/screen.ts"
import { findCometBft } from "../../src/engine/comet/binary.ts"
import type { Row } from "./round.ts"
import { faults, runFaults } from "./runner.ts"

const { values } = parseArgs({
  options: {
    faults: { type: "string" },
    rounds: { type: "string" },
    seed: { type: "string" },
    rate: { type: "string" },
    json: { type: "boolean" },
  },
})
const names = values.faults?.split(",") ?? faults.map(({ name }) => name)
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const rounds = Number(values.rounds ?? "1")
const visitsPerSecond = Number(values.rate ?? "6")
const unknown = names.filter((name) => !faults.some((fault) => fault.name === name))
const said = new Screen(values.json === true ? process.stderr : process.stdout)

const seconds = (value: number) => `${value.toFixed(1)} s`

function say(row: Row): void {
  if (row.skipped !== undefined) said.line(`${row.fault}: skipped, ${row.skipped}`)
  for (const note of row.notes) said.quiet(`${row.fault}: ${note}`)
  for (const failure of row.failures) said.line(`${said.bad("FAILED")} ${row.fault}: ${failure}`)
}

function showTable(rows: readonly Row[]): void {
  said.heading(`Faults on a network of four validators and seven organizations, seed ${seed}`)
  said.table(
    ["fault", "at", ">lasted", ">acknowledged", ">lost", ">doubled", ">longest stall", ">recovered after", "judged"],
    rows.map((row) =>
      row.skipped !== undefined
        ? [row.fault, row.at.slice(11, 19), "", "", "", "", "", "", `skipped: ${row.skipped}`]
        : [
            row.fault,
            row.at.slice(11, 19),
            seconds(row.faultSeconds),
            String(row.acknowledged),
            String(row.lost),
            String(row.doubled),
            seconds(row.longestStall),
            seconds(row.recoveredAfter),
            row.failures.length === 0 ? "good" : `${row.failures.length} failures`,
          ],
    ),
  )
}

const sum = (rows: readonly Row[], name: "lost" | "doubled") => rows.reduce((total, row) => total + row[name], 0)

if (unknown.length > 0 || !(rounds >= 1 && visitsPerSecond > 0 && Number.isInteger(seed))) {
  process.stderr.write(`Cannot run faults: ${unknown.join() || "a number"} is not good\n`)
  process.stderr.write(`Faults: ${faults.map(({ name }) => name).join()}\n`)
  process.exit(2)
}
if (findCometBft() === undefined) {
  process.stderr.write("Cannot run faults: CometBFT is not installed; npm run engine builds it\n")
  process.exit(2)
}
const ending = new AbortController()
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => ending.abort())
try {
  const rows = await runFaults({
    faults: names,
    rounds,
    seed,
    visitsPerSecond,
    onRow: say,
    signal: ending.signal,
  })
  const [lost, doubled] = [sum(rows, "lost"), sum(rows, "doubled")]
  const json = `${JSON.stringify({ seed, lost, doubled, rows })}\n`
  if (values.json === true) await new Promise((written) => process.stdout.write(json, written))
  else showTable(rows)
  process.exit(lost + doubled > 0 || rows.some(({ failures }) => failures.length > 0) ? 1 : 0)
} catch (error) {
  process.stderr.write(`Cannot go on with faults: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(2)
}
