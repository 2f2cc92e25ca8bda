/**
 * What a payer holds about claims besides its members, as CSV: authorizations, referrals, signed notices, decisions of the
 * people a plan names, how sure it is that the patient agreed, and when an original claim came in. One row a paper; the
 * first line names the columns, of which `paper` is required and each kind of paper needs its own.
 */
import { fromUtf8 } from "#crypto"
import { refuse } from "../base/refusal.ts"
import { parseDate } from "../base/time.ts"
import { type Answer, answer } from "../formats/answer.ts"
import type { Assurance, Authorization, Decision, InputValues, Referral } from "../plan/input.ts"
import { parseCsv } from "../plan/language/tables.ts"

const columns = [
  ...["paper", "member", "claim", "line", "covers", "from", "until", "provider", "units", "clause", "answer", "by"],
  ...["on", "evidence", "visits", "used", "assurance"],
] as const
type Column = (typeof columns)[number]

/** What each kind of paper has to say; other columns may be empty. */
const needed: Readonly<Record<string, readonly Column[]>> = {
  authorization: ["member", "covers", "from", "until"],
  referral: ["member", "covers", "visits"],
  notice: ["claim", "clause"],
  decision: ["claim", "clause", "answer", "by", "on"],
  original: ["claim", "on"],
  assurance: ["claim", "assurance"],
}

/** The papers of one claim, as the adjudicator takes them. */
export interface ClaimPapers
  extends Required<Pick<InputValues, "authorizations" | "referrals" | "notices" | "decisions">> {
  readonly assurance: Assurance | undefined
  /** Day on which the original of a replacement came in. */
  readonly originalReceived: number | undefined
}

export const noPapers: ClaimPapers = {
  authorizations: [],
  referrals: [],
  notices: [],
  decisions: [],
  assurance: undefined,
  originalReceived: undefined,
}

export interface PaperList {
  /** By the member's number, the claim's own number (CLM01), and the numbers of its lines. */
  of(member: string, claim: string, lines: readonly number[]): ClaimPapers
  readonly size: number
}

interface Paper {
  readonly kind: string
  text(column: Column): string
  day(column: Column): number
  count(column: Column, absent: number): number
}

const tiers = ["patient", "proxy", "attested", "silent"] as const

function paperOf(line: number, cell: (column: Column) => string): Paper {
  const bad = (column: Column, what: string, remedy: string): never =>
    refuse("papers-cell", `Cannot read the papers: ${what}`, `line ${line}, column ${column}`, remedy)
  const kind = cell("paper")
  const wanted = Object.hasOwn(needed, kind) ? needed[kind]! : bad("paper", "it is of no known kind", kinds)
  for (const column of columns) {
    const text = cell(column)
    if (text === "" && wanted.includes(column)) bad(column, `a paper of this kind needs it`, "Fill the cell.")
    if (!/^[ -~]{0,200}$/.test(text)) bad(column, "a cell is not plain ASCII", "Correct it.")
  }
  if (kind === "decision" && !/^(yes|no)$/.test(cell("answer"))) {
    bad("answer", "it is neither yes nor no", "Write yes if the clause applies to the line, no if it does not.")
  }
  const tier = cell("assurance")
  if (kind === "assurance" && !(tiers as readonly string[]).includes(tier)) {
    bad("assurance", "it is none of the four", `Write ${tiers.join(", ")}.`)
  }
  const day = (column: Column): number =>
    parseDate(cell(column)) ?? bad(column, "a date does not exist", "Write it as 2026-04-14.")
  const count = (column: Column, absent: number): number => {
    const text = cell(column)
    if (text === "") return absent
    return /^\d{1,6}$/.test(text) ? Number(text) : bad(column, "it is no whole number", "Write digits.")
  }
  // Everything is asked once, so that a bad cell is refused with its line and not when a claim comes by.
  for (const column of ["from", "until", "on"] as const) if (cell(column) !== "") day(column)
  for (const column of ["line", "units", "visits", "used"] as const) count(column, 0)
  return { kind, text: cell, day, count }
}
const kinds = `Write ${Object.keys(needed).join(", ")}.`

const some = (text: string) => (text === "" ? undefined : text)

const authorizationOf = (paper: Paper): Authorization => ({
  covers: paper.text("covers"),
  from: paper.day("from"),
  until: paper.day("until"),
  provider: some(paper.text("provider")),
  unitsMilli: paper.count("units", 999_999) * 1000,
})

const referralOf = (paper: Paper): Referral => ({
  from: paper.text("covers"),
  to: some(paper.text("provider")),
  visits: paper.count("visits", 0),
  used: paper.count("used", 0),
})

const decisionOf = (paper: Paper, line: number): Decision => ({
  clause: paper.text("clause"),
  line,
  answer: paper.text("answer") === "yes" ? 1 : 0,
  by: paper.text("by"),
  on: paper.day("on"),
  evidence: some(paper.text("evidence")),
})

/** A paper about no line in particular is about each of them. */
const linesOf = (paper: Paper, lines: readonly number[]) => {
  const line = paper.count("line", 0)
  return line === 0 ? lines : lines.filter((one) => one === line)
}

function papersOf(all: readonly Paper[], member: string, claim: string, lines: readonly number[]): ClaimPapers {
  const own = all.filter((paper) => {
    const [ofMember, ofClaim] = [paper.text("member"), paper.text("claim")]
    return (ofMember === "" || ofMember === member) && (ofClaim === "" || ofClaim === claim)
  })
  const of = (kind: string) => own.filter((paper) => paper.kind === kind)
  const tier = tiers.find((one) => one === of("assurance").at(-1)?.text("assurance"))
  return {
    authorizations: of("authorization").map(authorizationOf),
    referrals: of("referral").map(referralOf),
    notices: of("notice").flatMap((one) => linesOf(one, lines).map((line) => ({ clause: one.text("clause"), line }))),
    decisions: of("decision").flatMap((one) => linesOf(one, lines).map((line) => decisionOf(one, line))),
    assurance: tier === undefined ? undefined : { tier, allotments: [] },
    originalReceived: of("original").at(-1)?.day("on"),
  }
}

function columnsOf(header: readonly string[]): ReadonlyMap<Column, number> {
  const found = new Map<Column, number>()
  for (const [index, name] of header.entries()) {
    const column = columns.find((known) => known === name.trim())
    if (column === undefined || found.has(column)) {
      const what = "Cannot read the papers: a column is unknown or twice there"
      refuse("papers-column", what, "line 1", `The columns are ${columns.join(", ")}.`)
    }
    found.set(column, index)
  }
  if (found.has("paper")) return found
  return refuse("papers-column", "Cannot read the papers: there is no column paper", "line 1", "Name it.")
}

/** The list, or the refusal that names line and column; never the cell's content. */
export function readPapers(bytes: Uint8Array): Answer<PaperList> {
  return answer(() => {
    const text = fromUtf8(bytes)?.replace(/^\uFEFF/, "")
    const [header, ...records] = (text === undefined ? undefined : parseCsv(text)) ?? []
    if (header === undefined) {
      refuse("papers-csv", "Cannot read the papers: the file is no UTF-8 CSV", "line 1", "Save it as CSV.")
    }
    const at = columnsOf(header)
    const all: Paper[] = []
    for (const [index, record] of records.entries()) {
      if (record.length === 1 && record[0] === "") continue
      if (record.length !== header.length) {
        const what = "Cannot read the papers: a line has too few or too many cells"
        refuse("papers-csv", what, `line ${index + 2}`, "Fill it.")
      }
      all.push(paperOf(index + 2, (column) => record[at.get(column) ?? -1]?.trim() ?? ""))
    }
    return { size: all.length, of: (member, claim, lines) => papersOf(all, member, claim, lines) }
  })
}
