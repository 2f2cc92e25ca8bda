/**
 * The facts that one question about rules mentions, as variables with finite domains: the stretches between constants,
 * the texts that are named and the classes of those that only begin alike, one bit for each element of a list, the codes
 * that no condition tells apart. Every line of the situation falls in one combination of them.
 */

import { type FactName, facts } from "../../language/expression.ts"
import type { Category, CodeSet } from "../../parts.ts"
import { setHolds } from "../../plan.ts"
import type { Cell } from "../cells.ts"
import { classes } from "./classes.ts"
import { constant, type Formula, failing, fails, firstOpen, no, yes } from "./formula.ts"
import { factSum, keyOf, type Span, type Sum, spansBetween, unbounded } from "./numbers.ts"

/** A value that stands for all that conditions cannot tell from it; `absent` where the claim lacks the fact. */
export const absent = Symbol("the fact is absent")
export type Value = Span | string | boolean | readonly string[] | undefined | typeof absent

interface Base {
  readonly index: number
  /** Empty until the problem is sealed. */
  domain: readonly Value[]
}
export interface NumberVariable extends Base {
  readonly is: "number"
  /** Without its constant. */
  readonly sum: Sum
  readonly starts: Set<bigint>
}
export interface TextVariable extends Base {
  readonly is: "text"
  readonly name: FactName
  readonly constants: Set<string>
  readonly prefixes: Set<string>
}
export interface BitVariable extends Base {
  readonly is: "bit"
  readonly list: FactName
  readonly element: string
}
/** Whether a list is exactly one of those that conditions write out, or, undefined, none of them. */
export interface FormVariable extends Base {
  readonly is: "form"
  readonly list: FactName
  readonly forms: Map<string, readonly string[]>
}
export interface BoolVariable extends Base {
  readonly is: "bool"
  readonly name: FactName
}
/** A comparison that is not taken apart. */
export interface OpaqueVariable extends Base {
  readonly is: "opaque"
}
/** What the person whom a clause leaves the decision to has decided. */
export interface DecisionVariable extends Base {
  readonly is: "decision"
  readonly clause: string
}
export type Variable =
  | NumberVariable
  | TextVariable
  | BitVariable
  | FormVariable
  | BoolVariable
  | OpaqueVariable
  | DecisionVariable

/** What is fixed of a line: all of the cell, save the first day, which may move within the cell's stretch. */
export interface Situation {
  readonly cell: Cell
  /** Undefined for a line whose code is in no category. */
  readonly leaf: Category | undefined
  /** Facts that some condition asks `has` for, and that a claim may lack. */
  readonly mayLack: ReadonlySet<FactName>
  /** Providers or contracts by which tables tell the tier: worth being tried as such. */
  readonly keys: ReadonlyMap<FactName, readonly string[]>
}

const closed: Partial<Record<FactName, readonly string[]>> = {
  frequency: ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
  assurance: ["patient", "proxy", "attested", "silent"],
}

/** What a fact that counts can be at all. */
function boundsOf(name: FactName, cell: Cell): Span {
  if (name === "from") return { least: BigInt(cell.day), most: BigInt(cell.until - 1) }
  if (name === "rank") return { least: 1n, most: 9n }
  if (name === "days") return { least: 1n, most: unbounded.most }
  return facts[name] === "date" ? unbounded : { least: 0n, most: unbounded.most }
}

interface ListState {
  readonly bits: Map<string, BitVariable>
  readonly sets: Set<CodeSet>
  form: FormVariable | undefined
}

export class Problem {
  readonly situation: Situation
  readonly variables: Variable[] = []
  #lookups = 0
  readonly #byKey = new Map<string, Variable>()
  readonly #lists = new Map<FactName, ListState>()
  readonly #atoms: {
    readonly variable: Variable
    readonly table: number[]
    readonly tell: (value: Value) => number
  }[] = []

  /** How many things are asked of the variables. */
  get size(): number {
    return this.#atoms.length + this.#lookups + this.variables.length
  }

  constructor(situation: Situation) {
    this.situation = situation
  }

  #variable<V extends Variable>(key: string, make: (index: number) => V): V {
    const known = this.#byKey.get(key)
    if (known !== undefined) return known as V
    const made = make(this.variables.length)
    this.#byKey.set(key, made)
    this.variables.push(made)
    return made
  }

  /** What `tell` says of the chosen value; a fact that is absent fails unless `tell` takes it. */
  #atom(variable: Variable, tell: (value: Value) => number): Formula {
    const table: number[] = []
    this.#atoms.push({ variable, table, tell })
    const { index } = variable
    return (choices) => {
      const chosen = choices[index]!
      return chosen < 0 ? firstOpen + index : table[chosen]!
    }
  }

  #number(sum: Sum): NumberVariable {
    const key = `number ${keyOf(sum)}`
    const bare = { constant: 0n, terms: sum.terms }
    return this.#variable(key, (index) => ({ is: "number", index, domain: [], sum: bare, starts: new Set() }))
  }

  /** Whether a sum's terms are at most a bound. */
  atMost(sum: Sum, bound: bigint): Formula {
    const variable = this.#number(sum)
    variable.starts.add(bound + 1n)
    return this.#atom(variable, (value) => (value === absent ? fails : (value as Span).most <= bound ? yes : no))
  }

  equals(sum: Sum, wanted: bigint): Formula {
    const variable = this.#number(sum)
    variable.starts.add(wanted).add(wanted + 1n)
    return this.#atom(variable, (value) => {
      if (value === absent) return fails
      const { least, most } = value as Span
      return least === wanted && most === wanted ? yes : no
    })
  }

  #text(name: FactName): TextVariable {
    return this.#variable(`text ${name}`, (index) => {
      return { is: "text", index, domain: [], name, constants: new Set(), prefixes: new Set() }
    })
  }

  isText(name: FactName, wanted: string): Formula {
    const variable = this.#text(name)
    variable.constants.add(wanted)
    return this.#atom(variable, (value) => (value === absent ? fails : value === wanted ? yes : no))
  }

  begins(name: FactName, prefix: string): Formula {
    const variable = this.#text(name)
    variable.prefixes.add(prefix)
    return this.#atom(variable, (value) => (value === absent ? fails : (value as string).startsWith(prefix) ? yes : no))
  }

  codeIn(set: CodeSet): Formula {
    const { day } = this.situation.cell
    if (setHolds(set, "", day) === undefined) return failing
    return this.#atom(this.#text("code"), (value) => (setHolds(set, value as string, day) === true ? yes : no))
  }

  bool(name: FactName): Formula {
    const variable = this.#variable(`bool ${name}`, (index): BoolVariable => ({ is: "bool", index, domain: [], name }))
    return this.#atom(variable, (value) => (value === true ? yes : no))
  }

  /** A comparison by its own text, true or false as the search likes; its facts have to be there. */
  opaque(text: string): Formula {
    const variable = this.#variable(`opaque ${text}`, (index): OpaqueVariable => ({ is: "opaque", index, domain: [] }))
    return this.#atom(variable, (value) => (value === true ? yes : no))
  }

  decision(clause: string): Formula {
    const variable = this.#variable(`decision ${clause}`, (index): DecisionVariable => {
      return { is: "decision", index, domain: [], clause }
    })
    return this.#atom(variable, (value) => (value === true ? yes : no))
  }

  /** Whether a claim that may lack a fact has it; where it cannot be lacking, yes. `otherwise` where it lacks it. */
  present(name: FactName, otherwise: typeof no | typeof fails): Formula {
    if (!this.situation.mayLack.has(name)) return constant(true)
    const counts = facts[name] !== "string"
    const variable = counts ? this.#number(factSum(name)) : this.#text(name)
    return this.#atom(variable, (value) => (value === absent ? otherwise : yes))
  }

  #list(name: FactName): ListState {
    const known = this.#lists.get(name)
    if (known !== undefined) return known
    const state: ListState = { bits: new Map(), sets: new Set(), form: undefined }
    this.#lists.set(name, state)
    return state
  }

  #bit(list: FactName, element: string): BitVariable {
    const bit = this.#variable(`bit ${list} ${element}`, (index): BitVariable => {
      return { is: "bit", index, domain: [], list, element }
    })
    this.#list(list).bits.set(element, bit)
    return bit
  }

  /** Whether the list holds one of its elements that `wanted` takes. */
  #holds(list: FactName, wanted: (element: string) => boolean): Formula {
    this.#lookups++
    const state = this.#list(list)
    // Told when the formula first runs: by then every element has its bit.
    let mine: readonly BitVariable[] | undefined
    return (choices) => {
      if (state.form !== undefined) {
        const chosen = choices[state.form.index]!
        if (chosen < 0) return firstOpen + state.form.index
        const form = state.form.domain[chosen] as readonly string[] | undefined
        if (form !== undefined) return form.some(wanted) ? yes : no
      }
      mine ??= [...state.bits.values()].filter(({ element }) => wanted(element))
      let open: number = no
      for (const bit of mine) {
        const chosen = choices[bit.index]!
        if (chosen < 0) open = open === no ? firstOpen + bit.index : open
        else if (bit.domain[chosen] === true) return yes
      }
      return open
    }
  }

  member(list: FactName, element: string): Formula {
    this.#bit(list, element)
    return this.#holds(list, (other) => other === element)
  }

  anyInSet(list: FactName, set: CodeSet): Formula {
    const { day } = this.situation.cell
    if (setHolds(set, "", day) === undefined) return failing
    this.#list(list).sets.add(set)
    return this.#holds(list, (element) => setHolds(set, element, day) === true)
  }

  isList(list: FactName, wanted: readonly string[]): Formula {
    const state = this.#list(list)
    const form = this.#variable(`form ${list}`, (index): FormVariable => {
      return { is: "form", index, domain: [], list, forms: new Map() }
    })
    state.form = form
    form.forms.set(JSON.stringify(wanted), wanted)
    const key = JSON.stringify(wanted)
    return this.#atom(form, (value) => (value !== undefined && JSON.stringify(value) === key ? yes : no))
  }

  /** Fixes the domains: nothing may be asked of the problem afterwards. Returns their sizes by variable. */
  seal(): readonly number[] {
    for (const [list, state] of this.#lists) {
      for (const element of this.#representatives([...state.sets], state.bits)) this.#bit(list, element)
    }
    for (const variable of this.variables) variable.domain = this.#domainOf(variable)
    for (const { variable, table, tell } of this.#atoms) table.push(...variable.domain.map(tell))
    return this.variables.map(({ domain }) => domain.length)
  }

  #domainOf(variable: Variable): readonly Value[] {
    switch (variable.is) {
      case "number":
        return this.#spans(variable)
      case "text":
        return this.#texts(variable)
      case "form":
        return [undefined, ...variable.forms.values()]
      case "decision":
        return [true, false]
      default:
        return [false, true]
    }
  }

  #spans({ sum, starts }: NumberVariable): readonly Value[] {
    const [only, ...others] = sum.terms
    if (only?.part.is === "fact" && others.length === 0) {
      const { name } = only.part
      const spans = spansBetween(starts, boundsOf(name, this.situation.cell))
      return this.situation.mayLack.has(name) ? [...spans, absent] : spans
    }
    // Nobody is younger than nothing: tried last, and only because a claim may say so.
    const isAge = only?.part.is === "age" && others.length === 0
    const spans = spansBetween(isAge ? [...starts, 0n] : starts, unbounded)
    return isAge ? [...spans.filter(({ least }) => least >= 0n), ...spans.filter(({ least }) => least < 0n)] : spans
  }

  #texts(variable: TextVariable): readonly Value[] {
    const { name, constants, prefixes } = variable
    if (name === "code") return this.#codes(variable)
    const known = closed[name]
    const texts = known ?? [...classes(constants, prefixes), ...(this.situation.keys.get(name) ?? []), ...constants]
    const distinct = [...new Set(texts)]
    return this.situation.mayLack.has(name) ? [...distinct, absent] : distinct
  }

  /** What all that is asked of a variable says of a value. */
  #answers(variable: Variable): (value: Value) => string {
    const atoms = this.#atoms.filter((atom) => atom.variable === variable)
    return (value) => atoms.map(({ tell }) => tell(value)).join("")
  }

  /** Whether nothing that is asked tells two values of a variable apart. */
  alike(variable: Variable, a: Value, b: Value): boolean {
    const answers = this.#answers(variable)
    return answers(a) === answers(b)
  }

  /** The first code of each group that nothing tells apart. */
  #codes(variable: TextVariable): readonly string[] {
    const answers = this.#answers(variable)
    const found = new Map<string, string>()
    for (const code of this.situation.cell.codes) {
      const group = answers(code)
      if (!found.has(group)) found.set(group, code)
    }
    return [...found.values()]
  }

  /** One code for each combination of the sets that hold it, beside those that have a bit already. */
  #representatives(sets: readonly CodeSet[], known: ReadonlyMap<string, unknown>): readonly string[] {
    const { day } = this.situation.cell
    const found = new Map<string, string>()
    for (const set of sets) {
      for (const edition of set.editions) {
        if (day < edition.from || day >= edition.until) continue
        for (const code of edition.codes) {
          const group = sets.map((other) => (setHolds(other, code, day) === true ? 1 : 0)).join("")
          if (!known.has(code) && !found.has(group)) found.set(group, code)
        }
      }
    }
    return [...found.values()]
  }
}
