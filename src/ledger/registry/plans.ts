/**
 * Plans as the ledger knows them: a hash with a payer, a version and dates. A payer publishes and retires with the
 * co-signatures that rules 11 and 12 ask for; its own and its group's do not count.
 */
import type { Signature } from "../../base/envelope.ts"
import { b32, hour, name, org, struct, uint } from "../../base/schema.ts"
import { isRejection, type Rejection, reject } from "../rejection.ts"
import { kindInSet, kinds, organizationStatus } from "../roles.ts"
import { checkSigner, isIndependent, organizationOf, refuseSigner } from "../signer.ts"
import type { Tables } from "../state.ts"
import { type BlockContext, defineTransaction, signatureOf, signaturesOf } from "../transaction.ts"

export const publishRule = 11
export const retireRule = 12

/** The signers of approvals: voting keys of active organizations, strictly by number. */
function refuseApprovals(context: BlockContext, approved: readonly Signature[]): Rejection | undefined {
  let last = 0
  for (const { key } of approved) {
    const row = checkSigner(context, key, { role: "vote", active: true })
    if (isRejection(row)) return row
    if (row.org <= last) return reject("signer-not-party", { key })
    last = row.org
  }
  return undefined
}

/** Whether the approvals meet every need of a rule: count, and percent of that kind's active organizations. */
function refuseQuorum(
  { tables }: BlockContext,
  approved: readonly Signature[],
  { rule, payer }: { rule: number; payer: number },
): Rejection | undefined {
  const needs = tables.rules.get({ action: rule })?.needs
  const approving = approved
    .map(({ key }) => tables.keys.get({ key })?.org ?? 0)
    .filter((from) => isIndependent(tables, from, payer))
  const missing = reject("quorum-missing", { given: approved.length })
  if (needs === undefined) return missing
  for (const need of needs) {
    const given = approving.filter((from) => kindInSet(organizationOf(tables, from).kind, need.kinds)).length
    if (given < need.count || given * 100 < need.percent * countActive(tables, need.kinds)) return missing
  }
  return undefined
}

/** Active organizations whose kind is in a set. */
export function countActive(tables: Tables, set: number): number {
  let count = 0
  for (let number = 1; ; number++) {
    const organization = tables.organizations.get({ org: number })
    if (organization === undefined) return count
    if (organization.status === organizationStatus.active && kindInSet(organization.kind, set)) count++
  }
}

/** The highest published version of a payer's series, 0 if none. */
function lastVersion(tables: Tables, payer: number, series: string): number {
  let last = 0
  for (const [, plan] of tables.plans.rows())
    if (plan.payer === payer && plan.series === series) last = Math.max(last, plan.version)
  return last
}

export const publishPlanBody = struct({
  plan: b32,
  payer: org,
  series: name,
  version: uint(1),
  from: hour,
  until: hour,
})

/** A payer publishes the next version of a plan, by the hash of its bytes. */
export const publishPlan = defineTransaction({
  type: "publish-plan/1",
  body: publishPlanBody,
  meanings: ["published", { many: "approved" }],
  key: "applied",

  load: () => ({}),

  authorize(context) {
    const { key } = signatureOf(context, "published")
    return (
      refuseSigner(context, key, { role: "vote", org: context.body.payer, active: true }) ??
      refuseApprovals(context, signaturesOf(context, "approved"))
    )
  },

  check(context) {
    const { body, tables } = context
    if (organizationOf(tables, body.payer).kind !== kinds.payer)
      return reject("organization-wrong-kind", { org: body.payer })
    if (tables.plans.get({ plan: body.plan }) !== undefined) return reject("plan-known", { id: body.plan })
    if (body.version !== lastVersion(tables, body.payer, body.series) + 1)
      return reject("out-of-order", { what: `version ${body.version}` })
    if (body.from < context.hour || body.until <= body.from)
      return reject("dates-invalid", { from: body.from, until: body.until })
    return refuseQuorum(context, signaturesOf(context, "approved"), { rule: publishRule, payer: body.payer })
  },

  apply({ body, tables }) {
    const { payer, series, version, from, until } = body
    tables.plans.put({ plan: body.plan }, { payer, series, version, from, until })
  },
})

export const retirePlanBody = struct({ plan: b32, until: hour })

/** Ends a published plan sooner than it said. */
export const retirePlan = defineTransaction({
  type: "retire-plan/1",
  body: retirePlanBody,
  meanings: ["published", { many: "approved" }],
  key: "applied",

  load({ body, tables }) {
    const plan = tables.plans.get({ plan: body.plan })
    return plan === undefined ? reject("plan-unknown", { id: body.plan }) : { plan }
  },

  authorize(context, { plan }) {
    const { key } = signatureOf(context, "published")
    return (
      refuseSigner(context, key, { role: "vote", org: plan.payer, active: true }) ??
      refuseApprovals(context, signaturesOf(context, "approved"))
    )
  },

  check(context, { plan }) {
    const { until } = context.body
    // Retiring shortens a plan from now on; vouchers given out on it stand.
    if (until < context.hour || until < plan.from || until >= plan.until)
      return reject("dates-invalid", { from: plan.from, until })
    return refuseQuorum(context, signaturesOf(context, "approved"), { rule: retireRule, payer: plan.payer })
  },

  apply({ body, tables }, { plan }) {
    tables.plans.put({ plan: body.plan }, { ...plan, until: body.until })
  },
})
