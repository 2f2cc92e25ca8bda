/** The order in which a determination lists what it moves: one order, since the parties compare the bytes. */
import type { Difference, Event } from "../snapshot.ts"

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
const compareDifferences = (a: Difference, b: Difference) =>
  compareText(a.clause, b.clause) || compareText(a.owner, b.owner) || a.periodStart - b.periodStart
const compareEvents = (a: Event, b: Event) =>
  compareText(a.clause, b.clause) ||
  compareText(a.owner, b.owner) ||
  a.day - b.day ||
  (a.quantity < b.quantity ? -1 : a.quantity > b.quantity ? 1 : 0)

/** Sorts in place, equal rows in their order. Most lists are short and nearly in order: then nothing is copied. */
function sortRows<T>(rows: T[], compare: (a: T, b: T) => number): T[] {
  if (rows.length > 32) return rows.sort(compare)
  for (let i = 1; i < rows.length; i++) {
    const row = rows[i]!
    let at = i
    for (; at > 0 && compare(rows[at - 1]!, row) > 0; at--) rows[at] = rows[at - 1]!
    rows[at] = row
  }
  return rows
}

/** By clause, owner and start of the period. Sorts in place. */
export const sortDifferences = (rows: Difference[]): Difference[] => sortRows(rows, compareDifferences)
/** By clause, owner, day and quantity; events that are the same in these stay in their order. Sorts in place. */
export const sortEvents = (rows: Event[]): Event[] => sortRows(rows, compareEvents)
