/** Runs one row of a `.cases` table: what it leaves out is absent, save that the visit is one treatment by one provider. */
import { adjudicate, type Outcome } from "./adjudicate.ts"
import type { CaseBucket, PlanCase } from "./cases.ts"
import {
  type Claim,
  type ClaimLine,
  type Member,
  type Provider,
  plainClaim,
  plainLine,
  plainMember,
  plainProvider,
} from "./claim.ts"
import type { FactName, FactValue } from "./expression.ts"
import { type AdjudicationInput, inputOf } from "./input.ts"
import { type Plan, valueOn } from "./plan.ts"
import { isRolling, type OwnerKind, ownerName, startOfPeriod } from "./room.ts"
import { firstSnapshot, type Snapshot } from "./snapshot.ts"

const treatment = "of the case"

export interface CaseResult {
  readonly input: AdjudicationInput
  readonly outcome: Outcome
  readonly plan: bigint
  readonly patient: bigint
  /** Clauses that took part, in the order in which they first did. */
  readonly clauses: readonly string[]
  /** (clause, kind) of the effects that took part, as `5.2/deductible`. */
  readonly touched: ReadonlySet<string>
}

const wordOf = (facts: PlanCase["facts"], name: FactName): string | undefined => {
  const value = facts.get(name)
  return typeof value === "string" ? value : undefined
}
const numberOf = (value: FactValue | undefined): number | undefined =>
  typeof value === "bigint" ? Number(value) : undefined
const listOf = (value: FactValue | undefined): readonly string[] => (Array.isArray(value) ? value : [])

function linesOf(item: PlanCase): readonly ClaimLine[] {
  const { facts } = item
  return item.lines.map((line, index) => ({
    ...plainLine(index + 1, line.code, line.charge, item.date),
    modifiers: line.modifiers,
    unitsMilli: Number(line.unitsMilli),
    codeSystem: wordOf(facts, "codeSystem"),
    place: wordOf(facts, "place"),
    revenue: wordOf(facts, "revenue"),
    diagnoses: listOf(facts.get("diagnoses")),
    drug: wordOf(facts, "drug"),
    supply: numberOf(facts.get("supply")),
    drugTier: wordOf(facts, "drugTier"),
    tooth: wordOf(facts, "tooth"),
    surfaces: listOf(facts.get("surfaces")),
  }))
}

function claimOf(plan: Plan, item: PlanCase): Claim {
  const { facts } = item
  const kind = wordOf(facts, "kind") ?? plan.front.claims[0]
  const received = numberOf(facts.get("received")) ?? item.date
  return {
    ...plainClaim(linesOf(item), received),
    kind: kind === "institutional" || kind === "dental" || kind === "drug" ? kind : "professional",
    treatment,
    clean: numberOf(facts.get("clean")) ?? received,
    admitted: numberOf(facts.get("admitted")),
    discharged: numberOf(facts.get("discharged")),
    billType: wordOf(facts, "billType"),
    drg: wordOf(facts, "drg"),
    visitType: wordOf(facts, "visitType"),
    inpatient: facts.get("inpatient") === true,
    emergency: facts.get("emergency") === true,
    accident: facts.get("accident") === true,
    workRelated: facts.get("workRelated") === true,
  }
}

function memberOf(plan: Plan, item: PlanCase): Member {
  const { facts } = item
  const enrolled = numberOf(facts.get("enrolled"))
  return {
    ...plainMember,
    born: numberOf(facts.get("born")),
    sex: wordOf(facts, "sex"),
    relation: wordOf(facts, "relation"),
    // A case that says nothing of cover is about a member covered since she joined, or as long as the plan runs.
    coverFrom: numberOf(facts.get("coverFrom")) ?? enrolled ?? plan.front.effective.from,
    coverTo: numberOf(facts.get("coverTo")),
    enrolled,
    members: numberOf(facts.get("members")),
    selfOnly: facts.get("selfOnly") === true,
    flags: listOf(facts.get("flags")),
    rank: numberOf(facts.get("rank")) ?? 1,
    otherCover: listOf(facts.get("otherCover")),
  }
}

function providerOf(item: PlanCase): Provider {
  const { facts } = item
  return {
    ...plainProvider(wordOf(facts, "provider") ?? "provider"),
    specialty: wordOf(facts, "specialty"),
    kind: wordOf(facts, "providerKind"),
    contract: wordOf(facts, "contract"),
    level: wordOf(facts, "level"),
  }
}

/** A bucket's amount stands for the first owner it names: person, family, treatment. */
function amountMet(item: PlanCase, row: CaseBucket, kind: OwnerKind, members: number | undefined): bigint {
  if (row.says === "used") return row.amount
  const { bucket } = row
  const number = (each: Parameters<typeof valueOn>[0] | undefined) =>
    each === undefined ? undefined : valueOn(each, item.date)
  let limit = number(bucket[kind]) ?? 0n
  if (kind === "family" && bucket.grow !== undefined) {
    const extra = BigInt(members ?? 0) - (number(bucket.grow.above) ?? 0n)
    if (extra > 0n) limit += (number(bucket.grow.each) ?? 0n) * extra
    const most = number(bucket.grow.atMost)
    if (most !== undefined && most < limit) limit = most
  }
  return limit > row.amount ? limit - row.amount : 0n
}

function snapshotOf(plan: Plan, item: PlanCase, claim: Claim, member: Member): Snapshot {
  const { from, until } = plan.front.effective
  const zero = new Uint8Array(32)
  const start = firstSnapshot({
    payer: plan.front.payer,
    member: zero,
    plan: plan.digest,
    period: { from, to: until - 1 },
    facts: member,
    expiry: 0,
  })
  const buckets: Snapshot["buckets"][number][] = []
  const counts: Snapshot["counts"][number][] = []
  const events: Snapshot["events"][number][] = []
  for (const row of item.buckets) {
    const { bucket } = row
    const kind = (["person", "family", "treatment"] as const).find((each) => bucket[each] !== undefined) ?? "person"
    const [clause, owner] = [bucket.clause.number, ownerName(kind, claim.treatment)!]
    const amount = amountMet(item, row, kind, member.members)
    const facts = { coverFrom: member.coverFrom, admitted: claim.admitted }
    const periodStart = startOfPeriod(bucket, item.date, facts)
    if (isRolling(bucket))
      events.push({ clause, owner, day: item.date, provider: "earlier", quantity: amount, statement: zero })
    else if (typeof periodStart !== "number") continue
    else if (bucket.measure === "count") counts.push({ clause, owner, periodStart, used: amount, allotted: 0n })
    else buckets.push({ clause, owner, periodStart, met: amount, limit: valueOn(bucket[kind]!, item.date) ?? 0n })
  }
  return { ...start, buckets, counts, events }
}

/** Determines one case. */
export function runCase(plan: Plan, item: PlanCase): CaseResult {
  const claim = claimOf(plan, item)
  const member = memberOf(plan, item)
  const snapshot = snapshotOf(plan, item, claim, member)
  const input = inputOf({ plan, claim, member, provider: providerOf(item), snapshot, on: claim.received })
  const outcome = adjudicate(input)
  const clauses = new Set<string>()
  const touched = new Set<string>()
  for (const step of outcome.trace) {
    if (step.clause === "") continue
    clauses.add(step.clause)
    touched.add(`${step.clause}/${step.kind}`)
  }
  const { benefit, patient } = outcome.leg.totals
  return { input, outcome, plan: benefit, patient, clauses: [...clauses], touched }
}
