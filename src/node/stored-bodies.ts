/**
 * Running stored blocks again whose last ones lack header and votes: those came by consensus, were executed and made
 * durable, and the node was stopped before it had learnt their proofs. Nobody's word vouches for them on this disk,
 * but what they do to the state can still be compared.
 */
import { equalBytes } from "../base/bytes.ts"
import type { BlockBody, FinalBlock } from "../base/chain/block.ts"
import type { BlockTime } from "../base/chain/header.ts"
import { Fault } from "../base/fault.ts"
import { isOutcome } from "../engine/engine.ts"
import { BadBlock, Replay, type Verify } from "../engine/replay.ts"
import type { DecodedTransaction } from "../ledger/index.ts"
import type { LedgerApplication } from "./application.ts"

/** Blocks from anywhere, ending with a known app hash. */
export interface BlocksToVerify {
  /** Of the last block or body. */
  readonly height: number
  readonly appHash: Uint8Array
  readonly block: (height: number) => FinalBlock | undefined
  /** The last ones, where these are bodies alone; undefined for one that cannot be read. */
  readonly bodies?: readonly (BlockBody | undefined)[]
}

/**
 * Checks and runs all blocks, then the bodies, from the genesis.
 *
 * @param application - at the genesis; it executes but commits nothing.
 * @returns the first bad height and why; undefined when all are good.
 */
export async function firstBadOf(
  application: LedgerApplication,
  { height: last, appHash, block, bodies = [] }: BlocksToVerify,
  verify: Verify,
): Promise<{ readonly height: number; readonly reason: string } | undefined> {
  const replay = new Replay(application, verify)
  const attached = last - bodies.length
  let height = 1
  try {
    for (; height <= attached; height++) {
      const stored = block(height)
      if (stored === undefined) return { height, reason: "it is missing" }
      await replay.run(stored)
    }
    let previousTime = replay.head.time
    for (const body of bodies) {
      if (body === undefined) return { height, reason: "it is missing or damaged" }
      const reason = await runBody(application, body, { previousTime, verify })
      if (reason !== undefined) return { height, reason }
      previousTime = body.time
      height++
    }
  } catch (error) {
    if (error instanceof BadBlock) return { height: error.height, reason: error.reason }
    if (error instanceof Fault) return { height, reason: error.message }
    throw error
  }
  if (equalBytes(application.appHash, appHash)) return undefined
  return { height: last, reason: "the stored state is not what it gives" }
}

/** Executes a body. Returns why it is bad; undefined when its results are those that are stored. */
async function runBody(
  application: LedgerApplication,
  body: BlockBody,
  { previousTime, verify }: { readonly previousTime: BlockTime; readonly verify: Verify },
): Promise<string | undefined> {
  const batches: DecodedTransaction[][] = []
  for (const bytes of body.batches) {
    const decoded = (application.decodeBatch(bytes) ?? []).map((transaction) => application.decode(transaction))
    const batch = decoded.filter((transaction): transaction is DecodedTransaction => !isOutcome(transaction))
    if (batch.length === 0 || batch.length !== decoded.length) return "a batch does not decode"
    batches.push(batch)
  }
  const verdicts = await verify(batches.flat().flatMap(({ jobs }) => jobs))
  if (verdicts.includes(false)) return "a batch holds a signature that is not good"
  const { height, time } = body
  const { outcomes, resultRoots } = application.execute({ height, time, previousTime, batches })
  const same =
    resultRoots.length === body.resultRoots.length &&
    resultRoots.every((root, i) => equalBytes(root, body.resultRoots[i]!)) &&
    outcomes.every((batch, i) =>
      equalBytes(
        Uint8Array.from(batch, ({ number }) => number),
        body.results[i]!,
      ),
    )
  return same ? undefined : "its results are not what its transactions give"
}
