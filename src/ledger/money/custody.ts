/**
 * Money comes in by a custodian's signature against a bank reference and goes out the same way: no other code makes
 * or burns a unit.
 *
 *   bank ──deposit──▶ account.free ──withdraw──▶ bank          (a digest of the bank reference is used once)
 */
import { assert } from "../../base/assert.ts"
import { amount, b32, org, struct } from "../../base/schema.ts"
import { type Rejection, reject } from "../rejection.ts"
import { kinds, organizationStatus } from "../roles.ts"
import { type Account, directions } from "../rows.ts"
import { organizationOf, refuseSigner } from "../signer.ts"
import type { Tables } from "../state.ts"
import { defineTransaction, signatureOf } from "../transaction.ts"

function accountOf(tables: Tables, of: number): Account {
  const account = tables.accounts.get({ org: of })
  assert(account !== undefined, "every organization has an account")
  return account
}

function refuseReference(tables: Tables, reference: Uint8Array): Rejection | undefined {
  return tables.references.get({ id: reference }) === undefined
    ? undefined
    : reject("reference-known", { id: reference })
}

/** All that was ever deposited: while it is encodable, every account and every sum is. */
function takenIn(tables: Tables): bigint {
  let total = 0n
  for (const [, { deposited }] of tables.custodians.rows()) total += deposited
  return total
}
const mostMoney = BigInt(Number.MAX_SAFE_INTEGER)

const nothing = { deposited: 0n, withdrawn: 0n }

export const depositBody = struct({ custodian: org, org, amount, reference: b32 })

/** A custodian says that it took money in for an organization. */
export const deposit = defineTransaction({
  type: "deposit/1",
  body: depositBody,
  meanings: ["deposited"],
  key: "applied",

  load: () => ({}),

  authorize(context) {
    const { key } = signatureOf(context, "deposited")
    return refuseSigner(context, key, { role: "custody", org: context.body.custodian, active: true })
  },

  check({ body, tables }) {
    const organization = tables.organizations.get({ org: body.org })
    if (organization === undefined) return reject("organization-unknown", { org: body.org })
    if (organization.status === organizationStatus.removed)
      return reject("wrong-stage", { what: `organization ${body.org}` })
    if (organizationOf(tables, body.custodian).kind !== kinds.custodian)
      return reject("organization-wrong-kind", { org: body.custodian })
    if (body.amount === 0n || takenIn(tables) + body.amount > mostMoney)
      return reject("bad-amount", { amount: body.amount })
    return refuseReference(tables, body.reference)
  },

  apply({ body, tables }) {
    const account = accountOf(tables, body.org)
    const custodian = tables.custodians.get({ org: body.custodian }) ?? nothing
    tables.accounts.put({ org: body.org }, { ...account, free: account.free + body.amount })
    tables.custodians.put({ org: body.custodian }, { ...custodian, deposited: custodian.deposited + body.amount })
    tables.references.put(
      { id: body.reference },
      { custodian: body.custodian, amount: body.amount, direction: directions.deposit },
    )
  },
})

export const withdrawBody = struct({ org, custodian: org, amount, reference: b32 })

/** An organization takes free money out; the custodian says that it paid. */
export const withdraw = defineTransaction({
  type: "withdraw/1",
  body: withdrawBody,
  meanings: ["withdrew", "paidOut"],
  key: "applied",

  load: () => ({}),

  authorize(context) {
    const { body, tables } = context
    const withdrew = signatureOf(context, "withdrew")
    const paidOut = signatureOf(context, "paidOut")
    // A suspended payer's money stays for its members' claims; a provider's is its own.
    const active = tables.organizations.get({ org: body.org })?.kind === kinds.payer
    return (
      refuseSigner(context, withdrew.key, { role: "pay", org: body.org, active }) ??
      refuseSigner(context, paidOut.key, { role: "custody", org: body.custodian })
    )
  },

  check({ body, tables }) {
    if (organizationOf(tables, body.custodian).kind !== kinds.custodian)
      return reject("organization-wrong-kind", { org: body.custodian })
    if (body.amount === 0n) return reject("bad-amount", { amount: body.amount })
    const known = refuseReference(tables, body.reference)
    if (known !== undefined) return known
    const { free } = accountOf(tables, body.org)
    if (free < body.amount) return reject("account-short", { org: body.org, amount: body.amount, free })
    const { deposited, withdrawn } = tables.custodians.get({ org: body.custodian }) ?? nothing
    const owed = deposited - withdrawn
    if (owed < body.amount) return reject("custodian-short", { org: body.custodian, amount: body.amount, owed })
    return undefined
  },

  apply({ body, tables }) {
    const account = accountOf(tables, body.org)
    const custodian = tables.custodians.get({ org: body.custodian }) ?? nothing
    assert(account.free >= body.amount, "a withdrawal is covered by free money")
    tables.accounts.put({ org: body.org }, { ...account, free: account.free - body.amount })
    tables.custodians.put({ org: body.custodian }, { ...custodian, withdrawn: custodian.withdrawn + body.amount })
    tables.references.put(
      { id: body.reference },
      { custodian: body.custodian, amount: body.amount, direction: directions.withdrawal },
    )
  },
})
