/**
 * One seed: some nodes, a virtual clock, and a scheduler that picks at random what happens next, among all that may.
 * After a time of troubles everything heals, and the run must come to an end at which all agree with the naive books.
 */
import assert from "node:assert/strict"
import { join } from "node:path"
import { publicKeyOf } from "#crypto"
import { equalBytes, toHex } from "../../src/base/bytes.ts"
import { verifyCommit } from "../../src/base/chain/commit.ts"
import type { BlockTime } from "../../src/base/chain/header.ts"
import { Chance } from "../../src/engine/comet/abci/generated-messages.ts"
import type { Decoded } from "../../src/engine/engine.ts"
import { type Answered, AppProcess, type AppSettings } from "./app-process.ts"
import { BatchBook, type Lie } from "./batch-book.ts"
import { Clients } from "./clients.ts"
import { CometNode } from "./comet-node.ts"
import { DecidedChain, type Proposal } from "./decided-chain.ts"
import type { Machine } from "./machine.ts"
import { NodeDisk } from "./node-disk.ts"
import { Rounds } from "./rounds.ts"
import { joinBySnapshot } from "./state-sync.ts"
import { validatorSeed } from "./tally-machine.ts"
import { Troubles } from "./troubles.ts"

export interface SimulationOptions extends Omit<AppSettings, "headerTime"> {
  readonly seed: number
  /** An empty directory for the nodes' disks. */
  readonly directory: string
  readonly founders: number
  /** With those that may join later. */
  readonly nodes: number
  /** Steps of the time of troubles. */
  readonly steps: number
  /** Of so many troubles one comes about; 1 is all. A process that is down comes back in any case. */
  readonly calm?: number
}

/** What a run has seen: a simulation in which nothing goes wrong proves nothing. */
export type Counts = Map<string, number>

interface Message {
  readonly to: number
  readonly batch: Uint8Array
  readonly due: number
}

const healingSteps = 20_000

export class Simulation<T extends Decoded> {
  readonly options: SimulationOptions
  readonly machine: Machine<T>
  readonly chance: Chance
  readonly counts: Counts = new Map()
  readonly nodes: CometNode<T>[] = []
  readonly clients = new Clients()
  chain!: DecidedChain
  book!: BatchBook<T>
  /** Milliseconds of the virtual clock. */
  now = 0
  healing = false
  headersKnown = true
  /** A proposal that honest nodes have refused, kept for a node that is made to execute it all the same. */
  refused: { readonly proposal: Proposal; readonly lie: Lie } | undefined
  #messages: Message[] = []
  #judged = 0

  constructor(machine: Machine<T>, options: SimulationOptions) {
    this.machine = machine
    this.options = options
    this.chance = new Chance(options.seed)
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }

  get time(): BlockTime {
    return { seconds: this.machine.start + Math.floor(this.now / 1000), nanos: (this.now % 1000) * 1_000_000 }
  }

  async run(): Promise<Counts> {
    try {
      await this.#found()
      const rounds = new Rounds(this)
      const troubles = new Troubles(this)
      for (const bytes of this.machine.first) this.clients.send(bytes)
      for (let step = 0; step < this.options.steps; step++) await this.#step(rounds, troubles)
      await this.#heal(rounds, troubles)
      await this.#judgeAll()
      return this.counts
    } finally {
      for (const { app } of this.nodes) {
        await app.close().catch(() => undefined)
        app.disk.remove()
      }
    }
  }

  async #found(): Promise<void> {
    for (let n = 0; n < this.options.founders; n++) await this.addApp()
    const seeds = new Map<string, Uint8Array>()
    for (let n = 0; n < this.options.nodes; n++) seeds.set(toHex(publicKeyOf(validatorSeed(n))), validatorSeed(n))
    const first = this.#apps[0]!
    this.chain = new DecidedChain(this.machine.chain, first.application.appHash, seeds)
    this.book = new BatchBook(() => first.application, this.chance)
    for (const app of this.#apps) await this.addNode(app).start()
  }

  readonly #apps: AppProcess<T>[] = []

  async addApp(): Promise<AppProcess<T>> {
    const n = this.#apps.length
    const disk = new NodeDisk(join(this.options.directory, `n${n}`))
    const app = new AppProcess(this.machine, {
      who: `node ${n}`,
      disk,
      settings: { ...this.options, headerTime: (height) => this.headerTime(height) },
      chance: new Chance(this.options.seed * 16 + n),
    })
    this.#apps.push(app)
    await app.start()
    return app
  }

  /** What a node that joins has by the light client; sometimes it has not heard of it yet. */
  headerTime(height: number): BlockTime | undefined {
    return this.headersKnown ? this.chain.blocks[height - 1]?.header.time : undefined
  }

  addNode(app: AppProcess<T>): CometNode<T> {
    const node = new CometNode(app, this.chain, publicKeyOf(validatorSeed(this.nodes.length)))
    this.nodes.push(node)
    return node
  }

  get upNodes(): readonly CometNode<T>[] {
    return this.nodes.filter(({ up }) => up)
  }

  async #step(rounds: Rounds<T>, troubles: Troubles<T>): Promise<void> {
    this.now += this.chance.below(100)
    const kind = this.chance.below(100)
    if (kind < 58) await this.#advance(troubles)
    else if (kind < 66) await this.#submit()
    else if (kind < 76) await this.#deliver()
    else if (kind < 87) await rounds.run()
    else if (kind < 95) await this.#attach()
    else await troubles.strike(this.options.calm ?? 1)
  }

  /** Some node does its next step; now and then with a batch at its door at the same time. */
  async #advance(troubles: Troubles<T>): Promise<void> {
    const busy = this.nodes.filter((node) => node.busy)
    if (busy.length === 0) return
    const node = this.chance.pick(busy)
    const batch = this.#messages.at(-1)?.batch
    const alone = node.nextCall?.kind !== "finalizeBlock" || batch === undefined || this.chance.below(3) > 0
    const call = alone ? undefined : node.checkTx(batch)
    await node.step()
    await call
    await troubles.settled(node)
    this.judge()
  }

  async #submit(): Promise<void> {
    const up = this.upNodes
    if (up.length === 0) return
    const { chance, clients } = this
    const seconds = Math.max(this.chain.time.seconds, this.machine.start)
    for (let more = this.healing ? 0 : chance.below(4); more > 0; more--) {
      const bytes = this.machine.next(chance, seconds, this.nodes.length)
      if (bytes !== undefined) clients.send(bytes)
    }
    const items = clients.waitingFor(chance, this.healing)
    if (items.length === 0) return
    // The same transactions may well go to several nodes, in batches of their own.
    for (let copies = chance.below(4) === 0 ? 2 : 1; copies > 0; copies--) {
      const node = chance.pick(up)
      const batch = this.book.make(items)
      for (const bytes of items) node.app.expect(toHex(bytes))
      if (await node.checkTx(batch)) this.gossip(batch)
      this.count("batches")
    }
  }

  /** To every node: late, lost, or twice. */
  gossip(batch: Uint8Array): void {
    for (const to of this.nodes.keys()) {
      const copies = this.chance.pick([1, 1, 1, 2, 0])
      for (let i = 0; i < copies; i++) this.#messages.push({ to, batch, due: this.now + this.chance.below(1500) })
    }
  }

  async #deliver(): Promise<void> {
    const at = this.#messages.findIndex(({ due }) => due <= this.now)
    const [message] = at < 0 ? [] : this.#messages.splice(at, 1)
    const node = message && this.nodes[message.to]
    if (message === undefined || node === undefined || !node.up) return
    await node.checkTx(message.batch)
  }

  async #attach(): Promise<void> {
    const able = this.nodes.filter(({ app }) => app.mayAttach)
    if (able.length === 0) return
    const { app } = this.chance.pick(able)
    this.answered(await app.attachNext((height) => this.chain.proof(height)))
  }

  answered(list: readonly Answered[]): void {
    for (const one of list) this.clients.answered(one)
    if (list.length > 0) this.count("answers")
  }

  /** Books every block that somebody has executed, and compares the numbers of whoever has it at hand. */
  judge(): void {
    const { chain, machine } = this
    while (this.#judged < chain.height && (this.#judged + 1 < chain.height || chain.open)) {
      const height = ++this.#judged
      const block = chain.block(height)
      const batches = block.txs.map((tx) => this.book.items(tx))
      const expected = machine.judge({ height, time: block.header.time, batches })
      this.clients.judged(height, batches, expected)
      const set = chain.validators(height + 2)
      const booked = machine.validators()
      assert.equal(set.length, booked.length, `validators after ${height}`)
      for (const [i, { publicKey, power }] of booked.entries())
        assert.ok(equalBytes(publicKey, set[i]!.publicKey) && power === set[i]!.power, `validators after ${height}`)
    }
    for (const { app } of this.nodes) this.clients.compareNumbers(app)
  }

  async #heal(rounds: Rounds<T>, troubles: Troubles<T>): Promise<void> {
    this.healing = true
    rounds.honest = true
    for (const node of this.nodes) if (!node.up) await troubles.restart(node)
    if (this.nodes.length < this.options.nodes) await joinBySnapshot(this)
    for (let step = 0; step < healingSteps; step++) {
      this.now += this.chance.below(100)
      const pending = this.clients.pending
      const settled = this.nodes.every((node) => !node.busy && !node.app.mayAttach)
      if (pending === 0 && settled && this.chain.open) return
      await this.#advance(troubles)
      await this.#attach()
      if (step % 4 === 0) await this.#deliver()
      // Blocks are made as long as somebody waits for one; then the last ones only reach everybody.
      if (pending > 0 && step % 8 === 0) await rounds.run()
      if (pending > 0 && step % 40 === 0) await this.#submit()
    }
    assert.fail(`after ${healingSteps} steps without faults ${this.clients.pending} transactions wait for an answer`)
  }

  async #judgeAll(): Promise<void> {
    this.judge()
    const { chain, machine } = this
    chain.assertTimes()
    this.clients.assertAll()
    for (const { app } of this.nodes) {
      const { application } = app
      assert.equal(application.height, chain.height, `${app.who} is at the end`)
      assert.equal(toHex(application.appHash), toHex(chain.appHash(chain.height)), `${app.who}: app hash`)
      assert.equal(app.failure, undefined)
      machine.assertBooks(application)
      for (let n = application.lowestHeight; n > 1; n--) this.count("blocks not kept")
      for (let height = application.lowestHeight; height <= chain.height; height++) {
        const block = application.block(height)
        assert.ok(block !== undefined && equalBytes(block.header.appHash, chain.appHash(height - 1)))
        const decided = chain.block(height)
        assert.deepEqual(block.batches, decided.txs)
        const answer = chain.answer(height)
        assert.deepEqual(
          block.resultRoots,
          answer.txResults.map(({ data }) => data),
        )
        if (height === chain.height) assert.equal(verifyCommit(block.header, block.commit, block.validators), undefined)
      }
    }
    for (const [what, times] of machine.seen) this.counts.set(what, times)
    this.counts.set("heights", chain.height)
    this.counts.set(
      "calls",
      this.nodes.reduce((sum, { calls }) => sum + calls, 0),
    )
    for (const { rows } of this.nodes)
      for (const [row, times] of rows) this.counts.set(`row ${row}`, (this.counts.get(`row ${row}`) ?? 0) + times)
  }
}
