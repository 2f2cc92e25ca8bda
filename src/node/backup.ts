/**
 * Backup and restore of a node's directory: `ledger`, `engine`, `work`, `vault`. The application is copied before the
 * engine's home, since an engine replays blocks to an application that is behind and can do nothing for one that is
 * ahead; work before vault, so that every blob that work names is there.
 *
 * What a validator signed last (`priv_validator_state.json`) is never copied: restored from a backup it would be older
 * than the truth, and the validator could sign a height twice. A restored node has no vote until its key is changed.
 */
import { randomBytes } from "node:crypto"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { mkdir, rename, rm } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { equalBytes, toHex } from "../base/bytes.ts"
import { Fault } from "../base/fault.ts"
import { refuse } from "../base/refusal.ts"
import { backupStore } from "../store/backup.ts"
import { syncPath, writeDurably } from "../store/durable-files.ts"
import { holdsStore, ReadOnlyChain } from "../store/read-only-chain.ts"
import { copyDurably, copyFolder, copyListed, writeSums } from "./backup-files.ts"
import { checkStartKey } from "./start-key.ts"

/** `absent`: the node takes no part in consensus. `left-out`: it does, and its engine was running. */
type EnginePart = "absent" | "left-out" | "copied"

interface Manifest {
  readonly format: 1
  /** Of the ledger; 0 and empty in a node that has no chain yet. */
  readonly height: number
  readonly appHash: string
  readonly engine: EnginePart
}

export interface Backup {
  /** Last block whose state is in it; 0 where there is no ledger. */
  readonly height: number
  readonly engine: EnginePart
}

export interface Restored {
  /** Last block of the ledger that was restored; undefined when the node must get its chain from the others. */
  readonly height: number | undefined
  /** False for a validator: it signs nothing until its key is changed and `engine/home/data` is emptied of its state. */
  readonly mayVote: boolean
}

const manifestName = "backup.json"
/** Beside the folders: what the start key is made with, the settings, what was told to others. */
const besides = ["start-key.salt", "countersign.yaml", "identity.json"]
const engineHome = join("engine", "home")
const signedLast = join("data", "priv_validator_state.json")
/** CometBFT signs only above the height it signed last; above this one there is none. */
const signsNothing = '{"height":"9223372036854775807","round":0,"step":3}\n'

/**
 * Copies a node's directory while the node runs.
 *
 * @param directory - the node's own.
 * @param to - absent, or an empty directory; it appears when all of it is on disk.
 * @param startKey - what opens the directory.
 * @param engineStopped - whether its CometBFT is stopped: only then is the engine's home a whole, and copied.
 * @throws Refused when the start key is another, or `to` holds something. Fault when a disk refuses.
 */
export async function backupNode(
  directory: string,
  to: string,
  { startKey, engineStopped = false }: { readonly startKey: string; readonly engineStopped?: boolean },
): Promise<Backup> {
  if (!existsSync(join(directory, "work")))
    refuse("backup-no-node", "Cannot back up: no node lies in this directory", directory, "Name a node's directory")
  checkStartKey(directory, startKey)
  return appearing(to, "backup-not-empty", async (copy) => {
    const head = await backupLedger(join(directory, "ledger"), join(copy, "ledger"))
    const engine = await backupEngine(directory, copy, engineStopped)
    await mkdir(join(copy, "work"), { mode: 0o700 })
    await copyDurably(join(directory, "work", "key-check"), join(copy, "work", "key-check"))
    await backupStore(join(directory, "work", "data"), join(copy, "work", "data"), { encryptionKey: startKey })
    await copyFolder(join(directory, "vault"), join(copy, "vault"), isVaultFile)
    for (const name of besides)
      if (existsSync(join(directory, name))) await copyDurably(join(directory, name), join(copy, name))
    const manifest: Manifest = { format: 1, ...head, engine }
    await writeDurably(join(copy, manifestName), Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`))
    await writeSums(copy)
    return { height: head.height, engine }
  })
}

/**
 * Makes a node's directory from a backup.
 *
 * The ledger of a node that takes part in consensus comes back only together with its engine's home: an engine that
 * begins anew cannot start beside a state that is ahead of it. Without, the node gets its chain from the others.
 *
 * @param directory - absent, or an empty directory; it appears when all of it is on disk.
 * @throws Refused when `from` is no backup, or `directory` holds something. Fault when the backup is damaged or a disk
 *   refuses.
 */
export async function restoreNode(from: string, directory: string): Promise<Restored> {
  const manifest = readManifest(from)
  return appearing(directory, "restore-not-empty", async (copy) => {
    const withLedger = manifest.engine !== "left-out" && existsSync(join(from, "ledger"))
    const leftOut = [manifestName, join(engineHome, signedLast)]
    await copyListed(from, copy, (path) => !leftOut.includes(path) && (withLedger || !path.startsWith("ledger/")))
    if (withLedger) await checkLedger(join(copy, "ledger"), manifest)
    if (manifest.engine === "absent") return { height: withLedger ? manifest.height : 0, mayVote: true }
    await mkdir(join(copy, engineHome, "data"), { recursive: true, mode: 0o700 })
    await writeDurably(join(copy, engineHome, signedLast), Buffer.from(signsNothing))
    await syncPath(join(copy, engineHome, "data"))
    return { height: withLedger ? manifest.height : undefined, mayVote: false }
  })
}

async function backupLedger(ledger: string, to: string): Promise<Pick<Manifest, "height" | "appHash">> {
  if (!holdsStore(ledger)) return { height: 0, appHash: "" }
  await backupStore(ledger, to)
  const copied = new ReadOnlyChain(to)
  try {
    return { height: copied.height, appHash: toHex(copied.appHash) }
  } finally {
    await copied.close()
    await rm(join(to, "lock.mdb"), { force: true })
  }
}

/** @throws Fault unless the rows are those that the backup was made of. */
async function checkLedger(ledger: string, { height, appHash }: Manifest): Promise<void> {
  const chain = new ReadOnlyChain(ledger)
  try {
    const good =
      chain.height === height && toHex(chain.appHash) === appHash && equalBytes(chain.appHashOfRows(), chain.appHash)
    if (!good) throw new Fault("Cannot restore node: the backup's ledger is damaged")
  } finally {
    await chain.close()
  }
}

async function backupEngine(directory: string, copy: string, engineStopped: boolean): Promise<EnginePart> {
  if (!existsSync(join(directory, engineHome))) return "absent"
  if (!engineStopped) return "left-out"
  await copyFolder(join(directory, engineHome), join(copy, engineHome), isEngineFile)
  return "copied"
}

const isEngineFile = (path: string) => path !== signedLast
/** A blob that is being written has a name of its own until it is whole. */
const isVaultFile = (path: string) => !path.endsWith(".unfinished")

function readManifest(from: string): Manifest {
  const no = (why: string) => refuse("backup-unknown", `Cannot restore node: ${why}`, from, "Name a backup's directory")
  if (!existsSync(join(from, manifestName))) return no("no backup lies in this directory")
  try {
    const manifest = JSON.parse(readFileSync(join(from, manifestName), "utf8")) as Partial<Manifest> | null
    const { format, height, appHash, engine } = manifest ?? {}
    if (format === 1 && typeof height === "number" && typeof appHash === "string" && engine !== undefined)
      return { format, height, appHash, engine }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return no("the backup is of another format")
}

/** Lets a directory be made beside its place, and puts it there when it is whole; removes it when that fails. */
async function appearing<T>(place: string, code: string, make: (unfinished: string) => Promise<T>): Promise<T> {
  const target = resolve(place)
  if (existsSync(target) && readdirSync(target).length > 0)
    refuse(code, "Cannot write there: the directory is not empty", place, "Name a new or an empty directory")
  const unfinished = `${target}.${randomBytes(4).toString("hex")}.unfinished`
  await mkdir(unfinished, { recursive: true, mode: 0o700 })
  try {
    const made = await make(unfinished)
    await syncPath(unfinished)
    await rename(unfinished, target)
    await syncPath(dirname(target))
    return made
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
}
