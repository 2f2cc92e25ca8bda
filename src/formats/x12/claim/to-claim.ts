/**
 * An 837 claim as what the adjudicator takes: the claim, the facts about patient and provider that it carries, the legs
 * of earlier payers, and the numbers of authorizations and referrals it names. What it does not say stays absent.
 */
import { refuse } from "../../../base/refusal.ts"
import type { Claim, ClaimLine, Member, Provider } from "../../../plan/claim.ts"
import { plainClaim, plainLine, plainMember, plainProvider } from "../../../plan/claim.ts"
import type { PriorLeg } from "../../../plan/input.ts"
import { type Answer, answer } from "../../answer.ts"
import type { Claim837, Line837, Party837 } from "./claim-837.ts"
import { type JudgedLine, priorLegsOf } from "./to-claim-legs.ts"

export interface PlanClaimOptions {
  /** Day number on which the payer received the claim. */
  readonly received: number
  /** Receipt of the claim that a replacement replaces. */
  readonly originalReceived?: number
  /** The day on which all facts were there; the day of receipt when absent. */
  readonly clean?: number
}

export interface PlanClaim837 {
  readonly claim: Claim
  /** Of cover, dates, family and flags the claim says nothing: the payer's own roll does. */
  readonly member: Member
  readonly provider: Provider
  readonly legs: readonly PriorLeg[]
  /** REF*G1 and REF*9F of the claim and its lines: numbers, whose terms the payer keeps. */
  readonly authorizations: readonly string[]
  readonly referrals: readonly string[]
  /** ISO 4217. */
  readonly currency: string
  /** The 837 line that each line of the claim came from, by the claim's line number. */
  readonly lineOf: ReadonlyMap<number, Line837>
}

/**
 * The claim for `adjudicate`, or the refusal of what the plan's claim cannot say. Stated rules:
 * - Type of bill is CLM05-1 and the frequency; inpatient are 11, 18, 21, 28, 41, 51, 61, 65, 66 and 86.
 * - A line carries its first twelve diagnoses, principal first.
 * - The provider is the rendering one of the claim, or of all its lines, else the billing one; institutional: the billing.
 * - A dental line with one tooth has that tooth; one with as many units as teeth is split evenly, the further parts
 *   numbered after the last line; one unit over several teeth stays one line and names no tooth. All else is refused.
 */
export function planClaimOf(claim: Claim837, options: PlanClaimOptions): Answer<PlanClaim837> {
  return answer(() => {
    const lineOf = new Map<number, Line837>()
    const judged: JudgedLine[] = []
    const lines: ClaimLine[] = []
    for (const { line, from, isSplit } of splitLines(claim)) {
      lineOf.set(line.number, from)
      judged.push({ number: line.number, charge: line.charge, answers: from.answers, isSplit })
      lines.push(line)
    }
    if (lines.length > 999) {
      refuse("x12-claim-size", "Cannot use the 837: the claim has over 999 lines", placeOf(claim), "Split the claim.")
    }
    const numbers = (own: string | undefined, ofLine: (line: Line837) => string | undefined) => [
      ...new Set([own, ...claim.lines.map(ofLine)].filter((one) => one !== undefined && one !== "")),
    ]
    return {
      claim: planClaim(claim, lines, options),
      member: memberOf(claim),
      provider: providerOf(claim),
      legs: priorLegsOf(claim, judged, options.received),
      authorizations: numbers(claim.authorization, (line) => line.authorization) as string[],
      referrals: numbers(claim.referral, (line) => line.referral) as string[],
      currency: claim.currency ?? "USD",
      lineOf,
    }
  })
}

const placeOf = (claim: Claim837) => `CLM, line ${claim.at}`

/** What the canonical encoding takes: printable ASCII. Names are not among it. */
function codeText(text: string, place: string): string {
  if (/^[ -~]{0,200}$/.test(text)) return text
  return refuse("x12-text", "Cannot use the 837: a code is not plain ASCII", place, "Correct the element.")
}
const someText = (text: string | undefined, place: string) =>
  text === undefined || text === "" ? undefined : codeText(text, place)

/** Facility and class of the types of bill that are stays. */
export const inpatientBills: ReadonlySet<string> = new Set("11 18 21 28 41 51 61 65 66 86".split(" "))
/** CLM19 among CLM12 and after: a predetermination asks for a price and no payment. */
const isPredetermined = (claim: Claim837) => claim.furtherClaim?.[7] === "PB"

function planClaim(claim: Claim837, lines: readonly ClaimLine[], options: PlanClaimOptions): Claim {
  const { kind, frequency, place, admitted, discharged, emergency, accident, workRelated } = claim
  if (frequency < 1) {
    const what = "Cannot use the 837: frequency 0 bills nothing"
    refuse("x12-frequency", what, `CLM05, line ${claim.at}`, "Nothing is to be decided about it.")
  }
  const isBill = kind === "institutional"
  return {
    ...plainClaim(lines, options.received),
    use: isPredetermined(claim) ? "quote" : "claim",
    kind,
    frequency,
    original: someText(claim.original, placeOf(claim)),
    originalReceived: options.originalReceived,
    clean: options.clean ?? options.received,
    ...{ admitted, discharged, emergency, accident, workRelated },
    billType: isBill ? codeText(`${place}${frequency}`, placeOf(claim)) : undefined,
    drg: someText(claim.drg, placeOf(claim)),
    inpatient: isBill && inpatientBills.has(place),
  }
}

interface PlanLine {
  readonly line: ClaimLine
  readonly from: Line837
  readonly isSplit: boolean
}

function splitLines(claim: Claim837): readonly PlanLine[] {
  let next = claim.lines.reduce((highest, line) => Math.max(highest, line.number), 0) + 1
  const rest: PlanLine[] = []
  const seen = new Set<number>()
  const own = claim.lines.map((from): PlanLine => {
    if (seen.has(from.number)) {
      const what = "Cannot use the 837: two lines bear one number"
      refuse("x12-line-number", what, `LX ${from.number}, claim at line ${claim.at}`, "Number the lines apart.")
    }
    seen.add(from.number)
    const line = planLine(from, claim)
    const [tooth, ...others] = from.teeth
    if (tooth === undefined) return { line, from, isSplit: false }
    const named = (one: Line837["teeth"][number]) => ({
      tooth: someText(one.tooth, `TOO02 of LX ${from.number}`),
      surfaces: one.surfaces.slice(0, 8).map((surface) => codeText(surface, `TOO03 of LX ${from.number}`)),
    })
    if (others.length === 0) return { line: { ...line, ...named(tooth) }, from, isSplit: false }
    const count = from.teeth.length
    if (from.unitsMilli === 1000) return { line, from, isSplit: false }
    if (from.unitsMilli !== 1000 * count || from.charge % BigInt(count) !== 0n) refuseTeeth(from)
    const part = { ...line, unitsMilli: 1000, charge: from.charge / BigInt(count) }
    for (const other of others) {
      rest.push({ line: { ...part, ...named(other), number: next++ }, from, isSplit: true })
    }
    return { line: { ...part, ...named(tooth) }, from, isSplit: true }
  })
  return [...own, ...rest]
}

function refuseTeeth(line: Line837): never {
  const what = "Cannot use the 837: a line's units and charge do not go evenly into its teeth"
  return refuse("x12-teeth", what, `TOO of LX ${line.number}`, "Bill each tooth on a line of its own.")
}

function planLine(line: Line837, { kind, at }: Claim837): ClaimLine {
  const place = `LX ${line.number}, claim at line ${at}`
  const text = (value: string | undefined) => someText(value, place)
  return {
    ...plainLine(line.number, codeText(line.code, place), line.charge, line.from),
    codeSystem: text(line.codeSystem),
    modifiers: line.modifiers.map((modifier) => codeText(modifier, place)),
    unitsMilli: line.unitsMilli,
    to: line.to,
    place: kind === "institutional" ? undefined : text(line.place),
    revenue: text(line.revenue?.padStart(4, "0")),
    diagnoses: line.diagnoses.slice(0, 12).map((code) => codeText(code, place)),
    drug: text(line.drug),
  }
}

/** SBR02 and PAT01 in words; unknown (21) and absent say nothing. */
const relations: ReadonlyMap<string, string> = new Map([
  ...([
    ["18", "self"],
    ["01", "spouse"],
    ["19", "child"],
    ["53", "partner"],
    ["20", "employee"],
  ] as const),
  ...([
    ["39", "donor"],
    ["40", "donor"],
    ["G8", "other"],
  ] as const),
])

function memberOf(claim: Claim837): Member {
  const person = claim.patient ?? claim.subscriber
  if (claim.rank > 9) {
    refuse(
      "x12-rank",
      "Cannot use the 837: it has over nine payers",
      placeOf(claim),
      "Send the claim to the first nine.",
    )
  }
  const kinds = claim.otherPayers.map((other) => codeText(other.filing, placeOf(claim))).filter((kind) => kind !== "")
  return {
    ...plainMember,
    born: person.born,
    sex: person.sex === "F" || person.sex === "M" ? person.sex : undefined,
    relation: relations.get(claim.relation),
    rank: claim.rank,
    otherCover: kinds.slice(0, 9),
  }
}

function providerOf(claim: Claim837): Provider {
  const party = judgedProvider(claim)
  return {
    ...plainProvider(codeText(party.id, placeOf(claim))),
    specialty: someText(party.taxonomy, placeOf(claim)),
  }
}

function judgedProvider(claim: Claim837): Party837 {
  if (claim.kind === "institutional") return claim.billing
  if (claim.rendering !== undefined && claim.rendering.id !== "") return claim.rendering
  const [first, ...others] = claim.lines.map((line) => line.rendering)
  const isOne = first !== undefined && first.id !== "" && others.every((other) => other?.id === first.id)
  return isOne ? first : claim.billing
}
