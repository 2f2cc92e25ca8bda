/** A consensus transaction: up to 1,000 ledger transactions as a CBOR array of byte strings, framing included in its size. */

import { assert } from "../base/assert.ts"
import { EncodingError, Reader, Writer } from "../base/cbor.ts"
import { reasonOf } from "./envelopes.ts"
import { limits } from "./limits.ts"
import { type Rejection, reject } from "./rejection.ts"

/** @throws Defect above the limits: whoever fills a batch counts with `batchSize`. */
export function encodeBatch(transactions: readonly Uint8Array[]): Uint8Array {
  assert(transactions.length <= limits.batchTransactions, "a batch holds at most its number of transactions")
  const writer = new Writer()
  writer.array(transactions.length)
  for (const transaction of transactions) writer.byteString(transaction)
  const bytes = writer.finish()
  assert(bytes.length <= limits.batchBytes, "a batch is at most its size")
  return bytes
}

/** Bytes that a transaction takes in a batch, at most; the array's own head takes 3. */
export function sizeInBatch(transaction: Uint8Array): number {
  return transaction.length + 5
}

/** The transactions of a batch as views of its bytes. */
export function decodeBatch(bytes: Uint8Array): readonly Uint8Array[] | Rejection {
  if (bytes.length > limits.batchBytes)
    return reject("too-large", { what: "batch", size: bytes.length, most: limits.batchBytes })
  try {
    const reader = new Reader(bytes)
    const count = reader.array()
    if (count > limits.batchTransactions)
      return reject("too-large", { what: "batch", size: count, most: limits.batchTransactions })
    const transactions: Uint8Array[] = []
    for (let i = 0; i < count; i++) transactions.push(reader.byteString())
    reader.done()
    return transactions
  } catch (error) {
    if (error instanceof EncodingError) return reject("bad-encoding", { what: reasonOf(error) }, "batch")
    throw error
  }
}
