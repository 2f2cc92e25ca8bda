/** `bucket-idle` and `bucket-mixed`: a bucket somebody uses, and that whoever uses it can always read. */
import { carried } from "../adjudicate/carried.ts"
import type { Report } from "../language/finding.ts"
import type { Uses } from "../language/uses.ts"
import type { Bucket } from "../parts.ts"
import { type Plan, type Rule, rulesOfKind } from "../plan.ts"
import { offLine } from "./cells.ts"

/** A bucket's own declaration. */
export const declarationOf = (plan: Plan, bucket: Bucket): Rule =>
  rulesOfKind(plan, "bucket").find(({ effect }) => effect.bucket === bucket)!

export function checkBuckets(plan: Plan, uses: Uses, report: Report): void {
  const hasConditions = rulesOfKind(plan, "define").some(({ effect }) => effect.what === "condition")
  for (const bucket of plan.buckets) {
    report.clause = bucket.clause.number
    const { at } = declarationOf(plan, bucket)
    if (!uses.buckets.has(bucket)) {
      report.add("bucket-idle", at, `Nothing uses the bucket ${bucket.name}.`, "Take it out, or name it in an effect.")
    }
    if (bucket.condition !== undefined && !hasConditions) {
      report.add("bucket-mixed", at, `${bucket.name} belongs to a condition, and none is defined.`, "Define condition.")
    }
    if (bucket.familyRule === "aggregate" && bucket.family === undefined) {
      report.add("bucket-mixed", at, `${bucket.name} is an aggregate without a family's limit.`, "Give family a limit.")
    }
  }
  checkReaders(plan, uses, report)
  report.clause = undefined
}

/** A line whose rule cannot read its bucket is pended each time: a stay without admission, a tier the bucket leaves out. */
function checkReaders(plan: Plan, uses: Uses, report: Report): void {
  const told = new Set<string>()
  for (const { bucket, rule } of uses.bucketUses) {
    const mark = `${bucket.index} ${rule.index}`
    if (offLine.has(rule.kind) || told.has(mark)) continue
    told.add(mark)
    report.clause = rule.clause.number
    const name = `${rule.clause.number}/${rule.kind}`
    const kinds = plan.front.claims.filter((kind) => rule.guard.claims?.has(kind) ?? true)
    const blind = kinds.filter((kind) => !carried.admitted.by.includes(kind))
    if (bucket.period.kind === "stay" && blind.length > 0) {
      const message = `${bucket.name} runs for a stay, and the ${blind.join(" and ")} claims of ${name} have none.`
      report.add("bucket-mixed", rule.at, message, "Limit the rule to other claims, or take another period.")
    }
    const { tiers } = bucket
    const outside = plan.front.tiers.filter((tier) => (rule.guard.tiers?.has(tier) ?? true) && !tiers?.includes(tier))
    if (tiers !== undefined && outside.length > 0) {
      const message = `${bucket.name} is of tier ${tiers.join(", ")}, and ${name} also reads it in ${outside.join(", ")}.`
      report.add("bucket-mixed", rule.at, message, `Limit the rule to tiers: [${tiers.join(", ")}].`)
    }
  }
}
