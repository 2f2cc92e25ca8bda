/**
 * `countersign openimis DIR`: encodes the products of an openIMIS database, given as one CSV a table, as published plans;
 * says what of each is left out; prices the database's own claims and lays our money beside theirs.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { formatMoney } from "../base/money.ts"
import { refuse } from "../base/refusal.ts"
import { type ComparedLine, compareClaims } from "../formats/openimis/claims.ts"
import { type EncodedProduct, encodeProduct } from "../formats/openimis/product.ts"
import { readSchemeTable } from "../formats/openimis/rows.ts"
import { checkPlan } from "../plan/check/check.ts"
import { readPlan } from "../plan/language/read.ts"
import type { Plan } from "../plan/plan.ts"
import type { Command, CommandResult } from "./command.ts"
import { readInputFile } from "./input-file.ts"
import { makeFolder } from "./make-folder.ts"
import type { Screen } from "./screen.ts"

const usage = "openimis DIR [--out DIR]"

interface Checked {
  readonly product: EncodedProduct
  readonly plan: Plan | undefined
  readonly findings: readonly string[]
}

function checkProduct(product: EncodedProduct): Checked {
  const read = readPlan(product.bytes, new Map(product.tables.map(({ name, bytes }) => [name, bytes])))
  const findings = "plan" in read ? checkPlan(read.plan) : read.findings
  return {
    product,
    plan: "plan" in read ? read.plan : undefined,
    findings: findings.map(
      ({ code, clause, message }) => `${code}${clause === undefined ? "" : ` ${clause}`}: ${message}`,
    ),
  }
}

function sayProducts(checked: readonly Checked[], screen: Screen): void {
  screen.heading("Products")
  const rows = checked.map(({ product, plan, findings }) => [
    product.id,
    product.code,
    product.inForce ? "in force" : "older",
    String(product.benefits.length),
    String(plan?.clauses.length ?? 0),
    findings.length === 0 ? "none" : findings.join("; "),
  ])
  screen.table(["id", "code", "row", ">benefits", ">clauses", "findings"], rows)
  const unsaid = new Set(checked.flatMap(({ product }) => product.unsaid))
  screen.heading("Left out of the plans")
  for (const words of unsaid) {
    const ids = checked.filter(({ product }) => product.unsaid.includes(words)).map(({ product }) => product.id)
    screen.line(`${words} (${ids.length === checked.length ? "all" : ids.join(", ")})`)
  }
}

function sayClaims(lines: readonly ComparedLine[], screen: Screen): void {
  screen.heading("Claims: what openIMIS valued, and what our engine pays")
  const money = (amount: bigint | undefined) => (amount === undefined ? "–" : formatMoney(amount))
  const rows = lines.map((line) => [
    line.claim,
    line.code,
    money(line.asked),
    money(line.theirs),
    money(line.ours),
    line.outcome,
    line.why,
  ])
  screen.table(["claim", "code", ">asked", ">theirs", ">ours", "outcome", "why"], rows)
}

function writeProducts(checked: readonly Checked[], folder: string): void {
  makeFolder(join(folder, "tables"))
  for (const { product } of checked) {
    writeFileSync(join(folder, `${product.name}.md`), product.bytes)
    for (const { name, bytes } of product.tables) writeFileSync(join(folder, "tables", `${name}.csv`), bytes)
  }
}

function run(folder: string, out: string | undefined, screen: Screen): CommandResult {
  const table = (name: string) => readSchemeTable(readInputFile(join(folder, `${name}.csv`)), name)
  const tables = {
    products: table("tblProduct"),
    productServices: table("tblProductServices"),
    productItems: table("tblProductItems"),
    services: table("tblServices"),
    items: table("tblItems"),
  }
  const checked = tables.products.map((product) => checkProduct(encodeProduct(tables, product)))
  sayProducts(checked, screen)
  const plans = new Map(
    checked.flatMap(({ product, plan }) => (plan === undefined ? [] : [[product.id, plan] as const])),
  )
  const lines = compareClaims(
    {
      ...tables,
      claims: table("tblClaim"),
      claimServices: table("tblClaimServices"),
      claimItems: table("tblClaimItems"),
      policies: table("tblPolicy"),
      insureePolicies: table("tblInsureePolicy"),
      insurees: table("tblInsuree"),
    },
    plans,
  )
  sayClaims(lines, screen)
  if (out !== undefined) writeProducts(checked, out)
  const failing = checked.filter(({ findings }) => findings.length > 0).length
  const count = (outcome: ComparedLine["outcome"]) => lines.filter((line) => line.outcome === outcome).length
  screen.say()
  screen.say(
    `${checked.length} products, ${failing} with findings; ${lines.length} claim lines: ${count("equal")} equal, ${count("differs")} other, ${count("not valued")} never valued there`,
  )
  const products = checked.map(({ product, findings }) => ({
    id: product.id,
    code: product.code,
    plan: product.name,
    inForce: product.inForce,
    benefits: product.benefits.length,
    findings,
    unsaid: product.unsaid,
  }))
  return { value: { products, lines }, failed: failing > 0 }
}

export const openimisCommand: Command = {
  summary: "Encodes the products of an openIMIS database as plans and prices its claims",
  usage,
  async run(args, screen) {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { out: { type: "string" } },
    })
    const [folder, ...rest] = positionals
    if (folder === undefined || rest.length > 0)
      return refuse("arguments", "Cannot use openimis: one folder is expected", "arguments", `countersign ${usage}`)
    return run(folder, values.out, screen)
  },
}
