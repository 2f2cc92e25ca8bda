/**
 * Stage 3: the claim is filed. A visit statement names the facts it stands on and commits, leg by leg, to what each
 * payer owes; with the patient's side's signature the record is countersigned by it too.
 *
 *   (none) ──file──▶ in force ──file, naming the one in force──▶ in force
 *
 * Filing alone moves no money. `4-settle.ts` runs these steps as parts of one transaction.
 */
import { isPoint } from "#crypto"
import { assert } from "../../base/assert.ts"
import { equalBytes } from "../../base/bytes.ts"
import { type Rejection, reject } from "../rejection.ts"
import { legStates, type StatementRow, type VisitRow } from "../rows.ts"
import { commitmentOf, inSet, isInForce, legBit, type VisitName } from "./visit.ts"

/** What a visit statement says of one leg. */
export interface ClaimedLeg {
  readonly voucher: Uint8Array
  readonly commitment: Uint8Array
}

export interface Filing {
  readonly name: VisitName
  readonly id: Uint8Array
  readonly facts: Uint8Array
  readonly supersedes: Uint8Array | undefined
  readonly legs: readonly ClaimedLeg[]
  /** The legs whose payers sign here. */
  readonly agreed: number
  readonly own: boolean
}

export interface Filed {
  readonly visit: VisitRow
  readonly statement: StatementRow
  /** The legs whose commitment this very transaction made new. */
  readonly fresh: number
}

/** The file step: the visit with this statement in force. Filed before, only the patient's signature may be new. */
export function fileClaim(visit: VisitRow, filing: Filing): Filed | Rejection {
  const { name, id, supersedes, agreed } = filing
  const { statement } = visit
  if (statement?.void === 1) return reject("wrong-stage", { what: "a void statement" })
  if (statement !== undefined && isInForce(visit, id)) return fileAgain(visit, { statement, agreed, own: filing.own })
  if (statement !== undefined && supersedes === undefined) return reject("statement-superseded", { id })
  if (supersedes !== undefined && !isInForce(visit, supersedes)) return reject("statement-unknown", { id: supersedes })
  const named = legsNamed(visit, filing.legs)
  if (typeof named === "number") return reject("leg-unknown", { ...name, leg: named })
  const refused = refuseLegs(visit, { ...filing, named })
  if (refused !== undefined) return refused
  const legs = filing.legs.map(({ commitment }, i) => ({ leg: named[i]!, amount: commitment }))
  const filed: StatementRow = { id, facts: filing.facts, own: filing.own ? 1 : 0, void: 0, legs }
  let fresh = 0
  for (const { leg, amount } of legs) if (isFresh(statement, leg, amount)) fresh |= legBit(leg)
  return { visit: { ...visit, statement: filed, legs: clearDelivery(visit) }, statement: filed, fresh }
}

function fileAgain(
  visit: VisitRow,
  { statement, agreed, own }: { statement: StatementRow; agreed: number; own: boolean },
): Filed | Rejection {
  const gone = visit.legs.some((leg, i) => inSet(agreed, i) && leg.state === legStates.released)
  if (gone) return reject("wrong-stage", { what: "a leg that is released" })
  if (!own || statement.own === 1) return { visit, statement, fresh: 0 }
  const signed: StatementRow = { ...statement, own: 1 }
  return { visit: { ...visit, statement: signed }, statement: signed, fresh: 0 }
}

/** The legs by index, in the visit's order; the position of the first that is not there, or not in order. */
function legsNamed(visit: VisitRow, claimed: readonly ClaimedLeg[]): readonly number[] | number {
  const named: number[] = []
  let last = -1
  for (const [i, { voucher }] of claimed.entries()) {
    const index = visit.legs.findIndex((leg) => equalBytes(leg.voucher, voucher))
    if (index <= last) return i
    named.push(index)
    last = index
  }
  return named
}

function isFresh(superseded: StatementRow | undefined, leg: number, commitment: Uint8Array): boolean {
  const before = commitmentOf(superseded, leg)
  return before === undefined || !equalBytes(before, commitment)
}

function refuseLegs(visit: VisitRow, filing: Filing & { readonly named: readonly number[] }): Rejection | undefined {
  const { name, named, legs, agreed } = filing
  for (const index of named) {
    const { state } = visit.legs[index]!
    if (state === legStates.released || state === legStates.disputed)
      return reject("wrong-stage", { what: "a leg that is released or disputed" })
  }
  for (const { leg } of visit.statement?.legs ?? []) {
    if (visit.legs[leg]!.state !== legStates.released && !named.includes(leg))
      return reject("leg-unknown", { ...name, leg })
  }
  for (const [i, { commitment }] of legs.entries())
    if (!isPoint(commitment)) return reject("bad-point", { ...name, leg: named[i]! })
  for (const [i, index] of named.entries()) {
    const { state } = visit.legs[index]!
    const closed = state === legStates.settled || state === legStates.paid
    if (closed && isFresh(visit.statement, index, legs[i]!.commitment) && !inSet(agreed, index))
      return reject("quorum-missing", { given: 0 })
  }
  return undefined
}

/** A new statement needs a new delivery: the payer has not seen this one. */
function clearDelivery(visit: VisitRow): VisitRow["legs"] {
  return visit.legs.map((leg) => {
    assert(leg.state !== legStates.disputed, "a statement is not superseded while a leg is disputed")
    return leg.state === legStates.held && leg.deadline !== 0 ? { ...leg, deadline: 0, bundle: undefined } : leg
  })
}
