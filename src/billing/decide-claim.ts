/** One claim of an 837 under a plan: who the patient is by the list of members, what is met, and what the plan decides. */
import { sha256 } from "#crypto"
import { refuse } from "../base/refusal.ts"
import { type Answer, answer, orRefuse } from "../formats/answer.ts"
import type { Claim837 } from "../formats/x12/claim/claim-837.ts"
import { type PlanClaim837, planClaimOf } from "../formats/x12/claim/to-claim.ts"
import { adjudicate, type Outcome } from "../plan/adjudicate/adjudicate.ts"
import { openingSnapshot } from "../plan/adjudicate/opening-snapshot.ts"
import type { Member } from "../plan/claim.ts"
import { type AdjudicationInput, inputOf } from "../plan/input.ts"
import { encodeLeg } from "../plan/leg.ts"
import type { Plan } from "../plan/plan.ts"
import { limitsOf } from "../plan/settle/corrections.ts"
import { nextSnapshot, type Snapshot } from "../plan/snapshot.ts"
import type { ListedMember, MemberList } from "./members.ts"
import { noPapers, type PaperList } from "./papers.ts"

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
  /** What the patient's claims before this one have used; what the list says when absent. */
  readonly snapshot?: Snapshot
  /** Authorizations, referrals, decisions and the like that the payer holds. */
  readonly papers?: PaperList
  /** Day of the determination; the day of receipt when absent. */
  readonly on?: number
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
    const held = options.papers?.of(
      sent.subscriber.id,
      sent.control,
      sent.lines.map((line) => line.number),
    )
    const { originalReceived, assurance, ...papers } = held ?? noPapers
    const received = options.received ?? sent.to
    const original = originalReceived === undefined ? {} : { originalReceived }
    const read = orRefuse(planClaimOf(sent, { received, ...original }))
    refuseOtherCurrency(plan, sent, read)
    const born = read.member.born
    const listed = options.members?.find(sent.subscriber.id, born)
    const member = memberOf(plan, read.member, listed, options.members !== undefined)
    const { claim, provider, legs } = read
    const day = Math.min(...claim.lines.map((line) => line.from))
    const { treatment, admitted } = claim
    const opening = () => openingSnapshot(plan, member, listed?.buckets ?? [], { day, treatment, admitted })
    const snapshot = options.snapshot ?? opening()
    const on = options.on ?? claim.received
    const signed = assurance === undefined ? {} : { assurance }
    const input = inputOf({ plan, claim, member, provider, snapshot, legs, on, ...papers, ...signed })
    const outcome = adjudicate(input, { trace: options.trace ?? true })
    return { sent, read, input, outcome, listed }
  })
}

/** What the patient has used once this claim counts; a quote counts nothing. */
export function snapshotAfter({ input, outcome: { leg } }: DecidedClaim): Snapshot {
  const { plan, claim, snapshot } = input
  if (claim.value.use === "quote") return snapshot.value
  const day = Math.min(...claim.value.lines.map((line) => line.from))
  const visits = [{ statement: sha256(encodeLeg(leg)), differences: leg.differences }]
  return nextSnapshot(snapshot.value, { visits, expiry: snapshot.value.expiry, limitOf: limitsOf(plan, day) })
}
