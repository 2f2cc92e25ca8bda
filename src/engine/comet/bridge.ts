/**
 * What CometBFT asks the application for, answered by ours: the one place where ABCI's calls meet the engine's port.
 *
 *   CheckTx, ProcessProposal ─▶ check a batch without state      FinalizeBlock ─▶ execute      Commit ─▶ make durable
 *
 * The node calls FinalizeBlock again for a block whose Commit it did not see; the answer is then the one given before.
 */
import { equalBytes } from "../../base/bytes.ts"
import type { BlockBody } from "../../base/chain/block.ts"
import type { BlockTime } from "../../base/chain/header.ts"
import type { Validator } from "../../base/chain/validators.ts"
import { Fault } from "../../base/fault.ts"
import type { Application, BlockResult, Decoded, Outcome } from "../engine.ts"
import { AbciFault } from "./abci/abci-fault.ts"
import type { AbciHandler, ApplicationRequest } from "./abci/handler.ts"
import type {
  AbciResponse,
  ApplySnapshotChunkRequest,
  FinalizeBlockRequest,
  FinalizeBlockResponse,
  InitChainRequest,
  OfferSnapshotRequest,
  PrepareProposalRequest,
  ProcessProposalRequest,
  QueryRequest,
} from "./abci/messages.ts"
import type { ConsensusParams, ExecTxResult, Misbehavior } from "./abci/parts.ts"
import type { BatchFault, CheckedBatch, CheckedBatches } from "./checked-batches.ts"
import { validatorUpdates } from "./validator-updates.ts"

/** A decided block, executed; not yet durable. */
export interface ExecutedBlock<T extends Decoded> {
  readonly body: BlockBody
  /** Header hash. */
  readonly hash: Uint8Array
  readonly batches: readonly CheckedBatch<T>[]
  readonly outcomes: readonly (readonly Outcome[])[]
  /** Whether the state is another one than before the block. */
  readonly changed: boolean
}

/** What a state without the last executed block says of itself. */
interface StateSummary {
  readonly appHash: Uint8Array
  readonly protocol: number | undefined
}

/** The last executed block, what was answered, and the state before it. */
interface Executed<T extends Decoded> {
  readonly block: ExecutedBlock<T>
  readonly answer: FinalizeBlockResponse
  readonly before: StateSummary
}

/** What the bridge tells the engine, and asks it. */
export interface BridgeEvents<T extends Decoded> {
  onExecuted(block: ExecutedBlock<T>): void
  onCommitted(height: number): void
  onRestored(height: number): void
  /**
   * The header time of a snapshot's height, from a header that was verified; undefined when there is none, and then
   * the snapshot is refused.
   */
  snapshotTime(height: number): Promise<BlockTime | undefined>
  /** Evidence that a validator lied, as it stands in a decided block. */
  onMisbehavior(height: number, list: readonly Misbehavior[]): void
  /** A proposal that this node voted against. */
  onRejected(height: number, fault: BatchFault | "batch-twice" | "too-many-batches"): void
  onFailure(cause: unknown): void
  /** Whether the organization behind a node id (40 hex digits) may connect. */
  mayConnect(nodeId: string): boolean
  /** Blocks below this height may be dropped; 0 keeps all. */
  retainHeight(height: number): number
}

/** Batches a block may hold: what the block log can keep. */
const mostBatches = 4096
/** Tag and length that a transaction takes in a block beside its bytes, at most. */
const framing = 6
const none = new Uint8Array(0)

export class AbciBridge<T extends Decoded> implements AbciHandler {
  readonly #application: Application<T>
  readonly #batches: CheckedBatches<T>
  readonly #events: BridgeEvents<T>
  readonly #version: string
  #executed: Executed<T> | undefined
  #committing: Promise<void> = Promise.resolve()

  constructor(
    application: Application<T>,
    batches: CheckedBatches<T>,
    { events, version }: { readonly events: BridgeEvents<T>; readonly version: string },
  ) {
    this.#application = application
    this.#batches = batches
    this.#events = events
    this.#version = version
  }

  /** Bytes that are not ABCI end the connection they came on, and no more: CometBFT, if it was it, starts again. */
  onFailure(cause: unknown): void {
    if (!(cause instanceof AbciFault)) this.#events.onFailure(cause)
  }

  handle(request: ApplicationRequest): AbciResponse | Promise<AbciResponse> {
    switch (request.kind) {
      case "info":
        return this.#info()
      case "initChain":
        return this.#initChain(request)
      case "query":
        return this.#query(request)
      case "checkTx":
        return this.#checkTx(request.tx)
      case "prepareProposal":
        return this.#prepare(request)
      case "processProposal":
        return this.#process(request)
      case "extendVote":
        return { kind: "extendVote", voteExtension: none }
      case "verifyVoteExtension":
        return { kind: "verifyVoteExtension", status: "accept" }
      case "finalizeBlock":
        return this.#finalize(request)
      case "commit":
        return this.#commit()
      case "listSnapshots":
        return { kind: "listSnapshots", snapshots: this.#application.snapshots.list() }
      case "loadSnapshotChunk": {
        const { height, format, chunk } = request
        return { kind: request.kind, chunk: this.#application.snapshots.load(height, format, chunk) ?? none }
      }
      case "offerSnapshot":
        return this.#offer(request)
      case "applySnapshotChunk":
        return this.#apply(request)
    }
  }

  /** Only what is durable: a block that is executed and not committed is not ours yet. */
  async #info(): Promise<AbciResponse> {
    await this.#committing.catch(() => undefined)
    const { height } = this.#application
    const { appHash, protocol } = this.#durable()
    return {
      kind: "info",
      data: "countersign",
      version: this.#version,
      appVersion: protocol ?? this.#application.chain.protocol,
      lastBlockHeight: height,
      lastBlockAppHash: height === 0 ? none : appHash,
    }
  }

  /** Of the last durable block. The state may already be one block further. */
  #durable(): StateSummary {
    const { height, appHash, nextProtocol: protocol } = this.#application
    const executed = this.#executed
    return executed !== undefined && executed.block.body.height > height ? executed.before : { appHash, protocol }
  }

  /**
   * Called at every start from height 0: the state has its genesis already, and perhaps a first block that is not
   * durable.
   */
  #initChain({ chainId, validators }: InitChainRequest): AbciResponse {
    const { chain } = this.#application
    const given = validators.map(({ pubKey, power }) => ({ publicKey: pubKey.bytes, power }))
    if (chainId !== chain.chainId || validatorUpdates(chain.genesisValidators, given).length > 0)
      throw new Fault("Cannot begin chain: CometBFT has another genesis than the ledger")
    return { kind: "initChain", consensusParams: undefined, validators: [], appHash: this.#durable().appHash }
  }

  #query({ path }: QueryRequest): AbciResponse {
    const id = /^\/p2p\/filter\/id\/([0-9a-f]{40})$/i.exec(path)?.[1]
    // Addresses say nothing among organizations: any machine may hold one. Keys do.
    const refused =
      path.startsWith("/p2p/filter/id/") && (id === undefined || !this.#events.mayConnect(id.toLowerCase()))
    const known = refused || path.startsWith("/p2p/filter/")
    return {
      kind: "query",
      code: known && !refused ? 0 : 1,
      log: refused ? "not a member" : "",
      info: "",
      index: 0,
      key: none,
      value: none,
      proofOps: undefined,
      height: 0,
      codespace: "",
    }
  }

  async #checkTx(tx: Uint8Array): Promise<AbciResponse> {
    const checked = await this.#batches.check(tx)
    return { kind: "checkTx", ...(typeof checked === "string" ? result(1, none, checked) : result(0, none)) }
  }

  /** What waits, in order of arrival, as much as fits; nothing that this node itself would vote against. */
  async #prepare({ txs, maxTxBytes }: PrepareProposalRequest): Promise<AbciResponse> {
    const taken: Uint8Array[] = []
    let bytes = 0
    for (const tx of txs) {
      if (taken.length === mostBatches || bytes + tx.length + framing > maxTxBytes) break
      if (typeof (await this.#batches.check(tx)) === "string") continue
      taken.push(tx)
      bytes += tx.length + framing
    }
    return { kind: "prepareProposal", txs: taken }
  }

  async #process({ txs, height }: ProcessProposalRequest): Promise<AbciResponse> {
    const fault = await this.#faultOf(txs)
    if (fault !== undefined) this.#events.onRejected(height, fault)
    return { kind: "processProposal", status: fault === undefined ? "accept" : "reject" }
  }

  async #faultOf(txs: readonly Uint8Array[]) {
    if (txs.length > mostBatches) return "too-many-batches"
    const seen = new Set<string>()
    for (const checked of await Promise.all(txs.map((tx) => this.#batches.check(tx)))) {
      if (typeof checked === "string") return checked
      if (seen.has(checked.hash)) return "batch-twice"
      seen.add(checked.hash)
    }
    return undefined
  }

  async #finalize(request: FinalizeBlockRequest): Promise<AbciResponse> {
    const before = this.#answered(request)
    if (before !== undefined) return before
    const checked = await Promise.all(request.txs.map((tx) => this.#batches.check(tx)))
    const batches = checked.map((batch) => {
      if (typeof batch === "string") throw new Fault(`Cannot execute block ${request.height}: ${batch}`)
      return batch
    })
    await this.#committing
    // A call of a connection that was lost may have executed it in the meantime.
    const meanwhile = this.#answered(request)
    if (meanwhile !== undefined) return meanwhile
    this.#executed = this.#execute(request, batches)
    const { block, answer } = this.#executed
    if (request.misbehavior.length > 0) this.#events.onMisbehavior(request.height, request.misbehavior)
    this.#events.onExecuted(block)
    return answer
  }

  /** What was answered for a block that is executed already. */
  #answered({ height, hash }: FinalizeBlockRequest): FinalizeBlockResponse | undefined {
    const executed = this.#executed
    if (executed?.block.body.height !== height) return undefined
    if (!equalBytes(executed.block.hash, hash)) throw new Fault("Cannot execute block: another was decided")
    return executed.answer
  }

  #execute({ height, time, hash }: FinalizeBlockRequest, batches: readonly CheckedBatch<T>[]): Executed<T> {
    const application = this.#application
    if (height !== application.height + 1)
      throw new Fault(`Cannot execute block ${height}: the state is at ${application.height}`)
    const before = { appHash: application.appHash, protocol: application.nextProtocol }
    const validatorsBefore = application.validators()
    const executed = application.execute({
      height,
      time,
      previousTime: application.lastTime ?? application.chain.genesisTime,
      batches: batches.map(({ transactions }) => transactions),
    })
    const { outcomes, resultRoots } = executed
    const results = outcomes.map((batch) => Uint8Array.from(batch, ({ number }) => number))
    const body = { height, time, batches: batches.map(({ bytes }) => bytes), resultRoots, results }
    const changed = !equalBytes(before.appHash, executed.appHash)
    const answer = answerOf(executed, { validators: validatorsBefore, protocol: before.protocol })
    return { block: { body, hash, batches, outcomes, changed }, answer, before }
  }

  async #commit(): Promise<AbciResponse> {
    const executed = this.#executed
    if (executed === undefined) throw new Fault("Cannot commit: no block was executed")
    const { body, batches } = executed.block
    if (body.height > this.#application.height) {
      this.#committing = this.#application.commitBody(body)
      await this.#committing
    }
    for (const { hash } of batches) this.#batches.forget(hash)
    this.#events.onCommitted(body.height)
    return { kind: "commit", retainHeight: this.#events.retainHeight(body.height) }
  }

  async #offer({ snapshot, appHash }: OfferSnapshotRequest): Promise<AbciResponse> {
    if (snapshot.format !== 1) return { kind: "offerSnapshot", result: "rejectFormat" }
    const time = await this.#events.snapshotTime(snapshot.height)
    const taken = time !== undefined && this.#application.snapshots.begin(snapshot, appHash, time)
    return { kind: "offerSnapshot", result: taken ? "accept" : "reject" }
  }

  #apply({ index, chunk, sender }: ApplySnapshotChunkRequest): AbciResponse {
    const verdict = this.#application.snapshots.apply(index, chunk)
    if (verdict === "accept" && this.#application.height > 0) this.#events.onRestored(this.#application.height)
    return {
      kind: "applySnapshotChunk",
      result: verdict === "reject" ? "rejectSnapshot" : verdict,
      refetchChunks: verdict === "retry" ? [index] : [],
      rejectSenders: verdict === "retry" && sender !== "" ? [sender] : [],
    }
  }
}

function result(code: number, data: Uint8Array, log = ""): ExecTxResult {
  return { code, data, log, info: "", gasWanted: 0, gasUsed: 0, events: [], codespace: "" }
}

/** What was refused by state is in the result root, never in a code: only roots are the same everywhere and hashed. */
function answerOf(
  executed: BlockResult,
  before: { readonly validators: readonly Validator[]; readonly protocol: number | undefined },
): FinalizeBlockResponse {
  return {
    kind: "finalizeBlock",
    events: [],
    txResults: executed.resultRoots.map((root) => result(0, root)),
    validatorUpdates: validatorUpdates(before.validators, executed.validators).map(({ publicKey, power }) => ({
      pubKey: { type: "ed25519", bytes: publicKey },
      power,
    })),
    consensusParamUpdates: protocolUpdate(before.protocol, executed),
    appHash: executed.appHash,
  }
}

/** The next header carries the protocol that its block follows. */
function protocolUpdate(before: number | undefined, { nextProtocol }: BlockResult): ConsensusParams | undefined {
  if (nextProtocol === undefined || nextProtocol === before) return undefined
  const version = { app: nextProtocol }
  return { block: undefined, evidence: undefined, validator: undefined, version, abci: undefined }
}
