/** Prices claims of the same database under the encoded products, and says where our money is another and why. */
import { adjudicate } from "../../plan/adjudicate/adjudicate.ts"
import { untouchedSnapshot } from "../../plan/adjudicate/opening-snapshot.ts"
import { type Claim, plainClaim, plainLine, plainMember, plainProvider } from "../../plan/claim.ts"
import { inputOf } from "../../plan/input.ts"
import type { LegLine } from "../../plan/leg.ts"
import type { Plan } from "../../plan/plan.ts"
import type { SchemeRow } from "./rows.ts"

export interface ClaimTables {
  readonly claims: readonly SchemeRow[]
  readonly claimServices: readonly SchemeRow[]
  readonly claimItems: readonly SchemeRow[]
  readonly services: readonly SchemeRow[]
  readonly items: readonly SchemeRow[]
  readonly policies: readonly SchemeRow[]
  readonly insureePolicies: readonly SchemeRow[]
  readonly insurees: readonly SchemeRow[]
}

/** One line of a claim in both engines; amounts in hundredths. */
export interface ComparedLine {
  readonly claim: string
  readonly code: string
  readonly asked: bigint
  /** What openIMIS valued the line at; undefined where it did not come so far. */
  readonly theirs: bigint | undefined
  readonly ours: bigint
  readonly outcome: "equal" | "not valued" | "differs"
  readonly why: string
}

/** Reasons of openIMIS for a rejected line, by its number. */
const reasons: Readonly<Record<string, string>> = {
  "1": "no such service",
  "2": "not in the facility's price list",
  "3": "no product covers it",
  "4": "not for this patient",
  "5": "too often",
  "9": "outside the policy's dates",
  "10": "wrong kind of care for this visit",
  "16": "more than the limit",
  "17": "inside a waiting period",
}

interface SchemeLine {
  readonly code: string
  readonly row: SchemeRow
  readonly unitsMilli: bigint
  readonly asked: bigint
}

function linesOf(tables: ClaimTables, claim: string): readonly SchemeLine[] {
  const read = (rows: readonly SchemeRow[], id: string, goods: readonly SchemeRow[], code: string) =>
    rows.flatMap((row): readonly SchemeLine[] => {
      const good = goods.find((each) => each.text(id) === row.text(id))
      if (row.text("ClaimID") !== claim || good === undefined) return []
      const units = row.amount("QtyProvided") ?? 0n
      return [
        {
          code: good.text(code),
          row,
          unitsMilli: units * 10n,
          asked: ((row.amount("PriceAsked") ?? 0n) * units) / 100n,
        },
      ]
    })
  return [
    ...read(tables.claimServices, "ServiceID", tables.services, "ServCode"),
    ...read(tables.claimItems, "ItemID", tables.items, "ItemCode"),
  ]
}

const visitTypes: Readonly<Record<string, string>> = { O: "normal", R: "referral", E: "emergency" }

function claimOf(row: SchemeRow, lines: readonly SchemeLine[]): Claim {
  const [from, to] = [row.day("DateFrom"), row.day("DateTo")]
  const visitType = visitTypes[row.optional("VisitType") ?? ""]
  const stays = to > from
  return {
    ...plainClaim(
      lines.map(({ code, asked, unitsMilli }, i) => ({
        ...plainLine(i + 1, code, asked, from),
        to,
        unitsMilli: Number(unitsMilli),
      })),
      row.day("DateClaimed"),
    ),
    kind: stays ? "institutional" : "professional",
    inpatient: stays,
    admitted: stays ? from : undefined,
    discharged: stays ? to : undefined,
    treatment: row.text("ClaimID"),
    visitType,
    emergency: visitType === "emergency",
  }
}

/** The policies of an insured person, those in force on the claim's first day before others. */
function policyOf(tables: ClaimTables, claim: SchemeRow): SchemeRow | undefined {
  const [person, day] = [claim.text("InsureeID"), claim.day("DateFrom")]
  const own = tables.insureePolicies.filter(
    (row) => row.text("InsureeID") === person && row.optional("EffectiveDate") !== undefined,
  )
  return own.find((row) => row.day("EffectiveDate") <= day && day <= row.day("ExpiryDate")) ?? own[0]
}

function memberOf(tables: ClaimTables, claim: SchemeRow, policy: SchemeRow) {
  const insuree = tables.insurees.find((row) => row.text("InsureeID") === claim.text("InsureeID"))
  const sex = insuree?.optional("Gender")
  return {
    ...plainMember,
    born: insuree?.day("DOB"),
    sex: sex === "M" || sex === "F" ? sex : undefined,
    coverFrom: policy.day("EffectiveDate"),
    coverTo: policy.day("ExpiryDate"),
    members: tables.insureePolicies.filter((row) => row.text("PolicyId") === policy.text("PolicyId")).length,
  }
}

function determine(plan: Plan, claim: Claim, member: ReturnType<typeof memberOf>): readonly LegLine[] {
  const snapshot = untouchedSnapshot(plan, member)
  const provider = plainProvider("facility")
  return adjudicate(inputOf({ plan, claim, member, provider, snapshot, on: claim.received }), { trace: false }).leg
    .lines
}

/** What openIMIS made of a line: the value, or why there is none. */
function theirsOf(row: SchemeRow): { readonly value: bigint | undefined; readonly why: string } {
  const valued = row.amount("PriceValuated")
  if (valued !== undefined) return { value: valued, why: "" }
  const reason = row.optional("RejectionReason") ?? "0"
  if (reason !== "0") return { value: 0n, why: `rejected: ${reasons[reason] ?? `reason ${reason}`}` }
  if (row.amount("QtyApproved") === 0n) return { value: 0n, why: "a reviewer approved no unit" }
  return { value: undefined, why: "entered, never valued" }
}

function compare(claim: string, line: SchemeLine, ours: LegLine): ComparedLine {
  const { value: theirs, why } = theirsOf(line.row)
  const base = { claim, code: line.code, asked: line.asked, theirs, ours: ours.benefit }
  const shown = ours.adjustments.map(({ group, carc }) => `${group}-${carc}`).join(" ")
  if (theirs === undefined)
    return { ...base, outcome: "not valued", why: `${why}${shown === "" ? "" : `; ours ${shown}`}` }
  const equal = theirs === ours.benefit
  return {
    ...base,
    outcome: equal ? "equal" : "differs",
    why: equal ? why : `${why}; ours ${shown === "" ? "pays" : shown}`,
  }
}

/** Every line of every claim whose patient has a policy under one of the plans, by product. */
export function compareClaims(tables: ClaimTables, plans: ReadonlyMap<string, Plan>): readonly ComparedLine[] {
  return tables.claims.flatMap((row): readonly ComparedLine[] => {
    const lines = linesOf(tables, row.text("ClaimID"))
    const policy = policyOf(tables, row)
    if (lines.length === 0 || policy === undefined) return []
    const whole = tables.policies.find((each) => each.text("PolicyID") === policy.text("PolicyId"))
    const plan = whole === undefined ? undefined : plans.get(whole.text("ProdID"))
    if (plan === undefined) return []
    const ours = determine(plan, claimOf(row, lines), memberOf(tables, row, policy))
    return lines.map((line, i) => compare(row.text("ClaimID"), line, ours[i]!))
  })
}
