/** A naive state tree over any rows, and headers of one validator that commit to it: what proofs are tested against. */
import { publicKeyOf, sha256 } from "#crypto"
import { compareBytes, concat } from "../src/base/bytes.ts"
import { commitHash, signCommit } from "../src/base/chain/commit.ts"
import { dataHash, embeddedBlockId, type Header, makeHeader, resultsHash } from "../src/base/chain/header.ts"
import type { Validator } from "../src/base/chain/validators.ts"
import { encodeAs } from "../src/base/schema.ts"
import { appHashOf, bucketHash, bucketOf, keyHash, type Pair, valueHash } from "../src/base/state.ts"
import { type KeyOf, type RowOf, schemas, type TableName } from "../src/ledger/rows.ts"
import type { ProvenRow } from "../src/verify/receipt.ts"

/** Depth of the tree. */
export const k = 6
export const chainId = "countersign-test"
const filled = (byte: number) => new Uint8Array(32).fill(byte)

/** A naive state tree over rows: what the store computes incrementally. */
export class Tree {
  readonly rows: { table: TableName; key: Uint8Array; value: Uint8Array }[] = []

  put<N extends TableName>(table: N, key: KeyOf<N>, value: RowOf<N>): void {
    const schema = schemas[table]
    this.rows.push({
      table,
      key: encodeAs(schema.key as never, key as never),
      value: encodeAs(schema.value as never, value as never),
    })
  }

  #levels(): { buckets: Pair[][]; levels: Uint8Array[][] } {
    const buckets: Pair[][] = Array.from({ length: 2 ** k }, () => [])
    for (const { table, key, value } of this.rows) {
      const hash = keyHash(table, key)
      buckets[bucketOf(hash, k)]!.push({ key: hash, value: valueHash(value) })
    }
    for (const bucket of buckets) bucket.sort((a, b) => compareBytes(a.key, b.key))
    const levels = [buckets.map(bucketHash)]
    while (levels.at(-1)!.length > 1) {
      const below = levels.at(-1)!
      levels.push(below.filter((_, i) => i % 2 === 0).map((left, i) => sha256(concat(left, below[2 * i + 1]!))))
    }
    return { buckets, levels }
  }

  appHash(): Uint8Array {
    return appHashOf(k, this.#levels().levels.at(-1)![0]!)
  }

  prove(index: number): ProvenRow {
    const { table, key, value } = this.rows[index]!
    const { buckets, levels } = this.#levels()
    let at = bucketOf(keyHash(table, key), k)
    const pairs = buckets[at]!
    const siblings: Uint8Array[] = []
    for (const level of levels.slice(0, k)) {
      siblings.push(level[at % 2 === 0 ? at + 1 : at - 1]!)
      at = Math.floor(at / 2)
    }
    return { table, key, value, pairs, siblings }
  }
}

export interface Seat {
  seed: Uint8Array
  next?: Uint8Array
  /** Seconds since 1970, beside those of its height. */
  seconds?: number
}
export const validatorsOf = (seed: Uint8Array): readonly Validator[] => [{ publicKey: publicKeyOf(seed), power: 10 }]

export function headerOf(
  appHash: Uint8Array,
  height: number,
  { seed, next = seed, seconds = 1_776_000_000 }: Seat,
  previous?: Header,
): Header {
  const last = previous && {
    blockId: embeddedBlockId(previous),
    commitHash: commitHash(signCommit(seed, chainId, previous)),
  }
  return makeHeader({
    chainId,
    protocol: 1,
    height,
    time: { seconds: seconds + height, nanos: 5 },
    last,
    dataHash: dataHash([filled(4)]),
    validators: validatorsOf(seed),
    nextValidators: validatorsOf(next),
    appHash,
    lastResultsHash: resultsHash([filled(5)]),
    proposer: publicKeyOf(seed),
  })
}
