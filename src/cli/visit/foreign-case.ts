/**
 * A visit out of somebody else's file, told on the same path as the standing example: the file's services become claim
 * lines, a published plan is derived whose schedule knows their codes, and the hold is the ladder's step for what that
 * plan will pay. Everything is read and refused here, before any process or folder exists.
 */
import { sha256 } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import { Refused, refuse } from "../../base/refusal.ts"
import { civilDate, dayNumber, formatDate, monthOfDay } from "../../base/time.ts"
import { orRefuse } from "../../formats/answer.ts"
import { claimFrom, type Service } from "../../formats/claim.ts"
import { derivePlan } from "../../formats/derive-plan.ts"
import { limits } from "../../ledger/limits.ts"
import type { Circumstances } from "../../node/provider/visit-file.ts"
import { adjudicate } from "../../plan/adjudicate/adjudicate.ts"
import { untouchedSnapshot } from "../../plan/adjudicate/opening-snapshot.ts"
import { checkPlan } from "../../plan/check/check.ts"
import { type Claim, type ClaimLine, encodeClaim, type Member, plainMember, plainProvider } from "../../plan/claim.ts"
import { inputOf } from "../../plan/input.ts"
import type { Finding } from "../../plan/language/finding.ts"
import { readPlan } from "../../plan/language/read.ts"
import type { Plan } from "../../plan/plan.ts"
import { organizations } from "../community/organizations.ts"
import type { PlanFiles } from "../community/plan-files.ts"
import { roles } from "../community/setting.ts"
import { ladderStepFor } from "./hold-step.ts"
import type { RecordEntry, RecordFact, VisitCase } from "./visit-case.ts"

/** What a reader of foreign files found. */
export interface ForeignVisit {
  readonly title: string
  readonly patient: string
  readonly practitioner: VisitCase["practitioner"]
  readonly member: Pick<Member, "born" | "sex">
  readonly circumstances: Circumstances & Pick<Claim, "kind">
  readonly currency: string
  readonly services: readonly Service[]
  /** What each service is, in words for the screen. */
  readonly labels: readonly string[]
  readonly entries: readonly RecordEntry[]
  readonly facts: readonly RecordFact[]
}

const payer = organizations.find(({ number }) => number === roles.payer)!.name
const chainCurrency = "USD"
/** What a desk takes as one record: in its request each byte is two letters, and 16 MiB is the most it reads. */
const mostRecordBytes = 7 * 1024 * 1024

/** @throws Refused when the visit cannot be determined, held or vouchered as one. */
export function caseOfForeignVisit(foreign: ForeignVisit): VisitCase {
  const { services, circumstances, currency, title, patient, practitioner, entries, facts, labels } = foreign
  if (currency !== chainCurrency) {
    refuse(
      "currency",
      `Cannot bill visit: its currency is not ${chainCurrency}`,
      "currency",
      `Bill in ${chainCurrency}`,
    )
  }
  refuseTooLarge(foreign)
  const { kind } = circumstances
  const serviceDay = Math.min(...services.map(({ from }) => from))
  if (serviceDay < 0) {
    refuse("visit-too-early", "Cannot tell visit: a chain's clock begins in 1970", "lines", "Choose a later visit")
  }
  const lastDay = Math.max(...services.map(({ to }) => to))
  const claim = orRefuse(
    claimFrom(services, { use: "quote", ...circumstances, received: lastDay, facts: facts.length }),
  )
  refuseSeveralMonths(claim.lines)
  const plan = planFor(services, { name: planName(claim, serviceDay), kind, serviceDay, lastDay })
  const member: Member = {
    ...plainMember,
    ...foreign.member,
    coverFrom: yearStart(serviceDay, 0),
    coverTo: yearStart(lastDay, 1) - 1,
  }
  const hold = ladderStepFor(planPays(plan.plan, claim, member))
  if (hold === undefined) {
    return refuse(
      "hold-too-large",
      "Cannot hold: the plan would pay more than the highest step of the ladder",
      "charge",
      "Correct the charges",
    )
  }
  const { lines } = claim
  return {
    title,
    patient,
    practitioner,
    serviceDay,
    plan: plan.files,
    member,
    left: [],
    circumstances,
    hold,
    entries,
    facts,
    lines,
    labels,
  }
}

/** What the nodes would refuse half-way is refused before they start. */
function refuseTooLarge({ entries, facts }: ForeignVisit): void {
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes.length, 0)
  if (bytes > mostRecordBytes) {
    const what = `Cannot record visit: its entries have ${bytes} bytes, over ${mostRecordBytes}`
    refuse("record-too-large", what, "entries", "Leave large attachments out, or split the visit")
  }
  if (entries.length > limits.entriesPerRecord || facts.length > limits.factsPerStatement) {
    const what = `Cannot record visit: over ${limits.factsPerStatement} facts or ${limits.entriesPerRecord} entries`
    refuse("record-too-many", what, "facts", "Split the visit")
  }
}

/** A voucher is for one calendar month: a visit's services lie in one. */
function refuseSeveralMonths(lines: readonly ClaimLine[]): void {
  const month = monthOfDay(lines[0]!.from)
  const other = lines.findIndex(({ from }) => monthOfDay(from) !== month)
  if (other < 0) return
  const what = "Cannot bill visit: its services begin in two calendar months, and a voucher is for one"
  refuse("visit-two-months", what, `lines/${other}`, "Bill each month in a claim of its own")
}

function yearStart(day: number, later: number): number {
  return dayNumber(civilDate(day).year + later, 1, 1)
}

/** Two visits of one day have two plans, and no two plans of a payer have one name. */
function planName(claim: Claim, day: number): string {
  return `derived-${formatDate(day)}-${toHex(sha256(encodeClaim(claim))).slice(0, 8)}`
}

interface PlanScope {
  readonly name: string
  readonly kind: Claim["kind"]
  readonly serviceDay: number
  readonly lastDay: number
}

function planFor(
  lines: readonly Service[],
  { name, kind, serviceDay, lastDay }: PlanScope,
): { files: PlanFiles; plan: Plan } {
  const files = derivePlan({
    title: `Plan derived for one visit of ${formatDate(serviceDay)}`,
    name,
    payer,
    from: yearStart(serviceDay, 0),
    until: yearStart(lastDay, 1),
    lines,
    kind,
    currency: chainCurrency,
  })
  const read = readPlan(files.bytes, new Map(files.tables.map(({ name, bytes }) => [name, bytes])))
  const findings = "plan" in read ? checkPlan(read.plan) : read.findings
  const refusing = findings.find(({ refuses }) => refuses)
  if (refusing !== undefined || !("plan" in read)) throw new Refused(notDerived(refusing))
  return { files, plan: read.plan }
}

function notDerived(finding: Finding | undefined) {
  const reason = finding?.message ?? "it does not read"
  const message = `Cannot derive plan from the claim's lines: ${reason}`
  return { code: "plan-not-derived", message, at: `line ${finding?.line ?? 1}`, remedy: "Check codes and charges" }
}

/** What the plan will pay for these lines when nothing is met yet: the quote will say the same. */
function planPays(plan: Plan, claim: Claim, member: Member): bigint {
  const snapshot = untouchedSnapshot(plan, member)
  const provider = plainProvider(organizations.find(({ number }) => number === roles.clinic)!.name)
  return adjudicate(inputOf({ plan, claim, member, provider, snapshot, on: claim.received })).leg.totals.benefit
}
