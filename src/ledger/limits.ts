/** Limits that never depend on state. Their relations are asserted when this file loads. */
import { assert } from "../base/assert.ts"

export const limits = {
  batchTransactions: 1000,
  batchBytes: 512 * 1024,
  transactionBytes: 64 * 1024,
  signatures: 16,
  voucherBytes: 1024,
  delegationBytes: 512,
  legs: 8,
  factsStatements: 16,
  transitions: 64,
  /** Hours that a statement's expiry may lie ahead. */
  statementHours: 8784,
  /** Hours that any other transaction's expiry may lie ahead. */
  transactionHours: 24,
  /** Months between a voucher's month of service and its expiry. */
  voucherMonthsLeast: 1,
  voucherMonthsMost: 24,
  claimLines: 999,
  factsPerStatement: 1000,
  entriesPerRecord: 4096,
  traceSteps: 65536,
  bundleBytes: 8 * 1024 * 1024,
  planBytes: 1024 * 1024,
  entryBytes: 64 * 1024 * 1024,
  legsPerPayment: 256,
  panel: 5,
  keys: 4096,
  adminKeys: 8,
  /** Live keys that may sign vouchers, at one payer: so that keys do not sort members. */
  voucherKeys: 2,
  openProposals: 8,
  chainIdBytes: 50,
  validators: 64,
  /** Seconds between two headers above which the whole gap is lost time. */
  gapSeconds: 600,
  freezeHours: 72,
} as const

assert(limits.transactionBytes <= limits.batchBytes, "a batch holds the largest transaction")
assert(
  limits.voucherBytes + limits.delegationBytes < limits.transactionBytes,
  "a transaction holds a voucher and a delegation",
)
assert(limits.legs <= 8, "a set of legs fits one byte")
assert(limits.legs + 3 <= limits.signatures, "every payer of a visit can sign beside the practitioner and the patient")
assert(limits.adminKeys < limits.keys, "not every key is an admin key")
assert(limits.legsPerPayment * 64 < limits.transactionBytes, "a payment over the most legs fits a transaction")
assert(limits.statementHours >= 366 * 24, "a statement may expire a leap year ahead")
assert(limits.transactionHours < limits.statementHours, "statements live longest")

/** A step of the ladder: 1, 2 or 5 × 10^n minor units, n = 2 to 11. */
export function isOnLadder(amount: bigint): boolean {
  if (amount < 100n || amount > 5n * 10n ** 11n) return false
  let rest = amount
  while (rest % 10n === 0n) rest /= 10n
  return rest === 1n || rest === 2n || rest === 5n
}
