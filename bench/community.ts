/**
 * The community that the bench settles visits for: fifty organizations, forty of them providers with four
 * practitioners each, and a clock that stands at the first hour of a month. All keys follow from names.
 */
import { encodeGenesis, type GenesisRows } from "../src/ledger/constitution/genesis.ts"
import { exampleGenesis, keyOf, orgSeed, seedOf } from "../src/ledger/example-chain.ts"
import { type Kind, kinds, type Role, roles, rolesOfKind } from "../src/ledger/roles.ts"
import { type KeyRow, openEnd } from "../src/ledger/rows.ts"

export const providers = 40
export const payers = 5
export const firstPayer = providers + 1
export const custodian = 46
const board = 47
export const organizations = 50
export const practitionersEach = 4

const kindsOfRest: readonly Kind[] = ["custodian", "licenceBoard", "regulator", "patientAssociation", "arbiter"]

function kindOf(org: number): Kind {
  if (org <= providers) return "provider"
  return org < custodian ? "payer" : kindsOfRest[org - custodian]!
}

/** The seed with which a practitioner of a provider signs what was done. */
export function practitionerSeed(org: number, n: number): Uint8Array {
  return seedOf(`practitioner ${n} at organization ${org}`)
}

const practitionerId = (org: number, n: number) => seedOf(`id of practitioner ${n} at organization ${org}`)

export const validatorSeed = seedOf("validator of the bench")

/** The seed of a validator of the consortium's bench, from 0. */
export const networkValidatorSeed = (n: number) => seedOf(`validator ${n} of the bench`)

/** By which the validators' CometBFT know each other. */
export const networkPeerSeed = (n: number) => seedOf(`peer key of validator ${n} of the bench`)

/** The organizations that validate there: two providers, a payer and the custodian, and the next providers. */
export function networkValidators(size: number): NonNullable<GenesisRows["validators"]> {
  const orgs = [1, 2, firstPayer, custodian]
  return Array.from({ length: size }, (_, n) => {
    return [{ key: keyOf(networkValidatorSeed(n)) }, { org: orgs[n] ?? n, power: 10 }] as const
  })
}

function keyRows(): (readonly [{ key: Uint8Array }, KeyRow])[] {
  const rows: (readonly [{ key: Uint8Array }, KeyRow])[] = []
  const add = (seed: Uint8Array, row: Pick<KeyRow, "org" | "roles" | "practitioner">) =>
    rows.push([{ key: keyOf(seed) }, { ...row, from: 0, until: openEnd }])
  for (let org = 1; org <= organizations; org++) {
    for (const [role, bit] of Object.entries(roles) as [Role, number][]) {
      if ((rolesOfKind(kinds[kindOf(org)]) & bit) === 0 || role === "perform") continue
      add(orgSeed(org, role), { org, roles: bit, practitioner: undefined })
    }
  }
  for (let org = 1; org <= providers; org++) {
    for (let n = 0; n < practitionersEach; n++)
      add(practitionerSeed(org, n), { org, roles: roles.perform, practitioner: practitionerId(org, n) })
  }
  return rows
}

function practitionerRows(): NonNullable<GenesisRows["practitioners"]> {
  const history = [{ status: 0, from: 0 }]
  return Array.from({ length: providers * practitionersEach }, (_, i) => {
    const [org, n] = [1 + Math.floor(i / practitionersEach), i % practitionersEach]
    const key = keyOf(seedOf(`own key of practitioner ${n} at organization ${org}`))
    const row = { board, key, credential: seedOf("credential"), history, glass: { day: 0, count: 0 } }
    return [{ practitioner: practitionerId(org, n) }, row] as const
  })
}

const onlyValidator: NonNullable<GenesisRows["validators"]> = [
  [{ key: keyOf(validatorSeed) }, { org: firstPayer, power: 10 }],
]

/** The genesis file of the community. */
export function communityGenesis(validators = onlyValidator): Uint8Array {
  const numbers = Array.from({ length: organizations }, (_, i) => i + 1)
  const panel = [board + 1, board + 2, board + 3]
  return encodeGenesis({
    ...exampleGenesis(),
    organizations: numbers.map((org) => {
      const kind = kindOf(org)
      const pays = kind === "payer" || kind === "custodian"
      const row = { name: `organization-${org}`, kind: kinds[kind], group: org, status: 0, panel: pays ? panel : [] }
      return [{ org }, row] as const
    }),
    validators,
    keys: keyRows(),
    practitioners: practitionerRows(),
    accounts: numbers.map((org) => [{ org }, { free: 0n, reserved: 0n, paid: 0n, open: 0 }] as const),
  })
}
