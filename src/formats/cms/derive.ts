/**
 * A plan for CMS claims, derived from the claims themselves: it covers each code they bill, allows a doctor's, a supplier's
 * and a pharmacy's line what CMS filed as allowed for its code in that year, and takes the published Part B share. It is
 * no plan of Medicare: its rates come from the filing, so that agreement on what is allowed proves little, and what a
 * comparison tests is the cost share. Everything it takes from the claims says so in its `source`.
 */
import { sha256, toUtf8 } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { divide } from "../../base/money.ts"
import { refuse } from "../../base/refusal.ts"
import { civilDate, dayNumber, formatDate } from "../../base/time.ts"
import type { ClaimLine } from "../../plan/claim.ts"
import { billedCode } from "../../plan/gates/gates-tables.ts"
import { decimalText } from "../amount.ts"
import type { DerivedPlan } from "../derive-plan.ts"
import { type CmsClaim, standInPrefix } from "./cms-claim.ts"
import { partBDeductibles } from "./part-b-deductibles.ts"

/** Printed beside each figure that comes from here. */
export const filedSource = "derived from the claims as filed"
const tableName = "filed-services"
const planName = "cms-derived"

interface FiledYear {
  readonly year: number
  /** By code: how many lines were allowed which rate, in millionths of a dollar a unit. */
  readonly codes: Map<string, Map<bigint, number>>
}

/**
 * The plan, a table edition for each year in which a service was given. Where a code was allowed at several rates in a
 * year, the one most lines had stands, of equals the lowest; a code that no line was allowed has none. Services before the
 * first year of the deductibles are left out, and wait for a plan.
 * @throws Refused when no line is left that has a code.
 */
export function deriveCmsPlan(claims: readonly CmsClaim[]): DerivedPlan {
  const years = yearsOf(claims)
  const [first, last] = [years[0]?.year, years.at(-1)?.year]
  if (first === undefined || last === undefined)
    return refuse("derive-empty", "Cannot derive a plan: no line of the claims has a code", "claims", "Give others")
  const tables = years.map((year, index) => {
    const until = years[index + 1]?.year ?? last + 1
    return { year: year.year, until, name: `${tableName}@${year.year}`, bytes: toUtf8(scheduleOf(year)) }
  })
  const editions = tables.map(
    ({ year, until, bytes }) =>
      `  - { name: ${tableName}, version: "${year}", key: code, columns: [category, rate], from: ${newYear(year)}, until: ${newYear(until)}, source: "${filedSource}", sha256: "${toHex(sha256(bytes))}" }`,
  )
  const bytes = toUtf8(documentOf(first, last, editions.join("\n")))
  return { name: planName, bytes, tables: tables.map(({ name, bytes: table }) => ({ name, bytes: table })) }
}

const newYear = (year: number) => formatDate(dayNumber(year, 1, 1))

function yearsOf(claims: readonly CmsClaim[]): readonly FiledYear[] {
  const years = new Map<number, FiledYear>()
  for (const { claim, filedLines } of claims) {
    for (const line of claim.lines) {
      const code = billedCode(line)
      if (!/^[A-Za-z0-9._-]{1,40}$/.test(code)) continue
      const { year } = civilDate(line.from)
      if (year < partBDeductibles[0]![0]) continue
      const known = years.get(year) ?? { year, codes: new Map() }
      years.set(year, known)
      const rates = known.codes.get(code) ?? new Map<bigint, number>()
      known.codes.set(code, rates)
      const rate = filedRate(line, filedLines.get(line.number)?.allowed)
      if (rate !== undefined) rates.set(rate, (rates.get(rate) ?? 0) + 1)
    }
  }
  return [...years.values()].sort((a, b) => a.year - b.year)
}

/** Millionths of a dollar for one unit. */
function filedRate({ unitsMilli }: ClaimLine, allowed: bigint | undefined): bigint | undefined {
  if (allowed === undefined || allowed < 0n || unitsMilli === 0) return undefined
  return divide(allowed * 10_000n * 1000n, BigInt(unitsMilli), "half-up")
}

/** A stand-in for a code has no rate but the charge: the most different services bear it. */
function scheduleOf({ codes }: FiledYear): string {
  const rows = [...codes].sort(([a], [b]) => (a < b ? -1 : 1))
  const rateOf = (code: string, rates: ReadonlyMap<bigint, number>) =>
    code.startsWith(standInPrefix) ? "charge" : usualRate(rates)
  return `code,category,rate\n${rows.map(([code, rates]) => `${code},service,${rateOf(code, rates)}\n`).join("")}`
}

function usualRate(rates: ReadonlyMap<bigint, number>): string {
  const sorted = [...rates].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))
  const rate = sorted[0]?.[0]
  return rate === undefined ? "" : decimalText(rate, 6)
}

/** Each year's published Part B deductible, from the last one known before the first year on. */
function deductibles(first: number, last: number): string {
  const known = partBDeductibles.filter(([year]) => year <= last)
  const start = known.findLastIndex(([year]) => year <= first)
  const dated = known.slice(start).map(([year, dollars]) => `[${dollars}.00 USD, ${newYear(year)}, "CMS, Part B"]`)
  return `[${dated.join(", ")}]`
}

function documentOf(first: number, last: number, editions: string): string {
  const [from, until] = [newYear(first), newYear(last + 1)]
  return `---
language: plan/1
plan: ${planName}
version: 1
title: "Derived from CMS claims, for comparison"
payer: cms-derived
currency: { code: USD, exponent: 2 }
effective: { from: ${from}, until: ${until} }
rounding: half-up
periods: { year: calendar }
tiers: [in]
claims: [professional, institutional, drug]
windows: { claim: 365 days, correction: 365 days, lookBack: 1095 days, answer: 72 hours }
assurance: { patient: pays, proxy: pays, attested: pays, silent: { wait: 30 days, upTo: 500.00 USD } }
tables:
${editions}
---
# Derived from CMS claims, for comparison
## 1 Words
\`\`\`numbers
{ from: ${from}, source: "Medicare Part B and standard Part D; no plan of Medicare", ded: ${deductibles(first, last)}, part: 20 %, medicine-part: 25 %, whole: 100 % }
\`\`\`
### 1.1 Services
The table lists each code that the claims bill once a year.

    define: { table: ${tableName} }
## 2 Covered
### 2.1 What we cover
We cover every code in the table.

    cover: yes
### 2.2 What we allow
For doctors, supplies and medicines we allow the rate in the table, or the charge if that is less.

    { claims: [professional, drug], allow: { schedule: ${tableName}, lesser: yes } }
### 2.3 What we allow a facility
For hospitals and other facilities we allow {whole} of the charge, since no rate of theirs is filed.

    { claims: [institutional], allow: { ofCharge: whole, lesser: yes } }
## 3 What you pay
### 3.1 Doctors and supplies
You first pay {ded} a year. Then you pay {part} of the allowed amount.

    { claims: [professional], deductible: deductible, coinsurance: { member: part },
      bucket: { name: deductible, measure: share, person: ded, period: year } }
### 3.2 Facilities
You pay nothing for a stay or for care at home: what Medicare would take depends on days that the claims do not tell.

    { claims: [institutional], deductible: none, coinsurance: none }
### 3.3 Hospital without a stay
For a hospital visit without a stay you pay as for doctors.

    { claims: [institutional], when: "startsWith(billType, \\"13\\")", exceptionTo: 3.2, deductible: deductible, coinsurance: { member: part } }
### 3.4 Medicines
You pay {medicine-part} of the cost of a medicine.

    { claims: [drug], deductible: none, coinsurance: { member: medicine-part } }
## 4 Time limits
### 4.1 When a claim must arrive
Your provider must send the claim inside the claim window. If it is late you owe nothing.

    { timely: { window: claim, from: service }, assurance: { table: front } }
`
}
