/** The door of the verifier: receipts and bundles, checked offline. `verify.ts` alone is the small core for browsers. */
export { type Bundle, type CitedFact, decodeBundle, encodeBundle, type LegPart } from "./bundle.ts"
export type { Recomputed } from "./bundle-money.ts"
export type { BundleFailure, BundleFailureCode } from "./bundle-reason.ts"
export { type BundleVerdict, checkBundle, type NotChecked } from "./check-bundle.ts"
export { anchorOfGenesis } from "./genesis-anchor.ts"
export {
  decodeEquivocation,
  type Equivocation,
  type EquivocationKind,
  encodeEquivocation,
  headerEquivocation,
  type Liars,
  type VotedHeader,
  verifyEquivocation,
} from "./header-equivocation.ts"
export { type Placement, placementOf } from "./placement.ts"
export type { Failure, FailureCode } from "./reason.ts"
export {
  decodeReceipt,
  encodeReceipt,
  type Handover,
  type ProvenRow,
  type Receipt,
  type SignedHeader,
} from "./receipt.ts"
export { receiptFromJson, receiptToJson } from "./receipt-json.ts"
export { decodeRegisterProof, encodeRegisterProof, openRegisterProof, type RegisterProof } from "./register-proof.ts"
export type { RegisterView } from "./register-view.ts"
export { type TwoStories, twoStories } from "./snapshot-equivocation.ts"
export {
  type Checkpoint,
  decodeAnchor,
  decodeLinks,
  encodeAnchor,
  encodeLinks,
  endedAnchor,
  type TrustAnchor,
} from "./trust.ts"
export { type Signer, type Trust, type Verdict, verifyReceipt } from "./verify.ts"
