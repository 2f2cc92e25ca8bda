/**
 * The head of a chain: what the next header must link to. The embedded engine makes its next block from it, a follower
 * checks the next block against it; so one file holds the rules of both.
 */
import { equalBytes } from "../base/bytes.ts"
import type { FinalBlock } from "../base/chain/block.ts"
import { commitHash, verifyCommit } from "../base/chain/commit.ts"
import {
  type BlockId,
  type BlockTime,
  compareTime,
  dataHash,
  type Header,
  headerHash,
  makeHeader,
  resultsHash,
} from "../base/chain/header.ts"
import { type Validator, validatorsHash } from "../base/chain/validators.ts"
import type { Application, BlockResult, ChainIdentity, Decoded } from "./engine.ts"

/** The block that the next one links to. */
interface LastBlock {
  readonly blockId: BlockId
  readonly commitHash: Uint8Array
  /**
   * Whether the next block must record exactly these votes. Of several validators, nodes may have seen others than the
   * ones recorded; any two thirds of them make the same block final.
   */
  readonly onlyVotes: boolean
}

export interface Head {
  readonly height: number
  /** The version that the next header must carry. */
  readonly nextProtocol: number
  /** The genesis time before the first block. */
  readonly time: BlockTime
  readonly last: LastBlock | undefined
  readonly appHash: Uint8Array
  readonly lastResultsHash: Uint8Array
  /** The sets that sign the next block and the one after it. */
  readonly validators: readonly Validator[]
  readonly nextValidators: readonly Validator[]
}

export function genesisHead({ protocol, genesisTime, genesisValidators }: ChainIdentity, appHash: Uint8Array): Head {
  return {
    height: 0,
    nextProtocol: protocol,
    time: genesisTime,
    last: undefined,
    appHash,
    lastResultsHash: resultsHash([]),
    validators: genesisValidators,
    nextValidators: genesisValidators,
  }
}

/** The head after a block whose execution gave `appHash`, the set `validators` and a version for the next. */
export function headAfter(
  block: FinalBlock,
  { appHash, validators, nextProtocol }: Pick<BlockResult, "appHash" | "validators" | "nextProtocol">,
): Head {
  return {
    height: block.header.height,
    nextProtocol: nextProtocol ?? block.header.protocol,
    time: block.header.time,
    last: {
      blockId: block.commit.blockId,
      commitHash: commitHash(block.commit),
      onlyVotes: block.validators.length === 1,
    },
    appHash,
    lastResultsHash: resultsHash(block.resultRoots),
    validators: block.nextValidators,
    nextValidators: validators,
  }
}

/** The head that an application stands at: its last durable block, or the genesis. */
export function headOf<T extends Decoded>(application: Application<T>): Head {
  const { nextProtocol } = application
  const next = nextProtocol === undefined ? {} : { nextProtocol }
  if (application.height === 0) return { ...genesisHead(application.chain, application.appHash), ...next }
  const block = application.block(application.height)
  if (block === undefined) throw new TypeError("Cannot find head: the application lacks its last block")
  return headAfter(block, { appHash: application.appHash, validators: application.validators(), ...next })
}

/** The header of the next block, in the embedded engine's form. */
export function nextHeader(
  chain: ChainIdentity,
  head: Head,
  {
    time,
    batches,
    proposer,
  }: { readonly time: BlockTime; readonly batches: readonly Uint8Array[]; readonly proposer: Uint8Array },
): Header {
  return makeHeader({
    chainId: chain.chainId,
    protocol: head.nextProtocol,
    height: head.height + 1,
    time,
    last: head.last,
    dataHash: dataHash(batches),
    validators: head.validators,
    nextValidators: head.nextValidators,
    appHash: head.appHash,
    lastResultsHash: head.lastResultsHash,
    proposer,
  })
}

/** Why a block does not follow a head; undefined when it does. Everything in it may come from an adversary. */
export function checkBlock(chain: ChainIdentity, head: Head, block: FinalBlock): string | undefined {
  const { header, commit, validators, nextValidators, batches } = block
  if (header.chainId !== chain.chainId) return "it is of another chain"
  if (header.height !== head.height + 1) return "its height does not follow"
  if (header.protocol !== head.nextProtocol) return "its protocol version is not that of the state"
  if (compareTime(header.time, head.time) < 0 || (head.last !== undefined && compareTime(header.time, head.time) === 0))
    return "its time does not rise"
  if (!sameLast(header, head)) return "it does not link to the block before"
  if (!equalBytes(header.appHash, head.appHash)) return "its app hash is not that of the state before it"
  if (!equalBytes(header.lastResultsHash, head.lastResultsHash))
    return "its results hash is not that of the block before"
  const set = validatorsHash(head.validators)
  if (!equalBytes(header.validatorsHash, set) || !equalBytes(validatorsHash(validators), set))
    return "its validators are not the ones agreed before"
  const nextSet = validatorsHash(head.nextValidators)
  if (!equalBytes(header.nextValidatorsHash, nextSet) || !equalBytes(validatorsHash(nextValidators), nextSet))
    return "its next validators are not those of the state"
  if (!equalBytes(header.dataHash, dataHash(batches))) return "its transactions are not those of its header"
  const fault = verifyCommit(header, commit, validators)
  return fault && `its commit is not good: ${fault}`
}

function sameLast(header: Header, { last }: Head): boolean {
  if (last === undefined || header.lastBlockId === undefined)
    return last === undefined && header.lastBlockId === undefined
  return (
    equalBytes(header.lastBlockId.hash, last.blockId.hash) &&
    header.lastBlockId.partsTotal === last.blockId.partsTotal &&
    equalBytes(header.lastBlockId.partsHash, last.blockId.partsHash) &&
    (!last.onlyVotes || equalBytes(header.lastCommitHash, last.commitHash))
  )
}

/** The hash by which blocks name each other. */
export function blockHash(block: FinalBlock): Uint8Array {
  return headerHash(block.header)
}
