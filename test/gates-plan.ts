/**
 * A plan with a clause for every outcome of the gates A2 to D3, its tables, and short words for claims, papers and what
 * came of them: what the rows of `pipeline-gates` are written in.
 */
import { deepEqual } from "node:assert/strict"
import { sha256, toUtf8 } from "#crypto"
import { toHex } from "../src/base/bytes.ts"
import { parseDate } from "../src/base/time.ts"
import { adjudicate, type Outcome } from "../src/plan/adjudicate/adjudicate.ts"
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
import { type Decision, type InputValues, inputOf } from "../src/plan/input.ts"
import { readPlan } from "../src/plan/language/read.ts"
import type { Plan } from "../src/plan/plan.ts"
import { type EventRow, firstSnapshot } from "../src/plan/snapshot.ts"

export const on = (text: string) => parseDate(text)!
export const day = on("2026-06-10")
export const year = on("2026-01-01")

type Cells = Readonly<Record<string, string>>
interface File {
  readonly name: string
  readonly key: readonly string[]
  readonly from: string
  readonly until: string
  readonly rows: readonly Cells[]
}

/** Codes by group, with what their rows say beside it; all are paid at the charge. */
export const codes: Readonly<Record<string, Cells>> = {
  PLAIN: { category: "plain" },
  "0120": { category: "ward" },
  NEEDY: { category: "plain", needs: "diagnosis place charge revenue bill-type drg drug tooth surfaces" },
  BLUR: { category: "plain", "age-from": "young" },
  ENDED: { category: "plain", "valid-until": "2026-03-01" },
  UNLISTED: { category: "plain" },
  FEMALE: { category: "plain", sex: "F" },
  GROWN: { category: "plain", "age-from": "18", "age-to": "65" },
  OFFICE: { category: "plain", places: "11 22" },
  OPEN: { category: "plain", "bill-types": "13 85" },
  ROOM: { category: "plain", revenues: "0360 0361" },
  BARE: { category: "plain", modifiers: "LT RT" },
  SIDED: { category: "plain", "needs-modifier": "LT RT" },
  EYES: { category: "plain", diagnoses: "H40 H35" },
  MOLAR: { category: "plain", teeth: "1 2 3 14" },
  FILLING: { category: "plain", surfaces: "2" },
  HEART: { category: "plain", specialties: "cardiology" },
  THERAPY: { category: "plain", "provider-kinds": "therapist" },
  SURGERY: { category: "plain", levels: "hospital" },
  EXAM: { category: "exam" },
  CUT: { category: "procedure", global: "10" },
  BUILDUP: { category: "buildup" },
  CROWN: { category: "crown" },
  GAUZE: { category: "gauze" },
  STAY: { category: "stay" },
  ONE: { category: "pairs" },
  TWO: { category: "pairs" },
  THREE: { category: "pairs" },
  FOUR: { category: "pairs" },
  FIVE: { category: "pairs" },
  ADDED: { category: "added" },
  ANY: { category: "added" },
  MAIN: { category: "plain" },
  FEW: { category: "few" },
  MAI1: { category: "edited" },
  MAI2: { category: "edited" },
  MAI3: { category: "edited" },
  MAI4: { category: "edited" },
  VIAL: { category: "vial" },
  SHARED: { category: "shared" },
  ADULT: { category: "adult" },
  OUTSIDE: { category: "outside" },
  REFERRED: { category: "referred" },
  NOBODY: { category: "nobody" },
  ROUTINE: { category: "routine" },
  NEEDLESS: { category: "needless" },
  TRIAL: { category: "trial" },
  HOME: { category: "home" },
  ASKED: { category: "asked" },
  LESS: { category: "less" },
  WAITED: { category: "waited" },
  VISITED: { category: "visited" },
  COUNTED: { category: "counted" },
  ONCE: { category: "once" },
  TOOTH: { category: "teeth" },
  NIGHT: { category: "nights" },
  UNASKED: { category: "open" },
}

export const services = Object.entries(codes).map(([code, cells]) => ({ code, rate: "charge", ...cells }))
const files: readonly File[] = [
  {
    ...{ name: "services", key: ["code"], from: "2026-01-01", until: "2026-07-01" },
    rows: [...services, { code: "OLD", category: "plain", rate: "charge" }],
  },
  { name: "services", key: ["code"], from: "2026-07-01", until: "2027-01-01", rows: services },
  {
    ...{ name: "in-force", key: ["code"], from: "2026-01-01", until: "2027-01-01" },
    rows: [
      ...services.filter(({ code }) => code !== "UNLISTED"),
      { code: "OLD" },
      { code: "STRANGE" },
      { code: "SALVE" },
    ],
  },
  {
    ...{ name: "salves", key: ["code"], from: "2026-01-01", until: "2027-01-01" },
    rows: [{ code: "SALVE", sex: "F" }],
  },
  {
    ...{ name: "marks", key: ["mark"], from: "2026-01-01", until: "2027-01-01" },
    rows: ["25", "59", "LT", "RT", "JW", "JZ", "24"].map((mark) => ({ mark })),
  },
  {
    ...{ name: "findings", key: ["finding"], from: "2026-01-01", until: "2027-01-01" },
    rows: [
      { finding: "H401" },
      { finding: "Z001", "age-to": "18" },
      { finding: "N400", sex: "M" },
      { finding: "Z000" },
    ],
  },
  {
    ...{ name: "listed", key: ["provider"], from: "2026-01-01", until: "2027-01-01" },
    rows: [
      { provider: "gone", tier: "in", "valid-until": "2026-03-01" },
      { provider: "closed", tier: "in", eligible: "no" },
      { provider: "heart", tier: "in", specialty: "cardiology" },
    ],
  },
  {
    ...{ name: "payers", key: ["own", "elsewhere"], from: "2026-01-01", until: "2027-01-01" },
    rows: [
      { own: "*", elsewhere: "group", first: "other" },
      { own: "*", elsewhere: "state", first: "own" },
    ],
  },
  {
    ...{ name: "edits", key: ["column-1", "column-2"], from: "2026-01-01", until: "2027-01-01" },
    rows: [
      { "column-1": "ONE", "column-2": "TWO", indicator: "0" },
      { "column-1": "ONE", "column-2": "THREE", indicator: "1" },
      { "column-1": "ONE", "column-2": "FOUR", indicator: "9" },
      { "column-1": "ONE", "column-2": "FIVE", indicator: "0", "valid-until": "2026-03-01" },
    ],
  },
  {
    ...{ name: "add-ons", key: ["code"], from: "2026-01-01", until: "2027-01-01" },
    rows: [{ code: "ADDED", primary: "MAIN CUT" }, { code: "ANY" }],
  },
  {
    ...{ name: "most", key: ["whose"], from: "2026-01-01", until: "2027-01-01" },
    rows: [
      { whose: "MAI1", most: "2", indicator: "1" },
      { whose: "MAI2", most: "2", indicator: "2" },
      { whose: "MAI3", most: "2", indicator: "3" },
      { whose: "MAI4", most: "2", indicator: "x" },
      { whose: "C9|MAI1", most: "1", indicator: "1" },
    ],
  },
]

function columnsOf({ key, rows }: File): readonly string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((column) => !key.includes(column))
}
function csvOf(file: File): Uint8Array {
  const columns = [...file.key, ...columnsOf(file)]
  return toUtf8(`${[columns, ...file.rows.map((row) => columns.map((name) => row[name] ?? ""))].join("\n")}\n`)
}
function declared(file: File, at: number): string {
  const { name, key, from, until } = file
  const columns = columnsOf(file)
  const sha = toHex(sha256(csvOf(file)))
  return `{ name: ${name}, version: ${at}, key: [${key}], columns: [${columns}], from: ${from}, until: ${until}, source: invented, sha256: "${sha}" }`
}

/** Clause by clause, numbered 1.1, 1.2, …: the order of the steps. */
const rules: readonly string[] = [
  "define: { table: services }",
  "define: { codes: valid-procedures, table: in-force }",
  "define: { codes: valid-modifiers, table: marks }",
  "define: { codes: valid-diagnoses, table: findings }",
  "define: { network: listed, by: provider }",
  "{ cover: yes, allow: { schedule: services, lesser: yes }, assurance: { table: front } }",
  "{ claims: [professional, drug], timely: { window: claim, from: service } }",
  "{ claims: [institutional], timely: { window: claim, from: discharge } }",
  "{ claims: [dental], timely: { window: claim, from: priorPayer } }",
  "duplicate: { same: [provider, from, code, modifiers, units, charge, tooth], possible: [provider, from, code] }",
  "{ for: [shared], cob: { method: standard, order: payers } }",
  "{ for: [adult], age: { from: grown, to: old, sex: F } }",
  "{ for: [outside], network: { tier: notCovered } }",
  "{ for: [referred], refer: { from: family-doctor, visits: two-visits } }",
  "{ when: emergency, emergency: { lifts: [network, refer, authorize, wait], payAs: in } }",
  "bundle: { line: exam, into: procedure, within: day, unless: [25] }",
  "bundle: { line: buildup, into: crown, within: line }",
  "bundle: { line: gauze, into: stay, within: stay }",
  "bundle: { table: edits, within: day, unless: [59] }",
  "global: { table: services, unless: [24] }",
  "addOn: { table: add-ons }",
  "{ for: [few], units: { most: three } }",
  "{ for: [edited], units: { table: most } }",
  "{ for: [vial], wastage: { waste: JW, none: JZ } }",
  "{ for: [nobody], exclude: { notice: required } }",
  "{ for: [routine], exclude: { notice: required, codes: { group: PR, carc: 49 } } }",
  "{ for: [needless], exclude: { notice: none, codes: { group: CO, carc: 50 } } }",
  "{ for: [trial], exclude: { notice: none, codes: { group: CO, carc: 55 } } }",
  '{ for: [home], when: "place == \\"12\\"", exclude: { notice: none, codes: { group: CO, carc: 96, rarc: N428 } } }',
  "{ for: [asked], authorize: { covers: code, else: deny } }",
  "{ for: [less], authorize: { covers: category, else: reduce, reduction: half } }",
  "{ for: [waited], wait: { for: waiting, from: enrolled } }",
  counted("visited", "visit", "two-visits", "year"),
  counted("counted", "unit", "two-visits", "year"),
  counted("once", "unit", "two-visits", "life"),
  counted("teeth", "tooth", "two-visits", "year"),
  counted("nights", "day", "two-visits", "stays"),
  "{ for: [open], exclude: { notice: none } }",
  "define: { codes: salves, table: salves }",
  "define: { category: salve, codes: salves }",
]

export function counted(group: string, per: string, most: string, period: string): string {
  const bucket = `{ name: ${group}-count, measure: count, person: ${most}, period: ${period} }`
  return `{ for: [${group}], limit: { bucket: ${group}-count, per: ${per} }, bucket: ${bucket} }`
}

const numbers = "grown: 18 years, old: 65 years, two-visits: 2 visits, three: 3 units, half: 50 %, waiting: 90 days"

function planOf(edit: (text: string) => string = (text) => text): Plan {
  const written = rules.map((rule, i) => `### 1.${i + 1} Clause\nThis clause says one thing.\n\n    ${rule}\n`)
  const text = `---
language: plan/1
plan: all-gates
version: 1
title: A plan of all gates
payer: sample-mutual
currency: { code: USD, exponent: 2 }
effective: { from: 2026-01-01, until: 2027-01-01 }
rounding: half-up
periods: { year: calendar, life: lifetime, stays: stay }
tiers: [in]
claims: [professional, institutional, dental]
flags: [lapsed, ineligible]
windows: { claim: 90 days, correction: 30 days, lookBack: 730 days, answer: 72 hours }
assurance: { patient: pays, proxy: pays, attested: never, silent: { wait: 30 days, upTo: 150.00 USD } }
tables: [${files.map(declared).join(", ")}]
---
# A plan of all gates
## 1 All
\`\`\`numbers
{ from: 2026-01-01, source: test, ${numbers} }
\`\`\`
${written.join("")}`
  const read = readPlan(toUtf8(edit(text)), new Map(files.map((file, i) => [`${file.name}@${i}`, csvOf(file)])))
  if ("plan" in read) return read.plan
  throw new Error(JSON.stringify(read.findings.slice(0, 3)))
}

export const plan = planOf()
export const twoTiers = planOf((text) => text.replace("tiers: [in]", "tiers: [in, out]"))
export const uncovered = planOf((text) => text.replace("{ cover: yes,", "{ when: accident, cover: yes,"))
export const gapped = planOf((text) => text.replaceAll("from: 2026-07-01", "from: 2026-07-05"))

export interface Sent extends Partial<Omit<InputValues, "claim" | "member" | "provider" | "snapshot">> {
  /** What the lines differ in from one unit at 100.00 on the day; their codes. */
  readonly lines: readonly (Partial<ClaimLine> & { readonly code: string })[]
  readonly claim?: Partial<Claim>
  readonly member?: Partial<Member>
  readonly provider?: Partial<Provider>
  readonly events?: readonly EventRow[]
  readonly counts?: { readonly clause: string; readonly used: bigint; readonly periodStart: number }
}

const person: Member = { ...plainMember, born: on("1990-05-01"), sex: "F", coverFrom: year, enrolled: year }

export function determined(sent: Sent): Outcome {
  const { lines, claim, member, provider, events = [], counts, ...values } = sent
  const whole = lines.map((line, i) => ({ ...plainLine(i + 1, line.code, 10_000n, day), ...line }))
  const facts = { ...person, ...member }
  const used = values.plan ?? plan
  const zero = new Uint8Array(32)
  const period = { from: year, to: year + 364 }
  const first = firstSnapshot({ payer: "sample-mutual", member: zero, plan: used.digest, period, facts, expiry: 0 })
  const count = counts === undefined ? [] : [{ ...counts, owner: "person", allotted: 0n }]
  const input = inputOf({
    plan: used,
    claim: { ...plainClaim(whole, day + 5), ...claim },
    member: facts,
    provider: { ...plainProvider("clinic"), ...provider },
    snapshot: { ...first, events, counts: count },
    on: day + 5,
    ...values,
  })
  const outcome = adjudicate(input)
  deepEqual(adjudicate(input, { trace: false }).leg, outcome.leg, "the trace changes nothing")
  return outcome
}

/** Each line in a few words: what it came to, at which step, by which clause. */
export function told({ leg }: Outcome): string {
  return leg.lines
    .map((line) => {
      const { step, clause } = line.shown
      const at = `${step}${clause === "" ? "" : ` ${clause}`}`
      if (line.status === "paid") return `paid ${line.benefit / 100n}`
      if (line.status === "held") return `held ${at}`
      if (line.status === "pended") {
        const own = leg.findings.find((finding) => finding.line === line.number && finding.code !== "also-refused")!
        return `pended ${own.code} ${own.missing}, ${at}`
      }
      const codes = line.adjustments.map(({ group, carc, rarc }) => [`${group}-${carc}`, ...rarc].join(" "))
      return `denied ${codes.join(" ")}, ${at}`
    })
    .join(" | ")
}

export const line = (code: string, more: Partial<ClaimLine> = {}) => ({ code, ...more })
export const one = (code: string, more: Partial<ClaimLine> = {}) => ({ lines: [line(code, more)] })
export const secondary = { rank: 2, otherCover: ["group"] }
export const hospital = { kind: "institutional" } as const
export const dental = { kind: "dental" } as const
export const stay = { ...hospital, inpatient: true, admitted: day - 1, discharged: day + 1, received: day + 5 }
export const answer = (benefit: bigint, on_ = day) => {
  const reasons = [{ carc: "2", amount: 10_000n - benefit }]
  return [
    {
      payer: "other",
      on: on_,
      lines: [{ number: 1, allowed: 10_000n, paid: benefit, left: 10_000n - benefit, reasons }],
    },
  ]
}
export const decision = (clause: string, number: number, yes: number, evidence?: string): readonly Decision[] => [
  { clause, line: number, answer: yes, by: "director", on: day, evidence },
]
export const event = (clause: string, owner: string, of: number, quantity = 1n): EventRow => ({
  ...{ clause, owner, day: of, provider: "clinic", quantity },
  statement: new Uint8Array(32).fill(7),
})
export const permit = (covers: string, more = {}) => [
  { covers, from: day - 5, until: day + 5, provider: undefined, unitsMilli: 2000, ...more },
]
export const referral = (visits: number, used: number) => [{ from: "family-doctor", to: undefined, visits, used }]
export const milli = (units: number) => ({ unitsMilli: units * 1000 })

/** A row: the step, what it is about, what is sent, and what becomes of each line. */
export type Row = readonly [step: string, what: string, sent: Sent, told: string]
