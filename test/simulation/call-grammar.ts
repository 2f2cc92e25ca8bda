/**
 * The orders in which CometBFT may call an application, as a small state machine for one run of the engine (from its
 * connecting to its end). From the specification's grammar (spec/abci/abci++_comet_expected_behavior.md) and the rules
 * for each connection; calls are told by their kinds, since nothing on the wire names a connection.
 *
 *   info ( initChain | offer apply+ info )? ( (prepare | process)* finalize commit )*
 */
import type { ApplicationRequest } from "../../src/engine/comet/abci/handler.ts"
import type { AbciResponse } from "../../src/engine/comet/abci/messages.ts"

export class CallGrammar {
  /** The height whose proposals or block may come; undefined until a call says it. */
  #height: number | undefined
  #decided = false
  #told: number | undefined
  #began = false
  #restoring: "no" | "offered" | "chunks" = "no"
  #committing = false
  #checking = 0
  #commits = 0

  /** Undefined when the call may come now; else why not. */
  begin(request: ApplicationRequest): string | undefined {
    if (this.#told === undefined && request.kind !== "info") return `${request.kind} before Info`
    switch (request.kind) {
      case "info":
      case "query":
      case "listSnapshots":
      case "loadSnapshotChunk":
        return undefined
      case "initChain":
        if (this.#began) return "InitChain after other calls of consensus"
        if (this.#told !== 0) return `InitChain though the application is at ${this.#told}`
        this.#height = request.initialHeight
        this.#began = true
        return undefined
      case "checkTx":
        if (this.#committing) return "CheckTx during Commit"
        if (request.type === "recheck" && this.#commits === 0) return "a recheck before any Commit"
        this.#checking++
        return undefined
      case "offerSnapshot":
        if (this.#began) return "a snapshot is offered after calls of consensus"
        this.#restoring = "offered"
        return undefined
      case "applySnapshotChunk":
        return this.#restoring === "chunks" ? undefined : "a chunk without an accepted offer"
      default:
        return this.#beginConsensus(request)
    }
  }

  #beginConsensus(
    request: Exclude<
      ApplicationRequest,
      { kind: "info" | "query" | "checkTx" | "initChain" | `${string}napshot${string}` }
    >,
  ): string | undefined {
    this.#began = true
    if (request.kind === "commit") {
      if (!this.#decided) return "Commit without FinalizeBlock"
      if (this.#checking > 0) return "Commit while a CheckTx is under way"
      this.#decided = false
      this.#committing = true
      this.#height = this.#height! + 1
      return undefined
    }
    if (this.#committing) return `${request.kind} during Commit`
    if (this.#decided) return `${request.kind} between FinalizeBlock and Commit`
    const expected = this.#height ?? request.height
    if (request.height !== expected) return `${request.kind} of ${request.height} at ${expected}`
    // What was told is durable: the next block is the one after it, unless the engine's own store replays less.
    if (this.#height === undefined && request.height <= this.#told!)
      return `${request.kind} of a height that is durable`
    this.#height = request.height
    if (request.kind === "finalizeBlock") this.#decided = true
    return undefined
  }

  /** Takes the answer to a call that began. Undefined when it is one that the engine can go on with. */
  end(request: ApplicationRequest, response: AbciResponse): string | undefined {
    if (request.kind !== response.kind) return `${response.kind} in answer to ${request.kind}`
    if (response.kind === "info") {
      if (this.#told !== undefined && this.#restoring === "no" && response.lastBlockHeight < this.#told)
        return "Info goes back"
      this.#told = response.lastBlockHeight
    }
    if (response.kind === "checkTx") this.#checking--
    if (response.kind === "commit") {
      this.#committing = false
      this.#commits++
      if (response.retainHeight < 0 || response.retainHeight > this.#height!) return "a height to retain that is none"
    }
    if (response.kind === "offerSnapshot") this.#restoring = response.result === "accept" ? "chunks" : "no"
    return faultOf(request, response)
  }
}

/** Answers that make the engine panic, each by itself. */
function faultOf(request: ApplicationRequest, response: AbciResponse): string | undefined {
  if (request.kind === "prepareProposal" && response.kind === request.kind) {
    const bytes = response.txs.reduce((sum, { length }) => sum + sizeInBlock(length), 0)
    if (bytes > request.maxTxBytes) return `a proposal of ${bytes} bytes where ${request.maxTxBytes} are allowed`
  }
  if (request.kind === "finalizeBlock" && response.kind === request.kind) {
    if (response.txResults.length !== request.txs.length) return "other than one result a transaction"
  }
  return undefined
}

/** A transaction's bytes in a block: its tag, its length as a varint, and itself. */
export function sizeInBlock(length: number): number {
  let size = 2
  for (let rest = length; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size + length
}
