/** The restore drill: a running node is backed up, restored elsewhere, and the restored one goes on. */
import assert from "node:assert/strict"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { toHex } from "../base/bytes.ts"
import { SettableClock } from "../engine/clock.ts"
import { EmbeddedEngine } from "../engine/embedded/engine.ts"
import { encodeGenesis } from "../ledger/constitution/genesis.ts"
import { by, custodian, ExampleChain, exampleGenesis, firstHour, payer, seedOf } from "../ledger/example-chain.ts"
import { type DecodedTransaction, isRejection } from "../ledger/index.ts"
import { openVault } from "../record/vault.ts"
import { WorkStore } from "../store/work-store.ts"
import { LedgerApplication } from "./application.ts"
import { backupNode, restoreNode } from "./backup.ts"
import { startKeyFrom } from "./start-key.ts"
import { verifyStoredChain } from "./stored-chain.ts"
import { Work } from "./work.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-drill-"))
after(() => rmSync(root, { recursive: true }))
let places = 0
const newPlace = () => join(root, `place-${places++}`)

const startKey = "0123456789abcdef0123456789abcdef"
const reader = { time: 1, who: "drill", purpose: "test" }
const genesis = (() => {
  const rows = exampleGenesis()
  return encodeGenesis({ ...rows, chain: rows.chain!.map(([key, row]) => [key, { ...row, k: 6 }] as const) })
})()
const signer = new ExampleChain()
function deposit(n: number): Uint8Array {
  const body = { custodian, org: payer, amount: 1000n + BigInt(n), reference: seedOf(`reference ${n}`) }
  return signer.transaction("deposit/1", body, [by(custodian, "custody", "deposited")])
}

/** The parts of a node, open and running: ledger under its engine, working data, vault. */
async function running(directory: string, key = startKey) {
  const application = await LedgerApplication.open(join(directory, "ledger"), genesis)
  assert.ok(!isRejection(application))
  const clock = new SettableClock(application.lastTime ?? { seconds: firstHour * 3600, nanos: 0 })
  const engine = new EmbeddedEngine<DecodedTransaction>(application, { seed: seedOf("validator"), threads: 1, clock })
  await engine.start()
  const store = new WorkStore(join(directory, "work"), key)
  const work = new Work(store, key)
  const vault = await openVault(join(directory, "vault"), () => Promise.resolve())
  const close = async () => {
    await engine.stop()
    await application.close()
    await store.close()
  }
  return { application, engine, work, vault, close }
}

/** A directory as CometBFT keeps one: its databases stand for themselves here. */
function makeEngineHome(directory: string): void {
  for (const folder of ["config", "data/blockstore.db"])
    mkdirSync(join(directory, "engine/home", folder), { recursive: true })
  writeFileSync(join(directory, "engine/home/config/genesis.json"), "{}")
  writeFileSync(join(directory, "engine/home/data/blockstore.db/000001.log"), "blocks")
  writeFileSync(join(directory, "engine/home/data/priv_validator_state.json"), '{"height":"41","round":0,"step":3}')
}

test("the drill: backed up while it runs, restored, all of it there, and it goes on", async () => {
  const directory = newPlace()
  const node = await running(directory)
  const digests: Uint8Array[] = []
  for (let n = 0; n < 10; n++) {
    digests.push(await node.vault.put(new Uint8Array(5000).fill(n)))
    await node.work.put("bundles", `bundle ${n}`, { digest: digests[n], n })
    await node.engine.submit(deposit(n))
  }
  const to = newPlace()
  let done = false
  const backup = backupNode(directory, to, { startKey }).finally(() => {
    done = true
  })
  let n = 10
  while (!done) {
    await node.engine.submit(deposit(n))
    await node.work.put("bundles", `bundle ${n}`, { n: n++ })
  }
  const { height, engine } = await backup
  assert.equal(engine, "absent")
  assert.ok(height >= 10 && height <= node.engine.height)
  const kept = Array.from({ length: height }, (_, i) => node.engine.block(i + 1))
  await node.close()
  for (const name of readdirSync(to, { recursive: true, withFileTypes: true }))
    assert.equal(statSync(join(name.parentPath, name.name)).mode & 0o077, 0, `${name.name} is its owner's alone`)

  const restoredTo = newPlace()
  assert.deepEqual(await restoreNode(to, restoredTo), { height, mayVote: true })
  assert.deepEqual(await verifyStoredChain(join(restoredTo, "ledger"), genesis), { height })
  const restored = await running(restoredTo)
  assert.ok(restored.engine.height >= height, "the engine may have closed a block at once")
  for (let at = 1; at <= height; at++) assert.deepEqual(restored.engine.block(at), kept[at - 1])
  for (const [i, digest] of digests.entries()) {
    assert.deepEqual(restored.work.get("bundles", `bundle ${i}`), { digest, n: i })
    assert.deepEqual(await restored.vault.get(digest, reader), new Uint8Array(5000).fill(i))
  }
  const { height: next } = await restored.engine.submit(deposit(1_000_000))
  assert.ok(next > height)
  await restored.close()
})

test("a backup reads with the passphrase of the node that it is of, and with no other key", async () => {
  const directory = newPlace()
  const key = await startKeyFrom("correct horse battery staple", directory)
  const node = await running(directory, key)
  await node.work.put("secrets", "one", "kept")
  const to = newPlace()
  await assert.rejects(backupNode(directory, to, { startKey }), { name: "Refused" })
  assert.equal(existsSync(to), false)
  await backupNode(directory, to, { startKey: key })
  await node.close()
  const restoredTo = newPlace()
  await restoreNode(to, restoredTo)
  const restored = await running(restoredTo, await startKeyFrom("correct horse battery staple", restoredTo))
  assert.equal(restored.work.get("secrets", "one"), "kept")
  await restored.close()
})

test("nothing is written over: a place that holds something is refused, untouched", async () => {
  const directory = newPlace()
  await (await running(directory)).close()
  const to = newPlace()
  await backupNode(directory, to, { startKey })
  const taken = newPlace()
  mkdirSync(taken)
  writeFileSync(join(taken, "note"), "mine")
  await assert.rejects(restoreNode(to, taken), { name: "Refused", message: /not empty/ })
  await assert.rejects(backupNode(directory, taken, { startKey }), { name: "Refused", message: /not empty/ })
  assert.deepEqual(readdirSync(taken), ["note"])
  rmSync(join(taken, "note"))
  await restoreNode(to, taken)
  assert.ok(existsSync(join(taken, "work")))
  await assert.rejects(restoreNode(directory, newPlace()), { name: "Refused", message: /no backup/ })
  await assert.rejects(backupNode(newPlace(), newPlace(), { startKey }), { name: "Refused", message: /no node/ })
  assert.deepEqual(
    readdirSync(root).filter((name) => name.endsWith(".unfinished")),
    [],
  )
})

test("a file that the backup's disk has changed is found before it is opened", async () => {
  const directory = newPlace()
  const node = await running(directory)
  await node.engine.submit(deposit(1))
  await node.close()
  const to = newPlace()
  await backupNode(directory, to, { startKey })
  for (const path of ["ledger/data.mdb", "work/data/data.mdb", "work/key-check"]) {
    const bytes = readFileSync(join(to, path))
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(join(to, path), bytes)
    const restoredTo = newPlace()
    await assert.rejects(restoreNode(to, restoredTo), { name: "Fault", message: new RegExp(path) })
    assert.equal(existsSync(restoredTo), false)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(join(to, path), bytes)
  }
  const sums = readFileSync(join(to, "SHA256SUMS"), "utf8")
  for (const bad of [sums.replace("  ", "  ../"), sums.slice(1), sums.replace("  ", "  /")]) {
    writeFileSync(join(to, "SHA256SUMS"), bad)
    await assert.rejects(restoreNode(to, newPlace()), { name: "Fault", message: /SHA256SUMS is damaged/ })
  }
  rmSync(join(to, "SHA256SUMS"))
  await assert.rejects(restoreNode(to, newPlace()), { name: "Fault" })
})

test("a validator's restored directory signs nothing, and its ledger comes only with the engine's home", async () => {
  const directory = newPlace()
  const node = await running(directory)
  await node.engine.submit(deposit(1))
  await node.engine.settled()
  const { height } = node.engine
  const appHash = toHex(node.application.appHash)
  await node.close()
  makeEngineHome(directory)
  const state = "engine/home/data/priv_validator_state.json"
  const log = "engine/home/data/blockstore.db/000001.log"

  const live = newPlace()
  assert.deepEqual(await backupNode(directory, live, { startKey }), { height, engine: "left-out" })
  assert.equal(existsSync(join(live, "engine")), false)
  const fresh = newPlace()
  assert.deepEqual(await restoreNode(live, fresh), { height: undefined, mayVote: false })
  assert.equal(existsSync(join(fresh, "ledger")), false, "the engine would find the state ahead of its blocks")
  assert.match(readFileSync(join(fresh, state), "utf8"), /"height":"9223372036854775807"/)

  const whole = newPlace()
  assert.deepEqual(await backupNode(directory, whole, { startKey, engineStopped: true }), { height, engine: "copied" })
  assert.equal(existsSync(join(whole, state)), false)
  const together = newPlace()
  assert.deepEqual(await restoreNode(whole, together), { height, mayVote: false })
  assert.equal(readFileSync(join(together, log), "utf8"), "blocks")
  assert.match(readFileSync(join(together, state), "utf8"), /"height":"9223372036854775807"/)
  const restored = await running(together)
  assert.deepEqual([restored.engine.height, toHex(restored.application.appHash)], [height, appHash])
  await restored.close()
})
