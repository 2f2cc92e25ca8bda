/**
 * The application's process of one simulated node: the real bridge on the real application and its disk. It keeps what
 * it has told anybody, and holds whatever a crash leaves to that.
 */
import assert from "node:assert/strict"
import { sha256, verifySignature } from "#crypto"
import { concat, toHex } from "../../src/base/bytes.ts"
import type { BlockProof } from "../../src/base/chain/block.ts"
import type { BlockTime } from "../../src/base/chain/header.ts"
import type { Chance } from "../../src/engine/comet/abci/generated-messages.ts"
import type { AbciHandler, ApplicationRequest } from "../../src/engine/comet/abci/handler.ts"
import type { AbciResponse } from "../../src/engine/comet/abci/messages.ts"
import { AbciBridge, type BridgeEvents, type ExecutedBlock } from "../../src/engine/comet/bridge.ts"
import { CheckedBatches } from "../../src/engine/comet/checked-batches.ts"
import type { Application, Decoded, SignatureJob } from "../../src/engine/engine.ts"
import type { Machine, OpenApplication } from "./machine.ts"
import { type NodeDisk, tornImage } from "./node-disk.ts"

/** Makes what answers the engine: the real bridge, or one that is broken on purpose. */
export type BridgeMaker = <T extends Decoded>(
  application: Application<T>,
  batches: CheckedBatches<T>,
  events: BridgeEvents<T>,
) => AbciHandler

export const realBridge: BridgeMaker = (application, batches, events) =>
  new AbciBridge(application, batches, { events, version: "1" })

export interface AppSettings {
  readonly bridge: BridgeMaker
  readonly snapshotEvery: number
  readonly keepBlocks: number
  /** Of a header that was verified; undefined where there is none. */
  readonly headerTime: (height: number) => BlockTime | undefined
}

/** How long verdicts take, in turns of the queue of promises: some until after the calls of a new connection. */
const verdictTurns = [0, 1, 5, 20, 60, 200] as const

/** A verdict follows from its job alone: what one node has verified, no other need verify in earnest. */
const verdicts = new Map<string, boolean>()
const mostVerdicts = 10_000

function verdictOf({ publicKey, message, signature }: SignatureJob): boolean {
  const name = toHex(sha256(concat(publicKey, signature, message)))
  const known = verdicts.get(name)
  if (known !== undefined) return known
  if (verdicts.size >= mostVerdicts) verdicts.clear()
  const verdict = verifySignature(publicKey, message, signature)
  verdicts.set(name, verdict)
  return verdict
}

/** Where a write was when the power went. */
export type Moment = "before" | "torn" | "after"

export interface Answered {
  readonly name: string
  readonly height: number
  readonly number: number
}

export class AppProcess<T extends Decoded> {
  readonly who: string
  readonly disk: NodeDisk
  readonly #machine: Machine<T>
  readonly #settings: AppSettings
  readonly #chance: Chance
  #open!: OpenApplication<T>
  #bridge!: AbciHandler
  #batches!: CheckedBatches<T>
  #executed = new Map<number, ExecutedBlock<T>>()
  /** Numbers of executed blocks that nobody has compared with the books. */
  #fresh = new Map<number, readonly (readonly number[])[]>()
  #waiting = new Set<string>()
  #background: Promise<unknown> = Promise.resolve()
  /** The last height that Info or Commit told the engine, and the last one that transactions were answered of. */
  #promised = 0
  #attached = 0
  /** It will not live to do anything after the write that is under way. */
  #dying = false
  failure: unknown
  rejected = 0
  misbehavior = 0

  constructor(
    machine: Machine<T>,
    { who, disk, settings, chance }: { who: string; disk: NodeDisk; settings: AppSettings; chance: Chance },
  ) {
    this.#machine = machine
    this.who = who
    this.disk = disk
    this.#settings = settings
    this.#chance = chance
  }

  get application(): Application<T> {
    return this.#open.application
  }

  get batches(): CheckedBatches<T> {
    return this.#batches
  }

  async start(): Promise<void> {
    this.#open = await this.#machine.open(this.disk.directory)
    const { application } = this
    assert.ok(application.height >= this.#promised, `${this.who}: height ${this.#promised} was told and is lost`)
    assert.ok(
      application.attachedHeight >= this.#attached,
      `${this.who}: block ${this.#attached} was final and is lost`,
    )
    this.#batches = new CheckedBatches(application, (jobs) => this.#verify(jobs))
    this.#bridge = this.#settings.bridge(application, this.#batches, this.#events())
    this.#executed = new Map()
    this.#fresh = new Map()
    this.#waiting = new Set()
    this.failure = undefined
  }

  #events(): BridgeEvents<T> {
    const { snapshotEvery, keepBlocks } = this.#settings
    return {
      onExecuted: (block) => {
        this.#executed.set(block.body.height, block)
        const numbers = block.outcomes.map((batch) => batch.map(({ number }) => number))
        this.#fresh.set(block.body.height, numbers)
      },
      onCommitted: (height) => {
        const { application } = this
        assert.equal(application.height, height, `${this.who}: a commit that is not durable was told`)
        if (this.#dying) return
        const work: Promise<void>[] = []
        if (snapshotEvery > 0 && height % snapshotEvery === 0) work.push(application.snapshots.take())
        if (keepBlocks > 0 && height > keepBlocks) work.push(application.prune(height - keepBlocks))
        if (work.length > 0) this.#background = Promise.all(work)
      },
      onRestored: () => undefined,
      snapshotTime: (height) => Promise.resolve(this.#settings.headerTime(height)),
      onMisbehavior: (_height, list) => {
        this.misbehavior += list.length
      },
      onRejected: () => {
        this.rejected++
      },
      onFailure: (cause) => {
        this.failure = cause
      },
      mayConnect: () => true,
      retainHeight: (height) =>
        keepBlocks === 0 ? 0 : Math.max(0, Math.min(height, this.application.attachedHeight) - keepBlocks),
    }
  }

  /** Verdicts come some turns later, as those of other threads do. */
  async #verify(jobs: readonly SignatureJob[]): Promise<readonly boolean[]> {
    for (let turns = this.#chance.pick(verdictTurns); turns > 0; turns--) await undefined
    return jobs.map(verdictOf)
  }

  /** What a call throws, or an answer of another kind, is a failure of the process, whoever still waits for it. */
  async call(request: ApplicationRequest): Promise<AbciResponse> {
    try {
      const response = await this.#bridge.handle(request)
      if (response.kind === "info") this.#promised = Math.max(this.#promised, response.lastBlockHeight)
      if (response.kind === "commit") this.#promised = Math.max(this.#promised, this.application.height)
      return response
    } catch (cause) {
      this.#bridge.onFailure(cause)
      this.failure = cause
      throw cause
    }
  }

  /** Waits for the snapshot and the pruning that a commit began. */
  async rest(): Promise<void> {
    await this.#background
  }

  /** A client waits here for a transaction's answer. */
  expect(name: string): void {
    this.#waiting.add(name)
  }

  /** Whether some committed block lacks its header and votes. */
  get mayAttach(): boolean {
    return this.application.attachedHeight < this.application.height
  }

  /** Adds header and votes of the next block, then answers who waits for transactions of it. */
  async attachNext(proofOf: (height: number) => BlockProof): Promise<readonly Answered[]> {
    const height = this.application.attachedHeight + 1
    await this.application.attach(proofOf(height))
    const executed = this.#executed.get(height)
    this.#executed.delete(height)
    const answered: Answered[] = []
    for (const [b, { items }] of executed?.batches.entries() ?? []) {
      for (const [t, bytes] of items.entries()) {
        const name = toHex(bytes)
        if (!this.#waiting.delete(name)) continue
        answered.push({ name, height, number: executed!.outcomes[b]![t]!.number })
        this.#attached = height
      }
    }
    return answered
  }

  /** Numbers of blocks executed here, batch by batch; each is handed out once. Only heights up to the given one. */
  takeNumbers(upTo: number): readonly (readonly [height: number, numbers: readonly (readonly number[])[]])[] {
    const taken = [...this.#fresh].filter(([height]) => height <= upTo)
    for (const [height] of taken) this.#fresh.delete(height)
    return taken
  }

  /** The process is gone, with all that was not on disk, and starts again from what is. */
  async crash(image?: Buffer): Promise<void> {
    await this.#background
    await this.#restart(this.disk.crash(image))
  }

  /** The same in the middle of a write. Nobody hears of what the write would have answered. */
  async crashDuring(write: () => Promise<unknown>, moment: Moment): Promise<void> {
    await this.#background
    const before = this.disk.image()
    const [promised, attached] = [this.#promised, this.#attached]
    this.#dying = true
    await write()
    this.#dying = false
    const after = this.disk.image()
    this.#promised = promised
    this.#attached = attached
    const height = this.application.height
    const image = moment === "before" ? before : moment === "after" ? after : tornImage(before, after, this.#chance)
    await this.#restart(this.disk.crash(image))
    if (moment === "after") assert.equal(this.application.height, height, `${this.who}: a whole write is lost`)
  }

  /** An older image of the disk takes the place of the present one: promises since then are not held. */
  async restore(image: Buffer, promised: number): Promise<void> {
    await this.#background
    this.#promised = Math.min(this.#promised, promised)
    this.#attached = 0
    await this.#restart(this.disk.crash(image))
  }

  /** Begins anew on an empty disk. */
  async wipe(): Promise<void> {
    await this.#background
    this.#promised = 0
    this.#attached = 0
    await this.#restart(this.disk.wipe())
  }

  async close(): Promise<void> {
    await this.#background.catch(() => undefined)
    await this.#open.close()
  }

  async #restart(forget: () => void): Promise<void> {
    const old = this.#open
    await this.start()
    await old.close()
    forget()
  }
}
