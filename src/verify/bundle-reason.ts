/** Why a bundle is not signed: a code that programs can tell apart, and a sentence for the letter back. */
const sentences = {
  "bad-encoding": "A part of the bundle is not in its one canonical form",
  "other-chain": "The bundle is for another chain",
  "signature-forged": "A signature is not good",
  "ids-differ": "Two parts name different visits, providers, vouchers or statements",
  "signer-unknown": "A key that signed is not registered for this party and role",
  "assurance-overstated": "The determination counts on a stronger signature of the patient's side than there is",
  "registers-old": "The registers shown are older than a day of service, so they cannot speak for it",
  "plan-unpublished": "The plan is not a published plan of this payer",
  "plan-not-in-force": "The plan was not in force on a day of service",
  "plan-unreadable": "The plan's text and tables do not read as a plan",
  "terms-do-not-open": "The terms are not those that the voucher commits to",
  "outside-voucher": "A day of service is not in the voucher's month",
  "outside-cover": "A day of service is not in the cover",
  "licence-not-active": "The practitioner's licence was not active on a day of service",
  "credential-unknown": "The practitioner's credential is not the one that the licence board registered",
  "snapshot-unknown": "The snapshot is not the voucher's, or not in the payer's chain",
  "fact-forged": "A cited fact does not stand under the facts root",
  "line-without-fact": "A claim line cites no fact that is shown",
  "claim-does-not-open": "The claim is not the one that the statement commits to",
  "determination-does-not-open": "The determination is not the one that the statement commits to",
  "trace-does-not-open": "The trace is not the one that the statement commits to",
  "ceiling-does-not-open": "The ceiling is not the one that the facts statement commits to",
  "recomputation-differs": "The plan, run again, gives another determination",
  "above-ceiling": "The patient would owe more than she has signed for",
  "opening-wrong": "The amount is not the one that the statement commits to, or not the benefit determined",
  "above-hold": "The amount is more than is held for this leg",
} as const

export type BundleFailureCode = keyof typeof sentences

export interface BundleFailure {
  readonly code: BundleFailureCode
  readonly message: string
  /** Which part of the bundle. */
  readonly at: string
}

/** Stops the checks at the first failure; `checkBundle` turns it into its answer. Never leaves this folder. */
export class BundleRefused extends Error {
  override readonly name = "BundleRefused"
  readonly failure: BundleFailure

  constructor(code: BundleFailureCode, at: string) {
    super(sentences[code])
    this.failure = { code, message: sentences[code], at }
  }
}

/** @throws BundleRefused unless `condition` is true. */
export function need(condition: boolean, code: BundleFailureCode, at: string): asserts condition {
  if (!condition) throw new BundleRefused(code, at)
}
