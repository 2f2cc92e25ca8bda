/**
 * Is what this disk holds still the chain that was agreed? Every stored block is checked, run again from the genesis
 * on a scratch state, and its end compared with the stored state. The node must be stopped.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { equalBytes } from "../base/bytes.ts"
import type { FinalBlock } from "../base/chain/block.ts"
import { Fault } from "../base/fault.ts"
import { refuse } from "../base/refusal.ts"
import { firstBadBlock } from "../engine/replay.ts"
import { SignaturePool, verifyAllJobs } from "../engine/signature-pool.ts"
import { genesisHash, isRejection, type Rejection } from "../ledger/index.ts"
import { ReadOnlyChain } from "../store/read-only-chain.ts"
import { LedgerApplication } from "./application.ts"

export interface StoredChainCheck {
  /** Blocks that were checked: all of them when none is bad. */
  readonly height: number
  /** The first bad height and why; absent when every block is good. */
  readonly bad?: { readonly height: number; readonly reason: string }
}

/**
 * Checks every stored block and, when all are good, that the stored rows are what they make.
 *
 * @param directory - the chain's own; opened for reading alone.
 * @returns a Rejection when the genesis file is not a good one.
 * @throws Fault when the directory cannot be opened at all: no block can be told from another then. Refused when the
 *   chain in it began with another genesis.
 */
export async function verifyStoredChain(
  directory: string,
  genesisFile: Uint8Array,
): Promise<StoredChainCheck | Rejection> {
  const stored = new ReadOnlyChain(directory)
  try {
    if (!equalBytes(stored.genesis, genesisHash(genesisFile)))
      refuse("genesis-other", "Cannot check chain: it began with another genesis", "genesis", "Give the chain's own")
    const { height, appHash } = stored
    const check = await verifyBlocks(genesisFile, { height, appHash, block: (at) => stored.block(at) })
    if (isRejection(check) || check.bad !== undefined || equalBytes(stored.appHashOfRows(), appHash)) return check
    return { height, bad: { height, reason: "the rows stored with it are not those that the blocks make" } }
  } finally {
    await stored.close()
  }
}

/** The same for blocks from anywhere, ending with a known app hash. */
export async function verifyBlocks(
  genesisFile: Uint8Array,
  chain: {
    readonly height: number
    readonly appHash: Uint8Array
    readonly block: (height: number) => FinalBlock | undefined
  },
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
    const bad = await firstBadBlock(application, chain.block, {
      height: chain.height,
      appHash: chain.appHash,
      verify: (jobs) => verifyAllJobs(pool, jobs),
    })
    await application.close()
    return bad === undefined ? { height: chain.height } : { height: bad.height, bad }
  } finally {
    await pool.stop()
    rmSync(scratch, { recursive: true })
  }
}
