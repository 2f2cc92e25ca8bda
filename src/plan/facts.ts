/** Answers a condition's questions about one line from the claim, the member, the provider and what is decided so far. */
import type { Claim, ClaimLine, Member, Provider } from "./claim.ts"
import type { FactName, FactSource, FactValue } from "./expression.ts"
import type { AdjudicationInput } from "./input.ts"
import type { Category } from "./plan.ts"

const int = (value: number | undefined): bigint | undefined => (value === undefined ? undefined : BigInt(value))

/** The facts of one line. `leaf` and `tier` are set when steps D1 and C2 have found them. */
export class LineFacts implements FactSource {
  readonly day: number
  leaf: Category | undefined
  tier: string | undefined
  readonly #input: AdjudicationInput
  readonly #line: ClaimLine

  constructor(input: AdjudicationInput, line: ClaimLine) {
    this.#input = input
    this.#line = line
    this.day = line.from
  }

  readonly read = (name: FactName): FactValue | undefined => {
    switch (name) {
      case "category":
        return this.leaf?.name
      case "tier":
        return this.tier
      case "assurance":
        return this.#input.assurance.value.tier
    }
    const ofLine = readLine(this.#line, name)
    if (ofLine !== absent) return ofLine
    const ofClaim = readClaim(this.#input.claim.value, name)
    if (ofClaim !== absent) return ofClaim
    const ofMember = readMember(this.#input.member.value, name)
    return ofMember !== absent ? ofMember : readProvider(this.#input.provider.value, name)
  }
}

const absent = Symbol("a fact of another group")

function readLine(line: ClaimLine, name: FactName): FactValue | undefined | typeof absent {
  switch (name) {
    case "code":
    case "codeSystem":
    case "modifiers":
    case "place":
    case "revenue":
    case "diagnoses":
    case "drug":
    case "drugTier":
    case "tooth":
    case "surfaces":
    case "charge":
      return line[name]
    case "units":
      return line.unitsMilli % 1000 === 0 ? BigInt(line.unitsMilli / 1000) : undefined
    case "unitsMilli":
    case "from":
    case "to":
    case "supply":
      return int(line[name])
    case "days":
      return BigInt(Math.max(1, line.to - line.from + 1))
    default:
      return absent
  }
}

function readClaim(claim: Claim, name: FactName): FactValue | undefined | typeof absent {
  switch (name) {
    case "kind":
    case "billType":
    case "drg":
    case "inpatient":
    case "emergency":
    case "accident":
    case "workRelated":
    case "visitType":
      return claim[name]
    case "frequency":
      return String(claim.frequency)
    case "received":
    case "admitted":
    case "discharged":
    case "clean":
      return int(claim[name])
    default:
      return absent
  }
}

function readMember(member: Member, name: FactName): FactValue | undefined | typeof absent {
  switch (name) {
    case "sex":
    case "relation":
    case "selfOnly":
    case "flags":
    case "otherCover":
      return member[name]
    case "born":
    case "coverFrom":
    case "coverTo":
    case "enrolled":
    case "members":
    case "rank":
      return int(member[name])
    default:
      return absent
  }
}

function readProvider(provider: Provider, name: FactName): FactValue | undefined {
  switch (name) {
    case "provider":
    case "specialty":
    case "contract":
    case "level":
      return provider[name]
    case "providerKind":
      return provider.kind
    default:
      return undefined
  }
}
