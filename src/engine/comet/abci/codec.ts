/** Requests and answers to bytes and back; the oneofs of proto/tendermint/abci/types.proto. */
import { assert } from "../../../base/assert.ts"
import { AbciFault } from "./abci-fault.ts"
import {
  bool,
  bytes,
  clampedInt64,
  clampedUint64,
  embedded,
  enumeration,
  int64,
  type MessageCodec,
  message,
  optional,
  text,
  uint32,
  uint64,
} from "./fields.ts"
import type { AbciRequest, AbciResponse, ProposalStatus } from "./messages.ts"
import {
  commitInfoCodec,
  consensusParamsCodec,
  eventCodec,
  execTxResultCodec,
  execTxResultFields,
  extendedCommitInfoCodec,
  misbehaviorCodec,
  proofOpsCodec,
  snapshotCodec,
  timeCodec,
  validatorUpdateCodec,
} from "./part-codecs.ts"
import type { ExecTxResult } from "./parts.ts"
import { byteStrings, messages, texts, uint32s } from "./repeated-fields.ts"
import { WireReader, wireBytes } from "./wire-reader.ts"
import { WireWriter } from "./wire-writer.ts"

type OfKind<U extends { readonly kind: string }, K extends U["kind"]> = Extract<U, { readonly kind: K }>
type Body<U extends { readonly kind: string }, K extends U["kind"]> = Omit<OfKind<U, K>, "kind">
/** Each kind's number in the oneof, and its fields. */
type Cases<U extends { readonly kind: string }> = {
  readonly [K in U["kind"]]: readonly [number: number, codec: MessageCodec<Body<U, K>>]
}

const nothing = message<Record<never, never>>({})

const requests: Cases<AbciRequest> = {
  echo: [1, message({ message: text(1) })],
  flush: [2, nothing],
  info: [3, message({ version: text(1), blockVersion: uint64(2), p2pVersion: uint64(3), abciVersion: text(4) })],
  initChain: [
    5,
    message({
      time: embedded(1, timeCodec),
      chainId: text(2),
      consensusParams: optional(3, consensusParamsCodec),
      validators: messages(4, validatorUpdateCodec),
      appStateBytes: bytes(5),
      initialHeight: int64(6),
    }),
  ],
  query: [6, message({ data: bytes(1), path: text(2), height: clampedInt64(3), prove: bool(4) })],
  checkTx: [8, message({ tx: bytes(1), type: enumeration(2, ["new", "recheck"]) })],
  commit: [11, nothing],
  listSnapshots: [12, nothing],
  offerSnapshot: [13, message({ snapshot: embedded(1, snapshotCodec), appHash: bytes(2) })],
  loadSnapshotChunk: [14, message({ height: clampedUint64(1), format: uint32(2), chunk: uint32(3) })],
  applySnapshotChunk: [15, message({ index: uint32(1), chunk: bytes(2), sender: text(3) })],
  prepareProposal: [
    16,
    message({
      maxTxBytes: int64(1),
      txs: byteStrings(2),
      localLastCommit: embedded(3, extendedCommitInfoCodec),
      misbehavior: messages(4, misbehaviorCodec),
      height: int64(5),
      time: embedded(6, timeCodec),
      nextValidatorsHash: bytes(7),
      proposerAddress: bytes(8),
    }),
  ],
  processProposal: [
    17,
    message({
      txs: byteStrings(1),
      proposedLastCommit: embedded(2, commitInfoCodec),
      misbehavior: messages(3, misbehaviorCodec),
      hash: bytes(4),
      height: int64(5),
      time: embedded(6, timeCodec),
      nextValidatorsHash: bytes(7),
      proposerAddress: bytes(8),
    }),
  ],
  extendVote: [
    18,
    message({
      hash: bytes(1),
      height: int64(2),
      time: embedded(3, timeCodec),
      txs: byteStrings(4),
      proposedLastCommit: embedded(5, commitInfoCodec),
      misbehavior: messages(6, misbehaviorCodec),
      nextValidatorsHash: bytes(7),
      proposerAddress: bytes(8),
    }),
  ],
  verifyVoteExtension: [
    19,
    message({ hash: bytes(1), validatorAddress: bytes(2), height: int64(3), voteExtension: bytes(4) }),
  ],
  finalizeBlock: [
    20,
    message({
      txs: byteStrings(1),
      decidedLastCommit: embedded(2, commitInfoCodec),
      misbehavior: messages(3, misbehaviorCodec),
      hash: bytes(4),
      height: int64(5),
      time: embedded(6, timeCodec),
      nextValidatorsHash: bytes(7),
      proposerAddress: bytes(8),
    }),
  ],
}

/** The node panics on the status 0, so an answer always names one. */
const status = enumeration<ProposalStatus>(1, [undefined, "accept", "reject"])

const responses: Cases<AbciResponse> = {
  exception: [1, message({ error: text(1) })],
  echo: [2, message({ message: text(1) })],
  flush: [3, nothing],
  info: [
    4,
    message({
      data: text(1),
      version: text(2),
      appVersion: uint64(3),
      lastBlockHeight: int64(4),
      lastBlockAppHash: bytes(5),
    }),
  ],
  initChain: [
    6,
    message({
      consensusParams: optional(1, consensusParamsCodec),
      validators: messages(2, validatorUpdateCodec),
      appHash: bytes(3),
    }),
  ],
  query: [
    7,
    message({
      code: uint32(1),
      log: text(3),
      info: text(4),
      index: int64(5),
      key: bytes(6),
      value: bytes(7),
      proofOps: optional(8, proofOpsCodec),
      height: int64(9),
      codespace: text(10),
    }),
  ],
  checkTx: [9, message(execTxResultFields)],
  commit: [12, message({ retainHeight: int64(3) })],
  listSnapshots: [13, message({ snapshots: messages(1, snapshotCodec) })],
  offerSnapshot: [
    14,
    message({ result: enumeration(1, [undefined, "accept", "abort", "reject", "rejectFormat", "rejectSender"]) }),
  ],
  loadSnapshotChunk: [15, message({ chunk: bytes(1) })],
  applySnapshotChunk: [
    16,
    message({
      result: enumeration(1, [undefined, "accept", "abort", "retry", "retrySnapshot", "rejectSnapshot"]),
      refetchChunks: uint32s(2),
      rejectSenders: texts(3),
    }),
  ],
  prepareProposal: [17, message({ txs: byteStrings(1) })],
  processProposal: [18, message({ status })],
  extendVote: [19, message({ voteExtension: bytes(1) })],
  verifyVoteExtension: [20, message({ status })],
  finalizeBlock: [
    21,
    message({
      events: messages(1, eventCodec),
      txResults: messages(2, execTxResultCodec),
      validatorUpdates: messages(3, validatorUpdateCodec),
      consensusParamUpdates: optional(4, consensusParamsCodec),
      appHash: bytes(5),
    }),
  ],
}

interface OneOf<U extends { readonly kind: string }> {
  encode(value: U): Uint8Array
  decode(bytes: Uint8Array): U
}

function oneOf<U extends { readonly kind: string }>(cases: Cases<U>): OneOf<U> {
  type Case = readonly [number, MessageCodec<unknown>]
  const byKind = new Map(Object.entries(cases) as [U["kind"], Case][])
  const kindOf = new Map([...byKind].map(([kind, [number]]) => [number, kind]))
  return {
    encode(value) {
      const found = byKind.get(value.kind)
      assert(found !== undefined, "a message to encode is of a known kind")
      const [number, codec] = found
      const writer = new WireWriter()
      writer.messageField(number, () => codec.write(writer, value))
      return writer.finish()
    },
    decode(encoded) {
      const reader = new WireReader(encoded)
      let value: U | undefined
      while (!reader.done) {
        const tag = reader.tag()
        const kind = kindOf.get(tag >>> 3)
        if (kind === undefined) {
          reader.skip(tag & 7)
          continue
        }
        if (value !== undefined || (tag & 7) !== wireBytes) throw new AbciFault("a message is not of one kind")
        const body = reader.embedded(byKind.get(kind)![1].read)
        value = { kind, ...(body as object) } as U
      }
      if (value === undefined) throw new AbciFault("a message of an unknown kind")
      return value
    },
  }
}

const request = oneOf<AbciRequest>(requests)
const response = oneOf<AbciResponse>(responses)

/** Without the frame's length, as all four. Only what plays the node needs it. */
export const encodeRequest: (value: AbciRequest) => Uint8Array = request.encode
/** Throws an `AbciFault` for what is cut short, malformed, out of range, or of no known kind. */
export const decodeRequest: (bytes: Uint8Array) => AbciRequest = request.decode
/** A value out of its range is a defect and throws. */
export const encodeResponse: (value: AbciResponse) => Uint8Array = response.encode
/** Throws as `decodeRequest`. Only what plays the node needs it. */
export const decodeResponse: (bytes: Uint8Array) => AbciResponse = response.decode

/** Fields that no answer may leave out. */
type Needed<T> = Pick<T, Extract<keyof T, "status" | "result">>

/** An answer of a kind: what is not given is zero, empty or absent. */
export function answer<K extends AbciResponse["kind"]>(
  kind: K,
  given: Partial<Body<AbciResponse, K>> & Needed<Body<AbciResponse, K>>,
): OfKind<AbciResponse, K> {
  const codec = responses[kind][1] as MessageCodec<unknown>
  return { kind, ...(codec.filled(given) as object) } as OfKind<AbciResponse, K>
}

/** One transaction's result: what is not given is zero or empty, so `execTxResult({})` is success without data. */
export function execTxResult(given: Partial<ExecTxResult>): ExecTxResult {
  return execTxResultCodec.filled(given)
}
