/**
 * The visit address a wallet shows at the desk as a QR: a one-time key, its cover voucher, and, sealed to this one
 * provider, what the voucher commits to. Two clinics that compare addresses have nothing in common to compare.
 */
import { b32, bytes, type Decoded, list, opt, struct, text, uint } from "../base/schema.ts"
import { mailboxAddress } from "./letter.ts"

/** What only this provider may read. */
export const addressContent = struct({
  /** The terms that the voucher hides, in their canonical form. */
  terms: opt(bytes(1, 4096)),
  /** The payer's snapshot the voucher stands on: a signed envelope. */
  snapshot: opt(bytes(1, 65536)),
  mailbox: mailboxAddress,
  /** The patient's age recipient, `age1…`. */
  recipient: text,
  /** Category-epoch keys for what this visit will write: [category, key id, key]. */
  categoryKeys: list(struct({ category: text, id: b32, key: b32 }), 0, 32),
})
export type AddressContent = Decoded<typeof addressContent>

export const visitAddress = struct({
  visit: b32,
  provider: uint(1, 65535),
  voucher: opt(bytes(1, 1024)),
  sealed: bytes(1, 131072),
})
export type VisitAddress = Decoded<typeof visitAddress>

/** The HPKE info of an address: binds the seal to the one-time key it is shown with. */
export const addressInfo = "countersign/1/visit-address"
