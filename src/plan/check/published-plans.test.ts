/** The plans this product publishes, for the tests of what is printed from them; each reads, with its cases. */
import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { fromUtf8, toUtf8 } from "#crypto"
import { type PlanCase, parseCases } from "../cases/cases.ts"
import { readPlan } from "../language/read.ts"
import type { Plan } from "../plan.ts"

const folder = new URL("../../../plans/", import.meta.url)

export interface PublishedPlan {
  readonly name: string
  readonly text: string
  readonly plan: Plan
  readonly cases: readonly PlanCase[]
  /** The text of `NAME.reviewed`. */
  readonly reviewed: string | undefined
}

const read = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)))
const textOf = (name: string) => (existsSync(new URL(name, folder)) ? fromUtf8(read(name)) : undefined)

export const publishedTables: ReadonlyMap<string, Uint8Array> = new Map(
  readdirSync(new URL("tables/", folder))
    .filter((name) => name.endsWith(".csv"))
    .map((name) => [name.replace(/\.csv$/, ""), read(`tables/${name}`)] as const),
)

/** The plan of a text with the published tables. @throws when it does not read. */
export function planOfText(text: string): Plan {
  const made = readPlan(toUtf8(text), publishedTables)
  if ("findings" in made) assert.fail(made.findings.map(({ line, message }) => `${line}: ${message}`).join("; "))
  return made.plan
}

function publishedPlan(name: string): PublishedPlan | undefined {
  const text = textOf(`${name}.md`)!
  const made = readPlan(toUtf8(text), publishedTables)
  if ("findings" in made) return undefined
  const { plan } = made
  const { cases } = parseCases(textOf(`${name}.cases`) ?? "", plan)
  return { name, text, plan, cases, reviewed: textOf(`${name}.reviewed`) }
}

const names = readdirSync(folder)
  .filter((name) => name.endsWith(".md") && name !== "README.md")
  .map((name) => name.replace(/\.md$/, ""))
const found = names.map((name) => ({ name, published: publishedPlan(name) }))

/** Those that read; the test below refuses any other. */
export const publishedPlans: readonly PublishedPlan[] = found.flatMap(({ published }) => published ?? [])

test("every published plan reads and has cases", () => {
  assert.deepEqual(
    found.filter(({ published }) => published === undefined).map(({ name }) => name),
    [],
  )
  assert.ok(publishedPlans.length >= 2)
  for (const { name, cases } of publishedPlans) assert.ok(cases.length > 0, name)
})
