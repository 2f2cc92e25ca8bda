/**
 * The last run, as it is kept in `matrix.ndjson`: the page is written from it and from nothing else. It names the
 * digest of the sources that told the lies, so that neither can change without a new run.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { sha256, toUtf8 } from "#crypto"
import { concat, toHex } from "../../src/base/bytes.ts"
import type { Told } from "./claims.ts"
import { type Cell, lies } from "./lies.ts"

const folder = import.meta.dirname
const file = join(folder, "matrix.ndjson")
export const page = join(folder, "../../docs/liars-matrix.md")

/** Files that only judge, show or test what the others did. */
const notTelling = ["claims.ts", "page.ts", "recorded.ts", "run.ts"]

/** Digest of every source that tells a lie. */
export function sourcesDigest(): string {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !notTelling.includes(name))
    .sort()
  return toHex(sha256(concat(...names.flatMap((name) => [toUtf8(`${name}\n`), readFileSync(join(folder, name))]))))
}

export interface Run {
  readonly sources: string
  readonly postgres: string
  readonly seconds: number
  readonly told: readonly Told[]
}

export type Cells = ReadonlyMap<string, Cell>

/** Both halves laid together. @throws Error when a lie has no cell in one of them, or a cell no lie. */
export function together(countersign: Cells, baseline: Cells): readonly Told[] {
  for (const [name, cells] of Object.entries({ countersign, baseline })) {
    const strange = [...cells.keys()].filter((id) => !lies.some((lie) => lie.id === id))
    const missing = lies.filter(({ id }) => !cells.has(id)).map(({ id }) => id)
    if (strange.length + missing.length > 0) throw new Error(`${name}: no cell of ${missing}; no lie ${strange}`)
  }
  return lies.map((lie) => ({ ...lie, countersign: countersign.get(lie.id)!, baseline: baseline.get(lie.id)! }))
}

export function writeRun({ told, ...head }: Run): void {
  const cells = told.map(({ id, countersign, baseline }) => ({ id, countersign, baseline }))
  writeFileSync(file, [head, ...cells].map((line) => `${JSON.stringify(line)}\n`).join(""))
}

export function readRun(): Run {
  const [head, ...cells] = readFileSync(file, "utf8").trimEnd().split("\n")
  const rows = cells.map((line) => JSON.parse(line) as { id: string; countersign: Cell; baseline: Cell })
  const half = (name: "countersign" | "baseline") => new Map(rows.map((row) => [row.id, row[name]]))
  return { ...(JSON.parse(head!) as Omit<Run, "told">), told: together(half("countersign"), half("baseline")) }
}

/** What must be the same in every run: all but the time it took. */
export function settled(cells: Cells): Readonly<Record<string, Omit<Cell, "ms">>> {
  return Object.fromEntries([...cells].map(([id, { ms: _, ...cell }]) => [id, cell]))
}
