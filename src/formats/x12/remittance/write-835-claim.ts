/** One claim of an 835: CLP with its loop, out of the claim, its determination, and what its 837 said. */
import { assert } from "../../../base/assert.ts"
import type { Claim } from "../../../plan/claim.ts"
import type { Leg } from "../../../plan/leg.ts"
import { decimalText } from "../../amount.ts"
import type { Line837 } from "../claim/claim-837.ts"
import { exact } from "../claim/write-837-parts.ts"
import { freeText, type OutSegment, x12Date } from "../syntax/envelope.ts"
import { lineLoop, type PaidLine, paidLines } from "./write-835-lines.ts"

export interface RemittanceClaim {
  /** CLP01: the provider's control number of the claim (CLM01), at most 38 characters. */
  readonly control: string
  /** CLP07: the payer's own number, at most 50 characters. */
  readonly payerControl: string
  /** The patient's number with this payer, pairwise; the name only if the payer holds one. */
  readonly patient: { readonly id: string; readonly last?: string; readonly first?: string }
  readonly claim: Claim
  readonly leg: Leg
  /** 1 primary, 2 secondary, 3 tertiary or later payer. */
  readonly rank?: number
  /** Interest for late payment, on top of the benefit: stands in AMT*I and in a PLB row of its own. */
  readonly interest?: bigint
  /** Takes an earlier remittance of this determination back, its interest too: all amounts negated, status 22. */
  readonly isReversal?: boolean
  /** SBR09 of the claim, for CLP06; one that an 835 does not know, and none, becomes `ZZ`, not known. */
  readonly filing?: string
  /** The 837 line of each line of the claim (planClaimOf): their own numbers come back, and split lines as one. */
  readonly lineOf?: ReadonlyMap<number, Line837>
  /** NPI of who performed the service, where it is not the payee. */
  readonly rendering?: string
  /** The claim was sent on to this payer: status 19, 20 or 21. */
  readonly forwardedTo?: { readonly name: string; readonly id: string }
}

export interface ClaimLoopOut {
  readonly paid: bigint
  readonly segments: readonly OutSegment[]
}

export function claimLoop(input: RemittanceClaim): ClaimLoopOut {
  const { claim, leg, control, payerControl } = input
  assert(control.length <= 38 && payerControl.length <= 50, "claim numbers fit CLP01 and CLP07")
  const sign = input.isReversal === true ? -1n : 1n
  const lines = paidLines(claim, leg, input.lineOf)
  assert(lines.length > 0, "a claim in an 835 has a decided line")
  const total = (amountOf: (line: PaidLine) => bigint) => sign * lines.reduce((sum, line) => sum + amountOf(line), 0n)
  const paid = total((line) => line.paid)
  const owed = total((line) => line.patient)
  const [place, frequency] = billOf(claim, lines)
  const clp: OutSegment = [
    ...(["CLP", exact(control, "CLP"), statusOf(input, lines), decimalText(total((line) => line.charge))] as const),
    ...[decimalText(paid), owed === 0n ? "" : decimalText(owed), filingOf(input)],
    ...[exact(payerControl, "CLP"), place, frequency, "", exact(claim.drg ?? "", "CLP")],
  ]
  const late = input.interest === undefined ? [] : [["AMT", "I", decimalText(sign * input.interest)] as OutSegment]
  return {
    paid,
    segments: [
      clp,
      ...partySegments(input),
      ...adjudicationSegments(claim, leg, lines),
      ["DTM", "232", x12Date(Math.min(...lines.map(({ service }) => service.from)))],
      ["DTM", "233", x12Date(Math.max(...lines.map(({ service }) => service.to)))],
      ["DTM", "050", x12Date(claim.received)],
      ...late,
      ...lines.flatMap((line) => lineLoop(line, claim.kind, sign)),
    ],
  }
}

function statusOf({ claim, isReversal, forwardedTo, rank = 1 }: RemittanceClaim, lines: readonly PaidLine[]): string {
  if (isReversal === true) return "22"
  if (claim.use === "quote") return "25"
  const place = Math.min(rank, 3)
  if (forwardedTo !== undefined) return String(18 + place)
  return lines.every((line) => line.isDenied) ? "4" : String(place)
}

/** Claim filing indicators of an 835. The commercial one of an 837 (CI) is not among them. */
const filings: ReadonlySet<string> = new Set("12 13 14 15 16 17 AM CH DS HM LM MA MB MC OF TV VA WC".split(" "))
const filingOf = ({ filing = "" }: RemittanceClaim) => (filings.has(filing) ? filing : "ZZ")

/** CLP08 and CLP09: place of service, or type of bill, and frequency. */
function billOf({ kind, billType, frequency }: Claim, lines: readonly PaidLine[]): readonly [string, string] {
  if (kind === "institutional") return [exact(billType?.slice(0, -1) ?? "", "CLP"), String(frequency)]
  return [exact(lines[0]!.service.place ?? "", "CLP"), String(frequency)]
}

function partySegments({ patient, rendering, forwardedTo }: RemittanceClaim): readonly OutSegment[] {
  return [
    [
      ...(["NM1", "QC", "1", freeText(patient.last ?? "", 60), freeText(patient.first ?? "", 35), "", "", ""] as const),
      ...["MI", exact(patient.id, "NM1")],
    ],
    ...(rendering === undefined
      ? []
      : [["NM1", "82", "1", "", "", "", "", "", "XX", exact(rendering, "NM1")] as OutSegment]),
    ...(forwardedTo === undefined
      ? []
      : [
          [
            ...(["NM1", "TT", "2", freeText(forwardedTo.name, 60), "", "", "", "", "PI"] as const),
            exact(forwardedTo.id, "NM1"),
          ] as OutSegment,
        ]),
  ]
}

/** The claim was separated, and its other lines come in a later 835. */
const separated = "MA15"
/** NUBC revenue codes of room and board: their units are days of stay. */
const isRoom = (revenue: string | undefined) => revenue !== undefined && /^0(?:1\d|2[01])\d$/.test(revenue)

/** MIA of a stay: covered days first. MOA of all others, only when there is a remark about the claim as a whole. */
function adjudicationSegments(claim: Claim, leg: Leg, lines: readonly PaidLine[]): readonly OutSegment[] {
  const isWhole = leg.lines.every((line) => line.status !== "pended" && line.status !== "held")
  const remark = isWhole ? "" : separated
  if (!claim.inpatient) return remark === "" ? [] : [["MOA", "", "", remark]]
  let milli = 0n
  for (const { service, unitsMilli, isDenied } of lines) {
    if (!isDenied && isRoom(service.revenue)) milli += unitsMilli
  }
  return [["MIA", String(milli / 1000n), "", "", "", remark]]
}
