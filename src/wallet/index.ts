/** The door of the patient's side: her keys and vouchers, her sealed letters, and her own run of everything she signs. */
export type { Letter } from "../record/letter.ts"
export { type Circumstances, LightAnchor, type LightFailure, type Place } from "./light-anchor.ts"
export {
  bodyOf,
  drain,
  type Mailbox,
  type Organization,
  openMailbox,
  post,
  type Writing,
  writeLetter,
} from "./post.ts"
export { type OwnKnowledge, type Review, review, reviewOf } from "./review.ts"
export { type Cover, type HeldVoucher, Wallet, type WalletSettings, type WalletVisit } from "./wallet.ts"
