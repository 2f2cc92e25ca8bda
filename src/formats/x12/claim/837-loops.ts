/**
 * The loops of an 837, flattened: each claim with the segments of its own loop, of its lines, and of the billing
 * provider, subscriber and patient it stands under. One pass over the segments, one claim at a time.
 */
import { element, type X12Segment } from "../syntax/syntax.ts"

export interface ClaimLoop {
  /** ST to the first HL: submitter and receiver. */
  readonly head: readonly X12Segment[]
  /** Segments of the hierarchical levels above: 20 billing provider, 22 subscriber, 23 patient (empty when the same). */
  readonly provider: readonly X12Segment[]
  readonly subscriber: readonly X12Segment[]
  readonly patient: readonly X12Segment[]
  /** CLM and what follows it up to the first line. */
  readonly claim: readonly X12Segment[]
  /** One list a line, each beginning with LX. */
  readonly lines: readonly (readonly X12Segment[])[]
}

/** A segment that stands where no claim can be read out of it. */
export interface OrphanSegment {
  readonly orphan: X12Segment
}

const nothing: readonly never[] = []

/**
 * Cuts a transaction into claims, segment by segment; what stands outside its loop comes out as such and the rest goes
 * on. A new level ends the claims above it and clears the levels below it. Holds one claim and the levels above it.
 */
export class ClaimLoops {
  readonly #head: X12Segment[] = []
  #provider: X12Segment[] = []
  #subscriber: X12Segment[] = []
  #patient: X12Segment[] = []
  #claim: X12Segment[] | undefined
  #lines: X12Segment[][] = []
  #into: X12Segment[] | undefined = this.#head

  /** What the segment ends or cannot be part of: mostly nothing. SE ends the last claim. */
  push(segment: X12Segment): readonly (ClaimLoop | OrphanSegment)[] {
    const { tag } = segment
    if (tag !== "HL" && tag !== "CLM" && tag !== "LX" && tag !== "SE") {
      this.#into?.push(segment)
      return nothing
    }
    const ended = tag === "LX" ? nothing : this.#end()
    if (tag === "SE") return ended
    if (!this.#open(segment)) return [...ended, { orphan: segment }]
    this.#into?.push(segment)
    return ended
  }

  #end(): readonly ClaimLoop[] {
    const claim = this.#claim
    if (claim === undefined) return nothing
    this.#claim = undefined
    const [head, provider, subscriber, patient] = [this.#head, this.#provider, this.#subscriber, this.#patient]
    return [{ head, provider, subscriber, patient, claim, lines: this.#lines }]
  }

  /** Opens a level, a claim or a line; whether the segment may stand here. */
  #open(segment: X12Segment): boolean {
    const own: X12Segment[] = []
    const { tag } = segment
    if (tag === "LX") {
      // The lines of a claim that is an orphan itself are told with it.
      if (this.#claim === undefined) return this.#into === undefined
      this.#lines.push(own)
    } else if (tag === "CLM") {
      const isPlaced = this.#subscriber.length > 0
      this.#claim = isPlaced ? own : undefined
      this.#lines = []
      this.#into = isPlaced ? own : undefined
      return isPlaced
    } else {
      const level = element(segment, 3)
      if (level === "20") [this.#provider, this.#subscriber, this.#patient] = [own, [], []]
      else if (level === "22") [this.#subscriber, this.#patient] = [own, []]
      else if (level === "23") this.#patient = own
      else {
        this.#into = undefined
        return false
      }
    }
    this.#into = own
    return true
  }
}

/** The segments of one loop: its own, and one list for each party (NM1) that it names. */
export interface PartedLoop {
  readonly own: readonly X12Segment[]
  readonly parties: readonly (readonly X12Segment[])[]
}

/** Splits at each NM1; what follows one and is not of a party's loop goes back to the loop itself. */
export function partLoop(segments: readonly X12Segment[]): PartedLoop {
  const own: X12Segment[] = []
  const parties: X12Segment[][] = []
  let party: X12Segment[] | undefined
  for (const segment of segments) {
    if (segment.tag === "NM1") {
      party = [segment]
      parties.push(party)
    } else if (party !== undefined && ofParty.has(segment.tag)) party.push(segment)
    else own.push(segment)
  }
  return { own, parties }
}
const ofParty: ReadonlySet<string> = new Set(["N2", "N3", "N4", "PER", "PRV", "REF", "DMG", "DTP"])

/** The claim's own loops: 2300 with its parties, and one for each other payer (2320 with its parties). */
export function partClaim(claim: readonly X12Segment[]): { claim: PartedLoop; others: readonly PartedLoop[] } {
  const starts = claim.flatMap((segment, index) => (segment.tag === "SBR" ? [index] : []))
  const others = starts.map((start, index) => partLoop(claim.slice(start, starts[index + 1])))
  return { claim: partLoop(claim.slice(0, starts[0])), others }
}

/** A line's loops: 2400 with its drug (2410) and parties (2420), the answers of other payers (2430), its forms (2440). */
export interface PartedLine extends PartedLoop {
  readonly drug: readonly X12Segment[]
  readonly answers: readonly (readonly X12Segment[])[]
  readonly forms: readonly X12Segment[]
}

export function partLine(segments: readonly X12Segment[]): PartedLine {
  const [own, drug, forms]: [X12Segment[], X12Segment[], X12Segment[]] = [[], [], []]
  const [parties, answers]: [X12Segment[][], X12Segment[][]] = [[], []]
  let into = own
  let members: ReadonlySet<string> | undefined
  for (const segment of segments) {
    const { tag } = segment
    if (tag === "LIN") [into, members] = [drug, ofDrug]
    else if (tag === "NM1") {
      into = []
      members = ofParty
      parties.push(into)
    } else if (tag === "SVD") {
      into = []
      members = ofAnswer
      answers.push(into)
    } else if (tag === "LQ") [into, members] = [forms, ofForm]
    else if (members !== undefined && (!members.has(tag) || (into === drug && !isOfDrug(segment)))) {
      own.push(segment)
      continue
    }
    into.push(segment)
  }
  return { own, drug, parties, answers, forms }
}
/** CTP, and the number of a prescription (XZ) or of a compound (VY). */
export const isOfDrug = (segment: X12Segment): boolean =>
  segment.tag === "CTP" || /^(?:XZ|VY)$/.test(element(segment, 1))
const ofDrug: ReadonlySet<string> = new Set(["CTP", "REF"])
const ofAnswer: ReadonlySet<string> = new Set(["CAS", "DTP", "AMT"])
const ofForm: ReadonlySet<string> = new Set(["FRM"])

export function first(segments: readonly X12Segment[], tag: string, qualifier?: string): X12Segment | undefined {
  for (const segment of segments) {
    if (segment.tag === tag && (qualifier === undefined || element(segment, 1) === qualifier)) return segment
  }
  return undefined
}

/** Order of the segments of each loop in the 5010 guides; what a guide does not know stands last. */
const orders = {
  claim: "DTP CL1 DN1 DN2 PWK CN1 AMT REF K3 NTE CR1 CR2 CR3 CRC HI QTY HCP",
  line: "SV1 SV2 SV3 TOO SV4 SV5 SV6 PWK CR1 CR2 CR3 CR5 CRC DTP QTY MEA CN1 REF AMT K3 NTE PS1 HCP",
  party: "PAT PRV N2 N3 N4 DMG REF PER DTP",
  other: "CAS AMT DMG OI MIA MOA",
}
const placesOf = (order: string): ReadonlyMap<string, number> =>
  new Map(order.split(" ").map((tag, index) => [tag, index]))
const places = {
  claim: placesOf(orders.claim),
  line: placesOf(orders.line),
  party: placesOf(orders.party),
  other: placesOf(orders.other),
}

/** Segments in the order of their loop; those of one tag stay as they were. */
export function inOrder<T>(
  segments: readonly T[],
  loop: keyof typeof orders,
  tagOf: (segment: T) => string,
): readonly T[] {
  if (segments.length < 2) return segments
  const place = (segment: T) => places[loop].get(tagOf(segment)) ?? 99
  return [...segments].sort((a, b) => place(a) - place(b))
}

const partyOrders = {
  professional: ["DN", "P3", "82", "77", "DQ", "PW", "45"],
  institutional: ["71", "72", "ZZ", "82", "77", "DN"],
  dental: ["DN", "P3", "82", "77", "DD", "DQ"],
} as const

/** Parties of a claim in the order of its guide; what the guide does not know stands last. */
export function partiesInOrder<T extends { readonly role: string }>(
  parties: readonly T[],
  kind: keyof typeof partyOrders,
): readonly T[] {
  const order: readonly string[] = partyOrders[kind]
  const place = ({ role }: T) => (order.includes(role) ? order.indexOf(role) : order.length)
  return [...parties].sort((a, b) => place(a) - place(b))
}

/** Order of an institutional claim's HI qualifiers; 4010's and 5010's ICD ones are alike but for their first letter. */
const codeOrder = ["BJ", "PR", "ZZ", "BN", "BI", "BH", "BE", "BG", "TC", "BP", "BO"]

/** Whether 4010 or 5010 has this qualifier of HI, apart from diagnoses, procedures and the first DRG. */
export const isKnownCode = (qualifier: string): boolean =>
  codeOrder.includes(qualifier.replace(/^A(?=BJ$|PR$|BN$)/, "")) || qualifier === "DR"

/** Where a qualifier of HI stands among those that are neither diagnosis, DRG nor procedure. */
export function codePlace(qualifier: string): number {
  const place = codeOrder.indexOf(/^A(BJ|PR|BN)$/.exec(qualifier)?.[1] ?? qualifier)
  return place < 0 ? codeOrder.length : place
}
