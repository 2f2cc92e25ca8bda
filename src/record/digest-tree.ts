/**
 * The record root: one digest over all entries of a visit, named in the facts statement and so on the ledger. One entry
 * is shown with its proof; of the others the proof holds salted hashes, which say nothing.
 */
import { assert } from "../base/assert.ts"
import { b32, type Decoded, list, struct, uint } from "../base/schema.ts"
import { treeProof, treeRoot, verifyTreeProof } from "../base/tree.ts"
import { digestLeaf, digestOf, type Entry, type EntryDigest, entryLeaf, maxEntries } from "./entry.ts"

/** Where a leaf stands in a tree of `size` leaves, and the siblings on its way up. */
export const treePlace = struct({ index: uint(0, 65535), size: uint(1, 65536), proof: list(b32, 0, 17) })
export type TreePlace = Decoded<typeof treePlace>

export function recordRoot(entries: readonly Entry[]): Uint8Array {
  return recordRootOf(entries.map(digestOf))
}

/** The same for whoever kept the digests and not the clear bytes: a record that grows. */
export function recordRootOf(digests: readonly EntryDigest[]): Uint8Array {
  assert(digests.length <= maxEntries, "a record has at most 4,096 entries")
  return treeRoot("entry", digests.map(digestLeaf))
}

export function proveEntry(entries: readonly Entry[], index: number): TreePlace {
  return { index, size: entries.length, proof: treeProof("entry", entries.map(entryLeaf), index) }
}

/** Whether this entry, byte for byte, stands there under the root. */
export function verifyEntry(root: Uint8Array, entry: Entry, { index, size, proof }: TreePlace): boolean {
  return verifyTreeProof("entry", root, entryLeaf(entry), index, size, proof)
}
