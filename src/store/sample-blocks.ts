/** A chain of signed blocks for the store's tests: one validator, replaced by another at the heights that are given. */
import { publicKeyOf, sha256 } from "#crypto"
import { encode } from "../base/cbor.ts"
import type { BlockBody, BlockProof, FinalBlock } from "../base/chain/block.ts"
import { signCommit } from "../base/chain/commit.ts"
import { dataHash, embeddedBlockId, makeHeader, resultsHash } from "../base/chain/header.ts"
import type { StateStore } from "./state-store.ts"

const seedOf = (n: number) => sha256(Uint8Array.of(9, n))
const setOf = (n: number) => [{ publicKey: publicKeyOf(seedOf(n)), power: 1 }]

export class SampleBlocks {
  readonly blocks: FinalBlock[] = []
  readonly #changes: ReadonlySet<number>
  #validator = 0

  /** @param changes - heights of the blocks after which another validator signs. */
  constructor(changes: readonly number[] = []) {
    this.#changes = new Set(changes)
  }

  /** The next block, with a batch of `bytes` bytes. */
  next(bytes = 100): FinalBlock {
    const height = this.blocks.length + 1
    const last = this.blocks.at(-1)
    const validators = setOf(this.#validator)
    const seed = seedOf(this.#validator)
    if (this.#changes.has(height)) this.#validator++
    const nextValidators = setOf(this.#validator)
    const batches = [new Uint8Array(bytes).fill(height)]
    const header = makeHeader({
      chainId: "sample-1",
      protocol: 1,
      height,
      time: { seconds: 1_776_000_000 + height, nanos: height },
      last: last && { blockId: embeddedBlockId(last.header), commitHash: sha256(encode([height])) },
      dataHash: dataHash(batches),
      validators,
      nextValidators,
      appHash: sha256(encode([height])),
      lastResultsHash: resultsHash([]),
      proposer: publicKeyOf(seed),
    })
    const commit = signCommit(seed, "sample-1", header)
    const resultRoots = [sha256(Uint8Array.of(height))]
    const results = [Uint8Array.of(height % 3)]
    const block = { header, commit, validators, nextValidators, batches, resultRoots, results }
    this.blocks.push(block)
    return block
  }
}

export function bodyOf({ header, batches, resultRoots, results }: FinalBlock): BlockBody {
  return { height: header.height, time: header.time, batches, resultRoots, results }
}

export function proofOf({ header, commit, validators, nextValidators }: FinalBlock): BlockProof {
  return { header, commit, validators, nextValidators }
}

/** Puts a row and commits it with the next block: whole, or its body and then its proof. */
export async function addBlock(store: StateStore, chain: SampleBlocks, way: "whole" | "body" | "attached") {
  const block = chain.next()
  store.put("rows", encode([block.header.height]), encode([block.header.height * 7]))
  store.seal()
  if (way === "whole") await store.commit([block])
  else await store.commitBody(bodyOf(block))
  if (way === "attached") await store.attach(proofOf(block))
  return block
}
