/**
 * Another start key for a stopped node's directory: its whole work store sealed anew, beside the old one, and then put
 * in its place. Stopped before that, the old key still opens everything; after that, only the new one does.
 */
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { refuse } from "../base/refusal.ts"
import { syncPath, writeDurably } from "../store/durable-files.ts"
import { processesWith } from "../store/in-use.ts"
import { WorkStore } from "../store/work-store.ts"
import { checkStartKey, type NewStartKey } from "./start-key.ts"
import { finishSwap, nextFolder, wholeMark } from "./start-key-swap.ts"
import { Work } from "./work.ts"

/** @throws Refused `node-running` while another process has the directory's working data open. */
export async function demandUnused(directory: string, startKey: string): Promise<void> {
  const [id] = await processesWith(join(directory, "work", "data"), startKey)
  if (id === undefined) return
  const message = `Cannot go on: process ${id} has this directory open`
  refuse("node-running", message, directory, "Stop the node first")
}

/**
 * @param startKey - what opens the directory now.
 * @returns how many values were sealed anew.
 * @throws Refused `node-running`, `start-key-wrong`, `start-key-same`; Fault when a disk refuses.
 */
export async function changeStartKey(directory: string, startKey: string, next: NewStartKey): Promise<number> {
  finishSwap(directory)
  checkStartKey(directory, startKey)
  if (next.startKey === startKey)
    refuse("start-key-same", "Cannot change start key: it is the one of now", "start key", "Give another")
  await demandUnused(directory, startKey)
  process.umask(0o077)
  const folder = nextFolder(directory)
  await rm(folder, { recursive: true, force: true })
  const count = await sealAnew(directory, startKey, next.startKey)
  if (next.salt !== undefined) await writeDurably(join(folder, "start-key.salt"), next.salt)
  await syncPath(join(folder, "data"))
  await syncPath(folder)
  await writeDurably(join(folder, wholeMark), new Uint8Array())
  await syncPath(folder)
  finishSwap(directory)
  return count
}

async function sealAnew(directory: string, from: string, to: string): Promise<number> {
  const old = new WorkStore(join(directory, "work"), from)
  try {
    const next = new WorkStore(nextFolder(directory), to)
    try {
      return await new Work(old, from).copyTo(new Work(next, to))
    } finally {
      await next.close()
    }
  } finally {
    await old.close()
  }
}
