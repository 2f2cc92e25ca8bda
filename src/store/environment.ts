/** Opening LMDB the one way this package uses it: raw bytes, and a commit that is on disk when it resolves. */
import { mkdirSync } from "node:fs"
import { type Database, open, type RootDatabase } from "lmdb"
import { Fault } from "../base/fault.ts"

export type Bytes = Database<Uint8Array, Uint8Array>
export type Environment = RootDatabase<Uint8Array, Uint8Array>

export interface EnvironmentOptions {
  /** Exactly 32 ASCII characters; pages are then encrypted with it. */
  readonly encryptionKey?: string
  /** Neither the directory nor a table in it is made, and nothing can be written. */
  readonly readOnly?: boolean
}

/** @throws Fault when the directory or the files in it cannot be opened. */
export function openEnvironment(directory: string, options: EnvironmentOptions = {}): Environment {
  try {
    if (options.readOnly !== true) mkdirSync(directory, { recursive: true, mode: 0o700 })
    return open<Uint8Array, Uint8Array>({
      path: directory,
      // A path with a dot in its last part would otherwise be taken for a file.
      noSubdir: false,
      encoding: "binary",
      keyEncoding: "binary",
      cache: false,
      maxDbs: 8,
      // On by default, and then a commit resolves before it is on disk.
      overlappingSync: false,
      ...options,
    })
  } catch (cause) {
    throw new Fault(`Cannot open the store in ${directory}`, { cause })
  }
}

export function openTable(environment: Environment, name: string): Bytes {
  return environment.openDB(name, { encoding: "binary", keyEncoding: "binary", cache: false })
}

/** In an environment opened for reading alone, a table that was never made is undefined. */
export function openTableIfAny(environment: Environment, name: string): Bytes | undefined {
  return openTable(environment, name) as Bytes | undefined
}

/** What LMDB hands out, as a plain byte array of its own memory. */
export function owned(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes)
}
