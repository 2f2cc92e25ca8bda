/** The tally ledger for the bulk of the seeds: its validators are moved by sums, its judge is two plain maps. */
import assert from "node:assert/strict"
import { publicKeyOf, sha256 } from "#crypto"
import { toHex } from "../../src/base/bytes.ts"
import { orderValidators, type Validator } from "../../src/base/chain/validators.ts"
import type { Chance } from "../../src/engine/comet/abci/generated-messages.ts"
import { sumLimit, TallyApplication, type TallyTransaction, tallyTransaction } from "../../src/engine/tally.ts"
import { StateStore } from "../../src/store/state-store.ts"
import type { BlockToJudge, Machine, OpenApplication } from "./machine.ts"

export const validatorSeed = (node: number): Uint8Array => sha256(Uint8Array.of(77, node))
const mostNodes = 16
const validatorKeys = Array.from({ length: mostNodes }, (_, n) => publicKeyOf(validatorSeed(n)))
const clientSeed = sha256(Uint8Array.of(1))
const k = 4
const ordinarySums = 2
/** Sum 1000 + n moves the power of node n one step along its list. */
const firstPowerSum = 1000
const powersOfFounders = [10, 25, 7, 0] as const
const powersOfJoiners = [0, 10, 25, 0, 7] as const
const tooMuch = 9

/** The set that sums make: never an empty one. */
function validatorsBy(sumOf: (sum: number) => number, founders: number, nodes: number): readonly Validator[] {
  const list = Array.from({ length: nodes }, (_, n) => {
    const powers = n < founders ? powersOfFounders : powersOfJoiners
    return { publicKey: validatorKeys[n]!, power: powers[sumOf(firstPowerSum + n) % powers.length]! }
  })
  const voting = list.filter(({ power }) => power > 0)
  return orderValidators(voting.length > 0 ? voting : list.map((one) => ({ ...one, power: 1 })).slice(0, founders))
}

class VotingTally extends TallyApplication {
  readonly #set: (sumOf: (sum: number) => number) => readonly Validator[]

  constructor(store: StateStore, machine: TallyMachine, set: (sumOf: (sum: number) => number) => readonly Validator[]) {
    super(store, machine.chain)
    this.#set = set
  }

  override validators(): readonly Validator[] {
    return this.#set((sum) => this.sum(sum))
  }
}

interface Sent {
  readonly sum: number
  readonly amount: number
}

export class TallyMachine implements Machine<TallyTransaction> {
  readonly chain: Machine<TallyTransaction>["chain"]
  readonly start = 1_776_000_000
  readonly first: readonly Uint8Array[] = []
  readonly #set: (sumOf: (sum: number) => number) => readonly Validator[]
  readonly #sent = new Map<string, Sent>()
  readonly #applied = new Set<string>()
  readonly #sums = new Map<number, number>()
  readonly seen = new Map<string, number>()
  #nonce = 0

  /** @param founders - the nodes in the genesis; `nodes` counts those that may join, too. */
  constructor(founders: number, nodes: number) {
    this.#set = (sumOf) => validatorsBy(sumOf, founders, nodes)
    this.chain = {
      chainId: "tally-1",
      protocol: 1,
      genesisTime: { seconds: this.start, nanos: 0 },
      genesisValidators: this.#set(() => 0),
    }
  }

  async open(directory: string): Promise<OpenApplication<TallyTransaction>> {
    const store = new StateStore(directory, { k })
    if (store.genesis === undefined) {
      store.seal()
      await store.begin(clientSeed)
    }
    return { application: new VotingTally(store, this, this.#set), close: () => store.close() }
  }

  next(chance: Chance, _seconds: number, joined: number): Uint8Array {
    const voting = chance.below(8) === 0
    const sum = voting ? firstPowerSum + chance.below(joined) : chance.below(ordinarySums)
    // Large enough that some sums pass their limit.
    const amount = voting ? 1 : chance.below(300_000)
    const bytes = tallyTransaction(clientSeed, { sum, amount, nonce: this.#nonce++ })
    this.#sent.set(toHex(bytes), { sum, amount })
    return bytes
  }

  withBadSignature(chance: Chance): Uint8Array {
    const bytes = Uint8Array.from(tallyTransaction(clientSeed, { sum: 1, amount: 1, nonce: 1_000_000 + this.#nonce++ }))
    // Within the signature's R, the first of the last 64 bytes.
    bytes[bytes.length - 64 + chance.below(31)]! ^= 1 << chance.below(8)
    return bytes
  }

  judge({ batches }: BlockToJudge): number[][] {
    return batches.map((batch) => batch.map((bytes) => this.#judge(toHex(bytes))))
  }

  #judge(name: string): number {
    const sent = this.#sent.get(name)
    assert.ok(sent !== undefined, "nobody sent a transaction that was decided")
    if (this.#applied.has(name)) return 0
    const total = (this.#sums.get(sent.sum) ?? 0) + sent.amount
    const what = total > sumLimit ? "refused: too much" : sent.sum < firstPowerSum ? "applied: add" : "applied: power"
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1)
    if (total > sumLimit) return tooMuch
    this.#applied.add(name)
    this.#sums.set(sent.sum, total)
    return 0
  }

  validators(): readonly Validator[] {
    return this.#set((sum) => this.#sums.get(sum) ?? 0)
  }

  assertBooks(application: unknown): void {
    assert.ok(application instanceof TallyApplication)
    const sums = [...Array(ordinarySums).keys(), ...this.#sums.keys()]
    for (const sum of sums) assert.equal(application.sum(sum), this.#sums.get(sum) ?? 0, `sum ${sum}`)
  }
}
