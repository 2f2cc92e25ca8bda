/**
 * Headers and votes for blocks that are durable here: CometBFT tells the application neither, so they are asked for
 * over its RPC, checked, and attached. Only then is a block final to the rest of the node.
 */
import { toHex } from "../../base/bytes.ts"
import type { BlockProof } from "../../base/chain/block.ts"
import { verifyCommit } from "../../base/chain/commit.ts"
import { headerHash } from "../../base/chain/header.ts"
import { type Validator, validatorsHash } from "../../base/chain/validators.ts"
import { Fault } from "../../base/fault.ts"
import type { CometRpc } from "./rpc.ts"

export class FinalitySource {
  readonly #chainId: string
  readonly #rpc: Pick<CometRpc, "commit" | "validators">
  /** Sets by their hash; few, since sets change by ballot. */
  readonly #sets = new Map<string, readonly Validator[]>()

  constructor(chainId: string, rpc: Pick<CometRpc, "commit" | "validators">) {
    this.#chainId = chainId
    this.#rpc = rpc
  }

  /**
   * The header of a block and the votes that made it final.
   *
   * @throws Fault `retryable` while CometBFT does not answer; else when its answer is of another block or not signed
   *   by two thirds: then the node must not go on.
   */
  async proofOf(height: number): Promise<BlockProof> {
    const { header, commit } = await this.#rpc.commit(height)
    const validators = await this.#setOf(header.validatorsHash, height)
    const nextValidators = await this.#setOf(header.nextValidatorsHash, height + 1)
    const same =
      header.chainId === this.#chainId &&
      header.height === height &&
      toHex(commit.blockId.hash) === toHex(headerHash(header))
    if (!same) throw new Fault(`Cannot take header ${height}: it is of another block`)
    const fault = verifyCommit(header, commit, validators)
    if (fault !== undefined) throw new Fault(`Cannot take header ${height}: its votes are not good (${fault})`)
    return { header, commit, validators, nextValidators }
  }

  async #setOf(hash: Uint8Array, height: number): Promise<readonly Validator[]> {
    const known = this.#sets.get(toHex(hash))
    if (known !== undefined) return known
    const set = await this.#rpc.validators(height)
    if (toHex(validatorsHash(set)) !== toHex(hash))
      throw new Fault(`Cannot take header ${height}: its validators are not known yet`, { retryable: true })
    this.#sets.set(toHex(hash), set)
    return set
  }
}
