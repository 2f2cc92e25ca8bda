/** What the practice sent: the part of a claim that shadow mode needs, small enough to hold a year of claims. */
import type { Claim837, Claim837Kind, Line837 } from "../../../formats/x12/claim/claim-837.ts"
import type { PayerName, Payers } from "./payer.ts"
import type { Texts } from "./texts.ts"

/** What a published plan says of a line: the amount it allows and the clause, or why it does not say. */
export interface PlannedLine {
  readonly says: "allows" | "denies" | "not-checkable"
  readonly allowed: bigint
  readonly clause: string
  readonly reason: string
}

export interface SentLine {
  readonly number: number
  /** The procedure or item; `rev 0450` where a line has only its revenue code. */
  readonly code: string
  /** As sent, joined by a hyphen. */
  readonly modifiers: string
  readonly charge: bigint
  readonly unitsMilli: number
  readonly place: string
  readonly from: number
  readonly to: number
  /** REF*6R; empty when the line has none. */
  readonly control: string
  /** What earlier payers paid by the claim's own word; undefined when it says nothing. */
  readonly earlierPaid: bigint | undefined
  readonly planned: PlannedLine | undefined
}

export interface SentClaim {
  /** Where to read it again. File 0 is a claim that no file holds. */
  readonly place: SentPlace
  /** Day of the interchange (ISA09): when it was sent. */
  readonly sent: number | undefined
  /** CLM01. */
  readonly control: string
  readonly kind: Claim837Kind
  readonly frequency: number
  /** BHT06 says that it only reports: no payment is asked for. */
  readonly isReport: boolean
  /** REF*F8; empty when absent. */
  readonly original: string
  readonly total: bigint
  readonly payer: PayerName
  readonly rank: number
  readonly member: string
  readonly born: number | undefined
  readonly patientPaid: bigint
  readonly authorization: string
  readonly from: number
  readonly to: number
  readonly lines: readonly SentLine[]
}

export interface SentPlace {
  /** File number from 1; transaction of the file and claim of the transaction from 0. */
  readonly file: number
  readonly transaction: number
  readonly ordinal: number
}

/** The code a line is known by. */
export function codeOf(code: string, revenue: string | undefined): string {
  return code !== "" ? code : revenue === undefined ? "" : `rev ${revenue}`
}

/** The claim as shadow mode keeps it; `planned` are the plan's answers by line, where a plan speaks. */
export function sentClaim(
  claim: Claim837,
  from: { readonly place: SentPlace; readonly sent: number | undefined },
  keep: { readonly texts: Texts; readonly payers: Payers },
  planned: readonly (PlannedLine | undefined)[] = [],
): SentClaim {
  const { texts, payers } = keep
  return {
    ...from,
    control: texts.own(claim.control),
    kind: claim.kind,
    frequency: claim.frequency,
    isReport: claim.purpose === "RP",
    original: texts.own(claim.original ?? ""),
    total: claim.total,
    payer: payers.named(claim.payer.last, claim.payer.id),
    rank: claim.rank,
    member: texts.own((claim.patient?.id ?? "") === "" ? claim.subscriber.id : claim.patient!.id),
    born: (claim.patient ?? claim.subscriber).born,
    patientPaid: claim.patientPaid ?? 0n,
    authorization: texts.own(claim.authorization ?? ""),
    from: claim.from,
    to: claim.to,
    lines: claim.lines.map((line, index) => sentLine(line, texts, planned[index])),
  }
}

function sentLine(line: Line837, texts: Texts, planned: PlannedLine | undefined): SentLine {
  const paid = line.answers.map((one) => one.paid)
  return {
    number: line.number,
    code: texts.word(codeOf(line.code, line.revenue)),
    modifiers: texts.word(line.modifiers.join("-")),
    charge: line.charge,
    unitsMilli: line.unitsMilli,
    place: texts.word(line.place),
    from: line.from,
    to: line.to,
    control: texts.own(line.control ?? ""),
    earlierPaid: paid.length === 0 ? undefined : paid.reduce((sum, one) => sum + one, 0n),
    planned,
  }
}
