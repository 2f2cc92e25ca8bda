/**
 * The member's booklet: the published plan as a page for people. Nothing in it is written twice: sentences, numbers,
 * tables and dates are those of the document, and the line “In exact words” is made from each clause's rule.
 */
import { fromMarkdown } from "mdast-util-from-markdown"
import { fromUtf8 } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { usesOf } from "../language/uses.ts"
import type { AssuranceTier, Clause, Day, NamedNumber, Table as PlanTable } from "../parts.ts"
import { type AssurancePolicy, editionOn, type Plan } from "../plan.ts"
import { pageHtml } from "./booklet-html.ts"
import { type Block, type Page, pageMarkdown, type Table } from "./booklet-page.ts"
import {
  amountWords,
  dateWords,
  durationWords,
  filledSentence,
  isInvented,
  numbersIn,
  numberWords,
  sourceOfRow,
  spanWords,
  valueWords,
} from "./booklet-words.ts"
import { exactLines } from "./exact-words.ts"

/** Rows of a table that a booklet prints; a longer table is named with its digest alone. */
const mostRows = 60

interface Chapter {
  readonly title: string
  /** Paragraphs before the first clause, as a chapter called About may have. */
  readonly intro: readonly string[]
}

/** The chapters in order, read from the document: a plan keeps them only as words of its clauses. */
function chaptersOf(plan: Plan): readonly Chapter[] {
  const lines = (fromUtf8(plan.bytes) ?? "").split("\n")
  const body = lines.slice(lines.indexOf("---", 1) + 1)
  const chapters: { title: string; intro: string[] }[] = []
  let open = false
  for (const { type, position, ...node } of fromMarkdown(body.join("\n")).children) {
    const [start, end] = [position?.start.line ?? 1, position?.end.line ?? 1]
    const depth = type === "heading" && "depth" in node ? node.depth : 0
    if (depth === 2) chapters.push({ title: body[start - 1]!.slice(2).trim(), intro: [] })
    if (depth > 0) open = depth === 2
    else if (open && (type === "paragraph" || type === "list"))
      chapters.at(-1)!.intro.push(body.slice(start - 1, end).join("\n"))
  }
  return chapters
}

const clauseId = (number: string) => `clause-${number.replaceAll(".", "-")}`

function discretionText(plan: Plan, clause: Clause, day: Day): readonly Block[] {
  const { discretion } = clause
  if (discretion === undefined) return []
  const { by, kind, within, criteria, judges, byDefault, review } = discretion
  const words = (name: string) => name.replaceAll("-", " ")
  const outcome =
    byDefault === "notCovered" ? "it is not covered" : byDefault === "covered" ? "it is covered" : byDefault
  const lines = [
    `Who: the ${words(by)} of the ${words(kind)}.`,
    `About: ${judges.map(words).join(", ")}. The written criteria are in ${criteria}.`,
    `By when: within ${numberWords(plan, within, day)}. If nobody decides by then, ${outcome}.`,
    `To object: see ${review}.`,
  ]
  return [{ kind: "aside", label: "A person decides this", lines }]
}

/** What later in the plan's time becomes of a number that the clause names. */
function changesOf(plan: Plan, clause: Clause, day: Day): readonly Block[] {
  const { until } = plan.front.effective
  const lines = numbersIn(plan, clause.sentence).flatMap((number) =>
    number.values
      .filter(({ from }) => from > day && from < until)
      .map(({ from, value }) => {
        const [before, after] = [from - 1, from].map((on) => numberWords(plan, number, on))
        return `from ${dateWords(from)}: ${after ?? valueWords(value, number.unit, plan.front.currency)} instead of ${before}`
      }),
  )
  return lines.length === 0 ? [] : [{ kind: "aside", label: "This will change", lines }]
}

function clauseBlocks(plan: Plan, clause: Clause, day: Day): readonly Block[] {
  const exact = exactLines(plan, clause, day)
  return [
    { kind: "heading", level: 3, text: `${clause.number} ${clause.title}`, id: clauseId(clause.number) },
    { kind: "sentence", markdown: filledSentence(plan, clause.sentence, day) },
    ...(exact.length === 0 ? [] : [{ kind: "aside", label: "In exact words", lines: exact } as const]),
    ...discretionText(plan, clause, day),
    ...changesOf(plan, clause, day),
  ]
}

const signers: Readonly<Record<AssuranceTier, string>> = {
  patient: "You say yourself that the visit took place",
  proxy: "Somebody you chose says so for you",
  attested: "A witness says so",
  silent: "Nobody says anything",
}

function policyText(policy: AssurancePolicy, plan: Plan): string {
  if (policy.does === "pays") return "We pay."
  if (policy.does === "never") return "We do not pay."
  const most = amountWords(policy.upTo, plan.front.currency)
  return `We wait ${durationWords(policy.wait)}, then pay a claim of at most ${most}.`
}

/** The windows and the assurance table of the front matter, of which clauses speak without figures. */
function frontBlocks(plan: Plan): readonly Block[] {
  const { windows, assurance } = plan.front
  const spans: Table = {
    kind: "table",
    caption: "Time limits",
    header: ["What", "How long"],
    rows: [
      ["A claim must reach us after the service within", durationWords(windows.claim)],
      ["A corrected claim may follow for another", durationWords(windows.correction)],
      ["We may ask for money back for", durationWords(windows.lookBack)],
      ["We answer a claim within", durationWords(windows.answer)],
    ],
  }
  const signed: Table = {
    kind: "table",
    caption: "Your word on a visit (assurance)",
    header: ["What is known", "What we do"],
    rows: (Object.keys(signers) as AssuranceTier[]).map((tier) => [signers[tier], policyText(assurance[tier], plan)]),
  }
  return [{ kind: "heading", level: 2, text: "Time limits and your word", id: "limits" }, spans, signed]
}

/** Clauses that name a number, in their sentence or in their rule. */
function clausesNaming(plan: Plan): ReadonlyMap<NamedNumber, ReadonlySet<string>> {
  const found = new Map<NamedNumber, Set<string>>()
  const note = (number: NamedNumber, clause: string) => {
    const set = found.get(number) ?? new Set()
    found.set(number, set.add(clause))
  }
  const uses = usesOf(plan)
  for (const clause of plan.clauses) {
    for (const number of numbersIn(plan, clause.sentence)) note(number, clause.number)
    for (const { number, rule } of uses.numbers) if (rule.clause === clause) note(number, clause.number)
  }
  return found
}

function numbersTable(plan: Plan): Table {
  const clauses = clausesNaming(plan)
  const rows = [...plan.numbers.values()].flatMap((number) =>
    number.values.map(({ from, value, source }) => [
      number.name,
      valueWords(value, number.unit, plan.front.currency),
      dateWords(from),
      source,
      [...(clauses.get(number) ?? [])].join(", "),
    ]),
  )
  return { kind: "table", caption: "", header: ["Number", ">Value", "From", "Source", "Clauses"], rows }
}

/** One row as people read it: a rate of `charge` is whatever is charged, and an invented one says so. */
function rowsOf(table: PlanTable): Table {
  const rows = [...table.rows.values()].map((row) => [
    row.key.replaceAll("|", " "),
    ...table.columns.map((column) => (row.cells[column] === "charge" ? "the charge" : (row.cells[column] ?? ""))),
    sourceOfRow(table.source, row.key),
  ])
  const figures = table.columns.map((column) => (/rate|amount|percent|most/.test(column) ? `>${column}` : column))
  return { kind: "table", caption: "", header: [table.key.join(" "), ...figures, "source"], rows }
}

function tableBlocks(table: PlanTable): readonly Block[] {
  const { name, version, from, until, source, sha256, rows } = table
  const invented = isInvented(source) ? " Figures marked “invented” are made up and price nobody's care." : ""
  const text = `Edition ${version}, in force ${spanWords(from, until)}; ${rows.size} rows. Source: ${source}.${invented}`
  return [
    { kind: "heading", level: 3, text: `Table ${name}, ${version}`, id: `table-${name}-${version}` },
    { kind: "text", text },
    { kind: "text", text: `SHA-256 ${toHex(sha256)}` },
    ...(rows.size > mostRows ? [] : [rowsOf(table)]),
  ]
}

function leadOf(plan: Plan, day: Day): readonly string[] {
  const { payer, plan: series, version, effective, tiers, claims } = plan.front
  const words = (names: readonly string[]) => names.map((name) => name.replaceAll("-", " ")).join(", ")
  return [
    `This is what ${payer} promises you under the plan ${series}, version ${version}, from ${spanWords(effective.from, effective.until)}. ` +
      "Each clause is a sentence for you. Under it stand the exact words of the rule that pays your claim.",
    `Figures are those of ${dateWords(day)}. Networks, best first: ${words(tiers)}. Claims taken: ${words(claims)}.`,
  ]
}

function footOf(plan: Plan, day: Day): string {
  const { plan: series, version, language, currency, rounding } = plan.front
  return (
    `Plan ${series}, version ${version}, language ${language}, amounts in ${currency.code}, rounded ${rounding}. ` +
    `Figures of ${dateWords(day)}. Digest of the plan ${toHex(plan.digest)}.`
  )
}

/** The booklet with the figures of a day, which lies in the plan's own time. */
export function bookletPage(plan: Plan, day: Day): Page {
  const blocks: Block[] = []
  for (const [index, { title, intro }] of chaptersOf(plan).entries()) {
    blocks.push({ kind: "heading", level: 2, text: title, id: `chapter-${index + 1}` })
    for (const markdown of intro) blocks.push({ kind: "sentence", markdown })
    for (const clause of plan.clauses) if (clause.chapter === title) blocks.push(...clauseBlocks(plan, clause, day))
  }
  blocks.push(...frontBlocks(plan))
  blocks.push({ kind: "heading", level: 2, text: "The numbers", id: "numbers" }, numbersTable(plan))
  blocks.push({ kind: "heading", level: 2, text: "The tables", id: "tables" })
  for (const series of plan.tables.values()) {
    const inForce = editionOn(series, day)
    for (const edition of inForce === undefined ? series.editions : [inForce]) blocks.push(...tableBlocks(edition))
  }
  return { title: plan.front.title, lead: leadOf(plan, day), blocks, foot: footOf(plan, day) }
}

/** The booklet in a form: same plan and day, same bytes. */
export function booklet(plan: Plan, day: Day, form: "markdown" | "html"): string {
  const page = bookletPage(plan, day)
  return form === "html" ? pageHtml(page, "booklet") : pageMarkdown(page)
}
