/** Filling the tree when a store opens: every row on disk is hashed once, in key order, into flat arrays. */
import type { BucketTree } from "./bucket-tree.ts"
import type { Bytes } from "./environment.ts"
import { hashInto, hashKeyInto, treePrefix } from "./hash.ts"

const pairsPerChunk = 1 << 16

export function loadTree(tree: BucketTree, database: Bytes): void {
  const chunks: Buffer[] = []
  let chunk = Buffer.alloc(0)
  let count = 0
  let table = { end: 0, stored: Buffer.alloc(0), prefix: new Uint8Array(0) as Uint8Array }
  for (const { key: stored, value } of database.getRange({})) {
    const key = stored as Buffer
    if (!startsAlike(key, table)) table = tableOf(key)
    const at = (count % pairsPerChunk) * 64
    if (at === 0) {
      chunk = Buffer.from(new ArrayBuffer(pairsPerChunk * 64))
      chunks.push(chunk)
    }
    hashKeyInto(chunk, at, table.prefix, key, table.end)
    hashInto(chunk, at + 32, value)
    count++
  }
  tree.load(chunks, count)
}

/** Whether a key is of the same table as the one before: its name and the zero byte after it. */
function startsAlike(key: Uint8Array, { end, stored }: { readonly end: number; readonly stored: Uint8Array }): boolean {
  if (end === 0) return false
  for (let i = 0; i < end; i++) if (key[i] !== stored[i]) return false
  return true
}

function tableOf(key: Buffer): { end: number; stored: Buffer<ArrayBuffer>; prefix: Uint8Array } {
  const end = key.indexOf(0) + 1
  return { end, stored: Buffer.from(key), prefix: treePrefix(key.toString("latin1", 0, end - 1)) }
}
