/**
 * A process that restores a snapshot and is killed while it does: whatever moment is its last, the store must be the
 * genesis or the whole snapshot. Run by `snapshots.test.ts` alone.
 */
import { writeSync } from "node:fs"
import { fromHex } from "../base/bytes.ts"
import { SnapshotFiles } from "./snapshot-files.ts"
import { StateStore } from "./state-store.ts"

export const victimK = 6

const [source, directory, appHash] = process.argv.slice(2)
if (import.meta.main && source !== undefined && directory !== undefined && appHash !== undefined) {
  const files = new SnapshotFiles(source)
  const info = files.list()[0]!
  const store = new StateStore(directory, { k: victimK })
  store.snapshots.begin(info, fromHex(appHash))
  for (let chunk = 0; chunk < info.chunks; chunk++) {
    writeSync(1, `${chunk}\n`)
    store.snapshots.apply(chunk, files.load(info.height, info.format, chunk)!)
  }
  writeSync(1, "whole\n")
  setInterval(() => undefined, 1000)
}
