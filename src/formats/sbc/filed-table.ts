/** The whole run over a folder of filings: every design encoded, run, compared; and the documents to look at by hand. */
import { toUtf8 } from "#crypto"
import { assert } from "../../base/assert.ts"
import { readPlan } from "../../plan/language/read.ts"
import type { Plan } from "../../plan/plan.ts"
import { casesOf } from "./cases.ts"
import { judge, type OurExample, type Outcome, runExample, type Shown, sameShown, shownOf } from "./compare.ts"
import { type Design, designOf, type ServiceShare } from "./design.ts"
import { type EncodedPlan, encodeDesign } from "./document.ts"
import { type ExampleLine, fractureLines } from "./example.ts"
import { type Filing, type Grid, readFilings, readFracture, readGrids } from "./filings.ts"
import { modelLines } from "./model.ts"
import { type PrintedPlan, readPrinted } from "./printed.ts"

/** The folder's files by name. */
export const filingFiles = {
  filings: "puf_plans_sbc_results.csv",
  grids: "nj2026_benefit_grids.json",
  printed: "printed_sbc_plans.json",
  example: "federal_sbc_scenarios.json",
} as const
export type FilingBytes = Readonly<Record<keyof typeof filingFiles, Uint8Array>>

export interface EncodedRow {
  readonly id: string
  /** Where the design comes from: a filed row alone, with its visits, with its whole grid, or a printed summary. */
  readonly given: "filing" | "filing and visits" | "filing and grid" | "printed"
  readonly design: Design
  readonly plan: Plan
  readonly document: EncodedPlan
  /** Text of the `.cases` file. */
  readonly cases: string
  /** `fracture`, or the printed example that was run instead. */
  readonly example: string
  /** Undefined for a printed plan without a result. */
  readonly filed: Shown | undefined
  readonly exact: OurExample
  readonly ours: Shown
  readonly outcome: Outcome | "design only"
  readonly why: string
  readonly filing: Filing | undefined
}

interface Encoded {
  readonly document: EncodedPlan
  readonly plan: Plan
  readonly cases: string
}

function encode(design: Design, lines: readonly ExampleLine[]): Encoded {
  const document = encodeDesign(design)
  const read = readPlan(document.bytes, new Map(document.tables.map(({ name, bytes }) => [name, bytes])))
  assert("plan" in read, "a document that we write can be read")
  return { document, plan: read.plan, cases: casesOf(design, lines) }
}

function filedRow(filing: Filing, grid: Grid | undefined, lines: readonly ExampleLine[]): EncodedRow {
  const design = designOf(filing, grid)
  const encoded = encode(design, lines)
  const exact = runExample(encoded.plan, lines, design.year)
  const ours = shownOf(design, exact)
  return {
    id: filing.id,
    given: grid === undefined ? "filing" : grid.kind === "whole" ? "filing and grid" : "filing and visits",
    design,
    ...encoded,
    example: "fracture",
    filed: filing.examples.fracture,
    exact,
    ours,
    ...judge(filing, design, grid, lines, ours),
    filing,
  }
}

/**
 * A variant of one plan whose grid says `$60` where another variant's says `$60 after deductible`: when the filing comes
 * out with the other's cell, the grid was misread there. Explains a difference; the encoded plan keeps its own cell.
 */
function misread(row: EncodedRow, siblings: readonly EncodedRow[], lines: readonly ExampleLine[]): EncodedRow {
  const { design, filed, given } = row
  if (row.outcome === "equal" || filed === undefined || given !== "filing and grid") return row
  for (const sibling of siblings) {
    for (const [service, { share }] of sibling.design.shares) {
      const own = design.shares.get(service)
      if (own === undefined || own.share.deductible === share.deductible) continue
      const side = (each: ServiceShare) => ({ ...each, share: { ...each.share, deductible: share.deductible } })
      const shares = new Map(design.shares).set(service, side(own))
      const follower = service === "xray" ? design.shares.get("facility") : undefined
      if (follower?.source === "assumed") shares.set("facility", side(follower))
      const ours = shownOf(design, modelLines({ ...design, shares }, lines))
      if (!sameShown(ours, filed)) continue
      const why = `comes out if ${service} meets the deductible ${share.deductible === "none" ? "never" : "first"}, as in ${sibling.id}`
      return { ...row, outcome: "misread cell", why }
    }
  }
  return row
}

function printedRow(printed: PrintedPlan, lines: readonly ExampleLine[]): EncodedRow {
  const { design, lump } = printed
  const encoded = encode(design, lines)
  const run = lump === undefined ? lines : [{ code: "INP", service: "inpatient" as const, amount: lump.total, day: 0 }]
  const exact = runExample(encoded.plan, run, design.year)
  const ours = shownOf(design, exact)
  const filed = lump?.printed ?? printed.fracture
  const equal = filed !== undefined && sameShown(ours, filed)
  const why = "the printed example leaves out the first visits at a copay that the plan itself promises"
  const base = { id: printed.id, given: "printed" as const, design, ...encoded, exact, ours, filing: undefined }
  const example = lump?.name ?? "fracture"
  if (filed === undefined) return { ...base, example, filed, outcome: "design only", why: "no result is printed" }
  return { ...base, example, filed, outcome: equal ? "equal" : "own rule left out", why: equal ? "" : why }
}

/** Every filed and printed plan of the folder, in its order. @throws Refused at the first cell that cannot be read. */
export function encodeFilings(files: FilingBytes): {
  readonly rows: readonly EncodedRow[]
  readonly lines: readonly ExampleLine[]
} {
  const filings = readFilings(files.filings, filingFiles.filings)
  const grids = readGrids(files.grids, filingFiles.grids)
  const lines = fractureLines(readFracture(files.example, filingFiles.example))
  const printed = readPrinted(files.printed, filingFiles.printed)
  const filed = filings.map((filing) => filedRow(filing, grids.get(filing.id), lines))
  const rows = filed.map((row) => {
    const siblings = filed.filter(({ filing }) => filing?.base === row.filing?.base)
    return misread(row, siblings, lines)
  })
  return { rows: [...rows, ...printed.map((plan) => printedRow(plan, lines))], lines }
}

/** The files of one encoded plan under the names by which the plan commands find them. */
export function filesOf(row: EncodedRow): readonly { readonly path: string; readonly bytes: Uint8Array }[] {
  const tables = row.document.tables.map(({ name, bytes }) => ({ path: `tables/${name}.csv`, bytes }))
  return [
    { path: `${row.document.name}.md`, bytes: row.document.bytes },
    { path: `${row.document.name}.cases`, bytes: toUtf8(row.cases) },
    ...tables,
  ]
}
