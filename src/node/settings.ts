/**
 * Settings of a YAML file that people write, read one by one. A name that nobody asked for is refused with its line and
 * column, so that a misspelt setting is no silent default; a value of another form is refused where it stands.
 */
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap } from "yaml"
import { refuse } from "../base/refusal.ts"

interface Where {
  /** Names of the sections around this one, with a dot after each. */
  readonly path: string
  /** What is read, for sentences: a noun. */
  readonly what: string
  readonly place: (node: unknown) => string
}

interface Range {
  readonly least: number
  readonly most: number
}

const isWhole = (value: unknown, { least, most }: Range): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most

/** One section, or the top of the file. A setting that is absent or empty has its usual value. */
export class Section {
  readonly #map: YAMLMap | undefined
  readonly #where: Where
  readonly #asked = new Set<string>()
  readonly #within: Section[] = []

  constructor(map: YAMLMap | undefined, where: Where) {
    this.#map = map
    this.#where = where
  }

  /** Refuses the value of a setting. */
  refuse(name: string, state: string, remedy: string): never {
    const { path, what, place } = this.#where
    const item = this.#item(name)
    const at = item === undefined ? path + name : `${path}${name}, ${place(item.key)}`
    return refuse("config-file", `Cannot read ${what}: ${state}`, at, remedy)
  }

  #item(name: string) {
    this.#asked.add(name)
    return this.#map?.items.find(({ key }) => isScalar(key) && key.value === name)
  }

  /** Undefined where the file does not have the setting. */
  #scalar(name: string): unknown {
    const value = this.#item(name)?.value
    if (value === undefined || value === null) return undefined
    if (isScalar(value)) return value.value ?? undefined
    return this.refuse(name, "one value is expected", "Write name: value")
  }

  /** The names that a section has. */
  get names(): readonly string[] {
    return (this.#map?.items ?? []).flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : []))
  }

  section(name: string): Section {
    const value = this.#item(name)?.value
    const isEmpty = value === undefined || value === null || (isScalar(value) && value.value === null)
    if (!isEmpty && !isMap(value)) this.refuse(name, "a section is expected", "Indent its settings below it")
    const { path, ...where } = this.#where
    const made = new Section(isMap(value) ? value : undefined, { ...where, path: `${path}${name}.` })
    this.#within.push(made)
    return made
  }

  integer(name: string, { usual, ...range }: Range & { readonly usual: number }): number {
    const value = this.#scalar(name) ?? usual
    if (isWhole(value, range)) return value
    return this.refuse(name, "a whole number in its range is expected", `${range.least} to ${range.most}`)
  }

  /** A list of whole numbers; empty where the file does not have it. */
  integers(name: string, range: Range): readonly number[] {
    const value = this.#item(name)?.value
    if (value === undefined || value === null) return []
    const items = isSeq(value) ? value.items.map((item) => (isScalar(item) ? item.value : undefined)) : undefined
    if (items?.every((item): item is number => isWhole(item, range))) return items
    return this.refuse(name, "a list of whole numbers is expected", `Each ${range.least} to ${range.most}`)
  }

  flag(name: string, usual: boolean): boolean {
    const value = this.#scalar(name) ?? usual
    return typeof value === "boolean" ? value : this.refuse(name, "true or false is expected", "Fix the setting")
  }

  word<T extends string>(name: string, usual: T | undefined, words: readonly T[]): T {
    const value = this.#scalar(name) ?? usual
    const found = words.find((word) => word === value)
    return found ?? this.refuse(name, "a word of the list is expected", `One of ${words.join(", ")}`)
  }

  /** @param usual - undefined where the setting must be there. */
  text(name: string, form: RegExp, usual: string | undefined): string {
    const value = this.#scalar(name) ?? usual
    if (typeof value === "string" && form.test(value)) return value
    return this.refuse(name, "a text of its form is expected", `As ${form.source}`)
  }

  /** @throws Refused when the file has a name that nobody has asked for. */
  end(): void {
    const { what, place } = this.#where
    for (const { key } of this.#map?.items ?? []) {
      if (this.#asked.has(isScalar(key) ? String(key.value) : "")) continue
      const remedy = `Settings here: ${[...this.#asked].join(", ")}`
      refuse("config-file", `Cannot read ${what}: no such setting`, place(key), remedy)
    }
    for (const section of this.#within) section.end()
  }
}

/**
 * Reads a whole file.
 *
 * @param what - a noun, for sentences.
 * @throws Refused `config-file` with line and column of the first thing that is wrong.
 */
export function readSettings<T>(text: string, what: string, read: (top: Section) => T): T {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const placeOf = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `line ${line}, column ${col}`
  }
  const [error] = document.errors
  if (error !== undefined)
    refuse("config-file", `Cannot read ${what}: it is not YAML`, placeOf(error.pos[0]), "Fix the line")
  if (!isMap(document.contents))
    return refuse("config-file", `Cannot read ${what}: it has no settings`, "line 1", "Write name: value")
  const place = (node: unknown) => placeOf((node as { range?: readonly [number, ...number[]] }).range?.[0] ?? 0)
  const top = new Section(document.contents, { path: "", what, place })
  const value = read(top)
  top.end()
  return value
}
