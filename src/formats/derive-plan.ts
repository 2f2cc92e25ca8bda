/**
 * A published plan for a claim that comes from outside: the fee schedule holds the claim's own codes, at rates invented
 * from its charges, and says so. It lets a foreign visit take the ordinary path (publish, quote, settle) where no
 * payer's schedule is at hand. Codes only: no code system's texts stand in it.
 */
import { sha256, toUtf8 } from "#crypto"
import { assert } from "../base/assert.ts"
import { toHex } from "../base/bytes.ts"
import { divide } from "../base/money.ts"
import { formatDate } from "../base/time.ts"
import type { ClaimKind } from "../plan/parts.ts"
import { decimalText } from "./amount.ts"

export interface PricedCode {
  readonly code: string
  readonly charge: bigint
  readonly unitsMilli: number
}

export interface DerivePlanOptions {
  /** Letters, digits, spaces and `.,'()-`. */
  readonly title: string
  /** Plan series, `[a-z0-9-]{1,40}`; `derived` when absent. */
  readonly name?: string
  /** Payer's registered series. */
  readonly payer: string
  /** Day numbers, half-open. */
  readonly from: number
  readonly until: number
  /** In claim order: the first line's code is the visit itself and takes the copay. */
  readonly lines: readonly PricedCode[]
  readonly kind: ClaimKind
  /** ISO 4217; two decimals. */
  readonly currency: string
}

export interface DerivedPlan {
  readonly name: string
  readonly bytes: Uint8Array
  readonly tables: readonly { readonly name: string; readonly bytes: Uint8Array }[]
}

/** Printed beside each figure that comes from here. */
export const derivedSource = "derived from this claim for demonstration"
const tableName = "derived-services"
const allowedPercent = 80n

/** The document and its table; the same lines give the same bytes. */
export function derivePlan(options: DerivePlanOptions): DerivedPlan {
  const { lines, title, payer, from, until, currency, name = "derived" } = options
  assert(lines.length > 0 && from < until, "a plan is derived from at least one line, for at least one day")
  assert(/^[A-Za-z0-9 .,'()-]{1,100}$/.test(title), "a derived plan's title is plain words")
  assert(/^[a-z0-9-]{1,40}$/.test(payer) && /^[a-z0-9-]{1,40}$/.test(name), "payer and plan are series names")
  assert(/^[A-Z]{3}$/.test(currency), "a currency is three letters")
  const table = toUtf8(scheduleOf(lines))
  const bytes = toUtf8(documentOf({ ...options, name }, toHex(sha256(table))))
  return { name, bytes, tables: [{ name: tableName, bytes: table }] }
}

/** One row a code: 80 % of its lowest charge for one unit, to the cent. */
function scheduleOf(lines: readonly PricedCode[]): string {
  const rates = new Map<string, bigint>()
  for (const { code, charge, unitsMilli } of lines) {
    assert(/^[A-Za-z0-9._-]{1,40}$/.test(code) && unitsMilli > 0, "a code and its units fit a table")
    const rate = divide(charge * allowedPercent * 1000n, 100n * BigInt(unitsMilli), "half-up")
    const known = rates.get(code)
    if (known === undefined || rate < known) rates.set(code, rate)
  }
  const visit = lines[0]!.code
  const rows = [...rates].map(
    ([code, rate]) => `${code},${code === visit ? "visit" : "service"},${decimalText(rate)}\n`,
  )
  return `code,category,rate\n${rows.join("")}`
}

function documentOf(options: DerivePlanOptions & { readonly name: string }, hash: string): string {
  const { title, name, payer, currency, kind } = options
  const [from, until] = [formatDate(options.from), formatDate(options.until)]
  const hasServices = options.lines.some((line) => line.code !== options.lines[0]!.code)
  const amount = (minor: bigint) => `${decimalText(minor)} ${currency}`
  const table = `name: ${tableName}, version: "1", key: code, columns: [category, rate], from: ${from}, until: ${until}`
  const whose = hasServices ? "services" : "visits"
  return `---
language: plan/1
plan: ${name}
version: 1
title: "${title}"
payer: ${payer}
currency: { code: ${currency}, exponent: 2 }
effective: { from: ${from}, until: ${until} }
rounding: half-up
periods: { year: calendar }
tiers: [in]
claims: [${kind}]
windows: { claim: 365 days, correction: 180 days, lookBack: 730 days, answer: 72 hours }
assurance: { patient: pays, proxy: pays, attested: pays, silent: { wait: 30 days, upTo: ${amount(50_000n)} } }
tables: [{ ${table}, source: "${derivedSource}", sha256: "${hash}" }]
---
# ${title}
## 1 Words
\`\`\`numbers
{ from: ${from}, source: ${derivedSource},${hasServices ? ` ded: ${amount(10_000n)}, your-part: 20 %,` : ""} visit-copay: ${amount(2_000n)}, most: ${amount(200_000n)} }
\`\`\`
### 1.1 Groups of services
The table lists each code once. The code of the visit itself is a visit; each other code is a service.

    define: { table: ${tableName} }
## 2 Covered
### 2.1 What we cover
We cover every code in the table. We allow the rate in the table, or the charge if that is less.

    { cover: yes, allow: { schedule: ${tableName}, lesser: yes } }
## 3 What you pay
### 3.1 The visit
You pay {visit-copay} for a visit, and nothing else for it.

    { for: [visit], copay: { amount: visit-copay, per: visit }, deductible: none, coinsurance: none }
${hasServices ? sharedCosts : ""}### 3.4 The most you pay
When your payments for ${whose} of a calendar year reach {most}, we pay all of the allowed amount.

    bucket: { name: most-you-pay, measure: share, person: most, period: year }
    outOfPocket: { bucket: most-you-pay, counts: [copay, deductible, coinsurance] }
## 4 Time limits
### 4.1 When a claim must arrive
Your provider must send the claim inside the claim window. If it is late you owe nothing.

    { timely: { window: claim, from: service }, assurance: { table: front } }
`
}

const sharedCosts = `### 3.2 The deductible
For services you first pay {ded} each calendar year.

    { for: [service], deductible: deductible,
      bucket: { name: deductible, measure: share, person: ded, period: year } }
### 3.3 Your part after that
Then you pay {your-part} of the allowed amount and we pay the rest.

    { for: [service], coinsurance: { member: your-part } }
`
