/**
 * What a plan's own tables say about a code beyond its category: what a line with it has to carry, whom and where it fits,
 * on which days it is in force. Columns with these names in a table that sorts codes are read so; a table without them
 * says nothing. Everything is indexed once a plan and once a row, so that a line costs one look into a map.
 */
import { parseDate } from "../../base/time.ts"
import { carried } from "../adjudicate/carried.ts"
import type { RuleOf } from "../adjudicate/state.ts"
import type { ClaimLine } from "../claim.ts"
import type { ClaimKind, CodeSet, Day, Row, Table, TableSeries } from "../parts.ts"
import { type Plan, rowOn, rulesOfKind } from "../plan.ts"

/** What step A2 can ask of a line, in the words of the column `needs`. */
export type Need = "diagnosis" | "place" | "charge" | "revenue" | "bill-type" | "drg" | "drug" | "tooth" | "surfaces"

/** One row of a table of codes; a column that is absent or empty is undefined and asks nothing. */
export interface CodeFacts {
  readonly table: string
  /** A column whose cell says nothing that can be read: the line then waits. */
  readonly wrong: string | undefined
  readonly needs: ReadonlySet<Need>
  /** Days on which the code is in force, half-open. */
  readonly validFrom: Day | undefined
  readonly validUntil: Day | undefined
  readonly sex: string | undefined
  /** Years, half-open. */
  readonly ageFrom: number | undefined
  readonly ageTo: number | undefined
  readonly places: readonly string[] | undefined
  readonly billTypes: readonly string[] | undefined
  readonly revenues: readonly string[] | undefined
  /** All that the code takes; and those of which it needs one. */
  readonly modifiers: readonly string[] | undefined
  readonly needsModifier: readonly string[] | undefined
  /** Beginnings of diagnosis codes, without dots. */
  readonly diagnoses: readonly string[] | undefined
  readonly teeth: readonly string[] | undefined
  /** How many surfaces of a tooth the code is about. */
  readonly surfaces: number | undefined
  readonly specialties: readonly string[] | undefined
  readonly providerKinds: readonly string[] | undefined
  readonly levels: readonly string[] | undefined
  /** `no` for a provider who may not be paid, in a table of the network. */
  readonly eligible: string | undefined
  readonly specialty: string | undefined
}

/** The columns that this page reads, as a plan's front matter names them. */
const columns = [
  ...["needs", "valid-from", "valid-until", "sex", "age-from", "age-to", "places", "bill-types", "revenues"],
  ...["modifiers", "needs-modifier", "diagnoses", "teeth", "surfaces", "specialties", "provider-kinds", "levels"],
  ...["eligible", "specialty"],
]

/** The fact that says which kinds of claim can have what is needed. */
const needs: Readonly<Record<Need, keyof typeof carried>> = {
  diagnosis: "diagnoses",
  place: "place",
  charge: "charge",
  revenue: "revenue",
  "bill-type": "billType",
  drg: "drg",
  drug: "drug",
  tooth: "tooth",
  // Every line has a list of surfaces; only a dentist's is about a tooth.
  surfaces: "tooth",
}
const isNeed = (word: string): word is Need => Object.hasOwn(needs, word)

/** Whether claims of a kind carry what a need is about: nobody asks a hospital for a tooth. */
export const isAsked = (need: Need, kind: ClaimKind): boolean => carried[needs[need]].by.includes(kind)

/** A diagnosis as tables and claims compare it: without its dot. */
export const undotted = (code: string): string => (code.includes(".") ? code.replaceAll(".", "") : code)

function compile(row: Row, table: string): CodeFacts {
  let wrong: string | undefined
  const text = (column: string) => row.cells[column] || undefined
  const words = (column: string) =>
    text(column)
      ?.split(" ")
      .filter((word) => word !== "")
  const count = (column: string) => {
    const cell = text(column)
    if (cell !== undefined && !/^\d{1,3}$/.test(cell)) wrong = column
    return cell === undefined ? undefined : Number(cell)
  }
  const date = (column: string) => {
    const cell = text(column)
    const found = cell === undefined ? undefined : parseDate(cell)
    if (cell !== undefined && found === undefined) wrong = column
    return found
  }
  const asked = new Set<Need>()
  for (const word of words("needs") ?? []) {
    if (isNeed(word)) asked.add(word)
    else wrong = "needs"
  }
  const imply = <T>(need: Need, value: T | undefined): T | undefined => {
    if (value !== undefined) asked.add(need)
    return value
  }
  const facts = {
    table,
    needs: asked,
    validFrom: date("valid-from"),
    validUntil: date("valid-until"),
    sex: text("sex"),
    ageFrom: count("age-from"),
    ageTo: count("age-to"),
    places: imply("place", words("places")),
    billTypes: imply("bill-type", words("bill-types")),
    revenues: imply("revenue", words("revenues")),
    modifiers: words("modifiers"),
    needsModifier: words("needs-modifier"),
    diagnoses: imply("diagnosis", words("diagnoses"))?.map(undotted),
    teeth: imply("tooth", words("teeth")),
    surfaces: imply("surfaces", count("surfaces")),
    specialties: words("specialties"),
    providerKinds: words("provider-kinds"),
    levels: words("levels"),
    eligible: text("eligible"),
    specialty: text("specialty"),
  }
  return { ...facts, wrong }
}

const compiled = new WeakMap<Row, CodeFacts>()

/** What a row says, read once. */
export function factsOfRow(row: Row, table: string): CodeFacts {
  let facts = compiled.get(row)
  if (facts === undefined) {
    facts = compile(row, table)
    compiled.set(row, facts)
  }
  return facts
}

/** A table that says more of its codes than their category, with the clause that names it. */
export interface CodeTable {
  readonly table: TableSeries
  readonly rule: RuleOf<"define">
}
/** A set of all codes in force, with the clause that defines it. */
export interface ValidCodes {
  readonly set: CodeSet
  readonly rule: RuleOf<"define">
}

/** What the gates look up in a plan's tables. */
export interface GateIndex {
  readonly codes: readonly CodeTable[]
  /** The sets that a plan calls `valid-procedures`, `valid-modifiers` and `valid-diagnoses`. */
  readonly procedures: ValidCodes | undefined
  readonly modifiers: ValidCodes | undefined
  readonly diagnoses: ValidCodes | undefined
  /** Ages and sex that diagnoses fit, where the table of `valid-diagnoses` says so. */
  readonly diagnosisFacts: CodeTable | undefined
  /** Whether a table lists providers by their numbers. */
  readonly hasDirectory: boolean
}

const saysMore = ({ editions }: TableSeries) =>
  editions.some((edition) => edition.columns.some((column) => columns.includes(column)))

function build(plan: Plan): GateIndex {
  const defines = rulesOfKind(plan, "define")
  const sorting = new Set(defines.flatMap(({ effect }) => (effect.what === "category" ? [effect.set] : [])))
  const codes: CodeTable[] = []
  const sets = new Map<string, ValidCodes>()
  let diagnosisFacts: CodeTable | undefined
  for (const rule of defines) {
    const { what, table, set, name } = rule.effect
    if (what === "codes" && set !== undefined && name !== undefined) sets.set(name, { set, rule })
    if (table === undefined || !saysMore(table)) continue
    if (what === "categories" || (what === "codes" && sorting.has(set))) codes.push({ table, rule })
    if (what === "codes" && name === "valid-diagnoses") diagnosisFacts = { table, rule }
  }
  return {
    codes,
    procedures: sets.get("valid-procedures"),
    modifiers: sets.get("valid-modifiers"),
    diagnoses: sets.get("valid-diagnoses"),
    diagnosisFacts,
    hasDirectory: plan.networks.some(({ by }) => by === "provider"),
  }
}

const indexes = new WeakMap<Plan, GateIndex>()

/** The index of a plan, built when its first claim comes. */
export function gateIndex(plan: Plan): GateIndex {
  let index = indexes.get(plan)
  if (index === undefined) {
    index = build(plan)
    indexes.set(plan, index)
  }
  return index
}

/** What the plan's tables say about a code on a day, with the clause that names the table. */
export function codeFactsOf(
  index: GateIndex,
  code: string,
  day: Day,
): { readonly facts: CodeFacts; readonly rule: RuleOf<"define"> } | undefined {
  for (const { table, rule } of index.codes) {
    const row = rowOn(table, code, day)
    if (row !== undefined && row !== "no-table") return { facts: factsOfRow(row, table.name), rule }
  }
  return undefined
}

/**
 * The code by which a line is sorted and priced: its procedure or item; for a line of a stay that has only a revenue code
 * that one, and for a medicine without a code its NDC.
 */
export function billedCode(line: ClaimLine): string {
  return line.code !== "" ? line.code : (line.revenue ?? line.drug ?? "")
}

type Pairs = ReadonlyMap<string, ReadonlyMap<string, Row>>
const pairTables = new WeakMap<Table, Pairs>()

/** An edition of an edit table by its second column, then its first. */
export function pairsOf(edition: Table): Pairs {
  const known = pairTables.get(edition)
  if (known !== undefined) return known
  const pairs = new Map<string, Map<string, Row>>()
  const [first, second] = ["column-1", "column-2"].map((column) => edition.key.indexOf(column))
  for (const row of edition.rows.values()) {
    const key = row.key.split("|")
    const one = first! < 0 ? row.cells["column-1"] : key[first!]
    const two = second! < 0 ? row.cells["column-2"] : key[second!]
    if (one === undefined || two === undefined) continue
    const firsts = pairs.get(two)
    if (firsts === undefined) pairs.set(two, new Map([[one, row]]))
    else firsts.set(one, row)
  }
  pairTables.set(edition, pairs)
  return pairs
}

const primaries = new WeakMap<Row, readonly string[]>()

/** The primary services of an add-on: the words of the column `primary`; none listed means any. */
export function primariesOf(row: Row): readonly string[] {
  const known = primaries.get(row)
  if (known !== undefined) return known
  const list = (row.cells["primary"] ?? "").split(" ").filter((code) => code !== "")
  primaries.set(row, list)
  return list
}
