/** Makes a folder and what is missing above it, one at a time: Node's own recursion never ends in a place like /proc. */
import { mkdirSync, statSync } from "node:fs"
import { dirname, resolve } from "node:path"

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** @throws the system's error, which the command line says in plain words. The mode is given to the folders that are made. */
export function makeFolder(path: string, mode = 0o777): void {
  const whole = resolve(path)
  if (isFolder(whole)) return
  const above = dirname(whole)
  if (above !== whole) makeFolder(above, mode)
  try {
    mkdirSync(whole, { mode })
  } catch (error) {
    // Another process may have made it between the question and the deed.
    if (isFolder(whole)) return
    throw error
  }
}
