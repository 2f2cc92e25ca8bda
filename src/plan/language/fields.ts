/**
 * Reads the fields of one YAML mapping, each by the type its place asks for. A field of the wrong type, a missing one and
 * an unknown one are findings at their own line and column; the first two end the reading of the mapping at hand.
 */
import { dayNumber, parseDate } from "../../base/time.ts"
import type { Day } from "../parts.ts"
import type { FindingCode, Place, Report } from "./finding.ts"
import type { MapNode, TextNode, YamlNode } from "./yaml.ts"

/** No date of a plan lies before the calendar begins. */
const firstDay = dayNumber(1, 1, 1)

export class Fields {
  readonly report: Report
  readonly at: Place
  /** What the mapping is, for messages: `copay`, `the front matter`. */
  readonly what: string
  readonly #nodes = new Map<string, { readonly key: TextNode; readonly value: YamlNode }>()
  readonly #taken = new Set<string>()
  readonly #code: FindingCode

  /** @throws Stop when the node is no mapping. */
  constructor(node: YamlNode, what: string, report: Report, code: FindingCode = "syntax") {
    this.report = report
    this.at = node
    this.what = what
    this.#code = code
    if (node.type !== "map") report.stop(code, node, `${what} is written as fields.`, `Write { field: value, … }.`)
    for (const entry of (node as MapNode).entries) this.#nodes.set(entry.key.text, entry)
  }

  get keys(): readonly string[] {
    return [...this.#nodes.keys()]
  }

  has(name: string): boolean {
    return this.#nodes.has(name)
  }

  keyOf(name: string): Place {
    return this.#nodes.get(name)?.key ?? this.at
  }

  /** The node of a field, or undefined when it is not there. */
  node(name: string): YamlNode | undefined {
    this.#taken.add(name)
    return this.#nodes.get(name)?.value
  }

  need(name: string): YamlNode {
    const node = this.node(name)
    if (node === undefined) {
      return this.report.stop(this.#code, this.at, `${this.what} has no “${name}”.`, `Add the field ${name}.`)
    }
    return node
  }

  wrong(at: Place, message: string, remedy: string): never {
    return this.report.stop(this.#code, at, message, remedy)
  }

  text(name: string): string {
    return this.textOf(this.need(name), name)
  }

  textOf(node: YamlNode, name: string): string {
    if (node.type !== "text" || node.text === "") {
      return this.wrong(node, `${name} in ${this.what} is one word or text.`, `Write ${name}: value.`)
    }
    return node.text
  }

  optionalText(name: string): string | undefined {
    return this.has(name) ? this.text(name) : undefined
  }

  choice<T extends string>(name: string, allowed: readonly T[], otherwise?: T): T {
    const node = otherwise === undefined ? this.need(name) : this.node(name)
    if (node === undefined) return otherwise!
    return this.choiceOf(node, name, allowed)
  }

  choiceOf<T extends string>(node: YamlNode, name: string, allowed: readonly T[]): T {
    const text = node.type === "text" ? node.text : undefined
    const found = allowed.find((value) => value === text)
    if (found === undefined) {
      return this.wrong(node, `${name} in ${this.what} is one of ${allowed.join(", ")}.`, "Write one of these.")
    }
    return found
  }

  items(name: string): readonly YamlNode[] {
    const node = this.need(name)
    if (node.type !== "list") return this.wrong(node, `${name} in ${this.what} is a list.`, `Write ${name}: [a, b].`)
    return node.items
  }

  texts(name: string): readonly string[] {
    return this.items(name).map((item) => this.textOf(item, name))
  }

  choices<T extends string>(name: string, allowed: readonly T[]): readonly T[] {
    return this.items(name).map((item) => this.choiceOf(item, name, allowed))
  }

  date(name: string): Day {
    const node = this.need(name)
    return this.dateOf(node, name)
  }

  dateOf(node: YamlNode, name: string): Day {
    const day = node.type === "text" ? parseDate(node.text) : undefined
    if (day === undefined || day < firstDay)
      return this.wrong(node, `${name} in ${this.what} is a date.`, "Write it as 2026-01-01.")
    return day
  }

  map(name: string): Fields {
    return new Fields(this.need(name), name, this.report, this.#code)
  }

  /** Fields nobody asked for. */
  done(): void {
    for (const [name, { key }] of this.#nodes) {
      if (this.#taken.has(name)) continue
      this.report.add(this.#code, key, `${this.what} has no field “${name}”.`, "Take it out, or correct its name.")
    }
  }
}
