/**
 * What a `when` comes to when only a line's code, category, tier and kind of claim are known, and which of its facts are
 * then read: true, false, or not told.
 */
import type { Expr, FactName, FactValue } from "../language/expression.ts"
import type { Category, ClaimKind, Day } from "../parts.ts"
import { isWithin, setHolds, valueOn } from "../plan.ts"

export interface Known {
  readonly code: string
  readonly claim: ClaimKind
  readonly day: Day
  readonly leaf: Category
  /** Undefined before step C2. */
  readonly tier: string | undefined
}

function factValue(name: FactName, known: Known): FactValue | undefined {
  switch (name) {
    case "code":
      return known.code
    case "kind":
      return known.claim
    case "category":
      return known.leaf.name
    case "tier":
      return known.tier
    default:
      return undefined
  }
}

function knownValue(expr: Expr, known: Known): FactValue | undefined {
  if (expr.node === "literal") return expr.value
  if (expr.node === "fact") return factValue(expr.name, known)
  if (expr.node === "number") return valueOn(expr.number, known.day)
  if (expr.node !== "list") return undefined
  const items = expr.items.map((item) => knownValue(item, known))
  return items.every((item) => typeof item === "string") ? items : undefined
}

function compare(expr: Extract<Expr, { node: "compare" }>, known: Known): boolean | undefined {
  const [left, right] = [knownValue(expr.left, known), knownValue(expr.right, known)]
  if (left === undefined || right === undefined || typeof left === "object" || typeof right === "object")
    return undefined
  switch (expr.operator) {
    case "==":
      return left === right
    case "!=":
      return left !== right
    case "<":
      return left < right
    case "<=":
      return left <= right
    case ">":
      return left > right
    case ">=":
      return left >= right
  }
}

/** The condition's value for every line of which this is known; undefined when other facts decide. */
export function tell(expr: Expr, known: Known): boolean | undefined {
  switch (expr.node) {
    case "literal":
    case "fact": {
      const value = knownValue(expr, known)
      return typeof value === "boolean" ? value : undefined
    }
    case "not": {
      const value = tell(expr.operand, known)
      return value === undefined ? undefined : !value
    }
    case "and":
    case "or": {
      const decides = expr.node === "or"
      const [left, right] = [tell(expr.left, known), tell(expr.right, known)]
      if (left === decides || right === decides) return decides
      return left === undefined || right === undefined ? undefined : !decides
    }
    case "compare":
      return compare(expr, known)
    case "in": {
      const [left, right] = [knownValue(expr.left, known), knownValue(expr.right, known)]
      if (typeof left !== "string" || !Array.isArray(right)) return undefined
      return right.includes(left)
    }
    case "startsWith": {
      const [left, prefix] = [knownValue(expr.left, known), knownValue(expr.prefix, known)]
      return typeof left === "string" && typeof prefix === "string" ? left.startsWith(prefix) : undefined
    }
    case "codeIn":
      return setHolds(expr.set, known.code, known.day)
    case "is":
      return isWithin(known.leaf, expr.category)
    default:
      return undefined
  }
}
