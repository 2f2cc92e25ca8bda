/** Until when a claim can be sent, corrected or appealed: by option, by the plan's windows, else by a stated assumption. */
import { endOf } from "../../../plan/gates/gates-claim.ts"
import type { Plan } from "../../../plan/plan.ts"
import type { AnsweredClaim } from "../intake/answered.ts"
import type { Account } from "../match/account.ts"
import { assumedAppeal, assumedTimely, type ShadowOptions } from "../options.ts"

export interface Deadlines {
  /** Last day on which the payer takes the claim. */
  toSend(account: Account): number
  /** Last day to correct or contest an answer. */
  toContest(account: Account, answer: AnsweredClaim | undefined, on: number): number
  /** Whether the day to send is somebody's word and not our assumption. */
  isTimelyKnown(account: Account): boolean
}

/** `speaks`: whether the plan is that of the account's payer. */
export function deadlinesOf(options: ShadowOptions, speaks: (account: Account) => boolean): Deadlines {
  const planOf = (account: Account): Plan | undefined => (speaks(account) ? options.plan : undefined)
  return {
    toSend(account) {
      if (options.timely !== undefined) return account.claim.to + options.timely
      const plan = planOf(account)
      return plan === undefined ? account.claim.to + assumedTimely : endOf(account.claim.to, plan.front.windows.claim)
    },
    toContest(account, answer, on) {
      const from = answer?.payment.day ?? on
      if (options.appeal !== undefined) return from + options.appeal
      const plan = planOf(account)
      return plan === undefined ? from + assumedAppeal : endOf(from, plan.front.windows.correction)
    },
    isTimelyKnown: (account) => options.timely !== undefined || planOf(account) !== undefined,
  }
}
