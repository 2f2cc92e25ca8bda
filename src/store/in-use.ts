/**
 * Which processes have a store open: LMDB keeps a table of its readers beside the data, and drops from it whoever has
 * died. A node reads its state from its first moment on, so a running one is always in it.
 */
import { openEnvironment } from "./environment.ts"
import { holdsStore } from "./read-only-chain.ts"

/**
 * Ids of other processes that have the store open; none where there is no store. Processes of other machines, on a disk
 * that several have mounted, are not seen.
 *
 * @param encryptionKey - of a store whose pages are encrypted.
 * @throws Fault when the store cannot be opened.
 */
export async function processesWith(directory: string, encryptionKey?: string): Promise<readonly number[]> {
  if (!holdsStore(directory)) return []
  const key = encryptionKey === undefined ? {} : { encryptionKey }
  const environment = openEnvironment(directory, { readOnly: true, ...key })
  try {
    environment.readerCheck()
    // A heading, then a line a reader: process, thread, transaction.
    const lines = environment.readerList().split("\n")
    const found = lines.flatMap((line) => /^\s*(\d+)\s/.exec(line)?.[1] ?? [])
    return [...new Set(found.map(Number))].filter((id) => id !== process.pid)
  } finally {
    await environment.close()
  }
}
