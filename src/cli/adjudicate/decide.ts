/** What `adjudicate` and `explain` share: the claims of a file, a plan and a list of members, read and decided. */
import { Refused, refuse } from "../../base/refusal.ts"
import { parseDate } from "../../base/time.ts"
import { type DecidedClaim, decideClaim, snapshotAfter } from "../../billing/decide-claim.ts"
import { readMembers } from "../../billing/members.ts"
import { readPapers } from "../../billing/papers.ts"
import { isRefusal, orRefuse } from "../../formats/answer.ts"
import type { Claim837 } from "../../formats/x12/claim/claim-837.ts"
import { readEachClaim837 } from "../../formats/x12/claim/read-837-claims.ts"
import type { Plan } from "../../plan/plan.ts"
import type { Snapshot } from "../../plan/snapshot.ts"
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
  /** Authorizations, referrals, notices, decisions: a CSV of what the payer holds. */
  readonly papers: string | undefined
  /** Day of the determination; that of receipt when absent. */
  readonly on: string | undefined
}

export interface DecidedFile {
  readonly plan: Plan
  /** In file order, those that could be read. */
  readonly claims: readonly { readonly position: number; readonly decided: DecidedClaim }[]
  /** How many could not. */
  readonly refused: number
}

/**
 * Whose limits a claim uses: people of one number are told apart by their birth dates. Undefined where nobody is named,
 * and for replacements and voids, which stand on what was there before their original.
 */
function patientOf({ subscriber, patient, frequency }: Claim837): string | undefined {
  if (subscriber.id === "" || frequency === 7 || frequency === 8) return undefined
  return `${subscriber.id} ${(patient ?? subscriber).born}`
}

function dayIn(text: string | undefined, flag: string): number | undefined {
  const day = text === undefined ? undefined : parseDate(text)
  if (text === undefined || day !== undefined) return day
  return refuse("date", "Cannot read the date: it does not exist", flag, "Write 2026-04-14")
}

/**
 * Claims are decided in file order: what one uses of a patient's limits the next of that patient does not have again, and
 * a service paid before is a duplicate. What one member uses of a family's limits is not carried to another.
 *
 * @throws Refused when the file, the plan or the list cannot be read; a single bad claim is said on the screen.
 */
export function decideFile(args: DecideArguments, screen: Screen): DecidedFile {
  if (args.plan === undefined) {
    refuse("arguments", "Cannot decide the claim: no plan is named", "--plan", "Name a plan: --plan plans/NAME.md")
  }
  const { plan } = mustReadPlan(args.plan)
  const members = args.members === undefined ? undefined : orRefuse(readMembers(readInputFile(args.members), plan))
  const papers = args.papers === undefined ? undefined : orRefuse(readPapers(readInputFile(args.papers)))
  const [received, on] = [dayIn(args.received, "--received"), dayIn(args.on, "--on")]
  if (members === undefined) {
    screen.quiet("No list of members: each patient is taken as covered, with nothing met yet (--members FILE).")
  }
  const answers = readEachClaim837(readMaybeGzipped(args.file))
  if (isRefusal(answers)) {
    const remedy = `${answers.remedy} countersign x12 check ${args.file} --out DIR writes the TA1 or 999 that tells it.`
    throw new Refused({ ...answers, remedy })
  }
  const claims: { position: number; decided: DecidedClaim }[] = []
  const running = new Map<string, Snapshot>()
  let [refused, found] = [0, 0]
  for (const [index, answer] of answers.entries()) {
    const control = "claim" in answer ? answer.claim.control : answer.control
    const patient = "claim" in answer ? patientOf(answer.claim) : undefined
    const snapshot = patient === undefined ? undefined : running.get(patient)
    const days = { ...(received === undefined ? {} : { received }), ...(on === undefined ? {} : { on }) }
    const options = { members, ...days, ...(snapshot && { snapshot }), ...(papers && { papers }) }
    const decided = "claim" in answer ? decideClaim(plan, answer.claim, options) : answer.refusal
    if (!isRefusal(decided) && patient !== undefined) running.set(patient, snapshotAfter(decided))
    if (args.claim !== undefined && args.claim !== String(index + 1) && args.claim !== control) continue
    found++
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
