/**
 * Everything one payer's determination depends on, frozen: the plan with its tables, the claim, the facts, the snapshot
 * it stands on, and the signed papers. Each part has a digest, and the digests in this order are what a leg was made from.
 */
import { sha256 } from "#crypto"
import { amount, type Codec, type Decoded, encodeAs, list, opt, struct, sum, text, uint } from "../base/schema.ts"
import { type Claim, claimCodec, day, type Member, memberCodec, type Provider, providerCodec } from "./claim.ts"
import { inputsDigest, type Leg, type LegLine } from "./leg.ts"
import type { AssuranceTier } from "./parts.ts"
import type { Plan } from "./plan.ts"
import { spreadOverLines } from "./share/prior-claim.ts"
import { encodeSnapshot, type Snapshot, snapshotDigest } from "./snapshot.ts"

/** A value with the digest of its bytes. */
export interface Part<T> {
  readonly value: T
  readonly digest: Uint8Array
}

/** A value as a part: SHA-256 of its canonical encoding. */
export function part<T>(codec: Codec<T>, value: T): Part<T> {
  return { value, digest: sha256(encodeAs(codec, value)) }
}

export const claimPart = (claim: Claim): Part<Claim> => part(claimCodec, claim)
export const memberPart = (member: Member): Part<Member> => part(memberCodec, member)
export const providerPart = (provider: Provider): Part<Provider> => part(providerCodec, provider)
export const snapshotPart = (snapshot: Snapshot): Part<Snapshot> => ({
  value: snapshot,
  digest: snapshotDigest(encodeSnapshot(snapshot)),
})

const reason = struct({ carc: text, amount })
/** `reasons` are the codes of what is left to the patient; their sum is `left`. */
const priorLine = struct({ number: uint(1, 65535), allowed: amount, paid: amount, left: amount, reasons: list(reason) })
export type PriorLine = Decoded<typeof priorLine>
/** What an earlier payer decided: of each line allowed, paid, and left to the patient. */
const priorLeg = struct({ payer: text, on: day, lines: list(priorLine) })
export type PriorLeg = Decoded<typeof priorLeg>
export const priorLegs = list(priorLeg, 0, 15)

/**
 * One of our own legs as the next payer reads it. Pended and held lines are left out: they are not decided. The money of
 * a rate that stands for several lines is spread over them by their charges.
 */
export function priorLegOf(leg: Leg, on: number): PriorLeg {
  const decided = leg.lines.filter((line) => line.status !== "pended" && line.status !== "held")
  const lines = decided.map(
    (line): PriorLine => ({
      number: line.number,
      allowed: line.allowed,
      paid: line.benefit,
      left: line.patient,
      reasons: line.adjustments
        .filter((item) => item.group === "PR")
        .map((item) => ({ carc: item.carc, amount: item.amount })),
    }),
  )
  for (const group of claimGroups(decided)) {
    const charges = group.map((index) => chargeOf(decided[index]!))
    const spread = spreadOverLines(lines[group[0]!]!, charges)
    group.forEach((index, i) => {
      if (spread !== undefined)
        lines[index] = { ...spread[i]!, number: lines[index]!.number, reasons: [...spread[i]!.reasons] }
    })
  }
  return { payer: leg.payer, on, lines }
}

const isPackaged = (line: LegLine) => line.adjustments.find((item) => item.kind === "allow" && item.carc === "97")

function chargeOf(line: LegLine): bigint {
  let charge = line.benefit
  for (const item of line.adjustments) charge += item.amount
  return charge
}

/** Places of the lines that one rate pays for, the one that carries it first. */
function claimGroups(lines: readonly LegLine[]): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>()
  lines.forEach((line, index) => {
    const packaged = isPackaged(line)
    if (packaged === undefined) return
    const known = groups.get(packaged.clause)
    if (known !== undefined) known.push(index)
    else groups.set(packaged.clause, [carrierBefore(lines, index, packaged.clause), index])
  })
  return [...groups.values()]
}

/** The nearest line before with money of its own, best one that names the clause. */
function carrierBefore(lines: readonly LegLine[], index: number, clause: string): number {
  const before = lines.slice(0, index)
  const names = (line: LegLine) => line.adjustments.some((item) => item.kind === "allow" && item.clause === clause)
  const named = before.findLastIndex(names)
  return named >= 0 ? named : before.findLastIndex((line) => line.allowed > 0n)
}

const authorization = struct({
  /** A code, or a category's name. */
  covers: text,
  from: day,
  until: day,
  provider: opt(text),
  unitsMilli: uint(),
})
export type Authorization = Decoded<typeof authorization>
export const authorizations = list(authorization)
const referral = struct({ from: text, to: opt(text), visits: uint(), used: uint() })
export type Referral = Decoded<typeof referral>
export const referrals = list(referral)
/** The member's signed acceptance that a clause leaves a line to her. */
const notice = struct({ clause: text, line: uint() })
export const notices = list(notice)
/** A signed decision of the person a clause names: 1 the clause applies to the line, 0 it does not. */
const decision = struct({ clause: text, line: uint(), answer: uint(0, 1), by: text, on: day, evidence: opt(text) })
export type Decision = Decoded<typeof decision>
export const decisions = list(decision)

const tiers: readonly AssuranceTier[] = ["patient", "proxy", "attested", "silent"]
const assuranceTier: Codec<AssuranceTier> = {
  read: (reader) => tiers[uint(0, 3).read(reader)]!,
  write: (writer, value) => writer.uint(tiers.indexOf(value)),
}
/** How sure it is that the patient agreed, and what her voucher set aside of limits and ceilings, by clause. */
const assurance = struct({ tier: assuranceTier, allotments: list(struct({ clause: text, most: sum })) })
export type Assurance = Decoded<typeof assurance>

export interface AdjudicationInput {
  readonly plan: Plan
  readonly claim: Part<Claim>
  readonly member: Part<Member>
  readonly provider: Part<Provider>
  readonly snapshot: Part<Snapshot>
  readonly legs: Part<readonly PriorLeg[]>
  readonly authorizations: Part<readonly Authorization[]>
  readonly referrals: Part<readonly Referral[]>
  readonly notices: Part<Decoded<typeof notices>>
  readonly decisions: Part<readonly Decision[]>
  readonly assurance: Part<Assurance>
  /** Date of determination: deadlines of the patient's silence alone read it. */
  readonly on: Part<number>
}

const none = {
  legs: part(priorLegs, []),
  authorizations: part(authorizations, []),
  referrals: part(referrals, []),
  notices: part(notices, []),
  decisions: part(decisions, []),
}
const patientSigned = part(assurance, { tier: "patient", allotments: [] })

/** The values of an input; parts left out are empty, assurance is the patient's own signature. */
export interface InputValues {
  readonly plan: Plan
  readonly claim: Claim
  readonly member: Member
  readonly provider: Provider
  readonly snapshot: Snapshot
  readonly legs?: readonly PriorLeg[]
  readonly authorizations?: readonly Authorization[]
  readonly referrals?: readonly Referral[]
  readonly notices?: Decoded<typeof notices>
  readonly decisions?: readonly Decision[]
  readonly assurance?: Assurance
  readonly on: number
}

/** An input from plain values, with each part's digest computed. */
export function inputOf(values: InputValues): AdjudicationInput {
  return {
    plan: values.plan,
    claim: claimPart(values.claim),
    member: memberPart(values.member),
    provider: providerPart(values.provider),
    snapshot: snapshotPart(values.snapshot),
    legs: values.legs === undefined ? none.legs : part(priorLegs, values.legs),
    authorizations:
      values.authorizations === undefined ? none.authorizations : part(authorizations, values.authorizations),
    referrals: values.referrals === undefined ? none.referrals : part(referrals, values.referrals),
    notices: values.notices === undefined ? none.notices : part(notices, values.notices),
    decisions: values.decisions === undefined ? none.decisions : part(decisions, values.decisions),
    assurance: values.assurance === undefined ? patientSigned : part(assurance, values.assurance),
    on: part(day, values.on),
  }
}

const ofTables = new WeakMap<Plan, readonly Uint8Array[]>()

/** The digests of the plan's tables, in the order the plan names them. */
function tableDigests(plan: Plan): readonly Uint8Array[] {
  const known = ofTables.get(plan)
  if (known !== undefined) return known
  const digests: Uint8Array[] = []
  ofTables.set(plan, digests)
  for (const series of plan.tables.values()) for (const edition of series.editions) digests.push(edition.sha256)
  return digests
}

/** What a leg's `inputs` field holds: SHA-256 over the parts' digests in the order of the input table. */
export function digestOfInputs(input: AdjudicationInput): Uint8Array {
  return inputsDigest([
    input.plan.digest,
    ...tableDigests(input.plan),
    input.claim.digest,
    input.member.digest,
    input.provider.digest,
    input.snapshot.digest,
    input.legs.digest,
    input.authorizations.digest,
    input.referrals.digest,
    input.notices.digest,
    input.decisions.digest,
    input.assurance.digest,
    input.on.digest,
  ])
}
