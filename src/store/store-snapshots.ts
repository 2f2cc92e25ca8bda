/**
 * Snapshots of a store: taken through a read transaction while blocks commit, and restored into the second of two
 * tables, which then becomes the state in one small transaction. Until that transaction the genesis stands untouched.
 */

import { join } from "node:path"
import { assert } from "../base/assert.ts"
import { equalBytes } from "../base/bytes.ts"
import { type BlockTime, compareTime } from "../base/chain/header.ts"
import { Fault } from "../base/fault.ts"
import type { BucketTree } from "./bucket-tree.ts"
import { type Bytes, type Environment, openTable } from "./environment.ts"
import { SnapshotFiles, type SnapshotInfo } from "./snapshot-files.ts"
import { ChunkWriter } from "./snapshot-format.ts"
import { readOffer, SnapshotRestore } from "./snapshot-restore.ts"
import { encodeMeta, metaKey, readMeta, restoringKey, type StateMeta, stateTables } from "./state-meta.ts"

/** The store whose state it is. */
export interface SnapshotHost {
  readonly directory: string
  readonly k: number
  readonly environment: Environment
  readonly metaTable: Bytes
  /** The table of the state, and which of the two it is. */
  readonly state: () => { readonly database: Bytes; readonly table: StateMeta["table"] }
  readonly lastTime: () => BlockTime | undefined
  /** Nothing but the genesis is there, durable, and nothing is under way. */
  readonly isAtGenesis: () => boolean
  /** The restored state is durable: go on with it. */
  readonly adopt: (restored: Restored) => void
}

export interface Restored {
  readonly meta: StateMeta
  readonly database: Bytes
  readonly tree: BucketTree
}

/** A restore under way, into which table, and the app hash that its rows must make. */
interface Begun {
  readonly restore: SnapshotRestore
  readonly table: Bytes
  readonly appHash: Uint8Array
}

/** Rows read at a stretch: a millisecond or two, and then others have their turn. */
const rowsAtOnce = 1000

export class StoreSnapshots {
  readonly #host: SnapshotHost
  readonly #files: SnapshotFiles
  #taking: Promise<void> = Promise.resolve()
  #begun: Begun | undefined

  constructor(host: SnapshotHost) {
    this.#host = host
    this.#files = new SnapshotFiles(join(host.directory, "snapshots"))
    // A crash has left rows of a restore, or those of the genesis that a restored state has replaced.
    if (host.metaTable.doesExist(restoringKey)) this.#emptySpare()
  }

  take(): Promise<void> {
    const before = this.#taking.catch(() => undefined)
    this.#taking = before.then(() => this.#take())
    return this.#taking
  }

  list(): readonly SnapshotInfo[] {
    return this.#files.list()
  }

  load(height: number, format: number, chunk: number): Uint8Array | undefined {
    return this.#files.load(height, format, chunk)
  }

  begin(info: SnapshotInfo, appHash: Uint8Array, time?: BlockTime): boolean {
    const { environment, metaTable } = this.#host
    this.#begun = undefined
    if (!this.#host.isAtGenesis()) return false
    const offer = readOffer(info)
    if (offer === undefined || (time !== undefined && compareTime(time, offer.time) !== 0)) return false
    const table = this.#openSpare()
    written("begin restore", () => {
      metaTable.putSync(restoringKey, Uint8Array.of(1))
      table.clearSync()
    })
    this.#begun = { restore: new SnapshotRestore(offer, { environment, table }), table, appHash }
    return true
  }

  apply(index: number, chunk: Uint8Array): "accept" | "retry" | "reject" {
    const begun = this.#begun
    if (begun === undefined) return "reject"
    const taken = written("restore snapshot", () => begun.restore.take(index, chunk))
    if (taken === "accept" || taken === "retry") return taken
    this.#begun = undefined
    const restored = taken === "whole" ? this.#judge(begun) : undefined
    if (restored !== undefined) this.#adopt(restored)
    written("tidy up restore", () => this.#emptySpare())
    return restored === undefined ? "reject" : "accept"
  }

  /** Resolves when no snapshot is being taken. */
  async rest(): Promise<void> {
    await this.#taking.catch(() => undefined)
  }

  async #take(): Promise<void> {
    const { environment, metaTable } = this.#host
    environment.resetReadTxn()
    const transaction = environment.useReadTransaction()
    try {
      const meta = readMeta(metaTable, { transaction })
      if (meta === undefined || meta.height === 0) return
      if (this.#files.list().some(({ height }) => height === meta.height)) return
      const time = meta.time ?? this.#host.lastTime()
      assert(time !== undefined, "a block has a time")
      await this.#files.write(meta.height, time, chunksOf(this.#host.state().database, transaction))
    } catch (cause) {
      throw new Fault("Cannot take snapshot: the disk refused", { retryable: true, cause })
    } finally {
      transaction.done()
    }
  }

  /** Undefined unless the rows are the state that was agreed. */
  #judge({ restore, table, appHash }: Begun): Restored | undefined {
    assert(this.#host.isAtGenesis(), "no block is executed while a snapshot is restored")
    const { k } = this.#host
    const { height, time } = restore.offer
    const tree = restore.tree(k)
    if (!equalBytes(tree.appHash(), appHash)) return undefined
    const meta = { k, height, time, appHash: Uint8Array.from(appHash), table: this.#spare() }
    return { meta, database: table, tree }
  }

  #adopt(restored: Restored): void {
    const { metaTable, environment } = this.#host
    written("make restored state durable", () => metaTable.putSync(metaKey, encodeMeta(restored.meta)))
    environment.resetReadTxn()
    this.#host.adopt(restored)
  }

  #spare(): StateMeta["table"] {
    return this.#host.state().table === 0 ? 1 : 0
  }

  #openSpare(): Bytes {
    return openTable(this.#host.environment, stateTables[this.#spare()])
  }

  #emptySpare(): void {
    this.#openSpare().clearSync()
    this.#host.metaTable.removeSync(restoringKey)
    this.#host.environment.resetReadTxn()
  }
}

async function* chunksOf(
  database: Bytes,
  transaction: ReturnType<Environment["useReadTransaction"]>,
): AsyncIterable<Uint8Array> {
  const writer = new ChunkWriter()
  let rows = 0
  for (const { key, value } of database.getRange({ transaction })) {
    const full = writer.add(key as Buffer, value)
    if (full !== undefined) yield full
    if (++rows % rowsAtOnce === 0) await new Promise(setImmediate)
  }
  const last = writer.finish()
  if (rows === 0 || last.length > 0) yield last
}

function written<T>(what: string, write: () => T): T {
  try {
    return write()
  } catch (cause) {
    throw new Fault(`Cannot ${what}: the disk refused`, { cause })
  }
}
