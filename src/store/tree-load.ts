/** Filling the tree when a store opens: every row on disk is hashed once, in key order, into flat arrays. */
import type { BucketTree } from "./bucket-tree.ts"
import type { Bytes } from "./environment.ts"
import { hashInto, hashKeyInto, treePrefix } from "./hash.ts"

const pairsPerChunk = 1 << 16

export function loadTree(tree: BucketTree, database: Bytes): void {
  const chunks: Buffer[] = []
  let count = 0
  let prefix = { name: "", bytes: new Uint8Array(0) as Uint8Array }
  for (const { key: stored, value } of database.getRange({})) {
    const key = stored as Buffer
    const nameEnd = key.indexOf(0)
    const name = key.toString("latin1", 0, nameEnd)
    if (name !== prefix.name) prefix = { name, bytes: treePrefix(name) }
    const at = (count % pairsPerChunk) * 64
    if (at === 0) chunks.push(Buffer.from(new ArrayBuffer(pairsPerChunk * 64)))
    const chunk = chunks.at(-1)!
    hashKeyInto(chunk, at, prefix.bytes, key.subarray(nameEnd + 1))
    hashInto(chunk, at + 32, value)
    count++
  }
  tree.load(chunks, count)
}
