/** Parts of the bundle's check that are about money: what is committed to, the plan run again, ceiling and amount. */
import { equalBytes } from "../base/bytes.ts"
import { decode, type Value } from "../base/cbor.ts"
import { meanings } from "../base/envelope.ts"
import { type Codec, decodeAs } from "../base/schema.ts"
import { treeRoot } from "../base/tree.ts"
import { adjudicate, type Outcome } from "../plan/adjudicate/adjudicate.ts"
import {
  type AdjudicationInput,
  authorizations,
  decisions,
  inputOf,
  notices,
  priorLegOf,
  referrals,
} from "../plan/input.ts"
import { readPlan } from "../plan/language/read.ts"
import { encodeLeg, type Leg } from "../plan/leg.ts"
import type { AssuranceTier } from "../plan/parts.ts"
import type { Plan } from "../plan/plan.ts"
import { encodeStep, statementTraceRoot, stepSalt } from "../plan/trace.ts"
import { opensTo } from "../privacy/amounts.ts"
import {
  commitCeiling,
  commitClaim,
  commitDetermination,
  commitLeg,
  commitTrace,
  determinationDigest,
} from "../privacy/commitments.ts"
import { need } from "./bundle-reason.ts"
import { type OpenedBundle, part } from "./open-bundle.ts"
import type { RegisterView } from "./register-view.ts"

/** What the reader's own run of the plan gives, in minor units. */
export interface Recomputed {
  readonly plan: bigint
  readonly patient: bigint
  /** Index of the first step of the trace that differs from the bundle's; undefined when none does. */
  readonly firstDifference: number | undefined
}

/** The root over steps as they travel: the same tree that `traceRoot` builds. */
function rootOfSteps(steps: readonly Uint8Array[], traceSalt: Uint8Array): Uint8Array {
  return treeRoot(
    "step",
    steps.map((step, i) => {
      const fields = part("trace", () => decode(step))
      need(Array.isArray(fields), "bad-encoding", "trace")
      return [stepSalt(traceSalt, i), ...(fields as readonly Value[])]
    }),
  )
}

/** Claim, determination, trace and ceiling are those that the signed statements commit to. */
export function checkCommitments({ bundle, visit, facts, determination }: OpenedBundle): void {
  const { salts } = bundle
  need(equalBytes(visit.claim, commitClaim(salts.claim, bundle.claim)), "claim-does-not-open", "claim")
  const unsalted = determinationDigest(bundle.determination)
  const committed = equalBytes(visit.determination, commitDetermination(salts.determination, unsalted))
  need(committed && determination.legs.length === bundle.legs.length, "determination-does-not-open", "determination")
  for (const [i, leg] of bundle.legs.entries()) {
    need(equalBytes(leg.digest, determination.legs[i]!), "determination-does-not-open", `legs[${i}]`)
    if (leg.opened === undefined) continue
    const opens = equalBytes(leg.digest, commitLeg(leg.opened.salt, leg.opened.leg))
    need(opens, "determination-does-not-open", `legs[${i}]`)
    const root = rootOfSteps(leg.opened.trace, salts.trace)
    need(equalBytes(root, leg.traceRoot), "trace-does-not-open", `legs[${i}].trace`)
  }
  const root = statementTraceRoot(bundle.legs.map(({ traceRoot }) => traceRoot))
  need(equalBytes(visit.trace, commitTrace(salts.trace, root)), "trace-does-not-open", "trace")
  need(equalBytes(facts.ceiling, commitCeiling(salts.ceiling, bundle.ceiling)), "ceiling-does-not-open", "ceiling")
}

const tiers: readonly AssuranceTier[] = ["patient", "proxy", "attested", "silent"]

/** The adjudicator's input, exactly as its author must have put it together. */
function inputFrom({ bundle, terms, claim, provider, snapshot, legs }: OpenedBundle, plan: Plan): AdjudicationInput {
  const paper = <T>(at: "authorizations" | "referrals" | "notices" | "decisions", codec: Codec<T>) =>
    part(at, () => decodeAs(codec, bundle[at]))
  const earlier = legs.slice(0, bundle.own)
  need(
    earlier.every((leg) => leg !== undefined),
    "determination-does-not-open",
    "legs",
  )
  return inputOf({
    plan,
    claim,
    member: snapshot.facts,
    provider,
    snapshot,
    legs: earlier.map((leg) => priorLegOf(leg as Leg, bundle.on)),
    authorizations: paper("authorizations", authorizations),
    referrals: paper("referrals", referrals),
    notices: paper("notices", notices),
    decisions: paper("decisions", decisions),
    assurance: {
      tier: tiers[bundle.tier]!,
      allotments: terms.allotments.map(({ clause, quantity }) => ({ clause, most: BigInt(quantity) })),
    },
    on: bundle.on,
  })
}

function firstDifference(own: Outcome, trace: readonly Uint8Array[]): number | undefined {
  const steps = own.trace.map(encodeStep)
  const shorter = Math.min(steps.length, trace.length)
  for (let i = 0; i < shorter; i++) if (!equalBytes(steps[i]!, trace[i]!)) return i
  return steps.length === trace.length ? undefined : shorter
}

/** Runs the plan again. The same means the same bytes, trace included. */
export function checkRecomputation(opened: OpenedBundle): { recomputed: Recomputed; same: boolean } {
  const { bundle, determination } = opened
  const read = readPlan(bundle.plan, new Map(bundle.tables.map(({ name, content }) => [name, content])))
  need("plan" in read, "plan-unreadable", "plan")
  const own = adjudicate(inputFrom(opened, read.plan))
  const shown = bundle.legs[bundle.own]!.opened!
  const difference = firstDifference(own, shown.trace)
  const { benefit, patient } = own.leg.totals
  const last = bundle.own === bundle.legs.length - 1
  const same =
    equalBytes(encodeLeg(own.leg), shown.leg) &&
    difference === undefined &&
    (!last || patient === determination.patient)
  return { recomputed: { plan: benefit, patient, firstDifference: difference }, same }
}

/** The patient owes no more than she has signed for, unless she has signed this very statement. */
export function checkCeiling({ bundle, determination, visitSignatures }: OpenedBundle): void {
  const signedThis = visitSignatures.some(({ meaning }) => meaning === meanings.countersigned)
  need(signedThis || determination.patient <= bundle.ceiling, "above-ceiling", "determination.patient")
}

/** The reader's leg commits to the benefit determined, and that is held. Earlier legs shown open as well. */
export function checkAmount({ bundle, visit, legs }: OpenedBundle, { leg: money }: RegisterView): void {
  for (const [i, { leg, amount, blinding }] of bundle.openings.entries()) {
    const commitment = visit.legs[leg]?.commitment
    const opens = commitment !== undefined && opensTo(commitment, amount, blinding)
    need(opens, "opening-wrong", `openings[${i}]`)
  }
  const own = bundle.openings.find(({ leg }) => leg === bundle.leg)
  need(own !== undefined && own.amount === legs[bundle.own]!.totals.benefit, "opening-wrong", "openings")
  if (money !== undefined) need(own.amount <= money.held - money.paid, "above-hold", "openings")
}
