/**
 * Which facts each kind of claim carries. A list is never missing (none is the empty list), nor are the four yes-or-no
 * facts of a claim (not said is no); a fact of the member or the provider is signed apart and comes with every claim.
 */
import type { FactName } from "../language/expression.ts"
import type { ClaimKind } from "../parts.ts"

interface Carried {
  readonly by: readonly ClaimKind[]
  /** Carried only by claims of a stay in hospital: `inpatient` guards it as `has` does. */
  readonly ofStays?: true
}

const all: Carried = { by: ["professional", "institutional", "dental", "drug"] }
const none: Carried = { by: [] }
const institutional: Carried = { by: ["institutional"] }
const visits: Carried = { by: ["professional", "institutional"] }
const drug: Carried = { by: ["drug"] }

export const carried: Readonly<Record<FactName, Carried>> = {
  code: all,
  codeSystem: all,
  modifiers: all,
  // A dispensed quantity is often no whole number, and a condition on whole units then has no answer.
  units: { by: ["professional", "institutional", "dental"] },
  unitsMilli: all,
  charge: all,
  place: { by: ["professional", "dental"] },
  revenue: institutional,
  diagnoses: all,
  from: all,
  to: all,
  days: all,
  drug,
  supply: drug,
  drugTier: drug,
  tooth: { by: ["dental"] },
  surfaces: all,
  category: all,
  tier: all,
  kind: all,
  frequency: all,
  billType: institutional,
  drg: { by: ["institutional"], ofStays: true },
  received: all,
  admitted: { by: ["professional", "institutional"], ofStays: true },
  discharged: { by: ["professional", "institutional"], ofStays: true },
  inpatient: all,
  emergency: all,
  accident: all,
  workRelated: all,
  visitType: visits,
  assurance: all,
  clean: all,
  born: all,
  sex: all,
  relation: all,
  coverFrom: all,
  // Absent while the cover goes on.
  coverTo: none,
  enrolled: all,
  members: all,
  selfOnly: all,
  flags: all,
  provider: all,
  specialty: all,
  providerKind: all,
  // Absent for a provider without one.
  contract: none,
  level: visits,
  rank: all,
  otherCover: all,
}
