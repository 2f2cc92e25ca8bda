/** `missing-fact`: a condition that reads what a claim does not carry, so that the line would wait for ever. */
import { formatDate } from "../../base/time.ts"
import { carried } from "../adjudicate/carried.ts"
import type { Expr, FactName } from "../language/expression.ts"
import type { Place, Report } from "../language/finding.ts"
import type { ClaimKind } from "../parts.ts"
import type { Rule } from "../plan.ts"
import { type Cell, offLine, possible, tierFor } from "./cells.ts"
import { questionFor } from "./check-conflict.ts"
import { type Formula, fails, no, yes } from "./search/formula.ts"
import type { Hit, Prover } from "./search/prover.ts"
import { replay } from "./search/replay.ts"
import { witnessFields } from "./search/sentence.ts"
import { type Known, tell } from "./tell.ts"

interface Missing {
  readonly name: FactName
  readonly at: Place
}

type Present = ReadonlySet<string>
const plus = (a: Present, b: Iterable<string>): Present => new Set([...a, ...b])

/** The facts that are surely there once the condition came to `value`. */
function shownBy(expr: Expr, value: boolean): readonly string[] {
  switch (expr.node) {
    case "has":
      return value ? [expr.name] : []
    case "fact":
      return expr.name === "inpatient" && value ? ["inpatient"] : []
    case "not":
      return shownBy(expr.operand, !value)
    case "and":
    case "or":
      if ((expr.node === "and") === value) return [...shownBy(expr.left, value), ...shownBy(expr.right, value)]
      return shownBy(expr.left, value).filter((name) => shownBy(expr.right, value).includes(name))
    default:
      return []
  }
}

/** Walks a condition as it is evaluated, left to right, stopping early where what is known decides. */
class Walk {
  readonly missing: Missing[] = []
  readonly #known: Known

  constructor(known: Known) {
    this.#known = known
  }

  #lacks(name: FactName, present: Present): boolean {
    if (present.has(name)) return false
    if (name === "tier") return this.#known.tier === undefined
    const { by, ofStays } = carried[name]
    return !by.includes(this.#known.claim) || (ofStays === true && !present.has("inpatient"))
  }

  read(expr: Expr, present: Present): void {
    if (expr.node === "fact") {
      if (this.#lacks(expr.name, present)) this.missing.push({ name: expr.name, at: expr.at })
    } else if (expr.node === "and" || expr.node === "or") {
      const decides = expr.node === "or"
      this.read(expr.left, present)
      if (tell(expr.left, this.#known) === decides) return
      this.read(expr.right, plus(present, shownBy(expr.left, !decides)))
    } else {
      if ("operand" in expr) this.read(expr.operand, present)
      if ("left" in expr) this.read(expr.left, present)
      if ("right" in expr) this.read(expr.right, present)
      if ("prefix" in expr) this.read(expr.prefix, present)
      if ("items" in expr) for (const item of expr.items) this.read(item, present)
    }
  }
}

interface Found extends Missing {
  readonly claims: Set<ClaimKind>
  readonly cell: Cell
  readonly rule: Rule
}

function lacking(rule: Rule, cells: readonly Cell[]): readonly Found[] {
  const found = new Map<string, Found>()
  const tried = new Set<string>()
  for (const cell of cells) {
    // Which facts are lacking turns on these alone, or on a category or code that `tell` follows.
    const tier = tierFor(rule.kind, cell)
    const mark = `${cell.claim} ${cell.leaf.index} ${tier}`
    if (tried.has(mark) || !possible(rule, cell)) continue
    tried.add(mark)
    const { claim, day, leaf } = cell
    const codes = rule.guard.when!.facts.includes("code") ? cell.codes : cell.codes.slice(0, 1)
    for (const code of codes) {
      const walk = new Walk({ code, claim, day, leaf, tier })
      walk.read(rule.guard.when!.expr, new Set())
      for (const { name, at } of walk.missing) {
        const key = `${at.line}:${at.column}`
        const known = found.get(key) ?? { name, at, claims: new Set(), cell: { ...cell, codes: [code] }, rule }
        known.claims.add(claim)
        found.set(key, known)
      }
    }
  }
  return [...found.values()]
}

function tellOf({ name, claims, cell, rule }: Found): { readonly message: string; readonly remedy: string } {
  const where = `${rule.clause.number}/${rule.kind}`
  const line = `a line ${cell.codes[0]} on ${formatDate(cell.day)} would wait at ${where}`
  if (name === "tier") {
    return {
      message: `${rule.kind} is decided before the tier is known: ${line} for tier.`,
      remedy: "Do not ask for tier here.",
    }
  }
  const { by, ofStays } = carried[name]
  const kinds = [...claims].join(" or ")
  const message = `Not every claim of kind ${kinds} carries ${name}: ${line} for it.`
  const others = by.filter((kind) => !claims.has(kind))
  const guard = ofStays ? `has(${name}) or inpatient` : `has(${name})`
  const or = others.length === 0 ? "" : `, or limit the rule to claims: [${others.join(", ")}]`
  return { message, remedy: `Ask ${guard} before it${or}.` }
}

const failsAs =
  (formula: Formula): Formula =>
  (choices) => {
    const value = formula(choices)
    return value === fails ? yes : value === yes ? no : value
  }

/** Lines run by the evaluator for one fact. */
const mostReplays = 12

/** A line that the evaluator makes wait for the fact; where none is found, the cell in which it is lacking. */
function witnessOf(prover: Prover, { name, cell, rule }: Found, message: string): object {
  const rules = [`${rule.clause.number}/${rule.kind}`]
  let shown: Hit | undefined
  let replays = 0
  const own = questionFor(rule.kind, prover, cell, (goals) => failsAs(goals.applies(rule)))
  prover.ask(cell, { ...own, mayLack: name === "tier" ? "none" : name }, (hit) => {
    const outcome = hit && replay(prover.plan, hit.example, cell)
    const waits = outcome?.leg.findings.some(
      ({ code, clause, missing }) => code === "missing-fact" && clause === rule.clause.number && missing === name,
    )
    if (waits === true) shown = hit
    return waits === true || ++replays >= mostReplays
  })
  const { codes, claim, tier, day } = cell
  const bare = { on: formatDate(day), member: {}, line: { code: codes[0], modifiers: [] }, tier, claim }
  const fields = shown === undefined ? bare : witnessFields(shown, prover.mentioned)
  return { code: "missing-fact", rules, ...fields, missing: name, says: message }
}

/** One finding a place in a condition, whichever effects of its clause share it. */
export function checkFacts(prover: Prover, cells: readonly Cell[], report: Report): void {
  const seen = new Set<string>()
  for (const rule of prover.plan.rules) {
    if (rule.guard.when === undefined || offLine.has(rule.kind)) continue
    report.clause = rule.clause.number
    for (const found of lacking(rule, cells)) {
      const mark = `${found.at.line}:${found.at.column}`
      if (seen.has(mark)) continue
      seen.add(mark)
      const { message, remedy } = tellOf(found)
      report.add("missing-fact", found.at, message, remedy, witnessOf(prover, found, message))
    }
  }
  report.clause = undefined
}
