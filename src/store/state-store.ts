/**
 * The ledger's durable state: tables, block log, height and app hash in one LMDB environment, written in one atomic,
 * fsynced transaction. Rules write through the `State` port into the open block; `seal` hashes it, `commit` makes it
 * durable while later blocks already run on top.
 */
import { assert } from "../base/assert.ts"
import { equalBytes } from "../base/bytes.ts"
import type { BlockBody, BlockProof, FinalBlock, ValidatorHandover } from "../base/chain/block.ts"
import type { BlockTime } from "../base/chain/header.ts"
import { Fault } from "../base/fault.ts"
import { keyHash, type State, type StateProof } from "../base/state.ts"
import { BlockArchive } from "./block-archive.ts"
import type { BlockLog } from "./block-log.ts"
import { BucketTree } from "./bucket-tree.ts"
import { type Bytes, type Environment, openEnvironment, openTable, owned } from "./environment.ts"
import { hashInto, hashKeyInto } from "./hash.ts"
import { encodeMeta, genesisKey, metaKey, readMeta, type StateMeta, stateTables } from "./state-meta.ts"
import { StateRows, sortedRows, type Write } from "./state-rows.ts"
import { StoreSnapshots } from "./store-snapshots.ts"
import { loadTree } from "./tree-load.ts"

export interface StateStoreOptions {
  /** The tree has 2^k buckets; a constant of the chain. */
  readonly k?: number
}

/** What is durable: the head of the last commit. */
type Durable = Pick<StateMeta, "height" | "time" | "table">

export class StateStore implements State {
  readonly k: number
  /** Snapshots of this state, and restoring one in its place. */
  readonly snapshots: StoreSnapshots
  readonly #environment: Environment
  readonly #metaTable: Bytes
  readonly #archive: BlockArchive
  #database: Bytes
  #rows: StateRows
  #tree: BucketTree
  /** Writes of sealed blocks that no commit has taken yet. */
  #sealed: (readonly Write[])[] = []
  #durable: Durable = { height: 0, time: undefined, table: 0 }
  /** Of the last block that a commit was asked for. */
  #queuedHeight = 0
  #sealedAppHash: Uint8Array
  #committing: Promise<void> = Promise.resolve()
  #genesisToWrite: Uint8Array | undefined
  #broken: Fault | undefined
  readonly #hashes = Buffer.alloc(64)

  /** @throws Fault when the directory cannot be opened, or holds a tree of another size. */
  constructor(directory: string, { k = 18 }: StateStoreOptions = {}) {
    this.k = k
    this.#environment = openEnvironment(directory)
    this.#metaTable = openTable(this.#environment, "meta")
    const meta = readMeta(this.#metaTable)
    if (meta !== undefined) {
      if (meta.k !== k) throw new Fault(`Cannot open the store in ${directory}: its tree has 2^${meta.k} buckets`)
      this.#durable = meta
      this.#queuedHeight = meta.height
    }
    this.#archive = new BlockArchive(this.#environment, this.#durable.height)
    this.#database = openTable(this.#environment, stateTables[this.#durable.table])
    this.#rows = new StateRows(this.#database)
    this.#tree = new BucketTree(k)
    if (meta !== undefined) loadTree(this.#tree, this.#database)
    this.#sealedAppHash = this.#tree.appHash()
    if (meta !== undefined && !equalBytes(meta.appHash, this.#sealedAppHash)) {
      throw new Fault(`Cannot open the store in ${directory}: its rows do not make the app hash stored with them`)
    }
    this.snapshots = this.#makeSnapshots(directory)
  }

  /** Of the last durable block; 0 before the first. */
  get height(): number {
    return this.#durable.height
  }

  /** Header time of the last durable block; undefined at the genesis. */
  get lastTime(): BlockTime | undefined {
    const { height, time } = this.#durable
    return time ?? this.#archive.log.get(height)?.header.time
  }

  /** The last height up to which every body has its proof. */
  get attachedHeight(): number {
    return this.#archive.attachedHeight
  }

  /** Of the blocks still kept; one above `height` where none is. */
  get lowestHeight(): number {
    return this.#archive.log.lowest() ?? this.height + 1
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
    return this.#archive.log
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
    const last = blocks.at(-1)?.header
    if (last !== undefined) this.#archive.expectWhole(this.#queuedHeight, last.height)
    return this.#queue(last, {
      put: () => this.#archive.put(blocks),
      settle: () => this.#archive.settle(blocks),
    })
  }

  /** The same for one block whose proof is not known yet: its body follows the block before. */
  commitBody(body: BlockBody): Promise<void> {
    assert(body.height === this.#queuedHeight + 1, "bodies are committed without gaps")
    return this.#queue(body, { put: () => this.#archive.log.putBody(body), settle: () => undefined })
  }

  /**
   * Adds the proof of a committed body; in order of height. On disk when it resolves. Commits do not wait for it.
   *
   * @throws Fault when it is the proof of another block, or the disk refuses.
   */
  attach(proof: BlockProof): Promise<void> {
    assert(proof.header.height <= this.#queuedHeight, "a body is committed before its proof is attached")
    return this.#archive.attach(proof, this.#committing)
  }

  /** Removes blocks below a height, but none of the last 100 and none without its proof. */
  prune(below: number): Promise<void> {
    return this.#archive.prune(below, this.height)
  }

  /** Every change of validators that is durable, by ascending height. */
  handovers(): readonly ValidatorHandover[] {
    return this.#archive.handovers()
  }

  /** Those of before this store's first block, verified by the caller. */
  addHandovers(list: readonly ValidatorHandover[]): Promise<void> {
    return this.#archive.addHandovers(list)
  }

  async close(): Promise<void> {
    await this.#committing.catch(() => undefined)
    await this.#archive.rest()
    await this.snapshots.rest()
    await this.#environment.close()
  }

  #queue(head: Pick<BlockBody, "height" | "time"> | undefined, blocks: BlockWrite): Promise<void> {
    const sealed = this.#sealed
    this.#sealed = []
    const appHash = this.#sealedAppHash
    this.#queuedHeight = head?.height ?? this.#queuedHeight
    this.#committing = this.#committing.then(() => this.#write(head, blocks, sealed, appHash))
    return this.#committing
  }

  async #write(
    head: Pick<BlockBody, "height" | "time"> | undefined,
    blocks: BlockWrite,
    sealed: readonly (readonly Write[])[],
    appHash: Uint8Array,
  ): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken
    const { height, time } = head ?? this.#durable
    const rows = sortedRows(sealed)
    const durable = { height, time, table: this.#durable.table }
    try {
      await this.#environment.batch(() => {
        for (const [key, value] of rows) {
          if (value === undefined) this.#database.remove(key)
          else this.#database.put(key, value)
        }
        blocks.put()
        if (this.#genesisToWrite !== undefined) this.#metaTable.put(genesisKey, this.#genesisToWrite)
        this.#metaTable.put(metaKey, encodeMeta({ k: this.k, appHash, ...durable }))
      })
    } catch (cause) {
      this.#broken = new Fault(`Cannot write block ${height} to disk`, { cause })
      throw this.#broken
    }
    // A read transaction from before the commit must not answer for rows that leave memory now.
    this.#environment.resetReadTxn()
    for (const writes of sealed) this.#rows.settle(writes)
    this.#genesisToWrite = undefined
    this.#durable = durable
    blocks.settle()
  }

  #makeSnapshots(directory: string): StoreSnapshots {
    return new StoreSnapshots({
      directory,
      k: this.k,
      environment: this.#environment,
      metaTable: this.#metaTable,
      state: () => ({ database: this.#database, table: this.#durable.table }),
      lastTime: () => this.lastTime,
      isAtGenesis: () => this.#queuedHeight === 0 && this.#sealed.length === 0 && this.genesis !== undefined,
      adopt: ({ tree, meta, database }) => {
        this.#durable = meta
        this.#queuedHeight = meta.height
        this.#database = database
        this.#rows = new StateRows(database)
        this.#tree = tree
        this.#sealedAppHash = meta.appHash
        this.#archive.skipTo(meta.height)
      },
    })
  }
}

/** What a commit does to the block log: within its transaction, and once that is durable. */
interface BlockWrite {
  put(): void
  settle(): void
}
