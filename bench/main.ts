/**
 * `npm run bench -- [--json] [--long] [--visits N] [--grown N] [--seed N] [--lag N]`: what one run on this machine
 * reaches. All rates are of the same run, for machines drift; with `--long` again after a million visits (`--grown`).
 *
 * `npm run bench -- --consortium [--json] [--seconds N] [--seed N] [--knob NAME=MS]…`: the same ledger on four
 * validators; a knob is one of the timeouts of `src/engine/comet/home.ts`, such as `commitMs=20`.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { toHex } from "../src/base/bytes.ts"
import { lanTimeouts, type Timeouts } from "../src/engine/comet/home.ts"
import { verifySignaturesPerSecond } from "../src/engine/measure.ts"
import { encodeAnchor } from "../src/verify/trust.ts"
import { measureAdjudication } from "./adjudication.ts"
import { runProgram } from "./child.ts"
import { measureConsortium } from "./consortium.ts"
import { consortiumTable } from "./consortium-report.ts"
import { BenchLedger } from "./ledger.ts"
import { commit, machine } from "./place.ts"
import { type Load, presign } from "./presign.ts"
import { type ChainFigures, type Report, reportTable } from "./report.ts"
import { between, type ProcessorTime, processorTime, totalOf } from "./threads.ts"
import { x12Table } from "./x12.ts"

const signaturesPerVisit = 6
/** Visits signed at once while a long chain grows. */
const growthVisits = 100_000

const say = (line: string) => process.stderr.write(`${line}\n`)

interface Options {
  readonly seed: number
  /** How many later visits are held before a visit is settled. */
  readonly lag: number
  /** Visits after which the long run measures again. */
  readonly grown: number
}

/** The bare rate of the signature rule, and what one signature takes of the processor. */
async function bareRate(): Promise<{ readonly rate: number; readonly microseconds: number }> {
  const before = processorTime()
  const started = performance.now()
  const rate = await verifySignaturesPerSecond(3)
  const milliseconds = totalOf(between(before, processorTime()))
  // The rate counts the last seconds alone, the processor's time all of them, starting and warming up included.
  const seconds = (performance.now() - started) / 1000
  return { rate, microseconds: (milliseconds * 1000) / (rate * seconds) }
}

/** One measured stretch of visits, between two measurements of the bare rate. */
async function measure(ledger: BenchLedger, load: Load, lag: number): Promise<ChainFigures> {
  const visitsBefore = ledger.visits
  const before = await bareRate()
  const measured = await ledger.settle(load, lag)
  const after = await bareRate()
  const { run, stages, visitsPerSecond } = measured
  const microsecondsPerVisit = Object.values(stages).reduce((sum, µs) => sum + µs, 0)
  const microsecondsPerSignature = (before.microseconds + after.microseconds) / 2
  const verify = (before.rate + after.rate) / 2
  const shares = Object.fromEntries(
    Object.entries(stages).map(([name, µs]) => [name, (100 * µs) / microsecondsPerVisit]),
  )
  return {
    visitsBefore,
    visits: load.visits,
    verifySignaturesPerSecond: verify,
    verifyBefore: before.rate,
    verifyAfter: after.rate,
    visitsPerSecond,
    ratio: (visitsPerSecond * signaturesPerVisit) / verify,
    ratioOfProcessorTime: (microsecondsPerSignature * signaturesPerVisit) / microsecondsPerVisit,
    microsecondsPerSignature,
    microsecondsPerVisit,
    processor: measured.processor,
    stages,
    shares,
    limitedBy: limitOf(measured.processor, run.seconds),
    ackP50Ms: run.ackP50Ms,
    ackP99Ms: run.ackP99Ms,
    blocks: run.blocks,
    rssMb: measured.rssMb,
    rssFilesMb: measured.rssFilesMb,
    loadMb: load.bytes / 1e6,
    stateBytesPerVisit: ledger.stateBytesPerVisit(),
    diskBytesPerVisit: measured.diskBytesPerVisit,
  }
}

function limitOf(processor: ProcessorTime, seconds: number): string {
  const cores = availableParallelism()
  const used = totalOf(processor) / 1000 / seconds
  if (used > 0.9 * cores) return "all cores"
  if (processor.main / 1000 / seconds > 0.95) return "the main thread"
  return `waiting, or other programs: ${used.toFixed(2)} of ${cores} cores used`
}

async function grow(ledger: BenchLedger, { seed, lag, grown }: Options): Promise<void> {
  while (ledger.visits < grown) {
    const from = ledger.visits
    const load = await presign(seed, { from, count: Math.min(growthVisits, grown - from) })
    const { visitsPerSecond } = await ledger.settle(load, lag)
    say(`grown to ${ledger.visits} visits, ${Math.round(visitsPerSecond)} a second`)
  }
}

function checkReceipts(ledger: BenchLedger, receipt: Uint8Array): { readonly warm: number; readonly cold: number } {
  const file = join(ledger.directory, "receipt.cbor")
  writeFileSync(file, receipt)
  const { warm, cold } = runProgram("receipt-time", file, toHex(encodeAnchor(ledger.anchor)))
  return { warm: warm!, cold: cold! }
}

async function bench(visits: number, long: boolean, options: Options): Promise<Report> {
  const { seed, lag } = options
  const place = machine()
  say("adjudicating")
  const adjudication = measureAdjudication(3)
  say(`signing ${visits} visits`)
  const load = await presign(seed, { from: 0, count: visits })
  const parent = join(import.meta.dirname, "../node_modules/.cache")
  mkdirSync(parent, { recursive: true })
  const ledger = await BenchLedger.begin(parent)
  try {
    say(`settling ${load.visits} visits on a fresh chain`)
    const fresh = await measure(ledger, load, lag)
    const receipt = await ledger.receipt(load.settlement(load.visits - 1))
    const { warm, cold } = checkReceipts(ledger, receipt)
    const report: Report = {
      ...fresh,
      seed,
      lag,
      bytesPerVisit: load.bytes / load.visits,
      ...adjudication,
      verifyReceiptMs: warm,
      verifyReceiptColdMs: cold,
      receiptBytes: receipt.length,
      machine: place,
      commit: commit(),
    }
    return long ? { ...report, grown: await measureGrown(ledger, load.visits, options) } : report
  } finally {
    await ledger.close().catch(() => undefined)
    ledger.remove()
  }
}

async function measureGrown(
  ledger: BenchLedger,
  visits: number,
  options: Options,
): Promise<NonNullable<Report["grown"]>> {
  await grow(ledger, options)
  const load = await presign(options.seed, { from: ledger.visits, count: visits })
  const figures = await measure(ledger, load, options.lag)
  await ledger.close()
  say("opening it again")
  const { milliseconds, rows, rssMb } = runProgram("reopen", ledger.directory)
  return { ...figures, restartMs: milliseconds!, restartRssMb: rssMb!, rows: rows! }
}

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    long: { type: "boolean", default: false },
    visits: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    lag: { type: "string", default: "20000" },
    grown: { type: "string", default: "1000000" },
    consortium: { type: "boolean", default: false },
    x12: { type: "boolean", default: false },
    seconds: { type: "string", default: "20" },
    knob: { type: "string", multiple: true, default: [] },
  },
})

function wholeNumber(name: "visits" | "seed" | "lag" | "grown" | "seconds", least: number): number {
  const value = Number(values[name])
  if (Number.isSafeInteger(value) && value >= least) return value
  say(`Cannot run bench: --${name} is a whole number from ${least} on, not ${values[name]}`)
  process.exit(1)
}

async function embedded(): Promise<string> {
  const options = { seed: wholeNumber("seed", 0), lag: wholeNumber("lag", 0), grown: wholeNumber("grown", 1) }
  const report = await bench(wholeNumber("visits", 1), values.long, options)
  return values.json ? JSON.stringify(report) : reportTable(report)
}

function timeouts(): Partial<Timeouts> {
  const knobs = values.knob.map((text) => text.split("="))
  const wrong = knobs.find(([name = "", ms]) => !Object.hasOwn(lanTimeouts, name) || !/^\d+$/.test(ms ?? ""))
  if (wrong === undefined) return Object.fromEntries(knobs.map(([name, ms]) => [name, Number(ms)]))
  say(`Cannot run bench: --knob is one of ${Object.keys(lanTimeouts).join(", ")}, then = and milliseconds`)
  process.exit(1)
}

async function consortium(): Promise<string> {
  const [seconds, seed] = [wholeNumber("seconds", 1), wholeNumber("seed", 0)]
  const report = await measureConsortium({ seconds, seed, timeouts: timeouts(), say })
  if (typeof report === "string") return values.json ? JSON.stringify({ skipped: report }) : report
  return values.json ? JSON.stringify(report) : consortiumTable(report)
}

console.log(values.x12 ? x12Table() : values.consortium ? await consortium() : await embedded())
