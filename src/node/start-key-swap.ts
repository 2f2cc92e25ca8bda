/**
 * The last steps of a change of start key, each of which may be done again. `work/next` holds the whole store under the
 * new key, and the file `whole` in it says so: from then on the old key opens nothing, and whoever comes next (the change
 * itself, or the next start after a crash) puts the files in their places.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"

export const wholeMark = "whole"

/** Where the new store is made, in the work store's own folder. */
export const nextFolder = (directory: string): string => join(directory, "work", "next")

function sync(folder: string): void {
  const handle = openSync(folder, "r")
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Puts a whole new store in its place. Does nothing where there is none; one that is not whole stays aside. */
export function finishSwap(directory: string): void {
  const next = nextFolder(directory)
  if (!existsSync(join(next, wholeMark))) return
  const work = join(directory, "work")
  const moves = [
    [join(next, "data", "data.mdb"), join(work, "data", "data.mdb")],
    [join(next, "key-check"), join(work, "key-check")],
    [join(next, "start-key.salt"), join(directory, "start-key.salt")],
  ] as const
  for (const [from, to] of moves) if (existsSync(from)) renameSync(from, to)
  for (const folder of [join(work, "data"), work, directory]) sync(folder)
  // Readers of the old file are noted in it.
  rmSync(join(work, "data", "lock.mdb"), { force: true })
  rmSync(next, { recursive: true })
  sync(work)
}
