/**
 * A determination as FHIR R4 ExplanationOfBenefit, in the shape of CARIN Blue Button's profile for its kind. Each amount
 * comes from the leg; each reason carries the code of the field and, first, the plan's own clause: `noteNumber` leads to
 * the sentence the member can read, and an extension names plan, version, digest and clause.
 */
import { toUtf8 } from "#crypto"
import { assert } from "../../base/assert.ts"
import { escapeHtml } from "../../base/html.ts"
import { formatMoney } from "../../base/money.ts"
import { formatDate } from "../../base/time.ts"
import type { Claim } from "../../plan/claim.ts"
import type { Leg, LegLine } from "../../plan/leg.ts"
import type { Plan } from "../../plan/plan.ts"
import { jsonNumber } from "../amount.ts"
import { quoteClause } from "./clause-notes.ts"
import {
  type AmountName,
  adjudicationOf,
  amountConcept,
  amountNames,
  amountsOf,
  clauseReference,
  type ExplainedLine,
  isOpen,
  networkRows,
  type Telling,
} from "./eob-adjudication.ts"
import { careTeamOf, diagnosesOf, itemDetailsOf, profileOf, supportingInformationOf } from "./eob-kinds.ts"
import type {
  CodeableConcept,
  ExplanationOfBenefit,
  ExplanationOfBenefitItem,
  Money,
  ProcessNote,
  Reference,
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

const carin = "http://hl7.org/fhir/us/carin-bb/CodeSystem/"
const concept = (system: string, code: string): CodeableConcept => ({ coding: [{ system, code }] })

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

/** The resource. Pended lines are in it without a decision; then the outcome is partial. */
export function explanationOfBenefit(options: ExplanationOptions): ExplanationOfBenefit {
  const { plan, claim, leg, statement, created } = options
  assert(/^[0-9a-f]{64}$/.test(statement), "a statement id is 64 hex digits")
  const { code: currency, exponent } = plan.front.currency
  const money = (amount: bigint): Money => ({ value: jsonNumber(amount, exponent), currency })
  const notes = notesOf(options)
  const rows = explainedLines(leg, claim)
  const { profile, type, subType } = profileOf(claim)
  const diagnoses = diagnosesOf(claim)
  const open = leg.lines.filter(isOpen).length
  const total = (name: AmountName) => rows.reduce((sum, row) => sum + row.amounts[name], 0n)
  return {
    resourceType: "ExplanationOfBenefit",
    id: statement.slice(0, 32),
    // CARIN's profiles are of claims; a quote is FHIR's explanation of benefits and no more.
    meta: { ...(claim.use === "claim" ? { profile: [profile] } : {}), lastUpdated: `${formatDate(created)}T00:00:00Z` },
    text: { status: "generated", div: narrative(options, total) },
    ...partiesOf(options),
    type: concept("http://terminology.hl7.org/CodeSystem/claim-type", type),
    ...(subType === undefined ? {} : { subType }),
    use: claim.use === "quote" ? "predetermination" : "claim",
    billablePeriod: { start: formatDate(firstDay(claim)), end: formatDate(lastDay(claim)) },
    created: formatDate(created),
    outcome: open === 0 ? "complete" : open === leg.lines.length ? "queued" : "partial",
    supportingInfo: supportingInformationOf(claim),
    ...(diagnoses.rows.length === 0 ? {} : { diagnosis: diagnoses.rows }),
    item: rows.map((row) => ({
      ...itemOf(row, { plan, claim, money, notes }),
      ...itemDetailsOf(row.service, { claim, plan, diagnoses }),
    })),
    adjudication: networkRows(leg, claim),
    total: amountNames.map((name) => ({ category: amountConcept(name), amount: money(total(name)) })),
    ...paymentOf(options, money(total("benefit"))),
    ...(notes.size === 0 ? {} : { processNote: [...notes.values()] }),
  }
}

const firstDay = (claim: Claim): number => Math.min(...claim.lines.map((line) => line.from))
const lastDay = (claim: Claim): number => Math.max(...claim.lines.map((line) => line.to))

const explainedLines = (leg: Leg, claim: Claim): readonly ExplainedLine[] =>
  leg.lines.map((line) => {
    const service = claim.lines.find((one) => one.number === line.number)
    assert(service !== undefined, "a determined line is one of the claim's")
    return { line, service, amounts: amountsOf(line, service.charge) }
  })

/** The sums in a sentence, for a reader that shows nothing else. */
function narrative({ plan, claim, leg }: ExplanationOptions, total: (name: AmountName) => bigint): string {
  const { code, exponent } = plan.front.currency
  const sum = (name: AmountName) => `${formatMoney(total(name), exponent)} ${code}`
  const parts = [
    `${claim.use === "quote" ? "Quote" : "Claim"} of ${formatDate(firstDay(claim))} under ${plan.front.title}`,
    `charged ${sum("submitted")}, the plan pays ${sum("benefit")}, the patient pays ${sum("memberliability")}`,
  ]
  if (leg.lines.some(isOpen)) parts.push("the lines that still wait are charged and not decided")
  return `<div xmlns="http://www.w3.org/1999/xhtml"><p>${escapeHtml(parts.join("; "))}.</p></div>`
}

/** The resource as UTF-8 JSON. */
export const explanationBytes = (explanation: ExplanationOfBenefit): Uint8Array =>
  toUtf8(JSON.stringify(explanation, undefined, 1))

/** By FHIR's own id where the id can be one, else by identifier or by name alone. */
function party(type: string, { id, name }: { id: string; name: string }): Reference {
  const display = name === "" ? {} : { display: name }
  if (/^[A-Za-z0-9.-]{1,64}$/.test(id)) return { reference: `${type}/${id}`, ...display }
  return { type, ...(id === "" ? {} : { identifier: { value: id } }), ...display }
}

function partiesOf(options: ExplanationOptions) {
  const { claim, statement, insurer, plan, replaces, replacedBy } = options
  const related = [
    ...(replaces === undefined ? [] : [relatedTo(priorClaims, "prior", replaces)]),
    ...(replacedBy === undefined
      ? []
      : [relatedTo(`${carin}C4BBRelatedClaimRelationshipCodes`, "replacedby", replacedBy)]),
  ]
  const provider = party("Organization", options.provider)
  const practitioner = party("Practitioner", options.practitioner)
  return {
    identifier: [
      { type: concept(`${carin}C4BBIdentifierType`, "uc"), system: "urn:countersign:statement", value: statement },
    ],
    status: replacedBy === undefined ? "active" : "cancelled",
    patient: party("Patient", { id: options.patient, name: "" }),
    insurer: party("Organization", insurer),
    // CARIN 2.0 wants the dentist here; who is paid stands in the payee.
    provider: claim.kind === "dental" ? practitioner : provider,
    ...(related.length === 0 ? {} : { related }),
    payee: { type: concept("http://terminology.hl7.org/CodeSystem/payeetype", "provider"), party: provider },
    careTeam: careTeamOf(claim, practitioner),
    insurance: [{ focal: true, coverage: party("Coverage", { id: options.coverage, name: plan.front.title }) }],
  } as const
}

const priorClaims = "http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship"

const relatedTo = (system: string, relationship: "prior" | "replacedby", statement: string) => ({
  relationship: concept(system, relationship),
  reference: { system: "urn:countersign:statement", value: statement },
})

type LineShown = Omit<ExplanationOfBenefitItem, "productOrService">

function itemOf(row: ExplainedLine, telling: Telling): LineShown {
  const { line, service } = row
  const numbers = new Set(clausesOf(line).flatMap((clause) => telling.notes.get(clause)?.number ?? []))
  return {
    sequence: service.number,
    careTeamSequence: [1],
    quantity: { value: service.unitsMilli / 1000 },
    net: telling.money(service.charge),
    ...(numbers.size === 0 ? {} : { noteNumber: [...numbers].sort((a, b) => a - b) }),
    adjudication: adjudicationOf(row, telling),
  }
}

function paymentOf({ leg, payment }: ExplanationOptions, amount: Money): Pick<ExplanationOfBenefit, "payment"> {
  if (payment === undefined) return {}
  const denied = leg.lines.filter((line) => line.status === "denied").length
  const status = denied === 0 ? "paid" : denied === leg.lines.length ? "denied" : "partiallypaid"
  return {
    payment: {
      type: concept(`${carin}C4BBPayerAdjudicationStatus`, status),
      date: formatDate(payment.day),
      amount,
      identifier: { system: "urn:countersign:payment", value: payment.trace },
    },
  }
}
