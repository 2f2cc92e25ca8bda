/**
 * Reads the three sources of a filed plan: its row of the public use file, its grid of shares by service where one was
 * published, and the federal fracture example's allowed amounts. Figures of filings are whole dollars; here, cents.
 */
import { fromUtf8 } from "#crypto"
import { refuse } from "../../base/refusal.ts"
import { parseCsv } from "../../plan/language/tables.ts"
import { minorUnits, scaledInteger } from "../amount.ts"
import { type Limits, parseLimits, parseSharePhrase, type Share } from "./phrases.ts"

/** What a filing says one example costs the member, in dollars as rounded by the issuer. */
export interface FiledExample {
  readonly deductible: bigint
  readonly copay: bigint
  readonly coinsurance: bigint
  readonly limit: bigint
  readonly total: bigint
}

/** One plan variant as filed. Amounts in cents, parts in basis points. */
export interface Filing {
  readonly id: string
  readonly base: string
  readonly issuer: string
  readonly title: string
  readonly year: number
  /** standard, zero, csr73, csr87 or csr94: what the member's income lowers. */
  readonly variant: string
  readonly deductible: Limits
  readonly most: Limits
  readonly coinsurance: bigint
  /** Undefined where medicines count to the medical deductible. */
  readonly drug: { readonly deductible: bigint; readonly coinsurance: bigint } | undefined
  readonly second: { readonly deductible: bigint; readonly most: bigint; readonly coinsurance: bigint } | undefined
  readonly specialtyMost: bigint | undefined
  readonly inpatientDays: bigint | undefined
  readonly examples: { readonly baby: FiledExample; readonly diabetes: FiledExample; readonly fracture: FiledExample }
  /** What makes the filing one that its own design cannot give. */
  readonly flags: string
}

/** Shares by the services of an issuer's grid: `specialist`, `xray`, `rxGenericPreferred`. */
export interface Grid {
  /** `whole`: every service the issuer lists; `office`: visits only. */
  readonly kind: "whole" | "office"
  readonly shares: ReadonlyMap<string, Share>
}

/** The allowed amounts of the federal example, by the category's name there. */
export type ExampleLines = ReadonlyMap<string, bigint>

function textOf(bytes: Uint8Array, file: string): string {
  return fromUtf8(bytes) ?? refuse("file-not-utf8", "Cannot read file: it is not UTF-8", file, "Save it as UTF-8")
}

class Row {
  readonly #cells: ReadonlyMap<string, string>
  readonly #at: string

  constructor(header: readonly string[], cells: readonly string[], at: string) {
    this.#cells = new Map(header.map((name, i) => [name, cells[i] ?? ""]))
    this.#at = at
  }

  wrong(column: string, what: string): never {
    return refuse(
      "filing-cell",
      `Cannot read filing: ${what}`,
      `${this.#at}, ${column}`,
      "Compare the row with its source",
    )
  }

  text(column: string): string {
    const text = this.#cells.get(column)
    return text === undefined || text === "" ? this.wrong(column, "the cell is empty") : text
  }

  optionalCents(column: string): bigint | undefined {
    const text = this.#cells.get(column)
    if (text === undefined) return this.wrong(column, "the file has no such column")
    if (text === "") return undefined
    return minorUnits(text) ?? this.wrong(column, "this is no amount")
  }

  cents(column: string): bigint {
    return this.optionalCents(column) ?? this.wrong(column, "the cell is empty")
  }

  optionalPoints(column: string): bigint | undefined {
    const text = this.#cells.get(column) ?? ""
    if (text === "") return undefined
    const points = scaledInteger(text, 2)
    return points === undefined || points > 10_000n ? this.wrong(column, "this is no percentage") : points
  }

  points(column: string): bigint {
    return this.optionalPoints(column) ?? this.wrong(column, "the cell is empty")
  }

  dollars(column: string): bigint {
    return this.cents(column) / 100n
  }

  flags(): string {
    return this.#cells.get("flags") ?? ""
  }
}

function example(row: Row, name: string): FiledExample {
  return {
    deductible: row.dollars(`sbc_${name}_deductible`),
    copay: row.dollars(`sbc_${name}_copayment`),
    coinsurance: row.dollars(`sbc_${name}_coinsurance`),
    limit: row.dollars(`sbc_${name}_limit`),
    total: row.dollars(`sbc_${name}_total`),
  }
}

function deductibleOf(row: Row): Limits {
  const column = "deductible_family_text"
  const limits = parseLimits(row.text(column)) ?? row.wrong(column, "the phrase is not understood")
  const person = row.cents("deductible_individual")
  if (limits.rule === "embedded" && limits.person !== person) row.wrong(column, "it names another deductible a person")
  return { ...limits, person }
}

function filingOf(row: Row): Filing {
  const most = row.cents("moop_individual")
  const integrated = row.text("medical_drug_deductible_integrated") === "Yes"
  const secondMost = row.optionalCents("tier2_moop_individual")
  return {
    id: row.text("plan_id"),
    base: row.text("base_plan_id"),
    issuer: row.text("issuer"),
    title: row.text("variant_name"),
    year: Number(row.text("plan_year")),
    variant: row.text("csr_variant"),
    deductible: deductibleOf(row),
    most: { person: most, family: row.cents("moop_family_group"), rule: "embedded" },
    coinsurance: row.points("coinsurance_after_deductible_pct"),
    drug: integrated
      ? undefined
      : { deductible: row.cents("drug_deductible_individual"), coinsurance: row.points("drug_coinsurance_pct") },
    second:
      secondMost === undefined
        ? undefined
        : {
            most: secondMost,
            deductible: row.cents("tier2_deductible_individual"),
            coinsurance: row.points("tier2_coinsurance_pct"),
          },
    specialtyMost: row.optionalCents("specialty_drug_max_coinsurance"),
    inpatientDays: row.optionalCents("inpatient_copay_max_days"),
    examples: { baby: example(row, "baby"), diabetes: example(row, "diabetes"), fracture: example(row, "fracture") },
    flags: row.flags(),
  }
}

/** @throws Refused with file, line and column of the first cell that cannot be read. */
export function readFilings(bytes: Uint8Array, file: string): readonly Filing[] {
  const records = parseCsv(textOf(bytes, file))
  const header = records?.[0]
  if (records === undefined || header === undefined)
    return refuse("filing-file", "Cannot read filings: this is no CSV", file, "Give the public use file's rows")
  return records.slice(1).map((cells, i) => filingOf(new Row(header, cells, `${file}, line ${i + 2}`)))
}

type Fields = Readonly<Record<string, unknown>>

/** The objects of a list in a JSON document; a document of another shape is refused by field. */
function listIn(bytes: Uint8Array, file: string, field: string): readonly Fields[] {
  let value: unknown
  try {
    value = JSON.parse(textOf(bytes, file))
  } catch {
    return refuse("filing-json", "Cannot read file: this is no JSON", file, "Fetch the file again")
  }
  for (const step of field.split(".")) value = isObject(value) ? value[step] : undefined
  if (!Array.isArray(value) || !value.every(isObject))
    return refuse(
      "filing-json",
      "Cannot read file: a list of objects is missing",
      `${file}, ${field}`,
      "Fetch it again",
    )
  return value
}
const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

function textIn(fields: Fields, name: string, at: string): string {
  const text = fields[name]
  return typeof text === "string"
    ? text
    : refuse("filing-json", "Cannot read grid: a text is missing", `${at}, ${name}`, "Fetch it again")
}

/** Names of a grid that are no service. */
const wholePlan = new Set(["deductible", "outOfPocketMax"])

function wholeGrid(benefits: Fields, at: string): Grid {
  const shares = new Map<string, Share>()
  for (const [service, phrase] of Object.entries(benefits)) {
    if (wholePlan.has(service)) continue
    const share = typeof phrase === "string" ? parseSharePhrase(phrase) : undefined
    if (share?.kind !== "share")
      return refuse(
        "filing-phrase",
        "Cannot read grid: the phrase is not understood",
        `${at}, ${service}`,
        "Correct it",
      )
    shares.set(service, share)
  }
  return { kind: "whole", shares }
}

function officeGrid(fields: Fields, at: string): Grid {
  const shares = new Map<string, Share>()
  for (const [service, name] of [
    ["primaryCare", "primary"],
    ["specialist", "specialist"],
  ] as const) {
    const [copay, part] = [fields[`${name}_copay`], fields[`${name}_coinsurance`]]
    const deductible = fields[`${name}_before_deductible`] === true ? ("none" as const) : ("after" as const)
    const phrase =
      typeof copay === "number" ? `$${copay}` : typeof part === "number" ? `${percentOf(part, at)}%` : undefined
    const share = phrase === undefined ? undefined : parseSharePhrase(phrase)
    if (share?.kind !== "share") continue
    shares.set(service, { ...share, deductible })
  }
  return { kind: "office", shares }
}

/** A fraction such as 0.3 as whole percent. */
function percentOf(part: number, at: string): bigint {
  return (
    scaledInteger(String(part), 2) ??
    refuse("filing-json", "Cannot read grid: this is no whole percentage", at, "Fetch it again")
  )
}

/** The grids by plan. @throws Refused with the plan and service of a phrase that is not understood. */
export function readGrids(bytes: Uint8Array, file: string): ReadonlyMap<string, Grid> {
  const grids = new Map<string, Grid>()
  for (const fields of listIn(bytes, file, "oscar_grids")) {
    const id = textIn(fields, "plan_id", file)
    const benefits = fields["benefits"]
    if (!isObject(benefits))
      return refuse("filing-json", "Cannot read grid: it has no benefits", `${file}, ${id}`, "Fetch it again")
    grids.set(id, wholeGrid(benefits, `${file}, ${id}`))
  }
  for (const fields of listIn(bytes, file, "office_visit_cost_sharing")) {
    const id = textIn(fields, "plan_id", file)
    grids.set(id, officeGrid(fields, `${file}, ${id}`))
  }
  return grids
}

/** The federal fracture example of 2019: allowed amounts by category. */
export function readFracture(bytes: Uint8Array, file: string): ExampleLines {
  const lines = new Map<string, bigint>()
  for (const fields of listIn(bytes, file, "fracture_2019.sample_care_costs")) {
    const allowed = minorUnits(String(fields["allowed"]))
    if (allowed === undefined)
      return refuse("filing-json", "Cannot read example: an amount is missing", file, "Fetch it again")
    lines.set(textIn(fields, "category", file), allowed)
  }
  return lines
}
