/**
 * The remittance of one payment as X12 835 (005010X221A1), from the determinations it pays. Lines keep the numbers the
 * provider gave them (REF*6R), each adjustment its group and reason, and the whole balances by construction: what is
 * written is what the legs say, and an assertion compares its sum with what the ledger paid.
 */
import { toUtf8 } from "#crypto"
import { assert } from "../../../base/assert.ts"
import { toHex } from "../../../base/bytes.ts"
import { decimalText } from "../../amount.ts"
import { exact } from "../claim/write-837-parts.ts"
import { type Envelope, envelop, freeText, type OutSegment, x12Date } from "../syntax/envelope.ts"
import { claimLoop, type RemittanceClaim } from "./write-835-claim.ts"

export type { RemittanceClaim } from "./write-835-claim.ts"

/** An organization as the 835 names it. */
export interface RemittanceParty {
  readonly name: string
  /** Payee: NPI. Payer: its id with its trading partners. */
  readonly id: string
  /** N103 of a payee without NPI: `FI` its tax number. */
  readonly qualifier?: "XX" | "FI"
  /** N301, N302; N401 to N403. The guide wants the payer's, and who answers technical questions; what is not known is
   * left out. */
  readonly street?: readonly string[]
  readonly city?: readonly string[]
  readonly contact?: { readonly name: string; readonly telephone: string }
}

/**
 * A provider-level adjustment; a positive amount reduces the payment. WO recovery of an overpayment, FB balance brought
 * forward, CT capitation (negative: it is paid), CR its interest, BN bonus, IP incentive, 72 authorized return, CS other.
 */
export interface ProviderAdjustment {
  readonly code: "WO" | "FB" | "BN" | "CT" | "CR" | "IP" | "72" | "CS"
  /** What it is about: the payer's number of the claim recovered, the trace of the 835 that forwarded; 50 characters. */
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

/**
 * The 835 file, ASCII. Pended and held lines are not decided and stand in a later one; a claim that was refused before it
 * was judged stands in none. Reversals come before what corrects them. When more is taken back than paid, nothing is paid
 * and the rest is forwarded (PLB FB): the next remittance takes it with an FB of the other sign.
 */
export function write835(remittance: Remittance, envelope: Envelope): Uint8Array {
  const { payer, payee, paid, payment, day, claims } = remittance
  const ordered = [...claims].sort((a, b) => Number(b.isReversal ?? false) - Number(a.isReversal ?? false))
  const loops = ordered.map(claimLoop)
  const rows = [...interestRows(ordered), ...(remittance.adjustments ?? [])]
  const net = loops.reduce((sum, loop) => sum + loop.paid, 0n) - rows.reduce((sum, row) => sum + row.amount, 0n)
  if (net < 0n) rows.push({ code: "FB", reference: traceNumber(payment), amount: net })
  assert(paid === (net < 0n ? 0n : net), "an 835 pays its claims less its provider-level adjustments")
  const body: OutSegment[] = [
    ...paymentSegments(remittance),
    ["N1", "PR", freeText(payer.name, 60)],
    ...addressSegments(payer),
    ["REF", "2U", exact(payer.id, "REF")],
    ...contactSegments(payer),
    ["N1", "PE", freeText(payee.name, 60), payee.qualifier ?? "XX", exact(payee.id, "N1")],
    ...addressSegments(payee),
    ...(loops.length === 0 ? [] : [["LX", "1"] as OutSegment]),
    ...loops.flatMap((loop) => loop.segments),
    ...rows.map(({ code, reference, amount }): OutSegment => {
      assert(reference.length <= 50, "a reference fits PLB03")
      const yearEnd = `${x12Date(day).slice(0, 4)}1231`
      return ["PLB", exact(payee.id, "PLB"), yearEnd, [code, exact(reference, "PLB")], decimalText(amount)]
    }),
  ]
  return toUtf8(envelop(envelope, { set: "835", group: "HP", guide: "005010X221A1" }, body))
}

function addressSegments({ street, city }: RemittanceParty): readonly OutSegment[] {
  return [
    ...(street === undefined ? [] : [["N3", ...street.map((line) => freeText(line, 55))] as OutSegment]),
    ...(city === undefined ? [] : [["N4", ...city.map((part) => freeText(part, 30))] as OutSegment]),
  ]
}

function contactSegments({ contact }: RemittanceParty): readonly OutSegment[] {
  return contact === undefined ? [] : [["PER", "BL", freeText(contact.name, 60), "TE", exact(contact.telephone, "PER")]]
}

interface Row {
  readonly code: ProviderAdjustment["code"] | "L6"
  readonly reference: string
  readonly amount: bigint
}

/** Interest is paid beside the claims; what a reversal takes back is taken back. */
function interestRows(claims: readonly RemittanceClaim[]): Row[] {
  return claims.flatMap(({ interest, payerControl, isReversal }) => {
    if (interest === undefined) return []
    return [{ code: "L6", reference: payerControl, amount: isReversal === true ? interest : -interest } as const]
  })
}

function paymentSegments({ paid, payment, day, payer }: Remittance): readonly OutSegment[] {
  assert(paid >= 0n, "a payment is not negative: what a provider owes goes into a later one")
  // CHK is the one paying method whose rules ask for no bank numbers; the trace number leads to the ledger's payment.
  const method = paid === 0n ? ["H", "0.00", "C", "NON"] : ["I", decimalText(paid), "C", "CHK"]
  const gap = Array.from({ length: 11 }, () => "")
  return [
    ["BPR", ...method, ...gap, x12Date(day)],
    ["TRN", "1", traceNumber(payment), exact(payer.id, "TRN")],
    ["DTM", "405", x12Date(day)],
  ]
}
