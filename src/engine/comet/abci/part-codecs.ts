/** How the parts of ABCI's messages are read and written; field numbers from the .proto files of CometBFT 0.38. */
import type { BlockTime } from "../../../base/chain/header.ts"
import { AbciFault } from "./abci-fault.ts"
import {
  bool,
  bytes,
  clampedUint64,
  embedded,
  enumeration,
  int32,
  int64,
  type MessageCodec,
  message,
  optional,
  text,
  uint32,
  uint64,
} from "./fields.ts"
import type {
  AbciEvent,
  AbciValidator,
  BlockIdFlag,
  BlockParams,
  CommitInfo,
  ConsensusParams,
  Duration,
  EventAttribute,
  EvidenceParams,
  ExecTxResult,
  ExtendedCommitInfo,
  ExtendedVoteInfo,
  Misbehavior,
  ProofOp,
  ProofOps,
  PublicKey,
  Snapshot,
  ValidatorUpdate,
  VoteInfo,
} from "./parts.ts"
import { messages, texts } from "./repeated-fields.ts"

const anyTime = message<BlockTime>({ seconds: int64(1), nanos: int32(2) })
export const timeCodec: MessageCodec<BlockTime> = {
  ...anyTime,
  read(reader) {
    const time = anyTime.read(reader)
    if (time.nanos < 0 || time.nanos > 999_999_999) throw new AbciFault("a time has no valid nanoseconds")
    return time
  },
}

const durationCodec = message<Duration>({ seconds: int64(1), nanos: int32(2) })

const attributeCodec = message<EventAttribute>({ key: text(1), value: text(2), index: bool(3) })
export const eventCodec = message<AbciEvent>({ type: text(1), attributes: messages(2, attributeCodec) })

/** `CheckTx`'s answer has the same fields. */
export const execTxResultFields = {
  code: uint32(1),
  data: bytes(2),
  log: text(3),
  info: text(4),
  gasWanted: int64(5),
  gasUsed: int64(6),
  events: messages(7, eventCodec),
  codespace: text(8),
}
export const execTxResultCodec = message<ExecTxResult>(execTxResultFields)

const validatorCodec = message<AbciValidator>({ address: bytes(1), power: int64(3) })

/** A oneof on the wire; no key at all is refused. */
const publicKeyCodec: MessageCodec<PublicKey> = (() => {
  const keys = message<{ ed25519: Uint8Array | undefined; secp256k1: Uint8Array | undefined }>({
    ed25519: optionalBytes(1),
    secp256k1: optionalBytes(2),
  })
  const chosen = ({ ed25519, secp256k1 }: ReturnType<typeof keys.filled>): PublicKey => {
    if (ed25519 !== undefined && secp256k1 === undefined) return { type: "ed25519", bytes: ed25519 }
    if (secp256k1 !== undefined && ed25519 === undefined) return { type: "secp256k1", bytes: secp256k1 }
    throw new AbciFault("a public key is not of one known type")
  }
  return {
    read: (reader) => chosen(keys.read(reader)),
    write: (writer, key) => writer.bytesField(key.type === "ed25519" ? 1 : 2, key.bytes),
    filled: ({ type, bytes }) => chosen(keys.filled(type === undefined ? {} : { [type]: bytes })),
  }
})()

function optionalBytes(number: number) {
  const present = bytes(number)
  return { ...present, absent: () => undefined, write: () => undefined }
}

export const validatorUpdateCodec = message<ValidatorUpdate>({ pubKey: embedded(1, publicKeyCodec), power: int64(2) })

const blockIdFlags = ["unknown", "absent", "commit", "nil"] as const

const voteInfoCodec = message<VoteInfo>({
  validator: embedded(1, validatorCodec),
  blockIdFlag: enumeration<BlockIdFlag>(3, blockIdFlags),
})
export const commitInfoCodec = message<CommitInfo>({ round: int32(1), votes: messages(2, voteInfoCodec) })

const extendedVoteInfoCodec = message<ExtendedVoteInfo>({
  validator: embedded(1, validatorCodec),
  voteExtension: bytes(3),
  extensionSignature: bytes(4),
  blockIdFlag: enumeration<BlockIdFlag>(5, blockIdFlags),
})
export const extendedCommitInfoCodec = message<ExtendedCommitInfo>({
  round: int32(1),
  votes: messages(2, extendedVoteInfoCodec),
})

export const misbehaviorCodec = message<Misbehavior>({
  type: enumeration<Misbehavior["type"]>(1, ["unknown", "duplicateVote", "lightClientAttack"]),
  validator: embedded(2, validatorCodec),
  height: int64(3),
  time: embedded(4, timeCodec),
  totalVotingPower: int64(5),
})

export const snapshotCodec = message<Snapshot>({
  height: clampedUint64(1),
  format: uint32(2),
  chunks: uint32(3),
  hash: bytes(4),
  metadata: bytes(5),
})

const blockParamsCodec = message<BlockParams>({ maxBytes: int64(1), maxGas: int64(2) })
const evidenceParamsCodec = message<EvidenceParams>({
  maxAgeNumBlocks: int64(1),
  maxAgeDuration: embedded(2, durationCodec),
  maxBytes: int64(3),
})
export const consensusParamsCodec = message<ConsensusParams>({
  block: optional(1, blockParamsCodec),
  evidence: optional(2, evidenceParamsCodec),
  validator: optional(3, message<{ readonly pubKeyTypes: readonly string[] }>({ pubKeyTypes: texts(1) })),
  version: optional(4, message<{ readonly app: number }>({ app: uint64(1) })),
  abci: optional(5, message<{ readonly voteExtensionsEnableHeight: number }>({ voteExtensionsEnableHeight: int64(1) })),
})

const proofOpCodec = message<ProofOp>({ type: text(1), key: bytes(2), data: bytes(3) })
export const proofOpsCodec = message<ProofOps>({ ops: messages(1, proofOpCodec) })
