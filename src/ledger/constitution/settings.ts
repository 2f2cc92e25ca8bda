/** What the community sets by ballot: parameters within their bounds, the rules of ballots themselves, and panels. */
import { fewestOrganizations } from "../invariants.ts"
import { limits } from "../limits.ts"
import { parameterInBounds } from "../parameters.ts"
import { type Rejection, reject } from "../rejection.ts"
import { kindInSet, kindSet } from "../roles.ts"
import { isIndependent, organizationOf } from "../signer.ts"
import type { Tables } from "../state.ts"
import type { BlockContext } from "../transaction.ts"
import { type ActionFields, actionNumbers } from "./action.ts"

type Parameter = ActionFields<"set-parameter">

export const setParameter = {
  check(_context: BlockContext, { number, value }: Parameter): Rejection | undefined {
    return parameterInBounds(number, value) ? undefined : reject("parameter-out-of-range", { number, value })
  },

  /** A deadline once set is never recomputed. */
  enact({ tables }: BlockContext, { number, value }: Parameter): void {
    tables.parameters.put({ number }, { value })
  },
}

type NewRule = ActionFields<"set-rule">

export const setRule = {
  check(_context: BlockContext, { action, rule }: NewRule): Rejection | undefined {
    const fewest = fewestOrganizations(rule.needs)
    if (fewest < 2) return reject("parameter-out-of-range", { number: action, value: fewest }, "rule.needs")
    // As in a genesis: what is voted on for long is no emergency.
    if (action === actionNumbers.freeze && rule.hours > limits.freezeHours)
      return reject("parameter-out-of-range", { number: action, value: rule.hours }, "rule.hours")
    return undefined
  },

  enact({ tables }: BlockContext, { action, rule }: NewRule): void {
    tables.rules.put({ action }, rule)
  },
}

const withPanel = kindSet("payer", "custodian")
const onPanels = kindSet("arbiter", "regulator", "patientAssociation")

function isOfKind(tables: Tables, org: number, set: number): boolean {
  const organization = tables.organizations.get({ org })
  return organization !== undefined && kindInSet(organization.kind, set)
}

type Panel = ActionFields<"set-panel">

export const setPanel = {
  check({ tables }: BlockContext, { payer, panel }: Panel): Rejection | undefined {
    if (!isOfKind(tables, payer, withPanel)) return reject("organization-wrong-kind", { org: payer }, "payer")
    const stranger = panel.find((org) => !isOfKind(tables, org, onPanels))
    if (stranger !== undefined) return reject("organization-wrong-kind", { org: stranger }, "panel")
    const related = panel.find((org) => !isIndependent(tables, org, payer))
    return related === undefined ? undefined : reject("not-independent", { org: related }, "panel")
  },

  enact({ tables }: BlockContext, { payer, panel }: Panel): void {
    tables.organizations.put({ org: payer }, { ...organizationOf(tables, payer), panel })
  },
}
