/**
 * Parses and types a `when`: a subset of CEL over a closed list of facts. Nothing is converted, nothing is null, and
 * every error has its column.
 */
import { parseDate } from "../../base/time.ts"
import type { Category, CodeSet, NamedNumber } from "../parts.ts"
import { type Comparison, type Expr, type FactName, type FactType, facts } from "./expression.ts"
import type { FindingCode, Place, Report } from "./finding.ts"

/** What a condition may name besides facts. */
export interface WhenNames {
  readonly numbers: ReadonlyMap<string, NamedNumber>
  readonly sets: ReadonlyMap<string, CodeSet>
  readonly categories: ReadonlyMap<string, Category>
  /** The flags a member may have; any where the plan is not known. */
  readonly flags?: readonly string[]
}

interface Token {
  readonly text: string
  readonly kind: "int" | "string" | "word" | "sign" | "end"
  readonly at: number
}

const mostNodes = 256
const deepest = 12
export const largestInt = 2n ** 63n - 1n
const pattern = /\s+|(\d+)|"([^"\\\n]*)"|([A-Za-z_]\w*)|(&&|\|\||[=!<>]=|[<>!()[\],+*-])/y
const comparisons: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="])
const ordered: ReadonlySet<FactType> = new Set(["int", "date", "amount"])

class Parser {
  readonly #report: Report
  readonly #names: WhenNames
  readonly #place: Place
  readonly #tokens: Token[] = []
  #next = 0
  #nodes = 0
  #depth = 0

  constructor(source: string, place: Place, names: WhenNames, report: Report) {
    this.#report = report
    this.#names = names
    this.#place = place
    pattern.lastIndex = 0
    for (let at = 0; at < source.length; at = pattern.lastIndex) {
      pattern.lastIndex = at
      const match = pattern.exec(source)
      if (match === null) this.#stop("syntax", at, `The condition cannot be read at “${source[at]}”.`)
      if (match[1] !== undefined) this.#tokens.push({ text: match[1], kind: "int", at })
      else if (match[2] !== undefined) this.#tokens.push({ text: match[2], kind: "string", at })
      else if (match[3] !== undefined) this.#tokens.push({ text: match[3], kind: "word", at })
      else if (match[4] !== undefined) this.#tokens.push({ text: match[4], kind: "sign", at })
    }
    this.#tokens.push({ text: "", kind: "end", at: source.length })
  }

  #stop(code: FindingCode, at: number, message: string): never {
    const place = { line: this.#place.line, column: this.#place.column + at }
    return this.#report.stop(code, place, message, "Correct the condition.")
  }

  get #token(): Token {
    return this.#tokens[this.#next]!
  }

  #sign(text: string): boolean {
    const token = this.#token
    if (token.kind !== "sign" || token.text !== text) return false
    this.#next++
    return true
  }

  #expect(text: string): void {
    const token = this.#token
    if (!this.#sign(text)) this.#stop("syntax", token.at, `“${text}” is missing before “${token.text || "the end"}”.`)
  }

  #made<E extends Expr>(expr: E, at: number): E {
    if (++this.#nodes > mostNodes) this.#stop("limits", at, `The condition has more than ${mostNodes} parts.`)
    return expr
  }

  #typed(expr: Expr, type: FactType, at: number): Expr {
    if (expr.type !== type) this.#stop("type", at, `A value of type ${type} is wanted here, this is ${expr.type}.`)
    return expr
  }

  whole(): Expr {
    const expr = this.#typed(this.#or(), "bool", 0)
    const rest = this.#token
    if (rest.kind !== "end") this.#stop("syntax", rest.at, `“${rest.text}” does not belong here.`)
    return expr
  }

  #or(): Expr {
    const start = this.#token.at
    if (++this.#depth > deepest) this.#stop("limits", start, `The condition nests deeper than ${deepest}.`)
    let left = this.#and()
    for (let at = this.#token.at; this.#sign("||"); at = this.#token.at) {
      this.#typed(left, "bool", start)
      const right = this.#typed(this.#and(), "bool", at)
      left = this.#made({ node: "or", type: "bool", left, right }, at)
    }
    this.#depth--
    return left
  }

  #and(): Expr {
    const start = this.#token.at
    let left = this.#relation()
    for (let at = this.#token.at; this.#sign("&&"); at = this.#token.at) {
      this.#typed(left, "bool", start)
      const right = this.#typed(this.#relation(), "bool", at)
      left = this.#made({ node: "and", type: "bool", left, right }, at)
    }
    return left
  }

  /** Flags are a closed list: a flag that nobody can have is a slip of the pen. */
  #checkFlag(element: Expr, list: Expr, at: number): void {
    if (element.node !== "literal" || list.node !== "fact" || list.name !== "flags") return
    const { flags } = this.#names
    if (flags === undefined || flags.includes(element.value as string)) return
    this.#stop("unknown-name", at, `The front matter has no flag “${element.value}”.`)
  }

  #relation(): Expr {
    const start = this.#token.at
    const left = this.#sum()
    const { kind, text, at } = this.#token
    if (kind === "word" && text === "in") {
      this.#next++
      this.#typed(left, "string", at)
      const right = this.#typed(this.#sum(), "list", at)
      this.#checkFlag(left, right, start)
      return this.#single(this.#made({ node: "in", type: "bool", left, right }, at))
    }
    if (kind !== "sign" || !comparisons.has(text)) return left
    this.#next++
    const operator = text as Comparison
    const right = this.#sum()
    if (left.type !== right.type) this.#stop("type", at, `${left.type} cannot be compared with ${right.type}.`)
    if (operator !== "==" && operator !== "!=" && !ordered.has(left.type)) {
      this.#stop("type", at, `Values of type ${left.type} have no order.`)
    }
    return this.#single(this.#made({ node: "compare", type: "bool", operator, left, right }, at))
  }

  /** A comparison is not compared again. */
  #single(expr: Expr): Expr {
    const { kind, text, at } = this.#token
    if ((kind === "sign" && comparisons.has(text)) || (kind === "word" && text === "in")) {
      this.#stop("syntax", at, "Comparisons are not chained.")
    }
    return expr
  }

  #arithmetic(left: Expr, operator: "+" | "-" | "*", right: Expr, at: number): Expr {
    const bothInt = left.type === "int" && right.type === "int"
    const bothAmount = left.type === "amount" && right.type === "amount" && operator !== "*"
    if (!bothInt && !bothAmount) this.#stop("type", at, `${left.type} ${operator} ${right.type} has no meaning.`)
    return this.#made({ node: "arithmetic", type: left.type, operator, left, right }, at)
  }

  #sum(): Expr {
    let left = this.#product()
    for (;;) {
      const at = this.#token.at
      if (this.#sign("+")) left = this.#arithmetic(left, "+", this.#product(), at)
      else if (this.#sign("-")) left = this.#arithmetic(left, "-", this.#product(), at)
      else return left
    }
  }

  #product(): Expr {
    let left = this.#unary()
    for (let at = this.#token.at; this.#sign("*"); at = this.#token.at) {
      left = this.#arithmetic(left, "*", this.#unary(), at)
    }
    return left
  }

  #unary(): Expr {
    const at = this.#token.at
    if (this.#sign("!")) {
      return this.#made({ node: "not", type: "bool", operand: this.#typed(this.#prime(), "bool", at) }, at)
    }
    if (this.#sign("-")) {
      return this.#made({ node: "negate", type: "int", operand: this.#typed(this.#prime(), "int", at) }, at)
    }
    return this.#prime()
  }

  #prime(): Expr {
    const token = this.#token
    this.#next++
    if (token.kind === "int") return this.#int(token)
    if (token.kind === "string") return this.#made({ node: "literal", type: "string", value: token.text }, token.at)
    if (token.kind === "word") return this.#word(token)
    if (token.kind === "sign" && token.text === "(") {
      const expr = this.#or()
      this.#expect(")")
      return expr
    }
    if (token.kind === "sign" && token.text === "[") return this.#list(token.at)
    return this.#stop("syntax", token.at, `“${token.text || "the end"}” stands where a value is wanted.`)
  }

  #int(token: Token): Expr {
    const value = BigInt(token.text)
    if (token.text.length > 1 && token.text.startsWith("0")) {
      this.#stop("syntax", token.at, "A number begins with no zero.")
    }
    if (value > largestInt) this.#stop("limits", token.at, "The number has more than 64 bits.")
    return this.#made({ node: "literal", type: "int", value }, token.at)
  }

  #list(at: number): Expr {
    const items: Expr[] = []
    if (++this.#depth > deepest) this.#stop("limits", at, `The condition nests deeper than ${deepest}.`)
    if (!this.#sign("]")) {
      do items.push(this.#typed(this.#prime(), "string", this.#token.at))
      while (this.#sign(","))
      this.#expect("]")
    }
    this.#depth--
    return this.#made({ node: "list", type: "list", items }, at)
  }

  #word(token: Token): Expr {
    const { text, at } = token
    if (text === "true" || text === "false") {
      return this.#made({ node: "literal", type: "bool", value: text === "true" }, at)
    }
    if (this.#sign("(")) return this.#made(this.#call(token), at)
    const name = this.#factName(token)
    const place = { line: this.#place.line, column: this.#place.column + at }
    return this.#made({ node: "fact", type: facts[name], name, at: place }, at)
  }

  #factName({ text, at }: Token): FactName {
    if (Object.hasOwn(facts, text)) return text as FactName
    return this.#stop("unknown-name", at, `There is no fact “${text}”.`)
  }

  /** One string literal and the closing bracket. */
  #name(): { readonly text: string; readonly at: number } {
    const token = this.#token
    if (token.kind !== "string") this.#stop("type", token.at, "A name in double quotes is wanted here.")
    this.#next++
    this.#expect(")")
    return token
  }

  #known<T>(known: ReadonlyMap<string, T>, what: string): T {
    const { text, at } = this.#name()
    return known.get(text) ?? this.#stop("unknown-name", at, `There is no ${what} “${text}”.`)
  }

  #two(type: FactType): { readonly left: Expr; readonly right: Expr } {
    const { at } = this.#token
    const left = this.#typed(this.#or(), type, at)
    this.#expect(",")
    const right = this.#typed(this.#or(), type, at)
    this.#expect(")")
    return { left, right }
  }

  #call({ text, at }: Token): Expr {
    switch (text) {
      case "age":
      case "days":
        return { node: text, type: "int", ...this.#two("date") }
      case "startsWith": {
        const { left, right } = this.#two("string")
        return { node: "startsWith", type: "bool", left, prefix: right }
      }
      case "date": {
        const name = this.#name()
        const day = parseDate(name.text)
        if (day === undefined) return this.#stop("type", name.at, `“${name.text}” is no date.`)
        return { node: "literal", type: "date", value: BigInt(day) }
      }
      case "codeIn":
      case "diagnosisIn":
        return { node: text, type: "bool", set: this.#known(this.#names.sets, "set") }
      case "hasModifier":
        return { node: "hasModifier", type: "bool", modifier: this.#name().text }
      case "is":
        return { node: "is", type: "bool", category: this.#known(this.#names.categories, "category") }
      case "has": {
        const token = this.#token
        this.#next++
        const name = this.#factName(token)
        this.#expect(")")
        return { node: "has", type: "bool", name }
      }
      case "number": {
        const number = this.#known(this.#names.numbers, "number")
        return { node: "number", type: number.unit === "amount" ? "amount" : "int", number }
      }
      default:
        return this.#stop("unknown-name", at, `There is no function “${text}”.`)
    }
  }
}

/** @throws Stop with a finding at the column of the first error. */
export function parseWhen(source: string, place: Place, names: WhenNames, report: Report): Expr {
  return new Parser(source, place, names, report).whole()
}
