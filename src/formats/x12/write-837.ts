/**
 * A professional claim as X12 837 (005010X222A1): original (frequency 1), replacement (7) or void (8). For
 * clearinghouses and for the round trip in the tests; our own payers get the bundle.
 */
import { toUtf8 } from "#crypto"
import { assert } from "../../base/assert.ts"
import { formatDate } from "../../base/time.ts"
import type { Claim, ClaimLine } from "../../plan/claim.ts"
import { decimalText } from "../amount.ts"
import { codeQualifier, type Envelope, envelop, freeText, type OutSegment, x12Date, x12Units } from "./envelope.ts"

export interface ClaimParties {
  readonly submitter: { readonly name: string; readonly id: string }
  readonly receiver: { readonly name: string; readonly id: string }
  readonly billingProvider: { readonly name: string; readonly npi: string; readonly taxId: string }
  /** The patient is the subscriber. */
  readonly subscriber: {
    readonly last: string
    readonly first: string
    readonly id: string
    readonly born: number
    readonly sex: string
  }
  readonly payer: { readonly name: string; readonly id: string }
}

export interface ClaimNumbers {
  /** CLM01, at most 38 characters. */
  readonly control: string
  /** REF*F8: the payer's number of the claim replaced or voided; needed for frequency 7 and 8. */
  readonly original?: string
}

/** The 837 file, ASCII. */
export function write837(claim: Claim, parties: ClaimParties, numbers: ClaimNumbers, envelope: Envelope): Uint8Array {
  assert(claim.kind === "professional", "only professional claims are written as 837P")
  assert(claim.frequency === 1 || numbers.original !== undefined, "a replacement or a void names its original")
  const diagnoses = [...new Set(claim.lines.flatMap((line) => line.diagnoses))]
  assert(diagnoses.length <= 12, "an 837 professional claim has at most twelve diagnoses")
  const total = claim.lines.reduce((sum, line) => sum + line.charge, 0n)
  const place = claim.lines[0]?.place ?? "11"
  const hi = diagnoses.map((code, index) => [index === 0 ? "ABK" : "ABF", code.replaceAll(".", "")])
  const causes = [claim.accident ? "OA" : "", claim.workRelated ? "EM" : ""].filter((one) => one !== "")
  const body: OutSegment[] = [
    ["BHT", "0019", "00", numbers.control, x12Date(envelope.day), "0000", "CH"],
    ...headSegments(parties),
    [
      ...(["CLM", numbers.control, decimalText(total), "", "", [place, "B", String(claim.frequency)]] as const),
      ...["Y", "A", "Y", "Y", "", causes],
    ],
    ...(numbers.original === undefined ? [] : [["REF", "F8", numbers.original] as OutSegment]),
    ...(hi.length === 0 ? [] : [["HI", ...hi] as OutSegment]),
    ...claim.lines.flatMap((line) => lineSegments(line, diagnoses)),
  ]
  return toUtf8(envelop(envelope, { set: "837", group: "HC", guide: "005010X222A1" }, body))
}

function headSegments({
  submitter,
  receiver,
  billingProvider,
  subscriber,
  payer,
}: ClaimParties): readonly OutSegment[] {
  return [
    ["NM1", "41", "2", freeText(submitter.name, 60), "", "", "", "", "46", submitter.id],
    ["NM1", "40", "2", freeText(receiver.name, 60), "", "", "", "", "46", receiver.id],
    ["HL", "1", "", "20", "1"],
    ["NM1", "85", "2", freeText(billingProvider.name, 60), "", "", "", "", "XX", billingProvider.npi],
    ["REF", "EI", billingProvider.taxId],
    ["HL", "2", "1", "22", "0"],
    ["SBR", "P", "18", "", "", "", "", "", "", "CI"],
    [
      ...(["NM1", "IL", "1", freeText(subscriber.last, 60), freeText(subscriber.first, 35)] as const),
      ...["", "", "", "MI", subscriber.id],
    ],
    ["DMG", "D8", formatDate(subscriber.born).replaceAll("-", ""), subscriber.sex],
    ["NM1", "PR", "2", freeText(payer.name, 60), "", "", "", "", "PI", payer.id],
  ]
}

function lineSegments(line: ClaimLine, diagnoses: readonly string[]): readonly OutSegment[] {
  const procedure = [codeQualifier(line.code, line.codeSystem), line.code, ...line.modifiers.slice(0, 4)]
  const pointers = line.diagnoses.slice(0, 4).map((code) => String(diagnoses.indexOf(code) + 1))
  const [from, to] = [x12Date(line.from), x12Date(line.to)]
  return [
    ["LX", String(line.number)],
    ["SV1", procedure, decimalText(line.charge), "UN", x12Units(line.unitsMilli), line.place ?? "", "", pointers],
    from === to ? ["DTP", "472", "D8", from] : ["DTP", "472", "RD8", `${from}-${to}`],
    ["REF", "6R", String(line.number)],
    ...(line.drug === undefined ? [] : [["LIN", "", "N4", line.drug] as OutSegment]),
  ]
}
