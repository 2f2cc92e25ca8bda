/** The public door of the plan language: read a published plan, check it, run it, explain what it did. */
export { adjudicate, type Outcome } from "./adjudicate/adjudicate.ts"
export { exactWords } from "./booklet/exact-words.ts"
export { type CaseBucket, type CaseLine, type PlanCase, parseCases, type ReadCases } from "./cases/cases.ts"
export { type CaseResult, runCase } from "./cases/run-case.ts"
export { type CheckOptions, checkDocument, checkPlan, reviewOf } from "./check/check.ts"
export { type CodeDates, type CodeTable, ownCodes, type ReasonDates } from "./check/check-codes.ts"
export {
  type Claim,
  type ClaimLine,
  claimCodec,
  decodeClaim,
  decodeMember,
  decodeProvider,
  encodeClaim,
  encodeMember,
  encodeProvider,
  type Member,
  memberCodec,
  type Provider,
  plainClaim,
  plainLine,
  plainMember,
  plainProvider,
  providerCodec,
} from "./claim.ts"
export { type DeterminationSalts, type Determined, type DeterminedLeg, determine, patientOf } from "./determine.ts"
export { explain, explainLine } from "./explain/explain.ts"
export { reasonText, remarkText } from "./explain/reasons.ts"
export { type Formula, formulaText } from "./formulas.ts"
export {
  type AdjudicationInput,
  type Assurance,
  type Authorization,
  type Decision,
  digestOfInputs,
  type InputValues,
  inputOf,
  type Part,
  type PriorLeg,
  type PriorLine,
  priorLegOf,
  type Referral,
} from "./input.ts"
export type { Effect, EffectOf, Kind } from "./language/effects.ts"
export type { FactName, FactType, FactValue } from "./language/expression.ts"
export type { Finding, FindingCode, Place } from "./language/finding.ts"
export { type ReadPlan, readPlan } from "./language/read.ts"
export {
  type Adjustment,
  type Determination,
  decodeDetermination,
  decodeLeg,
  determinationDigest,
  encodeDetermination,
  encodeLeg,
  type Finding as LegFinding,
  type Group,
  type Leg,
  type LegLine,
  type LegTotals,
  type LineStatus,
  legDigest,
} from "./leg.ts"
export type * from "./parts.ts"
export * from "./plan.ts"
export { bonusOn, type MeasureReport, type ProviderRow } from "./settle/bonus.ts"
export {
  limitsOf,
  negated,
  type OverlappingVisit,
  type Replacement,
  type Reversal,
  type ReversedLine,
  replace,
  reverse,
  type TrueUp,
  trueUp,
  trueUpEnds,
} from "./settle/corrections.ts"
export { interestOn, interestRow, type LatePayment } from "./settle/interest.ts"
export {
  type ClaimOutcome,
  type ClaimPlace,
  type ClaimStatus,
  type FhirOutcome,
  outcomeCodes,
  type Settlement,
  type SettlementParts,
  settle,
} from "./settle/settle.ts"
export { type PriorAmounts, splitByWeight, spreadOverLines } from "./share/prior-claim.ts"
export {
  type BucketRow,
  type CountRow,
  type Difference,
  type Differences,
  decodeSnapshot,
  type Event,
  type EventRow,
  encodeSnapshot,
  firstSnapshot,
  nextSnapshot,
  type Snapshot,
  type SnapshotStep,
  snapshotCodec,
  snapshotDigest,
  snapshotFault,
  type VisitCounted,
} from "./snapshot.ts"
export {
  decodeTrace,
  encodeStep,
  encodeTrace,
  firstDifference,
  type Named,
  type Step,
  statementTraceRoot,
  stepProof,
  stepSalt,
  traceRoot,
  verifyStep,
} from "./trace.ts"
