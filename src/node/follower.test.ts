/** Followers: a full copy through re-execution, and the first bad height named whatever is changed. */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { publicKeyOf, sha256, verifySignature } from "#crypto"
import { type FinalBlock, finalBlockCodec } from "../base/chain/block.ts"
import { signCommit } from "../base/chain/commit.ts"
import { Fault } from "../base/fault.ts"
import { decodeAs, encodeAs } from "../base/schema.ts"
import { SettableClock } from "../engine/clock.ts"
import { EmbeddedEngine } from "../engine/embedded/engine.ts"
import { type BlockSource, Follower } from "../engine/follower.ts"
import { BadBlock, firstBadBlock, type Verify } from "../engine/replay.ts"
import { TallyApplication, tallyTransaction } from "../engine/tally.ts"
import { StateStore } from "../store/state-store.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-follower-"))
after(() => rmSync(root, { recursive: true }))

const seed = sha256(Uint8Array.of(78))
const chain = {
  chainId: "tally-2",
  protocol: 1,
  genesisTime: { seconds: 1_776_000_000, nanos: 0 },
  genesisValidators: [{ publicKey: publicKeyOf(seed), power: 1 }],
}
const add = (sum: number, amount: number, nonce = 0) =>
  tallyTransaction(sha256(Uint8Array.of(1)), { sum, amount, nonce })

function openApplication(): { application: TallyApplication; store: StateStore } {
  const store = new StateStore(mkdtempSync(join(root, "chain-")), { k: 5 })
  return { application: new TallyApplication(store, chain), store }
}

const verify: Verify = async (jobs) =>
  jobs.map(({ publicKey, message, signature }) => verifySignature(publicKey, message, signature))

/** A chain of a dozen blocks with transactions, refusals and empty blocks. */
async function someChain(): Promise<{
  engine: EmbeddedEngine<never>
  application: TallyApplication
  store: StateStore
}> {
  const { application, store } = openApplication()
  const clock = new SettableClock(chain.genesisTime)
  const engine = new EmbeddedEngine(application, { seed, threads: 1, clock })
  await engine.start()
  for (let n = 0; n < 5; n++) {
    await Promise.all([engine.submit(add(n, n, n)), engine.submit(add(7, 400_000, n)), engine.submit(add(8, 1, n))])
    await engine.settled()
  }
  await engine.advance(1200)
  return { engine: engine as unknown as EmbeddedEngine<never>, application, store }
}

function sourceOf(engine: BlockSource, change: (block: FinalBlock) => FinalBlock = (block) => block): BlockSource {
  return {
    trust: engine.trust,
    submit: (transaction) => engine.submit(transaction),
    status: (hash) => engine.status(hash),
    async *blocks(from) {
      for await (const block of engine.blocks(from)) yield change(block)
    },
  }
}

test("a follower ends up with the same state, relays transactions, and proves rows by itself", async () => {
  const { engine, application, store } = await someChain()
  const own = openApplication()
  const follower = new Follower(own.application, sourceOf(engine), { threads: 1 })
  await follower.start()
  const finality = await follower.submit(add(3, 100, 99))
  assert.ok(follower.height >= finality.height)
  assert.equal(own.application.sum(3), application.sum(3))
  const { block } = await follower.prove("sums", Uint8Array.of(0x81, 3))
  assert.deepEqual(block, engine.block(block.header.height))
  assert.deepEqual(own.application.appHash, application.appHash)
  await follower.stop()
  await engine.stop()
  await Promise.all([store.close(), own.store.close()])
})

test("a follower that is hundreds of blocks behind its disk catches up", { timeout: 20_000 }, async () => {
  const { engine, application, store } = await someChain()
  await engine.advance(300 * 600)
  const before = engine.height
  await engine.leap(7 * 86_400)
  assert.equal(engine.height, before + 1, "a leap is one block")
  const own = openApplication()
  const follower = new Follower(own.application, sourceOf(engine), { threads: 1 })
  await follower.start()
  for await (const { header } of follower.blocks(engine.height)) {
    assert.equal(header.height, engine.height)
    break
  }
  assert.deepEqual(own.application.appHash, application.appHash)
  await follower.stop()
  await engine.stop()
  await Promise.all([store.close(), own.store.close()])
})

test("a follower names the height of a block whose state, results, signature or transactions are not right", {
  timeout: 30_000,
}, async () => {
  const { engine, store } = await someChain()
  const other = sha256(Uint8Array.of(79))
  /** What a lying operator can do: change something and sign the header again. */
  const resigned = (block: FinalBlock, header: Partial<FinalBlock["header"]>): FinalBlock => {
    const changed = { ...block.header, ...header }
    return { ...block, header: changed, commit: signCommit(seed, chain.chainId, changed) }
  }
  const lies: readonly ((block: FinalBlock) => FinalBlock)[] = [
    (block) => resigned(block, { appHash: other }),
    (block) => resigned(block, { lastResultsHash: other }),
    (block) => resigned(block, { time: { seconds: 1, nanos: 0 } }),
    (block) => resigned(block, { chainId: "tally-3" }),
    (block) => ({ ...block, resultRoots: block.resultRoots.map(() => other) }),
    (block) => ({ ...block, results: block.results.map((numbers) => numbers.map((number) => number ^ 1)) }),
    (block) => ({ ...block, batches: [] }),
    (block) => ({ ...block, validators: [{ publicKey: publicKeyOf(other), power: 1 }] }),
  ]
  let lieAt = 2
  while (engine.block(lieAt)!.batches.length === 0) lieAt++
  for (const [i, lie] of lies.entries()) {
    const own = openApplication()
    const halted = Promise.withResolvers<unknown>()
    const source = sourceOf(engine, (block) => (block.header.height === lieAt ? lie(block) : block))
    const follower = new Follower(own.application, source, { threads: 1, onHalt: halted.resolve })
    await follower.start()
    const cause = await halted.promise
    assert.ok(cause instanceof BadBlock && cause.height === lieAt, `lie ${i}: ${cause}`)
    await follower.stop()
    await own.store.close()
  }
  await engine.stop()
  await store.close()
})

test("whatever byte of a stored block is flipped, the check names that block", async () => {
  const { engine, application, store } = await someChain()
  await engine.stop()
  const end = { height: store.height, appHash: application.appHash, verify }
  const check = async (stored: (height: number) => FinalBlock | undefined) => {
    const scratch = openApplication()
    const bad = await firstBadBlock(scratch.application, stored, end)
    await scratch.store.close()
    return bad?.height
  }
  assert.equal(await check((height) => store.blocks.get(height)), undefined)
  const flips = process.env["COUNTERSIGN_LONG"] ? 2000 : 60
  for (let flip = 0; flip < flips; flip++) {
    const at = 1 + (flip % end.height)
    const bytes = Uint8Array.from(store.blocks.bytes(at)!)
    const position = (flip * 7919 + 13 * flip * flip) % bytes.length
    bytes[position]! ^= 1 << (flip % 8)
    const found = await check((height) => {
      if (height !== at) return store.blocks.get(height)
      try {
        return decodeAs(finalBlockCodec, bytes)
      } catch (cause) {
        throw new Fault("Cannot read block", { cause })
      }
    })
    assert.equal(found, at, `byte ${position} of block ${at}`)
  }
  assert.deepEqual(encodeAs(finalBlockCodec, store.blocks.get(1)!), store.blocks.bytes(1))
  await store.close()
})
