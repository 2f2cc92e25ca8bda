/** What the consortium's bench found, as a table for a terminal. */
import type { ChainFigures, ConsortiumReport } from "./consortium.ts"
import type { OpenFigures, StageCosts, SustainedFigures } from "./trial.ts"

type Line = readonly [name: string, value: string, target?: string]

const whole = (value: number) => Math.round(value).toLocaleString("en-US")
const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)
const ratio = (ours: number, floor: number) => (ours / floor).toFixed(2)

function openLines(name: string, figures: OpenFigures, target = ""): readonly Line[] {
  const { p50Ms, p99Ms, maxMs, count, failures, blocks, tookSeconds } = figures
  const failed: Line[] = failures === 0 ? [] : [["  unanswered", whole(failures), "0"]]
  return [
    [`${name}: p50, p99, max (ms)`, `${whole(p50Ms)}, ${whole(p99Ms)}, ${whole(maxMs)}`, target],
    [
      "  timed; blocks a second; cores used",
      `${whole(count)}; ${(blocks / tookSeconds).toFixed(1)}; ${cores(figures)}`,
    ],
    ...failed,
  ]
}

const cores = ({ coresUsed }: StageCosts) => coresUsed.toFixed(2)

function sustainedLines(figures: SustainedFigures, target = ""): readonly Line[] {
  const { perSecond, quarters, p50Ms, p99Ms, outstanding, blocks, tookSeconds } = figures
  return [
    ["full visits/s, sustained", whole(perSecond), target],
    ["  by quarter of the time", quarters.map(whole).join(", ")],
    ["  answered (ms) p50, p99; under way", `${whole(p50Ms)}, ${whole(p99Ms)}; ${whole(outstanding)}`],
    ["  blocks a second; cores used", `${(blocks / tookSeconds).toFixed(1)}; ${cores(figures)}`],
  ]
}

function waitLines(title: string, { waits }: StageCosts): readonly Line[] {
  const all = sum(Object.values(waits))
  const stages = Object.entries(waits).map(
    ([stage, ms]): Line => [`  ${stage}`, `${ms.toFixed(1)} ms`, `${((100 * ms) / all).toFixed(0)} %`],
  )
  return [[`${title} (mean)`, `${all.toFixed(0)} ms`], ...stages]
}

function workLines({ work }: StageCosts): readonly Line[] {
  const all = sum(Object.values(work))
  const stages = Object.entries(work)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, µs]): Line => [`  ${name}`, `${whole(µs)} µs`, `${((100 * µs) / all).toFixed(0)} %`])
  return [["processor time of a visit, all validators", `${whole(all)} µs`], ...stages]
}

function diskLine(name: string, { disk, heights }: ChainFigures): Line {
  const { store = 0, ...theirs } = disk
  const parts = Object.entries(theirs).map(([part, bytes]) => `${part} ${whole(bytes)}`)
  return [name, `${whole(store)} + ${whole(sum(Object.values(theirs)))}`, `(${parts.join(", ")}; ${heights} blocks)`]
}

/** Blocks are dropped in hundreds: a short run has none that is old enough. */
function tooYoung({ pruned: { heights, keepBlocks } }: ConsortiumReport): readonly Line[] {
  return heights >= keepBlocks + 100 ? [] : [["  no block was old enough to be dropped: give more --seconds", ""]]
}

/** The table. */
export function consortiumTable(report: ConsortiumReport): string {
  const { full, at10, oneDead, pruned, floor, machine, settings } = report
  const lines: Line[] = [
    ["", "", "target"],
    [`${report.validators} VALIDATORS, counter-signature handed in to settled, open loop`, ""],
    ...openLines("10 visits/s", at10),
    ...openLines("100 visits/s", full.at100, "p99 < 300"),
    ...openLines("100 visits/s, one dead", oneDead, "p99 < 1,000"),
    ...waitLines("where a transaction's time goes at 100 visits/s", full.at100),
    ["SATURATED", ""],
    ...sustainedLines(full.sustained, "≥ 400"),
    ...waitLines("where a transaction's time goes", full.sustained),
    ...workLines(full.sustained),
    [`ONLY ${report.pruned.keepBlocks} BLOCKS KEPT`, ""],
    ...openLines("100 visits/s", pruned.at100),
    ...sustainedLines(pruned.sustained),
    ["BYTES ON ONE DISK A VISIT, the ledger's + CometBFT's", ""],
    diskLine("all blocks kept", full),
    diskLine(`only ${report.pruned.keepBlocks} blocks kept`, pruned),
    ...tooYoung(report),
    ["THE FLOOR: the same batches, no rules, no signatures", ""],
    ...openLines("100 visits/s", floor.at100),
    ...sustainedLines(floor.sustained),
    ["ours / floor: p50, p99 at 100 visits/s", latencyRatios(full, floor)],
    ["ours / floor: visits/s", ratio(full.sustained.perSecond, floor.sustained.perSecond)],
    ["ours / floor: processor time a visit", ratio(workOf(full.sustained), workOf(floor.sustained))],
  ]
  const width = Math.max(...lines.map(([name]) => name.length))
  const table = lines.map(([name, value, target = ""]) =>
    `${name.padEnd(width)}  ${value.padStart(22)}  ${target}`.trimEnd(),
  )
  const told = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  const place = Object.entries(machine).map(([name, value]) => `${name} ${value}`)
  const run = [...place, `commit ${report.commit}`, `seed ${report.seed}`, `${report.seconds} s a stage`]
  return [...table, "", `CometBFT ${report.cometbft}: ${told.join(", ")}`, "", run.join(", ")].join("\n")
}

const workOf = ({ work }: StageCosts) => sum(Object.values(work))

function latencyRatios(full: ChainFigures, floor: ConsortiumReport["floor"]): string {
  return `${ratio(full.at100.p50Ms, floor.at100.p50Ms)}, ${ratio(full.at100.p99Ms, floor.at100.p99Ms)}`
}
