/** One claim as CMS filed it, decided under a plan: what `replay` counts, and the same with the deductible met. */
import { type Answer, answer } from "../../formats/answer.ts"
import type { CmsClaim, CmsPerson } from "../../formats/cms/cms-claim.ts"
import { adjudicate } from "../../plan/adjudicate/adjudicate.ts"
import { openingSnapshot } from "../../plan/adjudicate/opening-snapshot.ts"
import type { CaseBucket } from "../../plan/cases/cases.ts"
import { type Member, plainMember } from "../../plan/claim.ts"
import { inputOf } from "../../plan/input.ts"
import type { Leg } from "../../plan/leg.ts"
import type { Plan } from "../../plan/plan.ts"
import { memberOf } from "../decide-claim.ts"
import type { MemberList } from "../members.ts"
import type { ReplayedClaim } from "./replay.ts"

export interface DecidedCms extends ReplayedClaim {
  readonly filed: CmsClaim
  /** The same claim as if all of the plan's deductibles were met: the history before it is in no file. */
  readonly legWithDeductibleMet: () => Leg
}

function claimedMember({ firstPayer }: CmsClaim, person: CmsPerson | undefined): Member {
  const isSecond = firstPayer !== undefined
  return {
    ...plainMember,
    born: person?.born,
    sex: person?.sex,
    rank: isSecond ? 2 : 1,
    otherCover: isSecond ? [firstPayer] : [],
  }
}

/** Nothing left of each deductible of the plan. */
function metDeductibles(plan: Plan): readonly CaseBucket[] {
  const buckets = plan.rules.flatMap(({ effect }) =>
    effect.kind === "deductible" && effect.bucket !== undefined ? [effect.bucket] : [],
  )
  return [...new Set(buckets)].map((bucket) => ({ bucket, says: "left", amount: 0n }))
}

/** The determination; the refusal of what cannot be put to a plan. */
export function decideCms(
  plan: Plan,
  filed: CmsClaim,
  people: ReadonlyMap<string, CmsPerson>,
  members: MemberList | undefined,
): Answer<DecidedCms> {
  return answer(() => {
    const { claim, provider, beneficiary } = filed
    const claimed = claimedMember(filed, people.get(beneficiary))
    const listed = members?.find(beneficiary, claimed.born)
    const member = memberOf(plan, claimed, listed, members !== undefined)
    const day = claim.lines.reduce((first, line) => Math.min(first, line.from), claim.lines[0]!.from)
    const { treatment, admitted } = claim
    const decide = (rows: readonly CaseBucket[]) => {
      const snapshot = openingSnapshot(plan, member, rows, { day, treatment, admitted })
      return adjudicate(inputOf({ plan, claim, member, provider, snapshot, on: claim.received }), { trace: false }).leg
    }
    const charges = new Map(claim.lines.map(({ number, charge }) => [number, charge]))
    return {
      leg: decide(listed?.buckets ?? []),
      charges,
      filed,
      legWithDeductibleMet: () => decide(metDeductibles(plan)),
    }
  })
}
