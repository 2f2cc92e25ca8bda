/**
 * Where a filing gives no copays, is there any way to read its figures? Tries every set of services whose share is not
 * given at a flat copay without deductible, all others as the design says. It explains a difference; it encodes nothing.
 */
import type { Design } from "./design.ts"
import type { ExampleLine } from "./example.ts"
import type { FiledExample, Grid } from "./filings.ts"
import { modelLines } from "./model.ts"
import { filedDollars } from "./rounding.ts"

/** Services of the example by our code, those that plans most often give a flat copay first; and the grid's row of each. */
const rows: readonly (readonly [string, string | undefined])[] = [
  ["RXG", "rxGenericPreferred"],
  ["SPC", "specialist"],
  ["PTH", undefined],
  ["RAD", "xray"],
  ["OTH", undefined],
  ["EDF", "emergencyRoom"],
  ["EDP", "emergencyRoom"],
  ["DME", undefined],
  ["AMB", undefined],
]

/** Services of the example whose share the filing's grid does not give, under our code. */
export function openCodes(grid: Grid | undefined): readonly string[] {
  return rows.flatMap(([code, row]) => (row !== undefined && grid?.shares.has(row) === true ? [] : [code]))
}

const sumOf = (lines: readonly ExampleLine[]) => lines.reduce((sum, { amount }) => sum + amount, 0n)

/** Whether copays between nothing and `room` on top of `given` are filed as this figure. */
const reaches = (given: bigint, room: bigint, filed: bigint) =>
  filedDollars(filed * 100n) === filed && filedDollars(given) <= filed && filed <= filedDollars(given + room)

/** The design without what was assumed. */
function givenOnly(design: Design): Design {
  return { ...design, shares: new Map([...design.shares].filter(([, { source }]) => source === "given")) }
}

/** The smallest set of services that, at flat copays, gives the filed figures, of equals the likelier; or undefined. */
export function findReading(
  design: Design,
  lines: readonly ExampleLine[],
  filed: FiledExample,
  open: readonly string[],
): readonly string[] | undefined {
  const given = givenOnly(design)
  let best: readonly string[] | undefined
  for (let mask = 0; mask < 2 ** open.length; mask++) {
    const flat = open.filter((_, i) => (mask >> i) % 2 === 1)
    if (best !== undefined && flat.length >= best.length) continue
    const rest = lines.filter(({ code }) => !flat.includes(code))
    const parts = modelLines(given, rest)
    const fits =
      filedDollars(parts.deductible, design.deductible.person) === filed.deductible &&
      filedDollars(parts.coinsurance) === filed.coinsurance &&
      reaches(parts.copay, sumOf(lines) - sumOf(rest), filed.copay)
    if (fits) best = flat
  }
  return best
}

const words: Readonly<Record<string, string>> = {
  AMB: "ambulance",
  EDF: "emergency room (hospital)",
  EDP: "emergency room (doctor)",
  OTH: "facility",
  DME: "equipment",
  RAD: "x-ray",
  SPC: "specialist",
  PTH: "therapy",
  RXG: "generic medicine",
}

/** Our codes as words for a printed reason. */
export const codeWords = (codes: readonly string[]): string => codes.map((code) => words[code] ?? code).join(", ")
