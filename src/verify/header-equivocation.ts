/**
 * Two histories: a validator that signed two headers of one height which cannot both be an honest node's. The two headers
 * side by side, with the votes, prove it to anybody who trusts the chain's genesis; nothing else is needed.
 *
 *   a final header of the height ─┐
 *                                 ├─▶ votes of one key for both ─▶ who lied, and how it is known
 *   another header of the height ─┘
 */
import { equalBytes, toHex } from "../base/bytes.ts"
import { type Commit, commitCodec, flags, verifyVote, voteSignBytes } from "../base/chain/commit.ts"
import { chainIdCodec, type Header, headerCodec, headerHash } from "../base/chain/header.ts"
import { type Validator, validatorAddress } from "../base/chain/validators.ts"
import { b32, type Decoded, decodeAs, encodeAs, struct } from "../base/schema.ts"
import { type Failure, fail } from "./reason.ts"
import { type SignedHeader, signedHeaderFields, tagged } from "./receipt.ts"
import { checkHeader, type TrustAnchor } from "./trust.ts"
import { isFailure, orFailure } from "./verify.ts"

/** A header with votes for it, however few. */
export interface VotedHeader {
  readonly header: Header
  readonly commit: Commit
}

/** Two headers of one height, the first with its way from the genesis. */
export interface Equivocation extends SignedHeader {
  readonly other: VotedHeader
}

/**
 * `two-votes`: for two blocks in one round, which no honest validator casts. `two-histories`: for headers that continue
 * different blocks, or say different things of the same past; an honest validator knows one past.
 */
export type EquivocationKind = "two-votes" | "two-histories"

export interface Liars {
  readonly height: number
  readonly kind: EquivocationKind
  /** Those who signed both, in the order of the set. At least one. */
  readonly signers: readonly Validator[]
  /** Their part of all voting power, as a fraction. */
  readonly power: number
  readonly totalPower: number
}

/** Larger evidence is refused unread. */
export const mostEquivocationBytes = 4 * 1024 * 1024

const equivocationCodec = struct({
  tag: tagged("equivocation/1"),
  chainId: chainIdCodec,
  genesis: b32,
  ...signedHeaderFields,
  other: struct({ header: headerCodec, commit: commitCodec }),
})
type Encoded = Decoded<typeof equivocationCodec>

export function encodeEquivocation(evidence: Equivocation): Uint8Array {
  const encoded: Encoded = { tag: "equivocation/1", ...evidence }
  return encodeAs(equivocationCodec, encoded)
}

/** @throws EncodingError unless `encoded` is exactly one piece of evidence. */
export function decodeEquivocation(encoded: Uint8Array): Equivocation {
  const { tag: _, ...evidence } = decodeAs(equivocationCodec, encoded)
  return evidence
}

/** Who of a set voted for a header, by the hex of their addresses. A vote that is not good is nobody's. */
function votersOf({ header, commit }: VotedHeader, set: readonly Validator[]): ReadonlySet<string> {
  if (commit.height !== header.height || !equalBytes(commit.blockId.hash, headerHash(header))) return new Set()
  const keys = new Map(set.map(({ publicKey }) => [toHex(validatorAddress(publicKey)), publicKey]))
  const voters = new Set<string>()
  for (const slot of commit.signatures) {
    // Who lies has reason to fill the other slots with rubbish: each is looked at by itself.
    if (slot.flag !== flags.commit) continue
    const address = toHex(slot.address)
    const publicKey = keys.get(address)
    if (publicKey === undefined) continue
    const message = voteSignBytes(header.chainId, { ...commit, time: slot.time })
    if (verifyVote(publicKey, message, slot.signature)) voters.add(address)
  }
  return voters
}

/**
 * What an honest validator knows before it votes, and cannot know in two ways: the block before, the state after it, and
 * the sets. What the proposer is free to choose (time, transactions, evidence, which votes it saw) is not among it.
 */
function samePast(a: Header, b: Header): boolean {
  const [before, beforeOther] = [a.lastBlockId?.hash, b.lastBlockId?.hash]
  const linked =
    before === undefined || beforeOther === undefined ? before === beforeOther : equalBytes(before, beforeOther)
  return (
    linked &&
    a.protocol === b.protocol &&
    equalBytes(a.validatorsHash, b.validatorsHash) &&
    equalBytes(a.nextValidatorsHash, b.nextValidatorsHash) &&
    equalBytes(a.consensusHash, b.consensusHash) &&
    equalBytes(a.appHash, b.appHash) &&
    equalBytes(a.lastResultsHash, b.lastResultsHash)
  )
}

function kindOf(a: VotedHeader, b: VotedHeader): EquivocationKind | undefined {
  if (!samePast(a.header, b.header)) return "two-histories"
  // An honest validator may vote for another block in a later round, when two thirds saw reason to.
  return a.commit.round === b.commit.round ? "two-votes" : undefined
}

/**
 * Who of `set` signed both headers though they cannot both be an honest validator's; undefined when nobody did, or the
 * headers can both be. The votes need not reach two thirds: each names its signer alone. That `set` is the height's is
 * the caller's to know.
 */
export function headerEquivocation(a: VotedHeader, b: VotedHeader, set: readonly Validator[]): Liars | undefined {
  const { height, chainId } = a.header
  if (height !== b.header.height || chainId !== b.header.chainId) return undefined
  if (equalBytes(headerHash(a.header), headerHash(b.header))) return undefined
  const kind = kindOf(a, b)
  if (kind === undefined) return undefined
  const [first, second] = [votersOf(a, set), votersOf(b, set)]
  const signers = set.filter(({ publicKey }) => {
    const address = toHex(validatorAddress(publicKey))
    return first.has(address) && second.has(address)
  })
  if (signers.length === 0) return undefined
  const sum = (some: readonly Validator[]) => some.reduce((total, { power }) => total + power, 0)
  return { height, kind, signers, power: sum(signers), totalPower: sum(set) }
}

/**
 * Judges evidence offline: the first header must be final on the anchor's chain, the second one's votes are held against
 * its validators. Any bytes may be given. Evidence that names nobody fails as `no-equivocation`.
 * @param links - as in `verifyReceipt`, for a height below the anchor's checkpoint.
 */
export function verifyEquivocation(
  bytes: Uint8Array,
  anchor: TrustAnchor,
  links: readonly Header[] = [],
): Liars | Failure | { readonly code: "no-equivocation"; readonly message: string } {
  if (bytes.length > mostEquivocationBytes) return fail("bad-encoding")
  const evidence = orFailure(() => decodeEquivocation(bytes), "bad-encoding")
  if (isFailure(evidence)) return evidence
  const broken = checkHeader(evidence, anchor, links)
  if (broken !== undefined) return broken
  const liars = headerEquivocation(evidence, evidence.other, evidence.validators)
  return liars ?? { code: "no-equivocation", message: "No validator signed both headers against its duty" }
}
