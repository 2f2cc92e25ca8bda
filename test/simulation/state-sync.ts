/**
 * A node that joins: by a snapshot of another's where there is one that the light client can vouch for, else by all
 * blocks from the genesis. Peers offer what is no good, chunks are damaged, and the node dies in the middle.
 */
import assert from "node:assert/strict"
import { sha256 } from "#crypto"
import { toHex } from "../../src/base/bytes.ts"
import { decodeAs, encodeAs } from "../../src/base/schema.ts"
import type { Snapshot } from "../../src/engine/comet/abci/parts.ts"
import type { Decoded } from "../../src/engine/engine.ts"
import { metadataCodec } from "../../src/store/snapshot-format.ts"
import type { CometNode } from "./comet-node.ts"
import type { Simulation } from "./simulation.ts"

/** The app hash of a height stands in the header after it, and the light client looks at one more. */
const headersAbove = 2

interface Source<T extends Decoded> {
  readonly node: CometNode<T>
  readonly snapshot: Snapshot
}

export async function joinBySnapshot<T extends Decoded>(simulation: Simulation<T>): Promise<void> {
  const source = await findSource(simulation)
  if (source === undefined && !simulation.healing) return
  const node = simulation.addNode(await simulation.addApp())
  if (source === undefined) {
    simulation.count("joined by blocks")
    await node.start()
    return
  }
  await node.connectForSnapshot()
  if (simulation.chance.below(2) === 0) await badOffers(simulation, node, source)
  await restore(simulation, node, source)
  simulation.count("joined by snapshot")
}

async function findSource<T extends Decoded>({ nodes, chain }: Simulation<T>): Promise<Source<T> | undefined> {
  for (const node of nodes.filter(({ up }) => up)) {
    await node.app.rest()
    const { snapshots } = await node.call<"listSnapshots">({ kind: "listSnapshots" })
    const snapshot = snapshots.find(({ height }) => height <= chain.height - headersAbove)
    if (snapshot !== undefined) return { node, snapshot }
  }
  return undefined
}

async function badOffers<T extends Decoded>(
  simulation: Simulation<T>,
  node: CometNode<T>,
  { node: from, snapshot }: Source<T>,
): Promise<void> {
  const { chain, chance } = simulation
  const appHash = chain.appHash(snapshot.height)
  const offer = (change: Partial<Snapshot>, hash = appHash) =>
    node.call<"offerSnapshot">({ kind: "offerSnapshot", snapshot: { ...snapshot, ...change }, appHash: hash })
  assert.equal((await offer({ format: 2 })).result, "rejectFormat")
  simulation.headersKnown = false
  assert.equal((await offer({})).result, "reject", "the header of its height is not known")
  simulation.headersKnown = true
  assert.equal((await offer(ofAnotherTime(snapshot))).result, "reject")
  assert.equal((await offer({ hash: new Uint8Array(32) })).result, "reject")
  assert.equal((await offer({ chunks: snapshot.chunks + 1 })).result, "reject")
  // A snapshot of another state than the chain agreed on.
  const other = Uint8Array.from(appHash)
  other[chance.below(32)]! ^= 1
  assert.equal((await offer({}, other)).result, "accept")
  for (let index = 0; index < snapshot.chunks; index++) {
    const { result } = await applyChunk(node, index, await chunkOf(from, snapshot, index))
    assert.equal(result, index + 1 < snapshot.chunks ? "accept" : "rejectSnapshot")
  }
  assert.equal(node.app.application.height, 0)
  assert.equal(toHex(node.app.application.appHash), toHex(chain.appHash(0)))
}

/** The same rows, said to be of another moment: the app hash does not vouch for it. */
function ofAnotherTime({ metadata }: Snapshot): Partial<Snapshot> {
  const { time, chunkHashes } = decodeAs(metadataCodec, metadata)
  const other = encodeAs(metadataCodec, { chunkHashes, time: { ...time, seconds: time.seconds - 700 } })
  return { metadata: other, hash: sha256(other) }
}

async function chunkOf<T extends Decoded>(from: CometNode<T>, { height, format }: Snapshot, chunk: number) {
  const answer = await from.call<"loadSnapshotChunk">({ kind: "loadSnapshotChunk", height, format, chunk })
  return answer.chunk
}

function applyChunk<T extends Decoded>(node: CometNode<T>, index: number, chunk: Uint8Array) {
  return node.call<"applySnapshotChunk">({ kind: "applySnapshotChunk", index, chunk, sender: "peer" })
}

async function restore<T extends Decoded>(
  simulation: Simulation<T>,
  node: CometNode<T>,
  { node: from, snapshot }: Source<T>,
): Promise<void> {
  const { chain, chance } = simulation
  const begin = async () => {
    const appHash = chain.appHash(snapshot.height)
    const { result } = await node.call<"offerSnapshot">({ kind: "offerSnapshot", snapshot, appHash })
    assert.equal(result, "accept")
  }
  await begin()
  if (chance.below(3) === 0) {
    simulation.count("both died in a restore")
    await node.app.crash()
    assert.equal(node.app.application.height, 0)
    await node.connectForSnapshot()
    await begin()
  }
  for (let index = 0; index < snapshot.chunks; index++) {
    const chunk = await chunkOf(from, snapshot, index)
    if (chunk.length > 0 && chance.below(3) === 0) {
      const damaged = Uint8Array.from(chunk)
      damaged[chance.below(chunk.length)]! ^= 1
      const { result, refetchChunks, rejectSenders } = await applyChunk(node, index, damaged)
      assert.deepEqual([result, refetchChunks, rejectSenders], ["retry", [index], ["peer"]])
    }
    assert.equal((await applyChunk(node, index, chunk)).result, "accept")
  }
  await node.infoAfterRestore(snapshot.height)
}
