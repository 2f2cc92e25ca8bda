/** Writes a design as a published plan: front matter, numbers, clauses in plain sentences with their rules, one table. */
import { sha256, toUtf8 } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { type Clause, Clauses } from "./clauses.ts"
import { type Design, medicines } from "./design.ts"
import { codes } from "./example.ts"

export interface EncodedPlan {
  readonly name: string
  readonly bytes: Uint8Array
  readonly tables: readonly { readonly name: string; readonly bytes: Uint8Array }[]
}

const tableName = "sbc-services"

/** One table for all: codes of our own, each service in one group, the rate the provider's charge. */
export function servicesTable(): Uint8Array {
  const rows = codes.map(
    ([code, service]) => `${code},${service},${medicines.includes(service) ? "medicine" : ""},charge\n`,
  )
  return toUtf8(`code,category,under,rate\n${rows.join("")}`)
}

function frontOf(design: Design, hash: string): string {
  const [from, until] = [`${design.year}-01-01`, `${design.year + 1}-01-01`]
  const table = `name: ${tableName}, version: "1", key: code, columns: [category, under, rate], from: ${from}, until: ${until}`
  return `---
language: plan/1
plan: ${design.name}
version: 1
title: ${JSON.stringify(design.title)}
payer: ${design.payer}
currency: { code: USD, exponent: 2 }
effective: { from: ${from}, until: ${until} }
rounding: half-up
periods: { year: calendar }
tiers: [${design.second === undefined ? "in" : "first, second"}]
claims: [professional, institutional, drug]
windows: { claim: 365 days, correction: 180 days, lookBack: 730 days, answer: 72 hours }
assurance: { patient: pays, proxy: pays, attested: pays, silent: { wait: 30 days, upTo: 500.00 USD } }
tables: [{ ${table}, source: "invented codes; the rate is the charge", sha256: "${hash}" }]
---
`
}

function numbersOf(design: Design, clauses: Clauses): string {
  const from = `${design.year}-01-01`
  const rows = [...clauses.numbers].map(([name, { value, assumed }]) =>
    assumed ? `  ${name}: [[${value}, ${from}, "assumed"]]` : `  ${name}: ${value}`,
  )
  return `\`\`\`numbers\n{ from: ${from}, source: ${JSON.stringify(design.source)},\n${rows.join(",\n")} }\n\`\`\`\n`
}

const clauseText = ({ number, title, sentence, rule }: Clause) =>
  `### ${number} ${title}\n${sentence}\n\n${rule.map((line) => `    ${line}\n`).join("")}`

/** The document with its table; the same design gives the same bytes. */
export function encodeDesign(design: Design): EncodedPlan {
  const table = servicesTable()
  const clauses = new Clauses(design)
  const chapters = clauses.chapters().map(({ title, list }) => `## ${title}\n${list.map(clauseText).join("")}`)
  const title = `# ${design.title}\n`
  const words = `## 1 Words\n${numbersOf(design, clauses)}`
  const head = "### 1.1 Groups of services\nThe table lists each code once, with its group.\n\n"
  const define = `    define: { table: ${tableName} }\n`
  const hasTerm = design.shares.has("er")
  const term = !hasTerm
    ? ""
    : "### 1.2 Emergency room\nAn emergency room is the part of a hospital that takes anyone at any hour.\n\n" +
      "    define: { term: emergency room, meaning: the part of a hospital that takes anyone at any hour }\n"
  const text = frontOf(design, toHex(sha256(table))) + title + words + head + define + term + chapters.join("")
  return { name: design.name, bytes: toUtf8(text), tables: [{ name: tableName, bytes: table }] }
}
