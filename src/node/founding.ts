/**
 * Founding a community: from what each organization says of itself to the one genesis file that all of them start
 * from. Who may propose what, and who must agree, stands here in numbers; changing it later takes ballots.
 */
import { keyId } from "../base/envelope.ts"
import { encodeGenesis, type GenesisRows } from "../ledger/constitution/genesis.ts"
import { type ParameterName, parameters } from "../ledger/parameters.ts"
import { kindSet, roles } from "../ledger/roles.ts"
import { openEnd } from "../ledger/rows.ts"
import { type OrganizationKind, organizationKinds } from "./config.ts"
import type { KeyUse } from "./keys.ts"

/** What an organization brings to the founding: public values only. */
export interface Founder {
  readonly number: number
  readonly name: string
  readonly kind: OrganizationKind
  /** Organizations under common control share a group. */
  readonly group: number
  readonly keys: Readonly<Partial<Record<KeyUse, Uint8Array>>>
}

export interface FoundingTerms {
  readonly chainId: string
  /** ISO 4217 in lower case. */
  readonly currency: string
  /**
   * The organizations whose validator keys close the blocks, each with the same power: the operator alone for an
   * embedded chain, at least four for a consortium that one of them may leave or betray.
   */
  readonly validators: readonly number[]
  /** Depth of the state's tree. */
  readonly k: number
  readonly startHour: number
  /** Parameters that the founders set otherwise than usual, inside their bounds. */
  readonly parameters?: Readonly<Partial<Record<ParameterName, number>>>
}

const everyone = 255 & ~1
const panelKinds = ["arbiter", "regulator", "patient-association"]

/** Action → needs; two kinds must agree on everything, so that no organization, and no kind, rules alone. */
function rules(): NonNullable<GenesisRows["rules"]> {
  const providers = kindSet("provider")
  const payers = kindSet("payer", "custodian")
  const watchers = kindSet("licenceBoard", "arbiter", "regulator", "patientAssociation")
  const need = (kinds: number, percent: number) => ({ kinds, count: 1, percent })
  const majority = [need(providers, 50), need(payers, 50), need(watchers, 50)]
  const ballots = Array.from(
    { length: 9 },
    (_, i) => [{ action: i + 1 }, { proposers: everyone, needs: majority, hours: 336 }] as const,
  )
  const freeze = { proposers: everyone, needs: [need(watchers, 30), need(providers | payers, 30)], hours: 24 }
  const publish = {
    proposers: everyone,
    needs: [need(kindSet("regulator"), 0), need(kindSet("patientAssociation"), 0)],
    hours: 336,
  }
  return [...ballots, [{ action: 10 }, freeze], [{ action: 11 }, publish], [{ action: 12 }, publish]]
}

function keyRows(founder: Founder, terms: FoundingTerms): NonNullable<GenesisRows["keys"]> {
  const rows: [
    { key: Uint8Array },
    { org: number; roles: number; practitioner: undefined; from: number; until: number },
  ][] = []
  for (const [use, publicKey] of Object.entries(founder.keys)) {
    if (use === "validator" || publicKey === undefined) continue
    // A peer key signs no transaction: that the ledger lists it lets its organization's node connect.
    const role = use === "peer" ? 0 : roles[use as keyof typeof roles]
    const row = { org: founder.number, roles: role, practitioner: undefined, from: terms.startHour, until: openEnd }
    rows.push([{ key: keyId(publicKey) }, row])
  }
  return rows
}

/** The genesis file's bytes. Equal founders and terms give equal bytes. */
export function foundCommunity(founders: readonly Founder[], terms: FoundingTerms): Uint8Array {
  const byNumber = [...founders].sort((a, b) => a.number - b.number)
  const panel = byNumber.filter((founder) => panelKinds.includes(founder.kind)).map((founder) => founder.number)
  const validators = terms.validators.map((org) => {
    const key = byNumber.find((founder) => founder.number === org)?.keys.validator
    if (key === undefined) throw new TypeError(`Cannot found community: organization ${org} brings no validator key`)
    return [{ key: keyId(key) }, { org, power: 10 }] as const
  })
  return encodeGenesis({
    chain: [
      [{ zero: 0 }, { chainId: terms.chainId, protocol: 1, currency: terms.currency, k: terms.k, pinned: undefined }],
    ],
    parameters: Object.entries(parameters).map(([name, { number, initial }]) => {
      const value = terms.parameters?.[name as ParameterName] ?? initial
      return [{ number }, { value }] as const
    }),
    rules: rules(),
    clock: [[{ zero: 0 }, { lost: 0, frozenUntil: 0, upgrade: undefined }]],
    organizations: byNumber.map((founder) => {
      const isPayer = founder.kind === "payer" || founder.kind === "custodian"
      const row = {
        name: founder.name,
        kind: organizationKinds[founder.kind],
        group: founder.group,
        status: 0,
        panel: isPayer ? panel.slice(0, 5) : [],
      }
      return [{ org: founder.number }, row] as const
    }),
    validators,
    keys: byNumber.flatMap((founder) => keyRows(founder, terms)),
    accounts: byNumber.map(
      (founder) => [{ org: founder.number }, { free: 0n, reserved: 0n, paid: 0n, open: 0 }] as const,
    ),
    custodians: byNumber
      .filter((founder) => founder.kind === "custodian")
      .map((founder) => [{ org: founder.number }, { deposited: 0n, withdrawn: 0n }] as const),
  })
}
