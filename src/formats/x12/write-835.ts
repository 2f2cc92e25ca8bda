/**
 * The remittance of one payment as X12 835 (005010X221A1), from the determinations it pays. Lines keep the numbers the
 * provider gave them (REF*6R), each adjustment its group and reason, and the whole balances by construction: what is
 * written is what the legs say, and an assertion compares its sum with what the ledger paid.
 */
import { toUtf8 } from "#crypto"
import { assert } from "../../base/assert.ts"
import { toHex } from "../../base/bytes.ts"
import type { Claim, ClaimLine } from "../../plan/claim.ts"
import type { Leg, LegLine } from "../../plan/leg.ts"
import { decimalText } from "../amount.ts"
import { codeQualifier, type Envelope, envelop, freeText, type OutSegment, x12Date, x12Units } from "./envelope.ts"

/** An organization as the 835 names it. */
export interface RemittanceParty {
  readonly name: string
  /** Payee: NPI. Payer: its id with its trading partners. */
  readonly id: string
}

export interface RemittanceClaim {
  /** CLP01: the provider's control number of the claim (CLM01), at most 38 characters. */
  readonly control: string
  /** CLP07: the payer's own number, at most 50 characters. */
  readonly payerControl: string
  /** The patient's number with this payer, pairwise; the name only if the payer holds one. */
  readonly patient: { readonly id: string; readonly last?: string; readonly first?: string }
  readonly claim: Claim
  readonly leg: Leg
  /** 1 primary, 2 secondary, 3 tertiary payer. */
  readonly rank?: 1 | 2 | 3
  /** Interest for late payment, on top of the benefit: stands in AMT*I and in a PLB row of its own. */
  readonly interest?: bigint
  /** Takes an earlier remittance of this determination back: all amounts negated, status 22. */
  readonly isReversal?: boolean
}

/** A provider-level adjustment; a positive amount reduces the payment. WO recovery, FB carried forward … */
export interface ProviderAdjustment {
  readonly code: "WO" | "FB" | "BN" | "CT" | "CR" | "IP" | "72" | "CS"
  readonly reference: string
  readonly amount: bigint
}

export interface Remittance {
  readonly payer: RemittanceParty
  readonly payee: RemittanceParty
  /** The ledger's payment id: its first 25 bytes are the trace number, since TRN02 holds 50 characters. */
  readonly payment: Uint8Array
  /** Day of the payment, a day number. */
  readonly day: number
  /** What the ledger paid. */
  readonly paid: bigint
  readonly claims: readonly RemittanceClaim[]
  readonly adjustments?: readonly ProviderAdjustment[]
}

export const traceNumber = (payment: Uint8Array): string => toHex(payment.subarray(0, 25))

/** The 835 file, ASCII. Pended and held lines are not decided and stand in a later one. */
export function write835(remittance: Remittance, envelope: Envelope): Uint8Array {
  const { payer, payee, paid, claims } = remittance
  const interest = claims.flatMap((one) =>
    one.interest === undefined ? [] : [{ code: "L6", reference: one.payerControl, amount: -one.interest } as const],
  )
  const adjustments = [...interest, ...(remittance.adjustments ?? [])]
  const loops = claims.map(claimLoop)
  const sum = loops.reduce((total, loop) => total + loop.paid, 0n)
  const offset = adjustments.reduce((total, one) => total + one.amount, 0n)
  assert(sum - offset === paid, "an 835 pays its claims less its provider-level adjustments")
  const body: OutSegment[] = [
    ...paymentSegments(remittance),
    ["N1", "PR", freeText(payer.name, 60)],
    ["REF", "2U", payer.id],
    ["N1", "PE", freeText(payee.name, 60), "XX", payee.id],
    ["LX", "1"],
    ...loops.flatMap((loop) => loop.segments),
    ...adjustments.map((one): OutSegment => {
      const yearEnd = `${x12Date(remittance.day).slice(0, 4)}1231`
      return ["PLB", payee.id, yearEnd, [one.code, one.reference], decimalText(one.amount)]
    }),
  ]
  return toUtf8(envelop(envelope, { set: "835", group: "HP", guide: "005010X221A1" }, body))
}

function paymentSegments({ paid, payment, day, payer }: Remittance): readonly OutSegment[] {
  assert(paid >= 0n, "a payment is not negative: what a provider owes goes into a later one")
  // CHK is the one paying method whose rules ask for no bank numbers; the trace number leads to the ledger's payment.
  const method = paid === 0n ? ["H", "0.00", "C", "NON"] : ["I", decimalText(paid), "C", "CHK"]
  const gap = Array.from({ length: 11 }, () => "")
  return [
    ["BPR", ...method, ...gap, x12Date(day)],
    ["TRN", "1", traceNumber(payment), payer.id],
    ["DTM", "405", x12Date(day)],
  ]
}

interface ClaimLoopOut {
  readonly paid: bigint
  readonly segments: readonly OutSegment[]
}

function claimLoop(input: RemittanceClaim): ClaimLoopOut {
  const { claim, leg, control, payerControl, patient } = input
  assert(control.length <= 38 && payerControl.length <= 50, "claim numbers fit CLP01 and CLP07")
  const sign = input.isReversal === true ? -1n : 1n
  const decided = leg.lines.filter((line) => line.status !== "pended" && line.status !== "held")
  assert(decided.length > 0, "a claim in an 835 has a decided line")
  const lines = decided.map((line) => ({ line, service: serviceOf(claim, line) }))
  const total = (amountOf: (one: (typeof lines)[number]) => bigint) =>
    sign * lines.reduce((sum, one) => sum + amountOf(one), 0n)
  const paid = total(({ line }) => line.benefit)
  const owed = total(({ line }) => line.patient)
  const isDenied = decided.every((line) => line.status === "denied")
  const status = input.isReversal === true ? "22" : isDenied ? "4" : String(input.rank ?? 1)
  const place = lines[0]!.service.place ?? ""
  const charge = decimalText(total(({ service }) => service.charge))
  const clp: OutSegment = [
    ...(["CLP", control, status, charge, decimalText(paid), owed === 0n ? "" : decimalText(owed), "CI"] as const),
    ...[payerControl, place, String(claim.frequency)],
  ]
  const name: OutSegment = [
    ...(["NM1", "QC", "1", freeText(patient.last ?? "", 60), freeText(patient.first ?? "", 35), "", "", ""] as const),
    ...["MI", patient.id],
  ]
  const late: readonly OutSegment[] = input.interest === undefined ? [] : [["AMT", "I", decimalText(input.interest)]]
  return { paid, segments: [clp, name, ...late, ...lines.flatMap((one) => lineLoop(one.line, one.service, sign))] }
}

function serviceOf(claim: Claim, line: LegLine): ClaimLine {
  const service = claim.lines.find((one) => one.number === line.number)
  assert(service !== undefined, "a determined line is one of the claim's")
  return service
}

function lineLoop(line: LegLine, service: ClaimLine, sign: bigint): readonly OutSegment[] {
  const { code, codeSystem, modifiers, unitsMilli, charge, from, to } = service
  assert(
    line.adjustments.reduce((sum, one) => sum + one.amount, line.benefit) === charge,
    "a line's charge is its benefit and its adjustments",
  )
  const procedure = [codeQualifier(code, codeSystem), code, ...modifiers.slice(0, 4)]
  const dates: readonly OutSegment[] =
    from === to
      ? [["DTM", "472", x12Date(from)]]
      : [
          ["DTM", "150", x12Date(from)],
          ["DTM", "151", x12Date(to)],
        ]
  const remarks = [...new Set(line.adjustments.flatMap((one) => one.rarc))]
  return [
    ["SVC", procedure, decimalText(sign * charge), decimalText(sign * line.benefit), "", x12Units(unitsMilli)],
    ...dates,
    ...casSegments(line, sign),
    ["REF", "6R", String(service.number)],
    ...(line.allowed === 0n ? [] : [["AMT", "B6", decimalText(sign * line.allowed)] as OutSegment]),
    ...remarks.map((remark): OutSegment => ["LQ", "HE", remark]),
  ]
}

/** One CAS a group, six reasons each; equal reasons of a group are summed, zero sums left out. */
function casSegments(line: LegLine, sign: bigint): readonly OutSegment[] {
  const groups = new Map<string, Map<string, bigint>>()
  for (const { group, carc, amount } of line.adjustments) {
    const reasons = groups.get(group) ?? new Map<string, bigint>()
    reasons.set(carc, (reasons.get(carc) ?? 0n) + amount)
    groups.set(group, reasons)
  }
  const segments: OutSegment[] = []
  for (const [group, reasons] of groups) {
    const entries = [...reasons].filter(([, amount]) => amount !== 0n)
    for (let i = 0; i < entries.length; i += 6) {
      const triples = entries.slice(i, i + 6).map(([carc, amount]) => [carc, decimalText(sign * amount), ""])
      segments.push(["CAS", group, ...triples.flat()])
    }
  }
  return segments
}
