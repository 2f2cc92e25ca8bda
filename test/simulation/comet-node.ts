/**
 * The engine's process of one simulated node: what CometBFT keeps on disk and what it calls, one call at a time. It
 * saves a block, has it executed, saves the answer, has it committed, saves the state; wherever it ends, the crash
 * table of consensus/replay.go says how it goes on.
 */
import assert from "node:assert/strict"
import { sha256 } from "#crypto"
import { equalBytes, toHex } from "../../src/base/bytes.ts"
import type { ApplicationRequest } from "../../src/engine/comet/abci/handler.ts"
import type { AbciResponse, CheckTxRequest } from "../../src/engine/comet/abci/messages.ts"
import type { Decoded } from "../../src/engine/engine.ts"
import type { AppProcess } from "./app-process.ts"
import { CallGrammar, sizeInBlock } from "./call-grammar.ts"
import type { DecidedChain, Proposal } from "./decided-chain.ts"

const none = new Uint8Array(0)

/** What of a request that is asked for decides the answer's type. */
export type AnswerTo<K extends ApplicationRequest["kind"]> = Extract<AbciResponse, { readonly kind: K }>

/** Blocks that the application is behind the engine's saved state. */
interface Replay {
  next: number
  readonly last: number
  executed: boolean
}

/** How far the next block has come. */
type Progress = "idle" | "stored" | "executed" | "answered" | "committed"

/** Which row of the crash table a start met. */
export type CrashRow =
  | "height 0"
  | "app behind"
  | "level"
  | "block saved, app behind"
  | "block saved, app at state"
  | "block saved, app done"

/** The node's own store was pruned beyond its application: only a snapshot helps. */
export class AppTooLow extends Error {}

export class CometNode<T extends Decoded> {
  readonly app: AppProcess<T>
  readonly key: string
  readonly publicKey: Uint8Array
  readonly rows = new Map<CrashRow, number>()
  readonly #chain: DecidedChain
  /** On disk: the last block, the last state, the lowest block, and the last answer to FinalizeBlock. */
  #store = 0
  #state = 0
  #base = 1
  #savedAnswer = 0
  /** In memory. */
  up = false
  mempool = new Map<string, Uint8Array>()
  #cache = new Set<string>()
  #grammar = new CallGrammar()
  #progress: Progress = "idle"
  #replay: Replay | undefined
  #committed = false
  calls = 0

  constructor(app: AppProcess<T>, chain: DecidedChain, publicKey: Uint8Array) {
    this.app = app
    this.#chain = chain
    this.publicKey = publicKey
    this.key = toHex(publicKey)
  }

  /** Height of the last block whose state is saved. */
  get height(): number {
    return this.#state
  }

  /** Whether it is up and takes part in the height after the last decided one. */
  get inConsensus(): boolean {
    return this.up && this.#progress === "idle" && this.#replay === undefined && this.#state === this.#chain.height
  }

  async call<K extends ApplicationRequest["kind"]>(
    request: Extract<ApplicationRequest, { readonly kind: K }>,
  ): Promise<AnswerTo<K>> {
    this.calls++
    const grammar = this.#grammar
    const early = grammar.begin(request)
    assert.equal(early, undefined, `${this.app.who}: the simulator makes legal calls only`)
    const response = await this.app.call(request)
    const fault = grammar.end(request, response)
    assert.equal(fault, undefined, `${this.app.who}: the application answers so that the engine can go on`)
    return response as AnswerTo<K>
  }

  /** The process is gone; a call under way may still run in the application. */
  crash(): void {
    this.up = false
    this.#committed = false
    this.mempool = new Map()
    this.#cache = new Set()
    this.#progress = "idle"
    this.#replay = undefined
  }

  /** Begins at the state of a restored snapshot. */
  beginAt(height: number): void {
    this.#store = height
    this.#state = height
    this.#base = height + 1
    this.#savedAnswer = height
  }

  forgetAll(): void {
    this.crash()
    this.beginAt(0)
  }

  /** Connects, asks the application where it is, and prepares to bring it up to its own store. */
  async start(): Promise<CrashRow> {
    assert.ok(!this.up)
    this.#grammar = new CallGrammar()
    const info = await this.#info()
    const app = info.lastBlockHeight
    assert.ok(app <= this.#store, `${this.app.who}: the application is at ${app}, its engine's store at ${this.#store}`)
    if (app < this.#base - 1) throw new AppTooLow()
    if (app === 0) await this.initChain()
    const row = this.#row(app)
    this.rows.set(row, (this.rows.get(row) ?? 0) + 1)
    if (app > 0) {
      const hash = toHex(this.#chain.appHash(app))
      assert.equal(toHex(info.lastBlockAppHash), hash, `${this.app.who}: Info names the app hash of its height`)
    }
    if (app < this.#state) this.#replay = { next: app + 1, last: this.#state, executed: false }
    if (this.#store > this.#state) {
      this.#progress = app === this.#store ? "committed" : "stored"
      if (app === this.#store) assert.equal(this.#savedAnswer, app, "an answer is saved before its Commit")
    }
    this.up = true
    return row
  }

  #info(): Promise<AnswerTo<"info">> {
    return this.call<"info">({ kind: "info", version: "0.39.4", blockVersion: 11, p2pVersion: 8, abciVersion: "2.0.0" })
  }

  #row(app: number): CrashRow {
    if (app === 0) return "height 0"
    if (this.#store === this.#state) return app < this.#store ? "app behind" : "level"
    if (app < this.#state) return "block saved, app behind"
    return app === this.#state ? "block saved, app at state" : "block saved, app done"
  }

  async initChain(): Promise<void> {
    const { chain } = this.app.application
    const answer = await this.call<"initChain">({
      kind: "initChain",
      time: this.#chain.time,
      chainId: chain.chainId,
      consensusParams: undefined,
      validators: chain.genesisValidators.map(({ publicKey, power }) => ({
        pubKey: { type: "ed25519", bytes: publicKey },
        power,
      })),
      appStateBytes: none,
      initialHeight: 1,
    })
    assert.ok(equalBytes(answer.appHash, this.#chain.appHash(0)), `${this.app.who}: another genesis state`)
  }

  /** Whether `step` has something to do. */
  get busy(): boolean {
    if (!this.up) return false
    return this.#replay !== undefined || this.#progress !== "idle" || this.#state < this.#chain.height
  }

  /** The call that the next step makes; undefined where it is a write of the engine's own. */
  get nextCall(): ApplicationRequest | undefined {
    const replay = this.#replay
    if (replay !== undefined) return replay.executed ? { kind: "commit" } : this.finalizeRequest(replay.next)
    if (this.#progress === "stored") return this.finalizeRequest(this.#state + 1)
    return this.#progress === "answered" ? { kind: "commit" } : undefined
  }

  /** One call or one write further. */
  async step(): Promise<void> {
    const replay = this.#replay
    if (replay !== undefined) return this.#replayStep(replay)
    const height = this.#state + 1
    switch (this.#progress) {
      case "idle":
        this.#store = height
        this.#progress = "stored"
        return
      case "stored":
        await this.#finalize(height)
        this.#progress = "executed"
        return
      case "executed":
        this.#savedAnswer = height
        this.#progress = "answered"
        return
      case "answered":
        await this.#commit()
        this.#progress = "committed"
        return
      case "committed":
        this.#state = height
        this.#progress = "idle"
        for (const tx of this.#chain.block(height).txs) {
          this.mempool.delete(toHex(sha256(tx)))
          this.#cache.add(toHex(sha256(tx)))
        }
    }
  }

  async #replayStep(replay: Replay): Promise<void> {
    if (!replay.executed) {
      await this.#finalize(replay.next)
      replay.executed = true
      return
    }
    await this.#commit()
    replay.executed = false
    if (replay.next === replay.last) this.#replay = undefined
    else replay.next++
  }

  async #finalize(height: number): Promise<void> {
    this.#chain.record(height, await this.call<"finalizeBlock">(this.finalizeRequest(height)), this.app.who)
  }

  async #commit(): Promise<void> {
    const { retainHeight } = await this.call<"commit">({ kind: "commit" })
    this.#committed = true
    if (retainHeight > this.#base) this.#base = Math.min(retainHeight, this.#state)
  }

  finalizeRequest(height: number): Extract<ApplicationRequest, { kind: "finalizeBlock" }> {
    const block = this.#chain.block(height)
    const { proposedLastCommit, ...context } = this.#contextOf(block)
    return { kind: "finalizeBlock", ...context, decidedLastCommit: proposedLastCommit }
  }

  #contextOf({ header, hash, txs, misbehavior }: Proposal) {
    const { height, time, nextValidatorsHash, proposerAddress } = header
    const proposedLastCommit = { round: 0, votes: [] }
    return { txs, proposedLastCommit, misbehavior, hash, height, time, nextValidatorsHash, proposerAddress }
  }

  /** Whether transactions that wait may be looked at again: some block was committed since it connected. */
  get mayRecheck(): boolean {
    return this.up && this.#committed
  }

  /** What this node would put into the next block. */
  async prepare(template: Proposal, maxTxBytes: number): Promise<readonly Uint8Array[]> {
    const { hash: _hash, proposedLastCommit: _commit, ...context } = this.#contextOf(template)
    const localLastCommit = { round: 0, votes: [] }
    const txs = [...this.mempool.values()]
    const answer = await this.call<"prepareProposal">({
      kind: "prepareProposal",
      ...context,
      txs,
      maxTxBytes,
      localLastCommit,
    })
    const known = new Set(txs.map((tx) => toHex(tx)))
    for (const tx of answer.txs) assert.ok(known.has(toHex(tx)), "nothing is proposed that did not wait")
    // Ours drops nothing that fits but what it would vote against.
    const first = txs[0]
    if (first !== undefined && sizeInBlock(first.length) + 16 <= maxTxBytes) assert.ok(answer.txs.length > 0)
    return answer.txs
  }

  async process(proposal: Proposal): Promise<boolean> {
    const answer = await this.call<"processProposal">({ kind: "processProposal", ...this.#contextOf(proposal) })
    return answer.status === "accept"
  }

  /** A batch at this node's door. Whether it may be told on to others. */
  async checkTx(tx: Uint8Array, type: CheckTxRequest["type"] = "new"): Promise<boolean> {
    const name = toHex(sha256(tx))
    if (type === "new" && this.#cache.has(name)) return false
    this.#cache.add(name)
    const { code } = await this.call<"checkTx">({ kind: "checkTx", tx, type })
    if (code === 0) this.mempool.set(name, tx)
    else {
      this.mempool.delete(name)
      this.#cache.delete(name)
    }
    return code === 0
  }

  /** The node comes to a snapshot of another's: what the light client has verified, and what peers have sent. */
  async infoAfterRestore(height: number): Promise<void> {
    const info = await this.#info()
    assert.equal(info.lastBlockHeight, height)
    assert.equal(toHex(info.lastBlockAppHash), toHex(this.#chain.appHash(height)))
    this.beginAt(height)
    this.up = true
  }

  /** Connects a node that asks others for snapshots first. */
  async connectForSnapshot(): Promise<void> {
    this.#grammar = new CallGrammar()
    const info = await this.#info()
    assert.equal(info.lastBlockHeight, 0)
  }
}
