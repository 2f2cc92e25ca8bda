/** What goes wrong: processes that die between any two calls and within them, disks, clocks, and blocks that lie. */
import assert from "node:assert/strict"
import { toHex } from "../../src/base/bytes.ts"
import type { Decoded } from "../../src/engine/engine.ts"
import type { Moment } from "./app-process.ts"
import { AppTooLow, type CometNode } from "./comet-node.ts"
import type { Simulation } from "./simulation.ts"
import { joinBySnapshot } from "./state-sync.ts"

const moments: readonly Moment[] = ["before", "torn", "torn", "after"]

export class Troubles<T extends Decoded> {
  readonly #simulation: Simulation<T>
  readonly #backups = new Map<CometNode<T>, { readonly image: Buffer; readonly height: number }>()

  constructor(simulation: Simulation<T>) {
    this.#simulation = simulation
  }

  /** @param calm - of so many one comes about. */
  async strike(calm: number): Promise<void> {
    const { chance, nodes } = this.#simulation
    const down = nodes.filter(({ up }) => !up)
    if (down.length > 0 && chance.below(2) === 0) return this.restart(chance.pick(down))
    const up = nodes.filter((node) => node.up)
    if (up.length === 0 || (calm > 1 && chance.below(calm) > 0)) return
    const node = chance.pick(up)
    const kind = chance.below(24)
    if (kind < 2) return this.#engineDies(node)
    if (kind < 4) return this.#bothDie(node)
    // Where a call is to be made, more can go wrong than between two.
    const called = up.filter(({ nextCall }) => nextCall !== undefined)
    if (kind < 9) return this.#engineDiesInCall(called.length > 0 ? chance.pick(called) : node)
    if (kind < 13) return this.#bothDieInCall(called.length > 0 ? chance.pick(called) : node)
    if (kind < 15) return this.#bothDieInAttach(node)
    if (kind < 16) return this.#clockJumps()
    if (kind < 18) return this.#backup(node)
    if (kind < 20) return this.#restore(this.#withBackup() ?? node)
    if (kind < 22) return this.#lyingBlock(node)
    if (kind < 23) return this.#recheck(node)
    if (nodes.length < this.#simulation.options.nodes) await joinBySnapshot(this.#simulation)
  }

  async restart(node: CometNode<T>): Promise<void> {
    try {
      await node.start()
    } catch (error) {
      if (!(error instanceof AppTooLow)) throw error
      this.#simulation.count("application too low")
      await node.app.wipe()
      node.forgetAll()
      // A backup newer than the engine's own blocks could not be started: the engine would stop for good.
      this.#backups.delete(node)
      await node.start()
    }
  }

  /** After a step: what the application may do by itself comes to an end. */
  async settled(node: CometNode<T>): Promise<void> {
    await node.app.rest()
  }

  #count(what: string): void {
    this.#simulation.count(what)
  }

  #engineDies(node: CometNode<T>): void {
    this.#count("engine died")
    node.crash()
  }

  /** The call still runs in the application while the engine comes back and asks again. */
  async #engineDiesInCall(node: CometNode<T>): Promise<void> {
    const request = node.nextCall
    if (request === undefined) return this.#engineDies(node)
    this.#count(`engine died in ${request.kind}`)
    const lost = node.app.call(request)
    node.crash()
    await this.restart(node)
    // The engine makes its next calls at once, whatever the old one still does.
    if (this.#simulation.chance.below(2) === 0 && node.busy) await node.step()
    await lost
    assert.equal(node.app.failure, undefined, `${node.app.who}: nothing fails by an engine's death`)
  }

  async #bothDie(node: CometNode<T>): Promise<void> {
    this.#count("both died")
    node.crash()
    await node.app.crash()
  }

  async #bothDieInCall(node: CometNode<T>): Promise<void> {
    const request = node.nextCall
    if (request === undefined) return this.#bothDie(node)
    const moment = this.#simulation.chance.pick(moments)
    this.#count(request.kind === "commit" ? `both died in commit, ${moment}` : `both died in ${request.kind}`)
    node.crash()
    if (request.kind === "commit") await node.app.crashDuring(() => node.app.call(request), moment)
    else {
      await node.app.call(request)
      await node.app.crash()
    }
  }

  async #bothDieInAttach(node: CometNode<T>): Promise<void> {
    if (!node.app.mayAttach) return
    const moment = this.#simulation.chance.pick(moments)
    this.#count(`both died in attach, ${moment}`)
    node.crash()
    // Whoever was to be answered never hears of it.
    const { chain } = this.#simulation
    await node.app.crashDuring(() => node.app.attachNext((height) => chain.proof(height)), moment)
  }

  #clockJumps(): void {
    this.#count("clock jumped")
    this.#simulation.now += 601_000 + this.#simulation.chance.below(10_000_000)
  }

  async #backup(node: CometNode<T>): Promise<void> {
    this.#count("backups")
    this.#backups.set(node, { image: node.app.disk.image(), height: node.app.application.height })
  }

  #withBackup(): CometNode<T> | undefined {
    const nodes = [...this.#backups.keys()].filter((node) => node.up)
    return nodes.length === 0 ? undefined : this.#simulation.chance.pick(nodes)
  }

  /** The application's disk goes back to a backup; the engine's does not. */
  async #restore(node: CometNode<T>): Promise<void> {
    const backup = this.#backups.get(node)
    if (backup === undefined) return
    this.#count("restored from backup")
    node.crash()
    await node.app.restore(backup.image, backup.height)
    assert.equal(node.app.application.height, backup.height)
  }

  /** More than a third of the power lies: a node that is handed such a block stops, and has changed nothing. */
  async #lyingBlock(node: CometNode<T>): Promise<void> {
    const { refused, chain } = this.#simulation
    if (refused === undefined || refused.proposal.height !== chain.height + 1 || !node.inConsensus) return
    const { application } = node.app
    const before = { height: application.height, appHash: toHex(application.appHash) }
    const { header, hash, txs } = refused.proposal
    const { height, time, nextValidatorsHash, proposerAddress } = header
    const context = { txs, misbehavior: [], hash, height, time, nextValidatorsHash, proposerAddress }
    const call = node.app.call({ kind: "finalizeBlock", ...context, decidedLastCommit: { round: 0, votes: [] } })
    // Each batch by itself would be taken; that it stands twice harms nobody, since nothing is applied twice.
    const harmless = refused.lie === "batch twice"
    if (harmless) await call
    else await assert.rejects(call, `${node.app.who} executes a block that no honest node accepts`)
    this.#count("lying blocks decided")
    if (!harmless) assert.deepEqual({ height: application.height, appHash: toHex(application.appHash) }, before)
    node.crash()
    await node.app.crash()
  }

  async #recheck(node: CometNode<T>): Promise<void> {
    const [tx] = node.mempool.values()
    if (tx === undefined || !node.mayRecheck) return
    await node.checkTx(tx, "recheck")
  }
}
