/**
 * The parts of FHIR R4 (4.0.1) that this folder writes, with R4's own cardinalities: what the standard requires is
 * required here, so a resource that lacks it does not compile.
 */
export interface Coding {
  readonly system?: string
  readonly code: string
  readonly display?: string
}

export interface CodeableConcept {
  readonly extension?: readonly Extension[]
  readonly coding?: readonly Coding[]
  readonly text?: string
}

export interface Reference {
  readonly reference?: string
  readonly type?: string
  readonly display?: string
  readonly identifier?: Identifier
}

export interface Identifier {
  readonly type?: CodeableConcept
  readonly system?: string
  readonly value: string
}

export interface Period {
  readonly start?: string
  readonly end?: string
}

export interface Quantity {
  readonly value: number
  readonly unit?: string
  readonly system?: string
  readonly code?: string
}

export interface Money {
  readonly value: number
  readonly currency: string
}

export interface Extension {
  readonly url: string
  readonly valueString?: string
  readonly valueUri?: string
  readonly valueInteger?: number
  readonly valueCoding?: Coding
  readonly extension?: readonly Extension[]
}

export interface Encounter {
  readonly resourceType: "Encounter"
  readonly id: string
  readonly status: "finished"
  readonly class: Coding
  readonly type?: readonly CodeableConcept[]
  readonly subject?: Reference
  readonly period?: Period
}

export interface ObservationComponent {
  readonly code: CodeableConcept
  readonly valueString?: string
  readonly valueQuantity?: Quantity
}

export interface Observation {
  readonly resourceType: "Observation"
  readonly id: string
  readonly status: "final"
  readonly code: CodeableConcept
  readonly subject?: Reference
  readonly encounter?: Reference
  readonly effectiveDateTime?: string
  readonly component?: readonly ObservationComponent[]
}

export interface Procedure {
  readonly resourceType: "Procedure"
  readonly id: string
  readonly status: "completed"
  readonly code: CodeableConcept
  readonly subject: Reference
  readonly encounter?: Reference
  readonly performedDateTime?: string
  readonly bodySite?: readonly CodeableConcept[]
  readonly note?: readonly { readonly text: string }[]
}

export interface MedicationAdministration {
  readonly resourceType: "MedicationAdministration"
  readonly id: string
  readonly status: "completed"
  readonly medicationCodeableConcept: CodeableConcept
  readonly subject: Reference
  readonly context?: Reference
  readonly effectiveDateTime: string
  readonly partOf?: readonly Reference[]
  readonly dosage?: { readonly text?: string; readonly site?: CodeableConcept; readonly dose?: Quantity }
}

export interface Adjudication {
  readonly category: CodeableConcept
  readonly reason?: CodeableConcept
  readonly amount?: Money
  readonly value?: number
  readonly extension?: readonly Extension[]
}

export interface ExplanationOfBenefitItem {
  readonly sequence: number
  readonly careTeamSequence?: readonly number[]
  readonly diagnosisSequence?: readonly number[]
  readonly revenue?: CodeableConcept
  readonly productOrService: CodeableConcept
  readonly modifier?: readonly CodeableConcept[]
  readonly servicedDate?: string
  readonly servicedPeriod?: Period
  readonly locationCodeableConcept?: CodeableConcept
  readonly bodySite?: CodeableConcept
  readonly subSite?: readonly CodeableConcept[]
  readonly quantity?: Quantity
  readonly net?: Money
  readonly noteNumber?: readonly number[]
  readonly adjudication: readonly Adjudication[]
}

export interface ProcessNote {
  readonly number: number
  readonly type: "display"
  readonly text: string
  readonly extension?: readonly Extension[]
}

export interface ExplanationOfBenefit {
  readonly resourceType: "ExplanationOfBenefit"
  readonly id: string
  readonly meta: { readonly profile?: readonly string[]; readonly lastUpdated: string }
  readonly text?: { readonly status: "generated"; readonly div: string }
  readonly extension?: readonly Extension[]
  readonly identifier: readonly Identifier[]
  readonly status: "active" | "cancelled"
  readonly type: CodeableConcept
  readonly subType?: CodeableConcept
  readonly use: "claim" | "predetermination"
  readonly patient: Reference
  readonly billablePeriod: Period
  readonly created: string
  readonly insurer: Reference
  readonly provider: Reference
  readonly related?: readonly { readonly relationship: CodeableConcept; readonly reference: Identifier }[]
  readonly payee?: { readonly type: CodeableConcept; readonly party?: Reference }
  readonly outcome: "queued" | "complete" | "error" | "partial"
  readonly careTeam?: readonly {
    readonly sequence: number
    readonly provider: Reference
    readonly role: CodeableConcept
  }[]
  readonly diagnosis?: readonly {
    readonly sequence: number
    readonly diagnosisCodeableConcept: CodeableConcept
    readonly type: readonly CodeableConcept[]
  }[]
  readonly supportingInfo?: readonly {
    readonly sequence: number
    readonly category: CodeableConcept
    readonly code?: CodeableConcept
    readonly timingDate?: string
    readonly timingPeriod?: Period
    readonly valueQuantity?: Quantity
  }[]
  readonly insurance: readonly { readonly focal: boolean; readonly coverage: Reference }[]
  readonly item: readonly ExplanationOfBenefitItem[]
  readonly adjudication?: readonly Adjudication[]
  readonly total: readonly { readonly category: CodeableConcept; readonly amount: Money }[]
  readonly payment?: {
    readonly type?: CodeableConcept
    readonly date?: string
    readonly amount: Money
    readonly identifier?: Identifier
  }
  readonly processNote?: readonly ProcessNote[]
}
