/** Messages of every kind from a seed, with numbers at the ends of their ranges, for tests. */
import type { AbciRequest, AbciResponse } from "./messages.ts"
import type {
  AbciEvent,
  AbciValidator,
  BlockIdFlag,
  ConsensusParams,
  ExecTxResult,
  Misbehavior,
  ProofOps,
  Snapshot,
  ValidatorUpdate,
} from "./parts.ts"

/** A source of values that repeats exactly for a seed (mulberry32). */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number from 0 to below `limit`, at most 2^32. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!
  }

  list<T>(make: () => T, most = 3): T[] {
    return Array.from({ length: this.below(most + 1) }, make)
  }

  maybe<T>(make: () => T): T | undefined {
    return this.below(2) === 0 ? undefined : make()
  }

  bytes(): Uint8Array {
    const length = this.pick([0, 1, 20, 32, 127, 128, 300, 20_000])
    return Uint8Array.from({ length }, () => this.below(256))
  }

  text(): string {
    return this.pick(["", "a", "päyer ✓", "\u{feff}mark", "x".repeat(200), `#${this.below(1000)}`])
  }

  uint32(): number {
    return this.pick([0, 1, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, this.below(2 ** 32)])
  }

  /** None from 2^31 to 2^32 - 1: cosmjs-types 0.11.0 writes these wrongly as 64-bit numbers. */
  uint64(): number {
    return this.pick([0, 1, 127, 128, 2 ** 31 - 1, 2 ** 32, 2 ** 35 - 1, 2 ** 49, Number.MAX_SAFE_INTEGER])
  }

  int64(): number {
    return this.below(3) === 0 ? -this.uint64() || 0 : this.uint64()
  }

  int32(): number {
    return this.pick([0, 1, -1, 2 ** 31 - 1, -(2 ** 31)])
  }

  bool(): boolean {
    return this.below(2) === 1
  }
}

const time = (c: Chance) => ({ seconds: c.pick([-62_135_596_800, 0, 1_792_000_000]), nanos: c.below(1_000_000_000) })

function event(c: Chance): AbciEvent {
  const attribute = () => ({ key: c.text(), value: c.text(), index: c.bool() })
  return { type: c.text(), attributes: c.list(attribute) }
}

function txResult(c: Chance): ExecTxResult {
  return {
    code: c.uint32(),
    data: c.bytes(),
    log: c.text(),
    info: c.text(),
    gasWanted: c.int64(),
    gasUsed: c.int64(),
    events: c.list(() => event(c)),
    codespace: c.text(),
  }
}

const validator = (c: Chance): AbciValidator => ({ address: c.bytes(), power: c.int64() })
const flag = (c: Chance) => c.pick<BlockIdFlag>(["unknown", "absent", "commit", "nil"])

function validatorUpdate(c: Chance): ValidatorUpdate {
  return { pubKey: { type: c.pick(["ed25519", "secp256k1"] as const), bytes: c.bytes() }, power: c.int64() }
}

function commitInfo(c: Chance) {
  return { round: c.int32(), votes: c.list(() => ({ validator: validator(c), blockIdFlag: flag(c) })) }
}

function extendedCommitInfo(c: Chance) {
  const vote = () => ({
    validator: validator(c),
    voteExtension: c.bytes(),
    extensionSignature: c.bytes(),
    blockIdFlag: flag(c),
  })
  return { round: c.int32(), votes: c.list(vote) }
}

function misbehavior(c: Chance): Misbehavior {
  return {
    type: c.pick(["unknown", "duplicateVote", "lightClientAttack"] as const),
    validator: validator(c),
    height: c.int64(),
    time: time(c),
    totalVotingPower: c.int64(),
  }
}

function consensusParams(c: Chance): ConsensusParams {
  return {
    block: c.maybe(() => ({ maxBytes: c.int64(), maxGas: c.int64() })),
    evidence: c.maybe(() => ({
      maxAgeNumBlocks: c.int64(),
      maxAgeDuration: { seconds: c.int64(), nanos: c.int32() },
      maxBytes: c.int64(),
    })),
    validator: c.maybe(() => ({ pubKeyTypes: c.list(() => c.text()) })),
    version: c.maybe(() => ({ app: c.uint64() })),
    abci: c.maybe(() => ({ voteExtensionsEnableHeight: c.int64() })),
  }
}

function snapshot(c: Chance): Snapshot {
  return { height: c.uint64(), format: c.uint32(), chunks: c.uint32(), hash: c.bytes(), metadata: c.bytes() }
}

function proofOps(c: Chance): ProofOps {
  return { ops: c.list(() => ({ type: c.text(), key: c.bytes(), data: c.bytes() })) }
}

function blockContext(c: Chance) {
  return {
    misbehavior: c.list(() => misbehavior(c)),
    height: c.int64(),
    time: time(c),
    nextValidatorsHash: c.bytes(),
    proposerAddress: c.bytes(),
  }
}

type ByKind<U extends { readonly kind: string }> = {
  readonly [K in U["kind"]]: (c: Chance) => Omit<Extract<U, { readonly kind: K }>, "kind">
}

const requests: ByKind<AbciRequest> = {
  echo: (c) => ({ message: c.text() }),
  flush: () => ({}),
  info: (c) => ({ version: c.text(), blockVersion: c.uint64(), p2pVersion: c.uint64(), abciVersion: c.text() }),
  initChain: (c) => ({
    time: time(c),
    chainId: c.text(),
    consensusParams: c.maybe(() => consensusParams(c)),
    validators: c.list(() => validatorUpdate(c)),
    appStateBytes: c.bytes(),
    initialHeight: c.int64(),
  }),
  query: (c) => ({ data: c.bytes(), path: c.text(), height: c.int64(), prove: c.bool() }),
  checkTx: (c) => ({ tx: c.bytes(), type: c.pick(["new", "recheck"] as const) }),
  commit: () => ({}),
  listSnapshots: () => ({}),
  offerSnapshot: (c) => ({ snapshot: snapshot(c), appHash: c.bytes() }),
  loadSnapshotChunk: (c) => ({ height: c.uint64(), format: c.uint32(), chunk: c.uint32() }),
  applySnapshotChunk: (c) => ({ index: c.uint32(), chunk: c.bytes(), sender: c.text() }),
  prepareProposal: (c) => ({
    ...blockContext(c),
    maxTxBytes: c.int64(),
    txs: c.list(() => c.bytes()),
    localLastCommit: extendedCommitInfo(c),
  }),
  processProposal: (c) => ({
    ...blockContext(c),
    txs: c.list(() => c.bytes()),
    proposedLastCommit: commitInfo(c),
    hash: c.bytes(),
  }),
  extendVote: (c) => ({
    ...blockContext(c),
    hash: c.bytes(),
    txs: c.list(() => c.bytes()),
    proposedLastCommit: commitInfo(c),
  }),
  verifyVoteExtension: (c) => ({
    hash: c.bytes(),
    validatorAddress: c.bytes(),
    height: c.int64(),
    voteExtension: c.bytes(),
  }),
  finalizeBlock: (c) => ({
    ...blockContext(c),
    txs: c.list(() => c.bytes()),
    decidedLastCommit: commitInfo(c),
    hash: c.bytes(),
  }),
}

const responses: ByKind<AbciResponse> = {
  exception: (c) => ({ error: c.text() }),
  echo: (c) => ({ message: c.text() }),
  flush: () => ({}),
  info: (c) => ({
    data: c.text(),
    version: c.text(),
    appVersion: c.uint64(),
    lastBlockHeight: c.int64(),
    lastBlockAppHash: c.bytes(),
  }),
  initChain: (c) => ({
    consensusParams: c.maybe(() => consensusParams(c)),
    validators: c.list(() => validatorUpdate(c)),
    appHash: c.bytes(),
  }),
  query: (c) => ({
    code: c.uint32(),
    log: c.text(),
    info: c.text(),
    index: c.int64(),
    key: c.bytes(),
    value: c.bytes(),
    proofOps: c.maybe(() => proofOps(c)),
    height: c.int64(),
    codespace: c.text(),
  }),
  checkTx: txResult,
  commit: (c) => ({ retainHeight: c.int64() }),
  listSnapshots: (c) => ({ snapshots: c.list(() => snapshot(c)) }),
  offerSnapshot: (c) => ({ result: c.pick(["accept", "abort", "reject", "rejectFormat", "rejectSender"] as const) }),
  loadSnapshotChunk: (c) => ({ chunk: c.bytes() }),
  applySnapshotChunk: (c) => ({
    result: c.pick(["accept", "abort", "retry", "retrySnapshot", "rejectSnapshot"] as const),
    // Never empty: cosmjs-types 0.11.0 writes a field for an empty list too.
    refetchChunks: [c.uint32(), ...c.list(() => c.uint32(), 40)],
    rejectSenders: c.list(() => c.text()),
  }),
  prepareProposal: (c) => ({ txs: c.list(() => c.bytes()) }),
  processProposal: (c) => ({ status: c.pick(["accept", "reject"] as const) }),
  extendVote: (c) => ({ voteExtension: c.bytes() }),
  verifyVoteExtension: (c) => ({ status: c.pick(["accept", "reject"] as const) }),
  finalizeBlock: (c) => ({
    events: c.list(() => event(c)),
    txResults: c.list(() => txResult(c)),
    validatorUpdates: c.list(() => validatorUpdate(c)),
    consensusParamUpdates: c.maybe(() => consensusParams(c)),
    appHash: c.bytes(),
  }),
}

export const requestKinds = Object.keys(requests) as AbciRequest["kind"][]
export const responseKinds = Object.keys(responses) as AbciResponse["kind"][]

export function generateRequest(c: Chance, kind: AbciRequest["kind"]): AbciRequest {
  return { kind, ...requests[kind](c) } as AbciRequest
}

export function generateResponse(c: Chance, kind: AbciResponse["kind"]): AbciResponse {
  return { kind, ...responses[kind](c) } as AbciResponse
}
