/**
 * What the patient sees before signing: the facts in sentences, each line with its money, and whether the wallet's own
 * run of the plan gives the same determination. Nothing is signed that did not pass.
 */
import { fromUtf8 } from "#crypto"
import { equalBytes } from "../base/bytes.ts"
import { EncodingError } from "../base/cbor.ts"
import { decodeEnvelope } from "../base/envelope.ts"
import { refuse } from "../base/refusal.ts"
import type { ChainNames } from "../ledger/chain-names.ts"
import { assurances } from "../ledger/rows.ts"
import { type ClaimLine, decodeClaim } from "../plan/claim.ts"
import { decodeLeg, type Leg } from "../plan/leg.ts"
import { openBundle } from "../record/bundle-sealing.ts"
import type { LetterBody } from "../record/letter.ts"
import { type Bundle, decodeBundle } from "../verify/bundle.ts"
import { type BundleVerdict, checkBundle } from "../verify/check-bundle.ts"
import type { Failure } from "../verify/reason.ts"
import { decodeRegisterProof, openRegisterProof } from "../verify/register-proof.ts"
import type { RegisterView } from "../verify/register-view.ts"
import type { TrustAnchor } from "../verify/trust.ts"
import { isFailure, orFailure } from "../verify/verify.ts"
import type { LightAnchor, LightFailure, Place } from "./light-anchor.ts"
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

/** What the reader holds itself: nothing of it comes from whoever sends the bundle. */
export interface OwnKnowledge extends ChainNames {
  /** Without it no proof of registers can be judged, and what they say stays unchecked. */
  readonly anchor?: TrustAnchor | undefined
  /** What this reader saw of the ledger before: what a proof stands on must follow from it, and moves it on. */
  readonly light?: LightAnchor | undefined
  /** Digests of the payer's snapshots that this wallet added up, in hex. */
  readonly snapshots?: ReadonlySet<string>
}

/**
 * Opens a bundle letter and checks everything in it, the registers by the proof that came along.
 * @throws Refused when it does not open, does not read, or its proof of registers is false.
 */
export async function review(mailbox: Mailbox, letter: LetterBody<"bundle">, own: OwnKnowledge): Promise<Review> {
  const bytes = await openBundle(mailbox.sealingPrivateKey, letter.statement, letter.sealed)
  if (bytes === undefined) {
    return refuse(
      "bundle-closed",
      "Cannot review visit: the bundle is not sealed to this wallet",
      "bundle",
      "Ask the provider",
    )
  }
  return reviewOf(bytes, letter.statement, { ...own, registers: letter.registers })
}

const falseBundle = (): never =>
  refuse("bundle-false", "Cannot review visit: the bundle is not one that reads", "bundle", "Ask the provider")

/** A letter names its statement: a bundle of another one must not be taken for it. */
const isStatement = ({ statementId }: BundleVerdict, statement: Uint8Array): boolean =>
  statementId === undefined || equalBytes(statementId, statement)

/** A proof opened, and its header held against what was seen: a good one is remembered, also beneath false rows. */
function openSeen(
  registers: Uint8Array,
  { anchor, light }: { readonly anchor: TrustAnchor; readonly light: LightAnchor | undefined },
  bundle: Bundle,
): { readonly proven: RegisterView | Failure; readonly seen?: Place | LightFailure } {
  const proof = orFailure(() => decodeRegisterProof(registers), "bad-encoding")
  if (light === undefined || isFailure(proof)) return { proven: openRegisterProof(registers, anchor, bundle) }
  // From what was seen on, before this header itself is.
  const trusted = light.anchorFor(proof.header.height)
  const seen = light.take(proof)
  return { proven: openRegisterProof(registers, trusted, bundle), seen }
}

/**
 * The registers as far as this reader can believe them. Whatever signature of the patient's side the ledger lists so
 * far, it is this wallet's own that is asked for, and none is stronger.
 */
function viewOf(bundle: Bundle, { chainId, former, anchor, light, snapshots, registers }: Reading): RegisterView {
  const known = { chainId, former, ...(snapshots === undefined ? {} : { snapshots }) }
  if (anchor === undefined || registers === undefined) return known
  const { proven, seen } = openSeen(registers, { anchor, light }, bundle)
  if (isFailure(proven)) {
    // What was proven before the chain moved is no proof today: its validators' keys decide nothing any more.
    if (proven.code === "other-chain" && bundle.chainId === former) {
      const what = "Cannot review visit: its registers are proven on the chain before this one"
      return refuse("registers-former", what, "registers", "Ask the provider to send it again")
    }
    const what = `Cannot review visit: the registers shown are not the ledger's (${proven.code})`
    return refuse("registers-false", what, "registers", "Ask the provider")
  }
  if (typeof seen === "object") {
    const what = `Cannot review visit: the registers shown stand on another history than this wallet saw (${seen.code})`
    return refuse(
      "registers-false",
      what,
      "registers",
      seen.liars ? "Show both headers to the regulator" : "Ask another",
    )
  }
  return { ...proven, ...known, assurance: assurances.patient }
}

interface Reading extends OwnKnowledge {
  /** `register-proof/1`, as it came with the bundle. */
  readonly registers?: Uint8Array | undefined
}

/**
 * The same over an opened bundle: also for a file that was kept. Without registers it says what was not checked.
 * @throws Refused when its parts do not read, or the registers are false.
 */
export function reviewOf(bytes: Uint8Array, statement: Uint8Array, reading: Reading): Review {
  try {
    const bundle = decodeBundle(bytes)
    // The verdict first: what it refuses is shown as refused, whatever else could still be read.
    const verdict = checkBundle(bundle, viewOf(bundle, reading))
    const own = bundle.legs[bundle.own]?.opened
    if (own === undefined || !isStatement(verdict, statement)) return falseBundle()
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
