/**
 * The YAML subset of plan documents: one document of mappings, sequences and plain or double-quoted scalars, every
 * scalar kept as text. What YAML offers beyond that (anchors, tags, merge keys, block scalars, comments, repeated keys)
 * is refused, because two readers could take it for two different rules.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from "yaml"
import type { Place, Report } from "./finding.ts"

export interface TextNode extends Place {
  readonly type: "text"
  readonly text: string
  readonly quoted: boolean
}
export interface ListNode extends Place {
  readonly type: "list"
  readonly items: readonly YamlNode[]
}
export interface MapNode extends Place {
  readonly type: "map"
  readonly entries: readonly { readonly key: TextNode; readonly value: YamlNode }[]
}
export type YamlNode = TextNode | ListNode | MapNode

/** Where a piece of YAML stands in the document: its first line, and the columns cut from each line's beginning. */
export interface Origin {
  readonly line: number
  readonly indent: number
}

/** What mends the slips that authors make most, by what the YAML reader says of them. */
const mends: readonly (readonly [RegExp, string])[] = [
  [/end with a \}/, "Close each { with a }."],
  [/end with a \]/, "Close each [ with a ]."],
  [/flow-(?:map|seq)-end token/, "Take out the bracket that closes nothing."],
  [/Missing , between|at node end/, "Put a comma between two fields; text with brackets or quotes goes in quotes."],
  [/compact mappings/, 'Put a text with a colon in quotes: field: "text: more". Start all fields in one column.'],
  [/Missing closing/, 'Close the text with another ".'],
  [/cannot start with/, "Put the text in double quotes."],
]
const mostCharacters = 65_536
const deepest = 12
const remedy = "Write plain mappings, sequences and plain or double-quoted text."

interface Positioned {
  readonly range?: readonly [number, number, number] | null | undefined
}

/** Brackets, dashes or indentation deeper than any rule needs; found before parsing, which would recurse. */
function tooDeep(text: string): boolean {
  let depth = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (c === '"' && text[i - 1] !== "\\") quoted = !quoted
    if (quoted) continue
    if (c === "{" || c === "[") depth++
    if (c === "}" || c === "]") depth--
    if (depth > deepest) return true
  }
  return /(?:[-?:] +){6}/.test(text) || /^ {40}/m.test(text)
}

class Converter {
  readonly #report: Report
  readonly #lines: LineCounter
  readonly #origin: Origin
  readonly #text: readonly string[]

  constructor(text: string, report: Report, lines: LineCounter, origin: Origin) {
    this.#text = text.split("\n")
    this.#report = report
    this.#lines = lines
    this.#origin = origin
  }

  place(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset)
    const inBlock = Math.max(line, 1)
    // Nothing was cut from an empty line.
    const indent = this.#text[inBlock - 1] === "" ? 0 : this.#origin.indent
    return { line: inBlock - 1 + this.#origin.line, column: Math.max(col, 1) + indent }
  }

  #placeOf(node: Positioned, fallback: Place): Place {
    return node.range == null ? fallback : this.place(node.range[0])
  }

  node(node: unknown, fallback: Place): YamlNode {
    if (node === null || node === undefined) return { type: "text", text: "", quoted: false, ...fallback }
    const at = this.#placeOf(node as Positioned, fallback)
    if (isAlias(node)) this.#report.stop("canon", at, "This refers to an anchor.", remedy)
    const { anchor, tag, comment, commentBefore } = node as Readonly<Record<string, unknown>>
    if (anchor !== undefined) this.#report.stop("canon", at, "This sets an anchor.", remedy)
    if (tag !== undefined) this.#report.stop("canon", at, "This carries a tag.", remedy)
    if (comment != null || commentBefore != null) {
      this.#report.stop("canon", at, "There is a comment at this value.", "Say it in the sentence, or leave it out.")
    }
    if (isScalar(node)) return this.#scalar(node, at)
    if (isSeq(node)) return { type: "list", items: node.items.map((item) => this.node(item, at)), ...at }
    if (isMap(node)) return this.#map(node.items, at)
    return this.#report.stop("syntax", at, "This is no value.", remedy)
  }

  #scalar(node: { readonly value: unknown; readonly type?: unknown }, at: Place): TextNode {
    if (node.type !== undefined && node.type !== "PLAIN" && node.type !== "QUOTE_DOUBLE") {
      this.#report.stop("canon", at, "This text is single-quoted or a block.", remedy)
    }
    const text = typeof node.value === "string" ? node.value : ""
    return { type: "text", text, quoted: node.type === "QUOTE_DOUBLE", ...at }
  }

  #map(items: readonly { readonly key: unknown; readonly value: unknown }[], at: Place): MapNode {
    const seen = new Set<string>()
    const entries = items.map((pair) => {
      const key = this.node(pair.key, at)
      if (key.type !== "text" || key.text === "") {
        return this.#report.stop("syntax", key, "A field's name is plain text.", remedy)
      }
      if (key.text === "<<") this.#report.stop("canon", key, "Merge keys are not read.", remedy)
      if (seen.has(key.text)) {
        this.#report.stop("canon", key, `The field “${key.text}” stands twice.`, "Keep one of the two.")
      }
      seen.add(key.text)
      return { key, value: this.node(pair.value, key) }
    })
    return { type: "map", entries, ...at }
  }
}

/** @throws Stop with a finding at the place of the first thing outside the subset. */
export function readYaml(text: string, origin: Origin, report: Report): YamlNode {
  const start: Place = { line: origin.line, column: origin.indent + 1 }
  if (text.length > mostCharacters) report.stop("limits", start, "This block is too long.", "Split it over clauses.")
  if (tooDeep(text)) report.stop("limits", start, `This block nests deeper than ${deepest}.`, "Write it flatter.")
  const lines = new LineCounter()
  const converter = new Converter(text, report, lines, origin)
  const documents = parseAllDocuments(text, {
    schema: "failsafe",
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
    logLevel: "silent",
  })
  const [document, second] = documents as readonly (typeof documents)[number][]
  if (document === undefined) return report.stop("syntax", start, "This block is empty.", remedy)
  const trouble = document.errors[0] ?? document.warnings[0]
  if (trouble !== undefined) {
    const mend = mends.find(([pattern]) => pattern.test(trouble.message))?.[1] ?? remedy
    report.stop("syntax", converter.place(trouble.pos[0]), `This is no YAML: ${trouble.message}.`, mend)
  }
  if (second !== undefined || document.directives?.docStart === true) {
    report.stop("canon", start, "This block holds more than one plain document.", remedy)
  }
  if (/^%/m.test(text)) report.stop("canon", start, "YAML directives are not read.", remedy)
  if (document.comment != null || document.commentBefore != null) {
    report.stop("canon", start, "There is a comment in this block.", "Say it in the sentence, or leave it out.")
  }
  return converter.node(document.contents, start)
}

/** One text for one meaning: fields sorted by name. Two rules are the same when this is. */
export function canonicalYaml(node: YamlNode): string {
  if (node.type === "text") return JSON.stringify(node.text)
  if (node.type === "list") return `[${node.items.map(canonicalYaml).join(",")}]`
  const entries = [...node.entries].sort((a, b) => (a.key.text < b.key.text ? -1 : 1))
  return `{${entries.map(({ key, value }) => `${JSON.stringify(key.text)}:${canonicalYaml(value)}`).join(",")}}`
}
