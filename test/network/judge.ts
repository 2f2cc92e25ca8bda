/**
 * After each fault, once all is healed: is everything that was acknowledged in the state of every node, once, and is
 * all money where it should be? Everything is asked of the nodes' doors and read from their disks, and run again here.
 */
import { join } from "node:path"
import { fromHex, toHex } from "../../src/base/bytes.ts"
import type { FinalBlock } from "../../src/base/chain/block.ts"
import { decodeAs } from "../../src/base/schema.ts"
import { scanInvariants } from "../../src/ledger/invariants.ts"
import { schemas } from "../../src/ledger/rows.ts"
import { balancesOf } from "../../src/node/regulator/balances.ts"
import { ReadOnlyChain } from "../../src/store/read-only-chain.ts"
import { placementOf } from "../../src/verify/placement.ts"
import { verifyReceipt } from "../../src/verify/verify.ts"
import { Books } from "./books.ts"
import { type Consortium, everybody, sleep } from "./consortium.ts"
import { type Sent, shortId } from "./load.ts"
import type { Random } from "./random.ts"
import { blocksOf, type Placed, Replica } from "./replica.ts"

export interface Verdict {
  /** The height at which all nodes were compared. */
  readonly height: number
  /** Acknowledged and not in the state. */
  readonly lost: number
  /** Effects beyond the one that each transaction may have. */
  readonly doubled: number
  /** Whatever else is not as it should be, in words. */
  readonly failures: readonly string[]
}

const quietMs = 800
const settleMs = 120_000
/** Nodes whose every row is read and hashed again, in each round; of all, what they have stored as their app hash. */
const nodesReadWhole = 2
/** Failures in words, of each kind; the rest is counted. */
const mostWords = 5

export class Judge {
  readonly #consortium: Consortium
  readonly #replica: Replica
  readonly #books = new Books()
  readonly #random: Random
  /** Where each transaction stands for the first time. */
  readonly #placed = new Map<string, Placed>()

  private constructor(consortium: Consortium, replica: Replica, random: Random) {
    this.#consortium = consortium
    this.#replica = replica
    this.#random = random
  }

  static async open(consortium: Consortium, directory: string, random: Random): Promise<Judge> {
    const { network, anchor } = consortium
    return new Judge(consortium, await Replica.open(directory, network.genesis, anchor), random)
  }

  /** Seconds since 1970 of the last block that was judged. */
  get seconds(): number {
    return this.#replica.seconds
  }

  /** @param sent - everything that was ever sent: what was good after an earlier fault must still be. */
  async judge(sent: readonly Sent[]): Promise<Verdict> {
    const failures: string[] = []
    const height = await this.#quietHeight()
    await this.#run(height, sent, failures)
    const readWhole = this.#random.some(everybody, nodesReadWhole)
    for (const organization of everybody) {
      await this.#compareBlocks(organization, height, failures)
      await this.#compareDisk(organization, { height, rows: readWhole.includes(organization) }, failures)
    }
    const { lost, doubled } = this.#count(sent, failures)
    failures.push(...some(this.#books.differences(this.#replica.tables)))
    this.#checkMoney(failures)
    await this.#checkReceipt(sent, failures)
    this.#judgedHeight = height
    return { height, lost, doubled, failures }
  }

  #judgedHeight = 0

  /** The height at which all nodes stand and stay: nothing is under way any more. */
  async #quietHeight(): Promise<number> {
    const end = performance.now() + settleMs
    let since = performance.now()
    let height: number | undefined
    for (;;) {
      const heights = await this.#consortium.heights()
      const [first, ...others] = new Set(heights.values())
      if (first === undefined || others.length > 0 || first !== height) since = performance.now()
      height = others.length > 0 ? undefined : first
      if (height !== undefined && performance.now() - since >= quietMs) return height
      if (performance.now() > end)
        throw new Error(`the nodes do not come to one height: ${[...heights].map((pair) => pair.join(" at ")).join()}`)
      await sleep(100)
    }
  }

  /** Runs what is new, as one node has it. */
  async #run(height: number, sent: readonly Sent[], failures: string[]): Promise<void> {
    const known = new Map(sent.map((one) => [one.id, one]))
    const source = this.#random.pick(everybody)
    const blocks = await blocksOf(this.#consortium, source, this.#replica.height + 1, height)
    const differences: string[] = []
    for (const block of blocks) {
      for (const placed of await this.#replica.take(block)) {
        if (!this.#placed.has(placed.id) && placed.number === 0) this.#placed.set(placed.id, placed)
        const one = known.get(placed.id)
        if (one === undefined) failures.push(`block ${placed.height} has a transaction that nobody sent`)
        const differs = one && this.#books.take(one, placed.number, Math.floor(placed.seconds / 3600))
        if (differs !== undefined) differences.push(differs)
      }
    }
    failures.push(...some(differences))
  }

  async #compareBlocks(organization: number, height: number, failures: string[]): Promise<void> {
    const title = this.#consortium.titleOf(organization)
    const blocks = await blocksOf(this.#consortium, organization, this.#judgedHeight + 1, height)
    const bad = (block: FinalBlock) =>
      this.#replica.isSame(block) ? this.#replica.headerFault(block) : "it is another block than elsewhere"
    const first = blocks.find((block) => bad(block) !== undefined)
    if (first !== undefined) failures.push(`${title}, block ${first.header.height}: ${bad(first)}`)
  }

  /** The app hash that a node has stored beside its rows; with `rows`, also the one that its rows make. */
  async #compareDisk(
    organization: number,
    { height, rows }: { readonly height: number; readonly rows: boolean },
    failures: string[],
  ): Promise<void> {
    const title = this.#consortium.titleOf(organization)
    const stored = new ReadOnlyChain(join(this.#consortium.directoryOf(organization), "ledger"))
    try {
      const expected = this.#replica.appHashAfter(stored.height)
      if (stored.height !== height) failures.push(`${title}: its disk is at ${stored.height}, not at ${height}`)
      const good = toHex(stored.appHash) === expected && (!rows || toHex(stored.appHashOfRows()) === expected)
      if (!good) failures.push(`${title}: its state at height ${stored.height} is not what the blocks make`)
    } finally {
      await stored.close()
    }
  }

  #count(sent: readonly Sent[], failures: string[]): { lost: number; doubled: number } {
    const lost: string[] = []
    let doubled = 0
    for (const one of sent) {
      const { effects, shown } = this.#effectsOf(one)
      doubled += Math.max(0, effects - 1)
      if (one.acknowledgedAt === undefined) continue
      const placed = this.#placed.get(one.id)
      if (placed === undefined || !shown || placed.height > (one.height ?? 0)) lost.push(one.id)
    }
    const refused = sent.filter((one) => one.refused !== undefined)
    failures.push(...some(refused.map(({ type, id, refused: code }) => `${type} ${shortId(id)} was refused: ${code}`)))
    failures.push(...some(lost.map((id) => `${shortId(id)} was acknowledged and is lost`)))
    return { lost: lost.length, doubled }
  }

  /** How often the state shows that a transaction took effect. */
  #effectsOf({ bytes }: Sent): { readonly effects: number; readonly shown: boolean } {
    const transaction = this.#replica.decode(bytes)
    const { table, key, shows } = placementOf(transaction)
    const value = this.#replica.state.get(table, key)
    const shown = value !== undefined && shows(value)
    if (table !== "visits" || !shown) return { effects: shown ? 1 : 0, shown }
    const id = toHex(transaction.id)
    const visit = this.#replica.tables.visits.get(decodeAs(schemas.visits.key, key))
    const steps = visit?.transitions.filter((step) => toHex(step.transaction) === id) ?? []
    return { effects: steps.length, shown }
  }

  /** Every row is read: accounts and holds are deposits less withdrawals, and all other invariants hold. */
  #checkMoney(failures: string[]): void {
    const { findings } = balancesOf(this.#replica.tables)
    failures.push(...findings.map(({ code, at }) => `${code}: ${at}`))
    try {
      scanInvariants(this.#replica.state, Math.floor(this.#replica.seconds / 3600))
    } catch (error) {
      failures.push(`an invariant does not hold: ${(error as Error).message}`)
    }
  }

  /** One receipt of one node, checked from the genesis as a patient would. */
  async #checkReceipt(sent: readonly Sent[], failures: string[]): Promise<void> {
    const acknowledged = sent.filter(({ acknowledgedAt }) => acknowledgedAt !== undefined)
    if (acknowledged.length === 0) return
    const { bytes } = this.#random.pick(acknowledged)
    const node = this.#consortium.network.node(this.#random.pick(everybody))
    const { receipt } = await node.desk<{ receipt: string }>("receipt", { transaction: toHex(bytes) })
    const { valid, trust, reason } = verifyReceipt(fromHex(receipt), this.#consortium.anchor)
    if (!valid || trust !== "byzantine") failures.push(`a receipt of ${node.member.title}: ${reason ?? trust}`)
  }

  close(): Promise<void> {
    return this.#replica.close()
  }
}

function some(list: readonly string[]): readonly string[] {
  return list.length <= mostWords ? list : [...list.slice(0, mostWords), `and ${list.length - mostWords} more of these`]
}
