/**
 * The same stream, pulled: from a source of chunks (a file read piece by piece) comes one event at a time, or one
 * transaction at a time with its segments. Holds the events of one chunk.
 *
 *   for (const { header, segments } of pullTransactions(chunks)) for (const segment of segments) …
 */
import type { X12Finding } from "./finding.ts"
import type { X12Segment } from "./segment.ts"
import {
  type GroupHeader,
  type InterchangeHeader,
  type OpenUnits,
  type TransactionHeader,
  X12Stream,
} from "./transactions.ts"

export type X12Event =
  | { readonly kind: "interchange" | "interchangeEnd"; readonly header: InterchangeHeader }
  | { readonly kind: "group"; readonly header: GroupHeader }
  | { readonly kind: "groupEnd"; readonly header: GroupHeader; readonly said: number | undefined }
  | { readonly kind: "transaction" | "transactionEnd"; readonly header: TransactionHeader }
  | { readonly kind: "segment"; readonly segment: X12Segment; readonly position: number }
  | { readonly kind: "answer"; readonly segment: X12Segment; readonly interchange: InterchangeHeader }
  | { readonly kind: "finding"; readonly finding: X12Finding; readonly open: OpenUnits }

/** Every event of a file, in order; see `X12Events`. Chunks may have any size: small ones bound the memory. */
export function* eventsOf(chunks: Iterable<Uint8Array>): Generator<X12Event, void, void> {
  let events: X12Event[] = []
  const stream = new X12Stream({
    interchange: (header) => events.push({ kind: "interchange", header }),
    group: (header) => events.push({ kind: "group", header }),
    transaction: (header) => events.push({ kind: "transaction", header }),
    segment: (segment, position) => events.push({ kind: "segment", segment, position }),
    answer: (segment, interchange) => events.push({ kind: "answer", segment, interchange }),
    finding: (finding, open) => events.push({ kind: "finding", finding, open }),
    transactionEnd: (header) => events.push({ kind: "transactionEnd", header }),
    groupEnd: (header, said) => events.push({ kind: "groupEnd", header, said }),
    interchangeEnd: (header) => events.push({ kind: "interchangeEnd", header }),
  })
  for (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += piece) {
      stream.push(chunk.subarray(from, from + piece))
      const ready = events
      events = []
      yield* ready
    }
  }
  stream.end()
  yield* events
}

const piece = 1 << 16

export interface PulledTransaction {
  readonly header: TransactionHeader
  /** From ST to SE; to be read before the next transaction is asked for, and once. */
  readonly segments: Iterable<X12Segment>
}

/** The transactions of a file; `tell` hears every finding. What a transaction's reader leaves unread is passed over. */
export function* pullTransactions(
  chunks: Iterable<Uint8Array>,
  tell: (finding: X12Finding) => void = () => undefined,
): Generator<PulledTransaction, void, void> {
  const events = eventsOf(chunks)
  let isOpen = false
  function* segments(): Generator<X12Segment, void, void> {
    while (isOpen) {
      const { value, done } = events.next()
      if (done === true || value.kind === "transactionEnd") isOpen = false
      else if (value.kind === "finding") tell(value.finding)
      else if (value.kind === "segment") yield value.segment
    }
  }
  for (let step = events.next(); step.done !== true; step = events.next()) {
    const event = step.value
    if (event.kind === "finding") tell(event.finding)
    if (event.kind !== "transaction") continue
    isOpen = true
    yield { header: event.header, segments: segments() }
    for (const _ of segments()) {
      // To the end of the transaction.
    }
  }
}
