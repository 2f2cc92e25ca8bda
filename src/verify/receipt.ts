/**
 * The receipt: everything that shows, with every node switched off, that a transaction stands on the ledger. One file,
 * `.cbor` (canonical, this codec) or `.json` (`receipt-json.ts`, the same content). `verify.ts` judges it.
 *
 *   transaction ──id──▶ row of the state ──proof──▶ app hash in a header ──votes──▶ validators ──handovers──▶ genesis
 */

import { EncodingError } from "../base/cbor.ts"
import { type Commit, commitCodec } from "../base/chain/commit.ts"
import { chainIdCodec, type Header, headerCodec } from "../base/chain/header.ts"
import { type Validator, validatorsCodec } from "../base/chain/validators.ts"
import { b32, bytes, type Codec, type Decoded, decodeAs, encodeAs, list, struct } from "../base/schema.ts"
import type { StateProof } from "../base/state.ts"
import { type TableName, tableNames } from "../ledger/rows.ts"

/** A row of the state with its way to the app hash. Key and value are the CBOR arrays that the state holds. */
export interface ProvenRow {
  readonly table: TableName
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** The whole bucket in which the row stands, then the siblings up to the root, k of them. */
  readonly pairs: StateProof["pairs"]
  readonly siblings: readonly Uint8Array[]
}

/** A change of validators: the set so far signed a header that names the hash of the next set. */
export interface Handover {
  readonly header: Header
  readonly commit: Commit
  /** The set whose hash is the header's `nextValidatorsHash`. */
  readonly validators: readonly Validator[]
}

/** A header of a chain, and everything by which trust reaches it from the genesis. */
export interface SignedHeader {
  readonly chainId: string
  /** SHA-256 of the genesis file. */
  readonly genesis: Uint8Array
  /** The header whose app hash the proofs lead to: that of the block after the one that the state followed. */
  readonly header: Header
  readonly commit: Commit
  /** The set that signed `commit`. */
  readonly validators: readonly Validator[]
  /** Every change of validators from the genesis set to `validators`, by ascending height. */
  readonly handovers: readonly Handover[]
}

export interface Receipt extends SignedHeader {
  /** The whole signed envelope. */
  readonly transaction: Uint8Array
  /** First the row that shows the transaction, then any rows of `keys` that say whose keys signed it. */
  readonly rows: readonly ProvenRow[]
}

/** Larger receipts are refused unread. */
export const mostReceiptBytes = 4 * 1024 * 1024

/** A text that can only be `word`: the first field of each file, so that one kind is not taken for another. */
export function tagged(word: string): Codec<string> {
  return {
    read(reader) {
      if (reader.text() !== word) throw new EncodingError(`Cannot read CBOR: not a ${word}`)
      return word
    },
    write: (writer) => writer.text(word),
  }
}

const tableName: Codec<TableName> = {
  read(reader) {
    const name = reader.text()
    const known = tableNames.find((table) => table === name)
    if (known === undefined) throw new EncodingError("Cannot read CBOR: no such table")
    return known
  },
  write: (writer, value) => writer.text(value),
}

export const provenRowCodec: Codec<ProvenRow> = struct({
  table: tableName,
  key: bytes(1, 128),
  value: bytes(1, 65536),
  pairs: list(struct({ key: b32, value: b32 }), 0, 4096),
  siblings: list(b32, 1, 24),
})

/** The fields with which every file ends that proves something of the state. */
export const signedHeaderFields = {
  header: headerCodec,
  commit: commitCodec,
  validators: validatorsCodec,
  handovers: list(struct({ header: headerCodec, commit: commitCodec, validators: validatorsCodec }), 0, 1000),
}

const receiptCodec = struct({
  tag: tagged("receipt/1"),
  chainId: chainIdCodec,
  genesis: b32,
  transaction: bytes(1, 65536),
  rows: list(provenRowCodec, 1, 33),
  ...signedHeaderFields,
})
type Encoded = Decoded<typeof receiptCodec>

export function encodeReceipt(receipt: Receipt): Uint8Array {
  const encoded: Encoded = { tag: "receipt/1", ...receipt }
  return encodeAs(receiptCodec, encoded)
}

/** @throws EncodingError unless `encoded` is exactly one receipt in its canonical form. */
export function decodeReceipt(encoded: Uint8Array): Receipt {
  if (encoded.length > mostReceiptBytes) throw new EncodingError("Cannot read receipt: too large")
  const { tag: _, ...receipt } = decodeAs(receiptCodec, encoded)
  return receipt
}
