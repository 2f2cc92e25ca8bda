/** Reads the published plans of the repository and the worked plans of the plan language's tests. */
import { readdirSync, readFileSync } from "node:fs"
import { type PlanCase, parseCases } from "../src/plan/cases/cases.ts"
import { readPlan } from "../src/plan/language/read.ts"
import type { Plan } from "../src/plan/plan.ts"

const folders = {
  "eye-sample": new URL("../plans/", import.meta.url),
  "limited-sample": new URL("../plans/", import.meta.url),
  "oscar-secure": new URL("../src/plan/fixtures/", import.meta.url),
  "silver-classic": new URL("../src/plan/fixtures/", import.meta.url),
  scheme: new URL("../src/plan/fixtures/", import.meta.url),
}
export type PlanName = keyof typeof folders
export const planNames = Object.keys(folders) as readonly PlanName[]

function tablesOf(folder: URL): ReadonlyMap<string, Uint8Array> {
  const tables = new URL("tables/", folder)
  return new Map(
    readdirSync(tables).map((file) => [
      file.replace(/\.csv$/, ""),
      new Uint8Array(readFileSync(new URL(file, tables))),
    ]),
  )
}

/** A plan by name. `edit` changes its text first: how a test adds a clause. */
export function planNamed(name: PlanName, edit: (text: string) => string = (text) => text): Plan {
  const folder = folders[name]
  const text = edit(readFileSync(new URL(`${name}.md`, folder), "utf8"))
  const read = readPlan(new TextEncoder().encode(text), tablesOf(folder))
  if ("plan" in read) return read.plan
  throw new Error(`The plan ${name} is refused: ${JSON.stringify(read.findings.slice(0, 3))}`)
}

export function casesOf(name: PlanName, plan: Plan): readonly PlanCase[] {
  const read = parseCases(readFileSync(new URL(`${name}.cases`, folders[name]), "utf8"), plan)
  if (read.findings.length > 0) throw new Error(`The cases of ${name} cannot be read`)
  return read.cases
}
