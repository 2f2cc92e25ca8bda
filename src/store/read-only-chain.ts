/**
 * A chain as it lies on a disk, opened for reading alone: nothing in the directory is made or finished. For whoever
 * checks a copy, or the directory of a node that is stopped.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import type { BlockBody, FinalBlock } from "../base/chain/block.ts"
import { Fault } from "../base/fault.ts"
import { BlockLog } from "./block-log.ts"
import { BucketTree } from "./bucket-tree.ts"
import { type Environment, openEnvironment, openTable, owned } from "./environment.ts"
import { genesisKey, readMeta, stateTables } from "./state-meta.ts"
import { loadTree } from "./tree-load.ts"

/** Whether a store's data is in this directory at all. */
export function holdsStore(directory: string): boolean {
  return existsSync(join(directory, "data.mdb"))
}

export class ReadOnlyChain {
  /** Depth of the state's tree. */
  readonly k: number
  /** Of the last block, as stored beside it. */
  readonly height: number
  /** Of the state after it, as stored beside it. */
  readonly appHash: Uint8Array
  /** Digest of the genesis file that the store began with. */
  readonly genesis: Uint8Array
  /** The last height up to which every block has its header and votes; those above are bodies alone. */
  readonly attachedHeight: number
  /** Of the blocks that are kept; above 1 in a chain that was pruned or joined by a snapshot. */
  readonly lowestHeight: number
  readonly #environment: Environment
  readonly #stateTable: string
  readonly #log: BlockLog

  /** @throws Fault when the directory holds no chain that can be read. */
  constructor(directory: string) {
    if (!holdsStore(directory)) throw new Fault(`Cannot open the store in ${directory}: there is none`)
    this.#environment = openEnvironment(directory, { readOnly: true })
    try {
      const table = openTable(this.#environment, "meta")
      const { k, height, appHash, table: stateTable } = readMeta(table)!
      this.k = k
      this.height = height
      this.appHash = appHash
      this.#stateTable = stateTables[stateTable]
      this.genesis = owned(table.getBinary(genesisKey)!)
      this.#log = new BlockLog(this.#environment)
      this.attachedHeight = this.#log.attachedHeight(height)
      this.lowestHeight = this.#log.lowest() ?? height + 1
    } catch (cause) {
      throw new Fault(`Cannot read the chain in ${directory}: it has no whole head`, { cause })
    }
  }

  /** @throws Fault when the stored bytes are not a block. */
  block(height: number): FinalBlock | undefined {
    return this.#log.get(height)
  }

  /** What was executed at a height, with or without its header and votes. @throws Fault as `block`. */
  body(height: number): BlockBody | undefined {
    return this.#log.body(height)
  }

  /** A final block's bytes: as they lie here, when it lies here whole. */
  bytes(height: number): Uint8Array | undefined {
    return this.#log.bytes(height)
  }

  /** The app hash that the rows lying here make: all of them are read. */
  appHashOfRows(): Uint8Array {
    const tree = new BucketTree(this.k)
    loadTree(tree, openTable(this.#environment, this.#stateTable))
    return tree.appHash()
  }

  close(): Promise<void> {
    return this.#environment.close()
  }
}
