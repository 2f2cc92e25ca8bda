/** Prices what a visit's lines come to: the same call for the quote, the claim and the audit. */
import { decodeEnvelope } from "../../base/envelope.ts"
import { refuse } from "../../base/refusal.ts"
import { decodeTerms } from "../../ledger/terms.ts"
import { adjudicate } from "../../plan/adjudicate/adjudicate.ts"
import { type Claim, type ClaimLine, type Provider, plainClaim, plainProvider } from "../../plan/claim.ts"
import { explain } from "../../plan/explain/explain.ts"
import { inputOf } from "../../plan/input.ts"
import type { Leg } from "../../plan/leg.ts"
import type { Plan } from "../../plan/plan.ts"
import { decodeSnapshot } from "../../plan/snapshot.ts"
import type { Step } from "../../plan/trace.ts"
import type { NodeContext } from "../context.ts"
import type { VisitFile } from "./visit-file.ts"

export interface Priced {
  readonly plan: Plan
  readonly claim: Claim
  readonly provider: Provider
  readonly leg: Leg
  readonly trace: readonly Step[]
}

export interface ClaimOptions {
  /** 7 replaces the statement named by `original`. */
  readonly frequency?: 1 | 7
  readonly original?: string
  /** Receipt of the claim that is replaced. */
  readonly originalReceived?: number
}

/** The facts about this clinic that plans may read: its name in the registry stands for it. */
export function providerFacts(node: NodeContext): Provider {
  return plainProvider(node.config.name)
}

export async function priceVisit(
  node: NodeContext,
  file: VisitFile,
  lines: readonly ClaimLine[],
  use: "quote" | "claim",
  options: ClaimOptions = {},
): Promise<Priced> {
  const { terms, snapshot } = file.address
  if (terms === undefined || snapshot === undefined) {
    return refuse("no-cover", "Cannot price visit: no plan covers it", "visit", "Bill the patient")
  }
  const opened = decodeTerms(terms)
  const standing = decodeSnapshot(decodeEnvelope(snapshot, 1).payload)
  const plan = await node.plans.get(opened.plan, file.payer)
  const claim: Claim = {
    ...plainClaim(lines, node.chain.day),
    ...file.circumstances,
    use,
    frequency: options.frequency ?? 1,
    original: options.original,
    originalReceived: options.originalReceived,
  }
  const provider = providerFacts(node)
  const allotments = opened.allotments.map(({ clause, quantity }) => ({ clause, most: BigInt(quantity) }))
  const input = inputOf({
    plan,
    claim,
    member: standing.facts,
    provider,
    snapshot: standing,
    assurance: { tier: "patient", allotments },
    on: claim.received,
  })
  return { plan, claim, provider, ...adjudicate(input) }
}

/** What a desk shows of a price: sums, and each line's amounts with the clause that says so. */
export function describe({ leg, plan, claim, trace }: Priced): unknown {
  return {
    plan: leg.totals.benefit,
    patient: leg.totals.patient,
    charge: leg.totals.charge,
    allowed: leg.totals.allowed,
    lines: leg.lines,
    findings: leg.findings,
    explanation: explain(plan, claim, { leg, trace }),
  }
}
