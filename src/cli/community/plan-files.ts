/** Reads a published plan from disk with the tables beside it. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { readInputFile } from "../input-file.ts"

/** A published plan with every table it names. */
export interface PlanFiles {
  readonly name: string
  readonly bytes: Uint8Array
  readonly tables: readonly { readonly name: string; readonly bytes: Uint8Array }[]
}

/** The `plans/` folder of this package, from source and from the built package alike. */
export function plansFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, "plans")) && folder !== dirname(folder)) folder = dirname(folder)
  return join(folder, "plans")
}

/** @throws Refused when the file is not there. */
export function readPlanFiles(path: string): PlanFiles {
  const bytes = readInputFile(path)
  const folder = join(dirname(path), "tables")
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".csv")) : []
  const text = Buffer.from(bytes).toString("utf8")
  const tables = files
    .map((file) => ({ name: file.replace(/\.csv$/, ""), path: join(folder, file) }))
    // One edition of several is named table@version.
    .filter(({ name }) => text.includes(`name: ${name.replace(/@.*$/, "")}`))
    .map(({ name, path: table }) => ({ name, bytes: new Uint8Array(readFileSync(table)) }))
  return { name: path.split("/").at(-1)!.replace(/\.md$/, ""), bytes, tables }
}
