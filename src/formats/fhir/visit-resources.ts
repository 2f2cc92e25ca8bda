/**
 * The standing example's clinical content: one eye visit as FHIR R4 resources and a small picture, the same bytes for
 * the same date. Services are said in plain words; the one code is the public HCPCS code of the medicine.
 */
import { sha256, toUtf8 } from "#crypto"
import { toHex } from "../../base/bytes.ts"
import type { Category } from "../../record/entry.ts"
import { greyPng } from "../png.ts"
import type { CodeableConcept, Encounter, MedicationAdministration, Observation, Procedure, Reference } from "./r4.ts"

export interface VisitResourcesOptions {
  /** Day of the visit, `2026-04-14`. */
  readonly date: string
  /** What stands for the patient in references; derived from the date when absent. Never a name. */
  readonly patient?: string
}

export interface ResourceEntry {
  readonly title: string
  readonly mediaType: string
  readonly category: Category
  readonly bytes: Uint8Array
}

export interface VisitResources {
  readonly entries: readonly ResourceEntry[]
  /** The exam, the scan, the injection, the medicine: each tied to the entry that shows it. */
  readonly facts: readonly { readonly sentence: string; readonly entry: number }[]
}

const words = (text: string): CodeableConcept => ({ text })

/** A UUID (version 8) out of what it names. */
function uuid(date: string, name: string): string {
  const bytes = sha256(toUtf8(`${date} ${name}`)).slice(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = toHex(bytes)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
}

interface Setting {
  readonly date: string
  readonly subject: Reference
  readonly encounter: Reference
}

function encounterOf({ date, subject }: Setting): Encounter {
  return {
    resourceType: "Encounter",
    id: uuid(date, "encounter"),
    status: "finished",
    class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "AMB", display: "ambulatory" },
    type: [words("Eye visit")],
    subject,
    period: { start: `${date}T09:10:00-04:00`, end: `${date}T09:55:00-04:00` },
  }
}

/** What both eyes show, one component an eye. */
function observationOf(setting: Setting, name: string, component: Observation["component"] & object): Observation {
  const { date, subject, encounter } = setting
  return {
    resourceType: "Observation",
    id: uuid(date, name),
    status: "final",
    code: words(name),
    subject,
    encounter,
    effectiveDateTime: `${date}T09:20:00-04:00`,
    component,
  }
}

function pressure(value: number) {
  const unit = { unit: "mmHg", system: "http://unitsofmeasure.org", code: "mm[Hg]" }
  return { value, ...unit }
}

function injectionOf({ date, subject, encounter }: Setting): Procedure {
  return {
    resourceType: "Procedure",
    id: uuid(date, "injection"),
    status: "completed",
    code: words("Injection of a medicine into the eye"),
    subject,
    encounter,
    performedDateTime: `${date}T09:40:00-04:00`,
    bodySite: [words("Left eye")],
    note: [{ text: "Skin and eye were cleaned; the eye was numbed with drops; no complication." }],
  }
}

function medicineOf({ date, subject, encounter }: Setting): MedicationAdministration {
  return {
    resourceType: "MedicationAdministration",
    id: uuid(date, "medicine"),
    status: "completed",
    medicationCodeableConcept: {
      coding: [{ system: "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", code: "J0178" }],
      text: "Aflibercept, single-dose vial",
    },
    subject,
    context: encounter,
    effectiveDateTime: `${date}T09:40:00-04:00`,
    partOf: [{ reference: `urn:uuid:${uuid(date, "injection")}` }],
    dosage: {
      text: "2 units of 1 mg each into the left eye; the vial was used up",
      site: words("Left eye"),
      dose: { value: 2, unit: "mg", system: "http://unitsofmeasure.org", code: "mg" },
    },
  }
}

/** Two round cross-sections beside each other: a picture that a viewer shows as a picture. */
function scan(): Uint8Array {
  return greyPng(128, 64, (x, y) => {
    const dx = (x % 64) - 32
    const dy = y - 32
    const far = dx * dx + dy * dy
    if (far > 900) return 8
    return 230 - far / 6 + (Math.floor(far / 60) % 2 === 0 ? 18 : 0)
  })
}

const entry = (title: string, category: Category, resource: object): ResourceEntry => ({
  title,
  mediaType: "application/fhir+json",
  category,
  bytes: toUtf8(JSON.stringify(resource, undefined, 1)),
})

/** The visit's entries and the four sentences that its claim lines rest on. */
export function eyeVisitResources({ date, patient = uuid(date, "patient") }: VisitResourcesOptions): VisitResources {
  const subject = { reference: `urn:uuid:${patient}` }
  const setting = { date, subject, encounter: { reference: `urn:uuid:${uuid(date, "encounter")}` } }
  const sight = observationOf(setting, "Sight with glasses", [
    { code: words("Right eye"), valueString: "20/40" },
    { code: words("Left eye"), valueString: "20/60" },
  ])
  const inside = observationOf(setting, "Pressure in the eye", [
    { code: words("Right eye"), valueQuantity: pressure(16) },
    { code: words("Left eye"), valueQuantity: pressure(15) },
  ])
  return {
    entries: [
      entry("Visit", "general", encounterOf(setting)),
      entry("Sight", "general", sight),
      entry("Pressure in the eye", "general", inside),
      { title: "Scan of both eyes", mediaType: "image/png", category: "imaging", bytes: scan() },
      entry("Injection", "general", injectionOf(setting)),
      entry("Medicine given", "medication", medicineOf(setting)),
    ],
    facts: [
      {
        sentence: "Your eyes were examined: sight 20/40 right and 20/60 left; this exam was apart from the injection.",
        entry: 1,
      },
      { sentence: "Both eyes were scanned.", entry: 3 },
      { sentence: "A medicine was injected into your left eye.", entry: 4 },
      { sentence: "Two units of the medicine J0178 were used up; nothing was thrown away.", entry: 5 },
    ],
  }
}
