/**
 * A benefit design: what a filed plan asks of its member, service by service, as far as the filing says it. Where it is
 * silent, one stated assumption for all plans stands in; each is named in the design and printed with the result.
 */
import type { Filing, Grid } from "./filings.ts"
import { freeShare, type Limits, type Share } from "./phrases.ts"

/** Services as our documents group them; each is one leaf of the category tree, with one code of our own. */
export const services = [
  "primary",
  "specialist",
  "mental",
  "therapy",
  "walk-in",
  "er",
  "ambulance",
  "facility",
  "equipment",
  "xray",
  "imaging",
  "lab",
  "inpatient",
  "outpatient",
  "generic",
  "preferred",
  "other-brand",
  "specialty",
] as const
export type Service = (typeof services)[number]

export const medicines: readonly Service[] = ["generic", "preferred", "other-brand", "specialty"]

export interface ServiceShare {
  readonly share: Share
  readonly source: "given" | "assumed"
}

export interface Design {
  /** Plan series of the document. */
  readonly name: string
  readonly title: string
  readonly payer: string
  readonly source: string
  readonly year: number
  readonly deductible: Limits
  /** Undefined where none is printed. */
  readonly most: Limits | undefined
  /** The member's part, in basis points, where no service says else. */
  readonly coinsurance: bigint
  readonly drug: Filing["drug"]
  readonly second: Filing["second"]
  /** Services that say something else than deductible, then part. */
  readonly shares: ReadonlyMap<Service, ServiceShare>
  /** Stated stand-ins for what the filing does not say. */
  readonly assumptions: readonly string[]
  /** Facts of the filing that the document leaves out, each with the reason. */
  readonly unsaid: readonly string[]
}

const ofGrid: Readonly<Record<string, Service>> = {
  primaryCare: "primary",
  specialist: "specialist",
  urgentCare: "walk-in",
  emergencyRoom: "er",
  mentalHealth: "mental",
  labs: "lab",
  xray: "xray",
  advancedImaging: "imaging",
  inpatient: "inpatient",
  outpatient: "outpatient",
  rxGenericPreferred: "generic",
  rxBrandPreferred: "preferred",
  rxBrandNonPreferred: "other-brand",
  rxSpecialty: "specialty",
}

/** What the generic medicine of the example costs where a plan has copays and its row could not be read. */
export const assumedGenericCopay = 500n

export const assumption = {
  noCopays: "the filing gives no copays: every service is taken to the deductible, then the part",
  therapy: "therapy as a specialist visit",
  facility: "other facility services as an x-ray",
  generic: "generic medicine at 5.00, no deductible",
  family: "the family's deductible as twice a person's",
  unlisted: "services that are not listed: the deductible, then nothing",
} as const

/** Fills the services a grid is silent about, each by a rule that is the same for all plans. */
function assume(shares: Map<Service, ServiceShare>, hasHsaName: boolean): readonly string[] {
  const assumptions: string[] = []
  const follow = (service: Service, other: Service, words: string) => {
    const known = shares.get(other)
    if (shares.has(service) || known === undefined) return
    shares.set(service, { share: { ...known.share, first: undefined }, source: "assumed" })
    assumptions.push(words)
  }
  follow("therapy", "specialist", assumption.therapy)
  follow("facility", "xray", assumption.facility)
  // A plan sold as an HSA asks its deductible for medicines too.
  if (!shares.has("generic") && !hasHsaName) {
    shares.set("generic", { share: { ...freeShare, copay: assumedGenericCopay }, source: "assumed" })
    assumptions.push(assumption.generic)
  }
  return assumptions
}

function givenShares(filing: Filing, grid: Grid | undefined): Map<Service, ServiceShare> {
  const shares = new Map<Service, ServiceShare>()
  for (const [name, share] of grid?.shares ?? []) {
    const service = ofGrid[name]
    if (service !== undefined) shares.set(service, { share, source: "given" })
  }
  if (filing.specialtyMost !== undefined && !shares.has("specialty")) {
    const coinsurance = filing.drug?.coinsurance ?? filing.coinsurance
    const share = { ...freeShare, coinsurance, deductible: "after" as const, atMost: filing.specialtyMost }
    if (coinsurance > 0n) shares.set("specialty", { share, source: "given" })
  }
  return shares
}

/** The design of one filed variant. */
export function designOf(filing: Filing, grid: Grid | undefined): Design {
  const shares = givenShares(filing, grid)
  const assumptions = grid === undefined ? [assumption.noCopays] : assume(shares, / HSA\b/.test(filing.title))
  const unsaid: string[] = []
  if (filing.inpatientDays !== undefined)
    unsaid.push(`a copay per hospital day for ${filing.inpatientDays / 100n} days: its amount is not filed here`)
  if (filing.specialtyMost !== undefined && !shares.has("specialty"))
    unsaid.push("a most a specialty prescription: no part is asked for medicines that it could limit")
  if (filing.second !== undefined)
    unsaid.push("copays with the second group of providers, and whether money paid there fills the first group's sums")
  return {
    name: `sbc-${filing.id.toLowerCase()}`,
    title: `${filing.title} (${filing.id})`,
    payer: filing.issuer
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "")
      .slice(0, 40),
    source: `public use file ${filing.year}`,
    year: filing.year,
    deductible: filing.deductible,
    most: filing.most,
    coinsurance: filing.coinsurance,
    drug: filing.drug,
    second: filing.second,
    shares,
    assumptions,
    unsaid,
  }
}

/** The share of a service: its own, or the plan's deductible and part. */
export function shareOf(design: Design, service: Service): Share {
  const own = design.shares.get(service)?.share
  if (own !== undefined) return own
  const isMedicine = medicines.includes(service)
  const coinsurance = isMedicine ? (design.drug?.coinsurance ?? design.coinsurance) : design.coinsurance
  return { ...freeShare, coinsurance, deductible: "after" }
}
