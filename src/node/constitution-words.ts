/** The constitution in words: rules, actions and ballots as a desk shows them, organizations by name and number. */
import { toHex } from "../base/bytes.ts"
import type { Action, ActionName, Need, Rule } from "../ledger/constitution/action.ts"
import type { Count } from "../ledger/constitution/tally.ts"
import { type Parameter, parameters } from "../ledger/parameters.ts"
import { kindInSet } from "../ledger/roles.ts"
import type { Tables } from "../ledger/state.ts"
import { organizationKinds } from "./config.ts"

/** What has a rule, by the rule's number less one: the ten actions, and what co-signatures do. */
export const ruledActions = [
  "admit",
  "admit-board",
  "set-status",
  "set-validator",
  "set-parameter",
  "set-rule",
  "set-panel",
  "replace-admin",
  "schedule-upgrade",
  "freeze",
  "publish-plan",
  "retire-plan",
] as const satisfies readonly (ActionName | "publish-plan" | "retire-plan")[]

/** Of an organization, by number. */
export const statuses = ["active", "suspended", "removed"] as const

export const parameterNames: ReadonlyMap<number, string> = new Map(
  Object.entries(parameters).map(([name, { number }]: [string, Parameter]) => [number, name]),
)

export function kindName(kind: number): string {
  return Object.entries(organizationKinds).find(([, number]) => number === kind)?.[0] ?? `kind-${kind}`
}

/** The kinds in a set, by name. */
export function kindsOf(set: number): readonly string[] {
  return Object.entries(organizationKinds).flatMap(([name, kind]) => (kindInSet(kind, set) ? [name] : []))
}

export function organizationName(tables: Tables, org: number): string {
  const name = tables.organizations.get({ org })?.name
  return name === undefined ? `organization ${org}` : `${name} (${org})`
}

function listed(items: readonly string[], joint: string): string {
  const [last, ...others] = items.toReversed()
  if (last === undefined) return "nobody"
  return others.length === 0 ? last : `${others.toReversed().join(", ")} ${joint} ${last}`
}

function kindWords(set: number): string {
  const names = kindsOf(set)
  return names.length === Object.keys(organizationKinds).length ? "any kind" : listed(names, "or")
}

function needWords({ kinds, count, percent }: Need): string {
  const share = percent === 0 ? "" : ` and ${percent} % of those active`
  return `${count} of ${kindWords(kinds)}${share}`
}

export function ruleWords({ proposers, needs, hours }: Rule): string {
  const votes = needs.map(needWords).join(", ")
  return `proposed by ${kindWords(proposers)}; needs ${votes}; open for ${hours} hours`
}

/** What an action would do, on the state as it is now. */
export function actionWords(tables: Tables, action: Action): string {
  const nameOf = (org: number) => organizationName(tables, org)
  switch (action.name) {
    case "admit":
    case "admit-board": {
      const { org, name, kind, group, key } = action.fields
      return `Admit ${name} as organization ${org}, a ${kindName(kind)} of group ${group}, with admin key ${toHex(key)}`
    }
    case "set-status": {
      const { org, status } = action.fields
      const now = statuses[tables.organizations.get({ org })?.status ?? -1] ?? "unknown"
      return `Make ${nameOf(org)} ${statuses[status]}, now ${now}`
    }
    case "set-validator": {
      const { org, key, power } = action.fields
      const validator = `validator ${toHex(key)} of ${nameOf(org)}`
      return power === 0 ? `Remove ${validator}` : `Give ${validator} power ${power}`
    }
    case "set-parameter": {
      const { number, value } = action.fields
      const name = parameterNames.get(number) ?? `parameter ${number}`
      return `Set ${name} to ${value}, now ${tables.parameters.get({ number })?.value ?? "unknown"}`
    }
    case "set-rule":
      return `Set the rule for ${ruledActions[action.fields.action - 1]}: ${ruleWords(action.fields.rule)}`
    case "set-panel":
      return `Set the panel of ${nameOf(action.fields.payer)}: ${listed(action.fields.panel.map(nameOf), "and")}`
    case "replace-admin":
      return `End every key of ${nameOf(action.fields.org)} and give it admin key ${toHex(action.fields.key)}`
    case "schedule-upgrade":
      return `Upgrade to protocol ${action.fields.protocol} at height ${action.fields.height}`
    case "freeze":
      return `Freeze all money for ${action.fields.hours} hours`
  }
}

/** One need as it is met so far. */
export function countWords({ need, given, wanted }: Count): string {
  return `${given} of ${wanted} votes by ${kindWords(need.kinds)}`
}
