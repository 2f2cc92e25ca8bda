/**
 * What the ledger itself says was settled: the count against which every opening is held. It is read from the state
 * alone, so payer and regulator, each on its own copy, find the same legs.
 */
import { refuse } from "../../base/refusal.ts"
import { parseDate } from "../../base/time.ts"
import { type Leg, legStates, type VisitRow } from "../../ledger/rows.ts"
import type { Tables } from "../../ledger/state.ts"
import type { Fields } from "../desk.ts"

/**
 * First and last day, by the ledger's running time: its deadlines' clock, on which outages and freezes do not count.
 * While nothing was lost it is the calendar's.
 */
export interface Period {
  readonly from: number
  readonly to: number
}

const latestDay = 2_932_896

/** `from` and `to` as 2026-04-14; either left out is open. @throws Refused for a date that does not exist. */
export function periodOf(fields: Fields): Period {
  const day = (name: string, open: number) => {
    if (!fields.has(name)) return open
    const known = parseDate(fields.text(name))
    return known ?? refuse("date", "Cannot read request: a date that exists is expected", name, "As 2026-04-14")
  }
  const period = { from: day("from", 0), to: day("to", latestDay) }
  if (period.from <= period.to) return period
  return refuse("period", "Cannot read request: the period ends before it begins", "to", "Turn the two dates round")
}

export interface SettledLeg {
  readonly V: Uint8Array
  readonly provider: number
  /** Index among the visit's legs. */
  readonly index: number
  readonly leg: Leg
  readonly visit: VisitRow
}

/**
 * Every leg that was settled in the period and is settled or paid now, in the ledger's order. A leg whose dispute ended
 * without a settlement names no hour and is not among them.
 */
export function settledLegs(tables: Tables, { from, to }: Period): readonly SettledLeg[] {
  const found: SettledLeg[] = []
  for (const [{ V, provider }, visit] of tables.visits.rows()) {
    for (const [index, leg] of visit.legs.entries()) {
      const day = Math.floor(leg.settled / 24)
      const stands = leg.state === legStates.settled || leg.state === legStates.paid
      if (stands && leg.settled > 0 && from <= day && day <= to) found.push({ V, provider, index, leg, visit })
    }
  }
  return found
}
