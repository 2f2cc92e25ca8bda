/**
 * What a change of plan costs over a set of claims: each is determined under both plans, and the dollars are told by
 * clause and in total. Lines that wait under one of the two are counted and told, and kept out of the sums of the rest:
 * nothing that nobody has decided is counted as saved.
 */
import { assert } from "../../base/assert.ts"
import type { Outcome } from "../adjudicate/adjudicate.ts"
import type { PlanCase } from "../cases/cases.ts"
import type { Claim } from "../claim.ts"
import type { LegLine } from "../leg.ts"
import type { Day } from "../parts.ts"
import { addMonths, type Plan } from "../plan.ts"

/** One claim under both plans. */
export interface ComparedClaim {
  readonly name: string
  readonly claim: Claim
  readonly before: Outcome
  readonly after: Outcome
}

export interface Sums {
  readonly before: bigint
  readonly after: bigint
}

/** What one clause puts on the patient and on others (the provider, other payers) over the lines decided under both. */
export interface ClauseSums {
  readonly clause: string
  readonly patient: Sums
  readonly others: Sums
}

export interface ClaimChange {
  readonly name: string
  readonly plan: Sums
  readonly patient: Sums
}

export interface OpenLine {
  readonly name: string
  readonly line: number
  readonly charge: bigint
  /** Clause and what is missing, from the finding. */
  readonly clause: string
  readonly missing: string
}

export interface ClaimsDifference {
  readonly claims: number
  /** Lines decided under both plans, and their charges. */
  readonly lines: number
  readonly charge: bigint
  readonly plan: Sums
  readonly patient: Sums
  readonly others: Sums
  /** Claims for which the plan pays more, less, the same. */
  readonly more: number
  readonly less: number
  readonly same: number
  /** Only clauses whose sums differ, in the order of first sight. */
  readonly clauses: readonly ClauseSums[]
  /** Claims that change for plan or patient, the largest change first. */
  readonly changes: readonly ClaimChange[]
  readonly newlyOpen: readonly OpenLine[]
  readonly newlyDecided: readonly OpenLine[]
}

class Pair {
  before = 0n
  after = 0n

  add(side: "before" | "after", amount: bigint): void {
    this[side] += amount
  }
}

const isOpen = ({ status }: LegLine) => status === "pended" || status === "held"
const absolute = (amount: bigint) => (amount < 0n ? -amount : amount)
const moved = ({ before, after }: Sums) => before !== after

function openLine(name: string, line: LegLine, charge: bigint, outcome: Outcome): OpenLine {
  const finding = outcome.leg.findings.find((one) => one.line === line.number && one.code !== "also-refused")
  const { clause = line.shown.clause, missing = "somebody's word" } = finding ?? {}
  return { name, line: line.number, charge, clause, missing }
}

interface Running {
  readonly plan: Pair
  readonly patient: Pair
  readonly others: Pair
  readonly clauses: Map<string, { patient: Pair; others: Pair }>
}

function addLine(sums: Running, side: "before" | "after", line: LegLine): void {
  sums.plan.add(side, line.benefit)
  for (const { group, amount, clause } of line.adjustments) {
    const known = sums.clauses.get(clause)
    const row = known ?? { patient: new Pair(), others: new Pair() }
    if (known === undefined) sums.clauses.set(clause, row)
    const owner = group === "PR" ? "patient" : "others"
    row[owner].add(side, amount)
    sums[owner].add(side, amount)
  }
}

const noSums = (): Running => ({
  plan: new Pair(),
  patient: new Pair(),
  others: new Pair(),
  clauses: new Map(),
})

/** Compares claim by claim. Over the lines decided under both, plan + patient + others is the charge on either side. */
export function compareClaims(claims: Iterable<ComparedClaim>): ClaimsDifference {
  const total = noSums()
  const [newlyOpen, newlyDecided]: [OpenLine[], OpenLine[]] = [[], []]
  const changes: ClaimChange[] = []
  let [count, lines, charge, more, less] = [0, 0, 0n, 0, 0]
  for (const { name, claim, before, after } of claims) {
    count++
    const own = noSums()
    for (const [index, old] of before.leg.lines.entries()) {
      const young = after.leg.lines[index]
      const service = claim.lines[index]
      assert(young !== undefined && service !== undefined, "both plans determine every line of the claim")
      if (isOpen(young) && !isOpen(old)) newlyOpen.push(openLine(name, young, service.charge, after))
      if (isOpen(old) && !isOpen(young)) newlyDecided.push(openLine(name, old, service.charge, before))
      if (isOpen(old) || isOpen(young)) continue
      lines++
      charge += service.charge
      for (const sums of [total, own]) {
        addLine(sums, "before", old)
        addLine(sums, "after", young)
      }
    }
    if (own.plan.after > own.plan.before) more++
    else if (own.plan.after < own.plan.before) less++
    if (moved(own.plan) || moved(own.patient)) changes.push({ name, plan: own.plan, patient: own.patient })
  }
  const { plan, patient, others } = total
  assert(plan.before + patient.before + others.before === charge, "the older plan's money is the charge")
  assert(plan.after + patient.after + others.after === charge, "the newer plan's money is the charge")
  const size = ({ plan: a, patient: b }: ClaimChange) => absolute(a.after - a.before) + absolute(b.after - b.before)
  changes.sort((a, b) => (size(b) > size(a) ? 1 : size(b) < size(a) ? -1 : 0))
  const clauses = [...total.clauses]
    .filter(([, row]) => moved(row.patient) || moved(row.others))
    .map(([clause, row]) => ({ clause, ...row }))
  const same = count - more - less
  return {
    ...{ claims: count, lines, charge, plan, patient, others, more, less, same },
    ...{ clauses, changes, newlyOpen, newlyDecided },
  }
}

/**
 * By how many whole months a day has to move to lie in a plan's time; 0 when it does. Years first, so that a visit in
 * April stays one in April.
 */
export function monthsInto(plan: Plan, day: Day): number {
  const { from, until } = plan.front.effective
  const isInside = (months: number) => {
    const on = addMonths(day, months)
    return on >= from && on < until
  }
  for (let years = 0; years <= 200; years++) {
    if (isInside(12 * years)) return 12 * years
    if (isInside(-12 * years)) return -12 * years
  }
  // A plan of less than a year: the month nearest to its first day.
  let months = 0
  while (months < 2400 && addMonths(day, months) < from) months++
  while (months > -2400 && addMonths(day, months) >= until) months--
  return months
}

const shifted = (day: Day | undefined, months: number) => (day === undefined ? undefined : addMonths(day, months))

/** The claim with every day moved by whole months. */
export function movedClaim(claim: Claim, months: number): Claim {
  if (months === 0) return claim
  return {
    ...claim,
    received: addMonths(claim.received, months),
    originalReceived: shifted(claim.originalReceived, months),
    clean: shifted(claim.clean, months),
    admitted: shifted(claim.admitted, months),
    discharged: shifted(claim.discharged, months),
    lines: claim.lines.map((line) => ({
      ...line,
      from: addMonths(line.from, months),
      to: addMonths(line.to, months),
    })),
  }
}

const dateFacts = ["to", "born", "received", "clean", "admitted", "discharged", "coverFrom", "coverTo", "enrolled"]

/** A case of one plan as a case of another: days moved, buckets found by name. */
export function movedCase(item: PlanCase, plan: Plan, months: number): PlanCase {
  const facts = new Map(
    [...item.facts].map(([name, value]) => {
      const isDay = typeof value === "bigint" && dateFacts.includes(name)
      return [name, isDay ? BigInt(addMonths(Number(value), months)) : value] as const
    }),
  )
  const buckets = item.buckets.flatMap((row) => {
    const bucket = plan.buckets.find(({ name }) => name === row.bucket.name)
    return bucket === undefined ? [] : [{ ...row, bucket }]
  })
  return { ...item, date: addMonths(item.date, months), facts, buckets }
}
