/**
 * Consistency proofs of RFC 9162: that a log of `size` leaves begins with the log of `first` leaves that somebody
 * kept the root of. The tree itself is `src/base/merkle.ts`.
 */
import { equalBytes } from "../../../src/base/bytes.ts"
import { merkleRoot, nodeHash } from "../../../src/base/merkle.ts"

/** The largest power of two below n, for n of at least 2. */
function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** The proof for the first `first` leaves, 1 to leaves.length (section 2.1.4.1). */
export function consistencyProof(leaves: readonly Uint8Array[], first: number): Uint8Array[] {
  const part = (m: number, data: readonly Uint8Array[], whole: boolean): Uint8Array[] => {
    if (m === data.length) return whole ? [] : [merkleRoot(data)]
    const k = split(data.length)
    return m <= k
      ? [...part(m, data.slice(0, k), whole), merkleRoot(data.slice(k))]
      : [...part(m - k, data.slice(k), false), merkleRoot(data.slice(0, k))]
  }
  return part(first, leaves, true)
}

export interface Rooted {
  readonly size: number
  readonly root: Uint8Array
}

/** Whether `proof` shows that `now` begins with `before` (section 2.1.4.2). Everything may come from an adversary. */
export function verifyConsistency(before: Rooted, now: Rooted, proof: readonly Uint8Array[]): boolean {
  // Any log begins with the empty one: of it there is nothing to prove.
  if (!(before.size >= 1) || before.size > now.size) return false
  if (before.size === now.size) return proof.length === 0 && equalBytes(before.root, now.root)
  if (proof.length === 0) return false
  let [fn, sn] = [before.size - 1, now.size - 1]
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
  const isPowerOfTwo = 2 ** Math.round(Math.log2(before.size)) === before.size
  const path = isPowerOfTwo ? [before.root, ...proof] : [...proof]
  let [old, fresh] = [path[0]!, path[0]!]
  for (const hash of path.slice(1)) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      ;[old, fresh] = [nodeHash(hash, old), nodeHash(hash, fresh)]
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
    } else fresh = nodeHash(fresh, hash)
    ;[fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
  }
  return sn === 0 && equalBytes(old, before.root) && equalBytes(fresh, now.root)
}
