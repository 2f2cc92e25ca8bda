/** One line out of a search's choices: what they need, as figures, texts and lists, and the usual for what they leave. */
import type { FactName } from "../../language/expression.ts"
import type { Day } from "../../parts.ts"
import { addYears, chooseNumbers, type Limit } from "./choose-numbers.ts"
import type { Choices } from "./formula.ts"
import { factSum, factsIn, minus, type Span, type Sum, scaled, unbounded } from "./numbers.ts"
import { absent, type Problem, type Value } from "./problem.ts"

export interface Example {
  readonly code: string
  readonly numbers: ReadonlyMap<FactName, bigint>
  readonly texts: ReadonlyMap<FactName, string>
  readonly bools: ReadonlyMap<FactName, boolean>
  readonly lists: ReadonlyMap<FactName, readonly string[]>
  /** Facts that the claim has to lack. */
  readonly lacking: ReadonlySet<FactName>
  /** By clause: whether the person whom it leaves the decision to says that it applies. */
  readonly decisions: ReadonlyMap<string, boolean>
  /** Every fact that the search chose, in the order in which it did. */
  readonly chosen: ReadonlySet<FactName>
}

/** What is usual where a search leaves a fact open. */
export interface Usual {
  readonly code: string
  readonly charge: bigint
  readonly texts: ReadonlyMap<FactName, string>
  /** Facts that count and are absent from most claims: given only where some condition reads them. */
  readonly mentioned: ReadonlySet<FactName>
}

type Chosen = ReadonlyMap<FactName, bigint>
type Figure = (chosen: Chosen) => bigint

const as =
  (name: FactName): Figure =>
  (chosen) =>
    chosen.get(name) ?? 0n
const before =
  (years: number): Figure =>
  (chosen) =>
    BigInt(addYears(Number(chosen.get("from") ?? 0n), -years))

function usualFigures(day: Day, usual: Usual, lacking: ReadonlySet<FactName>): ReadonlyMap<FactName, Figure> {
  const figures = new Map<FactName, Figure>([
    ["from", () => BigInt(day)],
    ["to", as("from")],
    ["days", () => 1n],
    ["units", () => 1n],
    ["unitsMilli", (chosen) => (lacking.has("units") ? 1500n : (chosen.get("units") ?? 1n) * 1000n)],
    ["charge", () => usual.charge],
    ["received", as("to")],
    ["clean", as("received")],
    ["admitted", as("from")],
    ["discharged", as("to")],
    ["born", before(40)],
    ["coverFrom", before(3)],
    ["enrolled", before(3)],
    ["coverTo", (chosen) => (chosen.get("to") ?? 0n) + 30n],
    ["members", () => 2n],
    ["rank", () => 1n],
    ["supply", () => 30n],
  ])
  for (const name of lacking) figures.delete(name)
  if (!usual.mentioned.has("coverTo")) figures.delete("coverTo")
  return figures
}

const notNegative: Span = { least: 0n, most: unbounded.most }
const zero: Span = { least: 0n, most: 0n }
const apart = (later: FactName, earlier: FactName): Sum => minus(factSum(later), factSum(earlier))

/** What holds between the facts of any line that is looked at. */
function natural(figures: ReadonlyMap<FactName, unknown>, strict: boolean): readonly Limit[] {
  const stay = { ...minus(factSum("days"), apart("to", "from")), constant: -1n }
  const limits: Limit[] = [
    { sum: stay, span: zero },
    { sum: minus(scaled(factSum("units"), 1000n), factSum("unitsMilli")), span: zero },
    { sum: apart("to", "from"), span: notNegative },
    { sum: apart("from", "coverFrom"), span: notNegative },
    { sum: apart("coverTo", "to"), span: notNegative },
    { sum: factSum("unitsMilli"), span: { least: 1n, most: 10n ** 12n } },
  ]
  if (strict) {
    limits.push({ sum: apart("received", "to"), span: notNegative }, { sum: apart("from", "born"), span: notNegative })
  }
  return limits.filter(({ sum }) => factsIn(sum).every((name) => figures.has(name)))
}

/** Of a list: exactly what a condition writes out, or the elements it has to hold and none that it must not. */
function listOf(elements: readonly string[], forms: readonly (readonly string[])[]): readonly string[] {
  const isForm = (list: readonly string[]) => forms.some((form) => JSON.stringify(form) === JSON.stringify(list))
  const [first] = elements
  for (const more of [[], first === undefined ? [] : [first], ["ZZ"], ["ZY"]]) {
    const tried = [...elements, ...more]
    if (!isForm(tried)) return tried
  }
  return elements
}

class Gathering {
  readonly limits: Limit[] = []
  readonly texts = new Map<FactName, string>()
  readonly bools = new Map<FactName, boolean>()
  readonly lists = new Map<FactName, readonly string[]>()
  readonly lacking = new Set<FactName>()
  readonly decisions = new Map<string, boolean>()
  readonly chosen = new Set<FactName>()
  readonly #bits = new Map<FactName, string[]>()
  readonly #forms = new Map<FactName, readonly (readonly string[])[]>()

  add(variable: Problem["variables"][number], value: Value): void {
    switch (variable.is) {
      case "number":
        this.#number(variable.sum, value)
        break
      case "text":
        this.chosen.add(variable.name)
        if (value === absent) this.lacking.add(variable.name)
        else this.texts.set(variable.name, value as string)
        break
      case "bool":
        this.chosen.add(variable.name)
        this.bools.set(variable.name, value === true)
        break
      case "bit":
        this.chosen.add(variable.list)
        if (value === true) this.#bits.set(variable.list, [...(this.#bits.get(variable.list) ?? []), variable.element])
        break
      case "form":
        this.chosen.add(variable.list)
        if (value !== undefined) this.lists.set(variable.list, value as readonly string[])
        else this.#forms.set(variable.list, [...variable.forms.values()])
        break
      case "decision":
        this.decisions.set(variable.clause, value === true)
        break
      case "opaque":
    }
  }

  #number(sum: Sum, value: Value): void {
    for (const name of factsIn(sum)) this.chosen.add(name)
    if (value === absent) for (const name of factsIn(sum)) this.lacking.add(name)
    else this.limits.push({ sum, span: value as Span })
  }

  finish(): void {
    for (const list of new Set([...this.#bits.keys(), ...this.#forms.keys()])) {
      if (!this.lists.has(list)) {
        this.lists.set(list, listOf(this.#bits.get(list) ?? [], this.#forms.get(list) ?? []))
      }
    }
  }
}

/** Undefined when no figures were found that meet everything that was chosen. */
export function exampleOf(problem: Problem, choices: Choices, usual: Usual): Example | undefined {
  const found = new Gathering()
  for (const variable of problem.variables) {
    const choice = choices[variable.index]!
    if (choice >= 0) found.add(variable, variable.domain[choice])
  }
  found.finish()
  const figures = usualFigures(problem.situation.cell.day, usual, found.lacking)
  const stretch: Limit = {
    sum: factSum("from"),
    span: { least: BigInt(problem.situation.cell.day), most: BigInt(problem.situation.cell.until - 1) },
  }
  const limits = [...found.limits, stretch]
  const numbers =
    chooseNumbers(figures, [...limits, ...natural(figures, true)]) ??
    chooseNumbers(figures, [...limits, ...natural(figures, false)])
  if (numbers === undefined) return undefined
  const texts = new Map([...usual.texts].filter(([name]) => !found.lacking.has(name)))
  for (const [name, text] of found.texts) texts.set(name, text)
  const { bools, lists, lacking, decisions, chosen } = found
  return { code: texts.get("code") ?? usual.code, numbers, texts, bools, lists, lacking, decisions, chosen }
}
