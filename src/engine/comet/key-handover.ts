/**
 * Hands the two private keys to a starting CometBFT without a key ever being on a disk. CometBFT reads each key file
 * once, at its start, whole. Each "file" is a named pipe in a directory of its own; whoever opens it for reading gets
 * the key from memory. Pipes and directory are removed right after. A CometBFT started by hand finds neither: it would
 * make a fresh key and save it, and cannot, since the directory is not there.
 */
import { execFile } from "node:child_process"
import { closeSync, constants, mkdirSync, openSync, readdirSync, rmdirSync, unlinkSync, writeSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"
import { publicKeyOf } from "#crypto"
import { assert } from "../../base/assert.ts"
import { concat, toHex } from "../../base/bytes.ts"
import { validatorAddress } from "../../base/chain/validators.ts"
import { Fault } from "../../base/fault.ts"

/** As the configuration names them, below the home directory. */
const directory = "handover"
export const validatorKeyFile = `${directory}/validator.json`
export const nodeKeyFile = `${directory}/node.json`

/** Ed25519 seeds, 32 bytes each. */
export interface CometKeys {
  readonly validatorSeed: Uint8Array
  readonly nodeSeed: Uint8Array
}

const run = promisify(execFile)
const lookEachMs = 5

function privateKey(seed: Uint8Array) {
  assert(seed.length === 32, "an Ed25519 seed is 32 bytes")
  const secret = Buffer.from(concat(seed, publicKeyOf(seed)))
  return { type: "tendermint/PrivKeyEd25519", value: secret.toString("base64") }
}

function validatorKey(seed: Uint8Array): Buffer {
  const publicKey = publicKeyOf(seed)
  const document = {
    address: toHex(validatorAddress(publicKey)).toUpperCase(),
    pub_key: { type: "tendermint/PubKeyEd25519", value: Buffer.from(publicKey).toString("base64") },
    priv_key: privateKey(seed),
  }
  return Buffer.from(JSON.stringify(document))
}

const nodeKey = (seed: Uint8Array) => Buffer.from(JSON.stringify({ priv_key: privateKey(seed) }))

/** A descriptor to write with, undefined while nobody has the pipe open for reading. Never waits. */
function openForReader(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENXIO") return undefined
    throw error
  }
}

/**
 * Removes what an earlier start left. A CometBFT whose parent was killed may still wait on a pipe, and would for ever:
 * opening and closing it hands it an empty key, on which it exits.
 */
function removePipes(home: string): void {
  const folder = join(home, directory)
  let names: readonly string[]
  try {
    names = readdirSync(folder)
  } catch {
    return
  }
  for (const name of names) {
    const path = join(folder, name)
    const descriptor = openForReader(path)
    if (descriptor !== undefined) closeSync(descriptor)
    unlinkSync(path)
  }
  rmdirSync(folder)
}

export class KeyHandover {
  readonly #home: string

  private constructor(home: string) {
    this.#home = home
  }

  /** Makes the pipes. Call before the process starts: it takes a missing file for a key to be made. */
  static async prepare(home: string): Promise<KeyHandover> {
    removePipes(home)
    mkdirSync(join(home, directory), { mode: 0o700 })
    const paths = [validatorKeyFile, nodeKeyFile].map((name) => join(home, name))
    await run("mkfifo", ["-m", "600", ...paths]).catch((cause: unknown) => {
      throw new Fault("Cannot hand keys to CometBFT: no named pipe can be made", { retryable: true, cause })
    })
    return new KeyHandover(home)
  }

  /** Resolves with true once both keys were read, with false when `signal` aborts first. The pipes are gone then. */
  async serve(keys: CometKeys, signal: AbortSignal): Promise<boolean> {
    const waiting = new Map([
      [join(this.#home, validatorKeyFile), validatorKey(keys.validatorSeed)],
      [join(this.#home, nodeKeyFile), nodeKey(keys.nodeSeed)],
    ])
    try {
      while (waiting.size > 0 && !signal.aborted) {
        for (const [path, document] of waiting) if (give(path, document)) waiting.delete(path)
        if (waiting.size > 0) await sleep(lookEachMs)
      }
      return waiting.size === 0
    } finally {
      for (const document of waiting.values()) document.fill(0)
      removePipes(this.#home)
    }
  }
}

/** Whether somebody was there to read. A key is shorter than what a pipe takes at once, so writing never waits. */
function give(path: string, document: Buffer): boolean {
  const descriptor = openForReader(path)
  if (descriptor === undefined) return false
  try {
    assert(document.length < 512, "a pipe takes a key at once")
    writeSync(descriptor, document)
    document.fill(0)
    return true
  } catch (error) {
    // The reader died between our two calls: its exit is seen elsewhere.
    if ((error as NodeJS.ErrnoException).code === "EPIPE") return false
    throw error
  } finally {
    closeSync(descriptor)
  }
}
