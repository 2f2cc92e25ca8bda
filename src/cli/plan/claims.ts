/**
 * The claims over which two plans are compared: the cases beside the older plan, and the claims of a folder's 837 files.
 * A claim outside a plan's time is moved into it by whole years. Of an 837's patients nothing is known but what their
 * claims say, so each begins with nothing met; what one claim meets counts for the next of the same patient.
 */
import { readdirSync, statSync } from "node:fs"
import { join, relative } from "node:path"
import { toUtf8 } from "#crypto"
import { digest } from "../../base/digest.ts"
import { type Refusal, refuse } from "../../base/refusal.ts"
import { isRefusal } from "../../formats/answer.ts"
import type { Claim837 } from "../../formats/x12/claim/claim-837.ts"
import { readEachClaim837 } from "../../formats/x12/claim/read-837-claims.ts"
import { type PlanClaim837, planClaimOf } from "../../formats/x12/claim/to-claim.ts"
import { adjudicate, type Outcome } from "../../plan/adjudicate/adjudicate.ts"
import { type ComparedClaim, monthsInto, movedCase, movedClaim } from "../../plan/booklet/diff-claims.ts"
import type { PlanCase } from "../../plan/cases/cases.ts"
import { runCase } from "../../plan/cases/run-case.ts"
import type { Claim, Member } from "../../plan/claim.ts"
import { inputOf } from "../../plan/input.ts"
import { addMonths, type Plan } from "../../plan/plan.ts"
import { limitsOf } from "../../plan/settle/corrections.ts"
import { firstSnapshot, nextSnapshot, type Snapshot } from "../../plan/snapshot.ts"
import { readInputFile } from "../input-file.ts"

export interface GatheredClaims {
  readonly claims: readonly ComparedClaim[]
  /** Claims of which some day was moved into a plan's time. */
  readonly moved: number
  /** Files and claims that could not be used, by their place. */
  readonly refused: readonly { readonly file: string; readonly refusal: Refusal }[]
}

/** Cases under both plans. */
export function comparedCases(cases: readonly PlanCase[], older: Plan, newer: Plan): readonly ComparedClaim[] {
  return cases.map((item) => {
    const run = (plan: Plan) => runCase(plan, movedCase(item, plan, monthsInto(plan, item.date)))
    const [before, after] = [run(older), run(newer)]
    return { name: item.name, claim: before.input.claim.value, before: before.outcome, after: after.outcome }
  })
}

/** One plan's view of the patients: what each has met so far. */
class Patients {
  readonly #plan: Plan
  readonly #snapshots = new Map<string, Snapshot>()

  constructor(plan: Plan) {
    this.#plan = plan
  }

  determine(patient: string, claim: Claim, of: PlanClaim837): Outcome {
    const plan = this.#plan
    const months = monthsInto(plan, claim.lines[0]!.from)
    const own = movedClaim(claim, months)
    const move = (day: number | undefined) => (day === undefined ? undefined : addMonths(day, months))
    const member: Member = { ...of.member, born: move(of.member.born), enrolled: move(of.member.enrolled) }
    const snapshot = this.#snapshots.get(patient) ?? this.#first(patient, member)
    const { provider, legs } = of
    const input = inputOf({ plan, claim: own, member, provider, snapshot, legs, on: own.received })
    const outcome = adjudicate(input, { trace: false })
    const statement = digest("statement", toUtf8(`${patient} ${snapshot.sequence}`))
    const limitOf = limitsOf(plan, own.lines[0]!.from)
    const visits = [{ statement, differences: outcome.leg.differences }]
    this.#snapshots.set(patient, nextSnapshot(snapshot, { visits, expiry: 0, limitOf }))
    return outcome
  }

  #first(patient: string, facts: Member): Snapshot {
    const { payer, effective } = this.#plan.front
    return firstSnapshot({
      payer,
      member: digest("member", toUtf8(patient)),
      plan: this.#plan.digest,
      period: { from: effective.from, to: effective.until - 1 },
      facts,
      expiry: 0,
    })
  }
}

/** Apart by number and birth date: a family shares the subscriber's number. */
const patientOf = ({ subscriber, patient, relation }: Claim837) =>
  `${subscriber.id} ${(patient ?? subscriber).born ?? ""} ${patient === undefined ? "" : relation}`

interface UsableClaim {
  readonly file: string
  readonly patient: string
  readonly planClaim: PlanClaim837
}

const voided: Refusal = {
  code: "claim-void",
  message: "Cannot compare the claim: it takes another back and asks for nothing",
  at: "CLM05",
  remedy: "Leave the claim that it voids out as well",
}

function usable(claim: Claim837, file: string): UsableClaim | Refusal {
  if (claim.frequency === 8) return voided
  const received = claim.lines.reduce((last, { to }) => Math.max(last, to), claim.to)
  const planClaim = planClaimOf(claim, { received })
  return isRefusal(planClaim) ? planClaim : { file, patient: patientOf(claim), planClaim }
}

/** Files of a folder that may hold claims, in the order of their names, folders inside it too. */
function claimFiles(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(837[pid]?|edi|x12|dat|txt)$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
  return names.sort()
}

/** The claims of a folder's 837 files under both plans, in order of service. @throws Refused when there is none. */
export function comparedFolder(folder: string, older: Plan, newer: Plan): GatheredClaims {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    refuse("folder-absent", "Cannot read claims: there is no such folder", folder, "Name a folder with 837 files")
  const refused: { file: string; refusal: Refusal }[] = []
  const claims: UsableClaim[] = []
  for (const file of claimFiles(folder)) {
    const name = relative(folder, file)
    const read = readEachClaim837(readInputFile(file))
    if (isRefusal(read)) {
      refused.push({ file: name, refusal: read })
      continue
    }
    for (const found of read) {
      const one = "refusal" in found ? found.refusal : usable(found.claim, name)
      if ("planClaim" in one) claims.push(one)
      else refused.push({ file: name, refusal: one })
    }
  }
  const dayOf = (one: UsableClaim) => one.planClaim.claim.lines[0]?.from ?? 0
  claims.sort((a, b) => dayOf(a) - dayOf(b))
  const [before, after] = [new Patients(older), new Patients(newer)]
  const away = ({ planClaim }: UsableClaim) =>
    [older, newer].some((plan) => monthsInto(plan, planClaim.claim.lines[0]!.from) !== 0)
  return {
    claims: claims.map((one, index) => {
      const { claim } = one.planClaim
      const name = `claim ${index + 1}, ${one.file}`
      return {
        name,
        claim,
        before: before.determine(one.patient, claim, one.planClaim),
        after: after.determine(one.patient, claim, one.planClaim),
      }
    }),
    moved: claims.filter(away).length,
    refused,
  }
}
