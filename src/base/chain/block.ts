/**
 * A block as it is kept and carried: what was agreed, who signed it, and the roots of what came of it. Engines make
 * it, the store keeps it, followers fetch it, receipts are cut from it.
 */
import { b32, bytes, list, struct } from "../schema.ts"
import { type Commit, commitCodec } from "./commit.ts"
import { type Header, headerCodec } from "./header.ts"
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

const maxBatches = 4096

export const finalBlockCodec = struct({
  header: headerCodec,
  commit: commitCodec,
  validators: validatorsCodec,
  nextValidators: validatorsCodec,
  batches: list(bytes(0, 1 << 24), 0, maxBatches),
  resultRoots: list(b32, 0, maxBatches),
  results: list(bytes(0, 65536), 0, maxBatches),
})
