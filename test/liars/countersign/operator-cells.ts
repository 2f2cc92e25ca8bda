/** The operator's lies on the embedded engine: it has one process, one key, and members' followers watch it. */
import { once } from "node:events"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { equalBytes, fromHex } from "../../../src/base/bytes.ts"
import { verifyCommit } from "../../../src/base/chain/commit.ts"
import type { DeskClient } from "../../../src/cli/community/desk-client.ts"
import { operatorNumber } from "../../../src/cli/community/organizations.ts"
import { caughtUp, deposit, roles } from "../../../src/cli/community/setting.ts"
import { openTables, type Tables } from "../../../src/ledger/state.ts"
import { certificateOf } from "../../../src/node/certificate.ts"
import { Transport } from "../../../src/node/transport.ts"
import { StateStore } from "../../../src/store/state-store.ts"
import { verifyEquivocation } from "../../../src/verify/header-equivocation.ts"
import type { TrustAnchor } from "../../../src/verify/trust.ts"
import { verifyReceipt } from "../../../src/verify/verify.ts"
import { type Cell, must, none, notCaught, timed } from "../lies.ts"
import {
  blockAt,
  book,
  copyOf,
  copyOperator,
  heightOf,
  listFor,
  Observer,
  proveTwoHistories,
  startDouble,
  until,
} from "./double.ts"
import { clockLies } from "./operator-clock.ts"
import type { Telling } from "./party-cells.ts"

export type OperatorLie = (telling: Telling, root: string) => Promise<Cell>

const reasons: Readonly<Record<string, string>> = {
  "its app hash is not that of the state before it": "app hash",
  "it does not link to the block before": "link",
  "its results are not what its transactions give": "results",
}
const nextBlock = "at the operator's next block"
/** Every observer here begins with the genesis alone and runs all of it again: it is that third party. */
const reRun = "the operator's signed header, and the blocks before it run again"

/** What stopped a member's follower, as a cell. */
async function stoppedBy(observer: Observer, evidence: string): Promise<Cell> {
  const { found, ms } = await timed(() => until("the follower stops", () => observer.halted))
  const by = `every follower: ${must(reasons[found.reason], found.reason)}`
  return { verdict: "caught", by, when: nextBlock, evidence, ms }
}

/** One member has followed the true history; the operator goes on with another from `before` on. */
async function secondHistory(
  { scene, community }: Telling,
  root: string,
  { first, after }: { readonly first: readonly string[]; readonly after: readonly string[] },
): Promise<Cell> {
  const { setting, anchor } = scene
  await caughtUp(community)
  const real = community.node(operatorNumber)
  const before = await heightOf(real)
  const copy = copyOperator(community, root)
  for (const reference of first) await book(real, reference)
  const observer = await Observer.start(setting, { root, followed: real })
  await observer.reached(await heightOf(real))
  const double = await startDouble(community, copy)
  try {
    for (const reference of after) await book(double, reference)
    must((await heightOf(double)) > observer.height, "the second history is not longer")
    await observer.turnTo(double)
    const cell = await stoppedBy(observer, "two signed headers of one height")
    const [a, b] = [await blockAt(real, before + 1), await blockAt(double, before + 1)]
    must(a && b && proveTwoHistories(a, b, anchor), "the two headers convince nobody")
    return cell
  } finally {
    await observer.stop()
    await double.stop()
  }
}

/** The operator changes rows on its disk so that they still add up, and goes on. */
async function alteredState(
  { scene, community }: Telling,
  root: string,
  alter: (tables: Tables) => void,
): Promise<Cell> {
  const { setting } = scene
  await caughtUp(community)
  const real = community.node(operatorNumber)
  const copy = copyOperator(community, root)
  const store = new StateStore(join(copy, "ledger"), { k: scene.anchor.k })
  const before = store.appHash
  const tables = openTables(store)
  alter(tables)
  tables.flush()
  must(!equalBytes(store.seal(), before), "no row was changed")
  await store.commit([])
  await store.close()
  const observer = await Observer.start(setting, { root, followed: real })
  await observer.reached(await heightOf(real))
  const double = await startDouble(community, copy)
  try {
    await observer.turnTo(double)
    await book(double, "after")
    const cell = await stoppedBy(observer, reRun)
    const { header, commit } = must(await blockAt(double, observer.halted!.height), "the block is gone")
    must(verifyCommit(header, commit, scene.anchor.validators) === undefined, "the header is not the operator's")
    return cell
  } finally {
    await observer.stop()
    await double.stop()
  }
}

const portOf = ({ url }: DeskClient) => Number(new URL(url).port)

/** What a node keeps, once it has it, of an operator that signed twice: good for anybody who has the genesis. */
async function keptEvidence(node: DeskClient, anchor: TrustAnchor): Promise<void> {
  const { evidence } = await until("a node keeps evidence", async () => {
    const { histories } = await node.desk<{ histories: readonly { readonly evidence: string }[] }>("evidence")
    return histories[0]
  })
  const named = verifyEquivocation(fromHex(evidence), anchor)
  must("signers" in named && named.power === named.totalPower, "the evidence names nobody")
}

export const operatorLies: Readonly<Record<string, OperatorLie>> = {
  rewrite: (telling, root) =>
    alteredState(telling, root, ({ accounts }) => {
      const [payer, clinic] = [accounts.get({ org: roles.payer })!, accounts.get({ org: roles.clinic })!]
      accounts.put({ org: roles.payer }, { ...payer, free: payer.free - 100n })
      accounts.put({ org: roles.clinic }, { ...clinic, free: clinic.free + 100n })
    }),

  drop: (telling, root) => secondHistory(telling, root, { first: ["a", "b"], after: ["b", "c", "d", "e"] }),
  reorder: (telling, root) => secondHistory(telling, root, { first: ["a", "b"], after: ["b", "a", "c", "d"] }),
  backup: (telling, root) => secondHistory(telling, root, { first: ["a"], after: ["c", "d", "e"] }),

  /**
   * Each of two members is kept to its own history: the clinic's node to the true one, the hospital's (a second process on
   * a copy of its directory) to the other. Nobody asks them to compare.
   */
  async "two-histories"({ scene, community }, root) {
    await caughtUp(community)
    const [real, clinic] = [community.node(operatorNumber), community.node(roles.clinic)]
    const double = await startDouble(community, copyOf(community, operatorNumber, root))
    const hospital = await community.startNode(roles.hospital, copyOf(community, roles.hospital, root))
    try {
      await listFor(community, hospital, new Map([[operatorNumber, portOf(double)]]))
      await hospital.desk("resume")
      await listFor(community, clinic, new Map([[roles.hospital, portOf(hospital)]]))
      await book(real, "one story")
      await book(double, "another story")
      const [a, b] = [await heightOf(real), await heightOf(double)]
      const reached = async () => ((await heightOf(clinic)) >= a && (await heightOf(hospital)) >= b) || undefined
      await until("each has its own story", reached)
      const { ms } = await timed(() => Promise.all([clinic, hospital].map((node) => keptEvidence(node, scene.anchor))))
      return {
        verdict: "caught",
        by: "clinic and hospital: each node asks the other members",
        when: "within ten seconds",
        evidence: "two signed headers of one height",
        note: "Their nodes must reach each other past the operator; which story counts is for people to settle.",
        ms,
      }
    } finally {
      await listFor(community, clinic, new Map())
      await hospital.stop()
      await double.stop()
    }
  },

  /** A refused transaction is shown as applied: the operator lets a friend in. */
  async friend({ scene, community }, root) {
    const real = community.node(operatorNumber)
    await caughtUp(community)
    let told = 0
    const tell = (block: NonNullable<Awaited<ReturnType<typeof blockAt>>>) => {
      if (told > 0 || !block.results.some((numbers) => numbers.some((number) => number !== 0))) return block
      told++
      return { ...block, results: block.results.map((numbers) => numbers.map(() => 0)) }
    }
    const observer = await Observer.start(scene.setting, { root, followed: real, tell })
    try {
      const { ms: _, ...cell } = await stoppedBy(observer, reRun)
      return { ...cell, when: "at that block" }
    } finally {
      await observer.stop()
    }
  },

  ...clockLies,

  async "operator-and-payer"(telling, root) {
    const { journey } = await telling.attacker.recorded()
    return alteredState(telling, root, ({ accounts, visits }) => {
      const name = { V: journey.visit.V, provider: journey.provider }
      const visit = visits.get(name)!
      const { hold } = visit.legs[0]!
      const payer = accounts.get({ org: roles.payer })!
      visits.put(name, { ...visit, legs: visit.legs.map((leg) => ({ ...leg, hold: 0n, state: 5 })) })
      const freed = { free: payer.free + hold, reserved: payer.reserved - hold, open: payer.open - 1 }
      accounts.put({ org: roles.payer }, { ...payer, ...freed })
    })
  },

  async refuse({ scene, community, attacker }) {
    const [real, clinic] = [community.node(operatorNumber), community.node(roles.clinic)]
    const { keys } = await attacker.insider(operatorNumber)
    const own = certificateOf(keys.seed("transport"))
    const { request } = new Transport(own)
    const { key, certificate: cert } = own
    const door = createServer({ key, cert }, (asked, answer) => {
      if (asked.method === "POST" && asked.url === "/chain/transactions") return void answer.writeHead(503).end()
      request(`${real.url}${asked.url}`, { pin: real.pin })
        .then(({ status, bytes }) => answer.writeHead(status).end(bytes))
        .catch(() => answer.writeHead(502).end())
    })
    door.listen(0, "127.0.0.1")
    await once(door, "listening")
    try {
      const { journey } = await attacker.recorded({ hold: 0n })
      await listFor(community, clinic, new Map([[operatorNumber, (door.address() as AddressInfo).port]]))
      const refused = await journey.hold(attacker.hold).then(
        () => false,
        () => true,
      )
      await listFor(community, clinic, new Map())
      await deposit(scene.setting, roles.hospital, 100n)
      if (!refused) return notCaught("It was taken.")
      return {
        verdict: "caught",
        by: "the member itself",
        when: "at once",
        evidence: none,
        note: "It cannot prove it.",
      }
    } finally {
      door.closeAllConnections()
      door.close()
    }
  },

  /** Told last: afterwards nothing is written any more. */
  async stop({ scene, community, attacker }) {
    const [real, clinic] = [community.node(operatorNumber), community.node(roles.clinic)]
    const height = await heightOf(clinic)
    await real.stop()
    const gone = await attacker.hour().then(
      () => false,
      () => true,
    )
    const copy = (await heightOf(clinic)) >= height && verifyReceipt(scene.receipt, scene.anchor).valid
    if (!gone || !copy) return notCaught("It still answers.")
    const note = "Nothing more is written; every member keeps a whole copy that it checked."
    return { verdict: "caught", by: "everybody", when: "at once", evidence: none, note }
  },
}
