/**
 * Block headers in CometBFT's format (spec/core/data_structures.md). Both engines make them: CometBFT its own, the
 * embedded engine with `makeHeader`, so that one verifier reads the receipts of both.
 */
import { sha256 } from "#crypto"
import { assert } from "../assert.ts"
import { compareBytes, concat } from "../bytes.ts"
import { EncodingError } from "../cbor.ts"
import { merkleRoot } from "../merkle.ts"
import { b32, type Codec, opt, struct, uint } from "../schema.ts"
import { type Validator, validatorAddress, validatorsHash } from "./validators.ts"
import { bytesField, messageField, textField, varintField } from "./wire.ts"

/** A moment since 1970-01-01T00Z. `nanos` is 0 to 999,999,999. */
export interface BlockTime {
  readonly seconds: number
  readonly nanos: number
}

/** Names a block: its header hash, and the count and root of the parts in which it travels. */
export interface BlockId {
  readonly hash: Uint8Array
  readonly partsTotal: number
  readonly partsHash: Uint8Array
}

/** Hashes are 32 bytes; an early header of a foreign chain may leave some empty. */
export interface Header {
  /** Block protocol; 11 in every CometBFT of today. */
  readonly blockVersion: number
  /** The ledger's protocol version. */
  readonly protocol: number
  readonly chainId: string
  readonly height: number
  readonly time: BlockTime
  /** Absent at the first height. */
  readonly lastBlockId: BlockId | undefined
  readonly lastCommitHash: Uint8Array
  readonly dataHash: Uint8Array
  readonly validatorsHash: Uint8Array
  readonly nextValidatorsHash: Uint8Array
  readonly consensusHash: Uint8Array
  /** The state after the block before this one. */
  readonly appHash: Uint8Array
  /** The results of the block before this one. */
  readonly lastResultsHash: Uint8Array
  readonly evidenceHash: Uint8Array
  /** 20 bytes. */
  readonly proposerAddress: Uint8Array
}

export function encodeTime({ seconds, nanos }: BlockTime): Uint8Array {
  return concat(varintField(1, seconds), varintField(2, nanos))
}

export function encodeBlockId(id: BlockId | undefined): Uint8Array {
  if (id === undefined) return messageField(2, new Uint8Array(0))
  const parts = concat(varintField(1, id.partsTotal), bytesField(2, id.partsHash))
  return concat(bytesField(1, id.hash), messageField(2, parts))
}

/** The Merkle root over the header's fourteen fields, each a small protobuf message. 32 bytes. */
export function headerHash(header: Header): Uint8Array {
  const hash = (bytes: Uint8Array) => bytesField(1, bytes)
  return merkleRoot([
    concat(varintField(1, header.blockVersion), varintField(2, header.protocol)),
    textField(1, header.chainId),
    varintField(1, header.height),
    encodeTime(header.time),
    encodeBlockId(header.lastBlockId),
    hash(header.lastCommitHash),
    hash(header.dataHash),
    hash(header.validatorsHash),
    hash(header.nextValidatorsHash),
    hash(header.consensusHash),
    hash(header.appHash),
    hash(header.lastResultsHash),
    hash(header.evidenceHash),
    hash(header.proposerAddress),
  ])
}

/** The root over a block's consensus transactions (batches): leaf data is SHA-256 of each. */
export function dataHash(batches: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(batches.map((batch) => sha256(batch)))
}

/**
 * The next header's `lastResultsHash`: the root over one deterministic `ExecTxResult { code 1 = 0, data 2 }` a batch,
 * its data the Merkle root of that batch's results.
 */
export function resultsHash(resultRoots: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(resultRoots.map((root) => bytesField(2, root)))
}

/** No evidence ever: the root of an empty list. */
export const embeddedEvidenceHash: Uint8Array = merkleRoot([])
/** SHA-256 of CometBFT's default `HashedParams { block_max_bytes 1 = 22,020,096, block_max_gas 2 = -1 }`. */
export const embeddedConsensusHash: Uint8Array = sha256(concat(varintField(1, 22_020_096), varintField(2, -1)))

/** What the embedded engine decides of a block; the rest of its header follows. */
export interface HeaderFields {
  readonly chainId: string
  readonly protocol: number
  readonly height: number
  /** Strictly after the last header's. */
  readonly time: BlockTime
  /** Id and commit hash of the block before; absent at the first height. */
  readonly last: { readonly blockId: BlockId; readonly commitHash: Uint8Array } | undefined
  readonly dataHash: Uint8Array
  readonly validators: readonly Validator[]
  readonly nextValidators: readonly Validator[]
  /** The state after the block before. */
  readonly appHash: Uint8Array
  readonly lastResultsHash: Uint8Array
  /** Public key of the validator that proposes. */
  readonly proposer: Uint8Array
}

export function makeHeader(fields: HeaderFields): Header {
  assert(fields.height >= 1, "heights begin at 1")
  assert(
    fields.validators.some(({ publicKey }) => compareBytes(publicKey, fields.proposer) === 0),
    "a validator of the set proposes",
  )
  return {
    blockVersion: 11,
    protocol: fields.protocol,
    chainId: fields.chainId,
    height: fields.height,
    time: fields.time,
    lastBlockId: fields.last?.blockId,
    lastCommitHash: fields.last?.commitHash ?? merkleRoot([]),
    dataHash: fields.dataHash,
    validatorsHash: validatorsHash(fields.validators),
    nextValidatorsHash: validatorsHash(fields.nextValidators),
    consensusHash: embeddedConsensusHash,
    appHash: fields.appHash,
    lastResultsHash: fields.lastResultsHash,
    evidenceHash: embeddedEvidenceHash,
    proposerAddress: validatorAddress(fields.proposer),
  }
}

/** The embedded engine's block id: one part, and its root is the data hash. */
export function embeddedBlockId(header: Header): BlockId {
  return { hash: headerHash(header), partsTotal: 1, partsHash: header.dataHash }
}

/** Negative, zero or positive as `a` is before, at or after `b`. */
export function compareTime(a: BlockTime, b: BlockTime): number {
  return a.seconds - b.seconds || a.nanos - b.nanos
}

/** A byte string of one of the given lengths. */
function bytesOf(...lengths: readonly number[]): Codec<Uint8Array> {
  return {
    read(reader) {
      const value = reader.byteString()
      if (!lengths.includes(value.length)) throw new EncodingError("Cannot read CBOR: byte string of another length")
      return value
    },
    write(writer, value) {
      assert(lengths.includes(value.length), "a hash to encode has its length")
      writer.byteString(value)
    },
  }
}

/** ASCII, 1 to 50 characters. */
export const chainIdCodec: Codec<string> = {
  read(reader) {
    const value = reader.text()
    if (value.length < 1 || value.length > 50) throw new EncodingError("Cannot read CBOR: a chain id of another length")
    return value
  },
  write: (writer, value) => writer.text(value),
}

const hashOrEmpty = bytesOf(0, 32)
export const addressCodec = bytesOf(20)
export const timeCodec = struct({ seconds: uint(), nanos: uint(0, 999_999_999) })
export const blockIdCodec = struct({ hash: b32, partsTotal: uint(1, 2 ** 31), partsHash: b32 })

/** How headers are stored and carried: a CBOR array in the order of `Header`. */
export const headerCodec: Codec<Header> = struct({
  blockVersion: uint(),
  protocol: uint(),
  chainId: chainIdCodec,
  height: uint(1),
  time: timeCodec,
  lastBlockId: opt(blockIdCodec),
  lastCommitHash: hashOrEmpty,
  dataHash: hashOrEmpty,
  validatorsHash: b32,
  nextValidatorsHash: b32,
  consensusHash: hashOrEmpty,
  appHash: hashOrEmpty,
  lastResultsHash: hashOrEmpty,
  evidenceHash: hashOrEmpty,
  proposerAddress: addressCodec,
})
