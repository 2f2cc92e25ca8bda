/** The values that ABCI's requests and answers are made of. */
import type { BlockTime } from "../../../base/chain/header.ts"

/** Only code, data and gas enter the header's `lastResultsHash`; the rest may differ between nodes. */
export interface ExecTxResult {
  /** 0 is success. */
  readonly code: number
  readonly data: Uint8Array
  readonly log: string
  readonly info: string
  readonly gasWanted: number
  readonly gasUsed: number
  readonly events: readonly AbciEvent[]
  readonly codespace: string
}

export interface AbciEvent {
  readonly type: string
  readonly attributes: readonly EventAttribute[]
}

export interface EventAttribute {
  readonly key: string
  readonly value: string
  /** Whether the node's indexer keeps it. */
  readonly index: boolean
}

/** A validator as votes and evidence name it. */
export interface AbciValidator {
  /** 20 bytes. */
  readonly address: Uint8Array
  readonly power: number
}

export interface PublicKey {
  readonly type: "ed25519" | "secp256k1"
  readonly bytes: Uint8Array
}

export interface ValidatorUpdate {
  readonly pubKey: PublicKey
  /** 0 removes the validator. */
  readonly power: number
}

/** What the vote was for: nothing seen, no vote, the block, or no block. */
export type BlockIdFlag = "unknown" | "absent" | "commit" | "nil"

export interface VoteInfo {
  readonly validator: AbciValidator
  readonly blockIdFlag: BlockIdFlag
}

export interface CommitInfo {
  readonly round: number
  readonly votes: readonly VoteInfo[]
}

export interface ExtendedVoteInfo {
  readonly validator: AbciValidator
  readonly voteExtension: Uint8Array
  readonly extensionSignature: Uint8Array
  readonly blockIdFlag: BlockIdFlag
}

export interface ExtendedCommitInfo {
  readonly round: number
  readonly votes: readonly ExtendedVoteInfo[]
}

export interface Misbehavior {
  readonly type: "unknown" | "duplicateVote" | "lightClientAttack"
  readonly validator: AbciValidator
  /** When it happened. */
  readonly height: number
  readonly time: BlockTime
  /** Of the whole set at that height. */
  readonly totalVotingPower: number
}

export interface Snapshot {
  /** In an offer it may come from a hostile peer: a number out of range arrives as 2^53 - 1. */
  readonly height: number
  readonly format: number
  readonly chunks: number
  readonly hash: Uint8Array
  readonly metadata: Uint8Array
}

/** A part that is absent stays as it was. */
export interface ConsensusParams {
  readonly block: BlockParams | undefined
  readonly evidence: EvidenceParams | undefined
  readonly validator: { readonly pubKeyTypes: readonly string[] } | undefined
  readonly version: { readonly app: number } | undefined
  readonly abci: { readonly voteExtensionsEnableHeight: number } | undefined
}

export interface BlockParams {
  readonly maxBytes: number
  /** -1 is no limit. */
  readonly maxGas: number
}

export interface EvidenceParams {
  readonly maxAgeNumBlocks: number
  readonly maxAgeDuration: Duration
  readonly maxBytes: number
}

/** A span of time; both parts have one sign. */
export interface Duration {
  readonly seconds: number
  readonly nanos: number
}

export interface ProofOps {
  readonly ops: readonly ProofOp[]
}

export interface ProofOp {
  readonly type: string
  readonly key: Uint8Array
  readonly data: Uint8Array
}
