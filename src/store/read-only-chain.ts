/**
 * A chain as it lies on a disk, opened for reading alone: nothing in the directory is made or finished. For whoever
 * checks a copy, or the directory of a node that is stopped.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import type { FinalBlock } from "../base/chain/block.ts"
import { Fault } from "../base/fault.ts"
import { BlockLog } from "./block-log.ts"
import { BucketTree } from "./bucket-tree.ts"
import { type Environment, openEnvironment, openTable, owned } from "./environment.ts"
import { decodeMeta, genesisKey, metaKey } from "./state-meta.ts"
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
  readonly #environment: Environment
  readonly #log: BlockLog

  /** @throws Fault when the directory holds no chain that can be read. */
  constructor(directory: string) {
    if (!holdsStore(directory)) throw new Fault(`Cannot open the store in ${directory}: there is none`)
    this.#environment = openEnvironment(directory, { readOnly: true })
    try {
      const table = openTable(this.#environment, "meta")
      const { k, height, appHash } = decodeMeta(table.getBinary(metaKey)!)
      this.k = k
      this.height = height
      this.appHash = appHash
      this.genesis = owned(table.getBinary(genesisKey)!)
      this.#log = new BlockLog(openTable(this.#environment, "blocks"))
    } catch (cause) {
      throw new Fault(`Cannot read the chain in ${directory}: it has no whole head`, { cause })
    }
  }

  /** @throws Fault when the stored bytes are not a block. */
  block(height: number): FinalBlock | undefined {
    return this.#log.get(height)
  }

  /** A block's bytes as they lie here. */
  bytes(height: number): Uint8Array | undefined {
    return this.#log.bytes(height)
  }

  /** The app hash that the rows lying here make: all of them are read. */
  appHashOfRows(): Uint8Array {
    const tree = new BucketTree(this.k)
    loadTree(tree, openTable(this.#environment, "state"))
    return tree.appHash()
  }

  close(): Promise<void> {
    return this.#environment.close()
  }
}
