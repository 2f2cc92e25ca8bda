/**
 * A new version of the rules on a running chain: voted, begun at its height in every header and every state, followed by
 * whoever knows it, and a clean stop before it for whoever does not.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { publicKeyOf } from "#crypto"
import type { FinalBlock } from "../base/chain/block.ts"
import { signCommit } from "../base/chain/commit.ts"
import { SettableClock } from "../engine/clock.ts"
import { BlockMaker } from "../engine/embedded/block-maker.ts"
import { EmbeddedEngine } from "../engine/embedded/engine.ts"
import { Stopwatch } from "../engine/embedded/stopwatch.ts"
import { Follower } from "../engine/follower.ts"
import { headOf, nextHeader } from "../engine/head.ts"
import { BadBlock } from "../engine/replay.ts"
import { act } from "../ledger/constitution/assembly.ts"
import { encodeGenesis } from "../ledger/constitution/genesis.ts"
import { type DecodedTransaction, decodeTransaction } from "../ledger/decode.ts"
import {
  association,
  by,
  chainId,
  clinic,
  ExampleChain,
  exampleGenesis,
  firstHour,
  regulator,
  seedOf,
} from "../ledger/example-chain.ts"
import { newestProtocol } from "../ledger/protocol.ts"
import { isRejection } from "../ledger/rejection.ts"
import { openTables } from "../ledger/state.ts"
import { LedgerApplication } from "./application.ts"
import { verifyStoredChain } from "./stored-chain.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-upgrade-"))
after(() => rmSync(root, { recursive: true }))
const newPlace = () => mkdtempSync(join(root, "chain-"))
const seed = seedOf("validator")
const begin = { seconds: firstHour * 3600, nanos: 0 }
const signer = new ExampleChain()

function genesisWith(upgrade?: { protocol: number; height: number }): Uint8Array {
  const rows = exampleGenesis()
  return encodeGenesis({
    ...rows,
    chain: rows.chain!.map(([key, row]) => [key, { ...row, k: 6 }] as const),
    clock: [[{ zero: 0 }, { lost: 0, frozenUntil: 0, upgrade }]],
  })
}

async function open(place: string, genesis: Uint8Array): Promise<LedgerApplication> {
  const application = await LedgerApplication.open(place, genesis)
  assert.ok(!isRejection(application))
  return application
}

async function run(place: string, genesis: Uint8Array) {
  const application = await open(place, genesis)
  const clock = new SettableClock(begin)
  const engine = new EmbeddedEngine(application, { seed, threads: 1, clock })
  await engine.start()
  const outcome = async (bytes: Uint8Array) => {
    const { height, outcome } = await engine.submit(bytes)
    return [outcome.rejection?.code ?? "applied", height > 0 ? "recorded" : "before any block"]
  }
  return { application, engine, outcome }
}

function anchor(version: 1 | 2, hour: number, previous = new Uint8Array(32)): Uint8Array {
  const body = { org: clinic, hour, root: seedOf(`hour ${hour}`), previous, ...(version === 2 ? { lines: 5 } : {}) }
  return signer.transaction(`anchor-log/${version}`, body, [by(clinic, "operate", "anchored")], hour + 24)
}

test("by ballot: the height's header and its transactions are the first of the new version, on every copy", {
  timeout: 60_000,
}, async () => {
  const genesis = genesisWith()
  const place = newPlace()
  const { application, engine, outcome } = await run(place, genesis)
  const height = 1040
  const action = act("schedule-upgrade", { protocol: 2, height })
  const proposed = signer.transaction("propose/1", { action }, [by(regulator, "vote", "proposed")])
  assert.deepEqual(await outcome(proposed), ["applied", "recorded"])
  const { id: proposal } = application.decode(proposed) as DecodedTransaction
  const balloted = signer.transaction("ballot/1", { proposal, vote: 1 }, [by(association, "vote", "balloted")])
  assert.deepEqual(await outcome(balloted), ["applied", "recorded"])
  assert.deepEqual(openTables(application.state).clock.get({ zero: 0 })?.upgrade, { protocol: 2, height })

  const early = anchor(2, firstHour)
  assert.deepEqual(await outcome(early), ["type-unknown", "before any block"])
  await engine.settled()
  await engine.advance((height - 2 - engine.height) * 600)
  assert.deepEqual([engine.height, application.nextProtocol], [height - 2, 1])
  await engine.advance(600)
  assert.deepEqual([engine.height, application.nextProtocol], [height - 1, 2])
  // Accepted by the desk of the old version, perhaps; in this block it is a recorded refusal. The new one passes.
  const hour = Math.floor(engine.block(engine.height)!.header.time.seconds / 3600)
  assert.deepEqual(await outcome(anchor(1, hour)), ["type-unknown", "recorded"])
  assert.deepEqual(await outcome(anchor(2, hour)), ["applied", "recorded"])
  await engine.settled()

  const versions = Array.from({ length: engine.height }, (_, i) => engine.block(i + 1)!.header.protocol)
  assert.equal(versions.indexOf(2), height - 1)
  assert.equal(versions.lastIndexOf(1), height - 2)
  assert.equal(openTables(application.state).logs.get({ org: clinic })?.lines, 5)

  const copy = await open(newPlace(), genesis)
  const follower = new Follower(copy, engine, { threads: 1 })
  await follower.start()
  for await (const { header } of follower.blocks(engine.height)) if (header.height === engine.height) break
  assert.deepEqual(copy.appHash, application.appHash)
  await follower.stop()
  await copy.close()
  await engine.stop()
  const last = application.height
  await application.close()
  const reopened = await open(place, genesis)
  assert.equal(reopened.nextProtocol, 2)
  await reopened.close()
  assert.deepEqual(await verifyStoredChain(place, genesis), { height: last })
})

/** What a follower makes of blocks from elsewhere: why it halted, and how far it came. */
async function follow(genesis: Uint8Array, blocks: readonly FinalBlock[]) {
  const application = await open(newPlace(), genesis)
  const halted = Promise.withResolvers<unknown>()
  const source = {
    trust: "operator" as const,
    submit: () => Promise.reject(new Error("never asked")),
    status: () => "unknown" as const,
    async *blocks(from: number) {
      yield* blocks.slice(from - 1)
    },
  }
  const follower = new Follower(application, source, { threads: 1, onHalt: halted.resolve })
  await follower.start()
  const cause = await Promise.race([halted.promise, new Promise((resolve) => setTimeout(resolve, 10_000).unref())])
  const { height } = application
  await follower.stop()
  await application.close()
  return { cause, height }
}

/** Blocks of an operator that decodes as it likes. */
async function blocksOf(
  genesis: Uint8Array,
  batches: readonly (readonly Uint8Array[])[],
): Promise<readonly FinalBlock[]> {
  const application = await open(newPlace(), genesis)
  const maker = new BlockMaker(application, { seed, stopwatch: new Stopwatch() })
  const blocks = batches.map((batch, i) => {
    const entries = batch.map((bytes) => {
      const transaction = decodeTransaction(chainId, bytes)
      assert.ok(!isRejection(transaction))
      return { bytes, hash: "", transaction, since: 0 }
    })
    return maker.make(entries.length === 0 ? [] : [entries], { seconds: begin.seconds + i, nanos: 0 }).block
  })
  await application.commit(blocks)
  await application.close()
  return blocks
}

test("a header of the wrong version, and a batch with a type that has not begun, are no blocks", async () => {
  const genesis = genesisWith({ protocol: 2, height: 3 })
  const blocks = await blocksOf(genesis, [[], [], [], []])
  const withVersion = (at: number, protocol: number) =>
    blocks.map((block, i) => {
      if (i !== at - 1) return block
      const header = { ...block.header, protocol }
      return { ...block, header, commit: signCommit(seed, chainId, header) }
    })
  for (const [at, protocol] of [
    [2, 2],
    [3, 1],
    [4, 3],
  ] as const) {
    const { cause } = await follow(genesis, withVersion(at, protocol))
    assert.ok(cause instanceof BadBlock && cause.height === at, `${cause}`)
    assert.match(cause.reason, /protocol version/)
  }
  const { cause } = await follow(genesis, await blocksOf(genesis, [[anchor(2, firstHour)]]))
  assert.ok(cause instanceof BadBlock && /does not decode/.test(cause.reason), `${cause}`)
})

test("software that does not know the version stops before its height and names it, and runs no further when started again", async () => {
  const needed = newestProtocol + 1
  const genesis = genesisWith({ protocol: needed, height: 3 })
  const place = newPlace()
  const { application, engine } = await run(place, genesis)
  const message = new RegExp(`block 3 needs protocol ${needed}, and this software knows protocol ${newestProtocol}`)
  await engine.settled()
  while (application.height < 2) await engine.advance(60)
  await assert.rejects(engine.advance(60), { name: "Fault", message })
  // Nothing is taken either, since nobody could say by which rules.
  await assert.rejects(engine.submit(anchor(1, firstHour)), { name: "Fault", message })
  await engine.stop()
  assert.deepEqual([application.height, openTables(application.state).chain.get({ zero: 0 })?.protocol], [2, 1])
  const blocks = [1, 2].map((height) => application.block(height)!)
  // One who knows the version would go on like this.
  const head = headOf(application)
  const time = { seconds: head.time.seconds + 1, nanos: 0 }
  const header = nextHeader(application.chain, head, { time, batches: [], proposer: publicKeyOf(seed) })
  assert.deepEqual([header.height, header.protocol], [3, needed])
  const rest = { batches: [], resultRoots: [], results: [] }
  const { validators, nextValidators } = head
  const next = { header, commit: signCommit(seed, chainId, header), validators, nextValidators, ...rest }
  await application.close()
  await assert.rejects(LedgerApplication.open(place, genesis), { name: "Fault", message })

  const { cause, height } = await follow(genesis, [...blocks, next])
  assert.match(String(cause), message)
  assert.ok(height <= 2)
})
