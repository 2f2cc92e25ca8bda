/** The check of a chain on disk whose last blocks came without their proofs, or whose first ones are gone. */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { blockBodyCodec, type FinalBlock } from "../base/chain/block.ts"
import { encodeAs } from "../base/schema.ts"
import { SettableClock } from "../engine/clock.ts"
import { EmbeddedEngine } from "../engine/embedded/engine.ts"
import { encodeGenesis } from "../ledger/constitution/genesis.ts"
import { by, custodian, ExampleChain, exampleGenesis, firstHour, payer, seedOf } from "../ledger/example-chain.ts"
import { type DecodedTransaction, isRejection } from "../ledger/index.ts"
import { openEnvironment, openTable } from "../store/environment.ts"
import { Pieces } from "../store/pieces.ts"
import { bodyOf, proofOf } from "../store/sample-blocks.ts"
import { LedgerApplication } from "./application.ts"
import { verifyBlocks, verifyStoredChain } from "./stored-chain.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-stored-"))
after(() => rmSync(root, { recursive: true }))
const newDirectory = () => mkdtempSync(join(root, "chain-"))

const genesis = (() => {
  const rows = exampleGenesis()
  return encodeGenesis({ ...rows, chain: rows.chain!.map(([key, row]) => [key, { ...row, k: 6 }] as const) })
})()

async function open(directory: string): Promise<LedgerApplication> {
  const application = await LedgerApplication.open(directory, genesis)
  assert.ok(!isRejection(application))
  return application
}

/** Final blocks with deposits in them. */
async function finalBlocks(deposits: number): Promise<readonly FinalBlock[]> {
  const application = await open(newDirectory())
  const clock = new SettableClock({ seconds: firstHour * 3600, nanos: 0 })
  const engine = new EmbeddedEngine<DecodedTransaction>(application, { seed: seedOf("validator"), threads: 1, clock })
  await engine.start()
  const signer = new ExampleChain()
  for (let n = 0; n < deposits; n++) {
    const body = { custodian, org: payer, amount: 1000n + BigInt(n), reference: seedOf(`reference ${n}`) }
    const bytes = signer.transaction("deposit/1", body, [by(custodian, "custody", "deposited")])
    assert.equal((await engine.submit(bytes)).outcome.number, 0)
  }
  await engine.settled()
  await engine.stop()
  const blocks = Array.from({ length: engine.height }, (_, i) => engine.block(i + 1)!)
  await application.close()
  return blocks
}

/** Executes blocks as a consortium's node does: body by body, of which the first `attached` get their proofs. */
async function runBodies(directory: string, blocks: readonly FinalBlock[], attached: number): Promise<void> {
  const application = await open(directory)
  for (const block of blocks) {
    const { height, time } = block.header
    const batches = block.batches.map((bytes) =>
      application.decodeBatch(bytes)!.map((transaction) => application.decode(transaction) as DecodedTransaction),
    )
    application.execute({ height, time, previousTime: application.lastTime ?? { seconds: 0, nanos: 0 }, batches })
    await application.commitBody(bodyOf(block))
    if (height <= attached) await application.attach(proofOf(block))
  }
  assert.deepEqual([application.height, application.attachedHeight], [blocks.length, attached])
  await application.close()
}

test("a chain of bodies passes, and the check says how many of the last lack their proofs", async () => {
  const blocks = await finalBlocks(4)
  const height = blocks.length
  for (const without of [0, 1, height - 1]) {
    const directory = newDirectory()
    await runBodies(directory, blocks, height - without)
    const expected = without === 0 ? { height } : { height, unattached: without }
    assert.deepEqual(await verifyStoredChain(directory, genesis), expected)
  }
})

test("a body that does not give the stored state, or cannot be read, is found at its height", async () => {
  const blocks = await finalBlocks(3)
  const height = blocks.length
  const at = height - (blocks.at(-1)!.batches.length === 0 ? 1 : 0)
  const body = bodyOf(blocks[at - 1]!)
  assert.ok(body.batches.length > 0)
  const changed = Uint8Array.from(body.batches[0]!)
  changed[changed.length - 1]! ^= 1
  const replacements = [
    encodeAs(blockBodyCodec, { ...body, batches: [changed] }),
    encodeAs(blockBodyCodec, { ...body, results: [Uint8Array.of(5)] }),
    encodeAs(blockBodyCodec, { ...body, batches: [Uint8Array.of(0x80)] }),
    encodeAs(blockBodyCodec, body).subarray(0, 90),
  ]
  for (const bytes of replacements) {
    const directory = newDirectory()
    await runBodies(directory, blocks, at - 1)
    const environment = openEnvironment(directory)
    const pieces = new Pieces(openTable(environment, "blocks"))
    await environment.batch(() => {
      pieces.remove(at)
      pieces.put(at, bytes)
    })
    await environment.close()
    const check = await verifyStoredChain(directory, genesis)
    assert.ok(!isRejection(check))
    assert.equal(check.bad?.height, at, check.bad?.reason)
  }
})

test("a chain without its first blocks is refused, not called bad", async () => {
  const blocks = await finalBlocks(1)
  const directory = newDirectory()
  await runBodies(directory, blocks, blocks.length)
  const environment = openEnvironment(directory)
  await environment.batch(() => new Pieces(openTable(environment, "blocks")).remove(1))
  await environment.close()
  await assert.rejects(verifyStoredChain(directory, genesis), { name: "Refused", message: /below 2 are not kept/ })
})

test("a state that the blocks do not make is found at the end, with and without proofs", async () => {
  const blocks = await finalBlocks(1)
  const height = blocks.length
  const block = (at: number) => blocks[at - 1]
  const bad = { height, reason: "the stored state is not what it gives" }
  const wrong = new Uint8Array(32)
  assert.deepEqual(await verifyBlocks(genesis, { height, appHash: wrong, block }), { height, bad })
  const bodies = [bodyOf(blocks.at(-1)!)]
  assert.deepEqual(await verifyBlocks(genesis, { height, appHash: wrong, block, bodies }), { height, bad })
})
