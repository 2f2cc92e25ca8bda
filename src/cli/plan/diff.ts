/** `plan diff`: what changed between two plans in words, and what that does to claims in money, by clause and in total. */
import { basename, join } from "node:path"
import { refuse } from "../../base/refusal.ts"
import { amountWords, filledSentence } from "../../plan/booklet/booklet-words.ts"
import { type Changed, diffPlans, type PlanDifference } from "../../plan/booklet/diff.ts"
import { type ClaimsDifference, compareClaims, type Sums } from "../../plan/booklet/diff-claims.ts"
import { type PlanCase, parseCases } from "../../plan/cases/cases.ts"
import type { Plan } from "../../plan/plan.ts"
import type { CommandResult } from "../command.ts"
import type { Screen } from "../screen.ts"
import { comparedCases, comparedFolder, type GatheredClaims } from "./claims.ts"
import { mustReadPlan, textBeside } from "./files.ts"

/** Claims that are told one by one. */
const told = 5
/** Rows of one table that are told one by one. */
const mostRows = 20

const arrow = ({ before, after }: Changed<string>) => `${before ?? "(none)"} → ${after ?? "(gone)"}`

function sayClauses(difference: PlanDifference, older: Plan, newer: Plan, screen: Screen): void {
  for (const { number, title, what, before, after, exact } of difference.clauses) {
    const mark = before === undefined ? "new" : after === undefined ? "gone" : `${what} changed`
    screen.heading(`${number} ${title}: ${mark}`)
    const fill = (plan: Plan, text: string) => filledSentence(plan, text, plan.front.effective.from)
    if (before !== undefined && before !== after) screen.line(`- ${fill(older, before)}`)
    if (after !== undefined && before !== after) screen.line(`+ ${fill(newer, after)}`)
    const [old, young] = [exact.before ?? [], exact.after ?? []]
    for (const line of old) if (!young.includes(line)) screen.line(`- = ${line}`)
    for (const line of young) if (!old.includes(line)) screen.line(`+ = ${line}`)
  }
}

function sayPlans(difference: PlanDifference, older: Plan, newer: Plan, screen: Screen): void {
  const { front, clauses, numbers, tables } = difference
  const name = ({ front: { plan, version } }: Plan) => `${plan}, version ${version}`
  screen.say(`${name(older)} → ${name(newer)}`)
  if (front.length > 0) screen.heading("Front matter")
  for (const change of front) screen.line(`${change.field}: ${arrow(change)}`)
  sayClauses(difference, older, newer, screen)
  if (numbers.length > 0) screen.heading("Numbers")
  for (const change of numbers) {
    const where = change.clauses.length === 0 ? "" : ` (${change.clauses.join(", ")})`
    screen.line(`${change.name}: ${arrow(change)}${where}`)
  }
  for (const { name, editions, rows } of tables) {
    screen.heading(`Table ${name}: ${arrow(editions)}`)
    for (const row of rows.slice(0, mostRows))
      screen.line(`${row.key.replaceAll("|", " ")}${row.column === "" ? "" : ` ${row.column}`}: ${arrow(row)}`)
    if (rows.length > mostRows) screen.line(`and ${rows.length - mostRows} more cells`)
  }
  screen.say()
  screen.say(
    `${clauses.length} clauses, ${numbers.length} numbers, ${tables.length} tables and ${front.length} fields of the front matter differ`,
  )
}

function sayMoney(difference: ClaimsDifference, newer: Plan, screen: Screen): void {
  const money = (amount: bigint) => amountWords(amount, newer.front.currency)
  const signed = (amount: bigint) => (amount > 0n ? `+${money(amount)}` : money(amount))
  const row = ({ before, after }: Sums) => [money(before), money(after), signed(after - before)]
  const { claims, lines, charge, more, less, same, clauses, changes, newlyOpen, newlyDecided } = difference
  screen.heading(`${claims} claims, ${lines} lines decided under both plans, ${money(charge)} charged`)
  screen.table(
    ["", ">old", ">new", ">change"],
    [
      ["the plan pays", ...row(difference.plan)],
      ["patients pay", ...row(difference.patient)],
      ["providers and others bear", ...row(difference.others)],
    ],
  )
  screen.line(`The plan pays more for ${more} claims, less for ${less}, the same for ${same}.`)
  if (clauses.length > 0) {
    screen.heading("By clause")
    const rows = clauses.map(({ clause, patient, others }) => [
      clause === "" ? "(facts)" : clause,
      ...row(patient),
      signed(others.after - others.before),
    ])
    screen.table(["clause", ">patients, old", ">new", ">change", ">others, change"], rows)
  }
  if (changes.length > 0) {
    screen.heading("The largest changes")
    const rows = changes
      .slice(0, told)
      .map(({ name, plan, patient }) => [name, ...row(plan), signed(patient.after - patient.before)])
    screen.table(["claim", ">plan, old", ">new", ">change", ">patient, change"], rows)
  }
  for (const [title, open] of [
    ["Lines that newly wait", newlyOpen],
    ["Lines that no longer wait", newlyDecided],
  ] as const) {
    if (open.length === 0) continue
    screen.heading(`${title}: ${open.length}`)
    for (const { name, line, charge: of, clause, missing } of open.slice(0, 4 * told))
      screen.line(`${name}, line ${line}, ${money(of)}: ${clause === "" ? "" : `${clause}: `}${missing}`)
  }
}

function sayRefused({ refused, moved }: GatheredClaims, screen: Screen): void {
  if (moved > 0) screen.line(`${moved} claims lie outside a plan's time; their days were moved into it by whole years.`)
  for (const { file, refusal } of refused.slice(0, 2 * told))
    screen.line(`not used: ${file}, ${refusal.at}: ${refusal.message}`)
  if (refused.length > 2 * told) screen.line(`and ${refused.length - 2 * told} more that were not used`)
}

/** The older plan's cases where the folder holds them. */
function casesIn(folder: string, path: string, plan: Plan): readonly PlanCase[] {
  const text = textBeside(join(folder, basename(path)), ".cases")
  return text === undefined ? [] : parseCases(text, plan).cases
}

/** Compares two plans, over the older one's cases, or over the claims and the cases in a folder where one is named. */
export function diff(files: readonly string[], folder: string | undefined, screen: Screen): CommandResult {
  const [{ plan: older, cases }, { plan: newer }] = [mustReadPlan(files[0]!), mustReadPlan(files[1]!)]
  const { code, exponent } = older.front.currency
  if (code !== newer.front.currency.code || exponent !== newer.front.currency.exponent)
    refuse(
      "currency",
      "Cannot compare the plans: they pay in different currencies",
      files[1]!,
      "Compare plans of one currency",
    )
  const difference = diffPlans(older, newer)
  sayPlans(difference, older, newer, screen)
  const gathered = folder === undefined ? { claims: [], moved: 0, refused: [] } : comparedFolder(folder, older, newer)
  const own = folder === undefined ? cases : casesIn(folder, files[0]!, older)
  const claims = [...comparedCases(own, older, newer), ...gathered.claims]
  const money = compareClaims(claims)
  if (claims.length > 0) sayMoney(money, newer, screen)
  sayRefused(gathered, screen)
  return { value: { difference, money, moved: gathered.moved, refused: gathered.refused } }
}
