/**
 * The `.cases` table beside a plan: facts in, money out, one row a case. A row reads
 * `name | date | facts | left or used | lines | plan | patient | clauses`.
 */
import { parseMoney } from "../../base/money.ts"
import { maxAmount } from "../../base/schema.ts"
import { dayNumber, parseDate } from "../../base/time.ts"
import { type FactName, type FactValue, facts } from "../language/expression.ts"
import { type Finding, type Place, Report } from "../language/finding.ts"
import type { Bucket, Day } from "../parts.ts"
import type { Plan } from "../plan.ts"
import { type CasePapers, isPaper, noPapers, paperForm, withPaper } from "./case-papers.ts"

export interface CaseLine {
  readonly code: string
  readonly modifiers: readonly string[]
  /** Thousandths of a unit. */
  readonly unitsMilli: bigint
  readonly charge: bigint
}

export interface CaseBucket {
  readonly bucket: Bucket
  /** Whether `amount` is what is left of the limit, or what was used of it. */
  readonly says: "left" | "used"
  /** Minor units, or a count. */
  readonly amount: bigint
}

export interface PlanCase {
  readonly name: string
  /** In the `.cases` file, from 1. */
  readonly line: number
  /** The day of service of every line. */
  readonly date: Day
  readonly facts: ReadonlyMap<FactName, FactValue>
  /** None when left out. */
  readonly papers?: CasePapers
  readonly buckets: readonly CaseBucket[]
  readonly lines: readonly CaseLine[]
  /** What the plan and the patient are to pay. */
  readonly plan: bigint
  readonly patient: bigint
  /** Clauses that have to appear in the determination. */
  readonly clauses: readonly string[]
}

export interface ReadCases {
  readonly cases: readonly PlanCase[]
  readonly findings: readonly Finding[]
}

interface Cell extends Place {
  readonly text: string
}

/** What a claim can hold: text without control characters or letters beyond ASCII, lists of a claim's length. */
const printable = /^[ -~]{1,80}$/
const longest: Partial<Record<FactName, number>> = {
  modifiers: 8,
  diagnoses: 12,
  surfaces: 8,
  flags: 64,
  otherCover: 9,
}
const firstDay = dayNumber(1, 1, 1)

const columns = "name | date | facts | left or used | lines | plan | patient | clauses"

/** Splits a cell and keeps each piece's column. */
function pieces(cell: Cell, separator: string): readonly Cell[] {
  const found: Cell[] = []
  let at = 0
  for (const part of cell.text.split(separator)) {
    const lead = part.length - part.trimStart().length
    if (part.trim() !== "") found.push({ text: part.trim(), line: cell.line, column: cell.column + at + lead })
    at += part.length + separator.length
  }
  return found
}

class RowReader {
  readonly #plan: Plan
  readonly #report: Report

  constructor(plan: Plan, report: Report) {
    this.#plan = plan
    this.#report = report
  }

  #stop(cell: Cell, message: string, remedy: string): never {
    return this.#report.stop("syntax", cell, message, remedy)
  }

  row(text: string, line: number): PlanCase {
    const cells: Cell[] = []
    let column = 1
    for (const part of text.split("|")) {
      const lead = part.length - part.trimStart().length
      cells.push({ text: part.trim(), line, column: column + (part.trim() === "" ? 0 : lead) })
      column += part.length + 1
    }
    const [name, date, factCell, bucketCell, lineCell, plan, patient, clauses, ...more] = cells
    if (clauses === undefined || more.length > 0) {
      return this.#stop({ text, line, column: 1 }, "A case has eight cells.", `Write ${columns}.`)
    }
    const lines = pieces(lineCell!, ";").map((cell) => this.#line(cell))
    if (lines.length === 0) this.#stop(lineCell!, "The case has no line.", "Write CODE @CHARGE.")
    return {
      name: name!.text,
      line,
      date: this.#date(date!),
      facts: this.#facts(factCell!),
      papers: this.#papers(factCell!),
      buckets: this.buckets(bucketCell!),
      lines,
      plan: this.#money(plan!),
      patient: this.#money(patient!),
      clauses: pieces(clauses, " ").map((cell) => this.#clause(cell)),
    }
  }

  #date(cell: Cell): Day {
    const day = parseDate(cell.text)
    if (day !== undefined && day >= firstDay) return day
    return this.#stop(cell, `“${cell.text}” is no date.`, "Write it as 2026-04-14.")
  }

  #money(cell: Cell): bigint {
    const { code, exponent } = this.#plan.front.currency
    const amount = parseMoney(cell.text, exponent)
    if (amount !== undefined && amount > maxAmount) this.#stop(cell, "The amount is too large.", "Write a smaller one.")
    return amount ?? this.#stop(cell, `“${cell.text}” is no amount in ${code}.`, `Write ${exponent} decimals.`)
  }

  #clause(cell: Cell): string {
    if (this.#plan.clauses.some((clause) => clause.number === cell.text)) return cell.text
    return this.#report.stop("unknown-name", cell, `The plan has no clause ${cell.text}.`, "Name one of its clauses.")
  }

  #facts(cell: Cell): ReadonlyMap<FactName, FactValue> {
    const found = new Map<FactName, FactValue>()
    for (const piece of pieces(cell, ",")) {
      const [name, ...rest] = piece.text.split(" ")
      if (name !== undefined && isPaper(name)) continue
      if (name === undefined || !Object.hasOwn(facts, name)) {
        this.#report.stop("unknown-name", piece, `There is no fact “${name}”.`, "Name a fact of the language.")
      }
      const fact = name as FactName
      if (found.has(fact)) this.#stop(piece, `${fact} stands twice.`, "Keep one.")
      found.set(fact, this.#fact(fact, rest.join(" "), piece))
    }
    return found
  }

  /** The papers among the pieces of the cell of facts. */
  #papers(cell: Cell): CasePapers {
    const { exponent } = this.#plan.front.currency
    let papers = noPapers
    for (const piece of pieces(cell, ",")) {
      const [name, ...words] = piece.text.split(/ +/)
      if (name === undefined || !isPaper(name)) continue
      for (const word of words) this.#printable(name, word, piece)
      const more = withPaper(papers, name, words, (text) => {
        const amount = parseMoney(text, exponent)
        return amount === undefined || amount > maxAmount ? undefined : amount
      })
      papers = more ?? this.#stop(piece, "This is no paper.", `Write ${paperForm[name]}.`)
    }
    return papers
  }

  #fact(name: FactName, text: string, cell: Cell): FactValue {
    switch (facts[name]) {
      case "bool":
        if (text === "" || text === "true" || text === "false") return text !== "false"
        return this.#stop(cell, `${name} is true or false.`, `Write ${name}, or ${name} false.`)
      case "int":
        if (/^\d{1,9}$/.test(text) && (name !== "rank" || /^[1-9]$/.test(text))) return BigInt(text)
        return this.#stop(cell, `${name} is a whole number.`, `Write ${name} 5.`)
      case "date":
        return BigInt(this.#date({ ...cell, text }))
      case "amount":
        return this.#money({ ...cell, text })
      case "list":
        return this.#list(name, text === "" ? [] : text.split("+"), cell)
      case "string":
        if (text === "") return this.#stop(cell, `${name} has no value.`, `Write ${name} value.`)
        return this.#printable(name, text, cell)
    }
  }

  #list(name: FactName, items: readonly string[], cell: Cell): readonly string[] {
    const most = longest[name] ?? 0
    if (items.length > most) this.#stop(cell, `A claim has at most ${most} ${name}.`, "Leave some out.")
    return items.map((item) => this.#printable(name, item, cell))
  }

  #printable(name: string, text: string, cell: Cell): string {
    if (printable.test(text)) return text
    return this.#stop(cell, `${name} is no text that a claim holds.`, "Write up to 80 plain letters, digits and signs.")
  }

  buckets(cell: Cell): readonly CaseBucket[] {
    let says: CaseBucket["says"] | undefined
    return pieces(cell, ",").map((piece) => {
      const match = /^(?:(left|used) +)?(\S+) +(\S+)$/.exec(piece.text)
      if (match === null) return this.#stop(piece, "A bucket is a name and an amount.", "Write left deductible 120.00.")
      says = (match[1] as CaseBucket["says"] | undefined) ?? says
      if (says === undefined)
        return this.#stop(piece, "It is not said whether this is left or used.", "Begin with left or used.")
      const bucket = this.#plan.buckets.find((each) => each.name === match[2])
      if (bucket === undefined) {
        return this.#report.stop("unknown-name", piece, `There is no bucket “${match[2]}”.`, "Name one of the plan.")
      }
      return { bucket, says, amount: this.#amountOf(bucket, { ...piece, text: match[3]! }) }
    })
  }

  #amountOf(bucket: Bucket, cell: Cell): bigint {
    if (bucket.measure !== "count") return this.#money(cell)
    if (/^\d{1,9}$/.test(cell.text)) return BigInt(cell.text)
    return this.#stop(cell, `${bucket.name} counts whole things.`, "Write a whole number.")
  }

  #line(cell: Cell): CaseLine {
    const match = /^([A-Za-z0-9.]+)((?:-[A-Z0-9]{2})*)(?: +x(\d{1,6})(?:\.(\d{1,3}))?)? +@(\S+)$/.exec(cell.text)
    if (match === null) return this.#stop(cell, "This is no line.", "Write CODE-MOD x2 @2200.00.")
    const [, code, modifiers, whole, part, charge] = match
    const unitsMilli = whole === undefined ? 1000n : BigInt(whole + (part ?? "").padEnd(3, "0"))
    if (unitsMilli === 0n) this.#stop(cell, "The line has no unit.", "Write x1 or leave it out.")
    return {
      code: code!,
      modifiers: modifiers!.split("-").slice(1),
      unitsMilli,
      charge: this.#money({ ...cell, column: cell.column + cell.text.lastIndexOf("@") + 1, text: charge! }),
    }
  }
}

/** Rows that cannot be read are findings with the place in the `.cases` file; the others are returned. */
export function parseCases(text: string, plan: Plan): ReadCases {
  const report = new Report()
  const reader = new RowReader(plan, report)
  const cases: PlanCase[] = []
  const names = new Set<string>()
  for (const [index, row] of text.split("\n").entries()) {
    if (row.trim() === "" || row.startsWith("#")) continue
    const read = report.attempt(() => reader.row(row, index + 1))
    if (read === undefined) continue
    if (names.has(read.name)) {
      report.add("canon", { line: read.line, column: 1 }, `Two cases are called “${read.name}”.`, "Rename one.")
    }
    names.add(read.name)
    cases.push(read)
  }
  return { cases, findings: report.sorted().map((finding) => ({ ...finding, file: "cases" })) }
}

/** `left deductible 120.00, most-you-pay 412.60` outside a table; the finding is at column of the text. */
export function parseBuckets(text: string, plan: Plan): readonly CaseBucket[] | Finding {
  const report = new Report()
  const read = report.attempt(() => new RowReader(plan, report).buckets({ text, line: 1, column: 1 }))
  return read ?? report.sorted()[0]!
}
