/** What `plan check` finds in the member's sentences: digits without a name, names without a number, vague words. */
import type { Place, Report } from "../language/finding.ts"
import type { Clause } from "../parts.ts"
import { type Plan, rulesOfKind } from "../plan.ts"

const vague = [
  "reasonable",
  "customary",
  "usual",
  "necessary",
  "medically necessary",
  "appropriate",
  "adequate",
  "sufficient",
  "suitable",
  "proper",
  "significant",
  "substantial",
  "excessive",
  "typically",
  "generally",
  "normally",
  "usually",
  "certain",
  "some",
  "various",
  "similar",
  "such as",
  "including but not limited to",
  "etc",
  "and so on",
  "as determined",
  "at our discretion",
  "in our opinion",
  "where applicable",
  "if needed",
  "as needed",
  "from time to time",
  "subject to change",
  "promptly",
  "timely",
  "soon",
  "good cause",
  "special",
  "extraordinary",
  "experimental",
  "investigational",
  "cosmetic",
  "urgent",
  "emergency",
  "we may",
  "may be covered",
]

const spaced = (words: string) => words.replaceAll(" ", "\\s+")
const alternatives = [...vague].sort((a, b) => b.length - a.length).map(spaced)
const vaguePattern = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${alternatives.join("|")}|up\\s+to(?!\\s*\\{))(?![\\p{L}\\p{N}])`,
  "giu",
)
const digitPattern = /[\p{L}\p{N}](?:[\p{L}\p{N}]|[.,-](?=[\p{L}\p{N}]))*/gu
const namePattern = /\{([^{}\n]*)\}/g

/** The place of an offset in a clause's sentence. */
export function placeIn(clause: Clause, offset: number): Place {
  const before = clause.sentence.slice(0, offset).split("\n")
  return { line: clause.sentenceLine + before.length - 1, column: before.at(-1)!.length + 1 }
}

const blank = (text: string) => text.replace(/[^\n]/g, " ")

/** The numbers a sentence names in braces, each with its place. */
export function namesIn(clause: Clause): readonly { readonly name: string; readonly at: Place }[] {
  return [...clause.sentence.matchAll(namePattern)].map((match) => ({
    name: match[1]!,
    at: placeIn(clause, match.index),
  }))
}

function checkDigits(clause: Clause, known: ReadonlySet<string>, report: Report): void {
  const text = clause.sentence.replace(namePattern, blank).replace(/`[^`]*`/g, blank)
  for (const match of text.matchAll(digitPattern)) {
    if (!/\p{N}/u.test(match[0]) || known.has(match[0])) continue
    const message = `“${match[0]}” stands in the sentence and not as a named number.`
    report.add("digit-in-text", placeIn(clause, match.index), message, "Name the number and write {its-name}.")
  }
}

function checkVague(clause: Clause, terms: readonly RegExp[], report: Report): void {
  if (clause.discretion !== undefined) return
  let text = clause.sentence
  for (const term of terms) text = text.replace(term, blank)
  for (const match of text.matchAll(vaguePattern)) {
    const words = match[0].replace(/\s+/g, " ").toLowerCase()
    const message = `“${words}” leaves open what is owed.`
    const remedy =
      words === "up to" ? "Write up to {a-number}." : "Define it, say it exactly, or mark the clause discretionary."
    report.add("vague-word", placeIn(clause, match.index), message, remedy)
  }
}

/** Checks each clause's sentence. Codes of the plan's tables and clause numbers may carry digits; text in `code` too. */
export function checkSentences(plan: Plan, report: Report): void {
  const known = new Set(plan.clauses.map((clause) => clause.number))
  for (const { editions } of plan.tables.values()) {
    for (const edition of editions) for (const key of edition.rows.keys()) known.add(key)
  }
  const terms = rulesOfKind(plan, "define").flatMap(({ effect }) =>
    effect.what !== "term" || effect.name === undefined
      ? []
      : [
          new RegExp(
            `(?<![\\p{L}\\p{N}])${spaced(effect.name.replace(/[^\p{L}\p{N} ]/gu, "\\$&"))}(?![\\p{L}\\p{N}])`,
            "giu",
          ),
        ],
  )
  for (const clause of plan.clauses) {
    report.clause = clause.number
    checkDigits(clause, known, report)
    checkVague(clause, terms, report)
    for (const { name, at } of namesIn(clause)) {
      if (plan.numbers.has(name)) continue
      report.add(
        "unknown-name",
        at,
        `There is no number “${name}”.`,
        "Declare it in a numbers block, or correct the name.",
      )
    }
  }
  report.clause = undefined
}
