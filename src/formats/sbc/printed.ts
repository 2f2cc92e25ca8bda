/**
 * Reads printed summaries as designs: what of each cell is understood is encoded, what is left of it is listed. Two
 * shapes of transcription are known: a list of phrases by service, and the form's own field names.
 */
import { fromUtf8 } from "#crypto"
import { refuse } from "../../base/refusal.ts"
import { minorUnits } from "../amount.ts"
import type { Shown } from "./compare.ts"
import { assumption, type Design, type Service, type ServiceShare } from "./design.ts"
import { parseSharePhrase, type Share } from "./phrases.ts"

/** A printed plan: its design, and the result it prints for an example where it prints one. */
export interface PrintedPlan {
  readonly id: string
  readonly design: Design
  readonly fracture: Shown | undefined
  /** An example whose every service costs the same share, so that its sum is enough: cents, and the printed result. */
  readonly lump: { readonly name: string; readonly total: bigint; readonly printed: Shown } | undefined
}

type Fields = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const child = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((at, step) => (isObject(at) ? at[step] : undefined), value)

/** A whole number of dollars in cents; undefined for anything else. */
const cents = (value: unknown): bigint | undefined =>
  typeof value === "number" ? minorUnits(String(value)) : undefined

/** The longest beginning of a cell that is a phrase, and what is left of it. */
export function readCell(text: string): { readonly share: Share; readonly rest: string } | undefined {
  const cuts = [...text.matchAll(/[;(.|/]| for additional| mail/g)].map(({ index }) => index)
  for (const end of [text.length, ...cuts.reverse()]) {
    const phrase = parseSharePhrase(text.slice(0, end))
    if (phrase?.kind === "share") return { share: phrase, rest: text.slice(end).replace(/^[;.\s]+/, "") }
  }
  return undefined
}

const byPhrase: Readonly<Record<string, Service>> = {
  primary_care: "primary",
  specialist: "specialist",
  rehab: "therapy",
  urgent_care: "walk-in",
  emergency_room: "er",
  ambulance: "ambulance",
  dme: "equipment",
  xray: "xray",
  imaging: "imaging",
  bloodwork: "lab",
  inpatient_facility: "inpatient",
  outpatient_facility: "outpatient",
  generic: "generic",
  preferred_brand: "preferred",
  non_preferred_brand: "other-brand",
  specialty: "specialty",
}

const byField: Readonly<Record<string, Service>> = {
  primary_care_visit: "primary",
  specialist_visit: "specialist",
  mental_health_outpatient: "mental",
  imaging: "imaging",
  generic_drugs: "generic",
  preferred_brand_drugs: "preferred",
  non_preferred_brand_drugs: "other-brand",
  specialty_drugs: "specialty",
  outpatient_facility_fee: "outpatient",
  emergency_room: "er",
  emergency_transport: "ambulance",
  urgent_care: "walk-in",
  hospital_facility_fee: "inpatient",
  durable_medical_equipment: "equipment",
}

interface Cells {
  readonly shares: ReadonlyMap<Service, ServiceShare>
  readonly unsaid: readonly string[]
}

function readCells(cells: readonly (readonly [string, string, Service | undefined])[]): Cells {
  const shares = new Map<Service, ServiceShare>()
  const unsaid: string[] = []
  for (const [name, text, service] of cells) {
    const read = service === undefined ? undefined : readCell(text)
    if (service === undefined || read === undefined) unsaid.push(`${name}: ${text}`)
    else {
      shares.set(service, { share: read.share, source: "given" })
      if (read.rest !== "") unsaid.push(`${name}: … ${read.rest}`)
    }
  }
  return { shares, unsaid }
}

function cellsOf(plan: Fields): readonly (readonly [string, string, Service | undefined])[] {
  const phrases = child(plan, "cost_sharing")
  if (isObject(phrases))
    return Object.entries(phrases).flatMap(([name, text]) =>
      typeof text === "string" ? [[name, text, byPhrase[name]]] : [],
    )
  const rows = child(plan, "content", "services_you_may_need")
  if (!Array.isArray(rows)) return []
  return rows.flatMap((row: unknown) => {
    const [name, pay] = [child(row, "name"), child(row, "what_you_will_pay")]
    const [text, more] = [
      child(pay, "network_provider"),
      child(pay, "limitations_exceptions_and_other_important_information"),
    ]
    if (typeof name !== "string" || typeof text !== "string") return []
    return [[name, typeof more === "string" && more !== "None" ? `${text}; ${more}` : text, byField[name]] as const]
  })
}

function exampleOf(plan: Fields, name: string): (Shown & { readonly total: bigint }) | undefined {
  const printed = child(plan, "coverage_examples", name)
  const figure = (field: string) => cents(child(printed, field))
  const [deductible, copay, coinsurance] = [figure("deductibles"), figure("copayments"), figure("coinsurance")]
  const total = figure("total_example_cost")
  if (deductible === undefined || copay === undefined || coinsurance === undefined || total === undefined)
    return undefined
  return { deductible: deductible / 100n, copay: copay / 100n, coinsurance: coinsurance / 100n, total }
}

/** Yearly sums under either shape; undefined without a deductible. */
function sumsOf(plan: Fields): Pick<Design, "deductible" | "most"> | undefined {
  const questions = child(plan, "content", "important_questions")
  const deductible =
    cents(child(plan, "deductible", "individual")) ?? cents(child(questions, "overall_deductible", "individual"))
  if (deductible === undefined) return undefined
  const limit = child(plan, "oop_limit") ?? child(questions, "out_of_pocket_limit_for_plan")
  const most = cents(child(limit, "individual"))
  const family = cents(child(plan, "deductible", "family")) ?? 2n * deductible
  return {
    deductible: { person: deductible, family, rule: "embedded" },
    most:
      most === undefined
        ? undefined
        : { person: most, family: cents(child(limit, "family")) ?? 2n * most, rule: "embedded" },
  }
}

/** A plan whose services all cost one part: what it prints for an example needs no line items. */
function lumpOf(plan: Fields): PrintedPlan["lump"] {
  const parts = ["hospital_coinsurance_pct", "other_coinsurance_pct"].map((field) => child(plan, field))
  if (parts[0] === undefined || parts[0] !== parts[1] || child(plan, "specialist_copay") !== 0) return undefined
  const printed = exampleOf(plan, "baby")
  return printed && { name: "baby", total: printed.total, printed }
}

function printedOf(plan: Fields, sums: Pick<Design, "deductible" | "most">): PrintedPlan {
  const id = String(plan["id"])
  const { shares, unsaid } = readCells(cellsOf(plan))
  const hasFamily = cents(child(plan, "deductible", "family")) !== undefined
  const family = hasFamily || sums.deductible.person === 0n ? [] : [assumption.family]
  const part = cents(child(plan, "other_coinsurance_pct")) ?? 0n
  const year = Number(/20\d\d/.exec(id)?.[0] ?? "2017")
  return {
    id,
    design: {
      name: `sbc-${id.toLowerCase()}`.slice(0, 40),
      title: String(plan["plan"] ?? id),
      payer: id.split("-")[0]!.toLowerCase(),
      source: "printed summary",
      year,
      ...sums,
      coinsurance: part,
      drug: undefined,
      second: undefined,
      shares,
      assumptions: [...(part === 0n ? [assumption.unlisted] : []), ...family],
      unsaid,
    },
    fracture: exampleOf(plan, "fracture"),
    lump: lumpOf(plan),
  }
}

/** Plans that are no computed designs: samples whose own figures do not agree, and those without any design. */
const skipped: Readonly<Record<string, string>> = {
  "cms-sample-completed-sbc-2016": "an illustration: its total is above its own yearly limit",
  "adriana-hmo-unrounded": "no member amounts are printed",
}

/** Why a printed plan is left out; undefined for one that is encoded. */
export const skippedPlan = (id: string): string | undefined => skipped[id]

/** @throws Refused when the file is not the list of printed plans. */
export function readPrinted(bytes: Uint8Array, file: string): readonly PrintedPlan[] {
  const text = fromUtf8(bytes)
  let value: unknown
  try {
    value = text === undefined ? undefined : JSON.parse(text)
  } catch {
    value = undefined
  }
  const plans = child(value, "plans")
  if (!Array.isArray(plans) || !plans.every(isObject))
    return refuse("filing-json", "Cannot read printed plans: the list is missing", `${file}, plans`, "Fetch it again")
  return plans.flatMap((plan: Fields) => {
    const sums = sumsOf(plan)
    return sums === undefined || skippedPlan(String(plan["id"])) !== undefined ? [] : [printedOf(plan, sums)]
  })
}
