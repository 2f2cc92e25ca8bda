/**
 * Rounds of one height: proposals of honest and lying nodes, seen by some and not by others, decided or not. What all
 * honest nodes must think of a proposal is known beforehand.
 */
import assert from "node:assert/strict"
import { validatorAddress } from "../../src/base/chain/validators.ts"
import type { Misbehavior } from "../../src/engine/comet/abci/parts.ts"
import type { Decoded } from "../../src/engine/engine.ts"
import { lies } from "./batch-book.ts"
import type { CometNode } from "./comet-node.ts"
import type { Proposal } from "./decided-chain.ts"
import type { Simulation } from "./simulation.ts"

const largeLies = lies.slice(-2)
const smallLies = lies.slice(0, -2)
const plenty = 4 * 1024 * 1024

export class Rounds<T extends Decoded> {
  readonly #simulation: Simulation<T>
  /** Nobody lies, everybody sees everything. */
  honest = false
  #round = 0
  /** Accepted by two thirds and not decided: a later proposer may have to propose it again. */
  #valid: Proposal | undefined

  constructor(simulation: Simulation<T>) {
    this.#simulation = simulation
  }

  async run(): Promise<void> {
    const { chain, nodes, chance, count } = this.#simulation
    if (!chain.open) return
    const height = chain.height + 1
    const there = nodes.filter(({ inConsensus }) => inConsensus)
    const set = chain.validators(height)
    const validating = there.filter(({ key }) => set.some((one) => isOf(one.publicKey, key)))
    if (validating.length === 0) return
    this.#round++
    const proposer = chance.pick(validating)
    const lying = !this.honest && chance.below(4) === 0
    const again = !lying && this.#valid?.height === height && chance.below(2) === 0 ? this.#valid : undefined
    const proposal = again ?? (await this.#propose(proposer, lying))
    count.call(this.#simulation, lying ? "lying proposals" : again ? "proposals again" : "proposals")
    const seers = there.filter((node) => this.honest || (node === proposer && !lying) || chance.below(5) > 0)
    const accepted = new Set<string>()
    const asked =
      chance.below(2) === 0 ? await this.#askTogether(seers, proposal) : await this.#askInTurn(seers, proposal)
    for (const [node, accepts] of asked) {
      assert.equal(accepts, !lying, `${node.app.who} ${accepts ? "accepts" : "rejects"} ${lying ? "a lie" : "honesty"}`)
      if (accepts) accepted.add(node.key)
    }
    if (lying) return
    if (!chain.hasQuorum(height, accepted)) return
    this.#valid = proposal
    if (!this.honest && chance.below(4) === 0) return
    const rest = validating.filter(({ key }) => !accepted.has(key)).map(({ key }) => key)
    chain.decide(proposal, this.#round, accepted, new Set(rest))
    this.#round = 0
    this.#valid = undefined
  }

  async #askTogether(seers: readonly CometNode<T>[], proposal: Proposal) {
    return Promise.all(seers.map(async (node) => [node, await node.process(proposal)] as const))
  }

  async #askInTurn(seers: readonly CometNode<T>[], proposal: Proposal) {
    const asked: (readonly [CometNode<T>, boolean])[] = []
    for (const node of seers) asked.push([node, await node.process(proposal)])
    return asked
  }

  async #propose(proposer: CometNode<T>, lying: boolean): Promise<Proposal> {
    const { chain, chance, book, machine, time } = this.#simulation
    const fields = { proposer: proposer.publicKey, now: time, misbehavior: this.#evidence() }
    const template = chain.propose([], fields)
    // More waits than may be proposed, often.
    const most = this.honest || chance.below(3) > 0 ? plenty : chance.below(1500)
    const txs = await proposer.prepare(template, most)
    if (!lying) return chain.propose(txs, fields)
    const good = machine.next(chance, Math.max(chain.time.seconds, machine.start), this.#simulation.nodes.length)
    // The large ones cost time: seldom.
    const any = chance.pick(chance.below(40) === 0 ? largeLies : smallLies)
    // Without a good transaction nothing else would be the one thing wrong.
    const lie = good === undefined ? "bad signature" : any
    this.#simulation.count(`lie: ${lie}`)
    const bad = machine.withBadSignature(chance)
    const proposal = chain.propose(book.lie(lie, txs, good ?? bad, bad), fields)
    this.#simulation.refused = { proposal, lie }
    return proposal
  }

  #evidence(): readonly Misbehavior[] {
    const { chain, chance } = this.#simulation
    if (this.honest || chance.below(20) > 0) return []
    const { publicKey, power } = chance.pick(chain.validators(chain.height + 1))
    const validator = { address: validatorAddress(publicKey), power }
    return [{ type: "duplicateVote", validator, height: 1, time: chain.time, totalVotingPower: power }]
  }
}

function isOf(publicKey: Uint8Array, key: string): boolean {
  return Buffer.from(publicKey).toString("hex") === key
}
