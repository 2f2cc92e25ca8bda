/**
 * Commits: the precommit votes that make a block final, in CometBFT's format. The embedded engine signs its own with
 * `signCommit`; every receipt, follower and light wallet checks commits with `verifyCommit`.
 */
import { ed25519 } from "@noble/curves/ed25519.js"
import { publicKeyOf, sign, verifySignature } from "#crypto"
import { assert } from "../assert.ts"
import { concat, equalBytes } from "../bytes.ts"
import { EncodingError } from "../cbor.ts"
import { merkleRoot } from "../merkle.ts"
import { type Codec, fixedBytes, list, opt, struct, uint } from "../schema.ts"
import {
  addressCodec,
  type BlockId,
  type BlockTime,
  blockIdCodec,
  embeddedBlockId,
  encodeTime,
  type Header,
  headerHash,
  timeCodec,
} from "./header.ts"
import { totalPower, type Validator, validatorAddress } from "./validators.ts"
import { bytesField, delimited, fixed64Field, messageField, textField, varintField } from "./wire.ts"

/** What a validator's slot of a commit holds. */
export const flags = { absent: 1, commit: 2, nil: 3 } as const

/** One validator's vote: for the block, for nothing (nil), or not there. */
export type CommitSig =
  | { readonly flag: typeof flags.absent }
  | {
      readonly flag: typeof flags.commit | typeof flags.nil
      readonly address: Uint8Array
      /** The validator's own clock. */
      readonly time: BlockTime
      readonly signature: Uint8Array
    }

export interface Commit {
  readonly height: number
  readonly round: number
  readonly blockId: BlockId
  /** One slot a validator, in the order of the set. */
  readonly signatures: readonly CommitSig[]
}

const precommit = 2

/** What a precommit signs: `CanonicalVote` with its length before it. `blockId` is absent in a vote for nil. */
export function voteSignBytes(
  chainId: string,
  vote: {
    readonly height: number
    readonly round: number
    readonly blockId: BlockId | undefined
    readonly time: BlockTime
  },
): Uint8Array {
  const { blockId } = vote
  const parts = blockId && concat(varintField(1, blockId.partsTotal), bytesField(2, blockId.partsHash))
  return delimited(
    concat(
      varintField(1, precommit),
      fixed64Field(2, vote.height),
      fixed64Field(3, vote.round),
      blockId && parts
        ? messageField(4, concat(bytesField(1, blockId.hash), messageField(2, parts)))
        : new Uint8Array(0),
      messageField(5, encodeTime(vote.time)),
      textField(6, chainId),
    ),
  )
}

/** Go's zero time, which CometBFT writes for an absent vote: year 1. */
const noTime: BlockTime = { seconds: -62_135_596_800, nanos: 0 }

/** The next header's `lastCommitHash`: the root over the slots as protobuf. */
export function commitHash(commit: Commit): Uint8Array {
  return merkleRoot(
    commit.signatures.map((slot) =>
      slot.flag === flags.absent
        ? concat(varintField(1, slot.flag), messageField(3, encodeTime(noTime)))
        : concat(
            varintField(1, slot.flag),
            bytesField(2, slot.address),
            messageField(3, encodeTime(slot.time)),
            bytesField(4, slot.signature),
          ),
    ),
  )
}

/** The embedded engine's commit: one validator, round 0, at the header's own time. `seed` is its 32-byte Ed25519 seed. */
export function signCommit(seed: Uint8Array, chainId: string, header: Header): Commit {
  const address = validatorAddress(publicKeyOf(seed))
  assert(equalBytes(address, header.proposerAddress), "the embedded validator signs its own proposal")
  const vote = { height: header.height, round: 0, blockId: embeddedBlockId(header), time: header.time }
  const signature = sign(seed, voteSignBytes(chainId, vote))
  return {
    height: vote.height,
    round: vote.round,
    blockId: vote.blockId,
    signatures: [{ flag: flags.commit, address, time: vote.time, signature }],
  }
}

/**
 * A validator's vote follows ZIP-215, since that is how CometBFT itself judged it: a stricter rule here would let one
 * validator make receipts that nodes accept and verifiers refuse. Whatever the ledger's own rule takes, ZIP-215 takes.
 */
export function verifyVote(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  if (verifySignature(publicKey, message, signature)) return true
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: true })
  } catch {
    return false
  }
}

/** Why a commit does not make its header final; undefined when it does. */
export type CommitFault = "other-block" | "other-set" | "bad-vote" | "too-little-power"

/**
 * Whether more than two thirds of the set's power voted for exactly this header. Every vote in the commit must be
 * good, the ones for nil too: what is not checked could be altered unseen. Everything may come from an adversary.
 */
export function verifyCommit(
  header: Header,
  commit: Commit,
  validators: readonly Validator[],
): CommitFault | undefined {
  if (commit.height !== header.height || !equalBytes(commit.blockId.hash, headerHash(header))) return "other-block"
  if (commit.signatures.length !== validators.length) return "other-set"
  let power = 0
  for (let i = 0; i < validators.length; i++) {
    const validator = validators[i]!
    const slot = commit.signatures[i]!
    if (slot.flag === flags.absent) continue
    if (!equalBytes(slot.address, validatorAddress(validator.publicKey))) return "other-set"
    const blockId = slot.flag === flags.commit ? commit.blockId : undefined
    const message = voteSignBytes(header.chainId, { ...commit, blockId, time: slot.time })
    if (!verifyVote(validator.publicKey, message, slot.signature)) return "bad-vote"
    if (slot.flag === flags.commit) power += validator.power
  }
  return power * 3 > totalPower(validators) * 2 ? undefined : "too-little-power"
}

const slotFields = struct({
  flag: uint(flags.absent, flags.nil),
  address: opt(addressCodec),
  time: opt(timeCodec),
  signature: opt(fixedBytes(64)),
})

const slotCodec: Codec<CommitSig> = {
  read(reader) {
    const { flag, address, time, signature } = slotFields.read(reader)
    if (flag === flags.absent) {
      if (address === undefined && time === undefined && signature === undefined) return { flag }
    } else if (flag === flags.commit || flag === flags.nil) {
      if (address !== undefined && time !== undefined && signature !== undefined)
        return { flag, address, time, signature }
    }
    throw new EncodingError("Cannot read CBOR: a vote of another form")
  },
  write(writer, slot) {
    const absent = { address: undefined, time: undefined, signature: undefined }
    slotFields.write(writer, { ...absent, ...slot })
  },
}

/** How commits are stored and carried: [height, round, block id, [[flag, address, time, signature], …]]. */
export const commitCodec: Codec<Commit> = struct({
  height: uint(1),
  round: uint(0, 2 ** 31),
  blockId: blockIdCodec,
  signatures: list(slotCodec, 1, 1000),
})
