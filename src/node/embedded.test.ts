/** The embedded engine on the real store: the contract that all engines keep, then what is its own. */
import assert from "node:assert/strict"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { publicKeyOf, sha256 } from "#crypto"
import { toHex } from "../base/bytes.ts"
import { finalBlockCodec } from "../base/chain/block.ts"
import { encodeAs } from "../base/schema.ts"
import { SettableClock } from "../engine/clock.ts"
import { EmbeddedEngine, type EmbeddedOptions } from "../engine/embedded/engine.ts"
import { engineContract } from "../engine/engine.contract.ts"
import { TallyApplication, tallyTransaction } from "../engine/tally.ts"
import { StateStore } from "../store/state-store.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-engine-"))
after(() => rmSync(root, { recursive: true }))
const newPlace = () => mkdtempSync(join(root, "chain-"))

const seed = sha256(Uint8Array.of(77))
const chain = {
  chainId: "tally-1",
  protocol: 1,
  genesisTime: { seconds: 1_776_000_000, nanos: 0 },
  genesisValidators: [{ publicKey: publicKeyOf(seed), power: 1 }],
}

async function open(place: string, options: Partial<EmbeddedOptions> = {}) {
  const store = new StateStore(place, { k: 6 })
  const application = new TallyApplication(store, chain)
  const clock = new SettableClock(chain.genesisTime)
  const engine = new EmbeddedEngine(application, { seed, threads: 1, clock, ...options })
  await engine.start()
  const close = async () => {
    await engine.stop()
    await store.close()
  }
  return { engine, application, close }
}

engineContract("embedded", { newPlace, open, trust: "operator" })

const add = (sum: number, amount: number, nonce = 0) =>
  tallyTransaction(sha256(Uint8Array.of(1)), { sum, amount, nonce })

test("a full queue is a retryable Fault, and the queue takes more once it has drained", async () => {
  const { engine, close } = await open(newPlace(), { queue: 10 })
  const first = Array.from({ length: 10 }, (_, n) => engine.submit(add(1, 1, n)))
  await assert.rejects(engine.submit(add(1, 1, 10)), { name: "Fault", retryable: true })
  await Promise.all(first)
  assert.equal((await engine.submit(add(1, 1, 10))).outcome.number, 0)
  await close()
})

test("turning the clock closes blocks of at most 600 s, 400 hours of them in well under a second", async () => {
  const { engine, close } = await open(newPlace())
  await engine.submit(add(1, 1))
  await engine.settled()
  const before = engine.height
  const started = performance.now()
  await engine.advance(400 * 3600)
  const elapsed = performance.now() - started
  assert.equal(engine.height, before + 2400)
  const seconds = (height: number) => engine.block(height)!.header.time.seconds
  assert.equal(seconds(engine.height) - seconds(before), 400 * 3600)
  for (let height = before + 1; height <= engine.height; height++)
    assert.ok(seconds(height) - seconds(height - 1) <= 600)
  assert.ok(elapsed < 3000, `took ${elapsed} ms`)
  await close()
})

test("an empty block follows one that changed the state, and no more blocks come by themselves", async () => {
  const { engine, close } = await open(newPlace())
  await engine.settled()
  const before = engine.height
  await engine.submit(add(1, 1))
  await engine.settled()
  assert.equal(engine.height, before + 2)
  assert.deepEqual(engine.block(before + 2)!.batches, [])
  await engine.submit(add(1, 10_000_000))
  await engine.settled()
  assert.equal(engine.height, before + 3, "a refusal changes nothing, so nothing needs a proof")
  await close()
})

test("app hashes do not depend on how transactions fall into blocks", async () => {
  const hashes: string[] = []
  for (const together of [true, false]) {
    const { engine, application, close } = await open(newPlace())
    const submitted = Array.from({ length: 40 }, (_, n) => add(n % 5, n, n))
    if (together) await Promise.all(submitted.map((bytes) => engine.submit(bytes)))
    else for (const bytes of submitted) await engine.submit(bytes)
    hashes.push(toHex(application.appHash))
    await close()
  }
  assert.equal(hashes[0], hashes[1])
})

const golden = new URL("../../test/vectors/tally-chain.json", import.meta.url)

/** A chain that follows from nothing but the code: one transaction at a time, by a clock that stands still. */
async function goldenChain(): Promise<{ readonly blocks: readonly string[]; readonly appHash: string }> {
  const { engine, application, close } = await open(newPlace())
  await engine.settled()
  for (const bytes of [add(1, 5), add(2, 7), add(1, 1_000_000), add(2, 1, 1), add(3, 1_000_000)]) {
    await engine.submit(bytes)
    await engine.settled()
  }
  await engine.advance(900)
  const blocks = Array.from({ length: engine.height }, (_, i) => toHex(encodeAs(finalBlockCodec, engine.block(i + 1)!)))
  const appHash = toHex(application.appHash)
  await close()
  return { blocks, appHash }
}

test("the same transactions give the blocks and the app hash of the golden file, byte for byte", async () => {
  const made = await goldenChain()
  if (process.env["COUNTERSIGN_WRITE_VECTORS"]) writeFileSync(golden, JSON.stringify(made, undefined, 2) + "\n")
  assert.deepEqual(made, JSON.parse(readFileSync(golden, "utf8")))
})
