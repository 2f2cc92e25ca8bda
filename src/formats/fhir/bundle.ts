/**
 * One visit out of a FHIR R4 Bundle: the Encounter, what refers to it, and its Claims. Each resource becomes an entry,
 * byte for byte as received, with one sentence of fact. Bundles in the style of Synthea (`urn:uuid:` references inside
 * one transaction) and relative references are both read.
 *
 * Left out, and listed as such: an ExplanationOfBenefit (another payer's word, not a fact of the visit) and any
 * resource that carries a photo of a person (identity is by key, never by face). Patient, Practitioner and
 * Organization are named by id only.
 */
import { refuse } from "../../base/refusal.ts"
import { parseDate } from "../../base/time.ts"
import type { Category } from "../../record/entry.ts"
import { type Answer, answer, isRefusal } from "../answer.ts"
import { at, everyValue, itemsAt, referencesIn, textAt } from "./json-path.ts"
import type { JsonSpan } from "./json-spans.ts"
import { type BundledResource, namesOf, openBundle, type Resources } from "./resources.ts"
import { categoryOf, sentenceOf, wordsOf } from "./sentence.ts"
import { claimKind, type FhirClaim, moneyAt, readClaim } from "./visit-claims.ts"

export type { FhirClaim, FhirClaimKind, FhirLine } from "./visit-claims.ts"

export const fhirMediaType = "application/fhir+json"

export interface EncounterRow {
  readonly id: string
  /** Local date of the start, with the offset the data gives, as `2019-05-30`. */
  readonly date: string
  readonly class: string
  readonly type: string
  /** Items of its claims, diagnoses left aside as `readVisit` does; prescriptions included. */
  readonly claimLines: number
  /** Sum of its claims' totals in minor units; undefined where one is missing or not exact. */
  readonly total: bigint | undefined
}

export interface FhirEntry {
  /** What it is, for people: its resource type. */
  readonly title: string
  readonly type: string
  readonly id: string
  readonly mediaType: string
  readonly category: Category
  /** The resource exactly as it stood in the file. */
  readonly bytes: Uint8Array
}

export interface FhirFact {
  readonly sentence: string
  /** Place of the entry it rests on in `FhirVisit.entries`. */
  readonly entry: number
}

export interface FhirVisit {
  readonly encounter: string
  readonly patient: string | undefined
  /** What plans may ask of the Patient resource: day of birth; `F` or `M`. */
  readonly born: number | undefined
  readonly sex: string | undefined
  readonly practitioner: string | undefined
  readonly organization: string | undefined
  /** `period.start` as given, and its local day; `to` is the day of `period.end`. */
  readonly start: string
  readonly from: number
  readonly to: number
  /** The Encounter first, then in the order of the file. */
  readonly entries: readonly FhirEntry[]
  readonly facts: readonly FhirFact[]
  /** The encounter's own claims first, then one for each prescription. At least one. */
  readonly claims: readonly FhirClaim[]
  readonly leftOut: readonly { readonly type: string; readonly id: string; readonly why: "photo" | "another-payer" }[]
}

/** A Bundle scanned once, for whoever lists encounters and then reads some. */
export interface OpenBundle {
  readonly encounters: readonly EncounterRow[]
  /** The visit of one encounter, named by its id or full URL. */
  read(encounterId: string): Answer<FhirVisit>
}

/** Scans a Bundle that holds at least one Encounter. */
export function openVisits(bytes: Uint8Array): Answer<OpenBundle> {
  return answer(() => {
    const resources = openBundle(bytes)
    const claims = claimsByEncounter(resources)
    const parts = partsByEncounter(resources)
    const encounters = encountersOf(resources)
    return {
      encounters: encounters.map((encounter) => rowOf(encounter, claims.get(encounter) ?? [])),
      read: (encounterId) =>
        answer(() => {
          const encounter = findEncounter(encounters, encounterId)
          return visitOf(bytes, resources, encounter, {
            claims: claims.get(encounter) ?? [],
            parts: parts.get(encounter) ?? [],
          })
        }),
    }
  })
}

/** The encounters of a Bundle, in the order of the file. */
export function listEncounters(bytes: Uint8Array): Answer<readonly EncounterRow[]> {
  const bundle = openVisits(bytes)
  return isRefusal(bundle) ? bundle : bundle.encounters
}

/** The visit of one encounter, named by its id or full URL. */
export function readVisit(bytes: Uint8Array, encounterId: string): Answer<FhirVisit> {
  const bundle = openVisits(bytes)
  return isRefusal(bundle) ? bundle : bundle.read(encounterId)
}

function encountersOf(resources: Resources): readonly BundledResource[] {
  const encounters = resources.ofType("Encounter")
  if (encounters.length > 0) return encounters
  return refuse(
    "fhir-no-encounter",
    "Cannot read the Bundle: it holds no Encounter",
    "/entry",
    "Send a patient's Bundle.",
  )
}

function findEncounter(encounters: readonly BundledResource[], wanted: string): BundledResource {
  const found = encounters.find((one) => one.id === wanted || namesOf(one).includes(wanted))
  if (found !== undefined) return found
  const some = encounters.slice(0, 3).map((one) => one.id)
  const what = `Cannot read the visit: none of the ${encounters.length} encounters has this id`
  return refuse("fhir-encounter-unknown", what, "/entry", `Choose one of them, for instance ${some.join(", ")}.`)
}

/** Claims by the encounter their items name. A claim for several encounters is refused when one of them is read. */
function claimsByEncounter(resources: Resources): Map<BundledResource, BundledResource[]> {
  const claims = new Map<BundledResource, BundledResource[]>()
  for (const claim of resources.ofType("Claim")) {
    const named = new Set<BundledResource>()
    for (const item of itemsAt(claim.node, "item")) {
      for (const reference of itemsAt(item, "encounter")) {
        const encounter = resources.named(textAt(reference, "reference"))
        if (encounter?.type === "Encounter") named.add(encounter)
      }
    }
    for (const encounter of named) claims.set(encounter, [...(claims.get(encounter) ?? []), claim])
    if (named.size > 1) {
      const what = "Cannot read the Bundle: one claim is for several encounters"
      refuse("fhir-claim-encounters", what, claim.pointer, "Bill each encounter in a claim of its own.")
    }
  }
  return claims
}

function rowOf(encounter: BundledResource, claims: readonly BundledResource[]): EncounterRow {
  let claimLines = 0
  let total: bigint | undefined = claims.length === 0 ? undefined : 0n
  for (const claim of claims) {
    claimLines += itemsAt(claim.node, "item").filter((item) => at(item, "diagnosisSequence") === undefined).length
    const amount = answer(() => moneyAt(at(claim.node, "total"), claim.pointer, "USD"))
    total = typeof amount === "bigint" && total !== undefined ? total + amount : undefined
  }
  return {
    id: encounter.id,
    date: textAt(encounter.node, "period", "start")?.slice(0, 10) ?? "",
    class: textAt(encounter.node, "class", "code") ?? "",
    type: wordsOf(itemsAt(encounter.node, "type")[0]) ?? "",
    claimLines,
    total,
  }
}

function dayAt(encounter: BundledResource, end: "start" | "end"): number | undefined {
  const moment = textAt(encounter.node, "period", end)
  return moment === undefined ? undefined : parseDate(moment.slice(0, 10))
}

const withPhoto = new Set(["Patient", "Person", "Practitioner", "RelatedPerson"])

/** Whether the resource, or one contained in it, carries a person's photo. */
function hasPhoto(node: JsonSpan): boolean {
  for (const value of everyValue(node)) {
    if (value.kind !== "object" || !value.members.has("photo")) continue
    if (withPhoto.has(textAt(value, "resourceType") ?? "")) return true
  }
  return false
}

/** What refers to each encounter, in the order of the file; claims do so through their items. */
function partsByEncounter(resources: Resources): Map<BundledResource, BundledResource[]> {
  const parts = new Map<BundledResource, BundledResource[]>()
  for (const one of resources.all) {
    if (one.type === "Encounter") continue
    const named = new Set<BundledResource>()
    for (const reference of referencesIn(one.node)) {
      const encounter = resources.named(reference)
      if (encounter?.type === "Encounter") named.add(encounter)
    }
    for (const encounter of named) {
      const list = parts.get(encounter)
      if (list === undefined) parts.set(encounter, [one])
      else list.push(one)
    }
  }
  return parts
}

interface Findings {
  readonly claims: readonly BundledResource[]
  readonly parts: readonly BundledResource[]
}

/** The days of the encounter, local to where it was. */
function spanOf(encounter: BundledResource): { from: number; to: number } {
  const from = dayAt(encounter, "start")
  if (from === undefined) {
    const what = "Cannot read the visit: the encounter has no start date"
    refuse("fhir-no-date", what, `${encounter.pointer}/period/start`, "State period.start as a date.")
  }
  const to = dayAt(encounter, "end") ?? from
  if (to < from) {
    const what = "Cannot read the visit: the encounter ends before it starts"
    refuse("fhir-date-order", what, `${encounter.pointer}/period`, "Correct the period.")
  }
  return { from, to }
}

type LeftOut = FhirVisit["leftOut"][number]

function whyLeftOut(part: BundledResource): LeftOut["why"] | undefined {
  if (hasPhoto(part.node)) return "photo"
  return part.type === "ExplanationOfBenefit" ? "another-payer" : undefined
}

const sexes: Readonly<Record<string, string>> = { female: "F", male: "M" }

function personOf(patient: BundledResource | undefined): Pick<FhirVisit, "born" | "sex"> {
  const birth = textAt(patient?.node, "birthDate")
  return { born: birth === undefined ? undefined : parseDate(birth), sex: sexes[textAt(patient?.node, "gender") ?? ""] }
}

function visitOf(
  bytes: Uint8Array,
  resources: Resources,
  encounter: BundledResource,
  { claims, parts }: Findings,
): FhirVisit {
  if (claims.length === 0) {
    const what = "Cannot read the visit: no claim in the Bundle is for this encounter"
    refuse("fhir-no-claim", what, encounter.pointer, "Choose an encounter with a claim; list them to see which have.")
  }
  const { from, to } = spanOf(encounter)
  const leftOut: LeftOut[] = []
  const kept: BundledResource[] = []
  for (const part of [encounter, ...parts]) {
    const why = whyLeftOut(part)
    if (why === undefined) kept.push(part)
    else leftOut.push({ type: part.type, id: part.id, why })
  }
  // Entry and fact share one index: each entry has exactly one sentence.
  const places = new Map(kept.map((part, index) => [part, index]))
  const setting = { resources, encounter, from, to, factOf: (part: BundledResource) => places.get(part) }
  const read = claims.map((claim) => ({ claim, drug: claimKind(claim) === "drug" }))
  const ordered = [...read.filter((one) => !one.drug), ...read.filter((one) => one.drug)]
  const idOf = (...path: (string | number)[]) => {
    const reference = textAt(encounter.node, ...path, "reference")
    return resources.named(reference)?.id ?? reference
  }
  return {
    encounter: encounter.id,
    patient: idOf("subject"),
    ...personOf(resources.named(textAt(encounter.node, "subject", "reference"))),
    practitioner: idOf("participant", 0, "individual"),
    organization: idOf("serviceProvider"),
    start: textAt(encounter.node, "period", "start")!,
    from,
    to,
    entries: kept.map((part) => ({
      title: part.type,
      type: part.type,
      id: part.id,
      mediaType: fhirMediaType,
      category: categoryOf(part.type, part.node),
      bytes: bytes.slice(part.node.start, part.node.end),
    })),
    facts: kept.map((part, entry) => ({ sentence: sentenceOf(part.type, part.node), entry })),
    claims: ordered.map(({ claim }) => readClaim(claim, setting)),
    leftOut,
  }
}
