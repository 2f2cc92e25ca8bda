/**
 * Record to claim: services that cite facts become the claim that `adjudicate` prices, with its lines in claim order.
 * The same function serves the standing example, a FHIR bundle and an 837, planned services (a quote) and performed ones.
 */
import { assert } from "../base/assert.ts"
import { refuse } from "../base/refusal.ts"
import { maxAmount } from "../base/schema.ts"
import { type Claim, type ClaimLine, plainClaim, plainLine } from "../plan/claim.ts"
import type { ClaimKind } from "../plan/parts.ts"
import { type Answer, answer } from "./answer.ts"

/** One billed service. FHIR and X12 lines are services as they stand; what they leave out is absent in the claim. */
export interface Service {
  readonly number: number
  readonly code: string
  readonly codeSystem?: string | undefined
  readonly modifiers?: readonly string[]
  readonly unitsMilli: number
  readonly charge: bigint
  /** Day numbers, both included. */
  readonly from: number
  readonly to: number
  readonly place?: string | undefined
  readonly diagnoses?: readonly string[]
  readonly drug?: string | undefined
  /** Indices of the record's facts that it rests on; at least one. */
  readonly facts: readonly number[]
}

export interface Billing {
  readonly use: "quote" | "claim"
  readonly kind: ClaimKind
  /** Day number of receipt. */
  readonly received: number
  /** How many facts the record has: each line cites some of them. */
  readonly facts: number
  /** 1 original (the default), 7 replacement, 8 void; the last two name the original. */
  readonly frequency?: number
  readonly original?: string | undefined
  readonly originalReceived?: number | undefined
  readonly inpatient?: boolean
  readonly emergency?: boolean
  readonly accident?: boolean
  readonly workRelated?: boolean
}

/** The claim for these services, or the refusal that names the line at fault. */
export function claimFrom(services: readonly Service[], billing: Billing): Answer<Claim> {
  return answer(() => {
    const { frequency = 1, original } = billing
    assert(frequency === 1 || original !== undefined, "a replacement or a void names the claim it is about")
    if (services.length < 1 || services.length > 999) {
      refuse("claim-size", "Cannot bill: a claim has 1 to 999 lines", "lines", "Split the claim.")
    }
    const lines = services.map((service, index) => {
      const place = `lines/${index}`
      if (services.findIndex((other) => other.number === service.number) !== index) {
        refuse("claim-line-number", "Cannot bill: two lines bear one number", place, "Number the lines apart.")
      }
      return lineFrom(service, billing.facts, place)
    })
    return {
      ...plainClaim(lines, billing.received),
      use: billing.use,
      kind: billing.kind,
      frequency,
      original,
      originalReceived: billing.originalReceived,
      inpatient: billing.inpatient ?? false,
      emergency: billing.emergency ?? false,
      accident: billing.accident ?? false,
      workRelated: billing.workRelated ?? false,
    }
  })
}

const word = /^[!-~]{1,200}$/
const some = (text: string | undefined) => (text === "" ? undefined : text)

function lineFrom(service: Service, facts: number, place: string): ClaimLine {
  const { modifiers = [], diagnoses = [] } = service
  if (service.facts.length === 0 || service.facts.some((fact) => fact < 0 || fact >= facts)) {
    refuse("claim-no-fact", "Cannot bill: a line rests on no fact of the record", `${place}/facts`, "Cite a fact.")
  }
  const texts = [service.code, ...modifiers, ...diagnoses]
  const optional = [some(service.codeSystem), some(service.place), some(service.drug)]
  if (!texts.every((text) => word.test(text)) || !optional.every((text) => text === undefined || word.test(text))) {
    refuse("claim-text", "Cannot bill: a code is empty or not plain ASCII", place, "Correct the code.")
  }
  if (service.charge < 0n || service.charge > maxAmount || service.unitsMilli < 1) {
    refuse("claim-amount", "Cannot bill: a charge or its units are out of range", place, "Correct the amount.")
  }
  if (modifiers.length > 8 || service.facts.length > 256) {
    refuse("claim-line-size", "Cannot bill: a line has over 8 modifiers or 256 facts", place, "Split the line.")
  }
  return {
    ...plainLine(service.number, service.code, service.charge, service.from),
    codeSystem: some(service.codeSystem),
    modifiers,
    unitsMilli: service.unitsMilli,
    to: service.to,
    place: some(service.place),
    // A line points to twelve diagnoses at most; the first is the principal one.
    diagnoses: diagnoses.slice(0, 12),
    drug: some(service.drug),
    facts: service.facts,
  }
}
