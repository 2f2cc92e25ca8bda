/**
 * Blocks by height, in the same environment as the state they made. Heights have no gaps. A block is kept whole, or as
 * a body to which its proof (header, votes, validator sets) is added later in a table of its own:
 *
 *   whole:  blocks[h] = FinalBlock                      body first:  blocks[h] = BlockBody, then proofs[h] = BlockProof
 */
import { assert } from "../base/assert.ts"
import { equalBytes } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import {
  type BlockBody,
  type BlockProof,
  blockBodyCodec,
  blockProofCodec,
  type FinalBlock,
  finalBlockCodec,
} from "../base/chain/block.ts"
import { compareTime, dataHash } from "../base/chain/header.ts"
import { Fault } from "../base/fault.ts"
import { type Codec, decodeAs, encodeAs } from "../base/schema.ts"
import { type Environment, openTable, openTableIfAny } from "./environment.ts"
import { Pieces } from "./pieces.ts"

/** The first byte of a body: the head of a CBOR array of its five fields. A whole block has seven. */
const bodyHead = 0x85

export class BlockLog {
  readonly #blocks: Pieces
  /** Absent in a store from before there were proofs, opened for reading. */
  readonly #proofs: Pieces | undefined

  constructor(environment: Environment) {
    this.#blocks = new Pieces(openTable(environment, "blocks"))
    const proofs = openTableIfAny(environment, "proofs")
    this.#proofs = proofs && new Pieces(proofs)
  }

  /** The bytes of a final block; undefined where there is none, or a body alone. As stored, when it is stored whole. */
  bytes(height: number): Uint8Array | undefined {
    const stored = this.#blocks.get(height)
    if (stored?.[0] !== bodyHead) return stored
    const block = this.get(height)
    return block && encodeAs(finalBlockCodec, block)
  }

  /**
   * A final block; undefined where there is none, or a body alone.
   *
   * @throws Fault when the stored bytes are not a block: the disk has changed them.
   */
  get(height: number): FinalBlock | undefined {
    const stored = this.#blocks.get(height)
    if (stored === undefined) return undefined
    if (stored[0] !== bodyHead) return decodeStored(finalBlockCodec, stored, height)
    const proof = this.#proofs?.get(height)
    if (proof === undefined) return undefined
    const { batches, resultRoots, results } = decodeStored(blockBodyCodec, stored, height)
    return { ...decodeStored(blockProofCodec, proof, height), batches, resultRoots, results }
  }

  /** What was executed at a height, with or without its proof. @throws Fault as `get`. */
  body(height: number): BlockBody | undefined {
    const stored = this.#blocks.get(height)
    if (stored?.[0] === bodyHead) return decodeStored(blockBodyCodec, stored, height)
    const block = stored && decodeStored(finalBlockCodec, stored, height)
    return block && bodyOf(block)
  }

  /** The lowest height whose block is kept; undefined when none is. */
  lowest(): number | undefined {
    return this.#blocks.lowest()
  }

  /** The last height up to which all bodies have their proofs, when `height` is the last of all. */
  attachedHeight(height: number): number {
    let attached = height
    while (attached > 0 && this.#isBodyAlone(attached)) attached--
    return attached
  }

  /** Inside a transaction of the environment only, as all that follows. */
  put(block: FinalBlock): void {
    this.#blocks.put(block.header.height, encodeAs(finalBlockCodec, block))
  }

  putBody(body: BlockBody): void {
    this.#blocks.put(body.height, encodeAs(blockBodyCodec, body))
  }

  putProof(proof: BlockProof): void {
    assert(this.#proofs !== undefined, "a store that is written to has a table of proofs")
    this.#proofs.put(proof.header.height, encodeAs(blockProofCodec, proof))
  }

  /** Returns a measure of the work: the pieces removed. */
  remove(height: number): number {
    return this.#blocks.remove(height) + (this.#proofs?.remove(height) ?? 0)
  }

  #isBodyAlone(height: number): boolean {
    return this.#blocks.get(height)?.[0] === bodyHead && this.#proofs?.has(height) !== true
  }
}

/** Whether a proof is of the block whose body this is. */
export function belongsTo({ header }: BlockProof, body: BlockBody): boolean {
  return (
    header.height === body.height &&
    compareTime(header.time, body.time) === 0 &&
    equalBytes(header.dataHash, dataHash(body.batches))
  )
}

function bodyOf({ header, batches, resultRoots, results }: FinalBlock): BlockBody {
  return { height: header.height, time: header.time, batches, resultRoots, results }
}

function decodeStored<T>(codec: Codec<T>, stored: Uint8Array, height: number): T {
  try {
    return decodeAs(codec, stored)
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause
    throw new Fault(`Cannot read block ${height}: its stored bytes are damaged`, { cause })
  }
}
