/**
 * The validators, checked before they are handed to an engine: an engine that is given an empty set, or one key twice,
 * stops for good.
 */
import { equalBytes } from "../../base/bytes.ts"
import { limits } from "../limits.ts"
import { refuseMalformed } from "../registry/known-keys.ts"
import { type Rejection, reject } from "../rejection.ts"
import { organizationStatus } from "../roles.ts"
import type { KeyOf, RowOf } from "../rows.ts"
import type { Tables } from "../state.ts"
import type { BlockContext } from "../transaction.ts"
import type { ActionFields } from "./action.ts"

type Validators = readonly (readonly [key: KeyOf<"validators">, row: RowOf<"validators">])[]

/** From this many validators on, no organization may hold a third of the power: then any one of them may fail or lie. */
const fewestToShare = 4

/** One to 64 keys, and from four on no organization with a third or more of the power. */
function isValid(validators: Validators): boolean {
  if (validators.length < 1 || validators.length > limits.validators) return false
  if (validators.length < fewestToShare) return true
  const powers = new Map<number, number>()
  let total = 0
  for (const [, { org, power }] of validators) {
    total += power
    powers.set(org, (powers.get(org) ?? 0) + power)
  }
  return [...powers.values()].every((power) => power * 3 < total)
}

/** Whether the set would still be valid without the validators of an organization. */
export function refuseWithout(tables: Tables, org: number): Rejection | undefined {
  const left = [...tables.validators.rows()].filter(([, row]) => row.org !== org)
  return isValid(left) ? undefined : reject("validator-set-invalid", { org })
}

export function removeValidatorsOf(tables: Tables, org: number): void {
  const leaving = [...tables.validators.rows()].filter(([, row]) => row.org === org)
  for (const [key] of leaving) tables.validators.remove(key)
}

type Fields = ActionFields<"set-validator">

export const setValidator = {
  check({ tables }: BlockContext, { org, key, power }: Fields): Rejection | undefined {
    const organization = tables.organizations.get({ org })
    if (organization === undefined) return reject("organization-unknown", { org })
    const invalid = reject("validator-set-invalid", { org })
    const standing = tables.validators.get({ key })
    // One key is one validator of one organization, and only what is there can be removed.
    if (standing === undefined ? power === 0 : standing.org !== org) return invalid
    const others = [...tables.validators.rows()].filter(([other]) => !equalBytes(other.key, key))
    if (power === 0) return isValid(others) ? undefined : invalid
    if (organization.status === organizationStatus.removed || refuseMalformed(key) !== undefined) return invalid
    return isValid([...others, [{ key }, { org, power }]]) ? undefined : invalid
  },

  enact({ tables }: BlockContext, { org, key, power }: Fields): void {
    if (power === 0) tables.validators.remove({ key })
    else tables.validators.put({ key }, { org, power })
  },
}
