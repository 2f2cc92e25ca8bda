/**
 * Reading and changing the visit row, the one entry that both chapters meet in: what was recorded (facts, statement)
 * and what is owed (legs). Every stage of `1-hold.ts` to `6-payment.ts` works on this row.
 *
 *   record:          (none) ──▶ recorded ──▶ countersigned
 *   money, a leg:    held ──▶ settled ──▶ paid,   held ──▶ released,   held ──▶ disputed ──▶ settled or paid
 */
import { equalBytes } from "../../base/bytes.ts"
import { type Rejection, reject } from "../rejection.ts"
import { type FactsRow, type Leg, legStates, type StatementRow, type Transition, type VisitRow } from "../rows.ts"
import type { Tables } from "../state.ts"

/** A visit is named by its one-time key V and the provider. */
export interface VisitName {
  readonly V: Uint8Array
  readonly provider: number
}

export interface LoadedVisit {
  readonly name: VisitName
  readonly visit: VisitRow
}
export interface LoadedLeg extends LoadedVisit {
  readonly index: number
  readonly leg: Leg
}

export function visitOf(tables: Tables, { V, provider }: VisitName): VisitRow | undefined {
  return tables.visits.get({ V, provider })
}

export function loadVisit(tables: Tables, { V, provider }: VisitName): LoadedVisit | Rejection {
  const name = { V, provider }
  const visit = tables.visits.get(name)
  return visit === undefined ? reject("visit-unknown", name) : { name, visit }
}

export function loadLeg(tables: Tables, { V, provider, leg }: VisitName & { leg: number }): LoadedLeg | Rejection {
  const name = { V, provider }
  const visit = tables.visits.get(name)
  if (visit === undefined) return reject("visit-unknown", name)
  const found = visit.legs[leg]
  if (found === undefined) return reject("leg-unknown", { ...name, leg })
  return { name, visit, index: leg, leg: found }
}

/** Whether a leg counts as open in the accounts of its payer and its provider. */
export function isOpen({ state }: Leg): boolean {
  return state === legStates.held || state === legStates.settled || state === legStates.disputed
}

/** What a statement commits to for a leg; undefined if it does not name it. */
export function commitmentOf(statement: StatementRow | undefined, leg: number): Uint8Array | undefined {
  return statement?.legs.find((claimed) => claimed.leg === leg)?.amount
}

/** The commitment of the statement in force for a leg, if that statement has this id and names the leg. */
export function commitmentInForce(visit: VisitRow, statement: Uint8Array, leg: number): Uint8Array | undefined {
  return isInForce(visit, statement) ? commitmentOf(visit.statement, leg) : undefined
}

export function isInForce(visit: VisitRow, statement: Uint8Array): boolean {
  return visit.statement !== undefined && equalBytes(visit.statement.id, statement)
}

export function factsOf(visit: VisitRow, id: Uint8Array): FactsRow | undefined {
  return visit.facts.find((facts) => equalBytes(facts.id, id))
}

export function withLeg(visit: VisitRow, index: number, leg: Leg): VisitRow {
  return { ...visit, legs: visit.legs.map((old, i) => (i === index ? leg : old)) }
}

export function withTransition(visit: VisitRow, transition: Transition): VisitRow {
  return { ...visit, transitions: [...visit.transitions, transition] }
}

/** The set that holds one leg. */
export function legBit(leg: number): number {
  return 1 << leg
}

export function inSet(set: number, leg: number): boolean {
  return ((set >> leg) & 1) === 1
}

/** The transaction that ran this operation under this key, and this set of legs where one is given. */
export function earlier(
  visit: VisitRow | undefined,
  { operation, key, legs }: { operation: number; key?: Uint8Array; legs?: number },
): Uint8Array | undefined {
  return visit?.transitions.find(
    (past) =>
      past.operation === operation &&
      (legs === undefined || past.legs === legs) &&
      (key === undefined ? past.key === undefined : past.key !== undefined && equalBytes(past.key, key)),
  )?.transaction
}
