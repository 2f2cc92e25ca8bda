/** Counting ballots: what a rule needs, and what the votes of active organizations give. */
import { countActive } from "../registry/plans.ts"
import { kindInSet } from "../roles.ts"
import type { RowOf } from "../rows.ts"
import { isActiveOrganization, organizationOf } from "../signer.ts"
import type { Tables } from "../state.ts"
import type { Need } from "./action.ts"

export type Ballots = RowOf<"proposals">["ballots"]

/** One need of a rule beside what there is. */
export interface Count {
  readonly need: Need
  /** Votes for it by active organizations of these kinds. */
  readonly given: number
  /** Votes that it takes: the count, and the percent of these kinds' active organizations, rounded up. */
  readonly wanted: number
}

/**
 * Each need of the rule in force now. Status is asked when ballots are counted, not when they are cast, so whoever was
 * suspended since neither counts nor is counted among the active.
 */
export function countBallots(tables: Tables, action: number, ballots: Ballots): readonly Count[] {
  const inFavour = ballots.filter(({ org, vote }) => vote === 1 && isActiveOrganization(tables, org))
  const needs = tables.rules.get({ action })?.needs ?? []
  return needs.map((need) => {
    const given = inFavour.filter(({ org }) => kindInSet(organizationOf(tables, org).kind, need.kinds)).length
    const share = Math.ceil((need.percent * countActive(tables, need.kinds)) / 100)
    return { need, given, wanted: Math.max(need.count, share) }
  })
}

/** Whether every need is met. Without a rule nothing is. */
export function isCarried(tables: Tables, action: number, ballots: Ballots): boolean {
  const counts = countBallots(tables, action, ballots)
  return counts.length > 0 && counts.every(({ given, wanted }) => given >= wanted)
}
