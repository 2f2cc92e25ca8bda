/**
 * A consensus transaction: up to 1,000 ledger transactions as a CBOR array of byte strings, framing included in its
 * size. A last item of eight bytes is no transaction but a salt: an engine that remembers bytes it has seen would else
 * not take a refused transaction a second time.
 */

import { assert } from "../base/assert.ts"
import { EncodingError, Reader, Writer } from "../base/cbor.ts"
import { reasonOf } from "./envelopes.ts"
import { limits } from "./limits.ts"
import { type Rejection, reject } from "./rejection.ts"

/** No transaction is as short. */
const saltBytes = 8

/**
 * @param salt - 8 bytes, where the same transactions must make other bytes.
 * @throws Defect above the limits: whoever fills a batch counts with `sizeInBatch`.
 */
export function encodeBatch(transactions: readonly Uint8Array[], salt?: Uint8Array): Uint8Array {
  assert(transactions.length <= limits.batchTransactions, "a batch holds at most its number of transactions")
  assert(salt === undefined || salt.length === saltBytes, "a salt has eight bytes")
  const items = salt === undefined ? transactions : [...transactions, salt]
  const writer = new Writer()
  writer.array(items.length)
  for (const item of items) writer.byteString(item)
  const bytes = writer.finish()
  assert(bytes.length <= limits.batchBytes, "a batch is at most its size")
  return bytes
}

/** Bytes that a transaction takes in a batch, at most; the array's own head takes 3, a salt 9. */
export function sizeInBatch(transaction: Uint8Array): number {
  return transaction.length + 5
}

/** The transactions of a batch as views of its bytes, without the salt. */
export function decodeBatch(bytes: Uint8Array): readonly Uint8Array[] | Rejection {
  if (bytes.length > limits.batchBytes)
    return reject("too-large", { what: "batch", size: bytes.length, most: limits.batchBytes })
  try {
    const reader = new Reader(bytes)
    const count = reader.array()
    if (count > limits.batchTransactions + 1)
      return reject("too-large", { what: "batch", size: count, most: limits.batchTransactions })
    const transactions: Uint8Array[] = []
    for (let i = 0; i < count; i++) transactions.push(reader.byteString())
    reader.done()
    if (transactions.at(-1)?.length === saltBytes) transactions.pop()
    if (transactions.length <= limits.batchTransactions) return transactions
    return reject("too-large", { what: "batch", size: transactions.length, most: limits.batchTransactions })
  } catch (error) {
    if (error instanceof EncodingError) return reject("bad-encoding", { what: reasonOf(error) }, "batch")
    throw error
  }
}
