/** Answers a condition's questions about one line from the claim, the member, the provider and what is decided so far. */
import type { Claim, ClaimLine, Member, Provider } from "../claim.ts"
import type { AdjudicationInput } from "../input.ts"
import type { FactName, FactSource, FactValue } from "../language/expression.ts"
import type { Category } from "../parts.ts"

/** The facts of one line. `leaf` and `tier` are set when steps D1 and C2 have found them. */
export class LineFacts implements FactSource {
  readonly day: number
  readonly input: AdjudicationInput
  readonly line: ClaimLine
  leaf: Category | undefined = undefined
  tier: string | undefined = undefined

  constructor(input: AdjudicationInput, line: ClaimLine) {
    this.input = input
    this.line = line
    this.day = line.from
  }

  read(name: FactName): FactValue | undefined {
    return readers[name](this)
  }
}

type Reader = (facts: LineFacts) => FactValue | undefined
type Named<T, Value> = { [K in keyof T]: T[K] extends Value ? K : never }[keyof T]

const int = (value: number | undefined): bigint | undefined => (value === undefined ? undefined : BigInt(value))

const ofLine =
  (field: Named<ClaimLine, FactValue | undefined>): Reader =>
  ({ line }) =>
    line[field]
const intOfLine =
  (field: Named<ClaimLine, number | undefined>): Reader =>
  ({ line }) =>
    int(line[field])
const ofClaim =
  (field: Named<Claim, string | boolean | undefined>): Reader =>
  ({ input }) =>
    input.claim.value[field]
const intOfClaim =
  (field: Named<Claim, number | undefined>): Reader =>
  ({ input }) =>
    int(input.claim.value[field])
const ofMember =
  (field: Named<Member, string | boolean | readonly string[] | undefined>): Reader =>
  ({ input }) =>
    input.member.value[field]
const intOfMember =
  (field: Named<Member, number | undefined>): Reader =>
  ({ input }) =>
    int(input.member.value[field])
const ofProvider =
  (field: keyof Provider): Reader =>
  ({ input }) =>
    input.provider.value[field]

/** One reader a fact: the compiler holds this list to the closed list of the language. */
const readers: Readonly<Record<FactName, Reader>> = {
  code: ofLine("code"),
  codeSystem: ofLine("codeSystem"),
  modifiers: ofLine("modifiers"),
  // A fraction of a unit is no whole number: a condition that asks for `units` then lacks it.
  units: ({ line }) => (line.unitsMilli % 1000 === 0 ? BigInt(line.unitsMilli / 1000) : undefined),
  unitsMilli: intOfLine("unitsMilli"),
  charge: ofLine("charge"),
  place: ofLine("place"),
  revenue: ofLine("revenue"),
  diagnoses: ofLine("diagnoses"),
  from: intOfLine("from"),
  to: intOfLine("to"),
  days: ({ line }) => BigInt(Math.max(1, line.to - line.from + 1)),
  drug: ofLine("drug"),
  supply: intOfLine("supply"),
  drugTier: ofLine("drugTier"),
  tooth: ofLine("tooth"),
  surfaces: ofLine("surfaces"),
  category: ({ leaf }) => leaf?.name,
  tier: ({ tier }) => tier,
  kind: ofClaim("kind"),
  frequency: ({ input }) => String(input.claim.value.frequency),
  billType: ofClaim("billType"),
  drg: ofClaim("drg"),
  received: intOfClaim("received"),
  admitted: intOfClaim("admitted"),
  discharged: intOfClaim("discharged"),
  inpatient: ofClaim("inpatient"),
  emergency: ofClaim("emergency"),
  accident: ofClaim("accident"),
  workRelated: ofClaim("workRelated"),
  visitType: ofClaim("visitType"),
  assurance: ({ input }) => input.assurance.value.tier,
  clean: intOfClaim("clean"),
  born: intOfMember("born"),
  sex: ofMember("sex"),
  relation: ofMember("relation"),
  coverFrom: intOfMember("coverFrom"),
  coverTo: intOfMember("coverTo"),
  enrolled: intOfMember("enrolled"),
  members: intOfMember("members"),
  selfOnly: ofMember("selfOnly"),
  flags: ofMember("flags"),
  provider: ofProvider("provider"),
  specialty: ofProvider("specialty"),
  providerKind: ofProvider("kind"),
  contract: ofProvider("contract"),
  level: ofProvider("level"),
  rank: intOfMember("rank"),
  otherCover: ofMember("otherCover"),
}
