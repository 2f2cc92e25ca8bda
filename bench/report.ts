/** What a run found, as one JSON object and as a table with the target of each figure beside it. */
import type { ProcessorTime } from "./threads.ts"

/** The figures of a chain in one size. */
export interface ChainFigures {
  readonly visitsBefore: number
  readonly visits: number
  /** Bare, on both cores: the mean of the rates before and after. */
  readonly verifySignaturesPerSecond: number
  readonly verifyBefore: number
  readonly verifyAfter: number
  readonly visitsPerSecond: number
  /** Visits × 6 / bare verifications. */
  readonly ratio: number
  /** The same in processor time, which other programs on the machine do not change: bare 6 × µs / µs of a visit. */
  readonly ratioOfProcessorTime: number
  readonly microsecondsPerSignature: number
  readonly microsecondsPerVisit: number
  readonly processor: ProcessorTime
  /** Processor microseconds a visit. */
  readonly stages: Readonly<Record<string, number>>
  /** Of `stages`, in percent. */
  readonly shares: Readonly<Record<string, number>>
  readonly limitedBy: string
  readonly ackP50Ms: number
  readonly ackP99Ms: number
  readonly blocks: number
  readonly rssMb: number
  /** Of `rssMb`: pages of the store's file, which the system takes back when it needs them. */
  readonly rssFilesMb: number
  /** Of `rssMb`: the signed visits that wait to be submitted. */
  readonly loadMb: number
  readonly stateBytesPerVisit: number
  readonly diskBytesPerVisit: number
}

export interface Report extends ChainFigures {
  readonly seed: number
  readonly lag: number
  readonly bytesPerVisit: number
  readonly adjudicationsPerSecond: number
  readonly adjudicationsTracedPerSecond: number
  readonly verifyReceiptMs: number
  readonly verifyReceiptColdMs: number
  readonly receiptBytes: number
  readonly machine: Readonly<Record<string, string | number>>
  readonly commit: string
  /** After a million visits; in long mode. */
  readonly grown?: ChainFigures & { readonly restartMs: number; readonly restartRssMb: number; readonly rows: number }
}

const whole = (value: number) => Math.round(value).toLocaleString("en-US")
const fraction = (digits: number) => (value: number) => value.toFixed(digits)

type Line = readonly [name: string, value: string, target: string]

function chainLines(figures: ChainFigures, least: number): readonly Line[] {
  const { verifyBefore, verifyAfter, ackP50Ms, ackP99Ms } = figures
  return [
    ["bare signatures/s, before and after", `${whole(verifyBefore)}, ${whole(verifyAfter)}`, ""],
    ["full visits/s, fsynced", whole(figures.visitsPerSecond), ""],
    ["ratio: visits × 6 / bare signatures", fraction(3)(figures.ratio), `≥ ${fraction(2)(least)}`],
    ["the same in processor time", fraction(3)(figures.ratioOfProcessorTime), ""],
    ["acknowledgement p50, p99 (ms)", `${whole(ackP50Ms)}, ${whole(ackP99Ms)}`, "p50 < 300"],
    ["processor µs a visit, of them signatures", visitMicroseconds(figures), ""],
    ["state bytes a visit", whole(figures.stateBytesPerVisit), "< 700"],
    ["resident memory (MB)", whole(figures.rssMb), ""],
    ["  of it pages of the store, and the load", `${whole(figures.rssFilesMb)}, ${whole(figures.loadMb)}`, ""],
  ]
}

function visitMicroseconds({ microsecondsPerVisit, microsecondsPerSignature }: ChainFigures): string {
  return `${whole(microsecondsPerVisit)}, 6 × ${fraction(1)(microsecondsPerSignature)}`
}

function stageLines({ stages, shares }: ChainFigures): readonly Line[] {
  return Object.entries(stages)
    .sort(([, a], [, b]) => b - a)
    .map(([name, µs]) => [`  ${name}`, `${fraction(1)(µs)} µs`, `${fraction(0)(shares[name]!)} %`])
}

/** The table for a terminal. */
export function reportTable(report: Report): string {
  const { machine, grown } = report
  const lines: Line[] = [
    ["", "", "target"],
    [`FRESH CHAIN, ${whole(report.visits)} visits`, "", ""],
    ...chainLines(report, 0.45),
    ["bytes a visit, hold + settle", whole(report.bytesPerVisit), "< 1,400"],
    ["processor time of a visit by stage", "", ""],
    ...stageLines(report),
    ["  it is limited by", report.limitedBy, ""],
    ["ONE CORE", "", ""],
    ["adjudications/s, 4 lines, 60 clauses", whole(report.adjudicationsPerSecond), "≥ 50,000"],
    ["adjudications/s, trace hashed", whole(report.adjudicationsTracedPerSecond), ""],
    ["receipt verified (ms), warm median", fraction(2)(report.verifyReceiptMs), "< 5"],
    ["receipt verified (ms), first of a process", fraction(2)(report.verifyReceiptColdMs), ""],
  ]
  if (grown !== undefined) {
    lines.push([`AFTER ${whole(grown.visitsBefore)} VISITS, ${whole(grown.visits)} more`, "", ""])
    lines.push(...chainLines(grown, 0.4))
    lines.push(["processor time of a visit by stage", "", ""], ...stageLines(grown))
    lines.push(["  it is limited by", grown.limitedBy, ""])
    lines.push([`restart (ms), ${whole(grown.rows)} rows`, whole(grown.restartMs), "< 8,000"])
  }
  const width = Math.max(...lines.map(([name]) => name.length))
  const table = lines.map(([name, value, target]) =>
    `${name.padEnd(width)}  ${value.padStart(20)}  ${target}`.trimEnd(),
  )
  const place = Object.entries(machine).map(([name, value]) => `${name} ${value}`)
  return [...table, "", [...place, `commit ${report.commit}`, `seed ${report.seed}`].join(", ")].join("\n")
}
