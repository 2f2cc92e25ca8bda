/**
 * What holds after every block. `assertChanges` looks at the rows a block changed: if every block keeps the balance of
 * its changes, the totals hold by induction from the genesis. `scanInvariants` looks at all rows and needs no history.
 */
import { mapKey } from "#crypto"
import { assert } from "../base/assert.ts"
import { equalBytes } from "../base/bytes.ts"
import type { State } from "../base/state.ts"
import { isOnLadder, limits } from "./limits.ts"
import { organizationStatus, roles, rolesOfKind } from "./roles.ts"
import { type Leg, legStates, type RowOf, tableNames, type VisitRow, voucherStates } from "./rows.ts"
import { openTables, type Tables } from "./state.ts"

/** Per organization, what legs say it has reserved and open. */
class LegTotals {
  hold = 0n
  readonly reserved = new Map<number, bigint>()
  readonly open = new Map<number, number>()

  add(provider: number, legs: readonly Leg[], sign: 1 | -1): void {
    for (const { payer, hold, state } of legs) {
      const signed = sign === 1 ? hold : -hold
      this.hold += signed
      this.reserved.set(payer, (this.reserved.get(payer) ?? 0n) + signed)
      if (state === legStates.paid || state === legStates.released) continue
      this.open.set(payer, (this.open.get(payer) ?? 0) + sign)
      this.open.set(provider, (this.open.get(provider) ?? 0) + sign)
    }
  }
}

/** Asserts the running invariants over everything that one block changed. */
export function assertChanges(tables: Tables): void {
  const legs = new LegTotals()
  const used = usedVouchers(tables)
  for (const { key, before, after } of tables.visits.changes()) {
    assert(after !== undefined, "a visit is never removed")
    for (const { voucher } of after.legs.slice(before?.legs.length ?? 0))
      assert(used.delete(mapKey(voucher)), "a new leg stands on a voucher that this block used, and no other leg does")
    for (const leg of after.legs) demandOfLeg(leg, assert)
    assertGrown(before, after)
    if (before !== undefined) legs.add(key.provider, before.legs, -1)
    legs.add(key.provider, after.legs, 1)
  }
  let free = 0n
  for (const { key, before, after } of tables.accounts.changes()) {
    assert(after !== undefined, "an account is never removed")
    assert(after.free >= 0n && after.reserved >= 0n && after.open >= 0, "nothing in an account is negative")
    free += after.free - (before?.free ?? 0n)
    const reserved = after.reserved - (before?.reserved ?? 0n)
    assert(reserved === (legs.reserved.get(key.org) ?? 0n), "a payer's reserved money is the sum of its holds")
    assert(after.open - (before?.open ?? 0) === (legs.open.get(key.org) ?? 0), "an account counts its open legs")
    legs.reserved.delete(key.org)
    legs.open.delete(key.org)
  }
  for (const [, left] of legs.reserved) assert(left === 0n, "a hold that moved is in its payer's account")
  for (const [, left] of legs.open) assert(left === 0, "a leg that opened or closed is in both accounts")
  assert(free + legs.hold === externalChange(tables), "accounts and holds change by deposits less withdrawals only")
  const { organizations, validators, rules } = tables
  if ([organizations, validators, rules].some((table) => table.changes().length > 0)) scanConstitution(tables, assert)
}

/** The vouchers that this block's holds have used; none was used before. */
function usedVouchers(tables: Tables): Set<string> {
  const used = new Set<string>()
  for (const { key, before, after } of tables.vouchers.changes()) {
    if (after?.state !== voucherStates.used) continue
    assert(before === undefined, "a voucher that is used or void is not used again")
    used.add(mapKey(key.id))
  }
  return used
}

function externalChange(tables: Tables): bigint {
  let change = 0n
  for (const { before, after } of tables.custodians.changes()) {
    assert(after !== undefined && after.withdrawn <= after.deposited, "a custodian pays out at most what it took in")
    change += after.deposited - after.withdrawn - ((before?.deposited ?? 0n) - (before?.withdrawn ?? 0n))
  }
  return change
}

function samePoint(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b)
}

function demandOfLeg(leg: Leg, demand: Demand): void {
  const { state, hold, held, contested, owed, paid } = leg
  demand(hold >= 0n && contested >= 0n && hold + contested <= held, "a leg holds at most what was held")
  demand(isOnLadder(held), "what was held is a step of the ladder")
  if (state === legStates.paid || state === legStates.released) demand(hold === 0n, "a closed leg holds nothing")
  if (state === legStates.paid) demand(samePoint(owed, paid), "a paid leg is paid what is owed")
}

function assertGrown(before: VisitRow | undefined, after: VisitRow): void {
  if (before === undefined) return
  assert(after.facts.length >= before.facts.length, "facts only grow")
  assert(after.legs.length >= before.legs.length, "legs only grow")
  assert(after.transitions.length >= before.transitions.length, "transitions only grow")
  before.facts.forEach((facts, i) => {
    const now = after.facts[i]!
    assert(equalBytes(now.id, facts.id) && now.assurance <= facts.assurance, "facts stay, and assurance never rises")
  })
  before.legs.forEach((leg, i) => {
    const now = after.legs[i]!
    assert(now.payer === leg.payer && equalBytes(now.voucher, leg.voucher), "a leg keeps its voucher and its payer")
    assert(now.held >= leg.held, "what was ever held never falls")
  })
}

/** Notes an invariant and whether it holds. */
type Demand = (holds: boolean, invariant: string) => void

/** Reads every row and asserts the invariants of the whole state. At start, and in long tests. */
export function scanInvariants(state: State, hour: number): void {
  scan(state, hour, assert)
}

/** As `scanInvariants` over a state that came from outside: the first invariant that does not hold. */
export function brokenInvariant(state: State, hour: number): string | undefined {
  let broken: string | undefined
  scan(state, hour, (holds, invariant) => {
    if (!holds) broken ??= invariant
  })
  return broken
}

function scan(state: State, hour: number, demand: Demand): void {
  const tables = openTables(state)
  const legs = new LegTotals()
  const vouchers = new Set<string>()
  // Reading is decoding: a byte outside the schemas would not decode.
  for (const name of tableNames) for (const _ of tables[name].rows());
  for (const [key, visit] of tables.visits.rows()) {
    for (const leg of visit.legs) {
      demandOfLeg(leg, demand)
      const id = mapKey(leg.voucher)
      demand(!vouchers.has(id), "a voucher stands in one leg of one visit")
      vouchers.add(id)
    }
    legs.add(key.provider, visit.legs, 1)
  }
  scanMoney(tables, legs, demand)
  scanOrganizations(tables, hour, demand)
  scanConstitution(tables, demand)
}

function scanMoney(tables: Tables, legs: LegTotals, demand: Demand): void {
  let inside = legs.hold
  for (const [{ org }, account] of tables.accounts.rows()) {
    inside += account.free
    demand(account.reserved === (legs.reserved.get(org) ?? 0n), "a payer's reserved money is the sum of its holds")
    demand(account.open === (legs.open.get(org) ?? 0), "an account counts its open legs")
    legs.reserved.delete(org)
    legs.open.delete(org)
  }
  demand(legs.reserved.size === 0 && legs.open.size === 0, "whoever has legs has an account")
  let outside = 0n
  for (const [, { deposited, withdrawn }] of tables.custodians.rows()) {
    demand(withdrawn <= deposited, "a custodian pays out at most what it took in")
    outside += deposited - withdrawn
  }
  demand(inside === outside, "accounts and holds are deposits less withdrawals")
}

function scanOrganizations(tables: Tables, hour: number, demand: Demand): void {
  const administered = new Set<number>()
  for (const [, key] of tables.keys.rows()) {
    if ((key.roles & roles.admin) !== 0 && key.from <= hour && hour < key.until) administered.add(key.org)
    if (key.org === 0) continue
    const kind = tables.organizations.get({ org: key.org })?.kind ?? 0
    demand((key.roles & ~rolesOfKind(kind)) === 0, "a key's roles are those of its organization's kind")
  }
  for (const [{ org }, { status }] of tables.organizations.rows()) {
    if (status === organizationStatus.removed) continue
    demand(administered.has(org), "every organization not removed has a live admin key")
    demand(tables.accounts.get({ org }) !== undefined, "every organization has an account")
  }
}

function scanConstitution(tables: Tables, demand: Demand): void {
  const powers = new Map<number, number>()
  let validators = 0
  let total = 0
  for (const [, { org, power }] of tables.validators.rows()) {
    validators++
    total += power
    powers.set(org, (powers.get(org) ?? 0) + power)
    const status = tables.organizations.get({ org })?.status ?? organizationStatus.removed
    demand(status !== organizationStatus.removed, "a validator is of an organization not removed")
  }
  demand(validators >= 1 && validators <= limits.validators, "there are 1 to 64 validators")
  if (validators >= 4)
    for (const [, power] of powers) demand(power * 3 < total, "no organization has a third of the validators' power")
  for (const [, { needs }] of tables.rules.rows())
    demand(fewestOrganizations(needs) >= 2, "every rule needs at least two organizations")
}

/** The fewest organizations that can meet all needs: needs over kinds in common may be met by the same ones. */
export function fewestOrganizations(needs: RowOf<"rules">["needs"]): number {
  let all = 0
  let fewest = 0
  let apart = true
  let together = 0
  for (const { kinds, count } of needs) {
    if ((all & kinds) !== 0) apart = false
    all |= kinds
    together += count
    fewest = Math.max(fewest, count)
  }
  return apart ? together : fewest
}
