/** `plan check`: what refuses or warns about a plan that could be read. */
import { sha256, toUtf8 } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import type { PlanCase } from "../cases/cases.ts"
import { type Finding, type Place, Report } from "../language/finding.ts"
import { readPlan } from "../language/read.ts"
import { type Uses, usesOf } from "../language/uses.ts"
import type { Clause } from "../parts.ts"
import { type Plan, valueOn } from "../plan.ts"
import { cellsOf, strayCells } from "./cells.ts"
import { checkBounds } from "./check-bounds.ts"
import { checkBuckets } from "./check-buckets.ts"
import { checkCases } from "./check-cases.ts"
import { type CodeTable, checkCodes, ownCodes } from "./check-codes.ts"
import { checkConflicts } from "./check-conflict.ts"
import { checkCovered, coveredCells } from "./check-cover.ts"
import { checkFacts } from "./check-facts.ts"
import { checkOrder, checkOwners } from "./check-order.ts"
import { checkExceptions, checkIdle } from "./check-rules.ts"
import { checkSentences, namesIn } from "./check-text.ts"
import { Prover } from "./search/prover.ts"

export interface CheckOptions {
  /** The cases beside the plan: each is run, and a clause that none of them touches is a warning. */
  readonly cases?: readonly PlanCase[]
  /** The text of `NAME.reviewed`: which sentence was reviewed with which rule. */
  readonly reviewed?: string
  /** The adjustment codes in force; those the product itself knows when absent. */
  readonly codes?: CodeTable
}

const ruleAt = (clause: Clause): Place => ({ line: clause.ruleLine, column: 5 })
const hashOf = (text: string) => toHex(sha256(toUtf8(text)))

/** What `NAME.reviewed` holds once somebody compared each sentence with its rule: one line a clause. */
export function reviewOf(plan: Plan): string {
  const rows = plan.clauses.map(({ number, sentence, rule }) => `${number} ${hashOf(sentence)} ${hashOf(rule)}\n`)
  return rows.join("")
}

function checkDrift(plan: Plan, reviewed: string, report: Report): void {
  const pins = new Map<string, readonly string[]>()
  for (const row of reviewed.split("\n")) {
    const [number, sentence, rule] = row.split(" ")
    if (number !== undefined && sentence !== undefined && rule !== undefined) pins.set(number, [sentence, rule])
  }
  for (const clause of plan.clauses) {
    const pin = pins.get(clause.number)
    if (pin === undefined) continue
    const sentenceMoved = pin[0] !== hashOf(clause.sentence)
    const ruleMoved = pin[1] !== hashOf(clause.rule)
    if (sentenceMoved === ruleMoved) continue
    report.clause = clause.number
    const [moved, stayed] = sentenceMoved ? ["sentence", "rule"] : ["rule", "sentence"]
    const at = sentenceMoved ? { line: clause.sentenceLine, column: 1 } : ruleAt(clause)
    report.add(
      "drift",
      at,
      `The ${moved} changed and its ${stayed} did not.`,
      `Change the ${stayed} too, or review both.`,
    )
  }
}

function checkNumbers(plan: Plan, uses: Uses, report: Report): void {
  const needed = new Map<string, number>()
  const need = (name: string, from: number) => needed.set(name, Math.min(from, needed.get(name) ?? from))
  for (const { number, rule } of uses.numbers) need(number.name, rule.guard.from)
  for (const clause of plan.clauses) for (const { name } of namesIn(clause)) need(name, plan.front.effective.from)
  for (const number of plan.numbers.values()) {
    const from = needed.get(number.name)
    if (from === undefined) {
      report.add("number-unused", number, `No clause uses ${number.name}.`, "Take it out, or use it.")
    } else if (valueOn(number, from) === undefined) {
      const message = `${number.name} has no value on the first days it is used.`
      report.add("number-gap", number, message, "Date its first value no later than the plan or the rule begins.")
    }
  }
}

function checkTables(uses: Uses, report: Report): void {
  const seen = new Set<string>()
  for (const { table, rule } of uses.tables) {
    const mark = `${table.name} ${rule.clause.number}`
    let day = rule.guard.from
    for (const edition of table.editions) if (edition.from <= day && edition.until > day) day = edition.until
    if (day >= rule.guard.until || seen.has(mark)) continue
    seen.add(mark)
    report.clause = rule.clause.number
    const message = `Table ${table.name} has no edition for all days of ${rule.clause.number}/${rule.kind}.`
    report.add("table-gap", ruleAt(rule.clause), message, "Name an edition for the missing days.")
  }
}

/** What is proved of every line there can be, cell by cell. */
function checkLines(plan: Plan, report: Report): void {
  report.clause = undefined
  const cells = cellsOf(plan)
  if (cells === undefined) {
    const message = "There are too many categories, tiers, kinds of claim and dates to prove that one clause decides."
    report.add("not-proved", { line: 1, column: 1 }, message, "Divide the plan, or join categories.")
    return
  }
  const prover = new Prover(plan)
  const all = { cells, strays: strayCells(plan, cells, prover.namedCodes) }
  const dead = checkIdle(prover, all, report)
  checkExceptions(prover, all, dead, report)
  checkConflicts(prover, cells, all.strays, report)
  const covered = coveredCells(plan, cells)
  checkCovered(prover, covered, report)
  checkBounds(plan, covered, report)
  checkOrder(plan, cells, report)
  checkFacts(prover, cells, report)
  if (!prover.effort.isSpent) return
  const message = "There are too many conditions to prove that one clause decides each line."
  report.add("not-proved", { line: 1, column: 1 }, message, "Write conditions with fewer alternatives.")
}

/** Findings about a plan that could be read, in the order of the document, then those of its cases. */
export function checkPlan(plan: Plan, options: CheckOptions = {}): readonly Finding[] {
  const report = new Report()
  const uses = usesOf(plan)
  checkSentences(plan, report)
  if (options.reviewed !== undefined) checkDrift(plan, options.reviewed, report)
  report.clause = undefined
  checkNumbers(plan, uses, report)
  checkTables(uses, report)
  checkBuckets(plan, uses, report)
  checkOwners(plan, report)
  checkCodes(plan, options.codes ?? ownCodes, report)
  checkLines(plan, report)
  if (options.cases === undefined) return report.sorted()
  const { missing, failing } = checkCases(plan, options.cases)
  const inPlan = [...report.sorted(), ...missing].sort((a, b) => a.line - b.line || a.column - b.column)
  return [...inPlan, ...failing]
}

/** Reads and checks in one: the findings of reading when there is no plan, else those of `checkPlan`. */
export function checkDocument(
  bytes: Uint8Array,
  tables: ReadonlyMap<string, Uint8Array>,
  options: CheckOptions = {},
): readonly Finding[] {
  const read = readPlan(bytes, tables)
  return "findings" in read ? read.findings : checkPlan(read.plan, options)
}
