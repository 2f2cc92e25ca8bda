/**
 * A node's disk. A crash leaves an image of the data file as it lay there, in a directory of its own; a write that was
 * under way leaves each of its pages or does not.
 */
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Chance } from "../../src/engine/comet/abci/generated-messages.ts"

const pageBytes = 4096
/** LMDB keeps two meta pages and writes them in turn, last; all else is written and synced before. */
const metaPages = 2
const dataFile = "data.mdb"

export class NodeDisk {
  readonly #root: string
  #generation = 0

  /** @param root - is made. */
  constructor(root: string) {
    this.#root = root
    mkdirSync(this.directory, { recursive: true })
  }

  get directory(): string {
    return join(this.#root, String(this.#generation))
  }

  image(): Buffer {
    return readFileSync(join(this.directory, dataFile))
  }

  /**
   * The directory that a crash leaves, to be opened again. What the old one holds open stays there until `forget`.
   *
   * @param image - of the data file, where it is not as it lies there now.
   * @returns removes the old directory.
   */
  crash(image?: Buffer): () => void {
    const old = this.directory
    this.#generation++
    mkdirSync(this.directory)
    if (image !== undefined) writeFileSync(join(this.directory, dataFile), image)
    else copyFileSync(join(old, dataFile), join(this.directory, dataFile))
    const snapshots = join(old, "snapshots")
    if (existsSync(snapshots)) cpSync(snapshots, join(this.directory, "snapshots"), { recursive: true })
    return () => rmSync(old, { recursive: true })
  }

  /** An empty directory in place of the one there is. */
  wipe(): () => void {
    const old = this.directory
    this.#generation++
    mkdirSync(this.directory)
    return () => rmSync(old, { recursive: true })
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true })
  }
}

/** The data file after power was lost before the meta page: each page of the write is there or is not. */
export function tornImage(before: Buffer, written: Buffer, chance: Chance): Buffer {
  const pages = Math.ceil(written.length / pageBytes)
  const image = Buffer.alloc(chance.below(2) === 0 ? written.length : before.length)
  before.copy(image)
  for (let page = metaPages; page < pages; page++) {
    if (chance.below(2) === 0) written.copy(image, page * pageBytes, page * pageBytes, (page + 1) * pageBytes)
  }
  return image
}
