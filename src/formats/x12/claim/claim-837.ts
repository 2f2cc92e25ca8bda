/**
 * One claim of an 837, professional, institutional or dental (4010A1 and 5010), as a value: what is read, kept, worked
 * with and written again. Names and addresses of people are kept only because a corrected claim has to repeat them.
 * Texts are as sent; amounts are minor units, days are day numbers, quantities are thousandths.
 */

import type { OutSegment } from "../syntax/envelope.ts"

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
  /** NM107. */
  readonly suffix?: string
  /** What else its loop says, to be repeated: N2, PER; PAT for its fifth element and after. */
  readonly further?: readonly OutSegment[]
}

/** A party that has no field of its own, with its NM101: `DK` ordering, `DQ` supervising, `72` operating, … */
export interface OtherParty837 {
  readonly role: string
  readonly party: Party837
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
  /** SBR04. */
  readonly planName?: string
  /** SBR05. */
  readonly insuranceType?: string
  /** What else its loops say, to be repeated: OI, MOA, further AMT; from the first NM1 on, other parties of that payer. */
  readonly further?: readonly OutSegment[]
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
  /** SVD03-1 and the modifiers. */
  readonly codeSystem?: string
  readonly modifiers?: readonly string[]
  /** SVD04. */
  readonly revenue?: string
  /** SVD06: the line that this one was bundled into. */
  readonly bundledInto?: number
  /** AMT*EAF of the line: what is left to the patient. */
  readonly left?: bigint
}

/** One composite of an institutional HI that is neither a diagnosis, a procedure nor the DRG. */
export interface Information837 {
  /** `BE` value, `BG` condition, `BH` occurrence, `BI` occurrence span, `BJ` admitting, `BN` external cause, … */
  readonly qualifier: string
  readonly code: string
  /** First and last day; both the same day for one date. */
  readonly from: number | undefined
  readonly to: number | undefined
  /** Amount of a value code. */
  readonly amount: bigint | undefined
  readonly presentOnAdmission?: string
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
  /** The line names no day of its own: `from` and `to` are the claim's. */
  readonly isClaimDated?: true
  /** SV101-7 and its like: a text for a code that does not say enough. */
  readonly description?: string
  /** SV109: an emergency, professional. */
  readonly emergency?: true
  /** SV111 to SV115 as sent: EPSDT, family planning, copay status; trailing empty ones left out. */
  readonly indicators?: readonly string[]
  /** SV207, institutional: the part of the charge that is not covered. */
  readonly uncovered?: bigint
  /** SV304 and SV305, dental: areas of the mouth, and I or R for an initial or a replaced prosthesis. */
  readonly areas?: readonly string[]
  readonly prosthesis?: string
  /** REF*9F of the line. */
  readonly referral?: string
  readonly parties?: readonly OtherParty837[]
  /** What else the line says, to be repeated: other dates, CTP, NTE, HCP, … */
  readonly further?: readonly OutSegment[]
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
  /** CLM05-3: 1 original, 7 replacement, 8 void; institutional claims have others (0, 2, 3, 4 interim, …). */
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
  /** CUR02 of the billing provider's loop; US dollars when absent. */
  readonly currency?: string
  /** BHT06 when it is not CH: `RP` reports an encounter and asks for no payment. */
  readonly purpose?: string
  /** SBR05. */
  readonly insuranceType?: string
  /** CLM06 to CLM10 as sent: signatures, assignment, release. */
  readonly declarations?: readonly string[]
  /** CLM11: causes, state and country; and CLM12 and after. */
  readonly causes?: readonly string[]
  readonly furtherClaim?: readonly string[]
  /** Whether each diagnosis was present on admission (Y, N, U, W or empty), in the order of `diagnoses`. */
  readonly presentOnAdmission?: readonly string[]
  /** Further HI composites in file order. */
  readonly information?: readonly Information837[]
  /** HHMM of DTP*435 and 096. */
  readonly admittedTime?: string
  readonly dischargedTime?: string
  readonly parties?: readonly OtherParty837[]
  /** What else the claim says, to be repeated: other dates, PWK, NTE, CR1, HCP, further REF and AMT, … */
  readonly further?: readonly OutSegment[]
}
