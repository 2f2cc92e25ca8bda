/**
 * What the patient sees before signing: the facts in sentences, each line with its money, and whether the wallet's own
 * run of the plan gives the same determination. Nothing is signed that did not pass.
 */
import { fromUtf8 } from "#crypto"
import { EncodingError } from "../base/cbor.ts"
import { decodeEnvelope } from "../base/envelope.ts"
import { refuse } from "../base/refusal.ts"
import { type ClaimLine, decodeClaim } from "../plan/claim.ts"
import { decodeLeg, type Leg } from "../plan/leg.ts"
import { openBundle } from "../record/bundle-sealing.ts"
import type { LetterBody } from "../record/letter.ts"
import { type Bundle, decodeBundle } from "../verify/bundle.ts"
import { type BundleVerdict, checkBundle } from "../verify/check-bundle.ts"
import type { RegisterView } from "../verify/register-view.ts"
import type { Mailbox } from "./post.ts"

export interface Review {
  readonly statement: Uint8Array
  /** The statement's payload: what is signed. */
  readonly payload: Uint8Array
  readonly bundle: Bundle
  readonly bytes: Uint8Array
  readonly facts: readonly { readonly index: number; readonly sentence: string }[]
  readonly lines: readonly ClaimLine[]
  readonly leg: Leg
  readonly verdict: BundleVerdict
}

/** Opens a bundle letter and checks everything in it. @throws Refused when it does not open. */
export async function review(mailbox: Mailbox, letter: LetterBody<"bundle">, view: RegisterView): Promise<Review> {
  const bytes = await openBundle(mailbox.sealingPrivateKey, letter.statement, letter.sealed)
  if (bytes === undefined) {
    return refuse(
      "bundle-closed",
      "Cannot review visit: the bundle is not sealed to this wallet",
      "bundle",
      "Ask the provider",
    )
  }
  return reviewOf(bytes, letter.statement, view)
}

const falseBundle = (): never =>
  refuse("bundle-false", "Cannot review visit: the bundle is not one that reads", "bundle", "Ask the provider")

/** The same over an opened bundle: also for a file that was kept. @throws Refused when its parts do not read. */
export function reviewOf(bytes: Uint8Array, statement: Uint8Array, view: RegisterView): Review {
  try {
    const bundle = decodeBundle(bytes)
    // The verdict first: what it refuses is shown as refused, whatever else could still be read.
    const verdict = checkBundle(bundle, view)
    const own = bundle.legs[bundle.own]?.opened
    if (own === undefined) return falseBundle()
    return {
      statement,
      payload: decodeEnvelope(bundle.visitStatement).payload,
      bundle,
      bytes,
      facts: bundle.facts.map(({ index, sentence }) => ({ index, sentence: fromUtf8(sentence) ?? "" })),
      lines: decodeClaim(bundle.claim).lines,
      leg: decodeLeg(own.leg),
      verdict,
    }
  } catch (error) {
    if (error instanceof EncodingError) return falseBundle()
    throw error
  }
}
