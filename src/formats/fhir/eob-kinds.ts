/**
 * What an ExplanationOfBenefit shows of each kind of claim, after CARIN Blue Button's five profiles: which profile it is,
 * what the claim carried as supporting information and diagnoses, and what its items name and when.
 */
import { formatDate, parseDate } from "../../base/time.ts"
import type { Claim, ClaimLine } from "../../plan/claim.ts"
import type { Plan } from "../../plan/plan.ts"
import type { CodeableConcept, ExplanationOfBenefit, ExplanationOfBenefitItem, Reference } from "./r4.ts"

const carin = "http://hl7.org/fhir/us/carin-bb/"
/** CARIN 2.0 refuses a profile that does not say which version it is. */
const version = "2.0.0"
const concept = (system: string, code: string): CodeableConcept => ({ coding: [{ system, code }] })

interface KindProfile {
  readonly profile: string
  readonly type: string
  readonly subType?: CodeableConcept
  /** What the practitioner of the claim did in it. */
  readonly role: string
}

/** The profile with its version, its claim type, and the practitioner's role. */
export function profileOf(claim: Claim): KindProfile {
  const profile = (name: string) => `${carin}StructureDefinition/C4BB-ExplanationOfBenefit-${name}|${version}`
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

interface DiagnosisSystem {
  readonly system: string
  readonly code: RegExp
  /** Before the dot: three places, four in an ICD-9 code of an external cause. */
  readonly head: RegExp
}

const icd10: DiagnosisSystem = {
  system: "http://hl7.org/fhir/sid/icd-10-cm",
  code: /^[A-Z]\d[0-9A-Z](\.?[0-9A-Z]{1,4})?$/,
  head: /^.{3}/,
}
const icd9: DiagnosisSystem = {
  system: "http://terminology.hl7.org/CodeSystem/icd9",
  code: /^(\d{3}|V\d\d)(\.?\d{1,2})?$|^E\d{3}(\.?\d)?$/,
  head: /^(E...|...)/,
}
/** Services from this day on are coded in ICD-10-CM in the United States, a stay by the day of discharge. */
const icd10Begins = parseDate("2015-10-01")!

/** A claim's diagnoses and, by the code as the claim writes it, which of them a line means. */
export interface ClaimDiagnoses {
  readonly rows: Diagnoses
  readonly sequences: ReadonlyMap<string, number>
}

/**
 * The claim's ICD diagnoses in order, each once, with the dot that an 837 leaves out; codes that the code system of the
 * day cannot have are left out.
 */
export function diagnosesOf(claim: Claim): ClaimDiagnoses {
  const last = claim.discharged ?? Math.max(...claim.lines.map((line) => line.to))
  const { system, code, head } = last < icd10Begins ? icd9 : icd10
  const typeSystem = "http://terminology.hl7.org/CodeSystem/ex-diagnosistype"
  const others = `${carin}CodeSystem/C4BBClaimDiagnosisType`
  const other = concept(others, claim.kind === "institutional" ? "other" : "secondary")
  const written = new Map<string, number>()
  const sequences = new Map<string, number>()
  for (const text of new Set(claim.lines.flatMap((line) => line.diagnoses))) {
    if (!code.test(text)) continue
    const dotted = text.replace(".", "").replace(head, "$&.").replace(/\.$/, "")
    const sequence = written.get(dotted) ?? written.size + 1
    written.set(dotted, sequence)
    sequences.set(text, sequence)
  }
  const rows = [...written].map(([dotted, sequence]) => ({
    sequence,
    diagnosisCodeableConcept: concept(system, dotted),
    type: [sequence === 1 ? concept(typeSystem, "principal") : other],
  }))
  return { rows, sequences }
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

const hcpcs = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
const cpt = "http://www.ama-assn.org/go/cpt"
const cdt = "http://www.ada.org/cdt"
const hipps = "https://www.cms.gov/Medicare/Medicare-Fee-for-Service-Payment/ProspMedicareFeeSvcPmtGen/HIPPSCodes"
const ndc = "http://hl7.org/fhir/sid/ndc"
const notApplicable = concept("http://terminology.hl7.org/CodeSystem/data-absent-reason", "not-applicable")

/**
 * What the line is for. An institutional line may have a revenue code alone and a plan may have codes of its own; FHIR
 * asks for a product of a known code system all the same, which is then said to be absent beside the words.
 */
function productOf(line: ClaimLine, claim: Claim, plan: Plan): CodeableConcept {
  const { code, codeSystem, drug } = line
  if (claim.kind === "drug" && drug !== undefined) return concept(ndc, drug)
  if (code === "") return notApplicable
  const system = codeSystemOf(line, claim)
  if (system !== undefined) return concept(system, code)
  const own = codeSystem?.startsWith("urn:") ? codeSystem : `urn:countersign:plan:${plan.front.plan}`
  if (claim.kind === "drug") return concept(own, code)
  const extension = [{ url: "urn:countersign:service-code", valueCoding: { system: own, code } }]
  return { extension, ...notApplicable, text: code }
}

/** The code system by which FHIR names a code of this field; undefined when it is none of them. */
function codeSystemOf({ code, codeSystem }: ClaimLine, { kind }: Claim): string | undefined {
  if (codeSystem !== undefined && /^https?:/.test(codeSystem)) return codeSystem
  if (codeSystem?.startsWith("urn:")) return undefined
  if (codeSystem === "N4") return ndc
  if (codeSystem === "HP") return hipps
  if (kind === "dental" && (codeSystem === "AD" || /^D\d{4}$/.test(code))) return cdt
  if (/^[A-Z]\d{4}$/.test(code)) return hcpcs
  return codeSystem === "HC" ? cpt : undefined
}

/** Numbers, the anesthesia states and the measures of performance are CPT's modifiers, all others are HCPCS's. */
const modifierOf = (code: string): CodeableConcept => concept(/^(\d\d|P[1-6]|[1238]P)$/.test(code) ? cpt : hcpcs, code)

/** CARIN wants one day of an outpatient's line and of a medicine: the first. Others show their days. */
function servicedOf({ from, to }: ClaimLine, { kind, inpatient }: Claim): Partial<ExplanationOfBenefitItem> {
  const isOneDay = from === to || kind === "drug" || (kind === "institutional" && !inpatient)
  if (isOneDay) return { servicedDate: formatDate(from) }
  return { servicedPeriod: { start: formatDate(from), end: formatDate(to) } }
}

type ItemDetails = Pick<ExplanationOfBenefitItem, "productOrService"> & Partial<ExplanationOfBenefitItem>

/** What a line of this kind names: its service, modifiers and days, revenue, tooth and surfaces, its diagnoses. */
export function itemDetailsOf(
  line: ClaimLine,
  { claim, plan, diagnoses }: { claim: Claim; plan: Plan; diagnoses: ClaimDiagnoses },
): ItemDetails {
  const pointed = line.diagnoses.flatMap((code) => diagnoses.sequences.get(code) ?? [])
  const { place, revenue, tooth, surfaces } = line
  const placeSystem = "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set"
  const toothSystem = "http://terminology.hl7.org/CodeSystem/ADAUniversalToothDesignationSystem"
  const surface = (code: string) => concept(`${carin}CodeSystem/C4BBSurfaceCodes`, code)
  return {
    ...(pointed.length === 0 ? {} : { diagnosisSequence: [...new Set(pointed)] }),
    ...(revenue === undefined ? {} : { revenue: concept("https://www.nubc.org/CodeSystem/RevenueCodes", revenue) }),
    productOrService: productOf(line, claim, plan),
    ...(line.modifiers.length === 0 ? {} : { modifier: line.modifiers.map(modifierOf) }),
    ...servicedOf(line, claim),
    ...(place === undefined ? {} : { locationCodeableConcept: concept(placeSystem, place) }),
    ...(tooth === undefined ? {} : { bodySite: concept(toothSystem, tooth) }),
    ...(tooth === undefined || surfaces.length === 0 ? {} : { subSite: surfaces.map(surface) }),
  }
}

/** The practitioner of the claim as CARIN's care team. */
export function careTeamOf(claim: Claim, provider: Reference): NonNullable<ExplanationOfBenefit["careTeam"]> {
  const { role } = profileOf(claim)
  return [{ sequence: 1, provider, role: concept(`${carin}CodeSystem/C4BBClaimCareTeamRole`, role) }]
}
