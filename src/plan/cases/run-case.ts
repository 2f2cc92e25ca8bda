/** Runs one row of a `.cases` table: what it leaves out is absent, save that the visit is one treatment by one provider. */
import { adjudicate, type Outcome } from "../adjudicate/adjudicate.ts"
import { openingSnapshot } from "../adjudicate/opening-snapshot.ts"
import {
  type Claim,
  type ClaimLine,
  type Member,
  type Provider,
  plainClaim,
  plainLine,
  plainMember,
  plainProvider,
} from "../claim.ts"
import { type AdjudicationInput, inputOf } from "../input.ts"
import type { FactName, FactValue } from "../language/expression.ts"
import type { Plan } from "../plan.ts"
import { inputPapers, noPapers } from "./case-papers.ts"
import type { PlanCase } from "./cases.ts"

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
    to: numberOf(facts.get("to")) ?? item.date,
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

/** Determines one case. */
export function runCase(plan: Plan, item: PlanCase): CaseResult {
  const claim = claimOf(plan, item)
  const member = memberOf(plan, item)
  const { treatment: visit, admitted } = claim
  const snapshot = openingSnapshot(plan, member, item.buckets, { day: item.date, treatment: visit, admitted })
  const papers = inputPapers(item.papers ?? noPapers, item.lines.length, item.date)
  const input = inputOf({ plan, claim, member, provider: providerOf(item), snapshot, ...papers, on: claim.received })
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
