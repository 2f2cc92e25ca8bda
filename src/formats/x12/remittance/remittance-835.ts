/**
 * One remittance (a transaction of an 835, 4010A1 and 5010) as a value: who paid what, by claim and line, with every
 * adjustment. Amounts are minor units and may be negative (reversals, takebacks), one that is left out is zero; days are day
 * numbers.
 */

export interface CasAdjustment {
  /** CO, PR, OA, PI, CR. */
  readonly group: string
  readonly carc: string
  readonly amount: bigint
  readonly unitsMilli: bigint | undefined
}

export interface RemittanceLine835 {
  /** Line in the file of the SVC segment, from 1. */
  readonly at: number
  /**
   * SVC01: what was paid for; a revenue code alone has `NU` and stands in `revenue`, too. SVC06 in `submitted` when the
   * payer changed it. A composite that ISA16's separator does not split is all `code`, without `codeSystem`.
   */
  readonly codeSystem: string
  readonly code: string
  readonly modifiers: readonly string[]
  readonly submitted: { readonly codeSystem: string; readonly code: string } | undefined
  readonly revenue: string | undefined
  readonly charge: bigint
  readonly paid: bigint
  readonly unitsMilli: bigint
  readonly from: number | undefined
  readonly to: number | undefined
  /** REF*6R: the sender's own number of the line. */
  readonly control: string | undefined
  readonly adjustments: readonly CasAdjustment[]
  /** AMT*B6; undefined when the payer does not say it. */
  readonly allowed: bigint | undefined
  /** LQ*HE and, of the claim, MIA and MOA. */
  readonly remarks: readonly string[]
  /** SVC07: units as billed, where the payer paid for others. */
  readonly submittedUnitsMilli?: bigint
  /** REF other than 6R, and AMT other than B6. */
  readonly references?: readonly Reference835[]
  readonly amounts?: readonly Amount835[]
}

export interface Reference835 {
  readonly qualifier: string
  readonly value: string
}

export interface Amount835 {
  /** `AU` covered, `F5` paid by the patient, `D8` discount, … */
  readonly qualifier: string
  readonly amount: bigint
}

export interface RemittanceClaim835 {
  /** Line in the file of the CLP segment, from 1. */
  readonly at: number
  /** CLP01: the provider's own number (CLM01). */
  readonly control: string
  /** CLP02: 1, 2, 3 processed as primary, secondary, tertiary; 4 denied; 19 to 21 forwarded; 22 reversal; 25 prediction. */
  readonly status: string
  readonly charge: bigint
  readonly paid: bigint
  readonly patient: bigint
  /** CLP06: MB, CI, HM, … */
  readonly filing: string
  /** CLP07: the payer's own number. */
  readonly payerControl: string
  readonly place: string
  readonly frequency: string
  readonly drg: string | undefined
  /** NM109 of NM1*QC, else of NM1*IL. */
  readonly member: string | undefined
  readonly rendering: string | undefined
  /** DTM*232, 233, 050. */
  readonly from: number | undefined
  readonly to: number | undefined
  readonly received: number | undefined
  /** Of the claim as a whole. */
  readonly adjustments: readonly CasAdjustment[]
  readonly remarks: readonly string[]
  /** AMT*I. */
  readonly interest: bigint | undefined
  /** NM1*TT: where the payer sent the claim on. */
  readonly forwardedTo: string | undefined
  /** REF*EA, REF*F8 …: qualifier and value. */
  readonly references: readonly Reference835[]
  readonly lines: readonly RemittanceLine835[]
  /** AMT other than I. */
  readonly amounts?: readonly Amount835[]
  /** MIA and MOA as sent, element by element, trailing empty ones left out. */
  readonly inpatient?: readonly string[]
  readonly outpatient?: readonly string[]
}

/** PLB: an amount that belongs to no service line; positive reduces the payment. */
export interface ProviderLevel835 {
  readonly at: number
  readonly provider: string
  readonly code: string
  readonly reference: string
  readonly amount: bigint
}

export interface Remittance835 {
  readonly guide: string
  readonly interchangeControl: string
  readonly transactionControl: string
  /** Line in the file of the ST segment, from 1. */
  readonly at: number
  /** Line in the file of the BPR segment. */
  readonly paymentAt?: number
  /** BPR02, C or D, method (CHK, ACH, NON) and day. */
  readonly paid: bigint
  readonly isDebit: boolean
  readonly method: string
  readonly day: number | undefined
  /** TRN02 and TRN03. */
  readonly trace: string
  readonly originator: string
  /** DTM*405. */
  readonly produced: number | undefined
  readonly payer: { readonly name: string; readonly id: string }
  /** `references` are further numbers of the payee: TJ tax number, PQ number with this payer, … */
  readonly payee: {
    readonly name: string
    readonly qualifier: string
    readonly id: string
    readonly references?: readonly Reference835[]
  }
  readonly claims: readonly RemittanceClaim835[]
  readonly providerLevel: readonly ProviderLevel835[]
}
