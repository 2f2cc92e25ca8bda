/**
 * Two stories: a payer that signs two different snapshots with one sequence number for one member has told two people
 * two things. The two envelopes side by side prove it to anybody; nothing else is needed but the chain's id and, where
 * the payer used two keys, the registry.
 */
import { equalBytes, toHex } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import { decodeEnvelope, meanings } from "../base/envelope.ts"
import { type ChainNames, chainOf } from "../ledger/chain-names.ts"
import { decodeSnapshot, type Snapshot, snapshotDigest } from "../plan/snapshot.ts"
import type { RegisterView } from "./register-view.ts"

export interface TwoStories {
  readonly sequence: number
  /** Digests of the two snapshots, in the order given. */
  readonly digests: readonly [Uint8Array, Uint8Array]
  /** The payer's key or keys, tag and all. */
  readonly keys: readonly [Uint8Array, Uint8Array]
}

interface Told {
  readonly snapshot: Snapshot
  readonly digest: Uint8Array
  readonly key: Uint8Array
}

/** A snapshot that is signed as counted on this chain, or the one before it; undefined for any other bytes. */
function told(envelope: Uint8Array, names: ChainNames): Told | undefined {
  try {
    const { payload, signatures } = decodeEnvelope(envelope, 1)
    const [signature] = signatures
    if (signatures.length !== 1 || signature!.meaning !== meanings.counted) return undefined
    if (chainOf(names, { payload, signatures }) === undefined) return undefined
    return { snapshot: decodeSnapshot(payload), digest: snapshotDigest(payload), key: signature!.key }
  } catch (error) {
    if (error instanceof EncodingError) return undefined
    throw error
  }
}

function sameSigner(a: Uint8Array, b: Uint8Array, { keys }: RegisterView): boolean {
  if (equalBytes(a, b)) return true
  const [first, second] = [keys?.get(toHex(a)), keys?.get(toHex(b))]
  return first !== undefined && first.org === second?.org
}

/**
 * What two signed snapshots prove, or undefined when they can both be true: of other members, plans or numbers, equal,
 * or not signed by one payer.
 */
export function twoStories(first: Uint8Array, second: Uint8Array, view: RegisterView): TwoStories | undefined {
  const [a, b] = [told(first, view), told(second, view)]
  if (a === undefined || b === undefined || !sameSigner(a.key, b.key, view)) return undefined
  const sameMember = equalBytes(a.snapshot.member, b.snapshot.member) && equalBytes(a.snapshot.plan, b.snapshot.plan)
  if (!sameMember || a.snapshot.sequence !== b.snapshot.sequence || equalBytes(a.digest, b.digest)) return undefined
  return { sequence: a.snapshot.sequence, digests: [a.digest, b.digest], keys: [a.key, b.key] }
}
