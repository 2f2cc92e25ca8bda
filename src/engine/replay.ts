/**
 * Re-running blocks that others made: each is checked against the head it must follow, its transactions are decoded
 * and verified again, executed, and its results compared. Followers and the check of a stored chain both stand on it.
 */
import { assert } from "../base/assert.ts"
import { equalBytes } from "../base/bytes.ts"
import type { FinalBlock } from "../base/chain/block.ts"
import { Fault } from "../base/fault.ts"
import { type Application, type BlockResult, type Decoded, isOutcome, type SignatureJob } from "./engine.ts"
import { checkBlock, type Head, headAfter, headOf } from "./head.ts"

/** Whether each job's signature is good. */
export type Verify = (jobs: readonly SignatureJob[]) => Promise<readonly boolean[]>

/** A block that does not follow from the chain before it. Its source, or this node's disk, is wrong. */
export class BadBlock extends Fault {
  readonly height: number
  readonly reason: string

  constructor(height: number, reason: string, cause?: unknown) {
    super(`Cannot accept block ${height}: ${reason}`, { cause })
    this.height = height
    this.reason = reason
  }
}

export class Replay<T extends Decoded> {
  readonly #application: Application<T>
  readonly #verify: Verify
  #head: Head

  constructor(application: Application<T>, verify: Verify) {
    this.#application = application
    this.#verify = verify
    this.#head = headOf(application)
  }

  get head(): Head {
    return this.#head
  }

  /**
   * Executes the next block. Nothing is durable yet.
   *
   * @throws BadBlock, and then the state is as it was before, unless the results differ: then this application
   *   disagrees with the chain and must not go on.
   */
  async run(block: FinalBlock): Promise<BlockResult> {
    const height = this.#head.height + 1
    const reason = checkBlock(this.#application.chain, this.#head, block)
    if (reason !== undefined) throw new BadBlock(height, reason)
    const batches = await this.#decode(height, block.batches)
    assert(this.#head.height + 1 === height, "blocks are replayed one after the other")
    const result = this.#application.execute({
      height,
      time: block.header.time,
      previousTime: this.#head.time,
      batches,
    })
    if (!sameResults(block, result)) throw new BadBlock(height, "its results are not what its transactions give")
    this.#head = headAfter(block, result)
    return result
  }

  async #decode(height: number, batches: readonly Uint8Array[]): Promise<readonly (readonly T[])[]> {
    const decoded = batches.map((batch) => {
      const transactions = this.#application.decodeBatch(batch)
      if (transactions === undefined) throw new BadBlock(height, "a batch does not decode")
      return transactions.map((bytes) => {
        const transaction = this.#application.decode(bytes)
        if (isOutcome(transaction)) throw new BadBlock(height, "a batch holds a transaction that does not decode")
        return transaction
      })
    })
    const verdicts = await this.#verify(decoded.flat().flatMap(({ jobs }) => jobs))
    if (verdicts.includes(false)) throw new BadBlock(height, "a batch holds a signature that is not good")
    return decoded
  }
}

function sameResults(block: FinalBlock, { outcomes, resultRoots }: BlockResult): boolean {
  return (
    resultRoots.length === block.resultRoots.length &&
    resultRoots.every((root, i) => equalBytes(root, block.resultRoots[i]!)) &&
    outcomes.length === block.results.length &&
    outcomes.every((batch, i) =>
      equalBytes(
        Uint8Array.from(batch, ({ number }) => number),
        block.results[i]!,
      ),
    )
  )
}

/**
 * Checks a chain as stored, from the genesis on, by running it again.
 *
 * @param application - at the genesis; it executes but commits nothing.
 * @param stored - the block of a height; a Fault says that its bytes are damaged.
 * @param end - the last height, and the app hash that the stored state has after it.
 * @returns the first bad height and why, or undefined when every block is good.
 */
export async function firstBadBlock<T extends Decoded>(
  application: Application<T>,
  stored: (height: number) => FinalBlock | undefined,
  { height: last, appHash, verify }: { readonly height: number; readonly appHash: Uint8Array; readonly verify: Verify },
): Promise<{ readonly height: number; readonly reason: string } | undefined> {
  const replay = new Replay(application, verify)
  for (let height = 1; height <= last; height++) {
    try {
      const block = stored(height)
      if (block === undefined) return { height, reason: "it is missing" }
      await replay.run(block)
    } catch (error) {
      if (error instanceof BadBlock) return { height: error.height, reason: error.reason }
      if (error instanceof Fault) return { height, reason: error.message }
      throw error
    }
  }
  if (!equalBytes(replay.head.appHash, appHash))
    return { height: last, reason: "the stored state is not what it gives" }
  return undefined
}
