/** A claim of our own as an 837 claim, for a clearinghouse: with the parties' names, which the claim itself has not. */
import { assert } from "../../../base/assert.ts"
import type { Claim, ClaimLine } from "../../../plan/claim.ts"
import { codeQualifier } from "../syntax/envelope.ts"
import type { Claim837, Line837, Party837 } from "./claim-837.ts"
import { noParty } from "./read-837-parties.ts"

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

const organization = (last: string, qualifier: string, id: string): Party837 => ({ ...noParty, last, qualifier, id })

/** A professional claim of our own, original (frequency 1), replacement (7) or void (8), ready for `write837`. */
export function claim837Of(claim: Claim, parties: ClaimParties, numbers: ClaimNumbers): Claim837 {
  assert(claim.kind === "professional", "only professional claims are written for a visit")
  assert(claim.frequency === 1 || numbers.original !== undefined, "a replacement or a void names its original")
  const { billingProvider, subscriber, submitter, receiver, payer } = parties
  const { frequency, accident, workRelated, emergency } = claim
  const place = claim.lines[0]?.place ?? "11"
  const lines = claim.lines.map((line) => lineOf(line, place))
  const diagnoses = [...new Set(lines.flatMap((line) => line.diagnoses))]
  assert(diagnoses.length <= 12, "an 837 professional claim has at most twelve diagnoses")
  return {
    kind: "professional",
    guide: "005010X222A1",
    ...{ interchangeControl: "", transactionControl: "", at: 0, control: numbers.control, frequency, place },
    submitter: organization(submitter.name, "46", submitter.id),
    receiver: organization(receiver.name, "46", receiver.id),
    original: numbers.original,
    total: lines.reduce((sum, line) => sum + line.charge, 0n),
    billing: {
      ...organization(billingProvider.name, "XX", billingProvider.npi),
      references: [{ qualifier: "EI", value: billingProvider.taxId }],
    },
    ...{ payTo: undefined, rendering: undefined, referring: undefined, facility: undefined, attending: undefined },
    subscriber: {
      ...organization(subscriber.last, "MI", subscriber.id),
      ...{ isPerson: true, first: subscriber.first, born: subscriber.born, sex: subscriber.sex },
    },
    patient: undefined,
    ...{ relation: "18", group: "", planName: "", filing: "CI" },
    payer: organization(payer.name, "PI", payer.id),
    ...{ rank: 1, otherPayers: [], diagnoses, diagnosisSystem: "ABK", procedures: [], drg: undefined },
    ...{ accident, workRelated, emergency, admitted: undefined, discharged: undefined, admission: undefined },
    ...{ authorization: undefined, referral: undefined, patientPaid: undefined },
    from: Math.min(...lines.map((line) => line.from)),
    to: Math.max(...lines.map((line) => line.to)),
    declarations: ["Y", "A", "Y", "Y"],
    lines,
  }
}

function lineOf(line: ClaimLine, place: string): Line837 {
  return {
    number: line.number,
    code: line.code,
    codeSystem: codeQualifier(line.code, line.codeSystem),
    modifiers: line.modifiers.slice(0, 4),
    charge: line.charge,
    unitsMilli: line.unitsMilli,
    unit: "UN",
    place: line.place ?? place,
    revenue: undefined,
    from: line.from,
    to: line.to,
    diagnoses: line.diagnoses.slice(0, 4).map((code) => code.replaceAll(".", "")),
    drug: line.drug,
    teeth: [],
    control: String(line.number),
    ...{ authorization: undefined, rendering: undefined, answers: [] },
  }
}
