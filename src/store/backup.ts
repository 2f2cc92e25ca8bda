/** A copy of a store while it is written to: all of one moment, compacted, as secret as the store. */
import { existsSync } from "node:fs"
import { chmod, mkdir, readdir, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { Fault } from "../base/fault.ts"
import { syncPath } from "./durable-files.ts"
import { type Bytes, type Environment, type EnvironmentOptions, openEnvironment, openTable } from "./environment.ts"

const rowsAtOnce = 500

/**
 * Copies an LMDB environment as it stood at one moment, from this or another process; its writer goes on meanwhile. On
 * disk when it resolves; nothing is left where it rejects.
 *
 * @param directory - of the environment: where `data.mdb` lies.
 * @param to - absent, or an empty directory.
 * @param encryptionKey - of an encrypted environment; the copy has the same. A wrong one is not noticed here.
 * @throws Fault when there is nothing to copy, `to` holds something, or a disk refuses.
 */
export async function backupStore(
  directory: string,
  to: string,
  { encryptionKey }: Pick<EnvironmentOptions, "encryptionKey"> = {},
): Promise<void> {
  if (!existsSync(join(directory, "data.mdb"))) throw new Fault(`Cannot back up ${directory}: no store lies in it`)
  await mkdir(to, { recursive: true, mode: 0o700 })
  if ((await readdir(to)).length > 0) throw new Fault(`Cannot back up to ${to}: something lies in it`)
  const environment = openEnvironment(directory, { readOnly: true, ...(encryptionKey && { encryptionKey }) })
  try {
    // LMDB's own compacting copy writes the pages of an encrypted environment in clear.
    if (encryptionKey === undefined) await environment.backup(to, true)
    else await copyRows(environment, to, encryptionKey)
    await chmod(join(to, "data.mdb"), 0o600)
    await syncPath(join(to, "data.mdb"))
    await syncPath(to)
    await syncPath(dirname(to))
  } catch (cause) {
    await rm(to, { recursive: true, force: true })
    throw new Fault(`Cannot back up ${directory} to ${to}`, { retryable: true, cause })
  } finally {
    await environment.close()
  }
}

/** Row by row into an environment with the same key: no page is ever written in clear. */
async function copyRows(from: Environment, to: string, encryptionKey: string): Promise<void> {
  // A table's name is stored with a zero byte at its end.
  const names = [...from.getKeys()].map((key) =>
    Buffer.from(key as Uint8Array).toString("latin1", 0, (key as Uint8Array).length - 1),
  )
  const tables = names.map((name) => [name, openTable(from, name)] as const)
  const copy = openEnvironment(to, { encryptionKey })
  from.resetReadTxn()
  const transaction = from.useReadTransaction()
  try {
    for (const [name, table] of tables) await copyTable(table.getRange({ transaction }), openTable(copy, name), copy)
  } finally {
    transaction.done()
    await copy.close()
  }
  await rm(join(to, "lock.mdb"), { force: true })
}

type Rows = ReturnType<Bytes["getRange"]>

async function copyTable(rows: Rows, to: Bytes, copy: Environment): Promise<void> {
  let some: [Uint8Array, Uint8Array][] = []
  const write = async () => {
    const writing = some
    some = []
    await copy.batch(() => {
      for (const [key, value] of writing) to.put(key, value)
    })
  }
  for (const { key, value } of rows) {
    some.push([key as Uint8Array, value])
    if (some.length === rowsAtOnce) await write()
  }
  if (some.length > 0) await write()
}
