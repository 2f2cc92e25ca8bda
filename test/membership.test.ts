/**
 * Membership on a real network: a stranger's node is refused; a fifth validator is admitted by ballot, joins by a
 * snapshot, gets a vote, signs blocks, gives receipts that lead back to the genesis, and leaves again.
 */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { fromHex, toHex } from "../src/base/bytes.ts"
import { finalBlockCodec } from "../src/base/chain/block.ts"
import { headerHash } from "../src/base/chain/header.ts"
import { validatorAddress } from "../src/base/chain/validators.ts"
import { decodeAs, list } from "../src/base/schema.ts"
import { NodeProcess } from "../src/cli/community/node-process.ts"
import { Network } from "../src/cli/network/network.ts"
import { findCometBft } from "../src/engine/comet/binary.ts"
import { freePorts } from "../src/engine/comet/ports.ts"
import { decodeBatch, isRejection } from "../src/ledger/index.ts"
import { decodeReceipt } from "../src/verify/receipt.ts"
import { decodeAnchor } from "../src/verify/trust.ts"
import { verifyReceipt } from "../src/verify/verify.ts"

const skip = findCometBft() === undefined ? "CometBFT is not installed: npm run engine" : false
const blocksCodec = list(finalBlockCodec, 0, 256)
const newcomer = { number: 8, name: "northside-clinic", title: "Northside Clinic", kind: "provider", group: 8 } as const
const stranger = { number: 9, name: "nobodys-clinic", title: "Nobody's Clinic", kind: "provider", group: 9 } as const

const root = mkdtempSync(join(tmpdir(), "cs-member-"))
const network = new Network({ directory: join(root, "net"), validators: 4 })
const started: NodeProcess[] = []
const startKeys = new Map<number, string>()

before(async () => {
  if (skip === false) await network.start()
})
after(async () => {
  await Promise.all(started.map((node) => node.stop()))
  if (skip === false) await network.stop()
  rmSync(root, { recursive: true, force: true })
})

interface Identity {
  readonly organization: number
  readonly name: string
  readonly kind: string
  readonly keys: Readonly<Record<string, string>>
}

const health = (node: NodeProcess) => node.get<{ height: number; hour: number }>("/health")

async function blocksFrom(node: NodeProcess, from: number) {
  return decodeAs(blocksCodec, await node.getBytes(`/chain/blocks?from=${from}&wait=0`))
}

async function until(what: string, good: () => Promise<boolean>, seconds = 60): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (Date.now() < end) {
    if (await good().catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.fail(`not within ${seconds} s: ${what}`)
}

/** On the directory that it left, if it was started before. */
async function startNode(member: typeof newcomer | typeof stranger): Promise<NodeProcess> {
  const [port] = await freePorts(1)
  const startKey = startKeys.get(member.number) ?? randomBytes(16).toString("hex")
  startKeys.set(member.number, startKey)
  const node = await NodeProcess.start({
    member,
    directory: join(root, member.name),
    startKey,
    flags: ["--port", String(port), "--tls", "--consensus", "--resume"],
  })
  started.push(node)
  return node
}

/** Tells a node of the members, and with `also` the members of the node. */
async function introduce(node: NodeProcess, also: boolean): Promise<void> {
  const nodes = [...network.nodes, node]
  const organizations = await Promise.all(
    nodes.map(async (one) => ({ ...(await one.get<Identity>("/identity")), url: one.url })),
  )
  for (const one of also ? nodes : [node]) await one.desk("list-organizations", { organizations })
}

async function begin(node: NodeProcess): Promise<void> {
  const { height } = await health(network.node(6))
  const [block] = await blocksFrom(network.node(6), height - 3)
  const trusted = { height: block!.header.height, hash: toHex(headerHash(block!.header)) }
  await node.desk("found", { genesis: toHex(network.genesis), start: network.begun, operator: 0, trusted })
}

/** One organization proposes, others vote until it is enacted. */
async function carry(action: string, fields: unknown): Promise<void> {
  const { proposal } = await network.node(1).desk<{ proposal: string }>("propose", { action, fields })
  for (const voter of [2, 3, 6, 7]) {
    const { enacted } = await network.node(voter).desk<{ enacted: boolean }>("ballot", { proposal, vote: "yes" })
    if (enacted) return
  }
  assert.fail(`${action} was not enacted`)
}

async function deposit(): Promise<Uint8Array> {
  const reference = randomBytes(8).toString("hex")
  const { height } = await network.node(4).desk<{ height: number }>("deposit", { to: 3, amount: "100", reference })
  const [block] = await blocksFrom(network.node(4), height)
  const batch = decodeBatch(block!.batches[0]!)
  assert.ok(!isRejection(batch))
  return batch[0]!
}

test("a lone organization enacts nothing", { skip }, async () => {
  const asked = { action: "set-status", fields: { organization: 2, status: "suspended" } }
  const { enacted } = await network.node(1).desk<{ enacted: boolean }>("propose", asked)
  assert.equal(enacted, false)
})

test("a stranger's node is refused by every peer and gets no block", { skip }, async () => {
  const node = await startNode(stranger)
  await introduce(node, false)
  await begin(node)
  await new Promise((resolve) => setTimeout(resolve, 6000))
  assert.equal((await health(node)).height, 0)
  await node.stop()
})

test("admitted by ballot, it joins by a snapshot and has the others' state", { skip }, async () => {
  const node = await startNode(newcomer)
  const { keys } = await node.get<Identity>("/identity")
  await carry("admit", { name: newcomer.name, kind: newcomer.kind, organization: 8, key: `01${keys["admin"]}` })
  const { hour } = await health(network.node(1))
  const given = await node.desk<{ transactions: string[] }>("registrations", { chainId: network.chainId, hour })
  for (const transaction of given.transactions) await network.node(1).desk("submit", { transaction })
  for (let i = 0; i < 5; i++) await deposit()
  await Promise.all([1, 2, 3].map((number) => network.node(number).desk("take-snapshot")))
  for (let i = 0; i < 5; i++) await deposit()
  await introduce(node, true)
  const before = performance.now()
  await begin(node)
  const { height } = await health(network.node(1))
  await until("the newcomer has the chain", async () => (await health(node)).height >= height)
  console.log(`joined by snapshot in ${Math.round(performance.now() - before)} ms`)
  const [own] = await blocksFrom(node, height)
  const [theirs] = await blocksFrom(network.node(1), height)
  assert.equal(toHex(own!.header.appHash), toHex(theirs!.header.appHash))
  assert.deepEqual(await blocksFrom(node, 1), [], "it has no old blocks")
  const account = (at: NodeProcess) => at.desk<{ free: string }>("account", { organization: 3 })
  assert.deepEqual(await account(node), await account(network.node(1)))
})

test("by ballot it becomes a validator, signs blocks, and its receipts lead back to the genesis", {
  skip,
}, async () => {
  const node = started[1]!
  const { keys } = await node.get<Identity>("/identity")
  const key = keys["validator"]!
  const transaction = await deposit()
  await carry("set-validator", { organization: 8, key: `01${key}`, power: 10 })
  const address = toHex(validatorAddress(fromHex(key)))
  await until("the newcomer signs", async () => {
    await deposit()
    const { height } = await health(network.node(1))
    const [block] = await blocksFrom(network.node(1), height)
    return block!.commit.signatures.some((slot) => "address" in slot && toHex(slot.address) === address)
  })
  const anchor = decodeAnchor(fromHex((await network.node(6).desk<{ anchor: string }>("anchor")).anchor))
  for (const at of [node, network.node(1), network.node(6)]) {
    const { receipt } = await at.desk<{ receipt: string }>("receipt", { transaction: toHex(transaction) })
    const verdict = verifyReceipt(fromHex(receipt), anchor)
    assert.equal(verdict.reason, undefined)
    assert.equal(verdict.trust, "byzantine")
    assert.equal(decodeReceipt(fromHex(receipt)).handovers.length, 1)
  }
})

test("with five validators one may be away, and it is not the newcomer that is missed", { skip }, async () => {
  await network.hold(2)
  await deposit()
  await network.startNode(2)
  await until("the one that was away is back", async () => {
    const { height } = await health(network.node(1))
    return (await health(network.node(2))).height >= height
  })
})

test("it leaves: no vote, no membership, no connection", { skip }, async () => {
  const node = started[1]!
  const { keys } = await node.get<Identity>("/identity")
  await carry("set-validator", { organization: 8, key: `01${keys["validator"]}`, power: 0 })
  await carry("set-status", { organization: 8, status: "removed" })
  const { rows } = await network.node(6).get<{ rows: { org: number; status: number }[] }>("/registers/organizations")
  assert.equal(rows.find(({ org }) => org === 8)?.status, 2)
  await node.stop()
  const again = await startNode(newcomer)
  const reached = (await health(again)).height
  for (let i = 0; i < 3; i++) await deposit()
  await new Promise((resolve) => setTimeout(resolve, 6000))
  assert.ok((await health(network.node(1))).height > reached + 1)
  assert.equal((await health(again)).height, reached, "no peer takes its connection any more")
})
