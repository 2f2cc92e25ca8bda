/** Builds a published plan from a test's clauses, numbers and tables, and the claims, members and snapshots it is run on. */
import { createHash } from "node:crypto"
import { parseDate } from "../src/base/time.ts"
import {
  type Claim,
  type ClaimLine,
  type Member,
  type Provider,
  plainClaim,
  plainLine,
  plainMember,
  plainProvider,
} from "../src/plan/claim.ts"
import { type AdjudicationInput, type InputValues, inputOf } from "../src/plan/input.ts"
import { readPlan } from "../src/plan/language/read.ts"
import type { LegLine } from "../src/plan/leg.ts"
import type { Plan } from "../src/plan/plan.ts"
import { firstSnapshot, type Snapshot } from "../src/plan/snapshot.ts"

export const day = (text: string): number => parseDate(text)!
export const year = day("2026-01-01")
export const visitDay = day("2026-06-10")

export interface TableText {
  /** Columns that key a row; by default the first of the header. */
  readonly key?: readonly string[]
  readonly csv: string
}

export interface PlanText {
  /** Rules of the clauses 2.1, 2.2, … in this order. */
  readonly clauses: readonly string[]
  /** Entries of the numbers block. */
  readonly numbers?: string
  readonly tables: Readonly<Record<string, TableText>>
  /** Lines of the front matter that replace the usual ones, by their first word. */
  readonly front?: Readonly<Record<string, string>>
}

const usualFront: Readonly<Record<string, string>> = {
  language: "plan/1",
  plan: "test-plan",
  version: "1",
  title: "A plan of a test",
  payer: "test-payer",
  currency: "{ code: USD, exponent: 2 }",
  effective: "{ from: 2026-01-01, until: 2027-01-01 }",
  rounding: "half-up",
  periods:
    "{ year: calendar, cover: cover-year, ever: lifetime, stay: stay, visit: visit, day: day, two-years: rolling 24 months, ninety-days: rolling 90 days }",
  tiers: "[in]",
  claims: "[professional, institutional, dental, drug]",
  windows: "{ claim: 365 days, correction: 180 days, lookBack: 730 days, answer: 72 hours }",
  assurance: "{ patient: pays, proxy: pays, attested: pays, silent: { wait: 30 days, upTo: 500.00 USD } }",
}

/** The document: one clause for each rule, every sentence the same. */
export function documentOf({ clauses, numbers, tables, front }: PlanText): string {
  const rows = Object.entries(tables).map(([name, { key, csv }]) => {
    const header = csv.slice(0, csv.indexOf("\n")).split(",")
    const keys = key ?? [header[0]!]
    const columns = header.filter((column) => !keys.includes(column))
    const sha256 = createHash("sha256").update(csv).digest("hex")
    const keyed = keys.length === 1 ? keys[0] : `[${keys.join(", ")}]`
    return `{ name: ${name}, version: 1, key: ${keyed}, columns: [${columns.join(", ")}], from: 2026-01-01, until: 2027-01-01, source: invented, sha256: "${sha256}" }`
  })
  const fields = { ...usualFront, tables: `[${rows.join(", ")}]`, ...front }
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)
  const block = numbers === undefined ? "" : `\`\`\`numbers\n{ from: 2026-01-01, source: test, ${numbers} }\n\`\`\`\n`
  const body = clauses.map((rule, i) => `### 2.${i + 1} Clause\nThis clause says one thing.\n\n    ${rule}\n`)
  return `---\n${head.join("\n")}\n---\n# A plan of a test\n## 2 Everything\n${block}${body.join("")}`
}

const known = new Map<string, Plan>()

/** The plan as read. @throws Error with the findings when it is refused. */
export function planOf(text: PlanText): Plan {
  const document = documentOf(text)
  let plan = known.get(document)
  if (plan === undefined) {
    const encode = (part: string) => new TextEncoder().encode(part)
    const files = Object.entries(text.tables).map(([name, { csv }]) => [name, encode(csv)] as const)
    const read = readPlan(encode(document), new Map(files))
    if (!("plan" in read)) throw new Error(`The plan is refused: ${JSON.stringify(read.findings.slice(0, 3))}`)
    plan = read.plan
    if (known.size > 100) known.clear()
    known.set(document, plan)
  }
  return plan
}

/** One line of a claim: code, charge in minor units, and what else is to be said of it. */
export interface LineText extends Partial<Omit<ClaimLine, "number" | "code" | "charge">> {
  readonly code: string
  readonly charge: bigint
}

export interface Situation {
  readonly lines: readonly LineText[]
  readonly claim?: Partial<Claim>
  readonly member?: Partial<Member>
  readonly provider?: Partial<Provider>
  readonly snapshot?: Partial<Snapshot>
  readonly values?: Partial<InputValues>
}

export function snapshotFor(plan: Plan, parts: Partial<Snapshot> = {}): Snapshot {
  const period = { from: year, to: year + 364 }
  const start = firstSnapshot({
    ...{ payer: plan.front.payer, member: new Uint8Array(32), plan: plan.digest },
    ...{ period, facts: plainMember, expiry: 0 },
  })
  return { ...start, ...parts }
}

export function inputFor(plan: Plan, situation: Situation): AdjudicationInput {
  const lines = situation.lines.map(({ code, charge, ...rest }, i) => {
    const line = { ...plainLine(i + 1, code, charge, rest.from ?? visitDay), ...rest }
    return rest.to === undefined ? { ...line, to: line.from } : line
  })
  return inputOf({
    plan,
    claim: { ...plainClaim(lines, visitDay + 5), ...situation.claim },
    member: { ...plainMember, ...situation.member },
    provider: { ...plainProvider("clinic"), ...situation.provider },
    snapshot: snapshotFor(plan, situation.snapshot),
    on: visitDay + 5,
    ...situation.values,
  })
}

/** A line in one string: status, benefit, then each adjustment with its remark codes. */
export function told(line: LegLine): string {
  const codes = line.adjustments.map(({ group, carc, rarc, amount }) => [`${group}-${carc}`, ...rarc, amount].join(" "))
  return [line.status, line.benefit, ...codes].join(" ")
}
