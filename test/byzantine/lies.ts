/** What a proposer can slip in: batches that anybody sees to be bad, and batches that only the state shows to be bad. */
import { encode } from "../../src/base/cbor.ts"
import { struct } from "../../src/base/schema.ts"
import { encodeBatch } from "../../src/ledger/batch.ts"
import { encodePayload, signPayload } from "../../src/ledger/envelopes.ts"
import { by, chainId, clinic, custodian, payer, secondPayer, seedOf } from "../../src/ledger/example-chain.ts"
import { limits } from "../../src/ledger/limits.ts"
import type { RejectionCode } from "../../src/ledger/rejection.ts"
import { legDraft, signDraft } from "../../src/ledger/visit/drafts.ts"
import { retiredSeed } from "./consortium.ts"
import { signedDeposit, signedVisit, thisHour } from "./signing.ts"

/** A proposal that every honest node votes down without looking at its state. */
export interface PlainLie {
  readonly it: string
  readonly reason: string
  readonly batches: () => readonly Uint8Array[]
}

const batchOf = (...transactions: readonly Uint8Array[]) => [encodeBatch(transactions)]

/** The lowest byte of S: the signature still has its form, and is wrong. */
function forged(transaction: Uint8Array): Uint8Array {
  const bytes = transaction.slice()
  bytes[bytes.length - 32]! ^= 1
  return bytes
}

function ofUnknownType(): Uint8Array {
  const payload = encodePayload("bribe/1", thisHour() + 12, struct({}), {})
  return signPayload(chainId, payload, [{ signer: { seed: seedOf("anybody") }, meaning: "deposited" }])
}

/** A good signature by the right key, of another transaction. */
function withForeignSignature(): Uint8Array {
  const [mine, other] = [signedDeposit(), signedDeposit()]
  return Uint8Array.from([...mine.subarray(0, mine.length - 64), ...other.subarray(other.length - 64)])
}

export const plainLies: readonly PlainLie[] = [
  { it: "a signature with one bit changed", reason: "signature-bad", batches: () => batchOf(forged(signedDeposit())) },
  {
    it: "a signature from another transaction",
    reason: "signature-bad",
    batches: () => batchOf(withForeignSignature()),
  },
  {
    it: "a transaction signed for another chain",
    reason: "signature-bad",
    batches: () => batchOf(signedDeposit(payer, { chain: "another-chain" })),
  },
  {
    it: "one bad signature among good ones",
    reason: "signature-bad",
    batches: () => batchOf(signedDeposit(), forged(signedVisit().settle), signedDeposit()),
  },
  { it: "a type that no protocol has", reason: "transaction-malformed", batches: () => batchOf(ofUnknownType()) },
  {
    it: "a transaction with a byte too many",
    reason: "transaction-malformed",
    batches: () => batchOf(Uint8Array.from([...signedDeposit(), 0])),
  },
  { it: "bytes that are no batch", reason: "batch-malformed", batches: () => [seedOf("no batch")] },
  { it: "an empty batch", reason: "batch-malformed", batches: () => [encodeBatch([])] },
  {
    it: "a batch of nothing but a salt",
    reason: "batch-malformed",
    batches: () => [encodeBatch([], new Uint8Array(8))],
  },
  {
    it: "a batch with a byte after its end",
    reason: "batch-malformed",
    batches: () => [Uint8Array.from([...encodeBatch([signedDeposit()]), 0])],
  },
  {
    it: "a batch in another encoding of the same array",
    reason: "batch-malformed",
    // An array of one, its length in a byte of its own.
    batches: () => [Uint8Array.from([0x98, 1, ...encodeBatch([signedDeposit()]).subarray(1)])],
  },
  {
    it: "a transaction more than a batch may hold",
    reason: "batch-malformed",
    batches: () => [encode(Array.from({ length: limits.batchTransactions + 1 }, (_, i) => encode([i])))],
  },
  {
    it: "a batch above its size",
    reason: "batch-too-large",
    batches: () => [encode([new Uint8Array(limits.batchBytes)])],
  },
  {
    it: "the same batch twice",
    reason: "batch-twice",
    batches: () => {
      const [batch] = batchOf(signedDeposit())
      return [batch!, batch!]
    },
  },
  {
    it: "more batches than a block may hold",
    reason: "too-many-batches",
    batches: () => Array.from({ length: 4097 }, (_, i) => encode([i])),
  },
  {
    it: "a bad batch behind a good one",
    reason: "signature-bad",
    batches: () => [...batchOf(signedDeposit()), ...batchOf(forged(signedDeposit()))],
  },
]

/** A transaction in good form and well signed that the rules refuse: it may stand in a block, with its number. */
export interface StatefulLie {
  readonly it: string
  readonly code: RejectionCode
  readonly transaction: () => Uint8Array
}

const depositBy = (seed: Uint8Array) => signedDeposit(payer, { orders: [{ seed, meaning: "deposited" }] })

/** @param settled - a visit that is settled on the chain. */
export function statefulLies(settled: ReturnType<typeof signedVisit>): readonly StatefulLie[] {
  const cancel = { ...legDraft("cancel/1", settled.handle), expiry: thisHour() + 12 }
  return [
    { it: "an unknown signer", code: "signer-unknown", transaction: () => depositBy(seedOf("a stranger")) },
    { it: "a key whose time is over", code: "signer-inactive", transaction: () => depositBy(retiredSeed) },
    {
      it: "a signer of another role",
      code: "signer-wrong-role",
      transaction: () => depositBy(by(custodian, "admin", "deposited").seed),
    },
    {
      it: "a signer of another organization",
      code: "signer-not-party",
      transaction: () => {
        const body = { V: settled.handle.V, provider: clinic, leg: 0 }
        const orders = [by(clinic + 1, "hold", "cancelled")]
        return signDraft({ type: "cancel/1", body, orders, expiry: thisHour() + 12 })
      },
    },
    { it: "an overdraft", code: "account-short", transaction: () => signedVisit(secondPayer).hold },
    { it: "a stage that is over", code: "wrong-stage", transaction: () => signDraft(cancel) },
    { it: "a stage that was left out", code: "leg-unknown", transaction: () => signedVisit().settle },
    { it: "an expiry that is past", code: "expired", transaction: () => signDraft({ ...cancel, expiry: 493_056 }) },
  ]
}
