/**
 * The skeleton of a plan document: bytes in canonical form, front matter, chapters, clauses, and under each clause its
 * sentence and its rule. Everything the member reads is plain CommonMark; what could hide a promise is refused.
 */

import type { Nodes, RootContent } from "mdast"
import { fromMarkdown } from "mdast-util-from-markdown"
import { fromUtf8 } from "#crypto"
import type { Place, Report } from "./finding.ts"
import type { Origin } from "./yaml.ts"

export interface Block extends Origin {
  readonly text: string
}

export interface ClauseText extends Place {
  readonly number: string
  readonly parts: readonly number[]
  readonly title: string
  readonly chapter: string
  /** Its lines as they stand, from the first paragraph to the last. */
  readonly sentence: string
  readonly sentenceLine: number
  readonly rule: Block | undefined
}

export interface Document {
  readonly front: Block
  readonly title: { readonly text: string; readonly line: number }
  readonly numbers: readonly Block[]
  readonly clauses: readonly ClauseText[]
}

const mostBytes = 1 << 20
const longestLine = 4000
/** Lists nested by indentation cost the Markdown parser more than any plan is worth. */
const deepIndent = " ".repeat(41)
const clauseHeading = /^### +([1-9]\d{0,2}(?:\.[1-9]\d{0,2}){1,3}) +(\S.*?) *$/
/** Control characters, line separators, and what turns the direction of text or has no width. */
const hidden = /[\p{Cc}\p{Zl}\p{Zp}\u200b\u2060\u202a-\u202e\u2066-\u2069\ufeff]/u
/** What editors put in unasked, and how it is got rid of. */
const oddities: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  "\r": ["a carriage return", "Save the file with the line ends of Unix (LF, not CRLF)."],
  "\t": ["a tab", "Write spaces in its place: four before a rule."],
  "\ufeff": ["a byte order mark", "Save the file as UTF-8 without a byte order mark (BOM)."],
}
/** Begins as a rule does: `{ for: …` or `copay:`. */
const likeRule = /^ *(?:\{|[a-zA-Z]+: *(?:\{|\[|$))/
const noBreak = "Write plain paragraphs, and the rule as one block indented by four spaces."

/** @throws Stop unless the bytes are UTF-8, NFC, LF, without tabs or control characters, at most 1 MiB. */
export function readText(bytes: Uint8Array, report: Report): string {
  const start: Place = { line: 1, column: 1 }
  if (bytes.length > mostBytes) report.stop("canon", start, "The document is larger than 1 MiB.", "Split the plan.")
  const text = fromUtf8(bytes)
  if (text === undefined) return report.stop("canon", start, "The document is not UTF-8.", "Save it as UTF-8.")
  const lines = text.split("\n")
  for (const [index, line] of lines.entries()) {
    const odd = hidden.exec(line)
    if (odd !== null) {
      const [what, remedy] = oddities[odd[0]] ?? ["an invisible character", "Take it out."]
      report.stop("canon", { line: index + 1, column: odd.index + 1 }, `The line holds ${what}.`, remedy)
    }
    if (line.startsWith(deepIndent)) {
      report.stop("limits", { line: index + 1, column: 1 }, "The line is indented too far.", "Indent it less.")
    }
    if (line.length > longestLine) {
      report.stop("limits", { line: index + 1, column: longestLine }, "The line is too long.", "Break the line.")
    }
    if (line.normalize("NFC") !== line) {
      report.stop(
        "canon",
        { line: index + 1, column: 1 },
        "The line is not in Unicode form NFC.",
        "Normalize it to NFC.",
      )
    }
    if (/^ *(?:(?:[>*+-]|\d+[.)]) *){4}/.test(line) && !/^(?:-{3,}|\*{3,})$/.test(line)) {
      report.stop("syntax", { line: index + 1, column: 1 }, "Lists and quotations are nested here.", noBreak)
    }
  }
  return text
}

class Walk {
  readonly #report: Report
  readonly #lines: readonly string[]
  readonly #offset: number
  readonly clauses: ClauseText[] = []
  readonly numbers: Block[] = []
  title: { text: string; line: number } | undefined
  #chapter = ""
  #open: { at: Place; number: string; parts: number[]; title: string; nodes: RootContent[] } | undefined

  constructor(report: Report, lines: readonly string[], offset: number) {
    this.#report = report
    this.#lines = lines
    this.#offset = offset
  }

  /** Line of the document where a node starts. */
  #at(node: Nodes): Place {
    const start = node.position?.start
    return { line: (start?.line ?? 1) + this.#offset, column: start?.column ?? 1 }
  }

  #source(node: Nodes): readonly string[] {
    const end = (node.position?.end.line ?? 1) + this.#offset
    return this.#lines.slice(this.#at(node).line - 1, end)
  }

  top(node: RootContent): void {
    const at = this.#at(node)
    if (node.type === "heading") this.#heading(node.depth, at)
    else if (node.type === "code" && node.lang === "numbers" && node.meta == null) {
      this.numbers.push({ text: node.value, line: at.line + (node.value === "" ? 0 : 1), indent: 0 })
    } else if (this.#open !== undefined) this.#open.nodes.push(node)
    else if (this.#chapter.endsWith("About")) this.#forbidden(node, 0)
    else {
      const indented = node.type === "code" && node.lang == null
      this.#report.add(
        indented ? "rule-without-sentence" : "syntax",
        at,
        indented ? "This rule stands in no clause." : "This text stands in no clause.",
        "Put it under a heading such as “### 2.1 What we cover”.",
      )
    }
  }

  #heading(depth: number, at: Place): void {
    const source = this.#lines[at.line - 1] ?? ""
    if (!source.startsWith("#")) {
      this.#report.add("syntax", at, "This heading is underlined.", "Begin it with #, ## or ###.")
      return
    }
    this.close()
    if (depth === 1) {
      if (this.title !== undefined) this.#report.add("syntax", at, "There is a second title.", "Keep one # heading.")
      this.title ??= { text: source.slice(1).trim(), line: at.line }
      this.#chapter = ""
    } else if (depth === 2) this.#chapter = source.slice(2).trim()
    else this.#clause(depth, source, at)
  }

  #clause(depth: number, source: string, at: Place): void {
    const match = depth === 3 ? clauseHeading.exec(source) : null
    if (match === null) {
      this.#report.add("syntax", at, "This is no clause heading.", "Write “### 5.2 The deductible”.")
      return
    }
    const number = match[1]!
    const parts = number.split(".").map(Number)
    const last = this.clauses.at(-1)
    this.#report.clause = number
    if (last !== undefined && compareClauses(last.parts, parts) >= 0) {
      const message = `Clause ${number} does not come after ${last.number}.`
      this.#report.add("syntax", at, message, "Number clauses upwards, each once.")
    }
    if (this.title === undefined || this.#chapter === "") {
      this.#report.add(
        "syntax",
        at,
        "This clause stands in no chapter.",
        "Put a ## heading before it, after the title.",
      )
    }
    this.#open = { at, number, parts, title: match[2]!, nodes: [] }
  }

  /** Ends the open clause: its paragraphs become the sentence, its last block the rule. */
  close(): void {
    const open = this.#open
    this.#open = undefined
    if (open === undefined) return
    this.#report.clause = open.number
    const rule = open.nodes.find((node) => node.type === "code")
    const sentences = open.nodes.filter((node) => node !== rule)
    for (const node of sentences) this.#sentencePart(node)
    if (rule !== undefined && open.nodes.at(-1) !== rule) {
      this.#report.add("syntax", this.#at(rule), "The rule is not the end of its clause.", noBreak)
    }
    if (sentences.length > 4)
      this.#report.add("syntax", open.at, "The sentence has more than four paragraphs.", noBreak)
    if (sentences.length === 0) {
      const message = `Clause ${open.number} says nothing to the member.`
      this.#report.add("rule-without-sentence", open.at, message, "Write a sentence under the heading.")
    }
    const block = rule === undefined ? undefined : this.#ruleBlock(rule)
    const inAbout = /(?:^| )About$/.test(this.#chapter)
    if (block === undefined && !inAbout && !sentences.some((node) => this.#hidesRule(node))) {
      const loose = sentences.find((node) => likeRule.test(this.#source(node)[0] ?? ""))
      const [at, message, remedy] =
        loose === undefined
          ? [
              open.at,
              `Clause ${open.number} promises something but has no rule.`,
              "Add its rule, or move it to the chapter About.",
            ]
          : [
              this.#at(loose),
              "This looks like a rule and is read as part of the sentence.",
              "Indent each of its lines by four spaces.",
            ]
      this.#report.add("clause-without-rule", at, message, remedy)
    }
    const { number, parts, title } = open
    const [head, tail] = [sentences[0], sentences.at(-1)]
    const sentenceLine = head === undefined ? open.at.line : this.#at(head).line
    const sentenceEnd = tail === undefined ? 0 : (tail.position?.end.line ?? 1) + this.#offset
    const sentence = this.#lines.slice(sentenceLine - 1, sentenceEnd).join("\n")
    this.clauses.push({ number, parts, title, chapter: this.#chapter, sentence, sentenceLine, rule: block, ...open.at })
    this.#report.clause = undefined
  }

  #ruleBlock(node: RootContent): Block | undefined {
    const at = this.#at(node)
    if (node.type === "code" && node.lang == null && !/^ {0,3}(?:```|~~~)/.test(this.#lines[at.line - 1] ?? "")) {
      return {
        text: this.#source(node)
          .map((line) => line.slice(4))
          .join("\n"),
        line: at.line,
        indent: 4,
      }
    }
    this.#report.add("syntax", at, "A clause holds no fenced block but “numbers”.", noBreak)
    return undefined
  }

  /** Whether a paragraph swallowed an indented line, which an empty line before would have made the rule. */
  #hidesRule(node: RootContent): boolean {
    return node.type === "paragraph" && this.#source(node).some((line, i) => i > 0 && line.startsWith("    "))
  }

  #sentencePart(node: RootContent): void {
    const at = this.#at(node)
    if (this.#hidesRule(node)) {
      const index = this.#source(node).findIndex((line, i) => i > 0 && line.startsWith("    "))
      const message = "This indented line belongs to the sentence above it, so it is no rule."
      this.#report.add(
        "rule-in-sentence",
        { line: at.line + index, column: 5 },
        message,
        "Put an empty line before it.",
      )
    }
    if (node.type !== "paragraph" && node.type !== "list")
      this.#report.add("syntax", at, `A ${node.type} stands here.`, noBreak)
    else this.#forbidden(node, 0)
  }

  #forbidden(node: Nodes, lists: number): void {
    const what = forbidden[node.type]
    if (what !== undefined) this.#report.add("syntax", this.#at(node), `There is ${what} here.`, noBreak)
    if (node.type === "list" && lists > 0) this.#report.add("syntax", this.#at(node), "A list lies in a list.", noBreak)
    if (!("children" in node)) return
    for (const child of node.children) this.#forbidden(child, lists + (node.type === "list" ? 1 : 0))
  }
}

const forbidden: Readonly<Record<string, string>> = {
  html: "HTML",
  image: "an image",
  imageReference: "an image",
  link: "a link with a target",
  linkReference: "a link with a target",
  definition: "a link's target",
  blockquote: "a quotation",
  thematicBreak: "a rule across the page",
  heading: "a heading",
  code: "a code block",
}

/** Order of clause numbers: part by part, a shorter one before those under it. */
export function compareClauses(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}

/** @throws Stop when the document has no front matter; everything else wrong is in the report. */
export function readDocument(text: string, report: Report): Document {
  const lines = text.split("\n")
  const end = lines.indexOf("---", 1)
  if (lines[0] !== "---" || end < 0) {
    report.stop(
      "front-matter",
      { line: 1, column: 1 },
      "There is no front matter.",
      "Begin the file with its fields between two lines of ---.",
    )
  }
  const walk = new Walk(report, lines, end + 1)
  const tree = fromMarkdown(lines.slice(end + 1).join("\n"))
  for (const node of tree.children) walk.top(node)
  walk.close()
  report.clause = undefined
  if (walk.title === undefined) {
    report.add(
      "syntax",
      { line: Math.min(end + 2, lines.length), column: 1 },
      "The plan has no title.",
      "Write one # heading after the front matter.",
    )
  }
  return {
    front: { text: lines.slice(1, end).join("\n"), line: 2, indent: 0 },
    title: walk.title ?? { text: "", line: end + 2 },
    numbers: walk.numbers,
    clauses: walk.clauses,
  }
}
