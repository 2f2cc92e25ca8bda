/** The organizations of the demonstrations. They are not real. */
import type { OrganizationKind } from "../../node/config.ts"

export interface MemberOrganization {
  readonly number: number
  readonly name: string
  readonly title: string
  readonly kind: OrganizationKind
  readonly group: number
}

/** The community of the story. The custodian operates the ledger: it neither treats, pays nor is paid for care. */
export const organizations: readonly MemberOrganization[] = [
  { number: 1, name: "lakeside-eye", title: "Lakeside Eye Clinic", kind: "provider", group: 1 },
  { number: 2, name: "county-hospital", title: "County Hospital", kind: "provider", group: 2 },
  { number: 3, name: "sample-mutual", title: "Sample Mutual", kind: "payer", group: 3 },
  { number: 4, name: "harbor-bank", title: "Harbor Custodian Bank", kind: "custodian", group: 4 },
  { number: 5, name: "state-board", title: "State Licence Board", kind: "licence-board", group: 5 },
  { number: 6, name: "health-regulator", title: "Health Regulator", kind: "regulator", group: 6 },
  { number: 7, name: "patient-union", title: "Patient Association", kind: "patient-association", group: 7 },
]
export const operatorNumber = 4
