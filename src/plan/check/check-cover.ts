/**
 * `uncovered`: what is covered has a price, and a share where others have one. The search looks for a line that meets
 * none of the rules; the evaluator has to agree that the line waits for a price, or is paid with no word about a share.
 */
import { formatDate } from "../../base/time.ts"
import type { Outcome } from "../adjudicate/adjudicate.ts"
import type { Kind } from "../language/effects.ts"
import type { Report } from "../language/finding.ts"
import type { Plan, Rule } from "../plan.ts"
import { type Cell, coverOf, possible, rulesIn } from "./cells.ts"
import { questionFor } from "./check-conflict.ts"
import { all } from "./search/formula.ts"
import type { Hit, Prover, Question } from "./search/prover.ts"
import { replay } from "./search/replay.ts"
import { lineInWords, witnessFields } from "./search/sentence.ts"

interface Gap {
  readonly rule: Rule
  readonly cells: Cell[]
}

/** Gathers cells by rule, so that one mistake is one finding. */
export class Gaps {
  readonly #gaps = new Map<number, Gap>()

  add(rule: Rule, cell: Cell): void {
    const gap = this.#gaps.get(rule.index)
    if (gap === undefined) this.#gaps.set(rule.index, { rule, cells: [cell] })
    else gap.cells.push(cell)
  }

  all(): readonly Gap[] {
    return [...this.#gaps.values()]
  }
}

const list = (words: Iterable<string>) => [...new Set(words)].sort().join(", ")

/** `exam, test in tier out on dental claims from 2026-07-01`: what of it is not the whole plan. */
export function placeText(plan: Plan, cells: readonly Cell[]): string {
  const { tiers, claims, effective } = plan.front
  const [inTiers, onClaims] = [new Set(cells.map(({ tier }) => tier)), new Set(cells.map(({ claim }) => claim))]
  const tier = inTiers.size < tiers.length ? ` in tier ${list(inTiers)}` : ""
  const claim = onClaims.size < claims.length ? ` on ${list(onClaims)} claims` : ""
  const from = cells[0]!.day > effective.from ? ` from ${formatDate(cells[0]!.day)}` : ""
  return `${list(cells.map(({ leaf }) => leaf.name))}${tier}${claim}${from}`
}

export function witnessOf(code: string, rule: Rule, { codes, tier, claim, day }: Cell, says: string): object {
  const rules = [`${rule.clause.number}/${rule.kind}`]
  return { code, rules, on: formatDate(day), member: {}, line: { code: codes[0], modifiers: [] }, tier, claim, says }
}

export interface Covered {
  readonly cell: Cell
  readonly cover: Rule
}

export function coveredCells(plan: Plan, cells: readonly Cell[]): readonly Covered[] {
  return cells.flatMap((cell) => {
    const cover = coverOf(plan, cell)
    return cover === undefined ? [] : [{ cell, cover }]
  })
}

const anyOf = (plan: Plan, kinds: readonly Kind[], cell: Cell) =>
  kinds.some((kind) => rulesIn(plan, kind, cell).some((rule) => possible(rule, cell)))

export const shares: readonly Kind[] = ["copay", "deductible", "coinsurance"]
const saysShare: readonly Kind[] = [...shares, "first", "waive", "capitate"]

/** Something that a covered line has to have: the kinds that give it, and how the evaluator shows that it is missing. */
interface Need {
  readonly kinds: readonly Kind[]
  readonly what: string
  readonly remedy: string
  readonly lacks: (outcome: Outcome) => boolean
}

const price: Need = {
  kinds: ["allow"],
  what: "what is allowed for it",
  remedy: "Add an allow for it, or narrow the cover.",
  lacks: ({ leg }) =>
    leg.lines[0]!.status === "pended" &&
    leg.findings.some(({ line, code, missing }) => line === 1 && code === "no-rate" && missing === "allow"),
}

const saying: ReadonlySet<string> = new Set(saysShare)
const share: Need = {
  kinds: saysShare,
  what: "what the member pays of it",
  remedy: "Give it a share, or say coinsurance: none.",
  lacks: ({ leg, trace }) => leg.lines[0]!.status === "paid" && !trace.some(({ kind }) => saying.has(kind)),
}

/** Lines run by the evaluator for one cell. */
const mostReplays = 16

type Answer = { readonly is: "covered" } | { readonly is: "open" } | { readonly is: "gap"; readonly hit: Hit }

function lookFor(need: Need, prover: Prover, cell: Cell, question: Question): Answer {
  let hit: Hit | undefined
  let replays = 0
  const outcome = prover.ask(cell, question, (found) => {
    replays++
    const shown = found && replay(prover.plan, found.example, cell)
    if (shown !== undefined && need.lacks(shown)) hit = found
    return hit !== undefined || replays >= mostReplays
  })
  if (hit !== undefined) return { is: "gap", hit }
  return { is: outcome === "gave-up" || replays > 0 ? "open" : "covered" }
}

interface Holes {
  readonly cover: Rule
  readonly cells: Cell[]
  readonly hit: Hit
  /** Some clause would give it if its condition held. */
  readonly sometimes: boolean
}

class Search {
  readonly #prover: Prover
  readonly #need: Need
  readonly #known = new Map<string, Answer>()
  readonly #holes = new Map<number, Holes>()
  readonly #open = new Map<number, Covered>()

  constructor(prover: Prover, need: Need) {
    this.#prover = prover
    this.#need = need
  }

  look({ cell, cover }: Covered): void {
    const { kinds } = this.#need
    const none = questionFor("allow", this.#prover, cell, (goals) => all(kinds.map((kind) => goals.none(kind))), kinds)
    const mark = this.#prover.signature(cell, none)
    const known = this.#known.get(mark)
    const answer = known === undefined || known.is === "open" ? lookFor(this.#need, this.#prover, cell, none) : known
    this.#known.set(mark, answer)
    if (answer.is === "open") this.#open.set(cover.index, { cell, cover })
    if (answer.is !== "gap") return
    const holes = this.#holes.get(cover.index)
    const sometimes = anyOf(this.#prover.plan, kinds, cell)
    if (holes === undefined) this.#holes.set(cover.index, { cover, cells: [cell], hit: answer.hit, sometimes })
    else if (holes.sometimes === sometimes) holes.cells.push(cell)
    // What no clause ever gives says more than what some clause gives sometimes.
    else if (holes.sometimes) this.#holes.set(cover.index, { cover, cells: [cell], hit: answer.hit, sometimes })
  }

  isHole(cell: Cell): boolean {
    return [...this.#holes.values()].some(({ cells, sometimes }) => !sometimes && cells.includes(cell))
  }

  tell(report: Report): void {
    const { plan, mentioned } = this.#prover
    const { what, remedy } = this.#need
    for (const { cover, cells, hit, sometimes } of this.#holes.values()) {
      report.clause = cover.clause.number
      const place = `${cover.clause.number} covers ${placeText(plan, cells)}`
      const line = lineInWords(plan, hit)
      const says = `${line} is covered by ${cover.clause.number}, and no clause says ${what}.`
      const message = sometimes
        ? `${place}, and not every line has a clause that says ${what}. ${line} has none.`
        : `${place}, and no clause says ${what}.`
      const rules = [`${cover.clause.number}/${cover.kind}`]
      const witness = { code: "uncovered", rules, ...witnessFields(hit, mentioned), says: `${says} ${remedy}` }
      report.add("uncovered", cover.at, message, remedy, witness)
    }
    for (const { cell, cover } of this.#open.values()) {
      if (this.#holes.has(cover.index)) continue
      report.clause = cover.clause.number
      const message = `It is not proved that some clause always says ${what} where ${cover.clause.number} covers ${placeText(plan, [cell])}.`
      report.add("not-proved", cover.at, message, "Add a clause without a condition for it. A line without one waits.")
    }
  }
}

export function checkCovered(prover: Prover, covered: readonly Covered[], report: Report): void {
  const [prices, shared] = [new Search(prover, price), new Search(prover, share)]
  const sharedSomewhere = covered.some(({ cell }) => anyOf(prover.plan, shares, cell))
  for (const each of covered) {
    prices.look(each)
    if (sharedSomewhere && !prices.isHole(each.cell)) shared.look(each)
  }
  prices.tell(report)
  shared.tell(report)
  report.clause = undefined
}
