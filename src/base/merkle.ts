/** Merkle trees of RFC 9162: leaf = SHA-256(00 ‖ data), node = SHA-256(01 ‖ left ‖ right), empty = SHA-256(""). */
import { sha256 } from "#crypto"
import { assert } from "./assert.ts"
import { concat, equalBytes } from "./bytes.ts"

const leafPrefix = Uint8Array.of(0)
const nodePrefix = Uint8Array.of(1)
/** 01 ‖ left ‖ right, written over from node to node. */
const nodeInput = new Uint8Array(65)
nodeInput[0] = 1

export function leafHash(data: Uint8Array): Uint8Array {
  return sha256(concat(leafPrefix, data))
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  // A proof from outside may name anything as a sibling.
  if (left.length !== 32 || right.length !== 32) return sha256(concat(nodePrefix, left, right))
  nodeInput.set(left, 1)
  nodeInput.set(right, 33)
  return sha256(nodeInput)
}

/** The largest power of two below n, for n of at least 2. */
function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

function rootOfHashes(hashes: readonly Uint8Array[], from: number, to: number): Uint8Array {
  const n = to - from
  if (n === 1) return hashes[from]!
  const middle = from + split(n)
  return nodeHash(rootOfHashes(hashes, from, middle), rootOfHashes(hashes, middle, to))
}

/** Root over leaf data, each hashed as a leaf first. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array(0))
  return rootOfHashes(leaves.map(leafHash), 0, leaves.length)
}

/** The inclusion proof of one leaf, from the leaf's sibling up. */
export function merkleProof(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  assert(index >= 0 && index < leaves.length, "a proof is asked for a leaf that exists")
  const hashes = leaves.map(leafHash)
  const proof: Uint8Array[] = []
  let from = 0
  let to = hashes.length
  const path: Uint8Array[] = []
  while (to - from > 1) {
    const middle = from + split(to - from)
    if (index < middle) {
      path.push(rootOfHashes(hashes, middle, to))
      to = middle
    } else {
      path.push(rootOfHashes(hashes, from, middle))
      from = middle
    }
  }
  for (let i = path.length - 1; i >= 0; i--) proof.push(path[i]!)
  return proof
}

/**
 * Checks an inclusion proof (RFC 9162 section 2.1.3.2). Everything here may come from an adversary: a proof of the
 * wrong length, an index beyond the size, hashes of the wrong length are all false, never a throw.
 */
export function verifyMerkleProof(
  root: Uint8Array,
  leafData: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false
  let fn = index
  let sn = size - 1
  let hash = leafHash(leafData)
  for (const sibling of proof) {
    if (sn === 0 || sibling.length !== 32) return false
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash)
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2)
        sn = Math.floor(sn / 2)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  return sn === 0 && equalBytes(hash, root)
}
