/**
 * One claim of an 837, professional, institutional or dental (4010A1 and 5010), as a value: what is read, kept, worked
 * with and written again. Names and addresses of people are kept only because a corrected claim has to repeat them.
 * Texts are as sent; amounts are minor units, days are day numbers, quantities are thousandths.
 */

export type Claim837Kind = "professional" | "institutional" | "dental"

/** A person or an organization as an NM1 loop names it. */
export interface Party837 {
  readonly isPerson: boolean
  readonly last: string
  readonly first: string
  readonly middle: string
  /** NM108: `XX` NPI, `MI` member number, `PI` payer id, `24` employer's number, …; empty with `id`. */
  readonly qualifier: string
  readonly id: string
  /** N301, N302. */
  readonly street: readonly string[]
  /** N401 to N404, trailing empty ones left out. */
  readonly city: readonly string[]
  /** PRV03. */
  readonly taxonomy: string | undefined
  /** Further REF segments of the party, qualifier and value: EI tax number, G2 commercial number, … */
  readonly references: readonly Reference837[]
}

export interface Reference837 {
  readonly qualifier: string
  readonly value: string
}

/** One person under the subscriber or patient level. */
export interface Person837 extends Party837 {
  readonly born: number | undefined
  /** F, M or U. */
  readonly sex: string | undefined
}

/** A CAS triple: X12's group and reason, the amount taken off, and the units it is about. */
export interface Adjustment837 {
  readonly group: string
  readonly carc: string
  readonly amount: bigint
  readonly unitsMilli: bigint | undefined
}

/** What another payer decided about this claim: loops 2320, 2330 and, by line, 2430. */
export interface OtherPayer837 {
  /** SBR01 as a number: 1 primary, 2 secondary, … */
  readonly rank: number
  /** SBR02. */
  readonly relation: string
  /** SBR03 and SBR09 (claim filing indicator: MB, CI, 16, …). */
  readonly group: string
  readonly filing: string
  readonly payer: Party837
  readonly subscriber: Party837
  /** AMT*D; undefined when the payer has not answered. */
  readonly paid: bigint | undefined
  /** AMT*EAF: what is left to the patient. */
  readonly left: bigint | undefined
  /** DTP*573. */
  readonly on: number | undefined
  /** Of the claim as a whole; adjustments of lines stand at the lines. */
  readonly adjustments: readonly Adjustment837[]
  /** REF*F8: that payer's own number of the claim. */
  readonly control: string | undefined
}

/** SVD, CAS, DTP*573 of one line by one earlier payer. */
export interface LineAnswer837 {
  /** The payer's id, as its NM109. */
  readonly payer: string
  readonly paid: bigint
  readonly code: string
  readonly unitsMilli: bigint
  readonly adjustments: readonly Adjustment837[]
  readonly on: number | undefined
}

export interface Line837 {
  /** LX01. */
  readonly number: number
  /** Procedure or item; empty on an institutional line that has only its revenue code. */
  readonly code: string
  /** `HC` HCPCS, `AD` dental, `IV`, `WK`, `ER`; empty with `code`. */
  readonly codeSystem: string
  readonly modifiers: readonly string[]
  readonly charge: bigint
  readonly unitsMilli: number
  /** `UN` units, `MJ` minutes, `DA` days. */
  readonly unit: string
  /** Professional and dental; the claim's when the line names none. */
  readonly place: string
  /** SV201, institutional. */
  readonly revenue: string | undefined
  readonly from: number
  readonly to: number
  /** Codes the line points to, in pointer order; all of the claim's on an institutional claim. */
  readonly diagnoses: readonly string[]
  /** NDC of LIN03. */
  readonly drug: string | undefined
  /** TOO02 and TOO03, dental. */
  readonly teeth: readonly { readonly tooth: string; readonly surfaces: readonly string[] }[]
  /** REF*6R: the sender's own number of the line, to be returned in the 835. */
  readonly control: string | undefined
  /** REF*G1 of the line. */
  readonly authorization: string | undefined
  readonly rendering: Party837 | undefined
  readonly answers: readonly LineAnswer837[]
}

export interface Claim837 {
  readonly kind: Claim837Kind
  /** Implementation guide as sent: `005010X222A1`. */
  readonly guide: string
  readonly interchangeControl: string
  readonly transactionControl: string
  /** Line in the file of the CLM segment, from 1. */
  readonly at: number
  readonly submitter: Party837 | undefined
  readonly receiver: Party837 | undefined
  /** CLM01. */
  readonly control: string
  /** CLM05-3: 1 original, 7 replacement, 8 void; institutional claims have others (2, 3, 4 interim, …). */
  readonly frequency: number
  /** CLM05-1: place of service, or the first two digits of the type of bill. */
  readonly place: string
  /** REF*F8. */
  readonly original: string | undefined
  readonly total: bigint
  readonly billing: Party837
  readonly payTo: Party837 | undefined
  readonly rendering: Party837 | undefined
  readonly referring: Party837 | undefined
  readonly facility: Party837 | undefined
  /** Institutional: NM1*71. */
  readonly attending: Party837 | undefined
  readonly subscriber: Person837
  /** Undefined when the patient is the subscriber. */
  readonly patient: Person837 | undefined
  /** SBR02 or PAT01: 18 self, 01 spouse, 19 child, … */
  readonly relation: string
  /** SBR03, SBR04, SBR09. */
  readonly group: string
  readonly planName: string
  readonly filing: string
  readonly payer: Party837
  /** SBR01 of this payer: 1 primary, 2 secondary, … */
  readonly rank: number
  readonly otherPayers: readonly OtherPayer837[]
  /** Principal first; without dots, as sent. */
  readonly diagnoses: readonly string[]
  /** `ABK` (ICD-10-CM) or `BK` (ICD-9-CM). */
  readonly diagnosisSystem: string
  /** HI BBR/BBQ, BR/BQ: ICD procedure codes of a stay. */
  readonly procedures: readonly { readonly code: string; readonly on: number | undefined }[]
  /** HI*DR. */
  readonly drg: string | undefined
  readonly accident: boolean
  readonly workRelated: boolean
  readonly emergency: boolean
  /** DTP*435 and 096; statement dates DTP*434 are in `from` and `to`. */
  readonly admitted: number | undefined
  readonly discharged: number | undefined
  /** CL101 to CL103. */
  readonly admission: { readonly type: string; readonly source: string; readonly status: string } | undefined
  /** REF*G1 and REF*9F. */
  readonly authorization: string | undefined
  readonly referral: string | undefined
  /** AMT*F5: what the patient has paid already. */
  readonly patientPaid: bigint | undefined
  readonly from: number
  readonly to: number
  readonly lines: readonly Line837[]
}
