/**
 * `countersign plan …`: what an author of a published plan asks of it. `check` says what is wrong, `cases` runs the
 * `.cases` table beside it, `explain` tells one case in sentences with the trace of each line; the other tasks stand in
 * the folder `plan/`. Reads and writes files; asks nobody.
 */
import { parseArgs } from "node:util"
import { divide, formatMoney } from "../base/money.ts"
import { refuse } from "../base/refusal.ts"
import { formatDate } from "../base/time.ts"
import { readingOf } from "../plan/booklet/booklet-reading.ts"
import { readingAgeOf } from "../plan/booklet/readability.ts"
import type { PlanCase } from "../plan/cases/cases.ts"
import { runCase } from "../plan/cases/run-case.ts"
import { explain, explainLine } from "../plan/explain/explain.ts"
import { formulas } from "../plan/formulas.ts"
import type { Plan } from "../plan/plan.ts"
import type { Named, Step } from "../plan/trace.ts"
import type { Command, CommandResult } from "./command.ts"
import { printBooklet } from "./plan/booklet.ts"
import { diff } from "./plan/diff.ts"
import { mustReadCases, readFiles } from "./plan/files.ts"
import { exportInsurancePlan } from "./plan/insurance-plan.ts"
import { reviewPlan } from "./plan/review.ts"
import type { Screen } from "./screen.ts"

function check({ files, reasons, remarks }: Asked, screen: Screen): CommandResult {
  const lists = { ...(reasons === undefined ? {} : { reasons }), ...(remarks === undefined ? {} : { remarks }) }
  const { plan, cases, findings } = readFiles(files[0]!, lists)
  const refusing = findings.filter(({ refuses }) => refuses).length
  for (const { code, refuses, clause, line, column, message, remedy, file } of findings) {
    const where = `${file === undefined ? "" : `${file} `}${line}:${column}${clause === undefined ? "" : `, clause ${clause}`}`
    screen.say(`${refuses ? screen.bad("refuses") : "warns  "}  ${where}  ${code}: ${message}`)
    screen.line(remedy, 9)
  }
  const clauses = plan?.clauses.length ?? 0
  const verdict = refusing === 0 ? screen.good("May be published") : screen.bad("May not be published")
  screen.say(
    `${verdict}: ${clauses} clauses, ${cases.length} cases, ${refusing} refusing findings, ${findings.length - refusing} warnings`,
  )
  const reading = plan === undefined ? undefined : readingOf(plan, plan.front.effective.from)
  const hardest = reading?.sentences[0]
  if (reading?.grade !== undefined && hardest !== undefined) {
    const grade = (hundredths: number) => formatMoney(divide(BigInt(Math.max(0, hundredths)), 10n, "half-up"), 1)
    screen.say(
      `Sentences read at grade ${grade(reading.grade)}, age ${readingAgeOf(reading.counts)}; the hardest at ${grade(hardest.grade)}, in ${hardest.clause}`,
    )
  }
  return {
    value: {
      ...{ publishable: refusing === 0, digest: plan?.digest ?? null, clauses, cases: cases.length, findings },
      reading: reading === undefined ? null : { grade: reading.grade ?? null, hardest: hardest ?? null },
    },
    failed: refusing > 0,
  }
}

interface CaseValue {
  readonly name: string
  readonly line: number
  readonly ours: { readonly plan: bigint; readonly patient: bigint }
  readonly expected: { readonly plan: bigint; readonly patient: bigint }
  readonly clauses: readonly string[]
  /** Clauses that the case lists and that took no part. */
  readonly missing: readonly string[]
  /** What a line waits for, where the outcome is open. */
  readonly waits: readonly string[]
  readonly good: boolean
}

function runOne(plan: Plan, item: PlanCase): CaseValue {
  const result = runCase(plan, item)
  const missing = item.clauses.filter((clause) => !result.clauses.includes(clause))
  const waits = result.outcome.leg.findings
    .filter(({ code }) => code !== "also-refused")
    .map(({ code, missing: what }) => `${what} (${code})`)
  const same = result.plan === item.plan && result.patient === item.patient
  return {
    name: item.name,
    line: item.line,
    ours: { plan: result.plan, patient: result.patient },
    expected: { plan: item.plan, patient: item.patient },
    clauses: result.clauses,
    missing,
    waits,
    good: same && missing.length === 0 && waits.length === 0,
  }
}

function runAll(path: string, screen: Screen): CommandResult {
  const { plan, cases } = mustReadCases(path)
  const money = (amount: bigint) => formatMoney(amount, plan.front.currency.exponent)
  const values = cases.map((item) => runOne(plan, item))
  const rows = values.map(({ name, ours, expected, clauses, missing, good }) => [
    name,
    money(ours.plan),
    money(expected.plan),
    money(ours.patient),
    money(expected.patient),
    good ? "same" : missing.length > 0 ? `without ${missing.join(" ")}` : "differs",
    clauses.join(" "),
  ])
  screen.table(["case", ">plan", ">expected", ">patient", ">expected", "", "clauses"], rows)
  const passed = values.filter(({ good }) => good).length
  screen.say(`${passed} of ${values.length} cases come out as written`)
  return { value: { passed, failed: values.length - passed, cases: values }, failed: passed < values.length }
}

const pairs = (named: Named) => Object.fromEntries(named.map(([name, value]) => [name, value]))

function stepValue({ clause, kind, line, step, inputs, formula, output }: Step) {
  return {
    clause,
    kind,
    line,
    step,
    formula,
    meaning: formulas[formula][1],
    inputs: pairs(inputs),
    output: pairs(output),
  }
}

function sayStep(screen: Screen, step: Step): void {
  const words = (named: Named) => named.map(([name, value]) => `${name} ${value}`).join(", ")
  const by = step.clause === "" ? "facts" : `${step.clause}/${step.kind}`
  screen.quiet(`  ${step.step}  ${by}  ${step.formula}(${words(step.inputs)}) → ${words(step.output)}`)
}

function tell(path: string, name: string | undefined, screen: Screen): CommandResult {
  const { plan, cases } = mustReadCases(path)
  const item = cases.find((one) => one.name === name) ?? cases[Number(name) - 1]
  if (item === undefined) {
    const known = cases.map((one) => one.name).join("; ")
    return refuse(
      "case-unknown",
      "Cannot explain case: the table has none of this name",
      "CASE",
      `Name one, or its number: ${known}`,
    )
  }
  const { input, outcome, plan: pays, patient } = runCase(plan, item)
  const claim = input.claim.value
  screen.heading(`${item.name}, ${formatDate(item.date)}`)
  const lines = outcome.leg.lines.map(({ number }) => {
    const sentences = explainLine(plan, claim, outcome, number)
    const trace = outcome.trace.filter((step) => step.line === number)
    for (const sentence of sentences) screen.line(sentence)
    for (const step of trace) sayStep(screen, step)
    return {
      number,
      code: claim.lines.find((line) => line.number === number)?.code,
      sentences,
      trace: trace.map(stepValue),
    }
  })
  const whole = outcome.trace.filter(({ line }) => line === 0)
  for (const step of whole) sayStep(screen, step)
  const sums = explain(plan, claim, outcome).at(-1)!
  screen.line(sums)
  const value = {
    name: item.name,
    plan: pays,
    patient,
    lines,
    claim: whole.map(stepValue),
    sums,
    findings: outcome.leg.findings,
  }
  return { value }
}

const usage = "plan check|cases|review|booklet|insuranceplan FILE | explain FILE CASE | diff OLD NEW"

const options = {
  html: { type: "boolean", default: false },
  summary: { type: "boolean", default: false },
  out: { type: "string" },
  on: { type: "string" },
  claims: { type: "string" },
  reasons: { type: "string" },
  remarks: { type: "string" },
} as const

interface Asked {
  readonly files: readonly string[]
  readonly html: boolean
  readonly summary: boolean
  readonly out: string | undefined
  readonly on: string | undefined
  readonly claims: string | undefined
  /** Published lists of adjustment reasons and remarks, in the place of the product's own. */
  readonly reasons: string | undefined
  readonly remarks: string | undefined
}

interface Task {
  /** After `plan NAME`. */
  readonly usage: string
  /** Least and most words after the name. */
  readonly words: readonly [number, number]
  /** The options it takes. */
  readonly takes: readonly (keyof typeof options)[]
  run(asked: Asked, screen: Screen): CommandResult
}

const tasks: Readonly<Record<string, Task>> = {
  check: { usage: "FILE [--reasons FILE] [--remarks FILE]", words: [1, 1], takes: ["reasons", "remarks"], run: check },
  cases: { usage: "FILE", words: [1, 1], takes: [], run: ({ files }, screen) => runAll(files[0]!, screen) },
  explain: {
    usage: "FILE CASE",
    words: [1, 2],
    takes: [],
    run: ({ files }, screen) => tell(files[0]!, files[1], screen),
  },
  review: { usage: "FILE", words: [1, 1], takes: [], run: ({ files }, screen) => reviewPlan(files[0]!, screen) },
  booklet: {
    usage: "FILE [--summary] [--html] [--out DIR] [--on DATE]",
    words: [1, 1],
    takes: ["html", "summary", "out", "on"],
    run: (asked, screen) => printBooklet(asked.files[0]!, asked, screen),
  },
  diff: {
    usage: "OLD NEW [--claims DIR]",
    words: [2, 2],
    takes: ["claims"],
    run: ({ files, claims }, screen) => diff(files, claims, screen),
  },
  insuranceplan: {
    usage: "FILE [--out DIR] [--on DATE]",
    words: [1, 1],
    takes: ["out", "on"],
    run: (asked, screen) => exportInsurancePlan(asked.files[0]!, asked, screen),
  },
}

function askedFor(name: string, task: Task, args: readonly string[]): Asked {
  const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options })
  const line = `countersign plan ${name} ${task.usage}`
  const [least, most] = task.words
  if (positionals.length < least || positionals.length > most)
    refuse("arguments", `Cannot use plan ${name}: other words are expected`, "arguments", line)
  for (const option of Object.keys(options) as (keyof typeof options)[]) {
    const given = values[option] !== undefined && values[option] !== false
    if (given && !task.takes.includes(option))
      refuse("arguments", `Cannot use plan ${name}: it has no such option`, `--${option}`, line)
  }
  const { html, summary, out, on, claims, reasons, remarks } = values
  return { files: positionals, html, summary, out, on, claims, reasons, remarks }
}

export const planCommand: Command = {
  summary: "Checks a published plan, runs its cases, prints its booklet, compares two",
  usage,
  usages: Object.entries(tasks).map(([name, task]) => `plan ${name} ${task.usage}`),
  async run([name, ...args], screen) {
    const task = name === undefined || !Object.hasOwn(tasks, name) ? undefined : tasks[name]
    if (name === undefined || task === undefined) {
      const known = Object.keys(tasks).join(", ")
      const what = name === undefined ? `name a task, one of ${known}` : `no such task; there are ${known}`
      return refuse("arguments", `Cannot use plan: ${what}`, "arguments", "countersign plan --help")
    }
    return task.run(askedFor(name, task, args), screen)
  },
}
