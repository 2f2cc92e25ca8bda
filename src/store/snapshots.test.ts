/** Snapshots: the same bytes for the same state, restored to the same rows, and nothing in between after a crash. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { fileURLToPath } from "node:url"
import fc from "fast-check"
import { concat, toHex } from "../base/bytes.ts"
import { EncodingError, encode } from "../base/cbor.ts"
import { decodeAs, encodeAs } from "../base/schema.ts"
import { openEnvironment, openTable } from "./environment.ts"
import { ReadOnlyChain } from "./read-only-chain.ts"
import { victimK } from "./restore-victim.ts"
import { addBlock, bodyOf, proofOf, SampleBlocks } from "./sample-blocks.ts"
import type { SnapshotInfo } from "./snapshot-files.ts"
import { ChunkWriter, metadataCodec, rowsOf } from "./snapshot-format.ts"
import { StateStore } from "./state-store.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-snapshots-"))
after(() => rmSync(root, { recursive: true }))
const newDirectory = () => mkdtempSync(join(root, "store-"))
const k = victimK
const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest())

async function begun(directory = newDirectory()): Promise<StateStore> {
  const store = new StateStore(directory, { k })
  store.put("rows", encode([0]), encode([0]))
  store.put("genesis", encode([1]), encode([1]))
  store.seal()
  await store.begin(new Uint8Array(32))
  return store
}

const rowsIn = (store: StateStore) => ["genesis", "rows", "large"].map((table) => [...store.rows(table)])
const largeValue = (n: number) => new Uint8Array(60_000).fill(n + 1)

/** A state of three chunks at height 2, with a snapshot of it. */
async function large(directory = newDirectory()) {
  const store = await begun(directory)
  const chain = new SampleBlocks()
  for (let n = 0; n < 300; n++) store.put("large", encode([n * 100]), largeValue(n))
  await addBlock(store, chain, "attached")
  await addBlock(store, chain, "body")
  await store.snapshots.take()
  const info = store.snapshots.list()[0]!
  const chunks = Array.from({ length: info.chunks }, (_, i) => store.snapshots.load(info.height, 1, i)!)
  return { store, info, chunks, chain, directory }
}

function restore(store: StateStore, info: SnapshotInfo, appHash: Uint8Array, chunks: readonly Uint8Array[]) {
  if (!store.snapshots.begin(info, appHash)) return "refused"
  return chunks.map((chunk, i) => store.snapshots.apply(i, chunk)).join()
}

/** A snapshot as an adversary may make it: consistent in all but what is in the chunks. */
function forge(info: SnapshotInfo, chunks: readonly Uint8Array[]): SnapshotInfo {
  const { time } = decodeAs(metadataCodec, info.metadata)
  const metadata = encodeAs(metadataCodec, { time, chunkHashes: chunks.map(sha256) })
  return { ...info, chunks: chunks.length, metadata, hash: sha256(metadata) }
}

async function assertGenesis(store: StateStore): Promise<void> {
  const genesis = await begun()
  assert.deepEqual([store.height, store.attachedHeight, store.lowestHeight], [0, 0, 1])
  assert.equal(store.lastTime, undefined)
  assert.deepEqual(store.appHash, genesis.appHash)
  assert.deepEqual(rowsIn(store), rowsIn(genesis))
  await genesis.close()
}

const write = fc.record({ key: fc.nat(30), value: fc.nat(500), remove: fc.boolean() })

test("two stores with one state have one snapshot, whatever way they came to it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(write, { maxLength: 40 }), fc.array(write, { maxLength: 40 }), async (wanted, detour) => {
      const infos: SnapshotInfo[] = []
      const chunks: Uint8Array[] = []
      for (const way of ["straight", "round about"] as const) {
        const store = await begun()
        const chain = new SampleBlocks()
        const last = new Map(wanted.map((row) => [row.key, row]))
        if (way === "round about") {
          for (const { key } of detour) store.put("large", encode([key]), encode([999]))
          await addBlock(store, chain, "whole")
          for (const { key } of detour) store.remove("large", encode([key]))
        } else await addBlock(store, chain, "attached")
        for (const row of way === "straight" ? last.values() : wanted) {
          if (row.remove) store.remove("large", encode([row.key]))
          else store.put("large", encode([row.key]), encode([row.value]))
        }
        await addBlock(store, chain, way === "straight" ? "body" : "whole")
        await store.snapshots.take()
        infos.push(store.snapshots.list()[0]!)
        chunks.push(store.snapshots.load(2, 1, 0)!)
        await store.close()
      }
      assert.deepEqual(infos[0], infos[1])
      assert.deepEqual(chunks[0], chunks[1])
    }),
    { numRuns: process.env["COUNTERSIGN_LONG"] ? 300 : 8 },
  )
})

test("a restored store has every row, the app hash, height and time, and goes on like the other", async () => {
  const { store, info, chunks, chain } = await large()
  assert.deepEqual([info.height, info.format, info.chunks], [2, 1, 3])
  assert.ok(chunks.every(({ length }) => length <= 8 * 1024 * 1024))
  const directory = newDirectory()
  const copy = await begun(directory)
  assert.equal(restore(copy, info, store.appHash, chunks), "accept,accept,accept")
  const same = (other: StateStore) => {
    assert.deepEqual([other.height, other.attachedHeight, other.lowestHeight], [2, 2, 3])
    assert.deepEqual(other.lastTime, store.lastTime)
    assert.deepEqual(other.appHash, store.appHash)
    assert.deepEqual(rowsIn(other), rowsIn(store))
    assert.equal(other.size, store.size)
    assert.equal(other.blocks.get(2), undefined)
  }
  same(copy)
  await copy.close()
  const reopened = new StateStore(directory, { k })
  same(reopened)
  assert.deepEqual(reopened.genesis, new Uint8Array(32))
  const block = chain.next()
  for (const each of [store, reopened]) {
    each.put("rows", encode([77]), encode([77]))
    each.remove("large", encode([100]))
    each.seal()
    await each.commitBody(bodyOf(block))
  }
  assert.deepEqual(reopened.appHash, store.appHash)
  await reopened.attach(proofOf(block))
  assert.deepEqual([reopened.lowestHeight, reopened.attachedHeight], [3, 3])
  for (const each of [store, reopened]) await each.snapshots.take()
  assert.deepEqual(reopened.snapshots.list().at(-1), store.snapshots.list().at(-1))
  await reopened.close()
  await store.close()
  const stored = new ReadOnlyChain(directory)
  assert.equal(toHex(stored.appHashOfRows()), toHex(stored.appHash))
  assert.deepEqual([stored.height, stored.attachedHeight, stored.lowestHeight], [3, 3, 3])
  await stored.close()
})

test("a chunk that was changed is asked for again; one that is in is accepted again", async () => {
  const { store, info, chunks } = await large()
  const copy = await begun()
  assert.ok(copy.snapshots.begin(info, store.appHash, store.lastTime))
  const flipped = Uint8Array.from(chunks[0]!)
  flipped[4_000_000]! ^= 1
  const verdicts = [
    [0, flipped],
    [0, chunks[0]!],
    [0, chunks[0]!],
    [1, chunks[2]!],
    [1, chunks[1]!],
    [2, chunks[2]!],
  ]
  const said = verdicts.map(([index, chunk]) => copy.snapshots.apply(index as number, chunk as Uint8Array))
  assert.deepEqual(said, ["retry", "accept", "accept", "retry", "accept", "accept"])
  assert.deepEqual(rowsIn(copy), rowsIn(store))
  assert.equal(copy.snapshots.apply(0, chunks[0]!), "reject", "nothing is being restored any more")
  await Promise.all([copy.close(), store.close()])
})

test("a snapshot of another state, or of no rows at all, is rejected and leaves the genesis", async () => {
  const { store, info, chunks } = await large()
  const directory = newDirectory()
  const copy = await begun(directory)
  const appHash = store.appHash
  assert.equal(restore(copy, info, sha256(appHash), chunks), "accept,accept,reject")
  await assertGenesis(copy)
  const changed = Uint8Array.from(chunks[2]!)
  changed[changed.length - 1]! ^= 1
  assert.equal(
    restore(copy, forge(info, [chunks[0]!, chunks[1]!, changed]), appHash, [chunks[0]!, chunks[1]!, changed]),
    "accept,accept,reject",
  )
  const bad = [
    [chunks[1]!, chunks[0]!],
    [chunks[0]!, chunks[0]!],
    [chunks[0]!.subarray(0, 5_000_000)],
    [new Uint8Array(100).fill(255)],
    [new Uint8Array(8 * 1024 * 1024 + 1)],
    [concat(Uint8Array.of(0, 3, 0, 0, 0, 0), Buffer.from("abc"))],
    [concat(Uint8Array.of(0, 3, 0, 0, 0, 0), Uint8Array.of(200, 0, 1))],
    [new Uint8Array(0)],
  ]
  for (const forged of bad) {
    const verdicts = restore(copy, forge(info, forged), appHash, forged)
    assert.match(verdicts, /reject$/)
    await assertGenesis(copy)
  }
  assert.ok(copy.snapshots.begin(info, appHash))
  assert.equal(copy.snapshots.apply(1, chunks[1]!), "reject", "chunks come in order")
  assert.equal(restore(copy, info, appHash, chunks), "accept,accept,accept", "a good one may follow a bad one")
  await copy.close()
  await store.close()
})

test("an offer that is no snapshot of ours, or comes too late, is not begun", async () => {
  const { store, info } = await large()
  const copy = await begun()
  const { snapshots } = copy
  const no = (change: Partial<SnapshotInfo>) =>
    assert.equal(snapshots.begin({ ...info, ...change }, store.appHash), false)
  no({ format: 2 })
  no({ height: 0 })
  no({ chunks: 4 })
  no({ hash: new Uint8Array(32) })
  no({ metadata: info.metadata.subarray(1), hash: sha256(info.metadata.subarray(1)) })
  no({ metadata: new Uint8Array(0), hash: sha256(new Uint8Array(0)) })
  assert.equal(snapshots.begin(info, store.appHash, { seconds: 1, nanos: 0 }), false, "of another time")
  assert.equal(store.snapshots.begin(info, store.appHash), false, "past its genesis")
  const empty = new StateStore(newDirectory(), { k })
  assert.equal(empty.snapshots.begin(info, store.appHash), false, "not begun")
  await Promise.all([copy.close(), store.close(), empty.close()])
})

test("a snapshot is of one height while blocks commit, and the newest three are kept", async () => {
  const { store, chain, directory } = await large()
  await store.snapshots.take()
  assert.equal(store.snapshots.list().length, 1, "of one height there is one")
  const appHashes = new Map<number, Uint8Array>()
  for (let round = 0; round < 4; round++) {
    await addBlock(store, chain, "body")
    appHashes.set(store.height, store.appHash)
    const taken = store.snapshots.take()
    for (let n = 0; n < 5; n++) {
      for (let row = 0; row < 300; row += 3) store.put("large", encode([row * 100]), encode([round, n]))
      await addBlock(store, chain, "body")
    }
    await taken
  }
  const list = store.snapshots.list()
  assert.deepEqual(
    list.map(({ height }) => height),
    [9, 15, 21],
  )
  for (const info of list) {
    const copy = await begun()
    const chunks = Array.from({ length: info.chunks }, (_, i) => store.snapshots.load(info.height, 1, i)!)
    assert.match(restore(copy, info, appHashes.get(info.height)!, chunks), /^(accept,?)+$/)
    await copy.close()
  }
  assert.equal(store.snapshots.load(3, 1, 0), undefined)
  assert.equal(store.snapshots.load(9, 2, 0), undefined)
  assert.equal(store.snapshots.load(9, 1, list[0]!.chunks), undefined)
  assert.equal(store.snapshots.load(9, 1, -1), undefined)
  await store.close()
  assert.deepEqual(readdirSync(join(directory, "snapshots")).sort(), ["15", "21", "9"])
})

test("what a crash leaves of a snapshot is not offered, and goes with the next one", async () => {
  const { store, chain, directory } = await large()
  const folder = join(directory, "snapshots")
  for (const name of ["7.unfinished", "1.removed"]) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, "0"), "half")
  }
  mkdirSync(join(folder, "1"))
  writeFileSync(join(folder, "1", "metadata"), "damaged")
  await store.close()
  const reopened = new StateStore(directory, { k })
  assert.deepEqual(
    reopened.snapshots.list().map(({ height }) => height),
    [2],
  )
  const next = chain.next()
  reopened.seal()
  await reopened.attach(proofOf(chain.blocks[1]!))
  await reopened.commit([next])
  await reopened.snapshots.take()
  assert.deepEqual(readdirSync(folder).sort(), ["1", "2", "3"])
  await reopened.close()
})

test("a genesis and a state without rows: no snapshot of the one, an empty chunk of the other", async () => {
  const store = await begun()
  await store.snapshots.take()
  assert.deepEqual(store.snapshots.list(), [])
  store.remove("rows", encode([0]))
  store.remove("genesis", encode([1]))
  const block = new SampleBlocks().next()
  store.seal()
  await store.commit([block])
  await store.snapshots.take()
  const [info] = store.snapshots.list()
  assert.equal(info!.chunks, 1)
  assert.deepEqual([...store.snapshots.load(1, 1, 0)!], [])
  const copy = await begun()
  assert.equal(restore(copy, info!, store.appHash, [new Uint8Array(0)]), "accept")
  assert.equal(copy.size, 0)
  await Promise.all([copy.close(), store.close()])
})

test("a restore that ended in the middle leaves the genesis, without the rows that were in", async () => {
  const { store, info, chunks } = await large()
  const directory = newDirectory()
  const copy = await begun(directory)
  copy.snapshots.begin(info, store.appHash)
  copy.snapshots.apply(0, chunks[0]!)
  await copy.close()
  const reopened = new StateStore(directory, { k })
  await assertGenesis(reopened)
  await reopened.close()
  const environment = openEnvironment(directory)
  assert.equal(openTable(environment, "state-2").getCount(), 0)
  // As after a crash between the switch of tables and the clearing of the old one.
  await openTable(environment, "state-2").put(Uint8Array.of(1), Uint8Array.of(1))
  await openTable(environment, "meta").put(Buffer.from("restoring"), Uint8Array.of(1))
  await environment.close()
  const again = new StateStore(directory, { k })
  assert.equal(restore(again, info, store.appHash, chunks), "accept,accept,accept")
  assert.deepEqual(rowsIn(again), rowsIn(store))
  await again.close()
  await store.close()
})

/** Kills a process some time after it has begun with a chunk. */
function killAfter(source: string, directory: string, appHash: string, { chunk, ms }: { chunk: string; ms: number }) {
  const victim = fileURLToPath(new URL("./restore-victim.ts", import.meta.url))
  const child = spawn(process.execPath, [victim, source, directory, appHash], { stdio: ["ignore", "pipe", "inherit"] })
  let printed = ""
  child.stdout.on("data", (bytes) => {
    printed += String(bytes)
    if (printed.includes(chunk)) setTimeout(() => child.kill("SIGKILL"), ms)
  })
  return new Promise<string>((resolve) => child.on("close", () => resolve(printed)))
}

test("a process killed while it restores leaves the genesis or the whole, and restores again", async (t) => {
  const { store, info, chunks, directory: source } = await large()
  const seen = { genesis: 0, whole: 0 }
  const moments = ["0", "1", "2", "whole"].flatMap((chunk) => [0, 4, 15].map((ms) => ({ chunk: `${chunk}\n`, ms })))
  for (const moment of process.env["COUNTERSIGN_LONG"]
    ? [...moments, ...moments, ...moments]
    : moments.filter((_, i) => i % 2 === 0)) {
    const directory = newDirectory()
    await (await begun(directory)).close()
    const printed = await killAfter(join(source, "snapshots"), directory, toHex(store.appHash), moment)
    const copy = new StateStore(directory, { k })
    if (copy.height === 0) {
      assert.ok(!printed.includes("whole"), "what was accepted is durable")
      await assertGenesis(copy)
      assert.equal(restore(copy, info, store.appHash, chunks), "accept,accept,accept")
      seen.genesis++
    } else seen.whole++
    assert.deepEqual(rowsIn(copy), rowsIn(store))
    assert.deepEqual(copy.appHash, store.appHash)
    await copy.close()
  }
  assert.ok(seen.genesis > 0 && seen.whole > 0)
  t.diagnostic(`${seen.genesis} left the genesis, ${seen.whole} the whole`)
  await store.close()
})

test("chunks give back the rows that were packed, and other bytes are no rows", () => {
  const row = fc.tuple(
    fc.stringMatching(/^[a-z-]{1,40}$/),
    fc.uint8Array({ minLength: 1, maxLength: 50 }),
    fc.uint8Array(),
  )
  fc.assert(
    fc.property(fc.array(row), fc.nat(), fc.nat(255), (rows, position, change) => {
      const sorted = new Map(rows.map(([table, key, value]) => [toHex(concat(Buffer.from(`${table}\0`), key)), value]))
      const packed = [...sorted]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => [Buffer.from(key, "hex"), Buffer.from(value)] as const)
      const writer = new ChunkWriter()
      for (const [key, value] of packed) assert.equal(writer.add(key, value), undefined)
      const chunk = writer.finish()
      assert.deepEqual([...rowsOf(chunk)], packed)
      for (const [key] of packed.slice(0, 1))
        assert.throws(() => [...rowsOf(chunk, key)], EncodingError, "a row that is not above the last chunk's last")
      if (packed.length > 0) assert.throws(() => [...rowsOf(concat(chunk, chunk))], EncodingError)
      if (chunk.length === 0 || change === 0) return
      chunk[position % chunk.length]! ^= change
      try {
        for (const [key] of rowsOf(chunk)) assert.ok(key.indexOf(0) > 0)
      } catch (error) {
        assert.ok(error instanceof EncodingError)
      }
    }),
  )
})
