/**
 * What the simulated validators have agreed on: blocks with real headers and votes, and what came of each. The first
 * node that executes a block says its results; every other must say the same.
 */
import assert from "node:assert/strict"
import { sign } from "#crypto"
import { equalBytes, toHex } from "../../src/base/bytes.ts"
import type { BlockProof } from "../../src/base/chain/block.ts"
import { type Commit, commitHash, flags, voteSignBytes } from "../../src/base/chain/commit.ts"
import {
  type BlockTime,
  compareTime,
  dataHash,
  embeddedBlockId,
  type Header,
  headerHash,
  makeHeader,
  resultsHash,
} from "../../src/base/chain/header.ts"
import { totalPower, type Validator, validatorAddress } from "../../src/base/chain/validators.ts"
import { timeAfter } from "../../src/engine/clock.ts"
import type { FinalizeBlockResponse } from "../../src/engine/comet/abci/messages.ts"
import type { Misbehavior } from "../../src/engine/comet/abci/parts.ts"
import type { ChainIdentity } from "../../src/engine/engine.ts"
import { updatedValidators } from "./validator-rules.ts"

export interface Proposal {
  readonly height: number
  readonly header: Header
  readonly hash: Uint8Array
  readonly txs: readonly Uint8Array[]
  readonly misbehavior: readonly Misbehavior[]
}

export interface DecidedBlock extends Proposal {
  readonly commit: Commit
}

export class DecidedChain {
  readonly blocks: DecidedBlock[] = []
  /** By height: the set that signs it. */
  readonly #sets = new Map<number, readonly Validator[]>()
  readonly #answers = new Map<number, FinalizeBlockResponse>()
  readonly #seeds: ReadonlyMap<string, Uint8Array>
  readonly #identity: ChainIdentity
  readonly #genesisAppHash: Uint8Array

  constructor(identity: ChainIdentity, genesisAppHash: Uint8Array, seeds: ReadonlyMap<string, Uint8Array>) {
    this.#identity = identity
    this.#genesisAppHash = genesisAppHash
    this.#seeds = seeds
    this.#sets.set(1, identity.genesisValidators).set(2, identity.genesisValidators)
  }

  get height(): number {
    return this.blocks.length
  }

  get time(): BlockTime {
    return this.blocks.at(-1)?.header.time ?? this.#identity.genesisTime
  }

  block(height: number): DecidedBlock {
    const block = this.blocks[height - 1]
    assert.ok(block !== undefined, `block ${height} was decided`)
    return block
  }

  validators(height: number): readonly Validator[] {
    const set = this.#sets.get(height)
    assert.ok(set !== undefined, `the validators of ${height} are known`)
    return set
  }

  /** After the block of a height; that of the genesis at 0. */
  appHash(height: number): Uint8Array {
    return height === 0 ? this.#genesisAppHash : this.answer(height).appHash
  }

  answer(height: number): FinalizeBlockResponse {
    const answer = this.#answers.get(height)
    assert.ok(answer !== undefined, `block ${height} was executed by somebody`)
    return answer
  }

  /** Whether somebody has executed the last block: only then can there be another. */
  get open(): boolean {
    return this.height === 0 || this.#answers.has(this.height)
  }

  propose(
    txs: readonly Uint8Array[],
    { proposer, now, misbehavior }: { proposer: Uint8Array; now: BlockTime; misbehavior: readonly Misbehavior[] },
  ): Proposal {
    const height = this.height + 1
    const last = this.blocks.at(-1)
    const before = height === 1 ? undefined : this.answer(height - 1)
    const header = makeHeader({
      chainId: this.#identity.chainId,
      protocol: this.#identity.protocol,
      height,
      time: timeAfter(this.time, now),
      last: last && { blockId: embeddedBlockId(last.header), commitHash: commitHash(last.commit) },
      dataHash: dataHash(txs),
      validators: this.validators(height),
      nextValidators: this.validators(height + 1),
      appHash: this.appHash(height - 1),
      lastResultsHash: resultsHash(before?.txResults.map(({ data }) => data) ?? []),
      proposer,
    })
    return { height, header, hash: headerHash(header), txs, misbehavior }
  }

  /** Whether these keys (hex) have more than two thirds of a height's power. */
  hasQuorum(height: number, keys: ReadonlySet<string>): boolean {
    const set = this.validators(height)
    const power = totalPower(set.filter(({ publicKey }) => keys.has(toHex(publicKey))))
    return power * 3 > totalPower(set) * 2
  }

  /** @param voters - public keys in hex; the others' votes are nil or never came. */
  decide(proposal: Proposal, round: number, voters: ReadonlySet<string>, nil: ReadonlySet<string>): DecidedBlock {
    assert.equal(proposal.height, this.height + 1)
    assert.ok(this.hasQuorum(proposal.height, voters))
    const { header } = proposal
    const { chainId } = this.#identity
    const blockId = embeddedBlockId(header)
    const signatures = this.validators(header.height).map(({ publicKey }): Commit["signatures"][number] => {
      const key = toHex(publicKey)
      const flag = voters.has(key) ? flags.commit : nil.has(key) ? flags.nil : flags.absent
      if (flag === flags.absent) return { flag }
      const { time, height } = header
      const message = voteSignBytes(chainId, {
        height,
        round,
        blockId: flag === flags.commit ? blockId : undefined,
        time,
      })
      return { flag, address: validatorAddress(publicKey), time, signature: sign(this.#seeds.get(key)!, message) }
    })
    const block = { ...proposal, commit: { height: header.height, round, blockId, signatures } }
    this.blocks.push(block)
    return block
  }

  proof(height: number): BlockProof {
    const { header, commit } = this.block(height)
    return { header, commit, validators: this.validators(height), nextValidators: this.validators(height + 1) }
  }

  /** A node's answer to FinalizeBlock. */
  record(height: number, answer: FinalizeBlockResponse, who: string): void {
    const { txs } = this.block(height)
    assert.equal(answer.txResults.length, txs.length, `${who}: one result a transaction at ${height}`)
    const known = this.#answers.get(height)
    if (known === undefined) {
      this.#answers.set(height, answer)
      this.#sets.set(height + 2, updatedValidators(this.validators(height + 1), answer.validatorUpdates))
      return
    }
    assert.ok(equalBytes(known.appHash, answer.appHash), `${who}: another app hash at ${height}`)
    assert.deepEqual(answer.txResults, known.txResults, `${who}: other results at ${height}`)
    assert.deepEqual(answer.validatorUpdates, known.validatorUpdates, `${who}: other validators at ${height}`)
    assert.deepEqual(answer.consensusParamUpdates, known.consensusParamUpdates, `${who}: other parameters at ${height}`)
  }

  /** Headers rise in time. */
  assertTimes(): void {
    for (const [i, { header }] of this.blocks.entries())
      if (i > 0) assert.ok(compareTime(header.time, this.blocks[i - 1]!.header.time) > 0)
  }
}
