/**
 * What deciding claims costs a payer, as a stated sum: each touch takes a person some minutes of an hourly cost, each claim
 * a machine. Minutes and costs are assumptions of whoever runs it; only the touches are counted.
 *
 *   cost of a claim = (touches ÷ claims) × minutes × hourly ÷ 60 + machine
 */
import { divide } from "../../base/money.ts"

export interface CostAssumptions {
  readonly minutesPerTouch: number
  /** Minor units an hour of a person who decides claims, with all that comes with it. */
  readonly hourly: bigint
  /** Ten-thousandths of the currency's unit for each claim. */
  readonly machine: bigint
}

/** Where nothing else is given: round figures, measured nowhere. */
export const assumedCost: CostAssumptions = { minutesPerTouch: 10, hourly: 45_00n, machine: 100n }

export interface ClaimCost {
  /** Ten-thousandths of the currency's unit. */
  readonly perClaim: bigint
  /** What the same claims would cost with a person's touch for each: the same minutes and costs. */
  readonly perClaimByHand: bigint
}

/** Rounded half up, once each. No claims cost nothing. */
export function costOfClaim(claims: number, touches: number, assumed: CostAssumptions): ClaimCost {
  const { minutesPerTouch, hourly, machine } = assumed
  const people = (hands: number, over: number) =>
    divide(BigInt(hands) * BigInt(minutesPerTouch) * hourly * 100n, 60n * BigInt(over), "half-up")
  if (claims === 0) return { perClaim: 0n, perClaimByHand: 0n }
  return { perClaim: people(touches, claims) + machine, perClaimByHand: people(1, 1) + machine }
}
