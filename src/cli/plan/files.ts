/** A published plan from disk with what lies beside it: its tables, its `.cases`, its `.reviewed`. */
import { existsSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { fromUtf8 } from "#crypto"
import { type Refusal, Refused, refuse } from "../../base/refusal.ts"
import { parseDate } from "../../base/time.ts"
import { orRefuse } from "../../formats/answer.ts"
import { loadReasonCodes } from "../../formats/tables/reason-codes.ts"
import { type PlanCase, parseCases } from "../../plan/cases/cases.ts"
import { checkPlan } from "../../plan/check/check.ts"
import { loadedCodes } from "../../plan/check/check-codes.ts"
import type { Finding } from "../../plan/language/finding.ts"
import { readPlan } from "../../plan/language/read.ts"
import type { Plan } from "../../plan/plan.ts"
import { readPlanFiles } from "../community/plan-files.ts"
import { readInputFile, readMaybeGzipped } from "../input-file.ts"
import { makeFolder } from "../make-folder.ts"

export interface ReadFiles {
  /** Undefined when the document does not read. */
  readonly plan: Plan | undefined
  readonly cases: readonly PlanCase[]
  /** Of reading the document, or else of checking it and its cases. */
  readonly findings: readonly Finding[]
}

/** The path of a file of the plan's name with another ending. */
export const besidePath = (path: string, extension: string): string => path.replace(/\.md$/, "") + extension

/** The text of a file beside the plan; undefined when there is none. */
export function textBeside(path: string, extension: string): string | undefined {
  const beside = besidePath(path, extension)
  if (!existsSync(beside)) return undefined
  const text = fromUtf8(readInputFile(beside))
  return text ?? refuse("file-not-utf8", "Cannot read file: it is not UTF-8", beside, "Save it as UTF-8")
}

/** The plan alone, without checking it. */
export function readPlanAt(path: string): ReturnType<typeof readPlan> {
  const files = readPlanFiles(path)
  return readPlan(files.bytes, new Map(files.tables.map(({ name, bytes }) => [name, bytes])))
}

/** Reads and checks everything. */
export function readFiles(
  path: string,
  lists: { readonly reasons?: string; readonly remarks?: string } = {},
): ReadFiles {
  const read = readPlanAt(path)
  if ("findings" in read) return { plan: undefined, cases: [], findings: read.findings }
  const { plan } = read
  const text = textBeside(path, ".cases")
  const table = text === undefined ? undefined : parseCases(text, plan)
  const reviewed = textBeside(path, ".reviewed")
  const codesIn = (list: string | undefined) =>
    list === undefined ? undefined : orRefuse(loadReasonCodes(readMaybeGzipped(list)))
  const codes = loadedCodes(codesIn(lists.reasons), codesIn(lists.remarks))
  const options = { codes, ...(table && { cases: table.cases }), ...(reviewed === undefined ? {} : { reviewed }) }
  return { plan, cases: table?.cases ?? [], findings: [...(table?.findings ?? []), ...checkPlan(plan, options)] }
}

/** A plan that reads, with its cases where it has any. @throws Refused with the first finding of reading. */
export function mustReadPlan(path: string): { plan: Plan; cases: readonly PlanCase[] } {
  const read = readPlanAt(path)
  if ("findings" in read) throw new Refused(refusalOf(path, read.findings[0]))
  const { plan } = read
  const text = textBeside(path, ".cases")
  const table = text === undefined ? { cases: [], findings: [] } : parseCases(text, plan)
  const [wrong] = table.findings
  if (wrong !== undefined) throw new Refused(refusalOf(path, wrong))
  return { plan, cases: table.cases }
}

/** The same, and refused when there is no case. */
export function mustReadCases(path: string): { plan: Plan; cases: readonly PlanCase[] } {
  const read = mustReadPlan(path)
  if (read.cases.length === 0) {
    const what = "Cannot run cases: there is none beside the plan"
    refuse("cases-absent", what, besidePath(path, ".cases"), `Write rows there: ${caseForm}`)
  }
  return read
}

const caseForm = "name | date | facts | left or used | lines | plan | patient | clauses"

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
    at: `${place} of ${file === "cases" ? besidePath(path, ".cases") : path}`,
    remedy,
  }
}

/** A day given on the command line, inside the plan's own time; the plan's first day when none is given. */
export function dayOf(plan: Plan, text: string | undefined): number {
  const { from, until } = plan.front.effective
  if (text === undefined) return from
  const day = parseDate(text)
  if (day === undefined) return refuse("date", "Cannot read the date: it does not exist", "--on", "Write 2026-04-14")
  if (day < from || day >= until)
    return refuse("date", "Cannot use the date: the plan is not in force then", "--on", "Name a day of the plan")
  return day
}

/** Writes a file of the plan's name into a folder, which is made where absent, and says where it is. */
export function writeNamed(folder: string, plan: string, extension: string, text: string): string {
  makeFolder(folder)
  const path = join(folder, besidePath(basename(plan), extension))
  writeFileSync(path, text)
  return path
}

export const folderOf = (path: string): string => dirname(path)
