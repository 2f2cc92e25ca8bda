/** Files and folders that are on disk when the call returns. */
import { open } from "node:fs/promises"

/** Writes a new file, readable by its owner alone. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, "wx", 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes what was written to a file, or renamed or removed in a folder, survive a crash. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
