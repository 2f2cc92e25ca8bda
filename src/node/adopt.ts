/**
 * Going on with the chain that carries on this node's own: what every organization does after a move, on its own stopped
 * node, with its own copy of the old chain as the only witness.
 *
 *   own copy, at its last block ──made again──▶ the genesis that this copy gives ══ byte for byte ══ the file received
 *
 * So nobody can slip a row into the new chain, or leave one out: whoever made the file could choose nothing but its name
 * and its validators, and those are said to whoever adopts it. Work, keys and vault stay as they are.
 */
import { existsSync, renameSync } from "node:fs"
import { join } from "node:path"
import { publicKeyOf } from "#crypto"
import { equalBytes, toHex } from "../base/bytes.ts"
import { headerHash } from "../base/chain/header.ts"
import { refuse } from "../base/refusal.ts"
import { decodeGenesis, type Genesis } from "../ledger/constitution/genesis.ts"
import { successorGenesis } from "../ledger/constitution/successor.ts"
import { isRejection, type Rejection } from "../ledger/rejection.ts"
import { type RowOf, type TableName, tableNames } from "../ledger/rows.ts"
import { openTables } from "../ledger/state.ts"
import { processesWith } from "../store/in-use.ts"
import { holdsStore } from "../store/read-only-chain.ts"
import { WorkStore } from "../store/work-store.ts"
import { LedgerApplication } from "./application.ts"
import type { Founding } from "./block-source.ts"
import { lastHeaderOf } from "./move.ts"
import { checkStartKey } from "./start-key.ts"
import { Work } from "./work.ts"

export interface AdoptedValidator {
  readonly organization: number
  /** Ed25519 public key, 32 bytes. */
  readonly key: Uint8Array
  readonly power: number
  /** Whether it is the key with which this node itself would sign blocks. */
  readonly own: boolean
}

export interface Adopted {
  readonly chainId: string
  readonly former: string
  /** The old chain's last block, here and in the new genesis. */
  readonly pinned: { readonly height: number; readonly header: Uint8Array }
  /** Where the old chain's ledger lies from now on. */
  readonly archive: string
  readonly validators: readonly AdoptedValidator[]
  readonly rows: number
}

export interface AdoptOrder {
  /** The stopped node's own. */
  readonly directory: string
  readonly startKey: string
  /** The new chain's genesis file, from whoever made the move. */
  readonly genesis: Uint8Array
}

const ask = "Ask whoever moves the chain for the genesis of its last block"

function orRefuse<T extends object>(value: T | Rejection, remedy: string): T {
  return isRejection(value) ? refuse(value.code, value.message, "genesis", remedy) : value
}

/** @throws Refused `node-running` while a process has this node's ledger or work open. */
export async function demandStopped(directory: string, startKey?: string): Promise<void> {
  const places = [directory, join(directory, "ledger")].map((place) => processesWith(place))
  if (startKey !== undefined) places.push(processesWith(join(directory, "work", "data"), startKey))
  const [id] = (await Promise.all(places)).flat()
  if (id === undefined) return
  const message = `Cannot move chain: process ${id} has this directory open`
  refuse("node-running", message, directory, "Stop the node first")
}

function pinnedBy(genesis: Genesis): NonNullable<RowOf<"chain">["pinned"]> {
  return (
    genesis.chain.pinned ??
    refuse("not-a-successor", "Cannot adopt chain: its genesis carries on no other chain", "genesis", ask)
  )
}

/** Tables in which two states differ, for people to look at. */
function differingTables(received: Genesis, own: Genesis): readonly TableName[] {
  const rowsOf = ({ state }: Genesis, name: TableName) =>
    [...state.rows(name)].map(([key, value]) => `${toHex(key)} ${toHex(value)}`).join()
  return tableNames.filter((name) => rowsOf(received, name) !== rowsOf(own, name))
}

function refuseFalse(received: Genesis, file: Uint8Array): never {
  const own = orRefuse(decodeGenesis(file), ask)
  const tables = differingTables(received, own)
  const where = tables.length === 0 ? "its form" : tables.join(", ")
  return refuse("successor-false", `Cannot adopt chain: its state is not that of this copy: ${where}`, "genesis", ask)
}

/** This copy must end where the new chain begins: neither may have a block that the other does not know of. */
function checkEnd(application: LedgerApplication, { height, header }: { height: number; header: Uint8Array }) {
  if (application.height < height) {
    const message = `Cannot adopt chain: this copy ends at block ${application.height}, the old chain at ${height}`
    return refuse("copy-behind", message, "ledger", "Start this node beside the old chain's others until it has it all")
  }
  if (application.height > height) {
    const message = `Cannot adopt chain: it carries on block ${height}, and this copy goes on to ${application.height}`
    return refuse("copy-ahead", message, "genesis", ask)
  }
  const last = lastHeaderOf(application)
  if (!equalBytes(headerHash(last), header))
    return refuse(
      "successor-other",
      "Cannot adopt chain: it carries on another last block than this copy's",
      "genesis",
      ask,
    )
  return last
}

/**
 * Checks that a genesis is made of nothing but this copy of the old chain, a name and a set of validators.
 *
 * @param ledger - the old chain's store; nothing in it is changed.
 * @throws Refused with what is different.
 */
export async function checkSuccessor(ledger: string, formerGenesis: Uint8Array, file: Uint8Array): Promise<Genesis> {
  const received = orRefuse(decodeGenesis(file), ask)
  const pinned = pinnedBy(received)
  const opened = await LedgerApplication.open(ledger, formerGenesis)
  const application = orRefuse(opened, "Restore this node from its backup")
  try {
    if (application.chain.chainId !== pinned.chainId)
      refuse("successor-other", `Cannot adopt chain: it carries on ${pinned.chainId}, not this one`, "genesis", ask)
    const lastHeader = checkEnd(application, pinned)
    const validators = [...openTables(received.state).validators.rows()]
    const { state, appHash } = application
    const own = orRefuse(
      successorGenesis({ state, appHash }, { chainId: received.chainId, lastHeader, validators }),
      ask,
    )
    return equalBytes(own, file) ? received : refuseFalse(received, own)
  } finally {
    await application.close()
  }
}

/** As a directory may be called: an id with other signs stands in hex. */
function archiveName(kind: "ledger" | "engine", chainId: string): string {
  return `${kind}-${/^[a-zA-Z0-9._-]+$/.test(chainId) ? chainId : Buffer.from(chainId).toString("hex")}`
}

/**
 * Makes the node go on with the new chain at its next start. Done again, as after a crash halfway, it ends the same.
 *
 * @throws Refused while the node runs, with another start key, or where the genesis is not what this copy gives.
 */
export async function adoptSuccessor({ directory, startKey, genesis }: AdoptOrder): Promise<Adopted> {
  checkStartKey(directory, startKey)
  await demandStopped(directory, startKey)
  process.umask(0o077)
  const store = new WorkStore(join(directory, "work"), startKey)
  try {
    return await adopt(new Work(store, startKey), directory, genesis)
  } finally {
    await store.close()
  }
}

async function adopt(work: Work, directory: string, file: Uint8Array): Promise<Adopted> {
  const founding = work.get<Founding>("founding", "genesis")
  if (founding === undefined)
    return refuse(
      "not-founded",
      "Cannot adopt chain: this directory has none to carry on",
      directory,
      "Join the new one",
    )
  const again = equalBytes(founding.genesis, file) && founding.former !== undefined
  const formerGenesis = again ? founding.former! : founding.genesis
  const former = orRefuse(decodeGenesis(formerGenesis), "Restore this node from its backup")
  const [ledger, archive] = [join(directory, "ledger"), join(directory, archiveName("ledger", former.chainId))]
  const received = await checkSuccessor(holdsStore(archive) ? archive : ledger, formerGenesis, file)
  const pinned = pinnedBy(received)
  const validators = validatorsOf(received, work)
  if (!again) {
    const operator = validators.length === 1 ? validators[0]!.organization : 0
    // The one step that decides. A node that started between it and the next would find the old ledger, and stop.
    await work.put("founding", "genesis", { genesis: file, start: pinned.seconds, operator, former: formerGenesis })
  }
  setAside(ledger, archive)
  // What a validator signed last is of the old chain's heights.
  setAside(join(directory, "engine"), join(directory, archiveName("engine", former.chainId)))
  const { height, header } = pinned
  const { chainId, state } = received
  const rows = tableNames.reduce((sum, name) => sum + [...state.rows(name)].length, 0)
  return { chainId, former: former.chainId, pinned: { height, header }, archive, validators, rows }
}

/** Once: what stands at the old place after that belongs to the new chain. */
function setAside(from: string, to: string): void {
  if (existsSync(from) && !existsSync(to)) renameSync(from, to)
}

function validatorsOf({ state }: Genesis, work: Work): readonly AdoptedValidator[] {
  const seed = work.get<Uint8Array>("seeds", "validator")
  const mine = seed && publicKeyOf(seed)
  return [...openTables(state).validators.rows()].map(([{ key }, { org, power }]) => {
    const publicKey = key.subarray(1)
    return { organization: org, key: publicKey, power, own: mine !== undefined && equalBytes(mine, publicKey) }
  })
}
