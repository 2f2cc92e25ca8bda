/** Runs the federal example through an encoded plan and compares the member's parts, rounded as filed, with the filing. */
import { parseDate } from "../../base/time.ts"
import { adjudicate } from "../../plan/adjudicate/adjudicate.ts"
import { untouchedSnapshot } from "../../plan/adjudicate/opening-snapshot.ts"
import { plainClaim, plainLine, plainMember, plainProvider } from "../../plan/claim.ts"
import { inputOf } from "../../plan/input.ts"
import type { Plan } from "../../plan/plan.ts"
import { type Design, medicines, shareOf } from "./design.ts"
import type { ExampleLine } from "./example.ts"
import type { Filing, Grid } from "./filings.ts"
import type { Parts } from "./model.ts"
import { codeWords, findReading, openCodes } from "./reading.ts"
import { filedDollars } from "./rounding.ts"

/** The member's parts of an example under a plan, in cents, as the engine determines them. `pended`: lines it could not. */
export interface OurExample extends Parts {
  readonly benefit: bigint
  readonly pended: number
}

/** Runs lines from 10 June on, for a person covered alone, on a year that has just begun. */
export function runExample(plan: Plan, lines: readonly ExampleLine[], year: number): OurExample {
  const start = parseDate(`${year}-06-10`)!
  const last = Math.max(...lines.map(({ day }) => start + day))
  const claim = plainClaim(
    lines.map(({ code, amount, day }, i) => plainLine(i + 1, code, amount, start + day)),
    last,
  )
  const member = { ...plainMember, coverFrom: plan.front.effective.from, selfOnly: true }
  const snapshot = untouchedSnapshot(plan, member)
  const input = inputOf({ plan, claim, member, provider: plainProvider("provider"), snapshot, on: last })
  const { leg } = adjudicate(input, { trace: false })
  const owed = (carc: string) =>
    leg.lines.reduce((sum, line) => {
      const own = line.adjustments.filter((each) => each.group === "PR" && each.carc === carc)
      return own.reduce((part, each) => part + each.amount, sum)
    }, 0n)
  const pended = leg.lines.filter(({ status }) => status !== "paid").length
  return { deductible: owed("1"), copay: owed("3"), coinsurance: owed("2"), benefit: leg.totals.benefit, pended }
}

/** Three parts in dollars, as a filing shows them. */
export interface Shown {
  readonly deductible: bigint
  readonly copay: bigint
  readonly coinsurance: bigint
}

/** A deductible met in full is filed as the plan's own figure. */
export const shownOf = (design: Design, parts: Parts): Shown => ({
  deductible: filedDollars(parts.deductible, design.deductible.person),
  copay: filedDollars(parts.copay),
  coinsurance: filedDollars(parts.coinsurance),
})

/**
 * `equal`: all three parts as filed.
 * `copays not filed`: the design here gives no copay for a service, and a flat one would give the filing.
 * `part not filed`: more coinsurance is filed than the plan's part of all that is left after the deductible.
 * `flagged`: the filing asks more deductible than its plan has.
 * `not rounded`: a filed figure is none that the rule of rounding can give.
 * `misread cell`: the filing comes out with a cell as another variant of the plan has it.
 * `own rule left out`: a printed example that does not follow its own plan.
 * `stand-ins`: all that is listed is encoded, and nothing we could assume for the rest gives the filing.
 */
export type Outcome =
  | "equal"
  | "misread cell"
  | "own rule left out"
  | "flagged"
  | "not rounded"
  | "copays not filed"
  | "part not filed"
  | "stand-ins"
export const outcomes: readonly Outcome[] = [
  "equal",
  "copays not filed",
  "part not filed",
  "flagged",
  "misread cell",
  "own rule left out",
  "not rounded",
  "stand-ins",
]

export interface Verdict {
  readonly outcome: Outcome
  /** Empty for `equal`. */
  readonly why: string
}

export const sameShown = (a: Shown, b: Shown) =>
  a.deductible === b.deductible && a.copay === b.copay && a.coinsurance === b.coinsurance

/** The largest coinsurance the plan's parts could give after the filed deductible, if nothing cost a copay. */
function mostCoinsurance(design: Design, lines: readonly ExampleLine[], deductible: bigint): bigint {
  const total = lines.reduce((sum, { amount }) => sum + amount, -100n * deductible)
  let part = design.coinsurance
  for (const { service } of lines) {
    const points = shareOf(design, service).coinsurance ?? 0n
    if (points > part && !medicines.includes(service)) part = points
  }
  return filedDollars((total * part) / 10_000n)
}

/** Why our figures are the filing's, or are not. */
export function judge(
  filing: Filing,
  design: Design,
  grid: Grid | undefined,
  lines: readonly ExampleLine[],
  ours: Shown,
): Verdict {
  const filed = filing.examples.fracture
  if (sameShown(ours, filed)) return { outcome: "equal", why: "" }
  if (filed.deductible * 100n > filing.deductible.person + (filing.drug?.deductible ?? 0n))
    return { outcome: "flagged", why: `filed deductible ${filed.deductible} is above the plan's own` }
  const figures = [
    filed.copay,
    filed.coinsurance,
    ...(filed.deductible * 100n === filing.deductible.person ? [] : [filed.deductible]),
  ]
  const odd = figures.find((figure) => filedDollars(figure * 100n) !== figure)
  if (odd !== undefined) return { outcome: "not rounded", why: `${odd} is no figure that rounding gives` }
  const open = openCodes(grid)
  const reading = findReading(design, lines, filed, open)
  if (reading !== undefined)
    return {
      outcome: "copays not filed",
      why: `fits with copays of about ${filed.copay} that stand alone for ${codeWords(reading)}`,
    }
  const most = mostCoinsurance(design, lines, filed.deductible)
  if (filed.coinsurance > most)
    return { outcome: "part not filed", why: `the plan's part of all that is left is ${most}: a service asks more` }
  return { outcome: "stand-ins", why: `not given: ${codeWords(open)}; no copays that stand alone for them fit` }
}
