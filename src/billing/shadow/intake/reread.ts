/** The second reading of a claim file: only the claims that a correction or a letter needs, whole. */
import type { Claim837 } from "../../../formats/x12/claim/claim-837.ts"
import { claimsOf837 } from "../../../formats/x12/claim/read-837-claims.ts"
import type { X12Segment } from "../../../formats/x12/syntax/segment.ts"
import { type TransactionHeader, X12Stream } from "../../../formats/x12/syntax/transactions.ts"
import type { SentPlace } from "./sent.ts"

/** Wanted claims of one file: by transaction, the claims' places in it. */
export type WantedClaims = ReadonlyMap<number, ReadonlySet<number>>

/** The wanted claims of each file, by file number. */
export function wantedByFile(places: Iterable<SentPlace>): ReadonlyMap<number, WantedClaims> {
  const files = new Map<number, Map<number, Set<number>>>()
  for (const { file, transaction, ordinal } of places) {
    const transactions = files.get(file) ?? new Map<number, Set<number>>()
    const ordinals = transactions.get(transaction) ?? new Set<number>()
    ordinals.add(ordinal)
    transactions.set(transaction, ordinals)
    files.set(file, transactions)
  }
  return files
}

/** Reads one file again and hands over each wanted claim with its place. */
export function openReread(
  file: number,
  wanted: WantedClaims,
  found: (claim: Claim837, place: SentPlace) => void,
): X12Stream {
  let segments: X12Segment[] = []
  return new X12Stream({
    transaction: () => {
      segments = []
    },
    segment: (segment, _, { ordinal }) => {
      if (wanted.has(ordinal)) segments.push(segment)
    },
    transactionEnd: (header) => {
      const ordinals = wanted.get(header.ordinal)
      if (ordinals !== undefined) giveClaims(file, header, segments, ordinals, found)
      segments = []
    },
  })
}

function giveClaims(
  file: number,
  header: TransactionHeader,
  segments: readonly X12Segment[],
  ordinals: ReadonlySet<number>,
  found: (claim: Claim837, place: SentPlace) => void,
): void {
  const { control, separators } = header.group.interchange
  let [ordinal, left] = [0, ordinals.size]
  for (const one of claimsOf837({ ...header, segments }, { control, component: separators.component })) {
    if ("refusal" in one) continue
    if (ordinals.has(ordinal)) {
      found(one.claim, { file, transaction: header.ordinal, ordinal })
      left--
    }
    if (left === 0) return
    ordinal++
  }
}
