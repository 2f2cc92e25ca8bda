/**
 * The summary of benefits: two printed pages with the questions people ask, what they pay by group of services and tier,
 * what is not covered, where to object, and examples that the adjudicator itself worked out from the plan's cases.
 */
import { toHex } from "../../base/bytes.ts"
import type { PlanCase } from "../cases/cases.ts"
import { runCase } from "../cases/run-case.ts"
import type { Cell } from "../check/cells.ts"
import type { Category, ClaimKind, Day } from "../parts.ts"
import { editionOn, type Plan, type Rule, rulesOfKind } from "../plan.ts"
import { pageHtml } from "./booklet-html.ts"
import { type Block, type Page, pageMarkdown, type Table } from "./booklet-page.ts"
import { amountWords, dateWords, durationWords, isInvented, numberWords, spanWords } from "./booklet-words.ts"
import { isGeneral, questionRows } from "./summary-questions.ts"
import {
  applying,
  clausesWords,
  decidedBy,
  isWide,
  leafWords,
  leavesOn,
  limitWords,
  periodWords,
  type Surveyed,
  shareOf,
} from "./summary-shares.ts"

/** Every leaf, tier and kind of claim on a day. */
export function survey(plan: Plan, day: Day): readonly Surveyed[] {
  const { tiers, claims } = plan.front
  const cells: Surveyed[] = []
  for (const [leaf, codes] of leavesOn(plan, day)) {
    for (const claim of claims) {
      for (const tier of tiers) {
        const cell: Cell = { leaf, codes, tier, claim, day, until: plan.front.effective.until, stray: false }
        const { rule, others } = decidedBy(plan, "outOfPocket", cell)
        cells.push({ ...cell, share: shareOf(plan, cell), caps: rule !== undefined || others.length > 0 })
      }
    }
  }
  return cells
}

/** What else a member should know of a group: limits, gates, and rules that decide under conditions. */
function limitsOf(plan: Plan, cells: readonly Surveyed[], day: Day): string {
  const said = new Map<string, Rule[]>()
  const note = (words: string, rule: Rule) => {
    if (isGeneral(rule) && !["limit", "copay", "coinsurance", "deductible", "first"].includes(rule.kind)) return
    const known = said.get(words)
    if (known === undefined) said.set(words, [rule])
    else if (!known.includes(rule)) known.push(rule)
  }
  for (const cell of cells) {
    for (const rule of applying(plan, "limit", cell)) {
      const { bucket } = rule.effect
      const most = bucket.person ?? bucket.family ?? bucket.treatment
      if (most !== undefined) note(`at most ${numberWords(plan, most, day)} ${periodWords(bucket)}`, rule)
    }
    for (const rule of applying(plan, "ceiling", cell).filter((one) => !isWide(plan, one)))
      note(`we pay at most ${limitWords(plan, rule.effect.bucket, day)}`, rule)
    for (const rule of applying(plan, "authorize", cell)) note("ask us first", rule)
    for (const rule of applying(plan, "refer", cell)) note("needs a referral", rule)
    for (const rule of applying(plan, "wait", cell))
      note(`not in the first ${numberWords(plan, rule.effect.lasts, day)}`, rule)
    for (const rule of applying(plan, "age", cell)) note("only at some ages", rule)
    for (const rule of applying(plan, "exclude", cell)) note("not in every case", rule)
    for (const rule of applying(plan, "alternate", cell)) note("paid as a cheaper service", rule)
    for (const rule of cell.share.others) note(rule.clause.title.toLowerCase(), rule)
  }
  const words = [...said].map(([text, rules]) => `${text} (${clausesWords(rules)})`)
  return words.length === 0 ? "" : `${words.join("; ").replace(/^./, (letter) => letter.toUpperCase())}.`
}

interface ServiceRow {
  readonly names: string[]
  readonly cells: readonly string[]
}

const upper = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** One leaf on the kinds of claim for which it comes out the same. */
function rowsOfLeaf(plan: Plan, leaf: Category, surveyed: readonly Surveyed[], day: Day): readonly ServiceRow[] {
  const found = new Map<string, { kinds: ClaimKind[]; cells: readonly string[] }>()
  for (const kind of plan.front.claims) {
    const cells = surveyed.filter((cell) => cell.leaf === leaf && cell.claim === kind)
    if (!cells.some(({ share }) => share.isCovered)) continue
    const shares = cells.map(({ share: { words, rules } }) => {
      const clauses = clausesWords(rules)
      return `${upper(words)}${clauses === "" ? "" : ` (${clauses})`}`
    })
    const row = [...shares, limitsOf(plan, cells, day)]
    const known = found.get(row.join("\n"))
    if (known === undefined) found.set(row.join("\n"), { kinds: [kind], cells: row })
    else known.kinds.push(kind)
  }
  return [...found.values()].map(({ kinds, cells }) => {
    const name = found.size === 1 ? leafWords(leaf) : `${leafWords(leaf)} (${kinds.join(", ")})`
    return { names: [name], cells }
  })
}

function servicesTable(plan: Plan, surveyed: readonly Surveyed[], day: Day): Table {
  const rows = new Map<string, ServiceRow>()
  for (const leaf of new Set(surveyed.map((cell) => cell.leaf))) {
    for (const row of rowsOfLeaf(plan, leaf, surveyed, day)) {
      const known = rows.get(row.cells.join("\n"))
      if (known === undefined) rows.set(row.cells.join("\n"), row)
      else known.names.push(...row.names)
    }
  }
  const { tiers } = plan.front
  const heads = tiers.length === 1 ? ["You pay (clause)"] : tiers.map((tier) => `You pay: ${tier.replaceAll("-", " ")}`)
  return {
    kind: "table",
    caption: "",
    header: ["Care", ...heads, "Limits and exceptions"],
    rows: [...rows.values()].map(({ names, cells }) => [upper(names.join(", ")), ...cells]),
  }
}

function excludedItems(plan: Plan, surveyed: readonly Surveyed[], day: Day): readonly string[] {
  const rules = rulesOfKind(plan, "exclude").filter(({ guard }) => guard.from <= day && day < guard.until)
  const named = rules.map(({ clause, effect }) => {
    const owes = effect.notice === "required" ? ": you owe it only if you signed a notice before" : ""
    return `${clause.title} (${clause.number})${owes}.`
  })
  const never = [...new Set(surveyed.map(({ leaf }) => leaf))].filter(
    (leaf) =>
      !surveyed.some((cell) => cell.leaf === leaf && cell.share.isCovered) &&
      !rules.some(({ guard }) => guard.reach[leaf.index] !== 0),
  )
  const groups = never.length === 0 ? [] : [`${upper(never.map(leafWords).join(", "))}.`]
  return [...new Set([...named, ...groups]), "Any service whose code is in none of the plan's tables."]
}

function objectItems(plan: Plan): readonly string[] {
  const { windows, payer } = plan.front
  const reviews = new Set(plan.clauses.flatMap(({ discretion }) => discretion?.review ?? []))
  const clauses = plan.clauses.filter(
    ({ number, title }) => reviews.has(number) || /\b(object|objections?|appeals?|complain|review)\b/i.test(title),
  )
  return [
    ...clauses.map(({ number, title }) => `${title}: see ${number}.`),
    ...(clauses.length === 0 ? [`This plan has no clause on objections. Write to ${payer}.`] : []),
    `We answer a claim within ${durationWords(windows.answer)}. A corrected claim may come up to ${durationWords(windows.correction)} after the time for claims (${durationWords(windows.claim)}).`,
    "Every answer names the clause that decided. Ask for the clause and its steps by line.",
  ]
}

/** Cases of which no line waits, in the order of the table. */
const mostExamples = 6

function examplesTable(plan: Plan, cases: readonly PlanCase[]): Table | undefined {
  const money = (amount: bigint) => amountWords(amount, plan.front.currency)
  const rows: (readonly string[])[] = []
  for (const item of cases) {
    if (rows.length === mostExamples) break
    const { outcome, plan: benefit, patient } = runCase(plan, item)
    const { lines, totals } = outcome.leg
    if (lines.some(({ status }) => status === "pended" || status === "held")) continue
    const share = (carc: string) =>
      totals.byCode.reduce((sum, one) => (one.group === "PR" && one.carc === carc ? sum + one.amount : sum), 0n)
    const [deductible, coinsurance, copay] = [share("1"), share("2"), share("3")]
    const start = item.buckets.map(
      ({ bucket, says, amount }) =>
        `${bucket.measure === "count" ? amount : money(amount)} of ${bucket.name.replaceAll("-", " ")} ${says}`,
    )
    const other = patient - deductible - coinsurance - copay
    const name = `${upper(item.name)}${start.length === 0 ? "" : ` (${start.join(", ")})`}`
    rows.push([name, ...[totals.charge, deductible, copay, coinsurance, other, patient, benefit].map(money)])
  }
  if (rows.length === 0) return undefined
  const figures = [">Charged", ">Deductible", ">Copay", ">Coinsurance", ">Other", ">You pay", ">We pay"]
  return { kind: "table", caption: "", header: ["Example", ...figures], rows }
}

function exampleBlocks(plan: Plan, cases: readonly PlanCase[], day: Day): readonly Block[] {
  const table = examplesTable(plan, cases)
  if (table === undefined) return []
  const priced = rulesOfKind(plan, "allow").flatMap(({ effect }) => effect.schedule ?? effect.case ?? [])
  const invented = priced.some((series) => isInvented(editionOn(series, day)?.source ?? ""))
  const text =
    "Worked out by the same program that pays claims. What is charged and neither you nor we pay, your provider gives up." +
    (invented ? " Prices are invented: they show how the plan works, not what care costs." : "")
  return [{ kind: "heading", level: 2, text: "Examples", id: "examples" }, { kind: "text", text }, table]
}

/** The summary with the figures of a day, which lies in the plan's own time. */
export function summaryPage(plan: Plan, cases: readonly PlanCase[], day: Day): Page {
  const { title, plan: series, version, payer, effective } = plan.front
  const surveyed = survey(plan, day)
  const questions: Table = {
    kind: "table",
    caption: "",
    header: ["Question", "Answer", "Clause"],
    rows: questionRows(plan, day, surveyed),
  }
  const heading = (text: string, id: string): Block => ({ kind: "heading", level: 2, text, id })
  return {
    title: `${title}: summary of benefits`,
    lead: [
      `What ${payer} pays and what you pay from ${spanWords(effective.from, effective.until)}. Numbers in brackets are clauses of the booklet; the booklet decides. Figures of ${dateWords(day)}.`,
    ],
    blocks: [
      heading("Important questions", "questions"),
      questions,
      heading("What you pay", "services"),
      servicesTable(plan, surveyed, day),
      heading("Not covered", "excluded"),
      { kind: "list", items: excludedItems(plan, surveyed, day) },
      heading("If you do not agree", "object"),
      { kind: "list", items: objectItems(plan) },
      ...exampleBlocks(plan, cases, day),
    ],
    foot: `Plan ${series}, version ${version}. Digest ${toHex(plan.digest)}.`,
  }
}

/** The summary in a form: same plan, cases and day, same bytes. */
export function summary(plan: Plan, cases: readonly PlanCase[], day: Day, form: "markdown" | "html"): string {
  const page = summaryPage(plan, cases, day)
  return form === "html" ? pageHtml(page, "summary") : pageMarkdown(page)
}
