/**
 * The last run, as it is kept in `matrix.ndjson`: the page is written from it and from nothing else. It names the
 * digest of the sources that told the lies, so that neither can change without a new run.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { sha256, toUtf8 } from "#crypto"
import { concat, toHex } from "../../src/base/bytes.ts"
import type { Told } from "./claims.ts"
import { type Cell, consortiumLies, lies } from "./lies.ts"

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
  /** What four validators made of the lies that are told to them alone; those that were told. */
  readonly consortium: Cells
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

export function writeRun({ told, consortium, ...head }: Run): void {
  const cells = told.map(({ id, countersign, baseline }) => ({ id, countersign, baseline }))
  const four = [...consortium].map(([id, cell]) => ({ id, consortium: cell }))
  writeFileSync(file, [head, ...cells, ...four].map((line) => `${JSON.stringify(line)}\n`).join(""))
}

type Row = { id: string } & ({ countersign: Cell; baseline: Cell } | { consortium: Cell })

/** @throws Error when a lie has no cell, or a cell no lie. */
export function readRun(): Run {
  const [head, ...cells] = readFileSync(file, "utf8").trimEnd().split("\n")
  const rows = cells.map((line) => JSON.parse(line) as Row)
  const pairs = rows.flatMap((row) => ("consortium" in row ? [] : [row]))
  const consortium = new Map(rows.flatMap((row) => ("consortium" in row ? [[row.id, row.consortium] as const] : [])))
  const strange = [...consortium.keys()].filter((id) => !consortiumLies.some((lie) => lie.id === id))
  if (strange.length > 0) throw new Error(`no lie ${strange}`)
  const half = (name: "countersign" | "baseline") => new Map(pairs.map((row) => [row.id, row[name]]))
  const told = together(half("countersign"), half("baseline"))
  return { ...(JSON.parse(head!) as Omit<Run, "told" | "consortium">), told, consortium }
}

/** What must be the same in every run: all but the time it took. */
export function settled(cells: Cells): Readonly<Record<string, Omit<Cell, "ms">>> {
  return Object.fromEntries([...cells].map(([id, { ms: _, ...cell }]) => [id, cell]))
}
