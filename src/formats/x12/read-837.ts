/**
 * A professional claim out of an X12 837 (4010A1 and 5010): its lines, dates and ids. The file itself is one sealed
 * entry and each line one sentence of fact. Ids of people are for the sealed record and for matching; names and
 * addresses are not taken out at all.
 */
import { refuse } from "../../base/refusal.ts"
import { formatDate, parseDate } from "../../base/time.ts"
import { minorUnits, scaledInteger } from "../amount.ts"
import { type Answer, answer } from "../answer.ts"
import { type ClaimLoop, claimLoops, entity, first } from "./837-loops.ts"
import { element, placeIn, readInterchanges, type X12Segment } from "./syntax.ts"

export const x12MediaType = "application/edi-x12"

export interface X12Line {
  /** LX01. */
  readonly number: number
  readonly code: string
  /** `HC` HCPCS, `IV` HIEC, `WK` ABC codes, `ER` jurisdiction-specific. */
  readonly codeSystem: string
  readonly modifiers: readonly string[]
  readonly charge: bigint
  readonly unitsMilli: number
  /** `UN` units, `MJ` minutes. */
  readonly unit: string
  readonly place: string
  readonly from: number
  readonly to: number
  readonly diagnoses: readonly string[]
  /** NDC, where the line names a drug. */
  readonly drug: string | undefined
  /** REF*6R: the sender's own number of the line, to be returned in the 835. */
  readonly control: string | undefined
  readonly facts: readonly number[]
}

export interface PartyId {
  /** NM108: `XX` NPI, `MI` member number, `PI` payer id, … */
  readonly qualifier: string
  readonly id: string
}

export interface X12Claim {
  readonly guide: string
  readonly interchangeControl: string
  readonly transactionControl: string
  /** CLM01. */
  readonly control: string
  /** CLM05-3: 1 original, 7 replacement, 8 void. */
  readonly frequency: number
  /** REF*F8: the payer's number of the claim that this one replaces or voids. */
  readonly original: string | undefined
  readonly billingProvider: PartyId
  readonly renderingProvider: PartyId | undefined
  readonly subscriber: PartyId
  readonly payer: PartyId
  /** SBR01: 1 primary, 2 secondary, 3 tertiary. */
  readonly rank: number
  readonly otherPayers: boolean
  readonly patient: {
    readonly isSubscriber: boolean
    readonly born: number | undefined
    readonly sex: string | undefined
  }
  readonly accident: boolean
  readonly workRelated: boolean
  readonly from: number
  readonly to: number
  readonly currency: string
  /** CLM02, and the sum of the lines' charges. */
  readonly total: bigint
  readonly diagnoses: readonly string[]
  readonly lines: readonly X12Line[]
  readonly facts: readonly { readonly sentence: string; readonly entry: number }[]
  /** The file as received: the one entry. */
  readonly entry: {
    readonly title: string
    readonly mediaType: string
    readonly category: "billing"
    readonly bytes: Uint8Array
  }
  /** Which claim of the file this is, from 1, and how many there are. */
  readonly position: number
  readonly claimsInFile: number
}

export interface Read837Options {
  /** Which claim of the file, from 1; the first when absent. */
  readonly claim?: number
}

/** One claim of an 837 professional file. */
export function read837Professional(bytes: Uint8Array, { claim = 1 }: Read837Options = {}): Answer<X12Claim> {
  return answer(() => {
    const loops = professionalLoops(bytes)
    const loop = loops[claim - 1]
    if (loop === undefined) {
      const what = `Cannot read the 837: it has ${loops.length} claims, none is number ${claim}`
      refuse("x12-no-such-claim", what, "CLM", `Choose a claim from 1 to ${loops.length}.`)
    }
    const content = readLoop(loop)
    const entry = {
      title: "Claim file (837)",
      mediaType: x12MediaType,
      category: "billing",
      bytes: bytes.slice(),
    } as const
    return { ...content, entry, position: claim, claimsInFile: loops.length }
  })
}

function professionalLoops(bytes: Uint8Array): readonly ClaimLoop[] {
  const loops: ClaimLoop[] = []
  for (const interchange of readInterchanges(bytes)) {
    for (const transaction of interchange.transactions) {
      const header = transaction.segments[0]!
      if (transaction.set !== "837") {
        const what = "Cannot read the file: a transaction in it is not an 837"
        refuse("x12-not-837", what, placeIn(header, 1), "Send the claim file (837 professional).")
      }
      refuseOtherGuides(transaction.guide, transaction.segments)
      refuseMaskedLines(transaction.segments)
      loops.push(...claimLoops(interchange, transaction))
    }
  }
  if (loops.length > 0) return loops
  return refuse("x12-no-claim", "Cannot read the 837: it holds no claim", "CLM", "Send a file with a CLM segment.")
}

/** Professional guides by number; what the lines are (SV1, SV2, SV3) counts more than what the header says. */
function refuseOtherGuides(guide: string, segments: readonly X12Segment[]): void {
  const other = segments.find((segment) => segment.tag === "SV2" || segment.tag === "SV3")
  const number = /^00(?:4010|5010)X(\d{3})/.exec(guide)?.[1]
  const isInstitutional = other?.tag === "SV2" || (other === undefined && (number === "096" || number === "223"))
  const isDental = other?.tag === "SV3" || (other === undefined && (number === "097" || number === "224"))
  const place = placeIn(other ?? segments[0]!, other === undefined ? 3 : undefined)
  const remedy = "Send a professional claim (837P)."
  if (isInstitutional) refuse("x12-institutional", "Cannot read the 837: it is institutional", place, remedy)
  if (isDental) refuse("x12-dental", "Cannot read the 837: it is dental", place, remedy)
  if (number !== "098" && number !== "222") {
    const what = "Cannot read the 837: its version is neither 4010 nor 5010 professional"
    refuse("x12-guide", what, placeIn(segments[0]!, 3), remedy)
  }
}

/** Some masked samples have a plain envelope; their procedure qualifiers are X. */
function refuseMaskedLines(segments: readonly X12Segment[]): void {
  const masked = segments.find((segment) => segment.tag === "SV1" && /^X{2}[^A-Z0-9]/.test(element(segment, 1)))
  if (masked === undefined) return
  const what = "Cannot read X12: the file is masked (letters made X, digits made 9)"
  refuse("x12-masked", what, placeIn(masked, 1), "Send the original file.")
}

/** The segment, or a refusal that names it. */
function need(segment: X12Segment | undefined, name: string, near: X12Segment): X12Segment {
  if (segment !== undefined) return segment
  const what = `Cannot read the 837: the ${name} segment is missing`
  return refuse("x12-missing-segment", what, `after ${placeIn(near)}`, "Ask the sender for a corrected file.")
}

function badElement(segment: X12Segment, number: number, what: string): never {
  return refuse("x12-element", `Cannot read the 837: ${what}`, placeIn(segment, number), "Correct the element.")
}

function idOf(party: X12Segment): PartyId {
  const id = element(party, 9)
  if (id === "") badElement(party, 9, "a party has no id")
  return { qualifier: element(party, 8), id }
}

function moneyAt(segment: X12Segment, number: number): bigint {
  const amount = minorUnits(element(segment, number))
  if (amount === undefined) badElement(segment, number, "an amount is not a decimal of whole cents")
  if (amount < 0n) badElement(segment, number, "a charge is negative")
  return amount
}

function dayAt(segment: X12Segment, number: number, text: string): number {
  const day = /^\d{8}$/.test(text) ? parseDate(`${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`) : undefined
  if (day === undefined) badElement(segment, number, "a date does not exist")
  return day
}

function rangeAt(date: X12Segment): { from: number; to: number } {
  const [start = "", end = start] = element(date, 3).split("-")
  const [from, to] = [dayAt(date, 3, start), dayAt(date, 3, end)]
  if (to < from) badElement(date, 3, "a period ends before it starts")
  return { from, to }
}

type Content = Omit<X12Claim, "entry" | "position" | "claimsInFile">

function readLoop(loop: ClaimLoop): Content {
  const clm = loop.claim[0]!
  for (const segment of loop.transaction.segments) {
    if (segment.tag === "NM1" && element(segment, 1) === "") badElement(segment, 1, "a party's kind is missing")
  }
  const split = (text: string) => text.split(loop.interchange.component)
  const [place = "", , frequency = ""] = split(element(clm, 5))
  if (element(clm, 1) === "") badElement(clm, 1, "the claim has no control number")
  if (!element(clm, 5).includes(loop.interchange.component)) {
    badElement(clm, 5, "a composite element is not split by the separator that ISA16 names")
  }
  if (!/^[178]$/.test(frequency)) badElement(clm, 5, "the claim's frequency is not 1, 7 or 8")
  const reference = first(loop.claim, "REF", "F8")
  if (frequency !== "1") need(reference, "REF*F8 (original claim)", clm)
  const total = moneyAt(clm, 2)
  const diagnoses = diagnosesOf(loop, split)
  if (loop.lines.length === 0) need(undefined, "LX", clm)
  const lines = loop.lines.map((segments, index) => lineOf(segments, { place, diagnoses, split, fact: index }))
  const sum = lines.reduce((whole, line) => whole + line.charge, 0n)
  if (sum !== total) {
    const what = "Cannot read the 837: the lines' charges do not sum to the claim's total"
    refuse("x12-claim-total", what, placeIn(clm, 2), "Correct CLM02 or the lines' SV102.")
  }
  return {
    ...partiesOf(loop),
    ...causesOf(clm, split),
    guide: loop.transaction.guide,
    interchangeControl: loop.interchange.control,
    transactionControl: loop.transaction.control,
    control: element(clm, 1),
    frequency: Number(frequency),
    original: reference === undefined ? undefined : element(reference, 2),
    from: Math.min(...lines.map((line) => line.from)),
    to: Math.max(...lines.map((line) => line.to)),
    currency: "USD",
    total,
    diagnoses,
    lines,
    facts: lines.map((line) => ({ sentence: sentenceOf(line), entry: 0 })),
  }
}

const ranks: Readonly<Record<string, number>> = { P: 1, S: 2, T: 3, A: 4, B: 5, C: 6, D: 7, E: 8, F: 9 }

function partiesOf(loop: ClaimLoop) {
  const clm = loop.claim[0]!
  const sbr = need(first(loop.subscriber, "SBR"), "SBR", clm)
  const rank = ranks[element(sbr, 1)]
  if (rank === undefined) badElement(sbr, 1, "the payer's rank is unknown")
  const rendering = entity(loop.claim, "82")
  const isSubscriber = loop.patient.length === 0
  const birth = first(isSubscriber ? loop.subscriber : loop.patient, "DMG")
  return {
    billingProvider: idOf(need(entity(loop.provider, "85"), "NM1*85 (billing provider)", clm)),
    renderingProvider: rendering === undefined ? undefined : idOf(rendering),
    subscriber: idOf(need(entity(loop.subscriber, "IL"), "NM1*IL (subscriber)", clm)),
    payer: idOf(need(entity(loop.subscriber, "PR"), "NM1*PR (payer)", clm)),
    rank,
    otherPayers: first(loop.claim, "SBR") !== undefined,
    patient: {
      isSubscriber,
      born: birth === undefined ? undefined : dayAt(birth, 2, element(birth, 2)),
      sex: birth === undefined ? undefined : element(birth, 3) || undefined,
    },
  }
}

/** CLM11: related causes. EM employment; AA, AB, AP, OA accident. */
function causesOf(clm: X12Segment, split: (text: string) => readonly string[]) {
  const causes = split(element(clm, 11)).slice(0, 3)
  return { accident: causes.some((one) => /^(AA|AB|AP|OA)$/.test(one)), workRelated: causes.includes("EM") }
}

/** Diagnosis codes in the order that the lines' pointers count them. */
function diagnosesOf(loop: ClaimLoop, split: (text: string) => readonly string[]): readonly string[] {
  const codes: string[] = []
  for (const segment of loop.claim) {
    if (segment.tag !== "HI") continue
    for (const composite of segment.elements) {
      const [qualifier = "", code = ""] = split(composite.trim())
      if (/^A?B[KF]$/.test(qualifier) && code !== "") codes.push(code)
    }
  }
  return codes
}

interface LineSetting {
  readonly place: string
  readonly diagnoses: readonly string[]
  readonly fact: number
  split(text: string): readonly string[]
}

function lineOf(segments: readonly X12Segment[], setting: LineSetting): X12Line {
  const lx = segments[0]!
  const sv1 = need(first(segments, "SV1"), "SV1", lx)
  const number = Number(element(lx, 1))
  if (!Number.isInteger(number) || number < 1 || number > 65535) badElement(lx, 1, "the line has no number")
  const [codeSystem = "", code = "", ...rest] = setting.split(element(sv1, 1))
  if (!/^[A-Z0-9]{1,20}$/.test(code)) badElement(sv1, 1, "the line has no procedure code")
  const units = scaledInteger(element(sv1, 4), 3)
  if (units === undefined || units <= 0n || units > 10n ** 9n) badElement(sv1, 4, "the units are not a positive number")
  const own = element(sv1, 5)
  const lin = first(segments, "LIN")
  return {
    number,
    code,
    codeSystem,
    modifiers: rest.slice(0, 4).filter((modifier) => modifier !== ""),
    charge: moneyAt(sv1, 2),
    unitsMilli: Number(units),
    unit: element(sv1, 3),
    place: own === "" ? setting.place : own,
    ...rangeAt(need(first(segments, "DTP", "472"), "DTP*472 (date of service)", sv1)),
    diagnoses: pointedTo(sv1, setting),
    drug: lin !== undefined && element(lin, 2) === "N4" ? element(lin, 3) : undefined,
    control: element(first(segments, "REF", "6R"), 2) || undefined,
    facts: [setting.fact],
  }
}

function pointedTo(sv1: X12Segment, setting: LineSetting): readonly string[] {
  const pointers = setting.split(element(sv1, 7)).filter((pointer) => pointer !== "")
  return pointers.map((pointer) => {
    const code = setting.diagnoses[Number(pointer) - 1]
    if (code === undefined) badElement(sv1, 7, "a line points to a diagnosis that the claim does not have")
    return code
  })
}

function sentenceOf(line: X12Line): string {
  const marked = line.modifiers.length === 0 ? "" : ` with modifier ${line.modifiers.join(", ")}`
  const whole = Math.floor(line.unitsMilli / 1000)
  const part = line.unitsMilli % 1000
  const count = part === 0 ? String(whole) : `${whole}.${String(part).padStart(3, "0").replace(/0+$/, "")}`
  const unit = line.unit === "MJ" ? "minutes" : count === "1" ? "unit" : "units"
  const when =
    line.from === line.to ? `on ${formatDate(line.from)}` : `from ${formatDate(line.from)} to ${formatDate(line.to)}`
  return `Service ${line.code}${marked}, ${count} ${unit}, ${when}.`
}
