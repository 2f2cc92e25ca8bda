/** Trees over tagged values: leaf data is `digest(tag, …)`, the tree itself is RFC 9162's. */
import type { Value } from "./cbor.ts"
import { digest } from "./digest.ts"
import { merkleProof, merkleRoot, verifyMerkleProof } from "./merkle.ts"

export function treeRoot(tag: string, leaves: readonly (readonly Value[])[]): Uint8Array {
  return merkleRoot(leaves.map((leaf) => digest(tag, ...leaf)))
}

export function treeProof(tag: string, leaves: readonly (readonly Value[])[], index: number): Uint8Array[] {
  return merkleProof(
    leaves.map((leaf) => digest(tag, ...leaf)),
    index,
  )
}

export function verifyTreeProof(
  tag: string,
  root: Uint8Array,
  leaf: readonly Value[],
  index: number,
  size: number,
  proof: readonly Uint8Array[],
): boolean {
  return verifyMerkleProof(root, digest(tag, ...leaf), index, size, proof)
}
