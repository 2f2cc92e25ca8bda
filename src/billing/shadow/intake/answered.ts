/** What a payer answered: the part of a remittance that shadow mode needs, and what its adjustments mean together. */
import type {
  CasAdjustment,
  Remittance835,
  RemittanceClaim835,
} from "../../../formats/x12/remittance/remittance-835.ts"
import type { PayerName, Payers } from "./payer.ts"
import { codeOf } from "./sent.ts"
import type { Texts } from "./texts.ts"

/** One transaction of an 835: a cheque, a transfer, or a notice without money. */
export interface Payment {
  /** File number from 1, and the line of its ST segment. */
  readonly file: number
  readonly at: number
  readonly payer: PayerName
  /** TRN02. */
  readonly trace: string
  /** BPR16, else DTM*405. */
  readonly day: number | undefined
  /** BPR02; negative when the payer takes money (BPR03 D). */
  readonly paid: bigint
}

export interface AnsweredAdjustment {
  readonly group: string
  readonly carc: string
  readonly amount: bigint
}

export interface AnsweredLine {
  readonly at: number
  readonly code: string
  readonly modifiers: string
  /** SVC06: what the sender had billed, where the payer changed it; else empty. */
  readonly submitted: string
  readonly charge: bigint
  readonly paid: bigint
  readonly unitsMilli: bigint
  readonly from: number | undefined
  readonly control: string
  readonly adjustments: readonly AnsweredAdjustment[]
  /** AMT*B6. */
  readonly allowed: bigint | undefined
  readonly remarks: readonly string[]
}

export interface AnsweredClaim {
  readonly payment: Payment
  readonly at: number
  readonly control: string
  readonly status: string
  readonly charge: bigint
  readonly paid: bigint
  readonly patient: bigint
  readonly payerControl: string
  readonly frequency: string
  /** CLP11: one sum pays the whole stay, and its other lines are packaged into it (CARC 97). */
  readonly isByDrg: boolean
  readonly member: string
  readonly from: number | undefined
  readonly to: number | undefined
  readonly received: number | undefined
  readonly adjustments: readonly AnsweredAdjustment[]
  readonly remarks: readonly string[]
  readonly interest: bigint
  readonly lines: readonly AnsweredLine[]
}

/** A transaction's header as shadow mode keeps it. */
export function paymentOf(remittance: Remittance835, file: number, keep: Keep): Payment {
  const { payer } = remittance
  return {
    file,
    at: remittance.at,
    payer: keep.payers.named(payer.name, payer.id, remittance.originator),
    trace: keep.texts.own(remittance.trace),
    day: remittance.day ?? remittance.produced,
    paid: remittance.isDebit ? -remittance.paid : remittance.paid,
  }
}

interface Keep {
  readonly texts: Texts
  readonly payers: Payers
}

const kept = ({ group, carc, amount }: CasAdjustment, texts: Texts): AnsweredAdjustment => ({
  group: texts.word(group),
  carc: texts.word(carc),
  amount,
})

/** One claim of a remittance as shadow mode keeps it. */
export function answeredClaim(claim: RemittanceClaim835, payment: Payment, { texts }: Keep): AnsweredClaim {
  return {
    payment,
    at: claim.at,
    control: texts.own(claim.control),
    status: texts.word(claim.status),
    charge: claim.charge,
    paid: claim.paid,
    patient: claim.patient,
    payerControl: texts.own(claim.payerControl),
    frequency: texts.word(claim.frequency),
    isByDrg: claim.drg !== undefined && claim.drg !== "",
    member: texts.own(claim.member ?? ""),
    from: claim.from,
    to: claim.to,
    received: claim.received,
    adjustments: claim.adjustments.map((one) => kept(one, texts)),
    remarks: claim.remarks.map((one) => texts.word(one)),
    interest: claim.interest ?? 0n,
    lines: claim.lines.map((line) => ({
      at: line.at,
      code: texts.word(codeOf(line.code, line.revenue)),
      modifiers: texts.word(line.modifiers.join("-")),
      submitted: texts.word(line.submitted?.code ?? ""),
      charge: line.charge,
      paid: line.paid,
      unitsMilli: line.unitsMilli,
      from: line.from ?? claim.from,
      control: texts.own(line.control ?? ""),
      adjustments: line.adjustments.map((one) => kept(one, texts)),
      allowed: line.allowed,
      remarks: line.remarks.map((one) => texts.word(one)),
    })),
  }
}

/** CLP02 22: what an earlier answer said is taken back, in negative amounts. */
export const isReversal = (claim: AnsweredClaim): boolean => claim.status === "22"
/** CLP02 25: a quote, without money. */
export const isPrediction = (claim: AnsweredClaim): boolean => claim.status === "25"

/** 1, 2 or 3 as CLP02 says it (19 to 21: processed so and sent on); undefined where it does not say. */
export function rankOf(claim: AnsweredClaim): number | undefined {
  const ranks: Readonly<Record<string, number>> = { "1": 1, "2": 2, "3": 3, "19": 1, "20": 2, "21": 3 }
  return ranks[claim.status]
}

/** What lies beside the lines: claim-level money and adjustments; all of it when the payer lists no line. */
export function claimLevelPaid(claim: AnsweredClaim): bigint {
  return claim.lines.reduce((rest, line) => rest - line.paid, claim.paid)
}
