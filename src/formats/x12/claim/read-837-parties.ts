/** The parties of an 837 claim: NM1 loops as people and organizations, and what other payers said (2320, 2330). */

import { ElementValues } from "../syntax/element-values.ts"
import type { OutSegment } from "../syntax/envelope.ts"
import { element, type X12Segment } from "../syntax/syntax.ts"
import { inOrder, type PartedLoop, partiesInOrder } from "./837-loops.ts"
import type {
  Adjustment837,
  Claim837Kind,
  OtherParty837,
  OtherPayer837,
  Party837,
  Person837,
  Reference837,
} from "./claim-837.ts"

export const values: ElementValues = new ElementValues("837")

/** Splits a composite element at the separator that ISA16 names. */
export type Split = (text: string) => readonly string[]

export const noParty: Party837 = {
  isPerson: false,
  last: "",
  first: "",
  middle: "",
  qualifier: "",
  id: "",
  street: [],
  city: [],
  taxonomy: undefined,
  references: [],
}

/** A segment as it can be written again: composites split, trailing empty elements left out. */
export function keptSegment(segment: X12Segment, split: Split): OutSegment {
  const elements = segment.elements.map((_, index) => {
    const parts = split(element(segment, index + 1))
    return parts.length === 1 ? parts[0]! : parts
  })
  while (elements.at(-1) === "") elements.pop()
  return [segment.tag, ...elements]
}

/** What has no field of its own, in the order in which it is written again. */
export function keptOf(segments: readonly X12Segment[], split: Split, loop: Parameters<typeof inOrder>[1] | undefined) {
  if (segments.length === 0) return {}
  const ordered = loop === undefined ? segments : inOrder(segments, loop, (segment) => segment.tag)
  return { further: ordered.map((segment) => keptSegment(segment, split)) }
}

/** Elements from one number to another, trailing empty ones left out. */
export function elementsOf(segment: X12Segment, from: number, to: number): readonly string[] {
  const texts: string[] = []
  for (let number = from; number <= to; number++) texts.push(element(segment, number))
  while (texts.at(-1) === "") texts.pop()
  return texts
}

/** NM101, which every party has. */
export function roleOf(party: readonly X12Segment[]): string {
  const role = element(party[0], 1)
  if (role === "") values.bad(party[0]!, 1, "a party's kind is missing")
  return role
}

/** A party out of its loop: NM1 and what follows it. `above` are segments of the level that are about it (PRV). */
export function partyOf(loop: readonly X12Segment[], split: Split, above: readonly X12Segment[] = []): Party837 {
  const nm1 = loop[0]!
  let street: readonly string[] = []
  let city: readonly string[] = []
  let taxonomy: string | undefined
  const references: Reference837[] = []
  const rest: X12Segment[] = []
  for (const segment of [...above, ...loop.slice(1)]) {
    if (segment.tag === "N3") street = elementsOf(segment, 1, 2)
    else if (segment.tag === "N4") city = elementsOf(segment, 1, 7)
    else if (segment.tag === "PRV") taxonomy = element(segment, 3) || undefined
    else if (segment.tag === "REF") references.push({ qualifier: element(segment, 1), value: element(segment, 2) })
    else rest.push(segment)
  }
  const suffix = element(nm1, 7)
  return {
    isPerson: element(nm1, 2) === "1",
    last: element(nm1, 3),
    first: element(nm1, 4),
    middle: element(nm1, 5),
    qualifier: element(nm1, 8),
    id: element(nm1, 9),
    street,
    city,
    taxonomy,
    references,
    ...(suffix === "" ? {} : { suffix }),
    ...keptOf(rest, split, "party"),
  }
}

/** A person of the subscriber's or the patient's level; PAT05 and after (death, weight, pregnancy) are kept. */
export function personOf(loop: readonly X12Segment[], split: Split, pat: X12Segment | undefined): Person837 {
  const birth = loop.find((segment) => segment.tag === "DMG")
  const rest = loop.filter((segment) => segment !== birth)
  const told = pat === undefined || elementsOf(pat, 5, 9).length === 0 ? [] : [pat]
  const born = element(birth, 2)
  return {
    ...partyOf(rest, split, told),
    born: birth === undefined || born === "" ? undefined : values.day(born, birth, 2),
    sex: element(birth, 3) || undefined,
  }
}

/** The parties that no field of their own takes. */
export function otherParties(loops: readonly (readonly X12Segment[])[], split: Split, ofClaim?: Claim837Kind) {
  if (loops.length === 0) return {}
  const parties = loops.map((loop): OtherParty837 => ({ role: roleOf(loop), party: partyOf(loop, split) }))
  return { parties: ofClaim === undefined ? parties : partiesInOrder(parties, ofClaim) }
}

const ranks: ReadonlyMap<string, number> = new Map([..."PSTABCDEFGH"].map((code, index) => [code, index + 1]))
export const rankCode = (rank: number): string => "PSTABCDEFGH"[rank - 1] ?? "U"

/** SBR01 as a number. */
export function rankOf(sbr: X12Segment): number {
  const rank = ranks.get(element(sbr, 1))
  if (rank === undefined) values.bad(sbr, 1, "the payer's rank is unknown")
  return rank
}

/** CAS01 is the group; triples of reason, amount and quantity follow, six at most. */
export function adjustmentsOf(segments: readonly X12Segment[], from: ElementValues = values): readonly Adjustment837[] {
  const found: Adjustment837[] = []
  for (const cas of segments) {
    if (cas.tag !== "CAS") continue
    for (let number = 2; number < 20; number += 3) {
      const carc = element(cas, number)
      const amount = from.amount(cas, number + 1)
      if (carc === "" && amount === undefined) continue
      if (carc === "") from.bad(cas, number, "an adjustment has no reason")
      if (amount === undefined) from.bad(cas, number + 1, "an adjustment has no amount")
      found.push({ group: element(cas, 1), carc, amount, unitsMilli: from.quantity(cas, number + 2) })
    }
  }
  return found
}

const isAmount = (segment: X12Segment, ...qualifiers: readonly string[]) =>
  segment.tag === "AMT" && qualifiers.includes(element(segment, 1))

/** AMT*EAF of 5010, F2 of 4010. */
export const leftOf = (segments: readonly X12Segment[]): bigint | undefined => {
  const amt = segments.find((segment) => isAmount(segment, "EAF", "F2"))
  return amt && values.amount(amt, 2)
}

/** One other payer: SBR with its CAS, AMT, OI, and the parties IL and PR; what else it names is kept. */
export function otherPayerOf(loop: PartedLoop, split: Split): OtherPayer837 {
  const sbr = loop.own[0]!
  const subscriber = loop.parties.find((party) => roleOf(party) === "IL")
  const payer = loop.parties.find((party) => roleOf(party) === "PR")
  const paid = loop.own.find((segment) => isAmount(segment, "D"))
  const date = payer?.find((segment) => segment.tag === "DTP" && element(segment, 1) === "573")
  const number = payer?.find((segment) => segment.tag === "REF" && element(segment, 1) === "F8")
  const own = loop.own.filter(
    (segment) => segment !== sbr && segment.tag !== "CAS" && segment !== paid && !isAmount(segment, "EAF", "F2"),
  )
  const rest = loop.parties.filter((party) => party !== subscriber && party !== payer).flat()
  const [planName, insuranceType] = [element(sbr, 4), element(sbr, 5)]
  const of = (party: readonly X12Segment[] | undefined) => {
    const about = party?.filter((segment) => segment !== date && segment !== number)
    return about === undefined ? noParty : partyOf(about, split)
  }
  return {
    rank: rankOf(sbr),
    relation: element(sbr, 2),
    group: element(sbr, 3),
    filing: element(sbr, 9),
    payer: of(payer),
    subscriber: of(subscriber),
    paid: paid && values.amount(paid, 2),
    left: leftOf(loop.own),
    on: date && values.day(element(date, 3), date, 3),
    adjustments: adjustmentsOf(loop.own),
    control: number && element(number, 2),
    ...(planName === "" ? {} : { planName }),
    ...(insuranceType === "" ? {} : { insuranceType }),
    ...keptOf([...inOrder(own, "other", (segment) => segment.tag), ...rest], split, undefined),
  }
}
