/** A `when` as a formula over a problem's variables: what it says of a line, taken apart as far as domains reach. */
import { type Comparison, type Expr, type FactName, facts } from "../../language/expression.ts"
import { isWithin } from "../../plan.ts"
import { all, always, constant, type Formula, failing, fails, inOrder, never, no, not, yes } from "./formula.ts"
import { floorDivide, minus, type Sum, scaled, sumOf } from "./numbers.ts"
import type { Problem } from "./problem.ts"

/** A text that is known, the fact that holds it, or neither: no value, as `tier` has none before it is found. */
type Text = { readonly known: string } | { readonly fact: FactName } | undefined

export class Compiler {
  readonly #problem: Problem
  readonly #tier: string | undefined

  /** `tier` as the step knows it that asks. */
  constructor(problem: Problem, tier: string | undefined) {
    this.#problem = problem
    this.#tier = tier
  }

  formula(expr: Expr): Formula {
    switch (expr.node) {
      case "literal":
        return constant(expr.value === true)
      case "fact":
        return this.#problem.bool(expr.name)
      case "not":
        return not(this.formula(expr.operand))
      case "and":
        return inOrder(this.formula(expr.left), this.formula(expr.right), no)
      case "or":
        return inOrder(this.formula(expr.left), this.formula(expr.right), yes)
      case "compare":
        return this.#compare(expr)
      case "in":
        return this.#isIn(expr)
      case "startsWith":
        return this.#startsWith(expr)
      case "codeIn":
        return this.#problem.codeIn(expr.set)
      case "diagnosisIn":
        return this.#problem.anyInSet("diagnoses", expr.set)
      case "hasModifier":
        return this.#problem.member("modifiers", expr.modifier)
      case "is": {
        const { leaf } = this.#problem.situation
        return leaf === undefined ? failing : constant(isWithin(leaf, expr.category))
      }
      case "has":
        return this.#has(expr.name)
      default:
        return failing
    }
  }

  #has(name: FactName): Formula {
    if (name === "tier") return constant(this.#tier !== undefined)
    if (name === "category") return constant(this.#problem.situation.leaf !== undefined)
    return this.#problem.present(name, no)
  }

  #compare(expr: Extract<Expr, { node: "compare" }>): Formula {
    const { left, right, operator } = expr
    if (left.type === "bool") {
      const [a, b] = [this.formula(left), this.formula(right)]
      const same: Formula = (choices) => {
        const [x, y] = [a(choices), b(choices)]
        if (x === fails || y === fails) return fails
        return x > fails ? x : y > fails ? y : x === y ? yes : no
      }
      return operator === "==" ? same : not(same)
    }
    if (left.type === "string" || left.type === "list") {
      const same = left.type === "string" ? this.#sameText(left, right) : this.#sameList(left, right)
      return operator === "==" ? same : not(same)
    }
    const { day } = this.#problem.situation.cell
    const [a, b] = [sumOf(left, day), sumOf(right, day)]
    if (a === undefined || b === undefined) return failing
    return this.#guarded([left, right], this.#compareSums(minus(a, b), operator))
  }

  /** Every fact that is read has to be there, also where it turns out not to matter. */
  #guarded(read: readonly Expr[], formula: Formula): Formula {
    return all([...read.flatMap(namesIn).map((name) => this.#present(name)), formula])
  }

  #present(name: FactName): Formula {
    if (name === "tier") return this.#tier === undefined ? failing : always
    return this.#problem.present(name, fails)
  }

  /** A sum against zero. */
  #compareSums(sum: Sum, operator: Comparison): Formula {
    const [first, ...others] = sum.terms
    if (first === undefined) return constant(compareWithZero(sum.constant, operator))
    const backwards = first.factor < 0n
    const positive = backwards ? scaled(sum, -1n) : sum
    // One fact times a factor is that fact against a quotient.
    const factor = others.length === 0 ? positive.terms[0]!.factor : 1n
    const terms = factor === 1n ? positive.terms : [{ ...first, factor: 1n }]
    const turned = backwards ? mirrored[operator] : operator
    return this.#bounded({ constant: -positive.constant, terms }, factor, turned)
  }

  /** The terms times a factor, against the constant. */
  #bounded({ constant: bound, terms }: Sum, factor: bigint, operator: Comparison): Formula {
    const sum = { constant: 0n, terms }
    const atMost = (limit: bigint) => this.#problem.atMost(sum, floorDivide(limit, factor))
    switch (operator) {
      case "==":
      case "!=": {
        const quotient = floorDivide(bound, factor)
        const same = quotient * factor === bound ? this.#problem.equals(sum, quotient) : never
        return operator === "==" ? same : not(same)
      }
      case "<=":
        return atMost(bound)
      case "<":
        return atMost(bound - 1n)
      case ">":
        return not(atMost(bound))
      case ">=":
        return not(atMost(bound - 1n))
    }
  }

  #text(expr: Expr): Text {
    if (expr.node === "literal") return { known: expr.value as string }
    if (expr.node !== "fact") return undefined
    const { cell, leaf } = this.#problem.situation
    if (expr.name === "kind") return { known: cell.claim }
    if (expr.name === "category") return leaf && { known: leaf.name }
    if (expr.name === "tier") return this.#tier === undefined ? undefined : { known: this.#tier }
    return { fact: expr.name }
  }

  #sameText(left: Expr, right: Expr): Formula {
    const [a, b] = [this.#text(left), this.#text(right)]
    if (a === undefined || b === undefined) return failing
    if ("known" in a && "known" in b) return constant(a.known === b.known)
    if ("known" in a) return "fact" in b ? this.#problem.isText(b.fact, a.known) : failing
    if ("known" in b) return this.#problem.isText(a.fact, b.known)
    if (a.fact === b.fact) return this.#problem.present(a.fact, fails)
    return this.#opaque(`${[a.fact, b.fact].sort().join(" == ")}`, [a.fact, b.fact])
  }

  #opaque(text: string, names: readonly FactName[]): Formula {
    return all([...names.map((name) => this.#problem.present(name, fails)), this.#problem.opaque(text)])
  }

  #sameList(left: Expr, right: Expr): Formula {
    const [a, b] = [known(left), known(right)]
    if (a !== undefined && b !== undefined) return constant(JSON.stringify(a) === JSON.stringify(b))
    if (left.node === "fact" && b !== undefined) return this.#problem.isList(left.name, b)
    if (right.node === "fact" && a !== undefined) return this.#problem.isList(right.name, a)
    const names = [...namesIn(left), ...namesIn(right)].filter((name) => !isList(name))
    return this.#opaque(`${textOf(left)} == ${textOf(right)}`, names)
  }

  #isIn({ left, right }: Extract<Expr, { node: "in" }>): Formula {
    if (right.node === "list") {
      if (this.#text(left) === undefined) return failing
      let found: Formula = never
      for (const item of right.items) found = inOrder(found, this.#sameText(left, item), yes)
      return this.#guarded([left, ...right.items], found)
    }
    const wanted = this.#text(left)
    if (wanted === undefined || right.node !== "fact") return failing
    if ("known" in wanted) return this.#problem.member(right.name, wanted.known)
    return this.#opaque(`${wanted.fact} in ${right.name}`, [wanted.fact])
  }

  #startsWith({ left, prefix }: Extract<Expr, { node: "startsWith" }>): Formula {
    const [text, beginning] = [this.#text(left), this.#text(prefix)]
    if (text === undefined || beginning === undefined) return failing
    if ("known" in beginning) {
      if ("known" in text) return constant(text.known.startsWith(beginning.known))
      return this.#problem.begins(text.fact, beginning.known)
    }
    const names = "fact" in text ? [text.fact, beginning.fact] : [beginning.fact]
    return this.#opaque(`startsWith(${textOf(left)}, ${beginning.fact})`, names)
  }
}

const isList = (name: FactName) => facts[name] === "list"

/** The facts of an expression or a list, those too that cancel out. */
function namesIn(expr: Expr): readonly FactName[] {
  if (expr.node === "fact") return [expr.name]
  if (expr.node === "list") return expr.items.flatMap(namesIn)
  if (expr.node === "negate") return namesIn(expr.operand)
  return "left" in expr && "right" in expr ? [...namesIn(expr.left), ...namesIn(expr.right)] : []
}

const mirrored = { "<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!=" } as const

function compareWithZero(value: bigint, operator: Comparison): boolean {
  switch (operator) {
    case "==":
      return value === 0n
    case "!=":
      return value !== 0n
    case "<":
      return value < 0n
    case "<=":
      return value <= 0n
    case ">":
      return value > 0n
    case ">=":
      return value >= 0n
  }
}

/** The items of a list that is written out. */
function known(expr: Expr): readonly string[] | undefined {
  if (expr.node !== "list") return undefined
  const items = expr.items.map((item) => (item.node === "literal" ? (item.value as string) : undefined))
  return items.every((item) => item !== undefined) ? items : undefined
}

function textOf(expr: Expr): string {
  if (expr.node === "fact") return expr.name
  if (expr.node === "literal") return JSON.stringify(String(expr.value))
  return expr.node === "list" ? `[${expr.items.map(textOf).join(", ")}]` : expr.node
}
