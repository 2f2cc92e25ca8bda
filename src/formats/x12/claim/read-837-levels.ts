/** The levels above a claim of an 837: who sends it, who bills, who is covered by whom, and who was treated. */

import { element, type X12Segment } from "../syntax/syntax.ts"
import { type ClaimLoop, first, partLoop } from "./837-loops.ts"
import { partyOf, personOf, rankOf, roleOf, type Split, values } from "./read-837-parties.ts"

/** Levels read already: many claims stand under one provider. */
export type LevelsRead = WeakMap<readonly X12Segment[], unknown>

/** Submitter and receiver, billing provider, subscriber and payer, patient: read once for all claims below a level. */
export function levelsOf(
  { head, provider, subscriber, patient, claim }: ClaimLoop,
  { split, levels }: { readonly split: Split; readonly levels: LevelsRead },
) {
  const clm = claim[0]!
  const once = <T>(level: readonly X12Segment[], read: () => T): T => {
    const known = levels.get(level) as T | undefined
    if (known !== undefined) return known
    const value = read()
    levels.set(level, value)
    return value
  }
  const ofSubscriber = once(subscriber, () => subscriberLevel(subscriber, clm, split))
  return {
    ...once(head, () => headLevel(head, split)),
    ...once(provider, () => providerLevel(provider, clm, split)),
    ...ofSubscriber,
    ...(patient.length === 0
      ? { patient: undefined }
      : once(patient, () => patientLevel(patient, clm, split, ofSubscriber.relation))),
  }
}

/** The party of a role among those of a level. */
function partyLoop(parties: readonly (readonly X12Segment[])[], role: string): readonly X12Segment[] | undefined {
  return parties.find((party) => roleOf(party) === role)
}

function headLevel(head: readonly X12Segment[], split: Split) {
  const { own, parties } = partLoop(head)
  const [submitter, receiver] = [partyLoop(parties, "41"), partyLoop(parties, "40")]
  const purpose = element(first(own, "BHT"), 6)
  return {
    submitter: submitter && partyOf(submitter, split),
    receiver: receiver && partyOf(receiver, split),
    ...(purpose === "" || purpose === "CH" ? {} : { purpose }),
  }
}

function needParty(parties: readonly (readonly X12Segment[])[], role: string, name: string, near: X12Segment) {
  const party = partyLoop(parties, role)
  const nm1 = values.need(party?.[0], `NM1*${role} (${name})`, near)
  const id = element(nm1, 9)
  if (id === "" && (role !== "85" || first(party!, "REF") === undefined)) values.bad(nm1, 9, "a party has no id")
  // Some files have one separator too many, so that the qualifier stands where the id has to.
  if (id !== "" && element(nm1, 8) === "") values.bad(nm1, 8, "a party's id has no qualifier")
  return party!
}

function providerLevel(level: readonly X12Segment[], clm: X12Segment, split: Split) {
  const { own, parties } = partLoop(level)
  const billing = needParty(parties, "85", "billing provider", clm)
  const payTo = partyLoop(parties, "87")
  const taxonomy = first(own, "PRV", "BI") ?? first(own, "PRV")
  const currency = element(first(own, "CUR"), 2)
  return {
    billing: partyOf(billing, split, taxonomy === undefined ? [] : [taxonomy]),
    payTo: payTo && partyOf(payTo, split),
    ...(currency === "" || currency === "USD" ? {} : { currency }),
  }
}

function subscriberLevel(level: readonly X12Segment[], clm: X12Segment, split: Split) {
  const { own, parties } = partLoop(level)
  const sbr = values.need(first(own, "SBR"), "SBR", clm)
  const insuranceType = element(sbr, 5)
  return {
    subscriber: personOf(needParty(parties, "IL", "subscriber", clm), split, first(own, "PAT")),
    payer: partyOf(needParty(parties, "PR", "payer", clm), split),
    rank: rankOf(sbr),
    relation: element(sbr, 2),
    group: element(sbr, 3),
    planName: element(sbr, 4),
    filing: element(sbr, 9),
    ...(insuranceType === "" ? {} : { insuranceType }),
  }
}

function patientLevel(level: readonly X12Segment[], clm: X12Segment, split: Split, relation: string) {
  const { own, parties } = partLoop(level)
  const pat = first(own, "PAT")
  const patient = partyLoop(parties, "QC")
  values.need(patient?.[0], "NM1*QC (patient)", clm)
  return { patient: personOf(patient!, split, pat), relation: element(pat, 1) || relation }
}
