/**
 * A payer's own claims under one published plan: dollars by clause, how many claims need nobody's hand, and what the
 * others wait for. Each claim is decided by itself; what one claim uses of a bucket is not carried to the next.
 */
import type { Refusal } from "../../base/refusal.ts"
import { type Answer, isRefusal } from "../../formats/answer.ts"
import type { Leg, LegLine } from "../../plan/leg.ts"
import type { Plan } from "../../plan/plan.ts"

export interface ClauseDollars {
  readonly clause: string
  readonly title: string
  readonly lines: number
  /** What the plan pays on lines that the clause decided. */
  readonly plan: bigint
  /** Adjustments by the clause: left to the patient (PR), given up by the provider (CO), other (OA, PI). */
  readonly patient: bigint
  readonly provider: bigint
  readonly other: bigint
}

export interface WaitingFor {
  readonly code: string
  readonly clause: string
  /** The fact, rate or decision that is missing. */
  readonly missing: string
  readonly lines: number
  readonly claims: number
}

export interface ReplayFigures {
  readonly claims: number
  readonly lines: number
  /** Claims whose every line was decided. */
  readonly touchless: number
  /** Of `touchless`, claims with no line sent back either. */
  readonly touchlessBothSides: number
  /** Claims that could not be put to the plan at all. */
  readonly refused: number
  readonly refusals: readonly { readonly code: string; readonly message: string; readonly claims: number }[]
  /** Lines that pend or are held, and claims refused: each is one touch of a person. */
  readonly touches: number
  readonly byStatus: Readonly<Record<string, number>>
  /** Lines denied because they lack what a claim has to carry, and their claims: no touch here, one at the provider. */
  readonly sentBack: { readonly lines: number; readonly claims: number }
  readonly charge: bigint
  readonly plan: bigint
  readonly patient: bigint
  readonly provider: bigint
  /** Charges of lines that nobody has decided. */
  readonly open: bigint
  readonly clauses: readonly ClauseDollars[]
  readonly waiting: readonly WaitingFor[]
}

/** What is kept of one decided claim until its file has ended. */
export interface ReplayedClaim {
  readonly leg: Leg
  readonly charges: ReadonlyMap<number, bigint>
}

interface Sums {
  lines: number
  plan: bigint
  patient: bigint
  provider: bigint
  other: bigint
}

export class Replay {
  readonly #plan: Plan
  readonly #clauses = new Map<string, Sums>()
  readonly #waiting = new Map<
    string,
    { code: string; clause: string; missing: string; lines: number; claims: number }
  >()
  readonly #refusals = new Map<string, { code: string; message: string; claims: number }>()
  readonly #byStatus: Record<string, number> = { paid: 0, denied: 0, encounter: 0, pended: 0, held: 0 }
  #claims = 0
  #lines = 0
  #touchless = 0
  #touchlessBothSides = 0
  #refused = 0
  #touches = 0
  readonly #sentBack = { lines: 0, claims: 0 }
  #charge = 0n
  #open = 0n

  constructor(plan: Plan) {
    this.#plan = plan
  }

  /** Counts one claim: its determination, or why there is none. */
  add(decided: Answer<ReplayedClaim>): void {
    this.#claims++
    if (isRefusal(decided)) this.#refuse(decided)
    else this.#count(decided)
  }

  #refuse({ code, message }: Refusal): void {
    this.#refused++
    this.#touches++
    const known = this.#refusals.get(code) ?? { code, message, claims: 0 }
    known.claims++
    this.#refusals.set(code, known)
  }

  #count({ leg, charges }: ReplayedClaim): void {
    let touches = 0
    const incomplete = leg.lines.filter(isSentBack).length
    this.#sentBack.lines += incomplete
    if (incomplete > 0) this.#sentBack.claims++
    for (const line of leg.lines) {
      this.#lines++
      this.#byStatus[line.status] = (this.#byStatus[line.status] ?? 0) + 1
      const charge = charges.get(line.number) ?? 0n
      this.#charge += charge
      if (line.status === "pended" || line.status === "held") {
        touches++
        this.#open += charge
        continue
      }
      const touched = new Set([line.shown.clause, ...line.adjustments.map(({ clause }) => clause)])
      for (const clause of touched) this.#sums(clause).lines++
      this.#sums(line.shown.clause).plan += line.benefit
      for (const { clause, group, amount } of line.adjustments) {
        const sums = this.#sums(clause)
        if (group === "PR") sums.patient += amount
        else if (group === "CO") sums.provider += amount
        else sums.other += amount
      }
    }
    this.#touches += touches
    if (touches === 0) this.#touchless++
    if (touches === 0 && incomplete === 0) this.#touchlessBothSides++
    this.#wait(leg)
  }

  #sums(clause: string): Sums {
    const known = this.#clauses.get(clause) ?? { lines: 0, plan: 0n, patient: 0n, provider: 0n, other: 0n }
    this.#clauses.set(clause, known)
    return known
  }

  #wait(leg: Leg): void {
    const seen = new Set<string>()
    const open = new Set(leg.lines.filter(({ status }) => status === "pended").map(({ number }) => number))
    for (const { line, code, clause, missing } of leg.findings) {
      if (code === "also-refused" || !open.has(line)) continue
      const key = `${code}|${clause}|${missing}`
      const known = this.#waiting.get(key) ?? { code, clause, missing, lines: 0, claims: 0 }
      known.lines++
      if (!seen.has(key)) known.claims++
      seen.add(key)
      this.#waiting.set(key, known)
    }
    const held = leg.lines.filter(({ status }) => status === "held")
    for (const { shown } of held) {
      const key = `held|${shown.clause}|signature`
      const known = this.#waiting.get(key) ?? {
        code: "held",
        clause: shown.clause,
        missing: "signature",
        lines: 0,
        claims: 0,
      }
      known.lines++
      if (!seen.has(key)) known.claims++
      seen.add(key)
      this.#waiting.set(key, known)
    }
  }

  figures(): ReplayFigures {
    const titles = new Map(this.#plan.clauses.map(({ number, title }) => [number, title]))
    const clauses = [...this.#clauses].map(([clause, sums]) => {
      const title = clause === "" ? "by the facts of the claim" : (titles.get(clause) ?? "")
      return { clause, title, ...sums }
    })
    const sum = (value: (one: ClauseDollars) => bigint) => clauses.reduce((all, one) => all + value(one), 0n)
    const byCount = (a: { claims: number; code: string }, b: typeof a) =>
      b.claims - a.claims || (a.code < b.code ? -1 : a.code > b.code ? 1 : 0)
    return {
      ...{ claims: this.#claims, lines: this.#lines, touchless: this.#touchless, refused: this.#refused },
      refusals: [...this.#refusals.values()].sort(byCount),
      touchlessBothSides: this.#touchlessBothSides,
      touches: this.#touches,
      byStatus: this.#byStatus,
      sentBack: this.#sentBack,
      charge: this.#charge,
      plan: sum((one) => one.plan),
      patient: sum((one) => one.patient),
      provider: sum((one) => one.provider + one.other),
      open: this.#open,
      clauses: clauses.sort((a, b) => compareClauses(a.clause, b.clause)),
      waiting: [...this.#waiting.values()].sort(byCount),
    }
  }
}

const noProviderNumber: ReadonlySet<string> = new Set(["206", "207"])

/**
 * Denied for what it lacks: at step A2, or for want of a provider's number. The step tells, since a line with no charge has
 * no adjustment.
 */
export const isSentBack = ({ status, shown, adjustments }: LegLine): boolean =>
  status === "denied" && (shown.step === "A2" || adjustments.some(({ carc }) => noProviderNumber.has(carc)))

/** 2.10 after 2.9. */
function compareClauses(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)]
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? -1) - (right[i] ?? -1)
    if (difference !== 0) return difference
  }
  return 0
}
