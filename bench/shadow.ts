/**
 * `node bench/shadow.ts [--claims N] [--seed N] [--json]`: shadow mode at scale. Makes a practice from the seed, runs the
 * command on its files in a process of its own, and holds what it found against what was planted.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { formatMoney } from "../src/base/money.ts"
import { workClasses } from "../src/billing/shadow/judge/work-row.ts"
import { parseCsv } from "../src/plan/language/tables.ts"
import { makePractice, type Practice } from "./shadow-practice.ts"

export interface ShadowReport {
  readonly claims: number
  readonly files: number
  readonly megabytes: number
  readonly seconds: number
  /** Of all threads: on a machine that does nothing else, the run takes no longer than this. */
  readonly processorSeconds: number
  /** Highest resident set of the process. */
  readonly peakMegabytes: number
  readonly cores: number
  readonly planted: number
  readonly found: number
  readonly missed: number
  readonly falseAlarms: number
  readonly hintsPlanted: number
  readonly hintsFound: number
  readonly byClass: readonly {
    readonly name: string
    readonly planted: number
    readonly found: number
    readonly falseAlarms: number
  }[]
  /** Cents: what the rates prove, planted and found. */
  readonly proven: { readonly planted: bigint; readonly found: bigint }
}

/** Runs the command and measures its time and its highest memory, which the child tells at its end. */
function measure(
  args: readonly string[],
): Promise<
  Pick<ShadowReport, "seconds" | "processorSeconds" | "peakMegabytes"> & { readonly value: { readonly proven: string } }
> {
  const main = join(import.meta.dirname, "..", "src", "cli", "main.ts")
  const tell = `process.on("exit", () => { const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage(); process.stderr.write("peak " + maxRSS + " " + (userCPUTime + systemCPUTime)) })`
  const started = performance.now()
  const child = spawn(process.execPath, ["--import", `data:text/javascript,${encodeURIComponent(tell)}`, main, ...args])
  let [out, errors] = ["", ""]
  child.stdout.on("data", (piece: Buffer) => (out += piece.toString()))
  child.stderr.on("data", (piece: Buffer) => (errors += piece.toString()))
  return new Promise((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code) => {
      const seconds = (performance.now() - started) / 1000
      const peak = /peak (\d+) (\d+)$/.exec(errors)
      if (code !== 0 || peak === null)
        reject(new Error(`Cannot measure: shadow ended with ${code}: ${errors.slice(-500)}`))
      else
        resolve({
          seconds,
          processorSeconds: Number(peak[2]) / 1e6,
          peakMegabytes: Math.round(Number(peak[1]) / 1024),
          value: JSON.parse(out),
        })
    })
  })
}

/** Makes, runs, compares. */
export async function measureShadow(claims: number, seed: number): Promise<ShadowReport> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-shadow-"))
  try {
    const practice = makePractice(seed, claims)
    let bytes = 0
    for (const { name, text } of practice.files) {
      writeFileSync(join(folder, name), text)
      bytes += text.length
    }
    const rates = join(folder, "rates.csv")
    writeFileSync(rates, practice.rates)
    const files = practice.files.map(({ name }) => join(folder, name))
    const out = join(folder, "out")
    const ran = await measure(["shadow", ...files, "--rates", rates, "--out", out, "--json"])
    const sizes = { claims, files: files.length, megabytes: Math.round(bytes / 100_000) / 10 }
    const { seconds, processorSeconds, peakMegabytes } = ran
    const found = compare(practice, readFileSync(join(out, "worklist.csv"), "utf8"))
    const proven = { planted: practice.proven, found: BigInt(ran.value.proven) }
    return { ...sizes, seconds, processorSeconds, peakMegabytes, cores: availableParallelism(), ...found, proven }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function compare({ truth, hints }: Practice, worklist: string) {
  const [, ...rows] = parseCsv(worklist)!
  const found = new Set(rows.map((cells) => `${cells[0]}|${cells[2]}|${cells[13]}`))
  const count = (keys: Iterable<string>, keep: (key: string) => boolean) => {
    let number = 0
    for (const key of keys) if (keep(key)) number++
    return number
  }
  const isFalse = (key: string) => !truth.has(key) && !hints.has(key)
  return {
    planted: truth.size,
    found: count(truth, (key) => found.has(key)),
    missed: count(truth, (key) => !found.has(key)),
    falseAlarms: count(found, isFalse),
    hintsPlanted: hints.size,
    hintsFound: count(hints, (key) => found.has(key)),
    byClass: workClasses.map((name) => {
      const isOf = (key: string) => key.endsWith(`|${name}`)
      return {
        name,
        planted: count(truth, isOf),
        found: count(truth, (key) => isOf(key) && found.has(key)),
        falseAlarms: count(found, (key) => isOf(key) && isFalse(key)),
      }
    }),
  }
}

function print(report: ShadowReport): void {
  const { claims, files, megabytes, seconds, processorSeconds, peakMegabytes, cores, proven } = report
  const line = (text: string) => process.stdout.write(`${text}\n`)
  line(
    `${claims} claims, ${files} files, ${megabytes} MB: ${seconds.toFixed(1)} s (processor ${processorSeconds.toFixed(1)} s), at most ${peakMegabytes} MB, ${cores} cores`,
  )
  line("class            planted    found  false alarms")
  for (const one of report.byClass)
    line(
      `${one.name.padEnd(15)} ${String(one.planted).padStart(8)} ${String(one.found).padStart(8)} ${String(one.falseAlarms).padStart(13)}`,
    )
  line(
    `all             ${String(report.planted).padStart(8)} ${String(report.found).padStart(8)} ${String(report.falseAlarms).padStart(13)}`,
  )
  line(`hints without a rate: ${report.hintsFound} of ${report.hintsPlanted}`)
  line(`proven by rates: ${formatMoney(proven.found)} of ${formatMoney(proven.planted)} planted`)
}

if (import.meta.main) {
  const text = { type: "string" } as const
  const { values } = parseArgs({ options: { claims: text, seed: text, json: { type: "boolean" } } })
  const report = await measureShadow(Number(values.claims ?? "100000"), Number(values.seed ?? "7"))
  const plain = (_: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value)
  if (values.json === true) process.stdout.write(`${JSON.stringify(report, plain, 2)}\n`)
  else print(report)
}
