/**
 * Seeds that once failed, and why: every run includes them. A change of the simulator's schedule makes other histories
 * of them; the defect's own test stands beside the mended code.
 */
import type { Kind } from "./run.ts"

export const keptSeeds: readonly { readonly kind: Kind; readonly seed: number; readonly why: string }[] = [
  { kind: "tally", seed: 22, why: "InitChain named the state after a first block that was not durable" },
  { kind: "ledger", seed: 15, why: "the judge forgot that a leg may belong to another payer than signed" },
]
