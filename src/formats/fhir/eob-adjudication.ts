/**
 * The rows of an ExplanationOfBenefit that say what was decided, after CARIN Blue Button: a line's amounts, its reasons
 * with their clauses, and how it stands to the networks.
 */
import { assert } from "../../base/assert.ts"
import { toHex } from "../../base/bytes.ts"
import type { Claim, ClaimLine } from "../../plan/claim.ts"
import { reasonText, remarkText } from "../../plan/explain/reasons.ts"
import type { Adjustment, Leg, LegLine } from "../../plan/leg.ts"
import type { Plan } from "../../plan/plan.ts"
import type { Adjudication, CodeableConcept, Extension, Money, ProcessNote } from "./r4.ts"

const adjudicationSystem = "http://terminology.hl7.org/CodeSystem/adjudication"
const carin = "http://hl7.org/fhir/us/carin-bb/CodeSystem/"
const clauseExtension = "urn:countersign:plan-clause"
const groupExtension = "urn:countersign:adjustment-group"

const concept = (system: string, code: string): CodeableConcept => ({ coding: [{ system, code }] })

/** CARIN's amounts that FHIR's own code system lacks. */
const carinAmounts = new Set([
  "coinsurance",
  "discount",
  "noncovered",
  "memberliability",
  "paidtoprovider",
  "priorpayerpaid",
])

export type AmountName =
  | "submitted"
  | "eligible"
  | "discount"
  | "noncovered"
  | "priorpayerpaid"
  | "deductible"
  | "copay"
  | "coinsurance"
  | "memberliability"
  | "benefit"
  | "paidtoprovider"

/** The amounts in the order in which every list of them gives them. */
export const amountNames: readonly AmountName[] = [
  ...([
    "submitted",
    "eligible",
    "discount",
    "noncovered",
    "priorpayerpaid",
    "deductible",
    "copay",
    "coinsurance",
  ] as const),
  ...(["memberliability", "benefit", "paidtoprovider"] as const),
]

/** An amount's category, of FHIR's code system or of CARIN's. */
export const amountConcept = (name: AmountName): CodeableConcept =>
  concept(carinAmounts.has(name) ? `${carin}C4BBAdjudication` : adjudicationSystem, name)

/** Reasons by which the provider gives up money under its contract. Everything else nobody pays is non-covered. */
const contractual = new Set(["24", "45", "59", "94", "104", "144", "169", "245", "253"])
const shares: Readonly<Record<string, AmountName>> = { "1": "deductible", "2": "coinsurance", "3": "copay" }

function amountNameOf({ group, carc }: Adjustment): AmountName {
  const share = group === "PR" ? shares[carc] : undefined
  if (share !== undefined) return share
  if (group === "OA" && carc === "23") return "priorpayerpaid"
  return (group === "CO" || group === "PI") && contractual.has(carc) ? "discount" : "noncovered"
}

export type Amounts = Record<AmountName, bigint>

/** Whether the line still waits for a decision. */
export const isOpen = ({ status }: LegLine): boolean => status === "pended" || status === "held"

/** A line's amounts. Charge = discount + noncovered + prior payer + deductible + copay + coinsurance + benefit. */
export function amountsOf(line: LegLine, charge: bigint): Amounts {
  const amounts = Object.fromEntries(amountNames.map((name) => [name, 0n])) as Amounts
  for (const adjustment of line.adjustments) amounts[amountNameOf(adjustment)] += adjustment.amount
  amounts.submitted = charge
  amounts.eligible = line.allowed
  amounts.memberliability = line.patient
  amounts.benefit = line.benefit
  amounts.paidtoprovider = line.benefit
  const parts = ["discount", "noncovered", "priorpayerpaid", "deductible", "copay", "coinsurance", "benefit"] as const
  assert(
    isOpen(line) || parts.reduce((sum, name) => sum + amounts[name], 0n) === charge,
    "an explained line's charge is the sum of its parts",
  )
  return amounts
}

/** The extension that names plan, version, digest and clause. */
export function clauseReference(plan: Plan, clause: string): Extension {
  return {
    url: clauseExtension,
    extension: [
      { url: "plan", valueString: plan.front.plan },
      { url: "version", valueInteger: plan.front.version },
      { url: "digest", valueString: toHex(plan.digest) },
      { url: "clause", valueString: clause },
    ],
  }
}

/** What the lines of one explanation share. */
export interface Telling {
  readonly plan: Plan
  readonly claim: Claim
  readonly notes: ReadonlyMap<string, ProcessNote>
  money(amount: bigint): Money
}

export interface ExplainedLine {
  readonly line: LegLine
  readonly service: ClaimLine
  readonly amounts: Amounts
}

/** Kinds of claim of which CARIN wants each line's network, and the rendering provider's. */
const isOfPractitioner = ({ kind }: Claim): boolean => kind === "professional" || kind === "dental"

/** A line's rows: its amounts, its reasons, its network. A line that waits has its charge and its network alone. */
export function adjudicationOf({ line, amounts }: ExplainedLine, telling: Telling): readonly Adjudication[] {
  const names = isOpen(line) ? amountNames.filter((name) => name === "submitted") : amountNames
  return [
    ...names.map((name) => ({ category: amountConcept(name), amount: telling.money(amounts[name]) })),
    ...(isOpen(line) ? [] : reasonsOf(line, telling)),
    ...(isOfPractitioner(telling.claim) ? [statusRow("benefitpaymentstatus", networkOf(line) ?? "other")] : []),
  ]
}

const adjustmentReason = concept(`${carin}C4BBAdjudicationDiscriminator`, "adjustmentreason")
const furtherReason: CodeableConcept = {
  ...concept("urn:countersign:adjudication", "further-adjustment-reason"),
  text: "Further adjustment reason",
}

/**
 * A row for each reason. CARIN 2.0 allows a professional's or a dentist's line one adjustment reason and means it to
 * explain what is not covered; the others then stand under a category of our own, with amount and clause all the same.
 */
function reasonsOf(line: LegLine, telling: Telling): readonly Adjudication[] {
  const reasons = line.adjustments.filter((one) => one.amount !== 0n)
  const first = reasons.find((one) => amountNameOf(one) === "noncovered") ?? reasons[0]
  const isFurther = (one: Adjustment) => isOfPractitioner(telling.claim) && one !== first
  return reasons.map((one) => reasonOf(one, isFurther(one) ? furtherReason : adjustmentReason, telling))
}

/**
 * One reason: the field's code, our own words for it, the clause that gives it and, since CARIN's codes have no place
 * for it, X12's group as an extension.
 */
function reasonOf(adjustment: Adjustment, category: CodeableConcept, { plan, money }: Telling): Adjudication {
  const { carc, rarc, group, amount, clause } = adjustment
  const text = [reasonText(carc), ...rarc.map(remarkText)].filter((one) => one !== undefined).join(". ")
  const valueCoding = { system: "https://x12.org/codes/claim-adjustment-group-codes", code: group }
  return {
    category,
    reason: {
      coding: [
        { system: "https://x12.org/codes/claim-adjustment-reason-codes", code: carc },
        ...rarc.map((code) => ({ system: "https://x12.org/codes/remittance-advice-remark-codes", code })),
      ],
      ...(text === "" ? {} : { text }),
    },
    amount: money(amount),
    extension: [...(clause === "" ? [] : [clauseReference(plan, clause)]), { url: groupExtension, valueCoding }],
  }
}

type Network = "innetwork" | "outofnetwork"

/** `out` is the plan language's word for the tier outside every network; any other tier is a network of the plan. */
const networkOf = ({ tier }: LegLine): Network | undefined =>
  tier === "" ? undefined : tier === "out" ? "outofnetwork" : "innetwork"

const statusRow = (category: string, status: Network | "other"): Adjudication => ({
  category: concept(`${carin}C4BBAdjudicationDiscriminator`, category),
  reason: concept(`${carin}C4BBPayerAdjudicationStatus`, status),
})

/** The claim's own rows: how it was paid and, when all lines agree, how the provider stands to the plan's networks. */
export function networkRows(leg: Leg, claim: Claim): readonly Adjudication[] {
  const networks = new Set(leg.lines.flatMap((line) => networkOf(line) ?? []))
  const [network, ...others] = networks
  if (network === undefined || others.length > 0) return [statusRow("benefitpaymentstatus", "other")]
  const whose = isOfPractitioner(claim) ? "renderingnetworkstatus" : "billingnetworkstatus"
  return [statusRow("benefitpaymentstatus", network), statusRow(whose, network)]
}
