/**
 * Visits that go on while somebody pulls plugs: each is told in full at the desks, and what was acknowledged as settled
 * is looked up again on every node that is up. A visit whose desk dies under it is given up, not counted as settled.
 */
import { join } from "node:path"
import { toHex } from "../../base/bytes.ts"
import { Fault } from "../../base/fault.ts"
import { Refused } from "../../base/refusal.ts"
import { formatDate } from "../../base/time.ts"
import { legStates } from "../../ledger/rows.ts"
import type { Members } from "../community/community.ts"
import { DeskClient } from "../community/desk-client.ts"
import { plansFolder, readPlanFiles } from "../community/plan-files.ts"
import {
  deposit,
  engagePractitioner,
  join as joinCommunity,
  type Practitioner,
  publishPlan,
  roles,
  type Setting,
} from "../community/setting.ts"
import { eyeVisit, planOfYear } from "../visit/eye-visit.ts"
import { Journey } from "../visit/journey.ts"
import type { VisitCase } from "../visit/visit-case.ts"
import type { Network } from "./network.ts"

export interface VisitCounts {
  /** Visits whose settlement a desk acknowledged. */
  readonly acknowledged: number
  /** Visits that a dead process cut short before any acknowledgement. */
  readonly givenUp: number
  /** Acknowledged, and not settled on some node that has the block. */
  readonly lost: number
  /** Acknowledged, and settled more than once. */
  readonly doubled: number
  /** The longest time between two acknowledgements, in milliseconds. */
  readonly longestStallMs: number
}

interface Acknowledged {
  /** What the clinic's node had when it acknowledged: a node that is behind that has nothing to say yet. */
  readonly height: number
  readonly V: string
  readonly provider: number
}

interface ShownVisit {
  readonly legs?: readonly { readonly state: number }[]
  readonly transitions?: readonly { readonly operation: number }[]
}

const atOnce = 2
const patienceMs = 30_000
const settleOperation = 8
const payerMoney = 10_000_000_000n

/** A desk that is asked again while its node is down. */
class PatientDesk extends DeskClient {
  override async desk<T>(operation: string, body: unknown = {}): Promise<T> {
    const end = Date.now() + patienceMs
    for (;;) {
      try {
        return await super.desk<T>(operation, body)
      } catch (error) {
        // Only where no connection came about: what was sent may have been done.
        if (!isAway(error) || Date.now() > end) throw error
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }
}

function isAway(error: unknown): boolean {
  if (!(error instanceof Fault) || !error.retryable) return false
  const { code } = (error.cause ?? {}) as { readonly code?: string }
  return code === undefined ? error.message.includes("its node is down") : code === "ECONNREFUSED"
}

const heightOf = async (node: DeskClient) => (await node.get<{ height: number }>("/health")).height

function membersOf(network: Network): Members {
  const nodes = network.members.map(
    (member) => new PatientDesk(member, network.directoryOf(member.number), () => network.node(member.number).address),
  )
  return {
    directory: network.directory,
    nodes,
    node: (number) => nodes.find(({ member }) => member.number === number)!,
    startKeyOf: () => undefined,
    turnable: false,
  }
}

export class VisitLoad {
  readonly #network: Network
  readonly #acknowledged: Acknowledged[] = []
  #setting: Setting | undefined
  #visit: VisitCase | undefined
  #plan: Uint8Array = new Uint8Array()
  #practitioner: Practitioner | undefined
  #running: Promise<unknown> = Promise.resolve()
  #stopped = false
  #givenUp = 0
  #lastAt = 0
  #longestStallMs = 0
  #lost = 0
  #doubled = 0

  private constructor(network: Network) {
    this.#network = network
  }

  /** Sets the scene and begins. */
  static async begin(network: Network): Promise<VisitLoad> {
    const load = new VisitLoad(network)
    await load.#start()
    return load
  }

  get up(): number {
    return this.#network.nodes.length
  }

  get counts(): VisitCounts {
    const waiting = this.#lastAt === 0 || this.#stopped ? 0 : performance.now() - this.#lastAt
    return {
      acknowledged: this.#acknowledged.length,
      givenUp: this.#givenUp,
      lost: this.#lost,
      doubled: this.#doubled,
      longestStallMs: Math.round(Math.max(this.#longestStallMs, waiting)),
    }
  }

  async #start(): Promise<void> {
    const members = membersOf(this.#network)
    const { chainId, genesis } = this.#network
    const today = Math.floor(Date.now() / 86_400_000)
    const plan = planOfYear(readPlanFiles(join(plansFolder(), "eye-sample.md")), Number(formatDate(today).slice(0, 4)))
    const visit = eyeVisit(plan, today)
    const setting = await joinCommunity({ ...members, chainId, genesis })
    this.#practitioner = await engagePractitioner(setting, roles.clinic, visit.practitioner.licence)
    this.#plan = await publishPlan(setting, visit.plan)
    await deposit(setting, roles.payer, payerMoney)
    this.#setting = setting
    this.#visit = visit
    this.#running = Promise.all(Array.from({ length: atOnce }, () => this.#work()))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  /** Looks every acknowledged visit up on every node that is up. */
  async check(): Promise<void> {
    const wanted = this.#acknowledged.slice()
    let [lost, doubled] = [0, 0]
    for (const node of this.#network.nodes) {
      const reached = await heightOf(node).catch(() => 0)
      for (const { V, provider } of wanted.filter(({ height }) => height <= reached)) {
        const shown = await node.desk<ShownVisit>("visit", { visit: V, provider }).catch(() => undefined)
        if (shown === undefined) break
        const settled = (shown.transitions ?? []).filter(({ operation }) => operation === settleOperation).length
        const state = shown.legs?.[0]?.state
        if (settled === 0 || state === undefined || state === legStates.held) lost++
        if (settled > 1) doubled++
      }
    }
    this.#lost = lost
    this.#doubled = doubled
  }

  async #work(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#one()
      } catch (error) {
        if (!(error instanceof Fault || error instanceof Refused)) throw error
        this.#givenUp++
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    }
  }

  async #one(): Promise<void> {
    const visit = this.#visit!
    const journey = new Journey(this.#setting!)
    const day = visit.serviceDay
    await journey.enrol({ plan: this.#plan, facts: visit.member, left: visit.left, cap: visit.hold, day })
    await journey.run(this.#practitioner!.id, visit)
    const { provider } = journey
    this.#acknowledge({ V: toHex(journey.visit.V), provider, height: await heightOf(journey.clinic) })
  }

  #acknowledge(visit: Acknowledged): void {
    const now = performance.now()
    if (this.#lastAt > 0) this.#longestStallMs = Math.max(this.#longestStallMs, now - this.#lastAt)
    this.#lastAt = now
    this.#acknowledged.push(visit)
  }
}
