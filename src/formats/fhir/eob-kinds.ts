/**
 * What an ExplanationOfBenefit shows of each kind of claim, after CARIN Blue Button's five profiles: which profile it is,
 * what the claim carried as supporting information and diagnoses, and what its items name besides a code.
 */
import { formatDate } from "../../base/time.ts"
import type { Claim, ClaimLine } from "../../plan/claim.ts"
import type { CodeableConcept, ExplanationOfBenefit, ExplanationOfBenefitItem, Reference } from "./r4.ts"

const carin = "http://hl7.org/fhir/us/carin-bb/"
const concept = (system: string, code: string): CodeableConcept => ({ coding: [{ system, code }] })

/** The profile, its claim type, and what the practitioner of the claim did in it. */
export function profileOf(claim: Claim): { profile: string; type: string; subType?: CodeableConcept; role: string } {
  const profile = (name: string) => `${carin}StructureDefinition/C4BB-ExplanationOfBenefit-${name}`
  switch (claim.kind) {
    case "professional":
      return { profile: profile("Professional-NonClinician"), type: "professional", role: "rendering" }
    case "dental":
      return { profile: profile("Oral"), type: "oral", role: "rendering" }
    case "drug":
      return { profile: profile("Pharmacy"), type: "pharmacy", role: "prescribing" }
    case "institutional": {
      const stay = claim.inpatient ? "inpatient" : "outpatient"
      const name = claim.inpatient ? "Inpatient-Institutional" : "Outpatient-Institutional"
      const subType = concept(`${carin}CodeSystem/C4BBInstitutionalClaimSubType`, stay)
      return { profile: profile(name), type: "institutional", subType, role: "attending" }
    }
  }
}

type Diagnoses = NonNullable<ExplanationOfBenefit["diagnosis"]>

const icd10 = /^[A-TV-Z]\d[0-9A-Z](\.?[0-9A-Z]{1,4})?$/

/** ICD-10-CM as FHIR writes it: with its dot, which an 837 leaves out. */
function dotted(code: string): string {
  return code.includes(".") || code.length === 3 ? code : `${code.slice(0, 3)}.${code.slice(3)}`
}

/** The claim's ICD-10-CM diagnoses in order, each once; codes of other systems are not told apart and left out. */
export function diagnosesOf(claim: Claim): Diagnoses {
  const codes = [...new Set(claim.lines.flatMap((line) => line.diagnoses))].filter((code) => icd10.test(code))
  const typeSystem = "http://terminology.hl7.org/CodeSystem/ex-diagnosistype"
  const others = `${carin}CodeSystem/C4BBClaimDiagnosisType`
  return codes.map((code, index) => ({
    sequence: index + 1,
    diagnosisCodeableConcept: concept("http://hl7.org/fhir/sid/icd-10-cm", dotted(code)),
    type: [
      index === 0
        ? concept(typeSystem, "principal")
        : concept(others, claim.kind === "institutional" ? "other" : "secondary"),
    ],
  }))
}

export type SupportingInformation = NonNullable<ExplanationOfBenefit["supportingInfo"]>

/** What the claim carried besides its lines, each under CARIN's word for it. */
export function supportingInformationOf(claim: Claim): SupportingInformation {
  const found: Omit<SupportingInformation[number], "sequence">[] = []
  const category = (code: string) => concept(`${carin}CodeSystem/C4BBSupportingInfoType`, code)
  found.push({ category: category("clmrecvddate"), timingDate: formatDate(claim.received) })
  const { admitted, discharged, billType, drg } = claim
  if (admitted !== undefined) {
    const end = discharged === undefined ? {} : { end: formatDate(discharged) }
    found.push({ category: category("admissionperiod"), timingPeriod: { start: formatDate(admitted), ...end } })
  }
  if (billType !== undefined) {
    found.push({
      category: category("typeofbill"),
      code: concept("https://www.nubc.org/CodeSystem/TypeOfBill", billType),
    })
  }
  if (drg !== undefined) found.push({ category: category("drg"), code: { text: drg } })
  const supply = claim.lines.find((line) => line.supply !== undefined)?.supply
  if (claim.kind === "drug" && supply !== undefined) {
    found.push({ category: category("dayssupply"), valueQuantity: { value: supply, unit: "days" } })
  }
  return found.map((one, index) => ({ sequence: index + 1, ...one }))
}

/** What an item of this kind names besides its code: revenue, tooth and surfaces, its diagnoses. */
export function itemDetailsOf(line: ClaimLine, diagnoses: Diagnoses): Partial<ExplanationOfBenefitItem> {
  const pointed = line.diagnoses.flatMap((code) => {
    const found = diagnoses.find((one) => one.diagnosisCodeableConcept.coding?.[0]?.code === dotted(code))
    return found === undefined ? [] : [found.sequence]
  })
  const surface = "http://terminology.hl7.org/CodeSystem/FDI-surface"
  return {
    ...(pointed.length === 0 ? {} : { diagnosisSequence: pointed }),
    ...(line.revenue === undefined
      ? {}
      : { revenue: concept("https://www.nubc.org/CodeSystem/RevenueCodes", line.revenue) }),
    ...(line.tooth === undefined
      ? {}
      : { bodySite: concept("http://terminology.hl7.org/CodeSystem/ex-tooth", line.tooth) }),
    ...(line.surfaces.length === 0 ? {} : { subSite: line.surfaces.map((code) => concept(surface, code)) }),
  }
}

/** The practitioner of the claim as CARIN's care team. */
export function careTeamOf(claim: Claim, provider: Reference): NonNullable<ExplanationOfBenefit["careTeam"]> {
  const { role } = profileOf(claim)
  return [{ sequence: 1, provider, role: concept(`${carin}CodeSystem/C4BBClaimCareTeamRole`, role) }]
}
