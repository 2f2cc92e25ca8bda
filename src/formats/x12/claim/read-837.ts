/**
 * A professional claim out of an X12 837 (4010A1 and 5010) as a visit's record takes it: its lines, dates and ids. The
 * file itself is one sealed entry and each line one sentence of fact. Ids of people are for the sealed record and for
 * matching; names and addresses are not taken out at all.
 */
import { refuse } from "../../../base/refusal.ts"
import { formatDate } from "../../../base/time.ts"
import { type Answer, answer } from "../../answer.ts"
import { placeIn, readInterchanges, type X12Segment } from "../syntax/syntax.ts"
import type { Claim837, Line837, Party837 } from "./claim-837.ts"
import { type ClaimAnswer837, claimsOf837, orThrow } from "./read-837-claims.ts"

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

/** One claim of an 837 professional file; any claim that cannot be read refuses the file. */
export function read837Professional(bytes: Uint8Array, { claim = 1 }: Read837Options = {}): Answer<X12Claim> {
  return answer(() => {
    const claims = professionalClaims(bytes)
    const chosen = claims[claim - 1]
    if (chosen === undefined) {
      const what = `Cannot read the 837: it has ${claims.length} claims, none is number ${claim}`
      refuse("x12-no-such-claim", what, "CLM", `Choose a claim from 1 to ${claims.length}.`)
    }
    const entry = {
      title: "Claim file (837)",
      mediaType: x12MediaType,
      category: "billing",
      bytes: bytes.slice(),
    } as const
    return { ...contentOf(chosen), entry, position: claim, claimsInFile: claims.length }
  })
}

function professionalClaims(bytes: Uint8Array): readonly Claim837[] {
  const answers: ClaimAnswer837[] = []
  for (const interchange of readInterchanges(bytes)) {
    for (const transaction of interchange.transactions) {
      if (transaction.set === "837") refuseOtherGuides(transaction.guide, transaction.segments)
      answers.push(...claimsOf837(transaction, interchange))
    }
  }
  return answers.map(orThrow)
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

const idOf = ({ qualifier, id }: Party837): PartyId => ({ qualifier, id })

function contentOf(claim: Claim837): Omit<X12Claim, "entry" | "position" | "claimsInFile"> {
  const { guide, interchangeControl, transactionControl, control, frequency, original, rank, total } = claim
  const person = claim.patient ?? claim.subscriber
  const lines = claim.lines.map(professionalLine)
  return {
    ...{ guide, interchangeControl, transactionControl, control, frequency, original, rank, total },
    billingProvider: idOf(claim.billing),
    renderingProvider: claim.rendering === undefined || claim.rendering.id === "" ? undefined : idOf(claim.rendering),
    subscriber: idOf(claim.subscriber),
    payer: idOf(claim.payer),
    otherPayers: claim.otherPayers.length > 0,
    patient: { isSubscriber: claim.patient === undefined, born: person.born, sex: person.sex },
    accident: claim.accident,
    workRelated: claim.workRelated,
    from: claim.from,
    to: claim.to,
    currency: claim.currency ?? "USD",
    diagnoses: claim.diagnoses,
    lines,
    facts: lines.map((line) => ({ sentence: sentenceOf(line), entry: 0 })),
  }
}

function professionalLine(line: Line837, index: number): X12Line {
  const { number, code, codeSystem, modifiers, charge, unitsMilli, unit, place, from, to, diagnoses, drug, control } =
    line
  const facts = [index]
  return {
    ...{
      number,
      code,
      codeSystem,
      modifiers,
      charge,
      unitsMilli,
      unit,
      place,
      from,
      to,
      diagnoses,
      drug,
      control,
      facts,
    },
  }
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
