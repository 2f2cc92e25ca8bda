/**
 * Claim resources of one encounter, as lines with a charge each.
 *
 * Synthea prices procedures and vaccines (`item.net`), leaves the encounter's own item without a price and prints
 * conditions as items too; `Claim.total` holds everything. So here: an item with a net value is a line at that charge;
 * an item that only points to a diagnosis is no service and becomes a diagnosis of the claim; the one item for the
 * encounter is a line at what the total leaves. Lines then sum to the total exactly, or the claim is refused.
 */
import { refuse } from "../../base/refusal.ts"
import { parseDate } from "../../base/time.ts"
import { minorUnits } from "../amount.ts"
import { at, itemsAt, textAt } from "./json-path.ts"
import type { JsonSpan } from "./json-spans.ts"
import type { BundledResource, Resources } from "./resources.ts"
import { wordsOf } from "./sentence.ts"

export type FhirClaimKind = "professional" | "institutional" | "dental" | "drug"

export interface FhirLine {
  /** `item.sequence`. */
  readonly number: number
  readonly code: string
  readonly codeSystem: string
  /** The code's words as they stand in the data; for sentences only, never for a plan. */
  readonly words: string
  readonly charge: bigint
  readonly unitsMilli: number
  readonly from: number
  readonly to: number
  readonly diagnoses: readonly string[]
  /** Places of the facts this line rests on in `FhirVisit.facts`. */
  readonly facts: readonly number[]
}

export interface FhirClaim {
  readonly id: string
  readonly kind: FhirClaimKind
  readonly currency: string
  /** Sum of the lines' charges, and `Claim.total`. */
  readonly total: bigint
  readonly lines: readonly FhirLine[]
}

/** What a claim needs to know of its visit: days of service, and which fact speaks of which resource. */
export interface ClaimSetting {
  readonly resources: Resources
  readonly encounter: BundledResource
  readonly from: number
  readonly to: number
  factOf(resource: BundledResource): number | undefined
}

const kinds: Readonly<Record<string, FhirClaimKind>> = {
  professional: "professional",
  institutional: "institutional",
  oral: "dental",
  vision: "professional",
  pharmacy: "drug",
}

export function claimKind(claim: BundledResource): FhirClaimKind {
  for (const coding of itemsAt(claim.node, "type", "coding")) {
    const kind = kinds[textAt(coding, "code") ?? ""]
    if (kind !== undefined) return kind
  }
  const what = "Cannot read the claim: its type is none that a plan takes"
  return refuse("fhir-claim-type", what, `${claim.pointer}/type`, "Use a code of FHIR's claim-type system.")
}

/** An amount of a Money value, exact to the cent. Refused otherwise: a guess would be somebody's money. */
export function moneyAt(money: JsonSpan | undefined, pointer: string, currency: string): bigint {
  const text = textAt(money, "value")
  if (text === undefined) {
    return refuse("fhir-amount-missing", "Cannot read the claim: an amount is missing", pointer, "State the amount.")
  }
  const unit = textAt(money, "currency")
  if (unit !== undefined && unit !== currency) {
    const what = "Cannot read the claim: it mixes currencies"
    return refuse("fhir-currency", what, `${pointer}/currency`, "Bill one currency a claim.")
  }
  const amount = minorUnits(text)
  if (amount === undefined || amount < 0n) {
    const what = "Cannot read the claim: an amount is negative or finer than a cent"
    return refuse("fhir-amount-not-exact", what, `${pointer}/value`, "State the amount in whole cents.")
  }
  return amount
}

interface Item {
  readonly node: JsonSpan
  readonly number: number
  readonly pointer: string
  readonly net: bigint | undefined
  readonly service: BundledResource | undefined
}

function itemsOf(claim: BundledResource, setting: ClaimSetting, currency: string): readonly Item[] {
  return itemsAt(claim.node, "item").map((node, index) => {
    const pointer = `${claim.pointer}/item/${index}`
    const sequence = textAt(node, "sequence") ?? ""
    const number = /^[1-9]\d{0,4}$/.test(sequence) ? Number(sequence) : 0
    if (number < 1 || number > 65535) {
      const what = "Cannot read the claim: an item has no sequence number"
      refuse("fhir-item-sequence", what, pointer, "Number the items from 1.")
    }
    const money = at(node, "net")
    const net = money === undefined ? undefined : moneyAt(money, `${pointer}/net`, currency)
    return { node, number, pointer, net, service: serviceOf(claim.node, node, setting) }
  })
}

/** The resource an item is about, through the claim's procedure, supportingInfo and prescription. */
function serviceOf(claim: JsonSpan, item: JsonSpan, setting: ClaimSetting): BundledResource | undefined {
  const { resources } = setting
  const named = (list: string, sequence: string | undefined, ...path: string[]) => {
    const row = itemsAt(claim, list).find((entry) => textAt(entry, "sequence") === sequence)
    return row === undefined ? undefined : resources.named(textAt(row, ...path, "reference"))
  }
  const procedure = textAt(item, "procedureSequence", 0)
  if (procedure !== undefined) return named("procedure", procedure, "procedureReference")
  const information = textAt(item, "informationSequence", 0)
  if (information !== undefined) return named("supportingInfo", information, "valueReference")
  if (itemsAt(item, "encounter").length === 0) return undefined
  return resources.named(textAt(claim, "prescription", "reference")) ?? setting.encounter
}

const isDiagnosisOnly = (item: Item) =>
  item.net === undefined && item.service === undefined && itemsAt(item.node, "diagnosisSequence").length > 0

/** Diagnosis codes of the claim, in its order; at most the twelve that a line can point to. */
function diagnosesOf(claim: BundledResource, resources: Resources): readonly string[] {
  const codes: string[] = []
  for (const row of itemsAt(claim.node, "diagnosis")) {
    const condition = resources.named(textAt(row, "diagnosisReference", "reference"))
    const concept = condition === undefined ? at(row, "diagnosisCodeableConcept") : at(condition.node, "code")
    const code = textAt(itemsAt(concept, "coding")[0], "code")
    if (code !== undefined && !codes.includes(code)) codes.push(code)
  }
  return codes.slice(0, 12)
}

/** The local day a service was given, by the offset the data itself carries. */
function dayOf(service: BundledResource | undefined): number | undefined {
  const moment =
    textAt(service?.node, "performedPeriod", "start") ??
    textAt(service?.node, "performedDateTime") ??
    textAt(service?.node, "occurrenceDateTime") ??
    textAt(service?.node, "authoredOn")
  return moment === undefined ? undefined : parseDate(moment.slice(0, 10))
}

function codingOf(item: Item): { code: string; codeSystem: string } {
  // A prescription's item repeats the encounter's code; what was dispensed is in the prescription itself.
  const concept =
    item.service?.type === "MedicationRequest" ? at(item.service.node, "medicationCodeableConcept") : undefined
  const coding = itemsAt(concept ?? at(item.node, "productOrService"), "coding")[0]
  const code = textAt(coding, "code")
  const codeSystem = textAt(coding, "system") ?? ""
  if (code === undefined || !/^[A-Za-z0-9._-]{1,40}$/.test(code) || !/^[!-~]{0,200}$/.test(codeSystem)) {
    const what = "Cannot read the claim: an item has no code that a plan could name"
    refuse("fhir-item-code", what, `${item.pointer}/productOrService`, "Give the item a coding with a code.")
  }
  return { code, codeSystem }
}

/** The lines of one claim, summing to its total. */
export function readClaim(claim: BundledResource, setting: ClaimSetting): FhirClaim {
  const currency = textAt(claim.node, "total", "currency") ?? "USD"
  const total = moneyAt(at(claim.node, "total"), `${claim.pointer}/total`, currency)
  const items = itemsOf(claim, setting, currency).filter((item) => !isDiagnosisOnly(item))
  const unpriced = items.filter((item) => item.net === undefined)
  const priced = items.reduce((sum, item) => sum + (item.net ?? 0n), 0n)
  const rest = total - priced
  if (unpriced.length > 1 || rest < 0n || (unpriced.length === 0 && rest !== 0n)) {
    const what = "Cannot read the claim: its items do not make up its total"
    refuse("fhir-total-unbalanced", what, `${claim.pointer}/total`, "Price each item, or all but one.")
  }
  if (items.length === 0 || items.length > 999) {
    const what = "Cannot read the claim: it has no service, or over 999"
    refuse("fhir-claim-size", what, `${claim.pointer}/item`, "Bill 1 to 999 services a claim.")
  }
  const diagnoses = diagnosesOf(claim, setting.resources)
  const lines = items.map((item) => lineOf(item, item.net ?? rest, diagnoses, setting))
  return { id: claim.id, kind: claimKind(claim), currency, total, lines }
}

function lineOf(item: Item, charge: bigint, diagnoses: readonly string[], setting: ClaimSetting): FhirLine {
  const isVisit = item.service === undefined || item.service === setting.encounter
  const day = isVisit ? undefined : dayOf(item.service)
  // A few services are dated months away from the encounter that bills them: those stand on the encounter's days.
  const own = day !== undefined && day >= setting.from && day <= setting.to ? day : undefined
  const fact = (item.service && setting.factOf(item.service)) ?? setting.factOf(setting.encounter)
  const concept =
    item.service?.type === "MedicationRequest" ? at(item.service.node, "medicationCodeableConcept") : undefined
  const { code, codeSystem } = codingOf(item)
  return {
    number: item.number,
    code,
    codeSystem,
    words: wordsOf(concept ?? at(item.node, "productOrService")) ?? code,
    charge,
    unitsMilli: 1000,
    from: own ?? setting.from,
    to: own ?? setting.to,
    diagnoses,
    facts: fact === undefined ? [] : [fact],
  }
}
