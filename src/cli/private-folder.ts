/**
 * A folder of results that only its owner reads (0700, files 0600). Each file is written under a temporary name and put
 * in place whole; nothing outside the folder is touched; what somebody else put there is not overwritten unasked.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { refuse } from "../base/refusal.ts"
import { makeFolder } from "./make-folder.ts"

export interface FolderLayout {
  /** The file that says whose results these are; a folder with it may be written again. */
  readonly marker: string
  /** All files and folders a run writes; those of an earlier run are removed first. */
  readonly entries: readonly string[]
}

export class PrivateFolder {
  readonly path: string
  readonly #made = new Set<string>()

  private constructor(path: string) {
    this.path = path
  }

  /** @throws Refused when the folder holds anything that an earlier run did not write, unless `force`. */
  static open(path: string, layout: FolderLayout, force: boolean): PrivateFolder {
    const names = existing(path)
    const isOurs = names?.includes(layout.marker) === true
    if (names !== undefined && names.length > 0 && !isOurs && !force) {
      const what = "Cannot write there: the folder holds files that an earlier run did not write"
      return refuse("out-not-empty", what, path, "Name another folder, or add --force")
    }
    if (names === undefined) makeFolder(path, 0o700)
    if (names === undefined || names.length === 0 || isOurs) chmodSync(path, 0o700)
    const folder = new PrivateFolder(path)
    if (isOurs) for (const entry of layout.entries) rmSync(join(path, entry), { recursive: true, force: true })
    folder.write(layout.marker, ["Written by countersign; may be written again.\n"])
    return folder
  }

  /**
   * Writes a file from pieces; `name` may lie in one folder below. Returns its size in bytes. The few files of the folder
   * itself are forced to the disk; thousands of small ones below it are not, each would wait for the disk.
   */
  write(name: string, pieces: Iterable<string | Uint8Array>): number {
    const target = join(this.path, name)
    const folder = dirname(target)
    if (folder !== this.path && !this.#made.has(folder)) {
      if (existing(folder) === undefined) mkdirSync(folder, { mode: 0o700 })
      this.#made.add(folder)
    }
    const partial = join(folder, `.${name.split("/").at(-1)}.partial`)
    let size = 0
    try {
      const file = openNew(partial)
      try {
        for (const bytes of batches(pieces)) size += writeAll(file, bytes)
        if (folder === this.path) fsyncSync(file)
      } finally {
        closeSync(file)
      }
      renameSync(partial, target)
    } catch (error) {
      rmSync(partial, { force: true })
      throw error
    }
    return size
  }
}

function existing(path: string): readonly string[] | undefined {
  try {
    if (!lstatSync(path).isDirectory())
      return refuse("out-no-folder", "Cannot write there: it is a file or a link", path, "Name a folder")
    return readdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}

/** O_EXCL: never through a link that somebody laid there. What an earlier run left half-written is removed. */
function openNew(path: string): number {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
  try {
    return openSync(path, flags, 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    rmSync(path)
    return openSync(path, flags, 0o600)
  }
}

/** Joins small pieces, so that a long list is not a system call a row. */
function* batches(pieces: Iterable<string | Uint8Array>): Generator<Uint8Array> {
  let texts: string[] = []
  let length = 0
  for (const piece of pieces) {
    if (typeof piece !== "string") {
      yield piece
      continue
    }
    texts.push(piece)
    length += piece.length
    if (length < 1 << 16) continue
    yield Buffer.from(texts.join(""))
    texts = []
    length = 0
  }
  if (texts.length > 0) yield Buffer.from(texts.join(""))
}

function writeAll(file: number, bytes: Uint8Array): number {
  let at = 0
  while (at < bytes.length) at += writeSync(file, bytes, at)
  return bytes.length
}
