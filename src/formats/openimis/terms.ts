/** What an openIMIS product says of one service or item, and which of them say the same. */
import { inForce, type SchemeRow } from "./rows.ts"

export const visits = ["normal", "referral", "emergency"] as const
export const ages = ["adult", "child"] as const
export type Visit = (typeof visits)[number]
export type Age = (typeof ages)[number]

/** `part`: the scheme pays that part, in basis points. `most`: it pays at most that sum for a line. */
export interface Limitation {
  readonly kind: "part" | "most"
  readonly value: bigint
}

export interface Terms {
  readonly limits: ReadonlyMap<`${Age} ${Visit}`, Limitation>
  /** Months. */
  readonly waits: Readonly<Record<Age, bigint | undefined>>
  /** Units in a year of cover, of this code alone. */
  readonly counts: Readonly<Record<Age, bigint | undefined>>
  /** Inside a hospital stay, outside one, or both. */
  readonly care: "inpatient" | "outpatient" | "both"
  /** Whom the code is for, where it is not for everybody. */
  readonly sex: "M" | "F" | undefined
  readonly age: Age | undefined
  /** Whether ceilings leave the code out. */
  readonly beyondCeilings: boolean
}

export interface Benefit {
  readonly code: string
  readonly category: string
  /** As a rate of our tables: an amount, `charge` for the provider's own price, empty for a relative price. */
  readonly rate: string
  readonly terms: Terms
}

/** Categories of openIMIS services by their letter; items are medicine. */
const categories: Readonly<Record<string, string>> = {
  S: "surgery",
  D: "delivery",
  A: "antenatal",
  H: "hospital",
  C: "consultation",
  V: "visit",
}

const suffix: Readonly<Record<Visit, string>> = { normal: "", referral: "R", emergency: "E" }

function limitationsOf(row: SchemeRow): Terms["limits"] {
  const limits = new Map<`${Age} ${Visit}`, Limitation>()
  for (const visit of visits) {
    const kind = (row.optional(`LimitationType${suffix[visit]}`) ?? "C") === "F" ? "most" : "part"
    for (const age of ages) {
      const column = `Limit${age === "adult" ? "Adult" : "Child"}${suffix[visit]}`
      const value = row.amount(column) ?? (kind === "part" ? 10_000n : undefined)
      if (value !== undefined) limits.set(`${age} ${visit}`, { kind, value })
    }
  }
  return limits
}

const careOf = (letter: string | undefined): Terms["care"] =>
  letter === "I" ? "inpatient" : letter === "O" ? "outpatient" : "both"

/** Bits of a patient category: 1 men, 2 women, 4 adults, 8 children. */
function patientsOf(row: SchemeRow, column: string): Pick<Terms, "sex" | "age"> {
  const bits = Number(row.count(column) ?? 15n)
  const has = (bit: number) => (bits & bit) !== 0
  return {
    sex: has(1) === has(2) ? undefined : has(1) ? "M" : "F",
    age: has(4) === has(8) ? undefined : has(4) ? "adult" : "child",
  }
}

function rateOf(origin: string | undefined, price: string): string {
  if (origin === "O") return "charge"
  return origin === "R" ? "" : price
}

export interface SchemeTables {
  readonly products: readonly SchemeRow[]
  readonly productServices: readonly SchemeRow[]
  readonly productItems: readonly SchemeRow[]
  readonly services: readonly SchemeRow[]
  readonly items: readonly SchemeRow[]
}

function benefitsIn(
  rows: readonly SchemeRow[],
  product: string,
  id: string,
  code: string,
  goods: readonly SchemeRow[],
) {
  const byId = new Map(inForce(goods).map((row) => [row.text(`${id}ID`), row]))
  return inForce(rows).flatMap((row): readonly Benefit[] => {
    const good = byId.get(row.text(`${id}ID`))
    if (row.text("ProdID") !== product || good === undefined) return []
    const price = good.text(id === "Service" ? "ServPrice" : "ItemPrice")
    const letter = good.optional(id === "Service" ? "ServCategory" : "ItemCategory") ?? ""
    const terms: Terms = {
      limits: limitationsOf(row),
      waits: { adult: row.count("WaitingPeriodAdult"), child: row.count("WaitingPeriodChild") },
      counts: { adult: row.count("LimitNoAdult"), child: row.count("LimitNoChild") },
      care: careOf(good.optional(id === "Service" ? "ServCareType" : "ItemCareType")),
      ...patientsOf(good, id === "Service" ? "ServPatCat" : "ItemPatCat"),
      beyondCeilings: ["B", "H", "N"].includes(row.optional("CeilingExclusionAdult") ?? ""),
    }
    const category = id === "Item" ? "medicine" : (categories[letter] ?? "other")
    return [{ code: good.text(code), category, rate: rateOf(row.optional("PriceOrigin"), price), terms }]
  })
}

/** The services and items of a product; an older state of a product has those of the one that followed it. */
export function benefitsOf(tables: SchemeTables, product: SchemeRow): readonly Benefit[] {
  const isOlder = product.optional("ValidityTo") !== undefined
  const id = (isOlder ? product.optional("LegacyID") : undefined) ?? product.text("ProdID")
  return [
    ...benefitsIn(tables.productServices, id, "Service", "ServCode", tables.services),
    ...benefitsIn(tables.productItems, id, "Item", "ItemCode", tables.items),
  ]
}

/** Benefits that may stand in one leaf: same category, same terms, and no count of their own. */
export interface Group {
  readonly name: string
  readonly category: string
  readonly terms: Terms
  readonly benefits: readonly Benefit[]
}

const keyOf = ({ category, code, terms }: Benefit): string => {
  const own = terms.counts.adult !== undefined || terms.counts.child !== undefined ? code : ""
  const limits = [...terms.limits].map(([when, { kind, value }]) => `${when} ${kind} ${value}`)
  return [
    category,
    own,
    ...limits,
    terms.waits.adult,
    terms.waits.child,
    terms.care,
    terms.sex,
    terms.age,
    terms.beyondCeilings,
  ].join("|")
}

/** The groups in the order of their first benefit, named after their category and counted. */
export function groupsOf(benefits: readonly Benefit[]): readonly Group[] {
  const byKey = new Map<string, Benefit[]>()
  for (const benefit of benefits) {
    const key = keyOf(benefit)
    const known = byKey.get(key)
    if (known === undefined) byKey.set(key, [benefit])
    else known.push(benefit)
  }
  const counts = new Map<string, number>()
  return [...byKey.values()].map((list) => {
    const { category, terms } = list[0]!
    const number = (counts.get(category) ?? 0) + 1
    counts.set(category, number)
    return {
      name: `${category}-${"abcdefghijklmnopqrstuvwxyz"[number - 1] ?? number}`,
      category,
      terms,
      benefits: list,
    }
  })
}
