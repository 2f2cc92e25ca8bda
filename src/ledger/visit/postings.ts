/**
 * What a change of legs does to accounts: the only place where a visit moves money. Whatever leaves a hold goes to the
 * provider or back to the payer; whatever enters one comes from the payer's free money.
 */
import { assert } from "../../base/assert.ts"
import type { Account, Leg } from "../rows.ts"
import type { Tables } from "../state.ts"
import { isOpen } from "./visit.ts"

/** A leg before and after; a new leg has no before. */
export interface LegChange {
  readonly before: Leg | undefined
  readonly after: Leg
}

export interface Posting {
  readonly payer: number
  readonly provider: number
  readonly changes: readonly LegChange[]
  /** Out of the holds to the provider; negative when the provider gives back. */
  readonly toProvider?: bigint
}

export function accountOf(tables: Tables, org: number): Account {
  const account = tables.accounts.get({ org })
  assert(account !== undefined, "every organization has an account")
  return account
}

/** Writes what the changes of legs of one payer and one provider do to both accounts. */
export function post(tables: Tables, { payer, provider, changes, toProvider = 0n }: Posting): void {
  let released = 0n
  let opened = 0
  for (const { before, after } of changes) {
    assert(after.payer === payer, "a posting is about legs of one payer")
    released += (before?.hold ?? 0n) - after.hold
    opened += (isOpen(after) ? 1 : 0) - (before !== undefined && isOpen(before) ? 1 : 0)
  }
  if (released === 0n && opened === 0 && toProvider === 0n) return
  const from = accountOf(tables, payer)
  tables.accounts.put(
    { org: payer },
    sound({
      free: from.free + released - toProvider,
      reserved: from.reserved - released,
      paid: toProvider > 0n ? from.paid + toProvider : from.paid,
      open: from.open + opened,
    }),
  )
  if (opened === 0 && toProvider === 0n) return
  const to = accountOf(tables, provider)
  tables.accounts.put({ org: provider }, sound({ ...to, free: to.free + toProvider, open: to.open + opened }))
}

/** Moves free money from one organization to another. */
export function transfer(tables: Tables, { from, to, amount }: { from: number; to: number; amount: bigint }): void {
  if (amount === 0n || from === to) return
  const giver = accountOf(tables, from)
  tables.accounts.put({ org: from }, sound({ ...giver, free: giver.free - amount }))
  const taker = accountOf(tables, to)
  tables.accounts.put({ org: to }, sound({ ...taker, free: taker.free + amount }))
}

function sound(account: Account): Account {
  assert(account.free >= 0n && account.reserved >= 0n && account.open >= 0, "nothing in an account is negative")
  return account
}
