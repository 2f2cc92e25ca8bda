/**
 * A node's start key from a passphrase: scrypt (RFC 7914) with a salt of this directory's own. A wrong passphrase is
 * found out before anything in the directory is opened or written.
 */
import { createHmac, randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { Fault } from "../base/fault.ts"
import { refuse } from "../base/refusal.ts"
import { finishSwap } from "./start-key-swap.ts"

const derive = promisify<string, Uint8Array, number, ScryptOptions, Buffer>(scrypt)
/** 128 MiB and about half a second for each guess. */
const cost = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 }
const saltBytes = 16
/** Characters (after NFKC) of a passphrase that a new directory is begun with. */
const shortest = 12

const saltPath = (directory: string) => join(directory, "start-key.salt")
const keyCheckPath = (directory: string) => join(directory, "work", "key-check")

/**
 * The start key of a directory: 32 printable characters. The same passphrase typed on another keyboard gives the same
 * key (Unicode NFKC). A new directory gets its salt here.
 *
 * @throws Refused `start-key-wrong` when the directory was begun with another one, `start-key-salt` when its salt is
 * missing or damaged, `start-key-short` when a new directory would begin with a passphrase that is easily guessed.
 */
export async function startKeyFrom(passphrase: string, directory: string): Promise<string> {
  finishSwap(directory)
  const words = passphrase.normalize("NFKC")
  const key = await keyFrom(words, saltOf(directory, words))
  checkStartKey(directory, key)
  return key
}

async function keyFrom(words: string, salt: Uint8Array): Promise<string> {
  return (await derive(words, salt, 24, cost)).toString("base64url")
}

/** What a directory is to be opened with from now on. */
export interface NewStartKey {
  readonly startKey: string
  /** Of a start key that comes from a passphrase. */
  readonly salt?: Uint8Array
}

/** A start key from a passphrase and a fresh salt. @throws Refused `start-key-short` when it is easily guessed. */
export async function newStartKey(passphrase: string): Promise<NewStartKey> {
  const words = passphrase.normalize("NFKC")
  refuseShort(words)
  const salt = new Uint8Array(randomBytes(saltBytes))
  return { startKey: await keyFrom(words, salt), salt }
}

/**
 * Finishes a change of start key that a crash cut off, and writes nothing else.
 * @throws Refused `start-key-wrong` when the directory was begun with another start key.
 */
export function checkStartKey(directory: string, startKey: string): void {
  finishSwap(directory)
  const path = keyCheckPath(directory)
  if (!existsSync(path)) return
  // Salt and MAC, as the work store wrote them at the first start.
  const stored = readFileSync(path)
  const mac = createHmac("sha256", startKey).update(stored.subarray(0, 32)).digest()
  if (stored.length === 64 && timingSafeEqual(mac, stored.subarray(32))) return
  refuse(
    "start-key-wrong",
    "Cannot start node: the directory was begun with another start key or passphrase",
    "start key",
    "Give the one that this directory was begun with",
  )
}

function saltOf(directory: string, words: string): Uint8Array {
  const path = saltPath(directory)
  if (existsSync(path)) {
    const salt = readFileSync(path)
    if (salt.length === saltBytes) return salt
    return noSalt("is damaged")
  }
  // A new salt would give another key, and lock out the right passphrase.
  if (existsSync(join(directory, "work"))) return noSalt("is missing")
  refuseShort(words)
  const salt = randomBytes(saltBytes)
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    writeFileSync(path, salt, { mode: 0o600, flag: "wx", flush: true })
  } catch (cause) {
    throw new Fault(`Cannot write ${path}`, { cause })
  }
  return salt
}

function refuseShort(words: string): void {
  if (words.length >= shortest) return
  const message = `Cannot start node: a passphrase has at least ${shortest} characters`
  refuse("start-key-short", message, "passphrase", "Take a longer one")
}

function noSalt(what: string): never {
  return refuse(
    "start-key-salt",
    `Cannot start node: start-key.salt ${what}, and without it no passphrase gives the key`,
    "start-key.salt",
    "Restore that file from a backup",
  )
}
