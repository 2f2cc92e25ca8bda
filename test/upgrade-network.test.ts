/**
 * Goal: rivals change the rules of a running chain together, at one height, and whoever has not brought in the new
 * software stops before it instead of going astray. Method: four validators and three followers on real processes; one
 * validator runs software that knows only the old version; a ballot sets the height, a thousand blocks ahead.
 */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { fileURLToPath } from "node:url"
import { fromHex, toHex } from "../src/base/bytes.ts"
import { type FinalBlock, finalBlockCodec } from "../src/base/chain/block.ts"
import { Refused } from "../src/base/refusal.ts"
import { decodeAs, list } from "../src/base/schema.ts"
import { Network } from "../src/cli/network/network.ts"
import { findCometBft } from "../src/engine/comet/binary.ts"
import { decodeBatch, isRejection } from "../src/ledger/index.ts"
import { KeyRing } from "../src/node/keys.ts"
import { envelopeOf, payloadOf } from "../src/node/payload.ts"
import { Work } from "../src/node/work.ts"
import { ReadOnlyChain } from "../src/store/read-only-chain.ts"
import { WorkStore } from "../src/store/work-store.ts"
import { anchorOfGenesis } from "../src/verify/genesis-anchor.ts"
import { decodeReceipt } from "../src/verify/receipt.ts"
import { verifyReceipt } from "../src/verify/verify.ts"

const long = process.env["COUNTERSIGN_LONG"] !== undefined
const missing = findCometBft() === undefined ? "CometBFT is not installed: npm run engine" : undefined
const skip = missing ?? (long ? false : "a thousand blocks take more than a minute: COUNTERSIGN_LONG=1")
const blocksCodec = list(finalBlockCodec, 0, 256)
const root = mkdtempSync(join(tmpdir(), "cs-upgrade-"))
const preload = (name: string) => `--import ${new URL(name, import.meta.url).href}`
const laggard = 2
const oldSoftware = new Set([laggard])
const lateFollower = 7
let fast = true
const exits: (number | null | undefined)[] = []
const keys = new Map<number, KeyRing>()

const network: Network = new Network({
  directory: join(root, "net"),
  validators: 4,
  environmentOf: (organization) => {
    const options = [
      fast ? preload("fast-blocks.ts") : "",
      oldSoftware.has(organization) ? preload("old-software.ts") : "",
    ]
    return { NODE_OPTIONS: options.join(" ") }
  },
  onChange: ({ number }, what, code) => {
    if (number !== laggard || what !== "died") return
    exits.push(code)
    // It would be started again, and end again.
    void network.hold(laggard)
  },
  prepare: async ({ number, kind }, { directory, startKey }) => {
    const store = new WorkStore(join(directory, "work"), startKey)
    keys.set(number, await KeyRing.open(new Work(store, startKey), kind))
    await store.close()
  },
})

before(async () => {
  if (skip === false) await network.start()
})
after(async () => {
  if (skip === false) await network.stop()
  rmSync(root, { recursive: true, force: true })
})

const heightOf = async (number: number) => (await network.node(number).get<{ height: number }>("/health")).height

async function blockOf(number: number, height: number): Promise<FinalBlock> {
  const bytes = await network.node(number).getBytes(`/chain/blocks?from=${height}&wait=0`)
  return decodeAs(blocksCodec, bytes)[0]!
}

async function until(what: string, good: () => Promise<boolean>, seconds = 60): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (!(await good().catch(() => false))) {
    assert.ok(Date.now() < end, `not within ${seconds} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function refusalOf(asked: Promise<unknown>): Promise<string> {
  const found: unknown = await asked.then(
    () => "applied",
    (error: unknown) => error,
  )
  return found instanceof Refused ? found.refusal.code : String(found)
}

/** An anchor of an organization's log, by its own key, in the form of one version or the other. */
async function anchor(number: number, version: 1 | 2): Promise<string> {
  const { hour } = await network.node(1).get<{ hour: number }>("/health")
  const fields = [number, hour, randomBytes(32), new Uint8Array(32), ...(version === 2 ? [5] : [])] as const
  const payload = payloadOf(`anchor-log/${version}`, hour + 12, ...fields)
  const transaction = envelopeOf(payload, keys.get(number)!.sign("operate", "anchored", network.chainId, payload))
  return refusalOf(network.node(1).desk("submit", { transaction: toHex(transaction) }))
}

async function deposit(): Promise<{ transaction: Uint8Array; height: number }> {
  const order = { to: 3, amount: "100", reference: randomBytes(8).toString("hex") }
  const { height } = await network.node(4).desk<{ height: number }>("deposit", order)
  const batch = decodeBatch((await blockOf(4, height)).batches[0]!)
  assert.ok(!isRejection(batch))
  return { transaction: batch[0]!, height }
}

/** The height that a ballot sets, and what was done before it. */
let height = 0
const receipts: Uint8Array[] = []

async function receiptOf(transaction: Uint8Array, from = 1): Promise<Uint8Array> {
  const { receipt } = await network.node(from).desk<{ receipt: string }>("receipt", { transaction: toHex(transaction) })
  return fromHex(receipt)
}

async function propose(ahead: number): Promise<{ proposal: string; height: number }> {
  const at = (await heightOf(1)) + ahead
  const asked = { action: "schedule-upgrade", fields: { protocol: 2, height: at } }
  const { proposal } = await network.node(1).desk<{ proposal: string }>("propose", asked)
  return { proposal, height: at }
}

test("under a thousand blocks ahead nobody may put an upgrade to the vote; over it, a ballot sets the height", {
  skip,
}, async () => {
  assert.equal(await refusalOf(propose(900)), "too-early")
  const proposed = await propose(1150)
  for (const voter of [2, 3, 6, 7]) {
    const vote = { proposal: proposed.proposal, vote: "yes" }
    const { enacted } = await network.node(voter).desk<{ enacted: boolean }>("ballot", vote)
    if (enacted) height = proposed.height
    if (enacted) break
  }
  assert.ok(height > 0, "enacted")
  const { upgrade } = await network.node(6).desk<{ upgrade: unknown }>("constitution")
  assert.deepEqual(upgrade, { protocol: 2, height })
})

test("until then the old version rules: its anchors are taken, the new one's are of an unknown type", {
  skip,
}, async () => {
  assert.equal(await anchor(1, 1), "applied")
  assert.equal(await anchor(3, 2), "type-unknown")
  const { transaction } = await deposit()
  receipts.push(await receiptOf(transaction))
  await network.hold(lateFollower)
})

test("the header of the height is the first of the new version, on validators and followers alike", {
  skip,
  timeout: 900_000,
}, async () => {
  const [since, from] = [performance.now(), await heightOf(1)]
  await until(
    "the height has come",
    async () => (await heightOf(1)) > height + 2 && (await heightOf(6)) > height + 2,
    800,
  )
  const seconds = (performance.now() - since) / 1000
  console.log(`${height + 3 - from} blocks in ${seconds.toFixed(1)} s`)
  fast = false
  for (const number of [1, 3, 6]) {
    const versions = [await blockOf(number, height - 1), await blockOf(number, height)].map(
      ({ header }) => header.protocol,
    )
    assert.deepEqual(versions, [1, 2], `organization ${number}`)
  }
})

test("whoever does not know the version has stopped before the height, says so, and starts no more", {
  skip,
}, async () => {
  await until("the laggard has stopped", async () => exits.length > 0)
  assert.deepEqual(exits, [2])
  const directory = network.directoryOf(laggard)
  const stored = new ReadOnlyChain(join(directory, "ledger"))
  assert.equal(stored.height, height - 1)
  await stored.close()
  const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url))
  const { name, kind } = network.members[laggard - 1]!
  const named = ["--dir", directory, "--name", name, "--kind", kind, "--organization", String(laggard)]
  const child = spawn(process.execPath, [main, "node", ...named, "--tls", "--consensus", "--resume"], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: preload("old-software.ts") },
  })
  child.stdin.end(`${network.startKeyOf(laggard)}\n`)
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => (said += bytes.toString()))
  const code = await new Promise((resolve) => child.once("exit", resolve))
  assert.equal(code, 2)
  assert.match(said, new RegExp(`block ${height} needs protocol 2, and this software knows protocol 1`))
})

test("with the new software it goes on from where it stopped; so do one that restarts, and a follower come late", {
  skip,
  timeout: 300_000,
}, async () => {
  oldSoftware.delete(laggard)
  await network.hold(1)
  await deposit().catch(() => undefined)
  for (const number of [laggard, 1, lateFollower]) await network.startNode(number)
  await network.introduce()
  await until(
    "all are level",
    async () => {
      const target = await heightOf(4)
      const heights = await Promise.all([1, laggard, lateFollower].map(heightOf))
      return heights.every((own) => own >= target)
    },
    240,
  )
  const at = await heightOf(4)
  const hashes = await Promise.all(
    [1, 2, 3, 4, 6, 7].map(async (number) => toHex((await blockOf(number, at)).header.appHash)),
  )
  assert.equal(new Set(hashes).size, 1)
  assert.equal((await blockOf(laggard, at)).header.protocol, 2)
})

test("the new version rules on: its anchors are taken, old ones are refused, receipts of both verify", {
  skip,
}, async () => {
  assert.equal(await anchor(3, 1), "type-unknown")
  assert.equal(await anchor(3, 2), "applied")
  const { height: anchored } = await network.node(5).desk<{ height: number }>("anchor-log")
  assert.ok(anchored > height)
  const { transaction } = await deposit()
  receipts.push(
    await receiptOf(transaction),
    await receiptOf(transaction, lateFollower),
    await receiptOf(transaction, laggard),
  )
  receipts.push(await receiptOf(decodeReceipt(receipts[0]!).transaction, laggard))
  const trust = anchorOfGenesis(network.genesis)
  assert.ok(!isRejection(trust))
  for (const receipt of receipts) assert.deepEqual(verifyReceipt(receipt, trust).reason, undefined)
  assert.deepEqual(
    receipts.map((receipt) => decodeReceipt(receipt).header.protocol),
    [1, 2, 2, 2, 2],
  )
})
