/**
 * X12 files that are small enough to be held whole: interchanges with their transactions, or a refusal with its place.
 * Larger ones are read as a stream (transactions.ts), which this stands on.
 */
import { Refused } from "../../../base/refusal.ts"
import { refusalOf } from "./finding.ts"
import type { X12Segment } from "./segment.ts"
import { type InterchangeHeader, type TransactionHeader, X12Stream } from "./transactions.ts"

export { element, placeIn, type X12Segment } from "./segment.ts"

export interface X12Transaction {
  /** `837`, `835`, … */
  readonly set: string
  readonly control: string
  /** Implementation guide: ST03, or GS08 where the transaction does not say. */
  readonly guide: string
  /** Where it stands: its group, and through it its interchange. */
  readonly header: TransactionHeader
  /** The first is ST, the last is SE. */
  readonly segments: readonly X12Segment[]
}

export interface X12Interchange {
  readonly control: string
  /** Separates the parts of a composite element: ISA16. */
  readonly component: string
  readonly header: InterchangeHeader
  readonly transactions: readonly X12Transaction[]
}

/** All interchanges of a file. @throws Refused, which the readers turn into a returned refusal. */
export function readInterchanges(bytes: Uint8Array): readonly X12Interchange[] {
  const interchanges: X12Interchange[] = []
  let transactions: X12Transaction[] = []
  let segments: X12Segment[] = []
  const stream = new X12Stream({
    interchange: (header) => {
      transactions = []
      interchanges.push({ control: header.control, component: header.separators.component, header, transactions })
    },
    transaction: (header) => {
      segments = []
      const { set, control, guide } = header
      transactions.push({ set, control, guide, header, segments })
    },
    segment: (segment) => segments.push(segment),
    finding: (finding) => {
      if (finding.isRefused) throw new Refused(refusalOf(finding))
    },
  })
  stream.push(bytes)
  stream.end()
  return interchanges
}
