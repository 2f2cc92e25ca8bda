/** Which step of the ladder to hold: amounts held are public, and few steps make them say little. */
import { isOnLadder } from "../../ledger/limits.ts"

const leastStep = 100n

/** The lowest step of the ladder at or above `amount` (minor units, 0 or more); undefined above the highest step. */
export function ladderStepFor(amount: bigint): bigint | undefined {
  for (let power = leastStep; isOnLadder(power); power *= 10n) {
    for (const first of [1n, 2n, 5n]) {
      const step = power * first
      if (step >= amount && isOnLadder(step)) return step
    }
  }
  return undefined
}
