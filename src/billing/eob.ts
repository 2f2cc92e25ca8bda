/**
 * An explanation of benefits for the member: what was charged, what the plan pays, what she owes, why by clause, what she
 * can do, and what is used of her limits. One value, from which text and page are made; no figure in it is computed
 * anywhere but in the determination.
 */
import { formatDate } from "../base/time.ts"
import { quoteClause } from "../formats/fhir/clause-notes.ts"
import type { Outcome } from "../plan/adjudicate/adjudicate.ts"
import type { Claim } from "../plan/claim.ts"
import { explainLine } from "../plan/explain/explain.ts"
import type { LegLine } from "../plan/leg.ts"
import type { Bucket } from "../plan/parts.ts"
import { type Plan, valueOn } from "../plan/plan.ts"
import type { Snapshot } from "../plan/snapshot.ts"

export interface EobLine {
  readonly number: number
  readonly code: string
  readonly from: string
  readonly charge: bigint
  /** Undefined while nothing is decided. */
  readonly money: { readonly allowed: bigint; readonly benefit: bigint; readonly patient: bigint } | undefined
  /** Clause, words, code; the last may say what she can do. */
  readonly sentences: readonly string[]
  readonly advice: string | undefined
}

export interface EobLimit {
  readonly clause: string
  readonly title: string
  /** `you`, `your family`, `this treatment`. */
  readonly whose: string
  readonly used: bigint
  readonly limit: bigint
  readonly isCount: boolean
}

export interface Eob {
  readonly title: string
  readonly plan: string
  readonly exponent: number
  readonly currency: string
  readonly control: string
  readonly provider: string
  readonly lines: readonly EobLine[]
  readonly charge: bigint
  readonly benefit: bigint
  readonly patient: bigint
  /** What neither plan nor member pays of the decided lines: given up by the provider, or paid by others. */
  readonly beside: bigint
  /** Charge of the lines that are not decided yet. */
  readonly open: bigint
  readonly limits: readonly EobLimit[]
  readonly clauses: readonly string[]
  readonly closing: readonly string[]
}

export interface EobInput {
  readonly plan: Plan
  readonly claim: Claim
  readonly outcome: Outcome
  /** The snapshot it was determined on. */
  readonly snapshot: Snapshot
  /** The provider's number of the claim, and the provider's own number. */
  readonly control: string
  readonly provider: string
}

const adviceMark = "What you can do: "
const isOpen = (line: LegLine) => line.status === "pended" || line.status === "held"

function lineOf({ plan, claim, outcome }: EobInput, line: LegLine): EobLine {
  const service = claim.lines.find((one) => one.number === line.number)!
  const [, ...sentences] = explainLine(plan, claim, outcome, line.number)
  const advice =
    sentences.at(-1)?.startsWith(adviceMark) === true ? sentences.pop()!.slice(adviceMark.length) : undefined
  const { number, code, charge } = service
  const { allowed, benefit, patient } = line
  return {
    number,
    code: [code === "" ? `revenue ${service.revenue ?? ""}` : code, ...service.modifiers].join("-"),
    from: formatDate(service.from),
    charge,
    money: isOpen(line) ? undefined : { allowed, benefit, patient },
    sentences,
    advice,
  }
}

const owners = [
  ["person", "you"],
  ["family", "your family"],
  ["treatment", "this treatment"],
  ["condition", "this condition"],
] as const

function limitOf(bucket: Bucket, owner: string, day: number): { whose: string; limit: bigint } | undefined {
  for (const [kind, whose] of owners) {
    if (!owner.startsWith(kind)) continue
    const number = bucket[kind]
    const limit = number === undefined ? undefined : valueOn(number, day)
    return limit === undefined ? undefined : { whose, limit }
  }
  return undefined
}

/** What of each limit is used after this claim, where the claim or the snapshot says anything of it. */
function limitsOf({ plan, claim, outcome, snapshot }: EobInput): readonly EobLimit[] {
  const day = Math.min(...claim.lines.map((line) => line.from))
  const used = new Map<string, { clause: string; owner: string; start: number; sum: bigint }>()
  const add = (clause: string, owner: string, start: number, amount: bigint) => {
    const key = `${clause}|${owner}|${start}`
    const row = used.get(key)
    if (row === undefined) used.set(key, { clause, owner, start, sum: amount })
    else row.sum += amount
  }
  for (const row of snapshot.buckets) add(row.clause, row.owner, row.periodStart, row.met)
  for (const row of snapshot.counts) add(row.clause, row.owner, row.periodStart, row.used)
  for (const row of outcome.leg.differences.buckets) add(row.clause, row.owner, row.periodStart, row.change)
  const limits: EobLimit[] = []
  for (const bucket of plan.buckets) {
    for (const { clause, owner, sum } of used.values()) {
      if (clause !== bucket.clause.number) continue
      const found = limitOf(bucket, owner, day)
      if (found === undefined || sum <= 0n) continue
      limits.push({ clause, title: bucket.clause.title, used: sum, isCount: bucket.measure === "count", ...found })
    }
  }
  return limits
}

/** The clauses that sentences begin with: what is said is what is quoted. */
export function citedIn(sentences: readonly string[]): ReadonlySet<string> {
  return new Set(sentences.flatMap((sentence) => /^(\d+(?:\.\d+)+):/.exec(sentence)?.[1] ?? []))
}

function clausesOf({ plan, claim }: EobInput, lines: readonly EobLine[]): readonly string[] {
  const day = Math.min(...claim.lines.map((line) => line.from))
  const cited = citedIn(lines.flatMap((line) => line.sentences))
  return plan.clauses.filter((clause) => cited.has(clause.number)).map((clause) => quoteClause(plan, clause, day))
}

/** The explanation of one claim by one plan. */
export function eobOf(input: EobInput): Eob {
  const { plan, claim, outcome, control, provider } = input
  const { totals, lines } = outcome.leg
  const told = lines.map((line) => lineOf(input, line))
  const open = lines.filter(isOpen).map((line) => claim.lines.find((one) => one.number === line.number)!.charge)
  return {
    title: claim.use === "quote" ? "What a visit would cost" : "Explanation of benefits",
    plan: `${plan.front.title}, version ${plan.front.version}`,
    exponent: plan.front.currency.exponent,
    currency: plan.front.currency.code,
    control,
    provider,
    lines: told,
    charge: totals.charge,
    benefit: totals.benefit,
    patient: totals.patient,
    beside: totals.charge - totals.benefit - totals.patient,
    open: open.reduce((sum, charge) => sum + charge, 0n),
    limits: limitsOf(input),
    clauses: clausesOf(input, told),
    closing: [
      "This is not a bill. Pay only what your clinic asks you for, and no more than this page says.",
      "The clauses come first here, the codes of the trade behind them. Anybody can work out these sums again from the plan.",
      "If you think a line is wrong, ask us to look at it again. Name the line and the clause.",
    ],
  }
}
