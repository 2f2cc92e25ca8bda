/** The public door of the plan language: read a published plan, check it, run it, explain what it did. */
export { type CaseBucket, type CaseLine, type PlanCase, parseCases, type ReadCases } from "./cases.ts"
export { type CheckOptions, checkDocument, checkPlan, reviewOf } from "./check.ts"
export type { Effect, EffectOf, Kind } from "./effects.ts"
export type { FactName, FactType, FactValue } from "./expression.ts"
export type { Finding, FindingCode, Place } from "./finding.ts"
export * from "./plan.ts"
export { type ReadPlan, readPlan } from "./read.ts"
