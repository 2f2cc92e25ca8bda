/**
 * The 277CA (005010X214): for each claim of an 837 that got through its 999, whether it goes on to a decision, and if not,
 * why. One file answers one 837 transaction.
 */
import { toUtf8 } from "#crypto"
import { decimalText } from "../../amount.ts"
import { type Envelope, envelop, freeText, type OutSegment, x12Date } from "../syntax/envelope.ts"
import { type ClaimStatus, isAcceptedCategory } from "./claim-status.ts"

/** A person or organization as the 837 named it; the answer repeats it. */
export interface AnsweredParty {
  readonly isPerson: boolean
  readonly last: string
  readonly first: string
  /** NM108 and NM109; empty where the 837 gave none. */
  readonly qualifier: string
  readonly id: string
}

export interface AnsweredClaim {
  /** CLM01. */
  readonly control: string
  /** Our own number of the claim, if it has one by now. */
  readonly payerControl?: string | undefined
  readonly amount: bigint
  readonly answer: ClaimStatus
  readonly provider: AnsweredParty
  readonly patient: AnsweredParty
  /** Days of service; undefined where the claim does not say. */
  readonly from?: number | undefined
  readonly to?: number | undefined
}

export interface ClaimAnswers {
  /** BHT03: our number of this answer. */
  readonly reference: string
  /** TRN02 of the receiver: BHT03 of the 837. */
  readonly batch: string
  /** Day on which the 837 came. */
  readonly received: number
  readonly payer: AnsweredParty
  readonly submitter: AnsweredParty
  readonly claims: readonly AnsweredClaim[]
}

function nm1(entity: string, party: AnsweredParty): OutSegment {
  const [last, first] = [freeText(party.last, 60), freeText(party.first, 35)]
  const id = freeText(party.id, 80)
  const own = id.length < 2 || party.qualifier === "" ? [] : [freeText(party.qualifier, 2), id]
  return ["NM1", entity, party.isPerson ? "1" : "2", last, party.isPerson ? first : "", "", "", "", ...own]
}

const isTaken = (claim: AnsweredClaim) => isAcceptedCategory(claim.answer.category)
const sum = (claims: readonly AnsweredClaim[]) => claims.reduce((total, claim) => total + claim.amount, 0n)

/** Counts and amounts of what was accepted and rejected, by the qualifiers of the level. */
function totals(
  claims: readonly AnsweredClaim[],
  counts: { accepted: string; rejected: string },
): readonly OutSegment[] {
  const accepted = claims.filter(isTaken)
  const rejected = claims.filter((claim) => !isTaken(claim))
  return [
    ...(accepted.length === 0 ? [] : [["QTY", counts.accepted, String(accepted.length)] as OutSegment]),
    ...(rejected.length === 0 ? [] : [["QTY", counts.rejected, String(rejected.length)] as OutSegment]),
    ...(accepted.length === 0 ? [] : [["AMT", "YU", decimalText(sum(accepted))] as OutSegment]),
    ...(rejected.length === 0 ? [] : [["AMT", "YY", decimalText(sum(rejected))] as OutSegment]),
  ]
}

function stc(status: ClaimStatus, day: number, isAccepted: boolean, amount: bigint): OutSegment {
  const { category, status: code, entity } = status
  const composite = entity === undefined ? [category, code] : [category, code, entity]
  return ["STC", composite, x12Date(day), isAccepted ? "WQ" : "U", decimalText(amount)]
}

/** Claims of one provider stand together, in the order in which each provider first comes. */
function byProvider(claims: readonly AnsweredClaim[]): readonly (readonly AnsweredClaim[])[] {
  const groups = new Map<string, AnsweredClaim[]>()
  for (const claim of claims) {
    const { qualifier, id, last, first } = claim.provider
    const key = [qualifier, id, last, first].join("*")
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [claim])
    else group.push(claim)
  }
  return [...groups.values()]
}

/** The 277CA file, ASCII. */
export function write277ca(answers: ClaimAnswers, envelope: Envelope): Uint8Array {
  const { reference, batch, received, payer, submitter, claims } = answers
  const { day, minute } = envelope
  const anyTaken = claims.some(isTaken)
  const time = String(Math.floor(minute / 60)).padStart(2, "0") + String(minute % 60).padStart(2, "0")
  const body: OutSegment[] = [
    ["BHT", "0085", "08", freeText(reference, 50), x12Date(day), time, "TH"],
    ["HL", "1", "", "20", "1"],
    nm1("PR", payer),
    ["TRN", "1", freeText(reference, 50)],
    ["DTP", "050", "D8", x12Date(received)],
    ["DTP", "009", "D8", x12Date(day)],
    ["HL", "2", "1", "21", claims.length > 0 ? "1" : "0"],
    nm1("41", submitter),
    ["TRN", "2", freeText(batch, 50) || "0"],
    stc({ category: anyTaken ? "A1" : "A3", status: "19" }, day, anyTaken, sum(claims)),
    ...totals(claims, { accepted: "90", rejected: "AA" }),
  ]
  let level = 2
  for (const group of byProvider(claims)) {
    const parent = String(++level)
    body.push(["HL", parent, "2", "19", "1"], nm1("85", group[0]!.provider), ["TRN", "1", "0"])
    body.push(...totals(group, { accepted: "QA", rejected: "QC" }))
    for (const claim of group) body.push(["HL", String(++level), parent, "PT"], ...claimBody(claim, day))
  }
  return toUtf8(envelop(envelope, { set: "277", group: "HN", guide: "005010X214" }, body))
}

function claimBody(claim: AnsweredClaim, day: number): readonly OutSegment[] {
  const { control, payerControl, amount, answer, patient, from, to = from } = claim
  const dates =
    from === undefined || to === undefined ? [] : [from === to ? x12Date(from) : `${x12Date(from)}-${x12Date(to)}`]
  return [
    nm1("QC", patient),
    ["TRN", "2", freeText(control, 50) || "0"],
    stc(answer, day, isTaken(claim), amount),
    ...(payerControl === undefined ? [] : [["REF", "1K", freeText(payerControl, 50)] as OutSegment]),
    ...dates.map((text): OutSegment => ["DTP", "472", text.length === 8 ? "D8" : "RD8", text]),
  ]
}
