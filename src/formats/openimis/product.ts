/**
 * Writes an openIMIS product as a published plan, as far as the plan language says it, and lists what it does not. The
 * scheme's part of a service is turned round: openIMIS says what the scheme pays, a plan what the member pays.
 */
import { sha256, toUtf8 } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { formatDate } from "../../base/time.ts"
import { groupClauses, type SchemeClause, SchemeNumbers } from "./group-clauses.ts"
import type { SchemeRow } from "./rows.ts"
import { type Benefit, benefitsOf, type Group, groupsOf, type SchemeTables } from "./terms.ts"

export interface EncodedProduct {
  /** ProdID. */
  readonly id: string
  /** ProductCode. */
  readonly code: string
  readonly name: string
  readonly bytes: Uint8Array
  readonly tables: readonly { readonly name: string; readonly bytes: Uint8Array }[]
  readonly benefits: readonly Benefit[]
  /** What of the product is not in the document, each with the reason. */
  readonly unsaid: readonly string[]
  /** Whether the row was in force when the tables were exported. */
  readonly inForce: boolean
}

const owners = [
  ["Insuree", "person", "for each person"],
  ["Policy", "family", "for each family"],
  ["Treatment", "treatment", "for each treatment"],
] as const

const settings = [
  { letters: "", words: "", name: "", when: "" },
  { letters: "OP", words: " outside a hospital stay", name: "-out", when: '\n    when: "!inpatient"' },
  { letters: "IP", words: " in a hospital stay", name: "-in", when: "\n    when: inpatient" },
] as const

/** Limits of one kind by owner: fields of a bucket and words of a sentence; undefined when no column is filled. */
function ownersOf(product: SchemeRow, column: string, letters: string, name: string, numbers: SchemeNumbers) {
  const fields: string[] = []
  const words: string[] = []
  for (const [part, owner, said] of owners) {
    const limit = product.limit(`${column}${letters}${part}`)
    if (limit === undefined) continue
    const number = numbers.amount(`${name}-${owner}`, limit)
    fields.push(`${owner}: ${number}`)
    words.push(`{${number}} ${said}`)
  }
  return fields.length === 0 ? undefined : { fields, words: words.join(" and ") }
}

/** `grow`: a family's ceiling rises with each member beyond the threshold, as far as the product's own ceiling. */
function growOf(product: SchemeRow, letters: string, name: string, numbers: SchemeNumbers) {
  const each = product.limit(`MaxPolicyExtraMember${letters}`)
  if (each === undefined || product.limit(`Max${letters}Policy`) === undefined) return { field: "", words: "" }
  const extra = numbers.amount(`${name}-extra`, each)
  const above = numbers.count(`${name}-above`, product.count("Threshold") ?? 0n, "members")
  const most = product.limit(`MaxCeilingPolicy${letters}`)
  const cap = most === undefined ? undefined : numbers.amount(`${name}-top`, most)
  return {
    field: `, grow: { each: ${extra}, above: ${above}${cap === undefined ? "" : `, atMost: ${cap}`} }`,
    words: ` We pay {${extra}} more for each member above {${above}}${cap === undefined ? "." : `, and never above {${cap}}.`}`,
  }
}

const listed = (names: readonly string[]) => `[${names.join(", ")}]`

function sumClauses(product: SchemeRow, groups: readonly Group[], numbers: SchemeNumbers): readonly SchemeClause[] {
  const clauses: SchemeClause[] = []
  const counted = groups.filter(({ terms }) => !terms.beyondCeilings).map(({ name }) => name)
  const only = counted.length === groups.length ? "" : `for: ${listed(counted)}\n    `
  for (const { letters, words, name, when } of settings) {
    const guard = when.trim() === "" ? "" : `${when.trim()}\n    `
    const deductible = ownersOf(product, `Ded${letters}`, "", `deductible${name}`, numbers)
    if (deductible !== undefined)
      clauses.push({
        title: `What you pay first${words}`,
        sentence: `Care${words} first costs you ${deductible.words}, counted over a year of cover.`,
        rule: `${guard}deductible: deductible${name}\n    bucket: { name: deductible${name}, measure: share, ${deductible.fields.join(", ")}, period: cover }`,
      })
    const most = ownersOf(product, `Max${letters}`, "", `most${name}`, numbers)
    if (most === undefined || counted.length === 0) continue
    const grow = growOf(product, letters, `most${name}`, numbers)
    clauses.push({
      title: `The most we pay${words}`,
      sentence: `We pay at most ${most.words}${words} in a year of cover.${grow.words} You pay the rest.`,
      rule: `${only}${guard}ceiling: { bucket: most${name}, excess: member }\n    bucket: { name: most${name}, measure: benefit, ${most.fields.join(", ")}${grow.field}, period: cover }`,
    })
  }
  return clauses
}

/** Category, the end of its two columns, and the word for one of it. */
const categoryCaps = [
  ["consultation", "Consultation", "Consultation", "consultations"],
  ["surgery", "Surgery", "Surgery", "operations"],
  ["delivery", "Delivery", "Delivery", "births"],
  ["hospital", "Hospitalizaion", "Hospitalization", "hospital stays"],
  ["antenatal", "Antenatal", "Antenatal", "visits before a birth"],
  ["visit", "Visits", "", "other visits"],
] as const

function categoryClauses(
  product: SchemeRow,
  groups: readonly Group[],
  numbers: SchemeNumbers,
): readonly SchemeClause[] {
  return categoryCaps.flatMap(([category, countColumn, amountColumn, words]): readonly SchemeClause[] => {
    if (!groups.some((group) => group.category === category)) return []
    const clauses: SchemeClause[] = []
    const count = product.count(`MaxNo${countColumn}`)
    if (count !== undefined) {
      const name = numbers.count(`${category}-visits`, count, "visits")
      clauses.push({
        title: `How many ${words}`,
        sentence: `In a year of cover we pay for {${name}} for ${words}. You pay for more.`,
        rule: `for: [${category}]\n    limit: { bucket: ${category}-count, per: visit }\n    bucket: { name: ${category}-count, measure: count, person: ${name}, period: cover }`,
      })
    }
    const sum = amountColumn === "" ? undefined : product.limit(`MaxAmount${amountColumn}`)
    if (sum !== undefined) {
      const name = numbers.amount(`${category}-most`, sum)
      clauses.push({
        title: `The most we pay for ${words}`,
        sentence: `In a year of cover we pay at most {${name}} for ${words}. You pay the rest.`,
        rule: `for: [${category}]\n    ceiling: { bucket: ${category}-sum, excess: member }\n    bucket: { name: ${category}-sum, measure: benefit, person: ${name}, period: cover }`,
      })
    }
    return clauses
  })
}

function unsaidOf(product: SchemeRow, benefits: readonly Benefit[]): readonly string[] {
  const unsaid = ["premiums, enrolment, renewal and their discounts: no matter of a claim"]
  const relative = benefits.filter(({ rate }) => rate === "").length
  const periods = ["PeriodRelPrices", "PeriodRelPricesOP", "PeriodRelPricesIP"]
  if (relative > 0 || periods.some((column) => product.optional(column) !== undefined))
    unsaid.push(
      `relative prices of ${relative} services: the month's fund divided by its claims is known too late to quote`,
    )
  if (product.optional("Level1") !== undefined)
    unsaid.push("the share of a fund paid by population and visits: a payment to a provider, to no claim")
  if (product.count("WaitingPeriod") !== undefined)
    unsaid.push("the product's own waiting period: it moves the day on which the cover begins")
  const caps = categoryCaps.some(([, count]) => product.count(`MaxNo${count}`) !== undefined)
  if (caps) unsaid.push("the category of a whole claim, taken from one of its services: here each service has its own")
  return unsaid
}

function tableOf(groups: readonly Group[]): Uint8Array {
  const rows = groups.flatMap(({ name, category, benefits }) =>
    benefits.map(({ code, rate }) => `${code},${name},${category},${rate}\n`),
  )
  return toUtf8(`code,category,under,rate\n${rows.join("")}`)
}

/** Letters, digits and hyphens of a product's code, for the names of its plan and table. */
const slug = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 20)

/** The tables name no currency; the code is the one that ISO 4217 keeps for tests. */
function frontOf(product: SchemeRow, name: string, table: string, hash: string): string {
  const [from, until] = [formatDate(product.day("DateFrom")), formatDate(product.day("DateTo") + 1)]
  return `---
language: plan/1
plan: ${name}
version: 1
title: ${JSON.stringify(`${product.text("ProductName")} (${product.text("ProductCode")})`)}
payer: scheme
currency: { code: XTS, exponent: 2 }
effective: { from: ${from}, until: ${until} }
rounding: half-up
periods: { cover: cover-year }
tiers: [in]
claims: [professional, institutional]
windows: { claim: 365 days, correction: 180 days, lookBack: 730 days, answer: 72 hours }
assurance: { patient: pays, proxy: pays, attested: pays, silent: never }
tables: [{ name: ${table}, version: "1", key: code, columns: [category, under, rate], from: ${from}, until: ${until}, source: openIMIS price list, sha256: "${hash}" }]
---
# ${product.text("ProductName")}
`
}

/** One product as a document with its table; the same rows give the same bytes. */
export function encodeProduct(tables: SchemeTables, product: SchemeRow): EncodedProduct {
  const benefits = benefitsOf(tables, product)
  const groups = groupsOf(benefits)
  const id = product.text("ProdID")
  const name = `openimis-${slug(product.text("ProductCode"))}-${id}`
  const table = `${name}-prices`
  const rows = tableOf(groups)
  const from = formatDate(product.day("DateFrom"))
  const numbers = new SchemeNumbers()
  const clauses = [
    {
      title: "What we cover",
      sentence:
        "We cover every service and medicine in the table. We pay all of the listed rate, or of the charge if that is less.",
      rule: `{ cover: yes, allow: { schedule: ${table}, lesser: yes }, coinsurance: none }`,
    },
    ...groupClauses(groups, table, numbers),
    ...sumClauses(product, groups, numbers),
    ...categoryClauses(product, groups, numbers),
  ]
  const body = clauses
    .map((clause, i) => `### 2.${i + 1} ${clause.title}\n${clause.sentence}\n\n    ${clause.rule}\n`)
    .join("")
  const block = numbers.empty
    ? ""
    : `\`\`\`numbers\n{ from: ${from}, source: openIMIS product,\n${numbers.text} }\n\`\`\`\n`
  const words = `## 1 Words\n${block}### 1.1 Groups\nThe table puts each service and medicine in one group.\n\n    define: { table: ${table} }\n`
  const text = `${frontOf(product, name, table, toHex(sha256(rows)))}${words}## 2 What we pay\n${body}`
  return {
    id,
    code: product.text("ProductCode"),
    name,
    bytes: toUtf8(text),
    tables: [{ name: table, bytes: rows }],
    benefits,
    unsaid: unsaidOf(product, benefits),
    inForce: product.optional("ValidityTo") === undefined,
  }
}
