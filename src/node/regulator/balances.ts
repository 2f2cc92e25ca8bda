/**
 * The money of the whole ledger, added up again from this node's own copy: what is inside is what was deposited less
 * what was withdrawn, custodian by custodian, and every hold is where its leg says.
 */
import { isOnLadder } from "../../ledger/limits.ts"
import { directions, legStates } from "../../ledger/rows.ts"
import type { Tables } from "../../ledger/state.ts"

export interface CustodianBalance {
  readonly custodian: number
  readonly deposited: bigint
  readonly withdrawn: bigint
  /** Deposits and withdrawals of this custodian, booking by booking, added up. */
  readonly booked: { readonly deposited: bigint; readonly withdrawn: bigint }
}

/** Minor units throughout. */
export interface Balances {
  readonly accounts: bigint
  readonly holds: bigint
  readonly deposited: bigint
  readonly withdrawn: bigint
  /** All ever held, and where it went; `back` is what is left over: it returned to the payers. */
  readonly held: bigint
  readonly paid: bigint
  readonly contested: bigint
  readonly back: bigint
  readonly refunded: bigint
  readonly custodians: readonly CustodianBalance[]
  /** Codes of what does not add up, each with the organization or the count that it is about. */
  readonly findings: readonly { readonly code: string; readonly at: string }[]
}

interface LegSums {
  hold: bigint
  held: bigint
  contested: bigint
  /** Legs that break a rule of their own. */
  broken: number
  readonly reserved: Map<number, bigint>
}

const mayHold: readonly number[] = [legStates.held, legStates.settled, legStates.disputed]

function sumLegs(tables: Tables): LegSums {
  const sums: LegSums = { hold: 0n, held: 0n, contested: 0n, broken: 0, reserved: new Map() }
  for (const [, { legs }] of tables.visits.rows()) {
    for (const { payer, hold, held, contested, state } of legs) {
      sums.hold += hold
      sums.held += held
      sums.contested += contested
      sums.reserved.set(payer, (sums.reserved.get(payer) ?? 0n) + hold)
      const sound =
        hold >= 0n && hold + contested <= held && isOnLadder(held) && (hold === 0n || mayHold.includes(state))
      if (!sound) sums.broken++
    }
  }
  return sums
}

function sumPayments(tables: Tables): { paid: bigint; refunded: bigint } {
  const sums = { paid: 0n, refunded: 0n }
  for (const [, { amount, direction }] of tables.payments.rows())
    if (direction === directions.payment) sums.paid += amount
    else sums.refunded += amount
  return sums
}

function custodiansOf(tables: Tables): readonly CustodianBalance[] {
  const booked = new Map<number, { deposited: bigint; withdrawn: bigint }>()
  for (const [, { custodian, amount, direction }] of tables.references.rows()) {
    const sums = booked.get(custodian) ?? { deposited: 0n, withdrawn: 0n }
    if (direction === directions.deposit) sums.deposited += amount
    else sums.withdrawn += amount
    booked.set(custodian, sums)
  }
  const rows = new Map([...tables.custodians.rows()].map(([{ org }, row]) => [org, row]))
  return [...new Set([...rows.keys(), ...booked.keys()])]
    .sort((a, b) => a - b)
    .map((custodian) => ({
      custodian,
      ...(rows.get(custodian) ?? { deposited: 0n, withdrawn: 0n }),
      booked: booked.get(custodian) ?? { deposited: 0n, withdrawn: 0n },
    }))
}

/** Adds the whole ledger up. A scan of five tables; reads nothing but public sums. */
export function balancesOf(tables: Tables): Balances {
  const findings: { code: string; at: string }[] = []
  const need = (holds: boolean, code: string, at: string) => {
    if (!holds) findings.push({ code, at })
  }
  const legs = sumLegs(tables)
  const { paid, refunded } = sumPayments(tables)
  let accounts = 0n
  for (const [{ org }, { free, reserved }] of tables.accounts.rows()) {
    accounts += free
    need(free >= 0n, "account-negative", `organization ${org}`)
    need(reserved === (legs.reserved.get(org) ?? 0n), "reserved-differs", `organization ${org}`)
  }
  const custodians = custodiansOf(tables)
  for (const { custodian, deposited, withdrawn, booked } of custodians) {
    const at = `organization ${custodian}`
    need(withdrawn <= deposited, "withdrawn-above-deposited", at)
    need(booked.deposited === deposited && booked.withdrawn === withdrawn, "bookings-differ", at)
  }
  const deposited = custodians.reduce((sum, row) => sum + row.deposited, 0n)
  const withdrawn = custodians.reduce((sum, row) => sum + row.withdrawn, 0n)
  const back = legs.held - legs.hold - paid - legs.contested
  need(accounts + legs.hold === deposited - withdrawn, "money-not-conserved", "all accounts and holds")
  need(legs.broken === 0, "holds-unsound", `${legs.broken} legs`)
  need(back >= 0n, "paid-above-held", "all legs")
  const { hold: holds, held, contested } = legs
  return { accounts, holds, deposited, withdrawn, held, paid, contested, back, refunded, custodians, findings }
}
