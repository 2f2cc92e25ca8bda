/**
 * What changed between two published plans: clauses, numbers, tables and front matter, each old → new and in words. What
 * the changes cost is told by `diff-claims.ts`.
 */
import { toHex } from "../../base/bytes.ts"
import { formatDate } from "../../base/time.ts"
import { usesOf } from "../language/uses.ts"
import type { Clause, NamedNumber, Period, Row, TableSeries } from "../parts.ts"
import type { Plan } from "../plan.ts"
import { dateWords, durationWords, numbersIn, valueWords } from "./booklet-words.ts"
import { exactLines } from "./exact-words.ts"

export interface Changed<T> {
  /** Undefined: it is new. */
  readonly before: T | undefined
  /** Undefined: it is gone. */
  readonly after: T | undefined
}

export interface ClauseChange extends Changed<string> {
  readonly number: string
  /** The clause's heading in the newer plan that has it. */
  readonly title: string
  /** Which of the two moved; both for a clause that is new or gone. */
  readonly what: "sentence" | "rule" | "both" | "title"
  /** The rule in exact words. */
  readonly exact: Changed<readonly string[]>
}

export interface NumberChange extends Changed<string> {
  readonly name: string
  /** Clauses of the newer plan, or of the older when the number is gone, that name it. */
  readonly clauses: readonly string[]
}

export interface TableChange {
  readonly name: string
  readonly rows: readonly RowChange[]
  /** Editions, `2026-01 (8 rows, from 1 January 2026)`. */
  readonly editions: Changed<string>
}

export interface RowChange extends Changed<string> {
  readonly key: string
  /** Empty for a row that is new or gone. */
  readonly column: string
}

export interface PlanDifference {
  readonly front: readonly (Changed<string> & { readonly field: string })[]
  readonly clauses: readonly ClauseChange[]
  readonly numbers: readonly NumberChange[]
  readonly tables: readonly TableChange[]
}

/** Keys of both, those of the older first. */
const keysOf = <T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>) => [...new Set([...a.keys(), ...b.keys()])]

const periodText = (period: Period) =>
  period.kind === "rolling"
    ? `rolling ${period.count} ${period.unit}`
    : period.kind === "fixed"
      ? `from month ${period.month}, day ${period.day}`
      : period.kind

function frontFields({ front }: Plan): ReadonlyMap<string, string> {
  const { effective, windows, assurance, currency } = front
  const policies = Object.entries(assurance).map(([tier, policy]) => {
    const wait = policy.does === "wait" ? ` ${durationWords(policy.wait)}, then ${policy.upTo} minor units` : ""
    return [`assurance of ${tier}`, `${policy.does}${wait}`] as const
  })
  return new Map([
    ["title", front.title],
    ["payer", front.payer],
    ["language", front.language],
    ["currency", `${currency.code}, ${currency.exponent} decimals`],
    ["rounding", front.rounding],
    ["effective", `${formatDate(effective.from)} to ${formatDate(effective.until - 1)}`],
    ["tiers", front.tiers.join(", ")],
    ["claims", front.claims.join(", ")],
    ["flags", front.flags.join(", ")],
    ...[...front.periods].map(([name, period]) => [`period ${name}`, periodText(period)] as const),
    ...Object.entries(windows).map(([name, span]) => [`window ${name}`, durationWords(span)] as const),
    ...policies,
  ])
}

function changedValues(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>) {
  return keysOf(before, after)
    .map((key) => ({ key, before: before.get(key), after: after.get(key) }))
    .filter((pair) => pair.before !== pair.after)
}

function clauseChange(older: Plan, newer: Plan, number: string): ClauseChange | undefined {
  const find = ({ clauses }: Plan) => clauses.find((clause) => clause.number === number)
  const [before, after] = [find(older), find(newer)]
  const sentenceMoved = before?.sentence !== after?.sentence
  const ruleMoved = before?.rule !== after?.rule
  if (!sentenceMoved && !ruleMoved && before?.title === after?.title) return undefined
  const exact = (plan: Plan, clause: Clause | undefined) =>
    clause === undefined ? undefined : exactLines(plan, clause, plan.front.effective.from)
  return {
    number,
    title: (after ?? before)!.title,
    what: sentenceMoved && ruleMoved ? "both" : sentenceMoved ? "sentence" : ruleMoved ? "rule" : "title",
    before: before?.sentence,
    after: after?.sentence,
    exact: { before: exact(older, before), after: exact(newer, after) },
  }
}

/** All values of a number; the date of one that holds from the plan's first day is left out. */
function numberText(plan: Plan, { unit, values }: NamedNumber): string {
  const { currency, effective } = plan.front
  const texts = values.map(({ from, value }) => {
    const when = from <= effective.from && values.length === 1 ? "" : ` from ${dateWords(from)}`
    return `${valueWords(value, unit, currency)}${when}`
  })
  return texts.join(", ")
}

function clausesOf(plan: Plan, name: string): readonly string[] {
  const number = plan.numbers.get(name)
  if (number === undefined) return []
  const found = new Set<string>()
  for (const use of usesOf(plan).numbers) if (use.number === number) found.add(use.rule.clause.number)
  for (const clause of plan.clauses) if (numbersIn(plan, clause.sentence).includes(number)) found.add(clause.number)
  return plan.clauses.map((clause) => clause.number).filter((clause) => found.has(clause))
}

function numberChanges(older: Plan, newer: Plan): readonly NumberChange[] {
  const texts = (plan: Plan) => new Map([...plan.numbers].map(([name, number]) => [name, numberText(plan, number)]))
  return changedValues(texts(older), texts(newer)).map(({ key, before, after }) => ({
    name: key,
    clauses: clausesOf(after === undefined ? older : newer, key),
    before,
    after,
  }))
}

const editionText = ({ editions }: TableSeries) =>
  editions.map(({ version, rows, from }) => `${version} (${rows.size} rows, from ${dateWords(from)})`).join(", ")

/** The last edition's rows: what is in force at the end of the plan's time. */
function rowChanges(before: TableSeries | undefined, after: TableSeries | undefined): readonly RowChange[] {
  const rows = (series: TableSeries | undefined) => series?.editions.at(-1)?.rows ?? new Map<string, Row>()
  const cells = (row: Row) => Object.values(row.cells).join(", ")
  const [old, young] = [rows(before), rows(after)]
  return keysOf(old, young).flatMap((key): readonly RowChange[] => {
    const [a, b] = [old.get(key), young.get(key)]
    if (a === undefined || b === undefined) return [{ key, column: "", before: a && cells(a), after: b && cells(b) }]
    const columns = new Map(Object.entries(a.cells))
    return changedValues(columns, new Map(Object.entries(b.cells))).map((pair) => ({ ...pair, key, column: pair.key }))
  })
}

function tableChanges(older: Plan, newer: Plan): readonly TableChange[] {
  const digests = (series: TableSeries | undefined) =>
    series?.editions.map(({ sha256, from, until }) => `${toHex(sha256)} ${from} ${until}`).join() ?? ""
  return keysOf(older.tables, newer.tables).flatMap((name) => {
    const [before, after] = [older.tables.get(name), newer.tables.get(name)]
    if (digests(before) === digests(after)) return []
    const editions = { before: before && editionText(before), after: after && editionText(after) }
    return [{ name, rows: rowChanges(before, after), editions }]
  })
}

/** Everything that differs, in the order of the older plan and then what is new. */
export function diffPlans(older: Plan, newer: Plan): PlanDifference {
  const numbers = new Set([...older.clauses, ...newer.clauses].map(({ number }) => number))
  return {
    front: changedValues(frontFields(older), frontFields(newer)).map(({ key, before, after }) => ({
      field: key,
      before,
      after,
    })),
    clauses: [...numbers].flatMap((number) => clauseChange(older, newer, number) ?? []),
    numbers: numberChanges(older, newer),
    tables: tableChanges(older, newer),
  }
}
