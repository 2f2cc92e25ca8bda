/**
 * A determination as FHIR R4 ExplanationOfBenefit, in the shape of CARIN Blue Button's profile for its kind. Each amount
 * comes from the leg; each reason carries the code of the field and, first, the plan's own clause: `noteNumber` leads to
 * the sentence the member can read, and an extension names plan, version, digest and clause.
 */
import { toUtf8 } from "#crypto"
import { assert } from "../../base/assert.ts"
import { toHex } from "../../base/bytes.ts"
import { formatDate } from "../../base/time.ts"
import type { Claim, ClaimLine } from "../../plan/claim.ts"
import type { Adjustment, Leg, LegLine } from "../../plan/leg.ts"
import type { Plan } from "../../plan/plan.ts"
import { reasonText, remarkText } from "../../plan/reasons.ts"
import { jsonNumber } from "../amount.ts"
import { quoteClause } from "./clause-notes.ts"
import { careTeamOf, diagnosesOf, itemDetailsOf, profileOf, supportingInformationOf } from "./eob-kinds.ts"
import type {
  Adjudication,
  CodeableConcept,
  ExplanationOfBenefit,
  ExplanationOfBenefitItem,
  Extension,
  Money,
  ProcessNote,
} from "./r4.ts"

export interface ExplanationOptions {
  readonly plan: Plan
  readonly claim: Claim
  readonly leg: Leg
  /** The statement that was determined: 64 hex digits. Its first 32 are the resource's id. */
  readonly statement: string
  /** Pairwise opaque ids: nothing that another payer's or provider's papers show as well. */
  readonly patient: string
  readonly coverage: string
  readonly insurer: { readonly id: string; readonly name: string }
  readonly provider: { readonly id: string; readonly name: string }
  readonly practitioner: { readonly id: string; readonly name: string }
  /** Day number. */
  readonly created: number
  /** When the ledger has paid: its day and the trace number of the 835. */
  readonly payment?: { readonly day: number; readonly trace: string }
  /** The statement this one replaces, or the one that replaced it. */
  readonly replaces?: string
  readonly replacedBy?: string
}

const adjudicationSystem = "http://terminology.hl7.org/CodeSystem/adjudication"
const carin = "http://hl7.org/fhir/us/carin-bb/CodeSystem/"
const clauseExtension = "urn:countersign:plan-clause"

/** CARIN's amounts that FHIR's own code system lacks. */
const carinAmounts = new Set([
  "coinsurance",
  "discount",
  "noncovered",
  "memberliability",
  "paidtoprovider",
  "priorpayerpaid",
])

type AmountName =
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

const amountNames: readonly AmountName[] = [
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

const concept = (system: string, code: string): CodeableConcept => ({ coding: [{ system, code }] })

const amountConcept = (name: AmountName) =>
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

type Amounts = Record<AmountName, bigint>

/** A line's amounts. Charge = discount + noncovered + prior payer + deductible + copay + coinsurance + benefit. */
function amountsOf(line: LegLine, charge: bigint): Amounts {
  const amounts = Object.fromEntries(amountNames.map((name) => [name, 0n])) as Amounts
  for (const adjustment of line.adjustments) amounts[amountNameOf(adjustment)] += adjustment.amount
  amounts.submitted = charge
  amounts.eligible = line.allowed
  amounts.memberliability = line.patient
  amounts.benefit = line.benefit
  amounts.paidtoprovider = line.benefit
  const parts = ["discount", "noncovered", "priorpayerpaid", "deductible", "copay", "coinsurance", "benefit"] as const
  const isDecided = line.status !== "pended" && line.status !== "held"
  assert(
    !isDecided || parts.reduce((sum, name) => sum + amounts[name], 0n) === charge,
    "an explained line's charge is the sum of its parts",
  )
  return amounts
}

/** Notes by clause number, in the order of the plan. */
function notesOf({ plan, leg, claim }: ExplanationOptions): ReadonlyMap<string, ProcessNote> {
  const cited = new Set<string>()
  for (const line of leg.lines) for (const clause of clausesOf(line)) cited.add(clause)
  const day = Math.min(...claim.lines.map((line) => line.from))
  const notes = new Map<string, ProcessNote>()
  for (const clause of plan.clauses) {
    if (!cited.has(clause.number)) continue
    const text = quoteClause(plan, clause, day)
    const extension = [clauseReference(plan, clause.number)]
    notes.set(clause.number, { number: notes.size + 1, type: "display", text, extension })
  }
  return notes
}

const clausesOf = (line: LegLine): readonly string[] =>
  [line.shown.clause, ...line.adjustments.map((one) => one.clause)].filter((clause) => clause !== "")

function clauseReference(plan: Plan, clause: string): Extension {
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

/** The resource. Pended lines are in it without a decision; then the outcome is partial. */
export function explanationOfBenefit(options: ExplanationOptions): ExplanationOfBenefit {
  const { plan, claim, leg, statement, created } = options
  assert(/^[0-9a-f]{64}$/.test(statement), "a statement id is 64 hex digits")
  const { code: currency, exponent } = plan.front.currency
  const money = (amount: bigint): Money => ({ value: jsonNumber(amount, exponent), currency })
  const notes = notesOf(options)
  const rows = leg.lines.map((line) => {
    const service = claim.lines.find((one) => one.number === line.number)
    assert(service !== undefined, "a determined line is one of the claim's")
    return { line, service, amounts: amountsOf(line, service.charge) }
  })
  const { profile, type, subType } = profileOf(claim)
  const diagnosis = diagnosesOf(claim)
  const isOpen = (line: LegLine) => line.status === "pended" || line.status === "held"
  const open = leg.lines.filter(isOpen).length
  const total = (name: AmountName) => rows.reduce((sum, row) => sum + row.amounts[name], 0n)
  return {
    resourceType: "ExplanationOfBenefit",
    id: statement.slice(0, 32),
    meta: {
      profile: [profile],
      lastUpdated: `${formatDate(created)}T00:00:00Z`,
    },
    ...partiesOf(options),
    type: concept("http://terminology.hl7.org/CodeSystem/claim-type", type),
    ...(subType === undefined ? {} : { subType }),
    use: claim.use === "quote" ? "predetermination" : "claim",
    billablePeriod: {
      start: formatDate(Math.min(...claim.lines.map((line) => line.from))),
      end: formatDate(Math.max(...claim.lines.map((line) => line.to))),
    },
    created: formatDate(created),
    outcome: open === 0 ? "complete" : open === leg.lines.length ? "queued" : "partial",
    supportingInfo: supportingInformationOf(claim),
    ...(diagnosis.length === 0 ? {} : { diagnosis }),
    item: rows.map((row) => ({ ...itemOf(row, { plan, money, notes }), ...itemDetailsOf(row.service, diagnosis) })),
    adjudication: [networkStatus(leg)],
    total: amountNames.map((name) => ({ category: amountConcept(name), amount: money(total(name)) })),
    ...paymentOf(options, money(total("benefit"))),
    processNote: [...notes.values()],
  }
}

/** The resource as UTF-8 JSON. */
export const explanationBytes = (explanation: ExplanationOfBenefit): Uint8Array =>
  toUtf8(JSON.stringify(explanation, undefined, 1))

function partiesOf(options: ExplanationOptions) {
  const { statement, patient, coverage, insurer, provider, practitioner, plan, replaces, replacedBy } = options
  const party = (type: string, { id, name }: { id: string; name: string }) => ({
    reference: `${type}/${id}`,
    display: name,
  })
  const related = [
    ...(replaces === undefined ? [] : [relatedTo("prior", replaces)]),
    ...(replacedBy === undefined ? [] : [relatedTo("replacedby", replacedBy)]),
  ]
  return {
    identifier: [
      {
        type: concept(`${carin}C4BBIdentifierType`, "uc"),
        system: "urn:countersign:statement",
        value: statement,
      },
    ],
    status: replacedBy === undefined ? "active" : "cancelled",
    patient: { reference: `Patient/${patient}` },
    insurer: party("Organization", insurer),
    provider: party("Organization", provider),
    ...(related.length === 0 ? {} : { related }),
    payee: {
      type: concept("http://terminology.hl7.org/CodeSystem/payeetype", "provider"),
      party: party("Organization", provider),
    },
    careTeam: careTeamOf(options.claim, party("Practitioner", practitioner)),
    insurance: [{ focal: true, coverage: { reference: `Coverage/${coverage}`, display: plan.front.title } }],
  } as const
}

const relatedTo = (relationship: "prior" | "replacedby", statement: string) => ({
  relationship: concept(`${carin}C4BBRelatedClaimRelationshipCodes`, relationship),
  reference: { system: "urn:countersign:statement", value: statement },
})

/** One tier for all lines says in or out of network (`out` is the plan language's word for it); several say other. */
function networkStatus(leg: Leg): Adjudication {
  const tiers = new Set(leg.lines.map((line) => line.tier).filter((tier) => tier !== ""))
  const status = tiers.size !== 1 ? "other" : tiers.has("out") ? "outofnetwork" : "innetwork"
  return {
    category: concept(`${carin}C4BBAdjudicationDiscriminator`, "benefitpaymentstatus"),
    reason: concept(`${carin}C4BBPayerAdjudicationStatus`, status),
  }
}

interface Telling {
  readonly plan: Plan
  readonly notes: ReadonlyMap<string, ProcessNote>
  money(amount: bigint): Money
}

interface ExplainedLine {
  readonly line: LegLine
  readonly service: ClaimLine
  readonly amounts: Amounts
}

function itemOf({ line, service, amounts }: ExplainedLine, telling: Telling): ExplanationOfBenefitItem {
  const { from, to } = service
  const numbers = new Set(clausesOf(line).flatMap((clause) => telling.notes.get(clause)?.number ?? []))
  const amountRows = amountNames.map((name) => ({
    category: amountConcept(name),
    amount: telling.money(amounts[name]),
  }))
  const modifier = service.modifiers.map((code) => concept(modifierSystem, code))
  const isDecided = line.status !== "pended" && line.status !== "held"
  return {
    sequence: service.number,
    careTeamSequence: [1],
    productOrService: productOf(service, telling.plan),
    ...(modifier.length === 0 ? {} : { modifier }),
    ...(from === to
      ? { servicedDate: formatDate(from) }
      : { servicedPeriod: { start: formatDate(from), end: formatDate(to) } }),
    ...(service.place === undefined ? {} : { locationCodeableConcept: concept(placeSystem, service.place) }),
    quantity: { value: service.unitsMilli / 1000 },
    net: telling.money(service.charge),
    noteNumber: [...numbers].sort((a, b) => a - b),
    adjudication: isDecided
      ? [...amountRows, ...line.adjustments.filter((one) => one.amount !== 0n).map((one) => reasonOf(one, telling))]
      : amountRows.filter((_, index) => amountNames[index] === "submitted"),
  }
}

const modifierSystem = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
const placeSystem = "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set"

/** An institutional line may have a revenue code alone; FHIR still asks for a product, which is then said to be absent. */
function productOf(service: ClaimLine, plan: Plan): CodeableConcept {
  if (service.code !== "") return concept(codeSystemOf(service, plan), service.code)
  return concept("http://terminology.hl7.org/CodeSystem/data-absent-reason", "not-applicable")
}

/** The code system as FHIR names it. A code that no known system claims is the plan's own. */
function codeSystemOf({ code, codeSystem }: ClaimLine, plan: Plan): string {
  if (codeSystem !== undefined && /^(https?|urn):/.test(codeSystem)) return codeSystem
  if (/^[A-Z]\d{4}$/.test(code)) return modifierSystem
  return codeSystem === "HC" ? "http://www.ama-assn.org/go/cpt" : `urn:countersign:plan:${plan.front.plan}`
}

/** One reason: the field's code, our own words for it, and the clause that gives it. */
function reasonOf(adjustment: Adjustment, { plan, money }: Telling): Adjudication {
  const { carc, rarc, group, amount, clause } = adjustment
  const text = [reasonText(carc), ...rarc.map(remarkText)].filter((one) => one !== undefined).join(". ")
  return {
    category: concept(`${carin}C4BBAdjudicationDiscriminator`, "adjustmentreason"),
    reason: {
      coding: [
        { system: "https://x12.org/codes/claim-adjustment-reason-codes", code: carc },
        { system: "https://x12.org/codes/claim-adjustment-group-codes", code: group },
        ...rarc.map((code) => ({ system: "https://x12.org/codes/remittance-advice-remark-codes", code })),
      ],
      ...(text === "" ? {} : { text }),
    },
    amount: money(amount),
    ...(clause === "" ? {} : { extension: [clauseReference(plan, clause)] }),
  }
}

function paymentOf({ payment }: ExplanationOptions, amount: Money): Pick<ExplanationOfBenefit, "payment"> {
  if (payment === undefined) return {}
  return {
    payment: {
      type: concept(`${carin}C4BBPayerClaimPaymentStatusCode`, amount.value === 0 ? "denied" : "paid"),
      date: formatDate(payment.day),
      amount,
      identifier: { system: "urn:countersign:payment", value: payment.trace },
    },
  }
}
