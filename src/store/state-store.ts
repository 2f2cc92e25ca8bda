/**
 * The ledger's durable state: tables, block log, height and app hash in one LMDB environment, written in one atomic,
 * fsynced transaction. Rules write through the `State` port into the open block; `seal` hashes it, `commit` makes it
 * durable while later blocks already run on top.
 */
import { equalBytes } from "../base/bytes.ts"
import type { FinalBlock } from "../base/chain/block.ts"
import { Fault } from "../base/fault.ts"
import { keyHash, type State, type StateProof } from "../base/state.ts"
import { BlockLog } from "./block-log.ts"
import { BucketTree } from "./bucket-tree.ts"
import { type Bytes, type Environment, openEnvironment, openTable, owned } from "./environment.ts"
import { hashInto, hashKeyInto } from "./hash.ts"
import { decodeMeta, encodeMeta, genesisKey, metaKey } from "./state-meta.ts"
import { databaseKey, StateRows, type Write } from "./state-rows.ts"
import { loadTree } from "./tree-load.ts"

export interface StateStoreOptions {
  /** The tree has 2^k buckets; a constant of the chain. */
  readonly k?: number
}

export class StateStore implements State {
  readonly k: number
  readonly #environment: Environment
  readonly #database: Bytes
  readonly #metaTable: Bytes
  readonly #log: BlockLog
  readonly #rows: StateRows
  readonly #tree: BucketTree
  /** Writes of sealed blocks that no commit has taken yet. */
  #sealed: (readonly Write[])[] = []
  #height = 0
  #sealedAppHash: Uint8Array
  #committing: Promise<void> = Promise.resolve()
  #genesisToWrite: Uint8Array | undefined
  #broken: Fault | undefined
  readonly #hashes = Buffer.alloc(64)

  /** @throws Fault when the directory cannot be opened, or holds a tree of another size. */
  constructor(directory: string, { k = 18 }: StateStoreOptions = {}) {
    this.k = k
    this.#environment = openEnvironment(directory)
    this.#database = openTable(this.#environment, "state")
    this.#metaTable = openTable(this.#environment, "meta")
    this.#log = new BlockLog(openTable(this.#environment, "blocks"))
    this.#rows = new StateRows(this.#database)
    this.#tree = new BucketTree(k)
    const stored = this.#metaTable.getBinary(metaKey)
    if (stored !== undefined) {
      const meta = decodeMeta(stored)
      if (meta.k !== k) throw new Fault(`Cannot open the store in ${directory}: its tree has 2^${meta.k} buckets`)
      loadTree(this.#tree, this.#database)
      this.#height = meta.height
    }
    this.#sealedAppHash = this.#tree.appHash()
    if (stored !== undefined && !equalBytes(decodeMeta(stored).appHash, this.#sealedAppHash)) {
      throw new Fault(`Cannot open the store in ${directory}: its rows do not make the app hash stored with them`)
    }
  }

  /** Of the last durable block; 0 before the first. */
  get height(): number {
    return this.#height
  }

  /** Of the state after the last sealed block, durable or not. */
  get appHash(): Uint8Array {
    return this.#sealedAppHash
  }

  /** Rows in the tree. */
  get size(): number {
    return this.#tree.size
  }

  /** What `begin` was given; undefined in a store that has not begun. */
  get genesis(): Uint8Array | undefined {
    const stored = this.#metaTable.getBinary(genesisKey)
    return stored && owned(stored)
  }

  /**
   * Makes the first state durable, with the digest of the file it came from, in one step.
   *
   * @throws Fault as `commit`.
   */
  begin(genesis: Uint8Array): Promise<void> {
    this.#genesisToWrite = genesis
    return this.commit([])
  }

  get blocks(): BlockLog {
    return this.#log
  }

  get(table: string, key: Uint8Array): Uint8Array | undefined {
    return this.#rows.get(table, key)
  }

  put(table: string, key: Uint8Array, value: Uint8Array): void {
    this.#rows.put(table, key, value)
  }

  remove(table: string, key: Uint8Array): void {
    this.#rows.remove(table, key)
  }

  first(table: string, count: number): ReturnType<State["first"]> {
    return this.#rows.first(table, count)
  }

  rows(table: string): ReturnType<State["rows"]> {
    return this.#rows.rows(table)
  }

  /** Ends the open block and hashes it: the app hash of the state as it stands. Nothing is durable yet. */
  seal(): Uint8Array {
    const writes = this.#rows.seal()
    const hashes = this.#hashes
    const [key, value] = [hashes.subarray(0, 32), hashes.subarray(32)]
    for (const write of writes) {
      hashKeyInto(hashes, 0, write.table.treePrefix, write.key)
      if (write.value === undefined) this.#tree.remove(key)
      else {
        hashInto(hashes, 32, write.value)
        this.#tree.set(key, value)
      }
    }
    this.#sealed.push(writes)
    this.#sealedAppHash = this.#tree.appHash()
    return this.#sealedAppHash
  }

  /** What a row holds, or that it holds nothing, under `appHash`: the state after the last sealed block. */
  prove(table: string, key: Uint8Array): StateProof {
    return this.#tree.proof(keyHash(table, key))
  }

  /**
   * Writes everything sealed so far and the given blocks, the last of which is the last sealed, in one transaction.
   * On disk when it resolves. Calls are queued; blocks may be executed and sealed meanwhile.
   *
   * @throws Fault when the disk refuses. The store then takes no more commits: reopen it.
   */
  commit(blocks: readonly FinalBlock[]): Promise<void> {
    const sealed = this.#sealed
    this.#sealed = []
    const appHash = this.#sealedAppHash
    this.#committing = this.#committing.then(() => this.#write(blocks, sealed, appHash))
    return this.#committing
  }

  async close(): Promise<void> {
    await this.#committing.catch(() => undefined)
    await this.#environment.close()
  }

  async #write(
    blocks: readonly FinalBlock[],
    sealed: readonly (readonly Write[])[],
    appHash: Uint8Array,
  ): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken
    const height = blocks.at(-1)?.header.height ?? this.#height
    const rows = sortedRows(sealed)
    try {
      await this.#environment.batch(() => {
        for (const [key, value] of rows) {
          if (value === undefined) this.#database.remove(key)
          else this.#database.put(key, value)
        }
        for (const block of blocks) this.#log.put(block)
        if (this.#genesisToWrite !== undefined) this.#metaTable.put(genesisKey, this.#genesisToWrite)
        this.#metaTable.put(metaKey, encodeMeta({ k: this.k, height, appHash }))
      })
    } catch (cause) {
      this.#broken = new Fault(`Cannot write block ${height} to disk`, { cause })
      throw this.#broken
    }
    // A read transaction from before the commit must not answer for rows that leave memory now.
    this.#environment.resetReadTxn()
    for (const writes of sealed) this.#rows.settle(writes)
    this.#genesisToWrite = undefined
    this.#height = height
  }
}

/** The last value of every row, by ascending key: LMDB then copies each page once. */
function sortedRows(sealed: readonly (readonly Write[])[]): [Buffer, Uint8Array | undefined][] {
  const last = new Map<string, Write>()
  if (sealed.length === 1) {
    return sealed[0]!.map((write) => row(write)).sort((a, b) => Buffer.compare(a[0], b[0]))
  }
  for (const writes of sealed) for (const write of writes) last.set(`${write.table.prefix}${write.id}`, write)
  return [...last.values()].map((write) => row(write)).sort((a, b) => Buffer.compare(a[0], b[0]))
}

function row({ table, key, value }: Write): [Buffer, Uint8Array | undefined] {
  return [databaseKey(table, key), value]
}
