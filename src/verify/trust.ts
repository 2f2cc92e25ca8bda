/**
 * Where trust begins and how it travels: an anchor that the verifier already holds, and from there one change of
 * validators after another, each signed by more than two thirds of the set before it.
 */
import { equalBytes } from "../base/bytes.ts"
import { Reader } from "../base/cbor.ts"
import { verifyCommit } from "../base/chain/commit.ts"
import { chainIdCodec, type Header, headerCodec, headerHash } from "../base/chain/header.ts"
import { orderValidators, type Validator, validatorsCodec, validatorsHash } from "../base/chain/validators.ts"
import { b32, type Codec, type Decoded, decodeAs, encodeAs, list, opt, struct, uint } from "../base/schema.ts"
import type { Failure } from "./reason.ts"
import { fail } from "./reason.ts"
import { type SignedHeader, tagged } from "./receipt.ts"

/**
 * A header that the verifier has learnt out of band. Below it only hash links count, so that validators who have left
 * cannot write a second history with their old keys.
 */
export interface Checkpoint {
  readonly height: number
  readonly headerHash: Uint8Array
  /** As that header says. */
  readonly nextValidatorsHash: Uint8Array
  /** The chain ended here, and another that pins this header took over: nothing above it counts. */
  readonly last: boolean
  /**
   * The set of `nextValidatorsHash`, where the reader knows it: changes of validators up to here are then not asked for.
   * It stays with the reader; an anchor's bytes do not carry it.
   */
  readonly validators?: readonly Validator[] | undefined
}

export interface TrustAnchor {
  readonly chainId: string
  /** The chain whose state this one carries on: what was signed for it may stand here. */
  readonly former?: string | undefined
  /** SHA-256 of the genesis file. */
  readonly genesis: Uint8Array
  /** Depth of the state's bucket tree, a constant of the genesis. */
  readonly k: number
  /** The validators at genesis. */
  readonly validators: readonly Validator[]
  readonly checkpoint?: Checkpoint | undefined
}

const flag: Codec<boolean> = {
  read: (reader) => uint(0, 1).read(reader) === 1,
  write: (writer, value) => writer.uint(value ? 1 : 0),
}
const anchorFields = {
  chainId: chainIdCodec,
  genesis: b32,
  k: uint(1, 24),
  validators: validatorsCodec,
  checkpoint: opt(struct({ height: uint(1), headerHash: b32, nextValidatorsHash: b32, last: flag })),
}
const anchorCodec = struct({ tag: tagged("anchor/1"), ...anchorFields })
const successorCodec = struct({ tag: tagged("anchor/2"), ...anchorFields, former: chainIdCodec })

/** `anchor/2` only where there is a former chain: all others keep their bytes. */
export function encodeAnchor(anchor: TrustAnchor): Uint8Array {
  const { former, ...fields } = { checkpoint: undefined, ...anchor }
  return former === undefined
    ? encodeAs(anchorCodec, { tag: "anchor/1", ...fields })
    : encodeAs(successorCodec, { tag: "anchor/2", ...fields, former })
}

/** @throws EncodingError unless `encoded` is exactly one anchor. */
export function decodeAnchor(encoded: Uint8Array): TrustAnchor {
  const reader = new Reader(encoded)
  const successor = reader.array() === successorCodec.size
  const { tag: _, ...anchor } = decodeAs<Decoded<typeof anchorCodec | typeof successorCodec>>(
    successor ? successorCodec : anchorCodec,
    encoded,
  )
  return anchor
}

/** The anchor of a chain that ended with this header, and whose state another carries on. */
export function endedAnchor(anchor: TrustAnchor, last: Header): TrustAnchor {
  const { height, nextValidatorsHash } = last
  return { ...anchor, checkpoint: { height, headerHash: headerHash(last), nextValidatorsHash, last: true } }
}

const linksCodec = struct({ tag: tagged("headers/1"), headers: list(headerCodec, 0, 2 ** 24) })

/** Headers one after the other, by which receipts older than a checkpoint reach it. */
export function encodeLinks(headers: readonly Header[]): Uint8Array {
  return encodeAs(linksCodec, { tag: "headers/1", headers })
}

/** @throws EncodingError unless `encoded` is exactly one list of headers. */
export function decodeLinks(encoded: Uint8Array): readonly Header[] {
  return decodeAs(linksCodec, encoded).headers
}

/** The validators that the anchor vouches for at the header's height, by way of the handovers. */
function trustedSet(signed: SignedHeader, anchor: TrustAnchor): readonly Validator[] | Failure {
  const { checkpoint } = anchor
  const above = checkpoint !== undefined && signed.header.height > checkpoint.height ? checkpoint : undefined
  const known = above?.validators
  // What leads up to a checkpoint whose set is known proves nothing more, and may be left out.
  const start = known === undefined ? 0 : (above?.height ?? 0)
  let set = orderValidators(known ?? anchor.validators)
  let height = start
  let crossed = checkpoint === undefined
  const cross = (next: number): Failure | undefined => {
    if (crossed || checkpoint === undefined || next <= checkpoint.height) return undefined
    crossed = true
    return equalBytes(validatorsHash(set), checkpoint.nextValidatorsHash) ? undefined : fail("other-history")
  }
  for (const { header, commit, validators } of signed.handovers) {
    if (header.height <= start) continue
    if (header.chainId !== anchor.chainId) return fail("other-chain")
    if (header.height <= height || header.height >= signed.header.height) return fail("handover-forged")
    const broken = cross(header.height)
    if (broken !== undefined) return broken
    if (!equalBytes(header.validatorsHash, validatorsHash(set))) return fail("validators-unknown")
    if (!equalBytes(header.nextValidatorsHash, validatorsHash(validators))) return fail("handover-forged")
    if (verifyCommit(header, commit, set) !== undefined) return fail("handover-forged")
    set = validators
    height = header.height
  }
  return cross(signed.header.height) ?? set
}

/** Whether `header` leads by hash links, through `links` (ascending), to the checkpoint's header. */
function leadsTo(header: Header, links: readonly Header[], checkpoint: Checkpoint): boolean {
  let hash = headerHash(header)
  let height = header.height
  for (const link of links) {
    if (height === checkpoint.height) break
    if (link.height <= header.height) continue
    if (link.height !== height + 1 || link.lastBlockId === undefined || !equalBytes(link.lastBlockId.hash, hash))
      return false
    hash = headerHash(link)
    height = link.height
  }
  return height === checkpoint.height && equalBytes(hash, checkpoint.headerHash)
}

const faults = {
  "other-block": "commit-forged",
  "other-set": "commit-forged",
  "bad-vote": "commit-forged",
  "too-little-power": "too-little-power",
} as const

/**
 * Whether a header is final on the anchor's chain; undefined when it is. `links` are needed only for one older than the
 * anchor's checkpoint: the headers from its own height + 1 up to the checkpoint, or from any before.
 */
export function checkHeader(signed: SignedHeader, anchor: TrustAnchor, links: readonly Header[]): Failure | undefined {
  const { header, commit, validators } = signed
  if (
    signed.chainId !== anchor.chainId ||
    header.chainId !== anchor.chainId ||
    !equalBytes(signed.genesis, anchor.genesis)
  )
    return fail("other-chain")
  const set = trustedSet(signed, anchor)
  if ("code" in set) return set
  const hash = validatorsHash(validators)
  if (!equalBytes(hash, validatorsHash(set))) return fail("validators-unknown")
  if (!equalBytes(hash, header.validatorsHash)) return fail("header-forged")
  const fault = verifyCommit(header, commit, validators)
  if (fault !== undefined) return fail(faults[fault])
  const { checkpoint } = anchor
  if (checkpoint === undefined) return undefined
  if (header.height > checkpoint.height) return checkpoint.last ? fail("other-history") : undefined
  return leadsTo(header, links, checkpoint) ? undefined : fail("other-history")
}
