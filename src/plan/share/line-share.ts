/** One line's money while it is shared out between member and plan: what steps F1 to G2 hand to one another. */

import type { RuleOf } from "../adjudicate/state.ts"
import type { Part } from "../language/effects.ts"
import type { Bucket } from "../parts.ts"
import type { Rule } from "../plan.ts"
import type { ShareRules } from "./share-rules.ts"

/** A line's money while it is shared out. */
export interface Share {
  copay: bigint
  deductible: bigint
  coinsurance: bigint
  /** What the plan would pay as the only payer. */
  own: bigint
  /** Parts the out-of-pocket maximum counts, and those of them it cut. */
  counted: readonly Part[]
  capped: Part[] | undefined
  /** What a bucket of coinsurance bands takes of this line. */
  banded: Posting | undefined
  /** Coinsurance before the least and the most of its visit or day. */
  clamped: { readonly rule: Rule; readonly before: bigint } | undefined
}

/** Postings of a line, kept until nothing can pend it any more. */
export interface Posting {
  readonly rule: Rule
  readonly bucket: Bucket
  readonly amount: bigint
}

/** The parts that a cap counts, added up. */
export function countedSum(share: Share, counted: readonly Part[]): bigint {
  let sum = 0n
  for (const part of counted) sum += share[part]
  return sum
}

/** What F1 to F5 come to on one base. */
export interface Shared {
  readonly share: Share
  readonly own: bigint
  /** What the line posts if nothing pends it any more: allowance and ceilings. */
  readonly postings: readonly Posting[]
}

/** The clauses that share out one line. */
export interface LineRules {
  readonly share: ShareRules
  readonly cap: RuleOf<"outOfPocket"> | undefined
  readonly ceilings: readonly RuleOf<"ceiling">[]
}
