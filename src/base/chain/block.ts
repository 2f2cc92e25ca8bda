/**
 * A block as it is kept and carried: what was agreed, who signed it, and the roots of what came of it. Engines make
 * it, the store keeps it, followers fetch it, receipts are cut from it.
 */
import { b32, bytes, type Codec, list, struct, uint } from "../schema.ts"
import { type Commit, commitCodec } from "./commit.ts"
import { type BlockTime, type Header, headerCodec, timeCodec } from "./header.ts"
import { type Validator, validatorsCodec } from "./validators.ts"

export interface FinalBlock {
  readonly header: Header
  /** The votes that made this header final. */
  readonly commit: Commit
  /** The set that signed this block, and the one that signs the next. */
  readonly validators: readonly Validator[]
  readonly nextValidators: readonly Validator[]
  /** Consensus transactions as agreed, byte for byte. */
  readonly batches: readonly Uint8Array[]
  /** One a batch: the Merkle root of its results. They enter the next header. */
  readonly resultRoots: readonly Uint8Array[]
  /** One a batch, one byte a transaction: 0 applied, else the rejection's number. What the roots are made of. */
  readonly results: readonly Uint8Array[]
}

/** What a node knows of a block when it executes it: all but the header and the votes, which may come later. */
export interface BlockBody extends Pick<FinalBlock, "batches" | "resultRoots" | "results"> {
  /** From 1. */
  readonly height: number
  /** The header's. */
  readonly time: BlockTime
}

/** What makes a body a final block. */
export type BlockProof = Pick<FinalBlock, "header" | "commit" | "validators" | "nextValidators">

/** A change of validators: the set so far signed a header that names the hash of the next set. */
export interface ValidatorHandover {
  readonly header: Header
  readonly commit: Commit
  /** The set whose hash is the header's `nextValidatorsHash`. */
  readonly validators: readonly Validator[]
}

const maxBatches = 4096

const proofFields = {
  header: headerCodec,
  commit: commitCodec,
  validators: validatorsCodec,
  nextValidators: validatorsCodec,
}
const contentFields = {
  batches: list(bytes(0, 1 << 24), 0, maxBatches),
  resultRoots: list(b32, 0, maxBatches),
  results: list(bytes(0, 65536), 0, maxBatches),
}

export const finalBlockCodec = struct({ ...proofFields, ...contentFields })
export const blockProofCodec: Codec<BlockProof> = struct(proofFields)
export const blockBodyCodec: Codec<BlockBody> = struct({ height: uint(1), time: timeCodec, ...contentFields })
export const validatorHandoverCodec: Codec<ValidatorHandover> = struct({
  header: headerCodec,
  commit: commitCodec,
  validators: validatorsCodec,
})
