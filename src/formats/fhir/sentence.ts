/**
 * One plain sentence a FHIR resource, in the words of the data itself: what the patient reads and signs. Codes are
 * spoken by their display text as it stands in the resource; no code system's own texts are added.
 */
import type { Category } from "../../record/entry.ts"
import { isSentence } from "../../record/facts.ts"
import { at, itemsAt, textAt } from "./json-path.ts"
import type { JsonSpan } from "./json-spans.ts"

/** The words of a CodeableConcept: its text, else a coding's display, else the bare code. */
export function wordsOf(concept: JsonSpan | undefined): string | undefined {
  const text = textAt(concept, "text")
  if (text !== undefined && text !== "") return text
  for (const coding of itemsAt(concept, "coding")) {
    const words = textAt(coding, "display") ?? textAt(coding, "code")
    if (words !== undefined) return words
  }
  return undefined
}

/** `Body Height: 165.79 cm` from an Observation or one of its components; numbers as they stand, units as given. */
function measured(observation: JsonSpan): string {
  const name = wordsOf(at(observation, "code")) ?? "a measurement"
  const value = measuredValue(observation)
  return value === undefined ? name : `${name}: ${value}`
}

function measuredValue(observation: JsonSpan): string | undefined {
  const quantity = at(observation, "valueQuantity")
  if (quantity !== undefined) {
    const unit = textAt(quantity, "unit") ?? textAt(quantity, "code") ?? ""
    return `${textAt(quantity, "comparator") ?? ""}${textAt(quantity, "value") ?? "?"} ${unit}`.trim()
  }
  const concept = at(observation, "valueCodeableConcept")
  if (concept !== undefined) return wordsOf(concept)
  const flag = at(observation, "valueBoolean")
  if (flag?.kind === "boolean") return flag.value ? "yes" : "no"
  return (
    textAt(observation, "valueString") ?? textAt(observation, "valueInteger") ?? textAt(observation, "valueDateTime")
  )
}

function observed(resource: JsonSpan): string {
  const parts = itemsAt(resource, "component").map(measured)
  if (parts.length === 0) return `Measured ${measured(resource)}.`
  return `Measured ${measured(resource)} (${parts.join("; ")}).`
}

function imaged(resource: JsonSpan): string {
  const series = itemsAt(resource, "series").map((item) => {
    const part = textAt(item, "bodySite", "display")
    const modality = textAt(item, "modality", "display") ?? textAt(item, "modality", "code") ?? "image"
    return part === undefined ? modality : `${modality}, ${part}`
  })
  return `Took images: ${series.length === 0 ? "no series listed" : series.join("; ")}.`
}

const speakers: Readonly<Record<string, (resource: JsonSpan, words: string) => string>> = {
  Encounter: (resource, words) => {
    const on = textAt(resource, "period", "start")?.slice(0, 10)
    return `Visit: ${wordsOf(itemsAt(resource, "type")[0]) ?? words}${on === undefined ? "" : `, on ${on}`}.`
  },
  Observation: (resource) => observed(resource),
  Procedure: (_resource, words) => `Performed: ${words}.`,
  Condition: (_resource, words) => `Found: ${words}.`,
  AllergyIntolerance: (_resource, words) => `Noted an allergy or intolerance: ${words}.`,
  MedicationRequest: (_resource, words) => `Prescribed: ${words}.`,
  MedicationAdministration: (_resource, words) => `Gave medicine: ${words}.`,
  MedicationDispense: (_resource, words) => `Handed out medicine: ${words}.`,
  Immunization: (_resource, words) => `Vaccinated: ${words}.`,
  DiagnosticReport: (resource, words) => `Reported: ${words} (${itemsAt(resource, "result").length} results).`,
  CarePlan: (resource, words) => `Planned care: ${wordsOf(itemsAt(resource, "category").at(-1)) ?? words}.`,
  CareTeam: () => "Named a care team.",
  ImagingStudy: (resource) => imaged(resource),
  Claim: () => "The provider wrote the claim for this visit.",
}

const longest = 900

/**
 * The sentence for one resource. Words that could not stand as one line before a signer (line breaks, invisible or
 * direction-turning characters) are not shown in another form: the sentence then only points to the record.
 */
export function sentenceOf(type: string, resource: JsonSpan): string {
  const code = at(resource, "code") ?? at(resource, "vaccineCode") ?? at(resource, "medicationCodeableConcept")
  const words = wordsOf(code) ?? textAt(resource, "description") ?? "not described"
  const speak = speakers[type]
  const whole = speak === undefined ? `${type}: ${words}.` : speak(resource, words)
  const text =
    whole.length <= longest ? whole : `${[...whole].slice(0, longest).join("").trim()} … (more in the record).`
  return isSentence(text) ? text : `${type}: its words do not fit one line; see the record.`
}

/** Security labels of HL7's ActCode, which the author of a resource may have put on it. */
const labelled: Readonly<Record<string, Category>> = {
  PSY: "mental-health",
  MH: "mental-health",
  PSYTHPN: "mental-health",
  ETH: "substance-use",
  SUD: "substance-use",
  HIV: "hiv",
  SEX: "reproductive",
  GDIS: "genetics",
}

const byType: Readonly<Record<string, Category>> = {
  MedicationRequest: "medication",
  MedicationAdministration: "medication",
  MedicationDispense: "medication",
  MedicationStatement: "medication",
  Immunization: "medication",
  DiagnosticReport: "labs",
  Specimen: "labs",
  ImagingStudy: "imaging",
  Media: "imaging",
  DocumentReference: "notes",
  Composition: "notes",
  ClinicalImpression: "notes",
  Claim: "billing",
  Appointment: "administrative",
}

const byObservation: Readonly<Record<string, Category>> = { laboratory: "labs", imaging: "imaging" }

/**
 * The category an entry is sealed under: a sensitive one where a security label says so, else by the resource's type,
 * for Observations by their own category. Nobody guesses from the content that something is sensitive.
 */
export function categoryOf(type: string, resource: JsonSpan): Category {
  for (const label of itemsAt(resource, "meta", "security")) {
    const sensitive = labelled[textAt(label, "code") ?? ""]
    if (sensitive !== undefined) return sensitive
  }
  if (type !== "Observation") return byType[type] ?? "general"
  const code = textAt(itemsAt(itemsAt(resource, "category")[0], "coding")[0], "code")
  return byObservation[code ?? ""] ?? "general"
}
