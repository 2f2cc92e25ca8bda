/** One file of claims for the replay: each claim decided under the plan as it is read. */
import { type Answer, isRefusal } from "../../formats/answer.ts"
import type { Claim837 } from "../../formats/x12/claim/claim-837.ts"
import { claimsOf837 } from "../../formats/x12/claim/read-837-claims.ts"
import type { Plan } from "../../plan/plan.ts"
import { decideClaim } from "../decide-claim.ts"
import type { MemberList } from "../members.ts"
import { FileTransactions, otherSet } from "../shadow/intake/file-transactions.ts"
import type { ReplayedClaim } from "./replay.ts"

export type ReplayFile = FileTransactions<readonly Answer<ReplayedClaim>[]>

/** Begins to read a file; `file` is its number from 1. */
export function openReplayFile(file: number, plan: Plan, members: MemberList | undefined): ReplayFile {
  return new FileTransactions(file, (header, segments, tell) => {
    if (header.set !== "837") {
      tell(otherSet(header, "claims (837)"), "transaction")
      return undefined
    }
    const { control, separators } = header.group.interchange
    const decided: Answer<ReplayedClaim>[] = []
    for (const found of claimsOf837({ ...header, segments }, { control, component: separators.component })) {
      if ("refusal" in found) tell(found.refusal, found.control === undefined ? "transaction" : "claim")
      else decided.push(replayed(plan, found.claim, members))
    }
    return decided
  })
}

function replayed(plan: Plan, claim: Claim837, members: MemberList | undefined): Answer<ReplayedClaim> {
  const decided = decideClaim(plan, claim, { members, trace: false })
  if (isRefusal(decided)) return decided
  const charges = new Map(decided.input.claim.value.lines.map(({ number, charge }) => [number, charge]))
  return { leg: decided.outcome.leg, charges }
}
