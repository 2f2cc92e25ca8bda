/**
 * Is what this disk holds still the chain that was agreed? Every stored block is checked, run again from the genesis
 * on a scratch state, and its end compared with the stored state. The node must be stopped.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { equalBytes } from "../base/bytes.ts"
import type { BlockBody } from "../base/chain/block.ts"
import { Fault } from "../base/fault.ts"
import { refuse } from "../base/refusal.ts"
import { SignaturePool, verifyAllJobs } from "../engine/signature-pool.ts"
import { genesisHash, isRejection, type Rejection } from "../ledger/index.ts"
import { ReadOnlyChain } from "../store/read-only-chain.ts"
import { LedgerApplication } from "./application.ts"
import { type BlocksToVerify, firstBadOf } from "./stored-bodies.ts"

export interface StoredChainCheck {
  /** Blocks that were checked: all of them when none is bad. */
  readonly height: number
  /** How many of them, the last, lack header and votes here: they were run, but nothing shows that they were agreed. */
  readonly unattached?: number
  /** The first bad height and why; absent when every block is good. */
  readonly bad?: { readonly height: number; readonly reason: string }
}

/**
 * Checks every stored block and, when all are good, that the stored rows are what they make.
 *
 * @param directory - the chain's own; opened for reading alone.
 * @returns a Rejection when the genesis file is not a good one.
 * @throws Fault when the directory cannot be opened at all: no block can be told from another then. Refused when the
 *   chain in it began with another genesis, or lacks its first blocks.
 */
export async function verifyStoredChain(
  directory: string,
  genesisFile: Uint8Array,
): Promise<StoredChainCheck | Rejection> {
  const stored = new ReadOnlyChain(directory)
  try {
    if (!equalBytes(stored.genesis, genesisHash(genesisFile)))
      refuse("genesis-other", "Cannot check chain: it began with another genesis", "genesis", "Give the chain's own")
    const { height, appHash, lowestHeight } = stored
    if (lowestHeight > 1) refusePruned(lowestHeight)
    const bodies = bodiesOf(stored)
    const check = await verifyBlocks(genesisFile, { height, appHash, block: (at) => stored.block(at), bodies })
    if (isRejection(check) || check.bad !== undefined || equalBytes(stored.appHashOfRows(), appHash)) return check
    return { height, bad: { height, reason: "the rows stored with it are not those that the blocks make" } }
  } finally {
    await stored.close()
  }
}

function refusePruned(lowestHeight: number): never {
  const message = `Cannot check chain: its blocks below ${lowestHeight} are not kept here`
  return refuse("chain-pruned", message, "chain", "Check it on a node that keeps all blocks")
}

/** The bodies above the last final block, as far as they can be read: one that cannot is missing. */
function bodiesOf(stored: ReadOnlyChain): readonly (BlockBody | undefined)[] {
  const readable = (height: number) => {
    try {
      return stored.body(height)
    } catch (error) {
      if (error instanceof Fault) return undefined
      throw error
    }
  }
  const { height, attachedHeight } = stored
  return Array.from({ length: height - attachedHeight }, (_, i) => readable(attachedHeight + 1 + i))
}

/** The same for blocks from anywhere, ending with a known app hash. */
export async function verifyBlocks(
  genesisFile: Uint8Array,
  chain: BlocksToVerify,
): Promise<StoredChainCheck | Rejection> {
  const scratch = mkdtempSync(join(tmpdir(), "countersign-check-"))
  const pool = new SignaturePool(undefined, {
    onProgress: () => undefined,
    onFailure: (cause) => {
      throw new Fault("Cannot check chain: a thread has failed", { cause })
    },
  })
  try {
    const application = await LedgerApplication.open(scratch, genesisFile)
    if (isRejection(application)) return application
    const bad = await firstBadOf(application, chain, (jobs) => verifyAllJobs(pool, jobs))
    await application.close()
    if (bad !== undefined) return { height: bad.height, bad }
    const unattached = chain.bodies?.length ?? 0
    return { height: chain.height, ...(unattached > 0 && { unattached }) }
  } finally {
    await pool.stop()
    rmSync(scratch, { recursive: true })
  }
}
