/** Bodies that get their proofs later, pruning, and handovers that outlive both. */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { encode } from "../base/cbor.ts"
import { blockBodyCodec, blockProofCodec, finalBlockCodec } from "../base/chain/block.ts"
import { decodeAs, encodeAs, fixedBytes, struct, uint } from "../base/schema.ts"
import { openEnvironment, openTable } from "./environment.ts"
import { ReadOnlyChain } from "./read-only-chain.ts"
import { addBlock, bodyOf, proofOf, SampleBlocks } from "./sample-blocks.ts"
import { StateStore } from "./state-store.ts"

const root = mkdtempSync(join(tmpdir(), "countersign-archive-"))
after(() => rmSync(root, { recursive: true }))
const newDirectory = () => mkdtempSync(join(root, "store-"))
const k = 4

async function begun(directory = newDirectory()): Promise<StateStore> {
  const store = new StateStore(directory, { k })
  store.put("rows", encode([0]), encode([0]))
  store.seal()
  await store.begin(new Uint8Array(32))
  return store
}

test("bodies and proofs come back as they were encoded", () => {
  const block = new SampleBlocks([1]).next()
  assert.deepEqual(decodeAs(blockBodyCodec, encodeAs(blockBodyCodec, bodyOf(block))), bodyOf(block))
  assert.deepEqual(decodeAs(blockProofCodec, encodeAs(blockProofCodec, proofOf(block))), proofOf(block))
})

test("a body is durable by itself, and a final block once its proof is attached", async () => {
  const directory = newDirectory()
  const store = await begun(directory)
  assert.deepEqual([store.height, store.attachedHeight, store.lastTime], [0, 0, undefined])
  const block = await addBlock(store, new SampleBlocks(), "body")
  assert.deepEqual([store.height, store.attachedHeight, store.lowestHeight], [1, 0, 1])
  assert.deepEqual(store.lastTime, block.header.time)
  assert.equal(store.blocks.get(1), undefined)
  assert.equal(store.blocks.bytes(1), undefined)
  await store.close()

  const reopened = new StateStore(directory, { k })
  assert.deepEqual([reopened.height, reopened.attachedHeight], [1, 0])
  assert.deepEqual(reopened.lastTime, block.header.time)
  assert.deepEqual(reopened.get("rows", encode([1])), encode([7]))
  assert.deepEqual(reopened.blocks.body(1), bodyOf(block))
  await reopened.attach(proofOf(block))
  assert.deepEqual([reopened.height, reopened.attachedHeight], [1, 1])
  assert.deepEqual(reopened.blocks.get(1), block)
  assert.deepEqual(reopened.blocks.bytes(1), encodeAs(finalBlockCodec, block))
  await reopened.close()

  const again = new StateStore(directory, { k })
  assert.equal(again.attachedHeight, 1)
  assert.deepEqual(again.blocks.get(1), block)
  await again.close()
})

test("proofs follow bodies at their own pace, in order, while bodies go on; whole blocks may follow", async () => {
  const directory = newDirectory()
  const store = await begun(directory)
  const chain = new SampleBlocks()
  const all: Promise<void>[] = []
  for (let height = 1; height <= 20; height++) {
    const block = chain.next(height * 500)
    store.put("rows", encode([height]), encode([height]))
    store.seal()
    all.push(store.commitBody(bodyOf(block)))
    // Asked for before the body is on disk.
    if (height > 3) all.push(store.attach(proofOf(chain.blocks[height - 4]!)))
  }
  await Promise.all(all)
  assert.deepEqual([store.height, store.attachedHeight], [20, 17])
  await store.close()
  const reopened = new StateStore(directory, { k })
  assert.deepEqual([reopened.height, reopened.attachedHeight], [20, 17])
  for (let height = 1; height <= 17; height++) assert.deepEqual(reopened.blocks.get(height), chain.blocks[height - 1])
  assert.equal(reopened.blocks.get(18), undefined)
  assert.throws(() => reopened.commit([chain.next()]), /without its proof/)
  for (const block of chain.blocks.slice(17, 20)) await reopened.attach(proofOf(block))
  await reopened.commit([chain.blocks[20]!])
  assert.deepEqual([reopened.height, reopened.attachedHeight], [21, 21])
  await reopened.close()
})

test("a proof out of order, of no body or of another block is not attached", async () => {
  const store = await begun()
  const chain = new SampleBlocks()
  for (let height = 1; height <= 3; height++) await addBlock(store, chain, "body")
  const [first, second, third] = chain.blocks
  assert.throws(() => store.attach(proofOf(second!)), { name: "Defect" })
  assert.throws(() => store.attach(proofOf(chain.next())), { name: "Defect" })
  const other = { ...proofOf(first!), header: { ...first!.header, dataHash: second!.header.dataHash } }
  await assert.rejects(store.attach(other), { name: "Fault", message: /of another block/ })
  const late = { ...proofOf(first!), header: { ...first!.header, time: second!.header.time } }
  await assert.rejects(store.attach(late), { name: "Fault" })
  assert.equal(store.attachedHeight, 0)
  for (const block of [first!, second!, third!]) await store.attach(proofOf(block))
  assert.throws(() => store.attach(proofOf(third!)), { name: "Defect" }, "twice")
  assert.equal(store.attachedHeight, 3)
  assert.throws(() => store.commitBody({ ...bodyOf(third!), height: 5 }), { name: "Defect" })
  await store.close()
})

test("proofs asked for behind one that is refused are refused, too, and may be attached again", async () => {
  const store = await begun()
  const chain = new SampleBlocks()
  for (let height = 1; height <= 2; height++) await addBlock(store, chain, "body")
  const [first, second] = chain.blocks
  const wrong = { ...proofOf(first!), header: { ...first!.header, time: second!.header.time } }
  const [one, two] = await Promise.allSettled([store.attach(wrong), store.attach(proofOf(second!))])
  assert.deepEqual([one.status, two.status], ["rejected", "rejected"])
  await store.attach(proofOf(first!))
  await store.attach(proofOf(second!))
  assert.equal(store.attachedHeight, 2)
  await store.close()
})

test("pruning keeps the last hundred, what lacks its proof, and every handover, over reopening", async () => {
  const directory = newDirectory()
  const store = await begun(directory)
  const chain = new SampleBlocks([3, 40, 120, 158])
  for (let height = 1; height <= 150; height++) await addBlock(store, chain, height % 2 === 0 ? "attached" : "whole")
  for (let height = 151; height <= 160; height++) await addBlock(store, chain, "body")
  const heights = () => store.handovers().map(({ header }) => header.height)
  assert.deepEqual(heights(), [3, 40, 120])
  await store.prune(20)
  assert.deepEqual([store.lowestHeight, store.height], [20, 160])
  await store.prune(10)
  assert.equal(store.lowestHeight, 20)
  await store.prune(1000)
  assert.equal(store.lowestHeight, 61, "blocks 61 to 160 are the last hundred")
  assert.equal(store.blocks.get(60), undefined)
  assert.deepEqual(store.blocks.get(61), chain.blocks[60])
  for (const block of chain.blocks.slice(150)) await store.attach(proofOf(block))
  assert.deepEqual(heights(), [3, 40, 120, 158])
  await store.close()

  const reopened = new StateStore(directory, { k })
  assert.deepEqual([reopened.lowestHeight, reopened.attachedHeight, reopened.height], [61, 160, 160])
  const expected = [3, 40, 120, 158].map((height) => {
    const { header, commit, nextValidators } = chain.blocks[height - 1]!
    return { header, commit, validators: nextValidators }
  })
  assert.deepEqual(reopened.handovers(), expected)
  await reopened.close()
  const stored = new ReadOnlyChain(directory)
  assert.deepEqual([stored.lowestHeight, stored.attachedHeight, stored.height], [61, 160, 160])
  await stored.close()
})

test("blocks that lack their proofs are never pruned, however many they are", async () => {
  const store = await begun()
  const chain = new SampleBlocks()
  for (let height = 1; height <= 130; height++) await addBlock(store, chain, height <= 5 ? "attached" : "body")
  await store.prune(1000)
  assert.equal(store.lowestHeight, 6)
  assert.equal(store.attachedHeight, 5)
  await store.close()
})

test("large blocks are pruned while others commit", async () => {
  const store = await begun()
  const chain = new SampleBlocks()
  for (let height = 1; height <= 130; height++) {
    store.seal()
    await store.commit([chain.next(300_000)])
  }
  const pruned = store.prune(31)
  for (let height = 131; height <= 140; height++) await addBlock(store, chain, "whole")
  await pruned
  assert.deepEqual([store.lowestHeight, store.height], [31, 140])
  assert.deepEqual(store.blocks.get(31), chain.blocks[30])
  await store.close()
})

test("handovers from elsewhere stand beside this chain's own, each once, in order", async () => {
  const directory = newDirectory()
  const store = await begun(directory)
  const other = new SampleBlocks([2, 5])
  for (let height = 1; height <= 6; height++) other.next()
  const given = [5, 2].map((height) => {
    const { header, commit, nextValidators } = other.blocks[height - 1]!
    return { header, commit, validators: nextValidators }
  })
  await store.addHandovers(given)
  await store.addHandovers(given)
  assert.deepEqual(store.handovers(), [given[1], given[0]])
  await store.close()
  const reopened = new StateStore(directory, { k })
  assert.deepEqual(reopened.handovers(), [given[1], given[0]])
  await reopened.close()
})

test("a store from before there were proofs opens, tells its time, and goes on", async () => {
  const directory = newDirectory()
  const store = await begun(directory)
  const chain = new SampleBlocks()
  await addBlock(store, chain, "whole")
  const { appHash } = store
  await store.close()
  const environment = openEnvironment(directory)
  const before = struct({ version: uint(), k: uint(), height: uint(), appHash: fixedBytes(32) })
  await openTable(environment, "meta").put(Buffer.from("meta"), encodeAs(before, { version: 1, k, height: 1, appHash }))
  await openTable(environment, "proofs").drop()
  await openTable(environment, "handovers").drop()
  await environment.close()

  const stored = new ReadOnlyChain(directory)
  assert.deepEqual([stored.height, stored.attachedHeight, stored.lowestHeight], [1, 1, 1])
  assert.deepEqual(stored.block(1), chain.blocks[0])
  await stored.close()
  const reopened = new StateStore(directory, { k })
  assert.deepEqual(reopened.lastTime, chain.blocks[0]!.header.time)
  await addBlock(reopened, chain, "attached")
  assert.deepEqual(reopened.blocks.get(2), chain.blocks[1])
  await reopened.close()
})
