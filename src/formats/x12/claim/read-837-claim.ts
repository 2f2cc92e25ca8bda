/** One claim of an 837 out of its loops: the fields of loop 2300 and the levels above it. */
import { refuse } from "../../../base/refusal.ts"
import { element, placeIn, type X12Segment } from "../syntax/syntax.ts"
import { type ClaimLoop, first, partClaim } from "./837-loops.ts"
import type { Claim837, Claim837Kind, Line837, Party837 } from "./claim-837.ts"
import { codesOf } from "./read-837-codes.ts"
import { type LevelsRead, levelsOf } from "./read-837-levels.ts"
import { lineOf } from "./read-837-lines.ts"
import {
  elementsOf,
  keptOf,
  otherParties,
  otherPayerOf,
  partyOf,
  roleOf,
  type Split,
  values,
} from "./read-837-parties.ts"

/** What all claims of a transaction share. */
export interface Sending {
  readonly guide: string
  readonly interchangeControl: string
  readonly transactionControl: string
  readonly component: string
  readonly split: Split
  readonly levels: LevelsRead
}

const kinds: ReadonlyMap<string, Claim837Kind> = new Map([
  ...(["096", "223"] as const).map((guide) => [guide, "institutional"] as const),
  ...(["097", "224"] as const).map((guide) => [guide, "dental"] as const),
  ...(["098", "222"] as const).map((guide) => [guide, "professional"] as const),
])
const kindOfTag: ReadonlyMap<string, Claim837Kind> = new Map([
  ["SV1", "professional"],
  ["SV2", "institutional"],
  ["SV3", "dental"],
])

/** What the lines are (SV1, SV2, SV3) counts more than what the header says: public samples have both wrong. */
function kindOf({ claim, lines }: ClaimLoop, guide: string): Claim837Kind {
  for (const line of lines) {
    for (const { tag } of line) {
      const kind = kindOfTag.get(tag)
      if (kind !== undefined) return kind
    }
  }
  const kind = kinds.get(/^00(?:4010|5010)X(\d{3})/.exec(guide)?.[1] ?? "")
  if (kind !== undefined) return kind
  const what = "Cannot read the 837: its version is neither 4010 nor 5010"
  return refuse("x12-guide", what, `ST03, before ${placeIn(claim[0]!)}`, "Send a 5010 claim.")
}

/** Some masked samples have a plain envelope; the qualifiers of their procedures and diagnoses are X. */
function refuseMasked({ claim, lines }: ClaimLoop): void {
  for (const segment of lines.flat()) {
    if (kindOfTag.has(segment.tag)) refuseMaskedAt(segment, segment.tag === "SV2" ? 2 : 1)
  }
  for (const segment of claim) if (segment.tag === "HI") refuseMaskedAt(segment, 1)
}

function refuseMaskedAt(segment: X12Segment, number: number): void {
  if (!/^X{2}[^A-Z0-9]/.test(element(segment, number))) return
  const what = "Cannot read X12: the file is masked (letters made X, digits made 9)"
  refuse("x12-masked", what, placeIn(segment, number), "Send the original file.")
}

/** @throws Refused for the first thing that cannot be read. */
export function claimOf(loop: ClaimLoop, sending: Sending): Claim837 {
  refuseMasked(loop)
  const kind = kindOf(loop, sending.guide)
  const { split } = sending
  const clm = loop.claim[0]!
  const heading = headingOf(clm, kind, sending)
  const parted = partClaim(loop.claim)
  const fields = claimFields(parted.claim.own, split)
  if (heading.frequency === 7 || heading.frequency === 8) {
    values.need(first(loop.claim, "REF", "F8"), "REF*F8 (original claim)", clm)
  }
  const codes = codesOf(parted.claim.own, split, kind !== "institutional")
  if (loop.lines.length === 0) values.need(undefined, "LX", clm)
  const { statement, service } = fields
  const days = kind === "institutional" ? statement : kind === "dental" ? service : undefined
  const setting = { kind, place: heading.place, diagnoses: codes.diagnoses, days, split }
  const lines = loop.lines.map((line) => lineOf(line, setting))
  const sum = lines.reduce((whole, line) => whole + line.charge, 0n)
  if (sum !== heading.total) {
    const what = "Cannot read the 837: the lines' charges do not sum to the claim's total"
    refuse("x12-claim-total", what, placeIn(clm, 2), "Correct CLM02 or the charges of the lines.")
  }
  const [from, to] = [
    statement?.from ?? lines.reduce((day, line) => Math.min(day, line.from), lines[0]!.from),
    statement?.to ?? lines.reduce((day, line) => Math.max(day, line.to), lines[0]!.to),
  ]
  return {
    kind,
    guide: sending.guide,
    interchangeControl: sending.interchangeControl,
    transactionControl: sending.transactionControl,
    ...heading,
    ...levelsOf(loop, sending),
    ...claimParties(parted.claim.parties, kind, split),
    ...codes,
    ...fields.kept,
    ...circumstances(clm, kind, lines, codes.information, fields.kept.admission, split),
    discharged: fields.kept.discharged ?? (fields.kept.dischargedTime === undefined ? undefined : to),
    otherPayers: parted.others.map((other) => otherPayerOf(other, split)),
    from,
    to,
    lines,
  }
}

/** CLM01, 02, 05 to 10 and after. */
function headingOf(clm: X12Segment, kind: Claim837Kind, { split, component }: Sending) {
  const [place = "", , frequency = ""] = split(element(clm, 5))
  if (element(clm, 1) === "") values.bad(clm, 1, "the claim has no control number")
  if (element(clm, 1).length > 38) values.bad(clm, 1, "the claim's control number has over 38 characters")
  if (!element(clm, 5).includes(component)) {
    values.bad(clm, 5, "a composite element is not split by the separator that ISA16 names")
  }
  if (kind === "institutional" && !/^\d$/.test(frequency)) values.bad(clm, 5, "the claim's frequency is not a digit")
  if (kind !== "institutional" && !/^[178]$/.test(frequency)) {
    values.bad(clm, 5, "the claim's frequency is not 1, 7 or 8")
  }
  const declarations = elementsOf(clm, 6, 10)
  const furtherClaim = elementsOf(clm, 12, 20)
  const total = values.charge(clm, 2)
  return {
    at: clm.line,
    control: element(clm, 1),
    frequency: Number(frequency),
    place,
    total,
    ...(declarations.length === 0 ? {} : { declarations }),
    ...(furtherClaim.length === 0 ? {} : { furtherClaim }),
  }
}

/** Dates, amounts and references of loop 2300 that have a field; `kept.further` is what has none. */
function claimFields(own: readonly X12Segment[], split: Split) {
  const found = new Map<string, X12Segment>()
  const rest: X12Segment[] = []
  for (const segment of own) {
    if (segment.tag === "CLM" || segment.tag === "HI") continue
    const key = segment.tag === "CL1" ? "CL1" : `${segment.tag} ${element(segment, 1)}`
    if (taken.has(key) && !found.has(key)) found.set(key, segment)
    else rest.push(segment)
  }
  const text = (key: string) => element(found.get(key), 2) || undefined
  const days = (key: string) => {
    const segment = found.get(key)
    return segment && values.range(element(segment, 3), segment, 3)
  }
  const admission = found.get("CL1")
  const paid = found.get("AMT F5")
  const [admitted, discharged] = [momentOf(found.get("DTP 435")), momentOf(found.get("DTP 096"))]
  return {
    statement: days("DTP 434"),
    service: days("DTP 472"),
    kept: {
      original: text("REF F8"),
      authorization: text("REF G1"),
      referral: text("REF 9F"),
      patientPaid: paid && values.amount(paid, 2),
      admitted: admitted.day,
      discharged: discharged.day,
      ...(admitted.time === undefined ? {} : { admittedTime: admitted.time }),
      ...(discharged.time === undefined ? {} : { dischargedTime: discharged.time }),
      admission: admission && {
        type: element(admission, 1),
        source: element(admission, 2),
        status: element(admission, 3),
      },
      ...keptOf(rest, split, "claim"),
    },
  }
}
const taken: ReadonlySet<string> = new Set([
  ...["DTP 434", "DTP 435", "DTP 096", "DTP 472", "CL1", "AMT F5", "REF F8", "REF G1", "REF 9F"],
])

/** D8 is a day, DT a day with hour and minute, TM an hour and minute alone. */
function momentOf(segment: X12Segment | undefined): { day: number | undefined; time: string | undefined } {
  if (segment === undefined) return { day: undefined, time: undefined }
  const [form, text] = [element(segment, 2), element(segment, 3)]
  const time = form === "TM" ? text : form === "DT" ? text.slice(8) : ""
  if (time !== "" && !/^([01]\d|2[0-3])[0-5]\d$/.test(time)) values.bad(segment, 3, "an hour does not exist")
  const day = form === "TM" ? undefined : values.day(form === "DT" ? text.slice(0, 8) : text, segment, 3)
  return { day, time: time === "" ? undefined : time }
}

/** CLM11 names causes: EM employment; AA, AB, AP, OA accident. An institutional claim says it by occurrence codes. */
function circumstances(
  clm: X12Segment,
  kind: Claim837Kind,
  lines: readonly Line837[],
  information: Claim837["information"],
  admission: Claim837["admission"],
  split: Split,
) {
  const parts = split(element(clm, 11))
  const causes = parts.slice(0, 3)
  const occurrences = (information ?? []).filter(({ qualifier }) => qualifier === "BH").map(({ code }) => code)
  const isStay = kind === "institutional"
  const occurred = (...codes: readonly string[]) => isStay && occurrences.some((code) => codes.includes(code))
  return {
    accident: causes.some((one) => /^(AA|AB|AP|OA)$/.test(one)) || occurred("01", "02", "03", "05"),
    workRelated: causes.includes("EM") || occurred("04"),
    emergency: isStay ? admission?.type === "1" : lines.some((line) => line.emergency === true),
    ...(parts.every((part) => part === "") ? {} : { causes: parts }),
  }
}

function claimParties(loops: readonly (readonly X12Segment[])[], kind: Claim837Kind, split: Split) {
  const named = new Map<string, readonly X12Segment[]>()
  const others: (readonly X12Segment[])[] = []
  for (const loop of loops) {
    const role = fieldOf.get(roleOf(loop))
    if (role === undefined || named.has(role)) others.push(loop)
    else named.set(role, loop)
  }
  const of = (role: string): Party837 | undefined => {
    const loop = named.get(role)
    return loop && partyOf(loop, split)
  }
  return {
    rendering: of("rendering"),
    referring: of("referring"),
    facility: of("facility"),
    attending: of("attending"),
    ...otherParties(others, split, kind),
  }
}
/** 77 is the facility of 5010; FA, LI and TL are those of 4010. */
const fieldOf: ReadonlyMap<string, string> = new Map([
  ...([
    ["82", "rendering"],
    ["DN", "referring"],
    ["71", "attending"],
  ] as const),
  ...(["77", "FA", "LI", "TL"] as const).map((role) => [role, "facility"] as const),
])
