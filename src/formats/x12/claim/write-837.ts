/**
 * Claims as X12 837, 5010, professional (X222A1), institutional (X223A2) or dental (X224A2): what was read is written
 * back with nothing lost that a claim keeps, so that a corrected claim (frequency 7) repeats the first but for its
 * corrections. A 4010 claim comes out as 5010 with its codes as they were.
 */
import { toUtf8 } from "#crypto"
import { assert } from "../../../base/assert.ts"
import { decimalText } from "../../amount.ts"
import { type Envelope, envelopGroup, type OutSegment, x12Date } from "../syntax/envelope.ts"
import { inOrder, partiesInOrder } from "./837-loops.ts"
import type { Claim837, OtherPayer837, Party837 } from "./claim-837.ts"
import { rankCode } from "./read-837-parties.ts"
import { codeSegments } from "./write-837-codes.ts"
import { lineSegments } from "./write-837-lines.ts"
import {
  adjustmentSegments,
  dateSegment,
  exact,
  keptSegments,
  partySegments,
  personSegments,
  taxonomySegment,
  toldOf,
  words,
} from "./write-837-parts.ts"

const guides = { professional: "005010X222A1", institutional: "005010X223A2", dental: "005010X224A2" } as const

/**
 * The 837 file of one claim, or of several of one kind: those of one submitter and receiver, one after another, in one
 * transaction. @throws Refused when a code or number holds a character that separates elements.
 */
export function write837(claims: Claim837 | readonly Claim837[], envelope: Envelope): Uint8Array {
  const all: readonly Claim837[] = "kind" in claims ? [claims] : claims
  const [first] = all
  assert(first !== undefined && all.every((claim) => claim.kind === first.kind), "a group has claims of one kind")
  const bodies: OutSegment[][] = []
  let [levels, open] = [new Levels(), ""]
  for (const claim of all) {
    const parties = JSON.stringify(partiesOfHead(claim, envelope))
    if (parties !== open) {
      bodies.push([...headSegments(claim, envelope)])
      levels = new Levels()
      open = parties
    }
    bodies.at(-1)!.push(...levels.segments(claim))
  }
  return toUtf8(envelopGroup(envelope, { set: "837", group: "HC", guide: guides[first.kind] }, bodies))
}

/** BHT06 and the parties before the first level. */
function partiesOfHead(claim: Claim837, envelope: Envelope) {
  const from = claim.submitter ?? { ...claim.billing, ...bare, id: envelope.sender }
  const to = claim.receiver ?? { ...claim.payer, ...bare, id: envelope.receiver }
  return { from, to, purpose: exact(claim.purpose ?? "CH", "BHT") }
}

function headSegments(claim: Claim837, envelope: Envelope): readonly OutSegment[] {
  const two = (value: number) => String(value).padStart(2, "0")
  const time = two(Math.floor(envelope.minute / 60)) + two(envelope.minute % 60)
  const { from, to, purpose } = partiesOfHead(claim, envelope)
  return [
    ["BHT", "0019", "00", exact(claim.control, "CLM"), x12Date(envelope.day), time, purpose],
    ...partySegments("41", from),
    ...partySegments("40", to),
  ]
}
const bare = { street: [], city: [], taxonomy: undefined, references: [], further: [], qualifier: "46" } as const

/** The hierarchical levels, numbered through the transaction; claims of one provider share its level. */
class Levels {
  #count = 0
  #provider: { readonly number: string; readonly text: string } | undefined

  segments(claim: Claim837): readonly OutSegment[] {
    const provider = providerSegments(claim)
    const text = JSON.stringify(provider)
    const isNew = this.#provider?.text !== text
    if (isNew) this.#provider = { number: String(++this.#count), text }
    const above = this.#provider!.number
    const subscriber = String(++this.#count)
    const { patient } = claim
    return [
      ...(isNew ? [["HL", above, "", "20", "1"] as OutSegment, ...provider] : []),
      ["HL", subscriber, above, "22", patient === undefined ? "0" : "1"],
      ...subscriberSegments(claim),
      ...(patient === undefined ? [] : [["HL", String(++this.#count), subscriber, "23", "0"] as OutSegment]),
      ...(patient === undefined ? [] : patientSegments(claim, patient)),
      ...claimSegments(claim),
    ]
  }
}

function providerSegments({ billing, payTo, currency }: Claim837): readonly OutSegment[] {
  return [
    ...taxonomySegment("85", billing),
    ...(currency === undefined ? [] : [["CUR", "85", exact(currency, "CUR")] as OutSegment]),
    ...partySegments("85", billing, { isTaxonomyApart: true }),
    ...(payTo === undefined ? [] : partySegments("87", payTo)),
  ]
}

function subscriberSegments(claim: Claim837): readonly OutSegment[] {
  const { rank, relation, group, planName, insuranceType = "", filing, subscriber, payer, patient } = claim
  const told = toldOf(subscriber)
  const sbr = (text: string) => exact(text, "SBR")
  return [
    [
      ...(["SBR", rankCode(rank), patient === undefined ? sbr(relation) : "", sbr(group), words(planName)] as const),
      ...[sbr(insuranceType), "", "", "", sbr(filing)],
    ],
    ...(told === undefined ? [] : [told]),
    ...personSegments("IL", subscriber),
    ...partySegments("PR", payer),
  ]
}

function patientSegments({ relation }: Claim837, patient: NonNullable<Claim837["patient"]>): readonly OutSegment[] {
  const told = toldOf(patient)
  return [["PAT", exact(relation, "PAT"), ...(told?.slice(2) ?? [])], ...personSegments("QC", patient)]
}

function claimSegments(claim: Claim837): readonly OutSegment[] {
  const { kind, control, total, place, frequency, declarations = [], furtherClaim = [] } = claim
  const clm = (text: string) => exact(text, "CLM")
  const own = Array.from({ length: 5 }, (_, index) => clm(declarations[index] ?? ""))
  // Lines may point to a diagnosis that a correction brought.
  const diagnoses =
    kind === "institutional"
      ? claim.diagnoses
      : [...claim.diagnoses, ...new Set(claim.lines.flatMap((line) => line.diagnoses))].filter(
          (code, index, codes) => index < claim.diagnoses.length || codes.indexOf(code) === index,
        )
  return [
    [
      ...(["CLM", clm(control), decimalText(total), "", ""] as const),
      [clm(place), kind === "institutional" ? "A" : "B", String(frequency)],
      ...[...own, causesOf(claim), ...furtherClaim.map(clm)],
    ],
    ...inOrder([...detailSegments(claim), ...codeSegments(claim, diagnoses)], "claim", ([tag]) => tag),
    ...claimParties(claim),
    ...claim.otherPayers.flatMap(otherPayerSegments),
    ...claim.lines.flatMap((line) => lineSegments(line, claim, diagnoses)),
  ]
}

/** CLM11 as it came, unless a correction changed what it says. */
function causesOf({ causes, accident, workRelated, kind }: Claim837): readonly string[] {
  const kinds = (causes ?? []).slice(0, 3)
  const isSaid = kinds.some((one) => /^(AA|AB|AP|OA)$/.test(one)) === accident && kinds.includes("EM") === workRelated
  // An institutional claim says it by occurrence codes, which are kept.
  if (isSaid || kind === "institutional") return (causes ?? []).map((part) => exact(part, "CLM"))
  return [accident ? "OA" : "", workRelated ? "EM" : ""].filter((one) => one !== "")
}

function detailSegments(claim: Claim837): readonly OutSegment[] {
  const { original, authorization, referral, patientPaid, admission } = claim
  const reference = (qualifier: string, value: string | undefined): readonly OutSegment[] =>
    value === undefined || value === "" ? [] : [["REF", qualifier, exact(value, "REF")]]
  const stay = admission === undefined ? [] : [admission.type, admission.source, admission.status]
  return [
    ...claimDates(claim),
    ...(stay.length === 0 ? [] : [["CL1", ...stay.map((one) => exact(one, "CL1"))] as OutSegment]),
    ...(patientPaid === undefined ? [] : [["AMT", "F5", decimalText(patientPaid)] as OutSegment]),
    ...reference("9F", referral),
    ...reference("G1", authorization),
    ...reference("F8", original),
    ...keptSegments(claim.further),
  ]
}

function claimDates(claim: Claim837): readonly OutSegment[] {
  const { kind, admitted, from, to, lines } = claim
  const admission = admitted === undefined ? [] : [momentSegment("435", admitted, claim.admittedTime)]
  if (kind === "institutional") {
    const statement: OutSegment = ["DTP", "434", "RD8", `${x12Date(from)}-${x12Date(to)}`]
    return [...dischargeSegments(claim), statement, ...admission]
  }
  const dated = kind === "dental" ? lines.find((line) => line.isClaimDated === true) : undefined
  return [
    ...admission,
    ...dischargeSegments(claim),
    ...(dated === undefined ? [] : [dateSegment("472", dated.from, dated.to)]),
  ]
}

function momentSegment(qualifier: string, day: number, time: string | undefined): OutSegment {
  if (time === undefined) return dateSegment(qualifier, day)
  return ["DTP", qualifier, "DT", x12Date(day) + exact(time, "DTP")]
}

/** The guide of a stay gives only the hour, on the last day of the statement. */
function dischargeSegments({ kind, discharged, dischargedTime, to }: Claim837): readonly OutSegment[] {
  if (discharged === undefined) return []
  const isHourAlone = kind === "institutional" && dischargedTime !== undefined && discharged === to
  if (isHourAlone) return [["DTP", "096", "TM", exact(dischargedTime, "DTP")]]
  return [momentSegment("096", discharged, dischargedTime)]
}

function claimParties(claim: Claim837): readonly OutSegment[] {
  const named = [
    ["71", claim.attending],
    ["DN", claim.referring],
    ["82", claim.rendering],
    ["77", claim.facility],
  ] as const
  const found = named.flatMap(([role, party]) => (party === undefined ? [] : [{ role, party }]))
  const all = partiesInOrder([...found, ...(claim.parties ?? [])], claim.kind)
  return all.flatMap(({ role, party }) => partySegments(exact(role, "NM1"), party))
}

const isNobody = ({ last, id, references, street, city, further }: Party837) =>
  last === "" && id === "" && references.length + street.length + city.length + (further?.length ?? 0) === 0

function otherPayerSegments(other: OtherPayer837): readonly OutSegment[] {
  const { rank, relation, group, planName = "", insuranceType = "", filing, payer, subscriber, paid, left } = other
  const sbr = (text: string) => exact(text, "SBR")
  const kept = keptSegments(other.further)
  const named = kept.findIndex(([tag]) => tag === "NM1")
  const own = named < 0 ? kept : kept.slice(0, named)
  const amount = (qualifier: string, value: bigint | undefined): readonly OutSegment[] =>
    value === undefined ? [] : [["AMT", qualifier, decimalText(value)]]
  const dates = other.on === undefined ? [] : [dateSegment("573", other.on)]
  const isAnswered = other.on !== undefined || other.control !== undefined
  return [
    [
      ...(["SBR", rankCode(rank), sbr(relation), sbr(group), words(planName), sbr(insuranceType)] as const),
      ...["", "", "", sbr(filing)],
    ],
    ...adjustmentSegments(other.adjustments),
    ...inOrder([...amount("D", paid), ...amount("EAF", left), ...own], "other", ([tag]) => tag),
    ...(isNobody(subscriber) ? [] : partySegments("IL", subscriber)),
    ...(isNobody(payer) && !isAnswered ? [] : partySegments("PR", payer, { dates })),
    ...(other.control === undefined ? [] : [["REF", "F8", exact(other.control, "REF")] as OutSegment]),
    ...(named < 0 ? [] : kept.slice(named)),
  ]
}
