/** One claim of an 837 under a plan: who the patient is by the list of members, what is met, and what the plan decides. */
import { refuse } from "../base/refusal.ts"
import { type Answer, answer, orRefuse } from "../formats/answer.ts"
import type { Claim837 } from "../formats/x12/claim/claim-837.ts"
import { type PlanClaim837, planClaimOf } from "../formats/x12/claim/to-claim.ts"
import { adjudicate, type Outcome } from "../plan/adjudicate/adjudicate.ts"
import { openingSnapshot } from "../plan/adjudicate/opening-snapshot.ts"
import type { Member } from "../plan/claim.ts"
import { type AdjudicationInput, inputOf } from "../plan/input.ts"
import type { Plan } from "../plan/plan.ts"
import type { ListedMember, MemberList } from "./members.ts"

export interface DecidedClaim {
  readonly sent: Claim837
  readonly read: PlanClaim837
  readonly input: AdjudicationInput
  readonly outcome: Outcome
  /** Undefined: no list was given, or the patient is not in it. */
  readonly listed: ListedMember | undefined
}

export interface DecideOptions {
  /** Undefined: the patient is taken as covered for the plan's whole time, with nothing met. */
  readonly members: MemberList | undefined
  /** Day number on which the claim was received; the last day of service when absent. */
  readonly received?: number
  readonly trace?: boolean
}

/** What the list knows stands; what it leaves open is taken from the claim. */
export function memberOf(plan: Plan, claimed: Member, listed: ListedMember | undefined, isListGiven: boolean): Member {
  if (listed !== undefined) {
    const { member } = listed
    return {
      ...member,
      born: member.born ?? claimed.born,
      sex: member.sex ?? claimed.sex,
      relation: member.relation ?? claimed.relation,
      rank: member.rank === 1 ? claimed.rank : member.rank,
      otherCover: member.otherCover.length === 0 ? claimed.otherCover : member.otherCover,
    }
  }
  const { from } = plan.front.effective
  // A cover that ends before it begins is none: step B1 then says that this person is not ours.
  return isListGiven ? { ...claimed, coverFrom: from, coverTo: from - 1 } : { ...claimed, coverFrom: from }
}

/** X12 amounts are hundredths of the currency that CUR names, dollars when it is absent; a plan counts in its own. */
function refuseOtherCurrency(plan: Plan, { at }: Claim837, { currency }: PlanClaim837): void {
  const { code, exponent } = plan.front.currency
  if (currency === code && exponent === 2) return
  const what =
    currency === code ? "the plan's currency has no cents, X12 amounts do" : "it is not in the plan's currency"
  refuse("x12-currency", `Cannot use the 837: ${what}`, `CUR, claim at line ${at}`, "Name a plan in its currency.")
}

/** The determination, or the refusal of what the 837 cannot say to a plan. */
export function decideClaim(plan: Plan, sent: Claim837, options: DecideOptions): Answer<DecidedClaim> {
  return answer(() => {
    const read = orRefuse(planClaimOf(sent, { received: options.received ?? sent.to }))
    refuseOtherCurrency(plan, sent, read)
    const born = read.member.born
    const listed = options.members?.find(sent.subscriber.id, born)
    const member = memberOf(plan, read.member, listed, options.members !== undefined)
    const { claim, provider, legs } = read
    const day = Math.min(...claim.lines.map((line) => line.from))
    const { treatment, admitted } = claim
    const snapshot = openingSnapshot(plan, member, listed?.buckets ?? [], { day, treatment, admitted })
    const input = inputOf({ plan, claim, member, provider, snapshot, legs, on: claim.received })
    const outcome = adjudicate(input, { trace: options.trace ?? true })
    return { sent, read, input, outcome, listed }
  })
}
