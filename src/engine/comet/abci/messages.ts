/**
 * The messages of ABCI 2.0 (CometBFT 0.38 to 0.40, proto/tendermint/abci/types.proto) as values. A request comes from
 * the node, an answer goes back; both are told apart by `kind`. Proto3 has no absence of plain fields: zero, empty text
 * and empty bytes stand for it. Heights, powers, gas and indexes are whole numbers within ±(2^53 - 1).
 */
import type { BlockTime } from "../../../base/chain/header.ts"
import type {
  AbciEvent,
  CommitInfo,
  ConsensusParams,
  ExecTxResult,
  ExtendedCommitInfo,
  Misbehavior,
  ProofOps,
  Snapshot,
  ValidatorUpdate,
} from "./parts.ts"

/** What the node asks. */
export type AbciRequest =
  | EchoRequest
  | FlushRequest
  | InfoRequest
  | InitChainRequest
  | QueryRequest
  | CheckTxRequest
  | CommitRequest
  | ListSnapshotsRequest
  | OfferSnapshotRequest
  | LoadSnapshotChunkRequest
  | ApplySnapshotChunkRequest
  | PrepareProposalRequest
  | ProcessProposalRequest
  | ExtendVoteRequest
  | VerifyVoteExtensionRequest
  | FinalizeBlockRequest

/** What the application answers: the request's own kind, or an exception, which stops the node. */
export type AbciResponse =
  | ExceptionResponse
  | EchoResponse
  | FlushResponse
  | InfoResponse
  | InitChainResponse
  | QueryResponse
  | CheckTxResponse
  | CommitResponse
  | ListSnapshotsResponse
  | OfferSnapshotResponse
  | LoadSnapshotChunkResponse
  | ApplySnapshotChunkResponse
  | PrepareProposalResponse
  | ProcessProposalResponse
  | ExtendVoteResponse
  | VerifyVoteExtensionResponse
  | FinalizeBlockResponse

export interface EchoRequest {
  readonly kind: "echo"
  readonly message: string
}

export interface FlushRequest {
  readonly kind: "flush"
}

export interface InfoRequest {
  readonly kind: "info"
  /** The node's own version, such as "0.39.4". */
  readonly version: string
  readonly blockVersion: number
  readonly p2pVersion: number
  readonly abciVersion: string
}

export interface InitChainRequest {
  readonly kind: "initChain"
  readonly time: BlockTime
  readonly chainId: string
  readonly consensusParams: ConsensusParams | undefined
  readonly validators: readonly ValidatorUpdate[]
  readonly appStateBytes: Uint8Array
  readonly initialHeight: number
}

export interface QueryRequest {
  readonly kind: "query"
  readonly data: Uint8Array
  readonly path: string
  /** 0 means the latest. Whoever reaches the node's RPC chooses it: a number out of range arrives as ±(2^53 - 1). */
  readonly height: number
  readonly prove: boolean
}

export interface CheckTxRequest {
  readonly kind: "checkTx"
  readonly tx: Uint8Array
  readonly type: "new" | "recheck"
}

export interface CommitRequest {
  readonly kind: "commit"
}

export interface ListSnapshotsRequest {
  readonly kind: "listSnapshots"
}

export interface OfferSnapshotRequest {
  readonly kind: "offerSnapshot"
  readonly snapshot: Snapshot
  /** Checked by the node's light client; the snapshot is not. */
  readonly appHash: Uint8Array
}

export interface LoadSnapshotChunkRequest {
  readonly kind: "loadSnapshotChunk"
  /** Any peer chooses it: a number out of range arrives as 2^53 - 1. */
  readonly height: number
  readonly format: number
  readonly chunk: number
}

export interface ApplySnapshotChunkRequest {
  readonly kind: "applySnapshotChunk"
  readonly index: number
  readonly chunk: Uint8Array
  /** Node id of the peer it came from. */
  readonly sender: string
}

/** What a proposal and a decided block have in common. */
interface BlockContext {
  readonly misbehavior: readonly Misbehavior[]
  readonly height: number
  readonly time: BlockTime
  readonly nextValidatorsHash: Uint8Array
  /** 20 bytes. */
  readonly proposerAddress: Uint8Array
}

export interface PrepareProposalRequest extends BlockContext {
  readonly kind: "prepareProposal"
  /** Bytes the answer's transactions may have together. */
  readonly maxTxBytes: number
  readonly txs: readonly Uint8Array[]
  readonly localLastCommit: ExtendedCommitInfo
}

export interface ProcessProposalRequest extends BlockContext {
  readonly kind: "processProposal"
  readonly txs: readonly Uint8Array[]
  readonly proposedLastCommit: CommitInfo
  /** Header hash of the proposed block. */
  readonly hash: Uint8Array
}

export interface ExtendVoteRequest extends BlockContext {
  readonly kind: "extendVote"
  readonly hash: Uint8Array
  readonly txs: readonly Uint8Array[]
  readonly proposedLastCommit: CommitInfo
}

export interface VerifyVoteExtensionRequest {
  readonly kind: "verifyVoteExtension"
  readonly hash: Uint8Array
  readonly validatorAddress: Uint8Array
  readonly height: number
  readonly voteExtension: Uint8Array
}

export interface FinalizeBlockRequest extends BlockContext {
  readonly kind: "finalizeBlock"
  readonly txs: readonly Uint8Array[]
  readonly decidedLastCommit: CommitInfo
  /** Header hash of the decided block. */
  readonly hash: Uint8Array
}

export interface ExceptionResponse {
  readonly kind: "exception"
  readonly error: string
}

export interface EchoResponse {
  readonly kind: "echo"
  readonly message: string
}

export interface FlushResponse {
  readonly kind: "flush"
}

export interface InfoResponse {
  readonly kind: "info"
  readonly data: string
  readonly version: string
  readonly appVersion: number
  readonly lastBlockHeight: number
  readonly lastBlockAppHash: Uint8Array
}

export interface InitChainResponse {
  readonly kind: "initChain"
  readonly consensusParams: ConsensusParams | undefined
  readonly validators: readonly ValidatorUpdate[]
  readonly appHash: Uint8Array
}

export interface QueryResponse {
  readonly kind: "query"
  readonly code: number
  readonly log: string
  readonly info: string
  readonly index: number
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly proofOps: ProofOps | undefined
  readonly height: number
  readonly codespace: string
}

export interface CheckTxResponse extends ExecTxResult {
  readonly kind: "checkTx"
}

export interface CommitResponse {
  readonly kind: "commit"
  /** The node may drop blocks below it; 0 keeps all. */
  readonly retainHeight: number
}

export interface ListSnapshotsResponse {
  readonly kind: "listSnapshots"
  readonly snapshots: readonly Snapshot[]
}

export interface OfferSnapshotResponse {
  readonly kind: "offerSnapshot"
  readonly result: OfferSnapshotResult
}

export interface LoadSnapshotChunkResponse {
  readonly kind: "loadSnapshotChunk"
  /** Empty means there is none. */
  readonly chunk: Uint8Array
}

export interface ApplySnapshotChunkResponse {
  readonly kind: "applySnapshotChunk"
  readonly result: ApplySnapshotChunkResult
  readonly refetchChunks: readonly number[]
  readonly rejectSenders: readonly string[]
}

export interface PrepareProposalResponse {
  readonly kind: "prepareProposal"
  readonly txs: readonly Uint8Array[]
}

export interface ProcessProposalResponse {
  readonly kind: "processProposal"
  readonly status: ProposalStatus
}

export interface ExtendVoteResponse {
  readonly kind: "extendVote"
  readonly voteExtension: Uint8Array
}

export interface VerifyVoteExtensionResponse {
  readonly kind: "verifyVoteExtension"
  readonly status: ProposalStatus
}

export interface FinalizeBlockResponse {
  readonly kind: "finalizeBlock"
  readonly events: readonly AbciEvent[]
  /** Exactly one a transaction, in order. */
  readonly txResults: readonly ExecTxResult[]
  readonly validatorUpdates: readonly ValidatorUpdate[]
  readonly consensusParamUpdates: ConsensusParams | undefined
  readonly appHash: Uint8Array
}

export type OfferSnapshotResult = "accept" | "abort" | "reject" | "rejectFormat" | "rejectSender"
export type ApplySnapshotChunkResult = "accept" | "abort" | "retry" | "retrySnapshot" | "rejectSnapshot"
export type ProposalStatus = "accept" | "reject"
