/**
 * Judges a receipt offline, in this order: its bytes, its chain, its header (trust), its rows (proofs), its transaction
 * (signatures, then whether the row shows it). Everything in a receipt may come from an adversary; nothing throws.
 */
import { equalBytes, toHex } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import type { Header } from "../base/chain/header.ts"
import { decodeAs } from "../base/schema.ts"
import { keyHash, valueHash, verifyStateProof } from "../base/state.ts"
import type { ChainNames } from "../ledger/chain-names.ts"
import { type DecodedTransaction, decodeTransaction, verifyAll } from "../ledger/decode.ts"
import { isRejection, type Rejection } from "../ledger/rejection.ts"
import { schemas } from "../ledger/rows.ts"
import { meaningName } from "../ledger/transaction.ts"
import { placementOf } from "./placement.ts"
import { type Failure, type FailureCode, fail } from "./reason.ts"
import { decodeReceipt, type ProvenRow, type Receipt } from "./receipt.ts"
import { receiptFromJson } from "./receipt-json.ts"
import { checkHeader, type TrustAnchor } from "./trust.ts"

/** Whose word a good receipt is: one operator's, or that of more than two thirds of several validators. */
export type Trust = "operator" | "byzantine"

/** One signature on the transaction. */
export interface Signer {
  readonly meaning: string
  /** Key-type tag ‖ public key, in hex. */
  readonly key: string
  /** The patient's one-time key of the visit, or the number of an organization whose key row the receipt proves. */
  readonly of: "patient" | "proxy" | number | undefined
}

/** What is known of a receipt; all but `valid` only as far as the checks came. */
export interface Verdict {
  readonly valid: boolean
  readonly trust?: Trust
  /** Height of the signed header: the transaction was applied in a block below it. */
  readonly height?: number
  /** Seconds since 1970 in that header. */
  readonly time?: number
  /** Hex. */
  readonly transactionId?: string
  readonly type?: string
  readonly signers?: readonly Signer[]
  readonly code?: FailureCode
  /** `code: sentence`. */
  readonly reason?: string
}

function invalid({ code, message }: Failure, known: Omit<Verdict, "valid"> = {}): Verdict {
  return { ...known, valid: false, code, reason: `${code}: ${message}` }
}

/** What `read` gives, or which failure its EncodingError is. */
export function orFailure<T>(read: () => T, code: FailureCode): T | Failure {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error
    return fail(code === "bad-encoding" && error.message.includes("end too soon") ? "truncated" : code)
  }
}

export function isFailure(value: object): value is Failure {
  return "code" in value && "message" in value && !("header" in value)
}

const openingBrace = 0x7b

/** A receipt from either of its two forms. */
function readReceipt(bytes: Uint8Array): Receipt | Failure {
  return orFailure(() => (bytes[0] === openingBrace ? receiptFromJson(bytes) : decodeReceipt(bytes)), "bad-encoding")
}

/** Whether the header's app hash commits to the row. */
export function isProven({ table, key, value, pairs, siblings }: ProvenRow, { appHash }: Header, k: number): boolean {
  const proven = verifyStateProof(appHash, keyHash(table, key), { k, pairs, siblings })
  return proven instanceof Uint8Array && equalBytes(proven, valueHash(value))
}

/** Whose keys signed, as far as the proven rows say. */
function signersOf(transaction: DecodedTransaction, rows: readonly ProvenRow[]): readonly Signer[] {
  const owners = new Map<string, Signer["of"]>()
  for (const { table, key, value } of rows) {
    if (table === "keys")
      owners.set(toHex(decodeAs(schemas.keys.key, key).key), decodeAs(schemas.keys.value, value).org)
    if (table !== "visits") continue
    owners.set(`01${toHex(decodeAs(schemas.visits.key, key).V)}`, "patient")
    const { proxy } = decodeAs(schemas.visits.value, value)
    if (proxy !== undefined) owners.set(toHex(proxy), "proxy")
  }
  return transaction.signatures.map(({ key, meaning }) => {
    const hex = toHex(key)
    return { meaning: meaningName(meaning) ?? String(meaning), key: hex, of: owners.get(hex) }
  })
}

function checkTransaction(receipt: Receipt, transaction: DecodedTransaction): readonly Signer[] | Failure {
  if (verifyAll(transaction) !== undefined) return fail("signature-forged")
  const placement = placementOf(transaction)
  const [shown] = receipt.rows
  if (shown === undefined || shown.table !== placement.table || !equalBytes(shown.key, placement.key))
    return fail("transaction-swapped")
  if (!placement.shows(shown.value)) return fail("transaction-swapped")
  return signersOf(transaction, receipt.rows)
}

/**
 * A transaction that a state shows. Where the state began as that of a former chain, any transaction of that chain may
 * stand in it, though none but its statements would be taken now.
 */
export function readShown(names: ChainNames, bytes: Uint8Array): DecodedTransaction | Rejection {
  const decoded = decodeTransaction(names, bytes)
  if (names.former === undefined || isRejection(decoded) || verifyAll(decoded) === undefined) return decoded
  const carried = decodeTransaction(names.former, bytes)
  return isRejection(carried) || verifyAll(carried) !== undefined ? decoded : carried
}

/**
 * Whether a receipt (`.cbor` or `.json`) shows that its transaction stands on the anchor's ledger. Any bytes may be
 * given.
 * @param links - for a receipt older than the anchor's checkpoint: the headers from the receipt's own height + 1 to it.
 */
export function verifyReceipt(bytes: Uint8Array, anchor: TrustAnchor, links: readonly Header[] = []): Verdict {
  const receipt = readReceipt(bytes)
  if (isFailure(receipt)) return invalid(receipt)
  const { header, validators, rows } = receipt
  const broken = checkHeader(receipt, anchor, links)
  if (broken !== undefined) return invalid(broken, { height: header.height })
  const trust: Trust = validators.length === 1 ? "operator" : "byzantine"
  const known = { trust, height: header.height, time: header.time.seconds }
  if (!rows.every((row) => isProven(row, header, anchor.k))) return invalid(fail("state-forged"), known)
  const transaction = readShown(anchor, receipt.transaction)
  if (isRejection(transaction)) return invalid(fail("transaction-malformed"), known)
  const named = { ...known, transactionId: toHex(transaction.id), type: transaction.type.type }
  const signers = orFailure(() => checkTransaction(receipt, transaction), "state-forged")
  if (isFailure(signers)) return invalid(signers, named)
  return { valid: true, ...named, signers }
}
