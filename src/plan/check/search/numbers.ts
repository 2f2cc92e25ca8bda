/**
 * Numbers in conditions as sums of facts, ages and products times whole factors: `days(from, received) > 30` speaks of
 * received - from. Each different sum is a variable of its own, whose values are the stretches between its constants.
 */
import type { Expr, FactName } from "../../language/expression.ts"
import { ageOn } from "../../language/when.ts"
import { largestInt } from "../../language/when-parse.ts"
import type { Day } from "../../parts.ts"
import { valueOn } from "../../plan.ts"

/** What a fact is worth, in whole units, minor units or day numbers; undefined while it is not chosen. */
export type ReadNumber = (name: FactName) => bigint | undefined

export type Part =
  | { readonly is: "fact"; readonly name: FactName }
  | { readonly is: "age"; readonly born: FactName | bigint; readonly on: FactName | bigint }
  | { readonly is: "product"; readonly left: Sum; readonly right: Sum }

export interface Term {
  readonly key: string
  readonly part: Part
  readonly factor: bigint
}

/** A constant and terms with different keys, in the order of these. */
export interface Sum {
  readonly constant: bigint
  readonly terms: readonly Term[]
}

/** Both bounds belong to it. */
export interface Span {
  readonly least: bigint
  readonly most: bigint
}

/** Further from zero than any value of a fact. */
export const unbounded: Span = { least: -largestInt, most: largestInt }

const ofPart = (key: string, part: Part): Sum => ({ constant: 0n, terms: [{ key, part, factor: 1n }] })
export const factSum = (name: FactName): Sum => ofPart(name, { is: "fact", name })

export function scaled(sum: Sum, factor: bigint): Sum {
  if (factor === 0n) return { constant: 0n, terms: [] }
  const terms = sum.terms.map((term) => ({ ...term, factor: term.factor * factor }))
  return { constant: sum.constant * factor, terms }
}

export function added(a: Sum, b: Sum): Sum {
  const terms = new Map(a.terms.map((term) => [term.key, term]))
  for (const term of b.terms) {
    const known = terms.get(term.key)
    terms.set(term.key, known === undefined ? term : { ...term, factor: known.factor + term.factor })
  }
  const kept = [...terms.values()].filter(({ factor }) => factor !== 0n)
  kept.sort((x, y) => (x.key < y.key ? -1 : 1))
  return { constant: a.constant + b.constant, terms: kept }
}

export const minus = (a: Sum, b: Sum): Sum => added(a, scaled(b, -1n))

/** `2*units + charge`: the same text for the same sum, whatever its constant. */
export function keyOf({ terms }: Sum): string {
  return terms.map(({ key, factor }) => (factor === 1n ? key : `${factor}*${key}`)).join(" + ")
}

const dateKey = (date: FactName | bigint) => String(date)

function ageSum(born: Sum, on: Sum): Sum {
  const dateOf = (sum: Sum): FactName | bigint => {
    const part = sum.terms[0]?.part
    return part?.is === "fact" ? part.name : sum.constant
  }
  const [from, until] = [dateOf(born), dateOf(on)]
  if (typeof from === "bigint" && typeof until === "bigint") {
    return { constant: BigInt(ageOn(Number(from), Number(until))), terms: [] }
  }
  return ofPart(`age(${dateKey(from)}, ${dateKey(until)})`, { is: "age", born: from, on: until })
}

function productSum(left: Sum, right: Sum): Sum {
  if (left.terms.length === 0) return scaled(right, left.constant)
  if (right.terms.length === 0) return scaled(left, right.constant)
  const key = (sum: Sum) => `(${keyOf(sum)} + ${sum.constant})`
  const [a, b] = [key(left), key(right)].sort() as [string, string]
  return ofPart(`${a}*${b}`, { is: "product", left, right })
}

/** An expression that counts, as a sum; undefined where a number has no value on the day, so that it fails. */
export function sumOf(expr: Expr, day: Day): Sum | undefined {
  if (expr.node === "literal") return { constant: expr.value as bigint, terms: [] }
  if (expr.node === "fact") return factSum(expr.name)
  if (expr.node === "number") {
    const value = valueOn(expr.number, day)
    return value === undefined ? undefined : { constant: value, terms: [] }
  }
  if (expr.node === "negate") {
    const operand = sumOf(expr.operand, day)
    return operand && scaled(operand, -1n)
  }
  if (expr.node !== "arithmetic" && expr.node !== "age" && expr.node !== "days") return undefined
  const [left, right] = [sumOf(expr.left, day), sumOf(expr.right, day)]
  if (left === undefined || right === undefined) return undefined
  if (expr.node === "age") return ageSum(left, right)
  if (expr.node === "days") return minus(right, left)
  if (expr.node !== "arithmetic") return undefined
  if (expr.operator === "*") return productSum(left, right)
  return expr.operator === "+" ? added(left, right) : minus(left, right)
}

/** Every fact that a sum reads. */
export function factsIn(sum: Sum): readonly FactName[] {
  return sum.terms.flatMap(({ part }) => {
    if (part.is === "fact") return [part.name]
    if (part.is === "product") return [...factsIn(part.left), ...factsIn(part.right)]
    return [part.born, part.on].filter((date) => typeof date !== "bigint")
  })
}

function partValue(part: Part, read: ReadNumber): bigint | undefined {
  const dateOf = (date: FactName | bigint) => (typeof date === "bigint" ? date : read(date))
  if (part.is === "fact") return read(part.name)
  if (part.is === "age") {
    const [born, on] = [dateOf(part.born), dateOf(part.on)]
    return born === undefined || on === undefined ? undefined : BigInt(ageOn(Number(born), Number(on)))
  }
  const [left, right] = [sumValue(part.left, read), sumValue(part.right, read)]
  return left === undefined || right === undefined ? undefined : left * right
}

export function sumValue(sum: Sum, read: ReadNumber): bigint | undefined {
  let total = sum.constant
  for (const { part, factor } of sum.terms) {
    const value = partValue(part, read)
    if (value === undefined) return undefined
    total += value * factor
  }
  return total
}

export const floorDivide = (a: bigint, b: bigint): bigint => (a - (((a % b) + b) % b)) / b

/** The stretches between the first values of each, within bounds. */
export function spansBetween(starts: Iterable<bigint>, { least, most }: Span): readonly Span[] {
  const inside = [...new Set(starts)].filter((start) => start > least && start <= most)
  const sorted = [least, ...inside.sort((a, b) => (a < b ? -1 : 1))]
  return sorted.map((start, i) => ({ least: start, most: i + 1 < sorted.length ? sorted[i + 1]! - 1n : most }))
}
