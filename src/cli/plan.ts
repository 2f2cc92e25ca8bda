/**
 * `countersign plan …`: what an author of a published plan asks of it. `check` says what is wrong, `cases` runs the
 * `.cases` table beside it, `explain` tells one case in sentences with the trace of each line. Reads files; asks nobody.
 */
import { existsSync } from "node:fs"
import { parseArgs } from "node:util"
import { fromUtf8 } from "#crypto"
import { formatMoney } from "../base/money.ts"
import { type Refusal, Refused, refuse } from "../base/refusal.ts"
import { formatDate } from "../base/time.ts"
import { type PlanCase, parseCases } from "../plan/cases.ts"
import { checkPlan } from "../plan/check.ts"
import { explain, explainLine } from "../plan/explain.ts"
import type { Finding } from "../plan/finding.ts"
import { formulas } from "../plan/formulas.ts"
import type { Plan } from "../plan/plan.ts"
import { readPlan } from "../plan/read.ts"
import { runCase } from "../plan/run-case.ts"
import type { Named, Step } from "../plan/trace.ts"
import type { Command, CommandResult } from "./command.ts"
import { readPlanFiles } from "./community/plan-files.ts"
import { readInputFile } from "./input-file.ts"
import type { Screen } from "./screen.ts"

interface ReadFiles {
  /** Undefined when the document does not read. */
  readonly plan: Plan | undefined
  readonly cases: readonly PlanCase[]
  /** Of reading the document, or else of checking it and its cases. */
  readonly findings: readonly Finding[]
}

/** The text of a file beside the plan; undefined when there is none. */
function textBeside(path: string, extension: string): string | undefined {
  const beside = path.replace(/\.md$/, "") + extension
  if (!existsSync(beside)) return undefined
  const text = fromUtf8(readInputFile(beside))
  return text ?? refuse("file-not-utf8", "Cannot read file: it is not UTF-8", beside, "Save it as UTF-8")
}

function readFiles(path: string): ReadFiles {
  const files = readPlanFiles(path)
  const read = readPlan(files.bytes, new Map(files.tables.map(({ name, bytes }) => [name, bytes])))
  if ("findings" in read) return { plan: undefined, cases: [], findings: read.findings }
  const { plan } = read
  const text = textBeside(path, ".cases")
  const table = text === undefined ? undefined : parseCases(text, plan)
  const reviewed = textBeside(path, ".reviewed")
  const options = { ...(table && { cases: table.cases }), ...(reviewed === undefined ? {} : { reviewed }) }
  return { plan, cases: table?.cases ?? [], findings: [...(table?.findings ?? []), ...checkPlan(plan, options)] }
}

/** For the commands that need a plan that runs. @throws Refused with the first finding of reading. */
function mustRead(path: string): { plan: Plan; cases: readonly PlanCase[] } {
  const { plan, cases, findings } = readFiles(path)
  const unreadable =
    plan === undefined ? findings[0] : findings.find(({ file, code }) => file === "cases" && code !== "case-fails")
  if (plan === undefined || unreadable !== undefined) throw new Refused(refusalOf(path, unreadable))
  if (cases.length === 0)
    refuse(
      "cases-absent",
      "Cannot run cases: there is none beside the plan",
      `${path.replace(/\.md$/, "")}.cases`,
      "Write one row a case",
    )
  return { plan, cases }
}

function refusalOf(path: string, finding: Finding | undefined): Refusal {
  const {
    code = "syntax",
    message = "it does not read",
    line = 1,
    column = 1,
    remedy = "Correct the plan",
    file,
  } = finding ?? {}
  const place = `line ${line}, column ${column}`
  return {
    code,
    message: `Cannot use plan: ${message}`,
    at: `${file === "cases" ? "cases, " : ""}${place} of ${path}`,
    remedy,
  }
}

function check(path: string, screen: Screen): CommandResult {
  const { plan, cases, findings } = readFiles(path)
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
  return {
    value: { publishable: refusing === 0, digest: plan?.digest ?? null, clauses, cases: cases.length, findings },
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
  const { plan, cases } = mustRead(path)
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
  const { plan, cases } = mustRead(path)
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

const usage = "plan check FILE | plan cases FILE | plan explain FILE CASE"

export const planCommand: Command = {
  summary: "Checks a published plan, runs its cases, explains one",
  usage,
  async run(args, screen) {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} })
    const [what, path, ...rest] = positionals
    if (path === undefined || rest.length > (what === "explain" ? 1 : 0)) {
      return refuse("arguments", "Cannot use plan: a task and a file are expected", "arguments", `countersign ${usage}`)
    }
    if (what === "check") return check(path, screen)
    if (what === "cases") return runAll(path, screen)
    if (what === "explain") return tell(path, rest[0], screen)
    return refuse("arguments", `Cannot use plan: no task is called ${what}`, "arguments", `countersign ${usage}`)
  },
}
