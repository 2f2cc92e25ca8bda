/** What `adjudicate` and `explain` share: the claims of a file, a plan and a list of members, read and decided. */
import { Refused, refuse } from "../../base/refusal.ts"
import { parseDate } from "../../base/time.ts"
import { type DecidedClaim, decideClaim } from "../../billing/decide-claim.ts"
import { readMembers } from "../../billing/members.ts"
import { isRefusal, orRefuse } from "../../formats/answer.ts"
import { readEachClaim837 } from "../../formats/x12/claim/read-837-claims.ts"
import type { Plan } from "../../plan/plan.ts"
import { readInputFile, readMaybeGzipped } from "../input-file.ts"
import { mustReadPlan } from "../plan/files.ts"
import type { Screen } from "../screen.ts"

export interface DecideArguments {
  readonly file: string
  readonly plan: string | undefined
  readonly members: string | undefined
  /** Position in the file, from 1, or the claim's own number. All claims when absent. */
  readonly claim: string | undefined
  /** Day of receipt. */
  readonly received: string | undefined
}

export interface DecidedFile {
  readonly plan: Plan
  /** In file order, those that could be read. */
  readonly claims: readonly { readonly position: number; readonly decided: DecidedClaim }[]
  /** How many could not. */
  readonly refused: number
}

/** @throws Refused when the file, the plan or the list cannot be read; a single bad claim is said on the screen. */
export function decideFile(args: DecideArguments, screen: Screen): DecidedFile {
  if (args.plan === undefined) {
    refuse("arguments", "Cannot decide the claim: no plan is named", "--plan", "Name a plan: --plan plans/NAME.md")
  }
  const { plan } = mustReadPlan(args.plan)
  const members = args.members === undefined ? undefined : orRefuse(readMembers(readInputFile(args.members), plan))
  const received = args.received === undefined ? undefined : parseDate(args.received)
  if (args.received !== undefined && received === undefined) {
    refuse("date", "Cannot read the date: it does not exist", "--received", "Write 2026-04-14")
  }
  if (members === undefined) {
    screen.quiet("No list of members: each patient is taken as covered, with nothing met yet (--members FILE).")
  }
  const answers = readEachClaim837(readMaybeGzipped(args.file))
  if (isRefusal(answers)) {
    const remedy = `${answers.remedy} countersign x12 check ${args.file} --out DIR writes the TA1 or 999 that tells it.`
    throw new Refused({ ...answers, remedy })
  }
  const claims: { position: number; decided: DecidedClaim }[] = []
  let [refused, found] = [0, 0]
  for (const [index, answer] of answers.entries()) {
    const control = "claim" in answer ? answer.claim.control : answer.control
    if (args.claim !== undefined && args.claim !== String(index + 1) && args.claim !== control) continue
    found++
    const options = { members, ...(received === undefined ? {} : { received }) }
    const decided = "claim" in answer ? decideClaim(plan, answer.claim, options) : answer.refusal
    if (!isRefusal(decided)) {
      claims.push({ position: index + 1, decided })
      continue
    }
    refused++
    if (answers.length === 1) throw new Refused(decided)
    screen.say(`claim ${index + 1}: ${decided.code}: ${decided.message} (${decided.at}). ${decided.remedy}`)
  }
  if (found === 0) {
    const what = `Cannot decide the claim: the file has ${answers.length} claims and none is called so`
    refuse("claim-unknown", what, "--claim", `Name one from 1 to ${answers.length}, or its own number.`)
  }
  return { plan, claims, refused }
}
