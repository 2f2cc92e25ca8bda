/**
 * Runs a `when`. It fails closed: a fact it reaches and the input lacks, a sum beyond 64 bits or a set without an edition
 * gives the reason instead of a value. Operands are tried left to right and an operand not reached cannot fail.
 */
import { civilDate } from "../../base/time.ts"
import type { Day } from "../parts.ts"
import { isWithin, setHolds, valueOn } from "../plan.ts"
import type { Condition, Expr, FactName, FactSource, FactValue, WhenFailure } from "./expression.ts"
import type { Place, Report } from "./finding.ts"
import { largestInt, parseWhen, type WhenNames } from "./when-parse.ts"

type Value = FactValue | WhenFailure
type Run = (source: FactSource) => Value

/** Facts that are false unless the claim says otherwise; every other absent fact is absent. */
const falseUnlessSaid: ReadonlySet<FactName> = new Set(["inpatient", "emergency", "accident", "workRelated"])

const overflow: WhenFailure = { code: "overflow", missing: "a number of at most 64 bits" }

function failed(value: Value): value is WhenFailure {
  return typeof value === "object" && "missing" in value
}

/** Whole years on a day; they change on the birthday, for 29 February on 1 March in common years. */
export function ageOn(born: Day, on: Day): number {
  const [a, b] = [civilDate(born), civilDate(on)]
  const had = b.month > a.month || (b.month === a.month && b.day >= a.day)
  return b.year - a.year - (had ? 0 : 1)
}

function read(name: FactName): Run {
  const missing: WhenFailure = { code: "missing-fact", missing: name }
  const absent: Value = falseUnlessSaid.has(name) ? false : missing
  return (source) => source.read(name) ?? absent
}

function pair(left: Run, right: Run, join: (a: FactValue, b: FactValue) => Value): Run {
  return (source) => {
    const a = left(source)
    if (failed(a)) return a
    const b = right(source)
    return failed(b) ? b : join(a, b)
  }
}

function equal(a: FactValue, b: FactValue): boolean {
  if (typeof a !== "object" || typeof b !== "object") return a === b
  return a.length === b.length && a.every((item, index) => item === b[index])
}

const comparisons: Readonly<Record<string, (a: FactValue, b: FactValue) => boolean>> = {
  "==": equal,
  "!=": (a, b) => !equal(a, b),
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
}

const checked = (value: bigint): Value => (value > largestInt || value < -largestInt - 1n ? overflow : value)

const arithmetic: Readonly<Record<string, (a: FactValue, b: FactValue) => Value>> = {
  "+": (a, b) => checked((a as bigint) + (b as bigint)),
  "-": (a, b) => checked((a as bigint) - (b as bigint)),
  "*": (a, b) => checked((a as bigint) * (b as bigint)),
}

function compileSet(expr: Extract<Expr, { node: "codeIn" | "diagnosisIn" }>): Run {
  const { set } = expr
  const noTable: WhenFailure = { code: "no-table", missing: set.name }
  if (expr.node === "codeIn") {
    const code = read("code")
    return (source) => {
      const value = code(source)
      return failed(value) ? value : (setHolds(set, value as string, source.day) ?? noTable)
    }
  }
  const diagnoses = read("diagnoses")
  return (source) => {
    const value = diagnoses(source)
    if (failed(value)) return value
    if (setHolds(set, "", source.day) === undefined) return noTable
    return (value as readonly string[]).some((code) => setHolds(set, code, source.day) === true)
  }
}

function compileList(items: readonly Expr[]): Run {
  const runs = items.map(compile)
  return (source) => {
    const values: string[] = []
    for (const run of runs) {
      const value = run(source)
      if (failed(value)) return value
      values.push(value as string)
    }
    return values
  }
}

function compileLogic(expr: Extract<Expr, { node: "and" | "or" }>): Run {
  const [left, right] = [compile(expr.left), compile(expr.right)]
  const decides = expr.node === "or"
  return (source) => {
    const value = left(source)
    return failed(value) || value === decides ? value : right(source)
  }
}

function compile(expr: Expr): Run {
  switch (expr.node) {
    case "literal": {
      const { value } = expr
      return () => value
    }
    case "list":
      return compileList(expr.items)
    case "fact":
      return read(expr.name)
    case "not":
    case "negate":
      return compileUnary(expr)
    case "and":
    case "or":
      return compileLogic(expr)
    case "compare":
      return pair(compile(expr.left), compile(expr.right), comparisons[expr.operator]!)
    case "in":
      return pair(compile(expr.left), compile(expr.right), (a, b) => (b as readonly string[]).includes(a as string))
    case "arithmetic":
      return pair(compile(expr.left), compile(expr.right), arithmetic[expr.operator]!)
    case "age":
      return pair(compile(expr.left), compile(expr.right), (a, b) => BigInt(ageOn(Number(a), Number(b))))
    case "days":
      return pair(compile(expr.left), compile(expr.right), (a, b) => checked((b as bigint) - (a as bigint)))
    case "startsWith":
      return pair(compile(expr.left), compile(expr.prefix), (a, b) => (a as string).startsWith(b as string))
    default:
      return compileLookup(expr)
  }
}

function compileUnary(expr: Extract<Expr, { node: "not" | "negate" }>): Run {
  const operand = compile(expr.operand)
  const not = expr.node === "not"
  return (source) => {
    const value = operand(source)
    if (failed(value)) return value
    return not ? !(value as boolean) : checked(-(value as bigint))
  }
}

function compileLookup(
  expr: Extract<Expr, { node: "codeIn" | "diagnosisIn" | "hasModifier" | "is" | "has" | "number" }>,
): Run {
  switch (expr.node) {
    case "codeIn":
    case "diagnosisIn":
      return compileSet(expr)
    case "hasModifier": {
      const modifiers = read("modifiers")
      return (source) => {
        const value = modifiers(source)
        return failed(value) ? value : (value as readonly string[]).includes(expr.modifier)
      }
    }
    case "is": {
      const missing: WhenFailure = { code: "missing-fact", missing: "category" }
      return (source) => (source.leaf === undefined ? missing : isWithin(source.leaf, expr.category))
    }
    case "has":
      return (source) => falseUnlessSaid.has(expr.name) || source.read(expr.name) !== undefined
    case "number": {
      const missing: WhenFailure = { code: "no-table", missing: expr.number.name }
      return (source) => valueOn(expr.number, source.day) ?? missing
    }
  }
}

function factsOf(expr: Expr, into: Set<FactName>): Set<FactName> {
  if (expr.node === "fact") into.add(expr.name)
  if (expr.node === "codeIn") into.add("code")
  if (expr.node === "diagnosisIn") into.add("diagnoses")
  if (expr.node === "hasModifier") into.add("modifiers")
  if (expr.node === "is") into.add("category")
  if ("operand" in expr) factsOf(expr.operand, into)
  if ("left" in expr) factsOf(expr.left, into)
  if ("right" in expr) factsOf(expr.right, into)
  if ("prefix" in expr) factsOf(expr.prefix, into)
  if ("items" in expr) for (const item of expr.items) factsOf(item, into)
  return into
}

/** @throws Stop with a finding at the column of the first error. */
export function readWhen(source: string, place: Place, names: WhenNames, report: Report): Condition {
  const expr = parseWhen(source, place, names, report)
  const run = compile(expr)
  return {
    source,
    at: place,
    expr,
    facts: [...factsOf(expr, new Set())],
    test: (facts) => run(facts) as boolean | WhenFailure,
  }
}
